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

var callbacks = operation.Catalog{callbacksList, callbacksActive, callbacksState, callbacksConfigs, callbacksAdd, callbacksDelete}

// callbackCollection is the logging callbacks that are configured for the gateway.
var callbackCollection = &operation.Collection{What: "callback", Path: "/get/config/callbacks", Items: "callbacks"}

var callbacksList = &operation.Operation{
	Path:     "callbacks list",
	Summary:  "List the logging callbacks configured for all calls",
	Help:     "For one team's callbacks, use {op:teams callbacks-list}.",
	Examples: []string{"callbacks list"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: callbackCollection},
	Columns: []operation.Column{
		{Name: "name", ID: true}, {Name: "type"}, {Name: "read_only"}, {Name: "variables", Optional: true},
	},
}

var callbacksActive = &operation.Operation{
	Path:     "callbacks active",
	Summary:  "Show all running callbacks, including the gateway's own",
	Examples: []string{"callbacks active"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/callbacks/list"},
	Columns:  []operation.Column{{Name: "success"}, {Name: "failure"}, {Name: "success_and_failure"}},
}

var callbacksState = &operation.Operation{
	Path:     "callbacks state",
	Summary:  "Show the callback lists and alerting of one gateway process",
	Help:     "For debugging; shows Python object names.",
	Examples: []string{"callbacks state --format json"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/active/callbacks"},
}

var callbacksConfigs = &operation.Operation{
	Path:     "callbacks configs",
	Summary:  "List the known logging services with their parameters",
	Examples: []string{"callbacks configs"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: &operation.Collection{What: "logging service", Path: "/callbacks/configs", ID: "id", Name: "displayName"}},
	Columns: []operation.Column{
		{Name: "id", ID: true}, {Name: "display_name", Field: "displayName"}, {Name: "supports_key_team_logging"},
		{Name: "description"}, {Name: "dynamic_params", Optional: true},
	},
}

// callbackName is one of the gateway's callbacks.
type callbackName struct {
	CallbackName string `json:"callback_name" jsonschema:"required" help:"Callback, such as langfuse" cli:"arg=1"`
}

type callbacksAddInput struct {
	callbackName
	Type      string          `json:"type" enum:"success,failure,success_and_failure" help:"Calls to log (default success)"`
	Variables operation.Pairs `json:"environment_variables" help:"Variables to set in the gateway's environment" cli:"name=variable,short=v"`
}

// event returns the kind of calls and its list in the gateway's settings.
func (in callbacksAddInput) event() (kind, list string) {
	switch in.Type {
	case "failure":
		return in.Type, "failure_callback"
	case "success_and_failure":
		return in.Type, "callbacks"
	}
	return "success", "success_callback"
}

var callbacksAdd = &operation.Operation{
	Path:    "callbacks add",
	Summary: "Log every call with a callback",
	Help:    "Variables are stored encrypted in the gateway's database.",
	Examples: []string{
		"callbacks add langfuse --variable LANGFUSE_PUBLIC_KEY=pk-lf-1 --variable LANGFUSE_SECRET_KEY=@langfuse.key",
		"callbacks add prometheus --type success_and_failure",
	},
	Effect: operation.Set,
	Sends:  []string{"POST /config/update"},
	Consent: operation.Consent{Sensitive: func(_ context.Context, call *operation.Call) ([]string, error) {
		name := call.Args().String("callback_name")
		found := []string{"sends all calls of the gateway to " + operation.Name(name)}
		if strings.Contains(name, ".") {
			found = append(found, "runs the Python code "+operation.Name(name)+" on the gateway")
		}
		names := slices.Sorted(maps.Keys(membersOf(call.Arg("environment_variables"))))
		return append(found, naming("sets environment variables of the gateway", names)...), nil
	}},
	Checks: []operation.Check{knownCallback},
	Verify: callbackLogs,
	Do: operation.Func[callbacksAddInput](func(ctx context.Context, call *operation.Call, in callbacksAddInput) (operation.Result, error) {
		kind, list := in.event()
		names := []string{in.CallbackName}
		if kind != "success" { // the gateway adds only to that list, and replaces the others
			configured, err := configuredCallbacks(ctx, call)
			if err != nil {
				return operation.Result{}, err
			}
			names = operation.Unique(append(configured[kind], in.CallbackName))
		}
		body := map[string]any{"litellm_settings": map[string]any{list: names}}
		if len(in.Variables) > 0 {
			body["environment_variables"] = texts(in.Variables)
		}
		answer, err := call.Write(ctx, "POST", "/config/update", body)
		return operation.Result{Body: answer}, err
	}),
	Done: "added callback {callback_name}",
}

// texts returns values as the texts that environment variables are.
func texts(values operation.Pairs) map[string]string {
	out := map[string]string{}
	for name, value := range values {
		out[name] = operation.Word(value)
	}
	return out
}

var callbacksDelete = &operation.Operation{
	Path:     "callbacks delete",
	Summary:  "Stop logging calls with a callback",
	Help:     "Its environment variables stay on the gateway.",
	Examples: []string{"callbacks delete langfuse"},
	Effect:   operation.Destructive,
	Consent: ask(func(ctx context.Context, call *operation.Call) (string, error) {
		name := call.Args().String("callback_name")
		configured, err := configuredCallbacks(ctx, call)
		if err != nil {
			return "", err
		}
		if !configured.has(name) {
			return "", missing("callback", name)
		}
		return "Delete callback " + operation.Name(name) + "? Calls are no longer logged there.", nil
	}),
	Verify: func(ctx context.Context, call *operation.Call, _ *operation.Result) error {
		name := call.Args().String("callback_name")
		if configured, err := configuredCallbacks(ctx, call); err == nil && configured.has(name) {
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true,
				Message: "the gateway accepted the request, but callback " + operation.Name(name) + " is still configured",
				Hint:    "it may be set in the gateway's configuration file"}
		}
		return nil
	},
	Do:   operation.Endpoint[callbackName]{Method: "POST", Path: "/config/callback/delete", Fixed: true},
	Done: "deleted callback {callback_name}",
}

// byEvent is the names of callbacks by the kind of calls that they log.
type byEvent map[string][]string

// has reports whether a callback logs any calls.
func (b byEvent) has(name string) bool {
	for _, names := range b {
		if slices.ContainsFunc(names, func(is string) bool { return strings.EqualFold(is, name) }) {
			return true
		}
	}
	return false
}

// configuredCallbacks returns the callbacks of the gateway's settings.
func configuredCallbacks(ctx context.Context, call *operation.Call) (byEvent, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: callbackCollection.Path})
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Name, Type string
		ReadOnly   bool `json:"read_only"`
	}
	if json.Unmarshal(operation.Lookup(body, callbackCollection.Items), &rows) != nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no list of callbacks"}
	}
	configured := byEvent{}
	for _, row := range rows {
		if !row.ReadOnly {
			configured[row.Type] = append(configured[row.Type], row.Name)
		}
	}
	return configured, nil
}

