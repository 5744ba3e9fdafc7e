package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var routerPage = &settingsPage{
	what: "router settings", path: "/router/settings", values: "current_values",
	method: "POST", change: "/config/update", wrap: "router_settings", keeps: always, example: "num_retries", open: true,
}

var settingsRouter = &operation.Operation{
	Path:     "settings router",
	Summary:  "Show how the gateway routes, retries and falls back",
	Help:     "source shows where each value is from: the database, the configuration file or a default.",
	Examples: []string{"settings router", "settings router --format json | jq .current_values"},
	Effect:   operation.Read,
	Do:       routerPage.show(),
	Columns: routerPage.columns("routing_strategy", "routing_strategy_args", "num_retries", "timeout", "stream_timeout", "allowed_fails", "cooldown_time",
		"retry_after", "retry_policy", "max_fallbacks", "fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "model_group_alias",
		"routing_groups", "enable_pre_call_checks", "enable_tag_filtering", "default_max_parallel_requests"),
}

// settingFields is the columns of a list of settings with their meaning.
var settingFields = []operation.Column{
	{Name: "field_name", ID: true},
	{Name: "field_type"},
	{Name: "field_default"},
	{Name: "options"},
	{Name: "field_description"},
}

var settingsRouterFields = &operation.Operation{
	Path:     "settings router-fields",
	Summary:  "List the router settings with their types, defaults and choices",
	Examples: []string{"settings router-fields"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: &operation.Collection{What: "router setting", Path: "/router/fields", Items: "fields", ID: "field_name", Name: "field_name"}},
	Columns:  settingFields,
}

type settingsRouterInput struct {
	RoutingStrategy     string           `json:"routing_strategy" help:"Strategy, such as simple-shuffle or least-busy"`
	RoutingStrategyArgs operation.Object `json:"routing_strategy_args" help:"Arguments of the strategy, such as ttl"`
	NumRetries          operation.Limit  `json:"num_retries" help:"Retries of a failed call"`
	Timeout             float64          `json:"timeout" name:"call_timeout" jsonschema:"minimum=0" help:"Time limit of a call in seconds"`
	StreamTimeout       float64          `json:"stream_timeout" jsonschema:"minimum=0" help:"Time limit of a streamed call in seconds"`
	AllowedFails        operation.Limit  `json:"allowed_fails" help:"Failures per minute before a deployment cools down"`
	CooldownTime        float64          `json:"cooldown_time" jsonschema:"minimum=0" help:"Cooldown of a failing deployment in seconds"`
	RetryAfter          operation.Limit  `json:"retry_after" help:"Shortest wait before a retry in seconds"`
	RetryPolicy         operation.Object `json:"retry_policy" help:"Retries by error, such as TimeoutErrorRetries"`
	MaxFallbacks        operation.Limit  `json:"max_fallbacks" help:"Limit of fallbacks tried for a call"`
	ModelGroupAlias     operation.Object `json:"model_group_alias" help:"Other names of models: {\"alias\": \"model\"}"`
	EnableTagFiltering  bool             `json:"enable_tag_filtering" help:"Route by the tags of a request"`
	operation.Replacing
	operation.Extras
}

var settingsRouterUpdate = &operation.Operation{
	Path:    "settings router-update",
	Summary: "Change how the gateway routes, retries and falls back",
	Help:    "Settings you omit are unchanged; none can be cleared. For fallbacks, use {op:fallbacks set}.",
	Examples: []string{
		"settings router-update --num-retries 3 --call-timeout 30",
		"settings router-update --routing-strategy least-busy --set default_max_parallel_requests=20",
		`settings router-update --model-group-alias '{"fast": "gpt-4o-mini"}'`,
	},
	Effect: operation.Set,
	Sends:  []string{"POST /config/update"},
	Consent: opens("changes how calls are routed, and so which models they may reach", "routing_strategy", "routing_strategy_args", "num_retries",
		"timeout", "stream_timeout", "allowed_fails", "cooldown_time", "retry_after", "retry_policy", "max_fallbacks", "set_verbose",
		"default_max_parallel_requests", "disable_cooldowns"),
	Checks: []operation.Check{knownStrategy},
	Update: routerPage.update(),
	Verify: inTurn(applied, notesRunning),
	Do:     changes[settingsRouterInput](routerPage),
	Done:   "updated the router settings",
}

// knownStrategy refuses a routing strategy that the gateway does not list. It stores any
// text, and then no longer loads its settings.
func knownStrategy(ctx context.Context, call *operation.Call) error {
	strategy := call.Body().String("routing_strategy")
	if strategy == "" || strategy == "provider-budget-routing" { // which the gateway does not list
		return nil
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: routerPage.path})
	if err != nil {
		return err
	}
	var fields []struct {
		Name    string   `json:"field_name"`
		Options []string `json:"options"`
	}
	_ = json.Unmarshal(operation.Lookup(body, "fields"), &fields)
	for _, f := range fields {
		if f.Name == "routing_strategy" && len(f.Options) > 0 && !slices.Contains(f.Options, strategy) {
			return operation.Usage("{routing_strategy}: " + operation.Name(strategy) + " is not one of " + strings.Join(f.Options, ", "))
		}
	}
	return nil
}

// notesRunning notes the settings with which the answering process still runs. It stores
// what its router then refuses.
func notesRunning(ctx context.Context, call *operation.Call, _ *operation.Result) error {
	body, err := call.Read(ctx, proxyclient.Request{Path: callbackCollection.Path})
	if err != nil {
		return nil // it is stored
	}
	asked, runs := call.Body(), membersOf(operation.Lookup(body, "router_settings"))
	var old []string
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if is, told := runs[name]; told && !took(asked[name], is) {
			old = append(old, name)
		}
	}
	if len(old) > 0 {
		call.Note("The gateway stored " + strings.Join(old, ", ") + ", but its router still runs with the old value. Processes reload their settings within 30 seconds; see the gateway's log if it stays.")
	}
	return nil
}
