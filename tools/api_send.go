package tools

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/openapi"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type apiReadInput struct {
	Path   string          `json:"path" jsonschema:"required" help:"Path: concrete, or a template with {params}" cli:"arg=1"`
	Params operation.Pairs `json:"params" help:"Query and path parameters by name" cli:"name=param,short=q,alias=query"`
	Method string          `json:"method" help:"POST for an endpoint that only reads (default GET)" enum:"GET,POST"`
	Body   json.RawMessage `json:"body" help:"Body, as JSON"`
}

type apiWriteInput struct {
	Method string           `json:"method" jsonschema:"required" help:"HTTP method; GET for an endpoint that changes something" enum:"POST,PUT,PATCH,GET" cli:"arg=1"`
	Path   string           `json:"path" jsonschema:"required" help:"Path: concrete, or a template with {params}" cli:"arg=2"`
	Params operation.Pairs  `json:"params" help:"Query and path parameters by name" cli:"name=param,short=q,alias=query"`
	Body   json.RawMessage  `json:"body" help:"Body, as JSON; {} is sent" empty:"files"`
	Files  operation.Object `json:"files" name:"file" help:"Files by field: {\"filename\": \"a.txt\", \"content\": \"…\"}" cli:"short=F"`
}

type apiDeleteInput struct {
	Path   string          `json:"path" jsonschema:"required" help:"Path: concrete, or a template with {params}" cli:"arg=1"`
	Params operation.Pairs `json:"params" help:"Query and path parameters by name" cli:"name=param,short=q,alias=query"`
	Body   json.RawMessage `json:"body" help:"Body, as JSON"`
}

var apiRead = &operation.Operation{
	Path:     "api read",
	Summary:  "Call a read-only endpoint of the gateway",
	Help:     "The call is checked against the gateway's API before it is sent. See {op:api describe}.",
	Examples: []string{"api read /guardrails/usage/overview -q start_date=2026-11-01", "api read --method POST /policies/resolve --set team_alias=platform"},
	Effect:   operation.Read,
	Do: operation.Func[apiReadInput](func(ctx context.Context, call *operation.Call, _ apiReadInput) (operation.Result, error) {
		return sendAPI(ctx, call)
	}),
	View: asSent,
}

var apiWrite = &operation.Operation{
	Path:    "api write",
	Summary: "Call an endpoint of the gateway to change something",
	Help:    "The call is checked against the gateway's API before it is sent. Prefer the operation that {op:api search} names. See {op:api describe}.",
	Examples: []string{
		"api write POST /v1/memory --set key=note --set value=hello",
		"api write POST /utils/dotprompt_json_converter --file file=@greeting.prompt",
	},
	Effect:  operation.Destructive,
	Consent: operation.Consent{Effect: apiEffect, Ask: askAPI, Sensitive: sensitiveAPI, Sweeping: true},
	Do: operation.Func[apiWriteInput](func(ctx context.Context, call *operation.Call, _ apiWriteInput) (operation.Result, error) {
		return sendAPI(ctx, call)
	}),
	Done: "sent {method} {path}",
	// A new key is never shown again; see freshKey.
	Reveal: []string{"key"},
	View:   asSent,
}

var apiDelete = &operation.Operation{
	Path:     "api delete",
	Summary:  "Call a DELETE endpoint of the gateway",
	Help:     "The call is checked against the gateway's API before it is sent. Prefer the operation that {op:api search} names.",
	Examples: []string{"api delete /v1/memory/note", "api delete /guardrails/{guardrail_id} -q guardrail_id=pii"},
	Effect:   operation.Destructive,
	Consent:  operation.Consent{Ask: askAPI, Sensitive: sensitiveAPI, Sweeping: true},
	Do: operation.Func[apiDeleteInput](func(ctx context.Context, call *operation.Call, _ apiDeleteInput) (operation.Result, error) {
		return sendAPI(ctx, call)
	}),
	Done: "sent DELETE {path}",
	View: asSent,
}

// apiMethod is the method of a call: DELETE, or what it names, or GET.
func apiMethod(op *operation.Operation, args operation.Args) string {
	if op.Path == "api delete" {
		return http.MethodDelete
	}
	if method := args.String("method"); method != "" {
		return method
	}
	return http.MethodGet
}

// apiEffect is what a write does, as far as its path tells: see sensitiveAPI.
func apiEffect(args operation.Args) operation.Effect {
	method, path := args.String("method"), apiPath(args.String("path"))
	if e := openapi.Known().Match(method, path); e != nil {
		path = e.Path
	}
	return endpointEffect(method, path)
}

// apiPath is a path as it is looked up: without a query, and not escaped.
func apiPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return "/" + strings.Trim(unescaped(path), "/")
}

