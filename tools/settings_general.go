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

// generalCollection is the general settings that the gateway lists. It has more of them.
var generalCollection = &operation.Collection{
	What: "general setting", Path: "/config/list", ID: "field_name", Name: "field_name",
	Fixed: url.Values{"config_type": {"general_settings"}},
}

var settingsGeneral = &operation.Operation{
	Path:     "settings general",
	Summary:  "List the general settings with their values, defaults and sources",
	Help:     "Settings from the configuration file are not editable. For unlisted ones, use {op:settings general-get}.",
	Examples: []string{"settings general", "settings general --columns field_name,field_value,field_description"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: generalCollection},
	Columns: []operation.Column{
		{Name: "field_name", ID: true},
		{Name: "field_value"},
		{Name: "field_default_value"},
		{Name: "field_type"},
		{Name: "source"},
		{Name: "editable"},
		{Name: "field_description", Optional: true},
	},
}

type generalName struct {
	FieldName string `json:"field_name" jsonschema:"required" help:"Setting, such as alerting" cli:"arg=1"`
}

var settingsGeneralGet = &operation.Operation{
	Path:     "settings general-get",
	Summary:  "Show one general setting",
	Examples: []string{"settings general-get alerting"},
	Effect:   operation.Read,
	Sends:    []string{"GET /config/field/info", "GET /config/list"},
	Do: operation.Func[generalName](func(ctx context.Context, call *operation.Call, in generalName) (operation.Result, error) {
		body, err := readGeneral(ctx, call, in.FieldName)
		return operation.Result{Body: body}, err
	}),
	Columns: []operation.Column{
		{Name: "field_name", ID: true}, {Name: "field_value"}, {Name: "source"}, {Name: "editable"},
		{Name: "field_default_value", Optional: true}, {Name: "field_description", Optional: true},
	},
}

type settingsGeneralInput struct {
	StorePromptsInSpendLogs         bool             `json:"store_prompts_in_spend_logs" help:"Store messages and answers with each log entry"`
	MaximumSpendLogsRetentionPeriod string           `json:"maximum_spend_logs_retention_period" help:"Delete log entries after this period, such as 30d"`
	MaxParallelRequests             operation.Limit  `json:"max_parallel_requests" help:"Limit of concurrent requests per key"`
	GlobalMaxParallelRequests       operation.Limit  `json:"global_max_parallel_requests" help:"Limit of concurrent requests for the gateway"`
	MaxRequestSizeMB                operation.Limit  `json:"max_request_size_mb" help:"Size limit of a request in MB"`
	MaxResponseSizeMB               operation.Limit  `json:"max_response_size_mb" help:"Size limit of a response in MB"`
	Alerting                        []string         `json:"alerting" help:"Where alerts go: slack, email or webhook"`
	AlertingArgs                    operation.Object `json:"alerting_args" help:"Arguments of alerting, such as daily_report_frequency"`
	ForwardClientHeadersToLlmAPI    bool             `json:"forward_client_headers_to_llm_api" help:"Send clients' headers to providers"`
	operation.Replacing
	operation.Extras
}

// harmlessGeneral are the general settings that open nothing: sizes, retention, schedules.
var harmlessGeneral = []string{
	"max_parallel_requests", "global_max_parallel_requests", "max_request_size_mb", "max_response_size_mb", "max_file_size_mb",
	"max_batch_file_size_mb", "max_batch_file_records", "max_batch_file_uploads_per_day", "max_file_downloads_per_minute",
	"max_in_flight_requests_per_worker", "max_queued_requests_per_worker", "admission_queue_timeout_seconds", "user_api_key_cache_max_size",
	"proxy_config_reload_interval_seconds", "cancel_on_disconnect", "return_wildcard_routes", "maximum_spend_logs_cleanup_batch_size",
	"maximum_spend_logs_cleanup_max_batches", "maximum_spend_logs_cleanup_run_budget", "maximum_spend_logs_cleanup_batch_timeout",
	"alerting_threshold", "health_check_interval", "background_health_checks", "enable_anthropic_prompt_caching",
	"anthropic_prompt_caching_ttl", "openai_system_messages_first", "budget_rollover",
}

var settingsGeneralUpdate = &operation.Operation{
	Path:    "settings general-update",
	Summary: "Change general settings of the gateway",
	Help:    "Sends one request per setting, in alphabetical order, and stops at the first failure.",
	Examples: []string{
		"settings general-update --max-request-size-mb 50",
		"settings general-update --set alerting_threshold=300 --set health_check_interval=600",
	},
	Effect:  operation.Set,
	Sends:   []string{"POST /config/field/update"},
	Consent: opens("changes general settings of the gateway", harmlessGeneral...),
	Checks:  []operation.Check{editableGeneral},
	Update:  &operation.Update{Present: presentGeneral, Answer: "-"},
	Verify: func(ctx context.Context, call *operation.Call, result *operation.Result) error {
		if len(result.Failed) > 0 {
			return nil // it says what was done
		}
		return applied(ctx, call, result)
	},
	Do: operation.Func[settingsGeneralInput](func(ctx context.Context, call *operation.Call, _ settingsGeneralInput) (operation.Result, error) {
		fields, err := call.Change(ctx)
		if err != nil {
			return operation.Result{}, err
		}
		if len(fields) == 0 {
			return operation.Result{}, operation.NothingToChange("max_request_size_mb")
		}
		steps, updated := operation.NewSteps(call), []string{}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if steps.Try("set "+name, func() error {
				_, err := call.Write(ctx, "POST", "/config/field/update",
					map[string]any{"field_name": name, "field_value": fields[name], "config_type": "general_settings"})
				if e := operation.AsError(err); e != nil && e.Status == http.StatusBadRequest && !strings.Contains(e.Message, name) {
					e.Message = name + ": " + e.Message
				}
				return err
			}) {
				updated = append(updated, name)
			}
		}
		return steps.Result(operation.Encode(map[string][]string{"updated": updated}))
	}),
}

