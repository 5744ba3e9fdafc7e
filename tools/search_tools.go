package tools

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var searchTools = operation.Catalog{
	searchToolsList, searchToolsGet, searchToolsCreate, searchToolsUpdate, searchToolsDelete, searchToolsTest, searchToolsProviders,
}

// searchToolCollection is all search tools. Those in the configuration file have no ID.
var searchToolCollection = &operation.Collection{
	What: "search tool", Path: "/search_tools/list", Items: "search_tools", ID: "search_tool_id", Name: "search_tool_name",
}

// searchToolName stands for the ID of the search tool with this name.
type searchToolName string

// Collection returns the list that has the name.
func (searchToolName) Collection() *operation.Collection { return searchToolCollection }

// searchProviderCollection is the providers that the gateway can search with.
var searchProviderCollection = &operation.Collection{
	What: "search provider", Listed: "search-tools providers", Path: "/search_tools/ui/available_providers", Items: "providers", ID: "provider_name", Name: "provider_name",
}

// searchProvider is one of those providers.
type searchProvider string

// Refers implements [operation.Referring].
func (searchProvider) Refers() *operation.Collection { return searchProviderCollection }

const searchToolPath = "/search_tools/{search_tool_id}"

var searchToolColumns = []operation.Column{
	{Name: "name", Field: "search_tool_name"},
	{Name: "search_tool_id", ID: true, Wide: true},
	{Name: "provider", Field: "litellm_params.search_provider"},
	{Name: "api_base", Field: "litellm_params.api_base"},
	{Name: "description", Field: "search_tool_info.description"},
	{Name: "from_config", Field: "is_from_config"},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "updated_at", Format: operation.Time, Optional: true},
}