// apiRequest is a call of an endpoint, checked against the document.
type apiRequest struct {
	endpoint *openapi.Endpoint
	request  proxyclient.Request
	sent     []string // the texts in which a key would be no new one
}

// prepareAPI finds the endpoint of a call and makes its request.
func prepareAPI(ctx context.Context, call *operation.Call) (*apiRequest, error) {
	args := call.Args()
	path, query, err := queryOf(args.String("path"))
	if err != nil {
		return nil, err
	}
	method := apiMethod(call.Operation(), args)
	d, found, err := apiEndpoints(ctx, call, method, path)
	if err != nil {
		return nil, err
	}
	e := found[0]
	if call.Operation().Path == "api read" && endpointEffect(e.Method, e.Path) != operation.Read {
		name := e.Method + " " + e.Path
		return nil, operation.Usage(name + " may do more than read; use {op:api write} " + name + ", if it is offered. Nothing was sent")
	}
	var params, files map[string]json.RawMessage
	_, _ = json.Unmarshal(args["params"], &params), json.Unmarshal(args["files"], &files)
	if params == nil {
		params = map[string]json.RawMessage{}
	}
	if err := addParams(e, path, query, params); err != nil {
		return nil, err
	}
	checked, err := checkAPI(call, d, e, openapi.Call{Params: params, Body: operation.NoNull(args["body"]), Files: slices.Sorted(maps.Keys(files))})
	if err != nil {
		return nil, err
	}
	r := &apiRequest{endpoint: e, request: proxyclient.Request{Method: e.Method, Path: e.Route(), Params: checked.Path, Query: checked.Query, Header: checked.Header, Accept: "*/*"}}
	if err := leads(d, e, checked.Path); err != nil {
		return nil, err
	}
	if err := r.body(checked.Body, files); err != nil {
		return nil, err
	}
	r.sent = []string{string(operation.Encode(params)), string(checked.Body)}
	return r, nil
}

// checkAPI compares a call with the description of its endpoint. The question, the dangers and
// the plan of a call are about one request.
func checkAPI(call *operation.Call, d *openapi.Document, e *openapi.Endpoint, made openapi.Call) (openapi.Checked, error) {
	if e.Method == http.MethodGet && len(e.Bodies) == 0 && string(made.Body) == "{}" {
		made.Body = nil
	}
	checked, _ := operation.Once(call, "api check", func() (openapi.Checked, error) { return d.Check(e, made), nil })
	for _, note := range checked.Notes {
		call.Note(note)
	}
	if len(checked.Faults) == 0 {
		return checked, nil
	}
	text := strings.Join(checked.Faults, "; ")
	if !strings.HasSuffix(text, "?") {
		text += "."
	}
	return checked, operation.Usage(text + " Nothing was sent; see {op:api describe} " + e.Method + " " + e.Path)
}

// addParams adds what stands in a concrete path and its query.
func addParams(e *openapi.Endpoint, path string, query url.Values, params map[string]json.RawMessage) error {
	add := func(name string, value any) error {
		if params[name] != nil {
			return operation.Usage(fmt.Sprintf("{params}: %s is already in the path", operation.Name(name)))
		}
		params[name] = operation.Encode(value)
		return nil
	}
	if plain := "/" + strings.Trim(path, "/"); plain != e.Path {
		values, ok := e.Values(apiPath(path))
		if !ok {
			return operation.Usage("{path}: " + operation.Name(path) + " does not lead to " + e.Path)
		}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if err := add(name, values[name]); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		var value any = query[name]
		if len(query[name]) == 1 {
			value = query[name][0]
		}
		if err := add(name, value); err != nil {
			return err
		}
	}
	return nil
}

// leads refuses values with which a path leads to another endpoint than the one whose effects
// are known.
func leads(d *openapi.Document, e *openapi.Endpoint, values map[string]string) error {
	path := e.Path
	for name, value := range values {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if other := d.Match(e.Method, path); other != nil && other.Path != e.Path {
		return operation.Usage(fmt.Sprintf("%s leads to %s %s, not to %s. Nothing was sent", operation.Name(path), other.Method, other.Path, e.Path))
	}
	return nil
}

// body gives the request its body, in the media type of the endpoint.
func (r *apiRequest) body(body json.RawMessage, files map[string]json.RawMessage) error {
	media, _ := r.endpoint.Body()
	switch {
	case media == "multipart/form-data":
		return r.multipart(body, files)
	case media == "application/x-www-form-urlencoded" && body != nil:
		var fields map[string]json.RawMessage
		if json.Unmarshal(body, &fields) != nil {
			return operation.Usage("{body} must be an object with the fields of a form")
		}
		form := url.Values{}
		for name, value := range fields {
			for _, word := range formWords(value) {
				form.Add(name, word)
			}
		}
		r.request.Body, r.request.ContentType = []byte(form.Encode()), media
	case media != "" && !strings.Contains(media, "json") && body != nil:
		text := operation.Word(body)
		r.request.Body, r.request.ContentType = []byte(text), media
	default:
		r.request.Body = body
	}
	return nil
}

// formWords are the values of a field of a form: those of a list one by one.
func formWords(value json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		list = []json.RawMessage{value}
	}
	var words []string
	for _, one := range list {
		if operation.NoNull(one) != nil {
			words = append(words, operation.Word(one))
		}
	}
	return words
}