type settingsGeneralResetInput struct {
	FieldNames operation.Names `json:"field_names" jsonschema:"required" help:"Settings to reset" cli:"arg=1"`
}

var settingsGeneralReset = &operation.Operation{
	Path:     "settings general-reset",
	Summary:  "Reset general settings to their defaults",
	Help:     "Deletes values from the gateway's database. Values in the configuration file stay.",
	Examples: []string{"settings general-reset max_request_size_mb"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /config/field/delete"},
	Consent: operation.Consent{
		Ask: func(ctx context.Context, call *operation.Call) (string, error) {
			var labels []string
			for _, name := range call.Args().List("field_names") {
				body, err := readGeneral(ctx, call, name)
				if err != nil {
					return "", err
				}
				label, value := operation.Name(name), operation.NoNull(operation.Lookup(body, "field_value"))
				if is, shown := strings.CutPrefix(kept(name, value), label+" "); shown && value != nil {
					label += " (now " + is + ")"
				}
				labels = append(labels, label)
			}
			noun, then := "setting ", "its default"
			if len(labels) > 1 {
				noun, then = "settings ", "their defaults"
			}
			return "Reset " + noun + strings.Join(labels, ", ") + "? The gateway then uses " + then + ".", nil
		},
		Sensitive: func(_ context.Context, call *operation.Call) ([]string, error) {
			return naming("changes general settings of the gateway", without(call.Args().List("field_names"), harmlessGeneral)), nil
		},
	},
	Do: operation.Func[settingsGeneralResetInput](func(ctx context.Context, call *operation.Call, in settingsGeneralResetInput) (operation.Result, error) {
		parts, reset := operation.NewParts(call, "reset", "setting"), []string{}
		for _, name := range operation.Unique(in.FieldNames) {
			if _, err := readGeneral(ctx, call, name); err != nil {
				parts.Fail(name, err)
				continue
			}
			if parts.Write(ctx, name, "POST", "/config/field/delete", map[string]string{"field_name": name, "config_type": "general_settings"}) != nil {
				reset = append(reset, name)
			}
		}
		return parts.Result(operation.Encode(map[string][]string{"reset": reset}))
	}),
}

// editableGeneral refuses a change of a setting that does not exist or is from the config
// file, before the others are changed.
func editableGeneral(ctx context.Context, call *operation.Call) error {
	for _, name := range slices.Sorted(maps.Keys(call.Body())) {
		if name == "replace" {
			continue
		}
		setting, err := readGeneral(ctx, call, name)
		if err != nil {
			return err
		}
		if string(operation.Lookup(setting, "editable")) == "false" {
			return operation.Usage(operation.Name(name) + " is set in the gateway's configuration file, so it cannot be changed here. Nothing was sent")
		}
	}
	return nil
}

// readGeneral returns one general setting: from the list, which has some that cannot be
// read by name, or else by name. One without a value has null.
func readGeneral(ctx context.Context, call *operation.Call, name string) (json.RawMessage, error) {
	listed, err := call.Read(ctx, proxyclient.Request{Path: generalCollection.Path, Query: generalCollection.Fixed})
	if err != nil {
		return nil, err
	}
	var rows []json.RawMessage
	_ = json.Unmarshal(listed, &rows)
	var names []string
	for _, row := range rows {
		if names = append(names, operation.Word(operation.Lookup(row, "field_name"))); names[len(names)-1] == name {
			return row, nil
		}
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: "/config/field/info", Query: url.Values{"field_name": {name}}})
	switch e := operation.AsError(err); {
	case e != nil && e.Status == http.StatusBadRequest && strings.Contains(e.Message, "is not set"):
		return operation.Encode(operation.RowOf("field_name", name, "field_value", nil, "source", "unset")), nil
	case e != nil && e.Status == http.StatusBadRequest && strings.Contains(e.Message, "Invalid field"):
		return nil, noGeneral(name, names)
	}
	return body, err
}

func noGeneral(name string, names []string) error {
	e := &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "no general setting is called " + operation.Name(name), Hint: "{op:settings general} lists the common ones"}
	if near := operation.Nearest(name, names); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// presentGeneral returns the values of the general settings that the call changes.
func presentGeneral(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	values := operation.Args{}
	for _, name := range slices.Sorted(maps.Keys(call.Body())) {
		body, err := readGeneral(ctx, call, name)
		if err != nil && !operation.IsNotFound(err) {
			return nil, err
		}
		values[name] = operation.Lookup(body, "field_value")
	}
	return operation.Encode(values), nil
}
