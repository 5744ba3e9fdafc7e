package tools

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var passThrough = operation.Catalog{passThroughList, passThroughGet, passThroughCreate, passThroughUpdate, passThroughDelete}

// passThroughCollection is all pass-through endpoints at once, those of the gateway's
// configuration file first.
var passThroughCollection = &operation.Collection{
	What: "pass-through endpoint", Listed: "pass-through list", Path: "/config/pass_through_endpoint", Items: "endpoints", ID: "id", Name: "path",
}

// passThroughRoute stands for the ID of the endpoint with this path.
type passThroughRoute string

// Collection returns the list that has the path.
func (passThroughRoute) Collection() *operation.Collection { return passThroughCollection }

var passThroughColumns = []operation.Column{
	{Name: "path", ID: true},
	{Name: "target"},
	{Name: "auth"},
	{Name: "include_subpath"},
	{Name: "methods"},
	{Name: "cost_per_request", Format: operation.Dollars},
	{Name: "is_from_config", Optional: true},
	{Name: "id", ID: true},
}

type passThroughListInput struct {
	TeamID existingTeam `json:"team_id" name:"team" help:"Only endpoints that this team may call"`
}

var passThroughList = &operation.Operation{
	Path:     "pass-through list",
	Summary:  "List pass-through endpoints: gateway paths forwarded elsewhere",
	Help:     "Endpoints from the configuration file (is_from_config) cannot be changed.",
	Examples: []string{"pass-through list", "pass-through list --team research"},
	Effect:   operation.Read,
	Do:       operation.List[passThroughListInput]{Of: passThroughCollection},
	Columns:  passThroughColumns,
}

type passThroughRef struct {
	EndpointID passThroughRoute `json:"endpoint_id" name:"endpoint" help:"Path on the gateway, or endpoint ID" jsonschema:"required" cli:"arg=1"`
}

var passThroughGet = &operation.Operation{
	Path:     "pass-through get",
	Summary:  "Show a pass-through endpoint with the names of its headers",
	Examples: []string{"pass-through get --endpoint /rerank"},
	Effect:   operation.Read,
	Sends:    []string{"GET /config/pass_through_endpoint"},
	Do: operation.Func[passThroughRef](func(ctx context.Context, call *operation.Call, _ passThroughRef) (operation.Result, error) {
		body, err := passThroughUpdating.Present(ctx, call)
		return operation.Result{Body: body}, err
	}),
	Columns: passThroughColumns,
}

// passThroughSettings is the settings that create and update share.
type passThroughSettings struct {
	Headers            operation.Headers `json:"headers" help:"Headers to add; os.environ/NAME reads the gateway's environment" clear:"{}"`
	DefaultQueryParams operation.Pairs   `json:"default_query_params" help:"Default query parameters" cli:"name=query-params" clear:"{}"`
	IncludeSubpath     bool              `json:"include_subpath" help:"Forward subpaths too"`
	Methods            []string          `json:"methods" enum:"GET,POST,PUT,DELETE,PATCH" help:"Methods to forward (default all)"`
	Auth               bool              `json:"auth" help:"Require a virtual key (default true)"`
	CostPerRequest     operation.USD     `json:"cost_per_request" help:"Cost per request in US dollars"`
	Timeout            *float64          `json:"timeout" name:"target_timeout" jsonschema:"minimum=0" help:"Timeout in seconds"`
}

type passThroughCreateInput struct {
	Path   string `json:"path" jsonschema:"required" help:"Path on the gateway, such as /rerank" cli:"arg=1"`
	Target string `json:"target" jsonschema:"required" help:"Address to forward to"`
	passThroughSettings
	operation.Extras
}

