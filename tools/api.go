package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/openapi"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var api = operation.Catalog{apiSearch, apiDescribe, apiRead, apiWrite, apiDelete}

// apiSize is how much a description has, so that an assistant can read several.
const (
	apiSize    = 5 << 10
	schemaSize = 12 << 10
)

type apiSearchInput struct {
	Words  string `json:"words" jsonschema:"required" help:"What to look for, in plain words" cli:"arg=1,words"`
	Method string `json:"method" help:"Only this HTTP method" enum:"GET,POST,PUT,PATCH,DELETE"`
	Limit  int    `json:"limit" jsonschema:"minimum=1,maximum=100" help:"Maximum endpoints to list (default 10)"`
}

var apiSearch = &operation.Operation{
	Path:     "api search",
	Summary:  "Search the API of the connected gateway for an endpoint",
	Help:     "Finds all endpoints, including those without an operation of their own. Prefer the operation that a result names.",
	Examples: []string{"api search rotate a key", "api search guardrail usage --method GET"},
	Effect:   operation.Read,
	Do:       operation.Rows[apiSearchInput](searchAPI),
	Columns: []operation.Column{
		{Name: "method", ID: true}, {Name: "path", ID: true}, {Name: "summary"}, {Name: "operation"}, {Name: "effect"},
		{Name: "since"},
	},
}

func searchAPI(ctx context.Context, call *operation.Call, in apiSearchInput) (operation.Result, error) {
	d, err := apiDocument(ctx, call, false)
	if err != nil {
		return operation.Result{}, err
	}
	if in.Limit == 0 {
		in.Limit = 10
	}
	found := d.Search(openapi.Query{Words: in.Words, Method: in.Method, Limit: in.Limit, Prefers: func(e *openapi.Endpoint) bool {
		return len(endpointsOf()[e.Method+" "+e.Path].operations) > 0
	}})
	for _, word := range slices.Sorted(maps.Keys(found.Instead)) {
		if near := found.Instead[word]; near != "" {
			call.Note(fmt.Sprintf("No endpoint has the word %s; searched for %s.", operation.Name(word), operation.Name(near)))
		} else {
			call.Note(fmt.Sprintf("No endpoint has the word %s.", operation.Name(word)))
		}
	}
	page := &operation.Page{Items: []json.RawMessage{}, Total: found.Total}
	for _, hit := range found.Hits {
		page.Items = append(page.Items, operation.Encode(struct {
			Method    string `json:"method"`
			Path      string `json:"path"`
			Summary   string `json:"summary"`
			Operation string `json:"operation"`
			Effect    string `json:"effect"`
			Since     string `json:"since"`
		}{hit.Method, hit.Path, hit.Summary, strings.Join(endpointsOf()[hit.Method+" "+hit.Path].operations, ", "), endpointEffect(hit.Method, hit.Path).String(),
			proxyclient.Since(hit.Method, hit.Path)}))
	}
	switch {
	case len(found.Hits) == 0:
		call.Note("Nothing found. Try the name of a thing, such as guardrail, prompt or budget, and fewer words.")
	case found.Total > len(found.Hits):
		call.Note(fmt.Sprintf("%d endpoints match; these fit best. Give more words, {method} or a higher {limit} to see others.", found.Total))
	}
	return operation.Result{Body: operation.Encode(page.Items), Page: page}, nil
}

type apiDescribeInput struct {
	Endpoint string `json:"endpoint" jsonschema:"required" help:"Method and path: POST /key/update; a path alone for all methods" cli:"arg=1,words"`
	Schema   string `json:"schema" help:"Only this schema or part of the body, such as litellm_params"`
}

var apiDescribe = &operation.Operation{
	Path:     "api describe",
	Summary:  "Describe an endpoint of the gateway: parameters, body, effect",
	Help:     "Required fields are marked *. Use {schema} for parts that are not expanded.",
	Examples: []string{"api describe POST /policies/resolve", "api describe POST /guardrails --schema LitellmParams", "api describe /tag/list"},
	Effect:   operation.Read,
	Do:       operation.Func[apiDescribeInput](describeAPI),
	Prose:    true,
}

