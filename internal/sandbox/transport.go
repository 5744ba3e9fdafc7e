package sandbox

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// RoundTrip answers a request without a network: it makes a Gateway an
// [http.RoundTripper]. What is streamed comes as it is written.
func (g *Gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	inner := r.Clone(r.Context())
	inner.RequestURI = r.URL.RequestURI()
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	body, sink := io.Pipe()
	w := &pipeWriter{header: http.Header{}, sink: sink, started: make(chan *http.Response, 1)}
	go func() {
		defer func() { _ = inner.Body.Close() }()
		defer w.end()
		g.ServeHTTP(w, inner)
	}()
	select {
	case response := <-w.started:
		if err := r.Context().Err(); response == nil && err != nil {
			return nil, err
		}
		if response == nil {
			return nil, fmt.Errorf("the sandbox broke off the request: %v", w.problem)
		}
		response.Request, response.Body = r, body
		return response, nil
	case <-r.Context().Done():
		_ = body.CloseWithError(r.Context().Err()) // ends the handler's writes
		return nil, r.Context().Err()
	}
}

// pipeWriter hands over the head of the answer at the first write.
type pipeWriter struct {
	header  http.Header
	sink    *io.PipeWriter
	started chan *http.Response
	sent    bool
	problem any // the handler's panic
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	if w.sent {
		return
	}
	w.sent = true
	w.started <- &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: maps.Clone(w.header), ContentLength: -1,
	}
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.sink.Write(b)
}

// Flush does nothing: a write returns when it has been read.
func (w *pipeWriter) Flush() {}

// end ends the answer: broken off if the handler gave up or failed.
func (w *pipeWriter) end() {
	w.problem = recover()
	switch {
	case w.problem == nil:
		w.WriteHeader(http.StatusOK)
		_ = w.sink.Close()
	case w.sent:
		_ = w.sink.CloseWithError(io.ErrUnexpectedEOF)
	default:
		w.started <- nil
	}
}