var searchToolsList = &operation.Operation{
	Path:     "search-tools list",
	Summary:  "List search tools: named web search providers",
	Help:     "Those from the configuration file have no ID.",
	Examples: []string{"search-tools list"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do:       operation.List[struct{}]{Of: searchToolCollection},
	Columns:  searchToolColumns,
}

// searchToolRef identifies one search tool.
type searchToolRef struct {
	SearchToolID searchToolName `json:"search_tool_id" name:"search_tool" jsonschema:"required" cli:"arg=1,alias=name"`
}

var searchToolsGet = &operation.Operation{
	Path:     "search-tools get",
	Summary:  "Show a search tool",
	Examples: []string{"search-tools get web", "search-tools get cfc28914-05fd-4dcd-a6df-0115a8f3c67e"},
	Effect:   operation.Read,
	Sends:    []string{"GET /search_tools/{search_tool_id}"},
	Do: operation.Func[searchToolRef](func(ctx context.Context, call *operation.Call, in searchToolRef) (operation.Result, error) {
		if in.SearchToolID == "" { // of the configuration file
			tool, _ := call.Named("search_tool_id")
			return operation.Result{Body: tool.Item}, nil
		}
		body, err := readSearchTool(ctx, call)
		return operation.Result{Body: body}, err
	}),
	Columns: searchToolColumns,
}

func readSearchTool(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	return call.Read(ctx, proxyclient.Request{Path: searchToolPath, Params: map[string]string{"search_tool_id": call.Args().String("search_tool_id")}})
}

type searchToolsCreateInput struct {
	SearchToolName string           `json:"search_tool_name" jsonschema:"required" help:"Name that requests use" cli:"arg=1"`
	SearchProvider searchProvider   `json:"search_provider" name:"provider" jsonschema:"required" help:"Provider{; see op:search-tools providers}"`
	LitellmParams  operation.Pairs  `json:"litellm_params" help:"Parameters, such as api_key (default: from the gateway's environment)" cli:"name=param,short=p"`
	SearchToolInfo operation.Object `json:"search_tool_info" name:"info" help:"Custom information: {\"description\": \"Web search\"}"`
}

var searchToolsCreate = &operation.Operation{
	Path:    "search-tools create",
	Summary: "Create a search tool: a named web search provider",
	Help:    "To try the parameters first, use {op:search-tools test}.",
	Examples: []string{
		"search-tools create web --provider tavily -p api_key=@tavily.key",
		`search-tools create web --provider duckduckgo --info '{"description": "Web search"}'`,
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /search_tools"},
	Consent: often,
	Do: operation.Func[searchToolsCreateInput](func(ctx context.Context, call *operation.Call, _ searchToolsCreateInput) (operation.Result, error) {
		fields, err := searchTool(call.Body(), nil)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Write(ctx, http.MethodPost, "/search_tools", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: searchToolColumns,
	Done:    "created search tool {search_tool_name} ({search_tool_id})",
	Returns: []string{"search_tool_id"},
}

// searchTool returns the body of a request that stores a search tool: the given settings
// over the present ones.
func searchTool(body operation.Args, present json.RawMessage) (any, error) {
	change := operation.Args(membersOf(body["litellm_params"]))
	if provider := body["search_provider"]; provider != nil {
		if change["search_provider"] != nil {
			return nil, operation.Usage("{search_provider} and {litellm_params} both set search_provider; give one")
		}
		change = change.With("search_provider", provider)
	}
	params := operation.Encode(overlaid(operation.Lookup(present, "litellm_params"), change))
	if lost := maskedIn(params); lost != "" {
		return nil, maskedValue(lost)
	}
	name := body["search_tool_name"]
	if name == nil {
		name = operation.Lookup(present, "search_tool_name")
	}
	info := overlaid(operation.Lookup(present, "search_tool_info"), membersOf(body["search_tool_info"]))
	tool := operation.RowOf("search_tool_name", name, "litellm_params", params, "search_tool_info", operation.Encode(info))
	return operation.RowOf("search_tool", operation.Encode(tool)), nil
}

type searchToolsUpdateInput struct {
	searchToolRef
	SearchToolName string           `json:"search_tool_name" name:"new_name" help:"New name"`
	SearchProvider searchProvider   `json:"search_provider" name:"provider" help:"New provider"`
	LitellmParams  operation.Pairs  `json:"litellm_params" help:"Parameters to change" cli:"name=param,short=p"`
	SearchToolInfo operation.Object `json:"search_tool_info" name:"info" help:"Information to change"`
}

var searchToolsUpdate = &operation.Operation{
	Path:    "search-tools update",
	Summary: "Change the name, provider, parameters or information of a search tool",
	Help:    "Fields you omit are unchanged; null removes a parameter. Give a tool's api_key again with every change.",
	Examples: []string{
		"search-tools update web -p api_key=@tavily.key -p timeout=10",
		"search-tools update web --provider exa_ai -p api_key=@exa.key",
	},
	Effect:  operation.Set,
	Sends:   []string{"PUT /search_tools/{search_tool_id}"},
	Consent: often,
	Checks:  []operation.Check{notFromConfig},
	Update: &operation.Update{
		Present: readSearchTool,
		Subject: []string{"search_tool_id"},
		At:      map[string]string{"search_provider": "litellm_params.search_provider"},
	},
	Verify: applied,
	Do: operation.Func[searchToolsUpdateInput](func(ctx context.Context, call *operation.Call, in searchToolsUpdateInput) (operation.Result, error) {
		if len(call.Body()) < 2 {
			return operation.Result{}, operation.NothingToChange("litellm_params", "search_tool_name")
		}
		present, err := readSearchTool(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		fields, err := searchTool(call.Body(), present)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Send(ctx, http.MethodPut, searchToolPath, string(in.SearchToolID), fields)
		return operation.Result{Body: body}, err
	}),
	Columns: searchToolColumns,
	Done:    "updated search tool {search_tool_name} ({search_tool_id})",
}

// notFromConfig refuses to change a search tool of the configuration file.
func notFromConfig(_ context.Context, call *operation.Call) error {
	tool, named := call.Named("search_tool_id")
	if !named || operation.NoNull(tool.ID) != nil {
		return nil
	}
	return operation.Usage("search tool " + operation.Name(tool.Name) + " is defined in the gateway's configuration file; change it there")
}

var searchToolsDelete = &operation.Operation{
	Path:     "search-tools delete",
	Summary:  "Delete a search tool",
	Examples: []string{"search-tools delete web"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(searchToolCollection, "search_tool_id", says("Requests that use it fail.")),
	Checks:   []operation.Check{notFromConfig},
	Do:       operation.Endpoint[searchToolRef]{Method: "DELETE", Path: searchToolPath},
	Done:     "deleted search tool {search_tool_name} ({search_tool_id})",
}

type searchToolsTestInput struct {
	SearchProvider searchProvider  `json:"search_provider" jsonschema:"required" help:"Provider{; see op:search-tools providers}" cli:"arg=1"`
	LitellmParams  operation.Pairs `json:"litellm_params" help:"Parameters, such as api_key (default: from the gateway's environment)" cli:"name=param,short=p"`
}

var searchToolsTest = &operation.Operation{
	Path:     "search-tools test",
	Summary:  "Test the key of a search provider with one real search",
	Help:     "Nothing is stored. The provider may bill the search. Stored keys cannot be tested.",
	Examples: []string{"search-tools test tavily -p api_key=@tavily.key", "search-tools test duckduckgo"},
	Effect:   operation.Write,
	Sends:    []string{"POST /search_tools/test_connection"},
	Consent:  often,
	Do:       operation.Func[searchToolsTestInput](testSearchTool),
	Columns:  []operation.Column{{Name: "status"}, {Name: "message"}, {Name: "results", Field: "results_count"}},
	Done:     "tested {search_provider}: it answers",
}

// testSearchTool sends a test. One that fails is a 200 with the status error.
func testSearchTool(ctx context.Context, call *operation.Call, in searchToolsTestInput) (operation.Result, error) {
	params := operation.Args{}
	maps.Copy(params, in.LitellmParams)
	body, err := call.Write(ctx, http.MethodPost, "/search_tools/test_connection",
		map[string]any{"litellm_params": params.With("search_provider", in.SearchProvider)})
	result := operation.Result{Body: body}
	if operation.Word(operation.Lookup(body, "status")) == "error" {
		reason, _, _ := strings.Cut(operation.Word(operation.Lookup(body, "message")), "\nTraceback")
		result.Failed = []operation.Failure{{What: "search provider " + operation.Name(string(in.SearchProvider)), Why: operation.Shown(strings.Join(strings.Fields(reason), " "))}}
	}
	return result, err
}

var searchToolsProviders = &operation.Operation{
	Path:     "search-tools providers",
	Summary:  "List the web search providers supported by the gateway",
	Examples: []string{"search-tools providers"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: searchProviderCollection},
	Columns:  []operation.Column{{Name: "provider", Field: "provider_name", ID: true}, {Name: "name", Field: "ui_friendly_name"}},
}