// described is what is said of an endpoint.
type described struct {
	Method     string   `json:"method"`
	Path       string   `json:"path"`
	Summary    string   `json:"summary,omitempty"`
	About      string   `json:"description,omitempty"`
	Effect     string   `json:"effect"`
	Asks       bool     `json:"asks_first,omitempty"`
	Operation  string   `json:"operation,omitempty"`
	Since      string   `json:"since,omitempty"`
	Deprecated bool     `json:"deprecated,omitempty"`
	Params     []string `json:"params,omitempty"`
	Media      string   `json:"media_type,omitempty"`
	Schema     string   `json:"schema,omitempty"`
	Body       []string `json:"body,omitempty"`
	Cut        []string `json:"not_expanded,omitempty"`
}

func describeAPI(ctx context.Context, call *operation.Call, in apiDescribeInput) (operation.Result, error) {
	method, path, err := splitEndpoint(in.Endpoint)
	if err != nil {
		return operation.Result{}, err
	}
	d, endpoints, err := apiEndpoints(ctx, call, method, path)
	if err != nil {
		return operation.Result{}, err
	}
	if in.Schema != "" {
		return describeSchema(d, endpoints, in.Schema)
	}
	all := []described{}
	for _, e := range endpoints {
		text := d.Describe(e, apiSize/len(endpoints))
		effect := endpointEffect(e.Method, e.Path)
		all = append(all, described{Method: e.Method, Path: e.Path, Summary: e.Summary, About: text.About, Effect: effect.String(),
			Asks:      effect == operation.Destructive || effect == operation.Write && endpointAsks(e.Method, e.Path) != "",
			Operation: strings.Join(endpointsOf()[e.Method+" "+e.Path].operations, ", "), Since: proxyclient.Since(e.Method, e.Path), Deprecated: e.Deprecated,
			Params: text.Params, Media: text.Media, Schema: text.Schema, Body: text.Body, Cut: text.Cut})
		if len(text.Cut) > 0 {
			call.Note(fmt.Sprintf("%s %s: not all parts of the body are expanded; {schema} shows one, such as %s.", e.Method, operation.Name(e.Path), operation.Name(text.Cut[0])))
		}
		if text.Media == "" && e.Method != http.MethodGet && e.Method != http.MethodDelete {
			call.Note(fmt.Sprintf("The gateway does not describe the body of %s %s; it may take one.", e.Method, operation.Name(e.Path)))
		}
	}
	var text []string
	for _, one := range all {
		text = append(text, one.text())
	}
	result := operation.Result{Text: []byte(strings.Join(text, "\n\n"))}
	if result.Body = operation.Encode(all[0]); len(all) > 1 {
		result.Body = operation.Encode(map[string]any{"endpoints": all})
	}
	return result, nil
}

// text is a description for people.
func (d described) text() string {
	lines := []string{d.Method + " " + d.Path}
	if d.Summary != "" {
		lines[0] += " – " + d.Summary
	}
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, name+": "+value)
		}
	}
	if d.About != "" {
		lines = append(lines, d.About)
	}
	effect := d.Effect
	if d.Asks {
		effect += ", asks first"
	}
	lines = append(lines, "")
	add("Effect", effect)
	add("Operation", d.Operation)
	add("Since", d.Since)
	if d.Deprecated {
		add("Deprecated", "yes")
	}
	list := func(title string, members []string) {
		if len(members) > 0 {
			lines = append(lines, "", title+":")
		}
		for _, line := range members {
			lines = append(lines, "  "+line)
		}
	}
	list("Parameters", d.Params)
	title := "Body (" + d.Media
	if d.Schema != "" {
		title += ", schema " + d.Schema
	}
	list(title+")", d.Body)
	if len(d.Cut) > 0 {
		lines = append(lines, "", "Not expanded: "+strings.Join(d.Cut, ", "))
	}
	return strings.Join(lines, "\n")
}