var passThroughCreate = &operation.Operation{
	Path:    "pass-through create",
	Summary: "Create a pass-through endpoint: a path forwarded elsewhere",
	Examples: []string{
		`pass-through create /rerank --target https://api.cohere.com/v1/rerank --headers "Authorization:bearer os.environ/COHERE_API_KEY" --cost-per-request 0.002`,
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /config/pass_through_endpoint"},
	Consent: operation.Consent{Sensitive: opensRoute},
	Checks:  []operation.Check{routable, unrouted, unmasked("headers", "default_query_params")},
	Do:      operation.Func[passThroughCreateInput](createPassThrough),
	Columns: passThroughColumns,
	Done:    "created pass-through endpoint {path}",
}

func createPassThrough(ctx context.Context, call *operation.Call, in passThroughCreateInput) (operation.Result, error) {
	for item, err := range passThroughCollection.All(ctx, call, nil) {
		if err != nil {
			return operation.Result{}, err
		}
		if operation.Word(operation.Lookup(item, "path")) == in.Path {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeConflict, Message: "the path " + operation.Shown(in.Path) + " is taken; nothing was created",
				Hint: "to change that endpoint, use {op:pass-through update}"}
		}
	}
	body, err := call.Write(ctx, "POST", passThroughCollection.Path, call.Body())
	if err != nil || call.Planning() {
		return operation.Result{Body: body}, err
	}
	made := firstEndpoint(body)
	id, err := call.Identifier(made, "id", "the new endpoint")
	if err != nil {
		return operation.Result{Body: body}, err
	}
	return operation.Result{Body: made, Done: "created pass-through endpoint " + operation.Shown(in.Path) + " (" + operation.Word(id) + ")"}, nil
}

// firstEndpoint returns the endpoint of an answer that has one, or nil.
func firstEndpoint(body json.RawMessage) json.RawMessage {
	var endpoints []json.RawMessage
	if json.Unmarshal(operation.Lookup(body, "endpoints"), &endpoints) != nil || len(endpoints) == 0 {
		return nil
	}
	return endpoints[0]
}

type passThroughUpdateInput struct {
	passThroughRef
	Path   string `json:"path" help:"New path on the gateway"`
	Target string `json:"target" help:"New target address"`
	passThroughSettings
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var passThroughUpdate = &operation.Operation{
	Path:    "pass-through update",
	Summary: "Change the target, headers or access of a pass-through endpoint",
	Help:    "Fields you omit are unchanged. Headers and query parameters are merged.",
	Examples: []string{
		"pass-through update --endpoint /rerank --cost-per-request 0.003",
		`pass-through update --endpoint /rerank --headers "X-Client-Name:gateway"`,
	},
	Effect:  operation.Set,
	Sends:   []string{"POST /config/pass_through_endpoint/{endpoint_id}"},
	Consent: operation.Consent{Sensitive: opensRoute},
	Checks:  []operation.Check{routable, unrouted, unmasked("headers", "default_query_params")},
	Update:  passThroughUpdating,
	Verify:  applied,
	Do: operation.Func[passThroughUpdateInput](func(ctx context.Context, call *operation.Call, in passThroughUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) < 2 {
			return operation.Result{}, operation.NothingToChange("target", "headers")
		}
		present, err := passThroughUpdating.Present(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		fields = maps.Clone(call.Merge(fields, present))
		delete(fields, "endpoint_id")
		for _, name := range []string{"path", "target"} { // the gateway requires them
			if fields[name] == nil {
				fields[name] = operation.Lookup(present, name)
			}
		}
		body, err := call.Send(ctx, "POST", "/config/pass_through_endpoint/{endpoint_id}", string(in.EndpointID), fields)
		if made := firstEndpoint(body); made != nil {
			body = made
		}
		return operation.Result{Body: body}, err
	}),
	Columns: passThroughColumns,
	Done:    "updated pass-through endpoint {path} ({endpoint_id})",
}

// passThroughUpdating reads an endpoint; one of the configuration file cannot be read by ID.
var passThroughUpdating = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		id := call.Args().String("endpoint_id")
		body, err := call.Read(ctx, proxyclient.Request{Path: passThroughCollection.Path, Query: url.Values{"endpoint_id": {id}}})
		if err != nil {
			return nil, err
		}
		var endpoints []json.RawMessage
		if err := operation.DecodeList(body, "endpoints", passThroughCollection.Path, &endpoints); err != nil {
			return nil, err
		}
		if len(endpoints) == 0 {
			return nil, missing("pass-through endpoint", id)
		}
		return endpoints[0], nil
	},
	Subject: []string{"endpoint_id"},
	Answer:  "-",
	Advice: func(field string, asked json.RawMessage) string {
		if isNone(asked) {
			return "the gateway cannot clear this field; delete the endpoint and create it again"
		}
		return ""
	},
}

