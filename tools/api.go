package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
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
	Words  string `json:"words" jsonschema:"required" help:"Endpoint to look for, in plain words" cli:"arg=1,words"`
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
		call.Note(fmt.Sprintf("The best of %s. Give more words, {method} or a higher {limit} to see others.", operation.Counted(found.Total, "match")))
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
