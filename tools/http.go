package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var raw = operation.Catalog{httpRequest}

type httpInput struct {
	Method string            `json:"method" jsonschema:"required" help:"HTTP method: GET, POST, PUT, PATCH, DELETE, HEAD or another" cli:"arg=1"`
	URI    string            `json:"uri" jsonschema:"required" help:"Path on the gateway with its query, such as /key/list?size=5" cli:"arg=2"`
	Data   string            `json:"data" help:"Raw request body; JSON unless a Content-Type header says otherwise" cli:"short=d"`
	JSON   json.RawMessage   `json:"json" help:"Request body as JSON; {} and [] are sent" empty:"data" cli:"short=j"`
	Header operation.Headers `json:"header" help:"Request headers, except Host and litellm-changed-by. Authorization works on the command line only" cli:"short=H"`
}

var httpRequest = &operation.Operation{
	Path:    "http request",
	Summary: "Send a request to any path of the gateway",
	Help:    "Use it for routes without a command of their own. The command line sends the request without asking; as a tool, every method except GET and HEAD is confirmed.",
	Examples: []string{
		"http request GET /models",
		`http request POST /chat/completions -j '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}'`,
		`http request GET /health/readiness -H "X-Custom-Header:value"`,
	},
	Effect:  operation.Destructive,
	Consent: operation.Consent{Typed: true, Effect: requestEffect, Ask: askRequest, Sensitive: sensitiveRequest},
	Do:      operation.Func[httpInput](request),
	// A new key is never shown again; see showsNewKey.
	Reveal: []string{"key"},
	View:   asSent,
}

func request(ctx context.Context, call *operation.Call, in httpInput) (operation.Result, error) {
	method := strings.ToUpper(in.Method)
	r := proxyclient.Request{Method: method, Path: in.URI, RawPath: true, Read: call.Effect() == operation.Read, Header: http.Header{}, Accept: "*/*"}
	for name, value := range in.Header {
		r.Header.Set(name, value)
	}
	switch {
	case in.Data != "" && in.JSON != nil:
		return operation.Result{}, operation.Usage("{data} and {json} both set the body; give one")
	case in.JSON != nil:
		r.Body = call.Arg("json")
	case in.Data != "":
		r.Body = []byte(in.Data)
		r.ContentType = r.Header.Get("Content-Type")
	}
	r.Header.Del("Content-Type")
	answer, err := call.Client().Do(ctx, r)
	if err != nil {
		return operation.Result{}, err
	}
	result := rawResult(answer)
	result.Conceal = !showsNewKey(in, answer.Body)
	return result, nil
}

// rawResult is an answer of any form: JSON, text or neither.
func rawResult(answer *proxyclient.Response) (result operation.Result) {
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	switch {
	case json.Valid(answer.Body):
		result.Body = answer.Body
	case utf8.Valid(answer.Body) && !strings.HasPrefix(kind, "image/") && kind != "application/octet-stream":
		result.Text = answer.Body
	default:
		result.Binary = answer.Body
	}
	if kind == "text/event-stream" {
		result.Failed = brokenStream(answer.Body)
	}
	return result
}

// brokenStream returns the error that ends a stream of events, whose status says success.
func brokenStream(events []byte) []operation.Failure {
	for line := range bytes.Lines(events) {
		data, is := bytes.CutPrefix(line, []byte("data:"))
		if !is || !json.Valid(data) {
			continue
		}
		if broken := operation.NoNull(operation.Lookup(data, "error")); broken != nil {
			why := operation.LookupAny(broken, "message")
			if why == nil {
				why = broken
			}
			return []operation.Failure{{What: "the stream", Why: operation.Word(why)}}
		}
	}
	return nil
}

// showsNewKey reports whether an answer holds a key that the gateway made for the
// request: it comes from a route that makes one, and the request does not hold it.
func showsNewKey(in httpInput, answer []byte) bool {
	path, _, _ := strings.Cut(in.URI, "?")
	if !strings.EqualFold(in.Method, http.MethodPost) || !makesKey(strings.Trim(unescaped(path), "/")) {
		return false
	}
	key := operation.Word(operation.Lookup(answer, "key"))
	sent := []string{in.URI, unescaped(in.URI), in.Data}
	for _, body := range []json.RawMessage{json.RawMessage(in.Data), in.JSON} {
		var plain any
		if json.Unmarshal(body, &plain) == nil {
			sent = append(sent, string(operation.Encode(plain)))
		}
	}
	return key != "" && !slices.ContainsFunc(sent, func(text string) bool { return strings.Contains(text, key) })
}

// makesKey reports whether a POST to the path may answer with a new key.
func makesKey(path string) bool { return path == "user/new" || operation.KeyRoute(path) }

func unescaped(uri string) string {
	if plain, err := url.PathUnescape(uri); err == nil {
		return plain
	}
	return uri
}

// requestEffect is what a request does: a GET of a route that is known to show things
// only reads, another GET may do more, and everything else is confirmed.
func requestEffect(args operation.Args) operation.Effect {
	switch {
	case !operation.IsRead(strings.ToUpper(args.String("method"))):
		return operation.Destructive
	case shows(args.String("uri")):
		return operation.Read
	}
	return operation.Write
}

func askRequest(_ context.Context, call *operation.Call) (string, error) {
	path, _, _ := strings.Cut(call.Args().String("uri"), "?")
	return "Send " + strings.ToUpper(operation.Name(call.Args().String("method"))) + " " + operation.Name(path) + " to the gateway? What it does is not checked.", nil
}

// sensitiveRequest finds a GET that does more than show.
func sensitiveRequest(_ context.Context, call *operation.Call) ([]string, error) {
	if call.Effect() != operation.Write {
		return nil, nil
	}
	path, _, _ := strings.Cut(call.Args().String("uri"), "?")
	return []string{"may call a provider, send a message or change something: " + operation.Name(path) + " is not among the routes that only show things"}, nil
}