func describeSchema(d *openapi.Document, endpoints []*openapi.Endpoint, name string) (operation.Result, error) {
	for _, e := range endpoints {
		if lines, cut := d.DescribeSchema(e, name, schemaSize); lines != nil {
			text := name + ":\n  " + strings.Join(lines, "\n  ")
			if len(cut) > 0 {
				text += "\n\nNot expanded: " + strings.Join(cut, ", ")
			}
			return operation.Result{Text: []byte(text), Body: operation.Encode(struct {
				Schema string   `json:"schema"`
				Fields []string `json:"fields"`
				Cut    []string `json:"not_expanded,omitempty"`
			}{name, lines, cut})}, nil
		}
	}
	text := "{schema}: there is no schema or part of the body " + operation.Name(name)
	if near := nearest.Name(name, slices.Sorted(maps.Keys(d.Schemas)), nearest.Limit(name)); near != "" {
		text += "; did you mean " + operation.Name(near) + "?"
	}
	return operation.Result{}, operation.Usage(text)
}

// splitEndpoint reads "POST /key/update"; the method may be missing.
func splitEndpoint(text string) (method, path string, err error) {
	words := strings.Fields(text)
	switch {
	case len(words) == 1:
		path = words[0]
	case len(words) == 2:
		method, path = strings.ToUpper(words[0]), words[1]
	}
	if path == "" {
		return "", "", operation.Usage("{endpoint}: give a method and a path, such as POST /key/update, or a path alone")
	}
	return method, path, nil
}

// apis keeps the documents of the gateways that this process asked.
var apis openapi.Cache

// apiDocument returns the description of the gateway's API. Where the gateway does not
// publish it, it is that of the newest LiteLLM that this program was made for, which is noted.
func apiDocument(ctx context.Context, call *operation.Call, renew bool) (*openapi.Document, error) {
	client := call.Client()
	gateway := openapi.Gateway{
		Name: client.BaseURL(),
		Fetch: func(ctx context.Context) ([]byte, error) {
			call.Progress(0, 0)
			answer, err := client.Do(ctx, proxyclient.Request{Method: http.MethodGet, Path: "/openapi.json", Read: true})
			if err != nil {
				return nil, unpublished(err)
			}
			return answer.Body, nil
		},
		Size: func(ctx context.Context) (int64, error) {
			answer, err := client.Do(ctx, proxyclient.Request{Method: http.MethodHead, Path: "/openapi.json", Read: true})
			if e := operation.AsError(err); e != nil && (e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented) {
				return 0, nil
			}
			if err != nil {
				return 0, unpublished(err)
			}
			var size int64
			_, _ = fmt.Sscan(answer.Header.Get("Content-Length"), &size)
			return size, nil
		},
		Version: func(ctx context.Context) (string, error) {
			version, err := client.Version(ctx)
			if e := operation.AsError(err); e != nil && e.Status != 0 {
				return "", nil
			}
			return version, err
		},
	}
	d, err := apis.Open(ctx, call.CacheDir(), gateway, renew)
	if err == nil || err != openapi.ErrUnpublished {
		return d, err
	}
	d = openapi.Known()
	note := "This gateway does not publish its API; this is the API of LiteLLM " + d.Version + "."
	version, err := gateway.Version(ctx)
	if err != nil {
		return nil, err
	}
	if version != "" && version != d.Version {
		note += " The gateway is LiteLLM " + operation.Name(version) + "."
	}
	call.Note(note)
	return d, nil
}

// unpublished tells a gateway without a document from one that cannot be reached.
func unpublished(err error) error {
	e := operation.AsError(err)
	if e != nil && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusGone, http.StatusInternalServerError, http.StatusNotImplemented}, e.Status) {
		return openapi.ErrUnpublished
	}
	return err
}