// callbackLogs is the Verify of adding a callback: it is configured, and a note says if it does not
// run.
func callbackLogs(ctx context.Context, call *operation.Call, _ *operation.Result) error {
	name := call.Args().String("callback_name")
	kind, _ := callbacksAddInput{Type: call.Args().String("type")}.event()
	configured, err := configuredCallbacks(ctx, call)
	if err != nil {
		call.Note("Could not confirm the callback: the configured callbacks cannot be read.")
		return nil
	}
	if !(byEvent{kind: configured[kind]}).has(name) {
		return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the request, but callback " + operation.Name(name) + " is not configured"}
	}
	running, err := call.Read(ctx, proxyclient.Request{Path: "/callbacks/list"})
	if err == nil && !strings.Contains(strings.ToLower(string(running)), strings.ToLower(name)) {
		call.Note("The gateway does not list " + operation.Name(name) + " among the callbacks that run. If this persists, a package or variable is missing; see the gateway's log.")
	}
	return nil
}

// knownCallback refuses a name that is probably a misspelled one: the gateway accepts any.
func knownCallback(ctx context.Context, call *operation.Call) error {
	name := strings.ToLower(call.Args().String("callback_name"))
	body, err := call.Read(ctx, proxyclient.Request{Path: callbackCollection.Path})
	if err != nil {
		return err
	}
	known := append(slices.Sorted(maps.Keys(membersOf(operation.Lookup(body, "available_callbacks")))), strings.Fields(knownCallbacks)...)
	switch near := operation.Nearest(name, known); {
	case slices.Contains(known, name) || strings.Contains(name, "."):
	case near != "":
		return operation.Usage("{callback_name}: " + operation.Name(name) + " is not a known callback; did you mean " + near + "? Nothing was sent")
	default:
		call.Note("Callback " + operation.Name(name) + " is unknown. The gateway accepts any name and ignores unknown ones.")
	}
	return nil
}

// knownCallbacks are the callbacks of LiteLLM 1.110.2 that the gateway does not list.
const knownCallbacks = `agentops anthropic_cache_control_hook argilla arize arize_phoenix athina aws_sqs azure_storage bitbucket
	clickhouse cloudzero compression_interception custom_callback_api datadog_cost_management datadog_llm_observability datadog_metrics
	deepeval dotprompt dynamic_rate_limiter dynamic_rate_limiter_v3 dynamodb email focus gcs_bucket gcs_pubsub gitlab helicone humanloop
	langfuse_otel langtrace levo literalai litellm_agent logfire lunary mavvrik mlflow opik pagerduty posthog prometheus promptlayer
	resend_email s3_v2 sendgrid_email sentry slack smtp_email sqs supabase vantage vector_store_pre_call_hook wandb weave_otel webhook`
