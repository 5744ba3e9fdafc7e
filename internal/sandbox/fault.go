package sandbox

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Fault makes the gateway misbehave. Method, Path and Times say when, the
// other fields how; the zero value of a filter matches everything. Several
// faults may be in force: the one injected first applies.
type Fault struct {
	Method string
	Path   string // decoded, exact, without a prefix that was stripped
	Times  int    // how often; 0 means every time

	Status int               // answer this status instead; the request has no effect
	Body   string            // the body that goes with Status, or with 200 if Status is 0
	Header map[string]string // added to the answer, whether replaced or not

	Delay   time.Duration // wait before answering, or until the client goes away
	Cut     bool          // send the headers and half of the body, then reset the connection
	Drop    bool          // close the connection without an answer, after the request took effect
	Hang    bool          // answer nothing until the client goes away; no effect
	Endless bool          // send a body that never ends
	Gzip    bool          // send a small body that inflates to a gigabyte
}

type fault struct {
	Fault
	left int
}

// Inject puts a fault into force until remove is called or it has happened
// Times times.
func (g *Gateway) Inject(f Fault) (remove func()) {
	added := &fault{Fault: f, left: f.Times}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, added)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.faults = slices.DeleteFunc(g.faults, func(f *fault) bool { return f == added })
	}
}

// match returns the fault for this request, which counts as having happened.
func (g *Gateway) match(r *http.Request) *fault {
	for i, f := range g.faults {
		if f.Method != "" && f.Method != r.Method || f.Path != "" && f.Path != r.URL.Path {
			continue
		}
		if f.Times > 0 {
			if f.left--; f.left == 0 {
				g.faults = slices.Delete(g.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

func (f *fault) replaces() bool { return f.Status != 0 || f.Body != "" }

// before acts instead of the request, and reports whether that was all.
func (f *fault) before(w http.ResponseWriter, r *http.Request) (done bool) {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case f.Endless:
		f.endless(w, r)
		return true
	case f.Gzip:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb())
		return true
	case f.replaces() && !f.Cut && !f.Drop:
		f.replacement().write(w)
		return true
	}
	return false
}

// after spoils the answer of a request that took effect, and reports whether
// it has been dealt with.
func (f *fault) after(w http.ResponseWriter, answer *encoded) (done bool) {
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.replaces() {
		answer = f.replacement()
	}
	if !f.Cut {
		for name, value := range f.Header {
			answer.header.Set(name, value)
		}
		return false
	}
	body := answer.body
	if answer.events != nil {
		body = bytes.Join(answer.events, nil)
	}
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func (f *fault) replacement() *encoded {
	e := &encoded{status: f.Status, header: http.Header{}, body: []byte(f.Body)}
	if e.status == 0 {
		e.status = http.StatusOK
	}
	e.header.Set("Content-Type", "application/json")
	for name, value := range f.Header {
		e.header.Set(name, value)
	}
	return e
}

func (f *fault) endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	chunk := []byte(strings.Repeat("[", 1<<14))
	for r.Context().Err() == nil {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// bomb is a gigabyte of blanks, compressed: one member of the format, repeated.
var bomb = sync.OnceValue(func() []byte {
	var buf bytes.Buffer
	writer := gzip.NewWriter(&buf)
	_, _ = writer.Write(bytes.Repeat([]byte(" "), 1<<22))
	_ = writer.Close()
	return bytes.Repeat(buf.Bytes(), 1<<8)
})