// multipart makes a body of fields and files.
func (r *apiRequest) multipart(body json.RawMessage, files map[string]json.RawMessage) error {
	var fields map[string]json.RawMessage
	if body != nil && json.Unmarshal(body, &fields) != nil {
		return operation.Usage("{body} must be an object with the fields of a form")
	}
	var parts []proxyclient.Part
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, word := range formWords(fields[name]) {
			parts = append(parts, proxyclient.Part{Name: name, Content: []byte(word)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var file struct {
			Filename string  `json:"filename"`
			Content  *string `json:"content"`
			Base64   *string `json:"content_base64"`
		}
		if err := json.Unmarshal(files[name], &file); err != nil || file.Filename == "" || (file.Content == nil) == (file.Base64 == nil) {
			return operation.Usage(`{files}: ` + operation.Name(name) + ` must be {"filename": "…", "content": "…"}, or content_base64 for a binary file`)
		}
		part := proxyclient.Part{Name: name, File: file.Filename}
		if file.Content != nil {
			part.Content = []byte(*file.Content)
		} else {
			content, err := base64.StdEncoding.DecodeString(*file.Base64)
			if err != nil {
				return operation.Usage("{files}: " + operation.Name(name) + ": content_base64 is not base64")
			}
			part.Content = content
		}
		parts = append(parts, part)
	}
	if parts == nil {
		return nil
	}
	content, contentType, err := proxyclient.Multipart(parts)
	r.request.Body, r.request.ContentType = content, contentType
	return err
}

// sendAPI sends a call whose effect is the one that its operation is for.
func sendAPI(ctx context.Context, call *operation.Call) (operation.Result, error) {
	r, err := prepareAPI(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	reads := endpointEffect(r.endpoint.Method, r.endpoint.Path) == operation.Read
	r.request.Read = reads && call.Effect() == operation.Read
	answer, err := call.Client().Do(ctx, r.request)
	if err != nil {
		return operation.Result{}, err
	}
	result := rawResult(answer)
	result.Conceal = !r.freshKey(answer.Body)
	return result, nil
}

// freshKey reports whether an answer holds a key that the gateway made for the request.
func (r *apiRequest) freshKey(answer []byte) bool {
	path := r.endpoint.Path
	if r.endpoint.Method != http.MethodPost || !makesKey(strings.Trim(path, "/")) {
		return false
	}
	key := operation.Word(operation.Lookup(answer, "key"))
	return key != "" && !slices.ContainsFunc(r.sent, func(text string) bool { return strings.Contains(text, key) })
}

func askAPI(ctx context.Context, call *operation.Call) (string, error) {
	r, err := prepareAPI(ctx, call)
	if err != nil {
		return "", err
	}
	path := r.endpoint.Path
	for _, name := range slices.Sorted(maps.Keys(r.request.Params)) {
		path = strings.ReplaceAll(path, "{"+name+"}", operation.Name(r.request.Params[name]))
	}
	text := "Send " + r.endpoint.Method + " " + path + " to the gateway?"
	if r.endpoint.Summary != "" {
		text += " The gateway calls it " + operation.Name(r.endpoint.Summary) + "."
	}
	return text, nil
}

// sensitiveAPI is what makes a write of any endpoint sensitive beside its arguments.
func sensitiveAPI(ctx context.Context, call *operation.Call) (found []string, err error) {
	r, err := prepareAPI(ctx, call)
	if err != nil {
		return nil, err
	}
	method, path := r.endpoint.Method, r.endpoint.Path
	if call.Effect() != operation.Destructive && endpointEffect(method, path) == operation.Destructive {
		found = append(found, "destroys something")
	}
	if why := endpointAsks(method, path); why != "" {
		found = append(found, why)
	}
	if slices.Contains(unasked, "="+strings.Trim(path, "/")) {
		// A call of a model, as chat completions is.
		var body operation.Args
		_ = json.Unmarshal(call.Args()["body"], &body)
		names := without(slices.Sorted(maps.Keys(body)), append(callInputs, callParams...))
		found = append(found, naming("sets parameters of the call to the provider, and so where the stored key may go", names)...)
	}
	return found, nil
}