// apiEndpoints returns the endpoints that a path leads to, of one method or of all. The path
// is a template or a concrete one. A document that lacks it may be older than the gateway.
func apiEndpoints(ctx context.Context, call *operation.Call, method, path string) (*openapi.Document, []*openapi.Endpoint, error) {
	path, _, _ = strings.Cut(path, "?")
	for _, renew := range []bool{false, true} {
		d, err := apiDocument(ctx, call, renew)
		if err != nil {
			return nil, nil, err
		}
		if found := matching(d, method, path); len(found) > 0 {
			return d, found, nil
		}
		if renew {
			return nil, nil, noEndpoint(d, method, path)
		}
	}
	return nil, nil, nil
}

func matching(d *openapi.Document, method, path string) (found []*openapi.Endpoint) {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	if method != "" {
		methods = []string{method}
	}
	path = "/" + strings.Trim(path, "/")
	best := ""
	for _, method := range methods {
		e := d.Find(method, path)
		if e == nil {
			e = d.Match(method, unescaped(path))
		}
		if e == nil {
			continue
		}
		// What leads to a literal path with one method does not mean {id} with another.
		if best == "" || strings.Count(e.Path, "{") < strings.Count(best, "{") {
			best = e.Path
		}
		found = append(found, e)
	}
	return slices.DeleteFunc(found, func(e *openapi.Endpoint) bool { return strings.Count(e.Path, "{") > strings.Count(best, "{") })
}

// noEndpoint is the error about a path that the document lacks, with those that were probably
// meant.
func noEndpoint(d *openapi.Document, method, path string) error {
	path = "/" + strings.Trim(path, "/")
	if others := matching(d, "", path); len(others) > 0 {
		var methods []string
		for _, e := range others {
			methods = append(methods, e.Method)
		}
		return operation.Usage(fmt.Sprintf("%s has no method %s; it has %s", operation.Name(path), operation.Name(method), operation.Or(methods)))
	}
	for _, e := range matching(openapi.Known(), method, path) {
		if since := proxyclient.Since(e.Method, e.Path); since != "" && proxyclient.Older(d.Version, since) {
			return &proxyclient.Error{Code: proxyclient.CodeUnsupported,
				Message: "this gateway is LiteLLM " + d.Version + ", which has no " + e.Method + " " + operation.Name(e.Path) + "; nothing was sent",
				Hint:    "upgrade the gateway to LiteLLM " + since + " or later"}
		}
	}
	text := "the gateway's API has no path " + operation.Name(path)
	if near := nearPaths(d, method, path); len(near) > 0 {
		text += "; did you mean " + operation.Or(near) + "?"
	} else {
		text += "; find one with api search."
	}
	return operation.Usage(text + " To send a path that is not documented, use http request")
}

// nearPaths returns up to three paths that are spelled like one, without its parameters.
func nearPaths(d *openapi.Document, method, path string) (near []string) {
	distance := func(other string) int {
		have, want := strings.Split(path, "/"), strings.Split(other, "/")
		sum := 6 * max(len(have)-len(want), len(want)-len(have))
		for i := range min(len(have), len(want)) {
			if !strings.HasPrefix(want[i], "{") {
				sum += nearest.Distance(have[i], want[i])
			} else if strings.HasPrefix(have[i], "{") {
				sum--
			} else {
				sum += 2
			}
		}
		return sum
	}
	best := map[string]int{}
	for _, e := range d.Endpoints {
		if method == "" || e.Method == method {
			if n := distance(e.Path); n <= 2+len(path)/6 {
				best[e.Path] = n
			}
		}
	}
	near = slices.SortedFunc(maps.Keys(best), func(a, b string) int {
		if best[a] != best[b] {
			return best[a] - best[b]
		}
		return strings.Compare(a, b)
	})
	near = slices.DeleteFunc(near, func(p string) bool { return best[p] > best[near[0]]+2 })
	return near[:min(len(near), 3)]
}

// queryOf splits what a caller wrote after a path.
func queryOf(path string) (string, url.Values, error) {
	path, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", nil, operation.Usage("{path}: the query cannot be read: " + operation.Name(query))
	}
	return path, values, nil
}
