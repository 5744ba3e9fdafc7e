package mcpserver

import (
	"net/http"
	"slices"
	"strings"
)

// endpoint is one path of a server, with or without a slash at its end.
type endpoint struct {
	methods []string
	serve   http.HandlerFunc
}

// allow is the header Allow.
func (e *endpoint) allow() string {
	return strings.Join(slices.Concat(e.methods, []string{http.MethodOptions}), ", ")
}

// find returns the endpoint that a request is for.
func (f *front) find(r *http.Request) (*endpoint, *refusal) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	at := f.endpoints[path]
	switch {
	case at != nil && (r.Method == http.MethodOptions || slices.Contains(at.methods, r.Method)):
		return at, nil
	case at != nil:
		text := path + " takes " + strings.Join(at.methods, ", ") + "."
		if path == pathSSE {
			text += " Post messages to the address that its stream names first."
		}
		return nil, &refusal{status: http.StatusMethodNotAllowed, allow: at.allow(), text: text}
	case f.transport == "sse" && path == pathHTTP:
		return nil, notHere("This server speaks SSE: connect to " + pathSSE + ", or start it with --transport http for " + pathHTTP + ".")
	case f.transport != "sse" && (path == pathSSE || path == pathMessage):
		return nil, notHere("This server speaks streamable HTTP: connect to " + pathHTTP + ", or start it with --transport sse for " + pathSSE + ".")
	}
	named := pathHTTP
	if f.transport == "sse" {
		named = pathSSE
	}
	return nil, notHere("There is nothing at this path: the MCP endpoint is " + named + ".")
}

func notHere(text string) *refusal {
	return &refusal{status: http.StatusNotFound, text: text}
}
