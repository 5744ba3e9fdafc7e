package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A reply is an answer before it is written. A nil body with status 200 is JSON
// null, as the real gateway answers here and there.
type reply struct {
	status int
	body   any
	header map[string]string
	events []any // a stream of server-sent events instead of body
	text   bool  // body is a string to be sent as it is
}

func ok(body any) *reply { return &reply{status: http.StatusOK, body: body} }

// An encoded answer no longer refers to the state.
type encoded struct {
	status int
	header http.Header
	body   []byte
	events [][]byte
}

func encode(a *reply) *encoded {
	e := &encoded{status: a.status, header: http.Header{"Content-Type": {"application/json"}}}
	switch text, isText := a.body.(string); {
	case a.status == http.StatusTemporaryRedirect:
		e.header.Del("Content-Type")
	case a.events != nil:
		e.header.Set("Content-Type", "text/event-stream; charset=utf-8")
		for _, event := range a.events {
			if done, is := event.(string); is {
				e.events = append(e.events, []byte("data: "+done+"\n\n"))
				continue
			}
			e.events = append(e.events, slices.Concat([]byte("data: "), marshal(event), []byte("\n\n")))
		}
	case a.text && isText:
		e.header.Set("Content-Type", "text/html; charset=utf-8")
		e.body = []byte(text)
	default:
		e.body = marshal(a.body)
	}
	for name, value := range a.header {
		e.header.Set(name, value)
	}
	return e
}

func marshal(v any) []byte {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("sandbox: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

func (e *encoded) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), e.header)
	w.Header().Set("Vary", "Origin")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(e.status)
	if e.events == nil {
		_, _ = w.Write(e.body)
		return
	}
	for _, event := range e.events {
		_, _ = w.Write(event)
		if flusher, is := w.(http.Flusher); is {
			flusher.Flush()
		}
	}
}

// view fills the named shape with the row's values of the same names, then with
// the given pairs of name and value.
func view(shape string, row object, pairs ...any) object {
	template, found := shapes()[shape]
	if !found {
		panic("sandbox: no shape " + shape)
	}
	out := maps.Clone(template)
	for name := range out {
		if value, is := row[name]; is {
			out[name] = value
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// offset rewrites the row's times from …Z to …+00:00, as some answers have them.
func offset(row object) object {
	out := maps.Clone(row)
	for name, value := range out {
		switch value := value.(type) {
		case string:
			if _, err := time.Parse(time.RFC3339, value); err == nil {
				out[name] = strings.TrimSuffix(value, "Z") + "+00:00"
			}
		case object:
			if name == "litellm_budget_table" {
				out[name] = offset(value)
			}
		}
	}
	return out
}