var passThroughDelete = &operation.Operation{
	Path:     "pass-through delete",
	Summary:  "Delete a pass-through endpoint and its stored headers",
	Examples: []string{"pass-through delete --endpoint /rerank"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(passThroughCollection, "endpoint_id", says("Calls to its path fail.")),
	Do:       operation.Endpoint[passThroughRef]{Method: "DELETE", Path: "/config/pass_through_endpoint"},
	Done:     "deleted pass-through endpoint {endpoint_id}",
}

// routable refuses a path and a target that the gateway accepts and that lead nowhere.
func routable(_ context.Context, call *operation.Call) error {
	if path := call.Args().String("path"); path != "" && !strings.HasPrefix(path, "/") {
		return operation.Usage("{path} must begin with a slash: /" + operation.Shown(path))
	}
	target := call.Args().String("target")
	if address, err := url.Parse(target); target != "" && (err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https") {
		return operation.Usage("{target} must be an address such as https://api.example.com/v1")
	}
	return nil
}

// unmasked refuses objects with values that are masked, as this program shows them: stored,
// they would take the place of the secrets.
func unmasked(fields ...string) operation.Check {
	return func(_ context.Context, call *operation.Call) error {
		for _, field := range fields {
			members := membersOf(call.Body()[field])
			for _, name := range slices.Sorted(maps.Keys(members)) {
				if strings.Contains(operation.Word(members[name]), "****") {
					return operation.Usage("{" + field + "}: the value of " + operation.Shown(name) + " is masked; give the value itself, or omit it")
				}
			}
		}
		return nil
	}
}

// opensRoute says what a pass-through endpoint opens the gateway to. The address and the
// headers are found in the arguments of any write.
func opensRoute(ctx context.Context, call *operation.Call) ([]string, error) {
	var found []string
	change, path := call.Body(), call.Args().String("path")
	if call.Args().String("endpoint_id") != "" {
		present, err := passThroughUpdating.Present(ctx, call)
		if err != nil {
			return nil, err
		}
		if path == "" {
			path = operation.Word(operation.Lookup(present, "path"))
		}
		if stored := membersOf(operation.Lookup(present, "headers")); len(stored) > 0 && change["target"] != nil && !call.Replaces("headers") {
			found = append(found, "sends the stored headers to the new target: "+operation.NameList(operation.Encode(slices.Sorted(maps.Keys(stored)))))
		}
	}
	if operation.Word(change["auth"]) == "false" {
		found = append(found, "lets anyone call "+operation.Name(path)+" without a key")
	}
	if operation.Word(change["include_subpath"]) == "true" {
		found = append(found, "forwards every path below "+operation.Name(path))
	}
	return found, nil
}

// unrouted refuses a path that the gateway itself has a route for: it accepts the endpoint,
// and its own route answers. Such a path takes some method, and none takes OPTIONS.
func unrouted(ctx context.Context, call *operation.Call) error {
	path := call.Args().String("path")
	if path == "" {
		return nil
	}
	_, err := call.Read(ctx, proxyclient.Request{Method: http.MethodOptions, Path: path, RawPath: true})
	switch e := operation.AsError(err); {
	case e == nil:
		return nil
	case e.Code == proxyclient.CodeUsage:
		return operation.Usage("{path} must be a plain path such as /rerank")
	case e.Status == http.StatusMethodNotAllowed && !ownRoute(ctx, call, path):
		return &proxyclient.Error{Code: proxyclient.CodeConflict, Message: "the gateway has a route of its own at " + operation.Shown(path) + ", which would answer instead; nothing was changed"}
	}
	return nil
}

// ownRoute reports whether a pass-through endpoint has the path, or passes on the paths
// below one that leads to it.
func ownRoute(ctx context.Context, call *operation.Call, path string) bool {
	for item, err := range passThroughCollection.All(ctx, call, nil) {
		has := operation.Word(operation.Lookup(item, "path"))
		if err != nil || has == path || strings.HasPrefix(path, strings.TrimSuffix(has, "/")+"/") {
			return true
		}
	}
	return false
}
