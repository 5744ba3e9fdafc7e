package tools

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
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
	JSON   operation.Object  `json:"json" help:"Request body as a JSON object" cli:"short=j"`
	Header operation.Headers `json:"header" help:"Request headers, except Authorization, Host and litellm-changed-by" cli:"short=H"`
}

var httpRequest = &operation.Operation{
	Path:    "http request",
	Summary: "Send a request to any path of the gateway",
	Help:    "For routes that have no command of their own. On the command line, typing the method is the consent; as a tool, every method except GET and HEAD is confirmed.",
	Examples: []string{
		"http request GET /models",
		`http request POST /chat/completions -j '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}'`,
		`http request GET /health/readiness -H "X-Custom-Header:value"`,
	},
	Effect: operation.Destructive,
	Consent: operation.Consent{Typed: true, Effect: func(args operation.Args) operation.Effect {
		if operation.IsRead(strings.ToUpper(args.String("method"))) {
			return operation.Read
		}
		return operation.Destructive
	}},
	Do: operation.Func[httpInput](request),
	// The answer to a write may hold a key that is never shown again.
	Reveal: []string{"key"},
}

func request(ctx context.Context, call *operation.Call, in httpInput) (operation.Result, error) {
	method := strings.ToUpper(in.Method)
	r := proxyclient.Request{Method: method, Path: in.URI, RawPath: true, Read: operation.IsRead(method), Header: http.Header{}, Accept: "*/*"}
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
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	result := operation.Result{}
	switch {
	case json.Valid(answer.Body):
		result.Body = answer.Body
	case utf8.Valid(answer.Body) && !strings.HasPrefix(kind, "image/") && kind != "application/octet-stream":
		result.Text = answer.Body
	default:
		result.Binary = answer.Body
	}
	return result, nil
}
