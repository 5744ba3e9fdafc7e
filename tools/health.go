package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var health = operation.Catalog{healthCheck, healthReadiness, healthDetails, healthLiveness, healthHistory, healthLatest, healthServices, healthLicense, healthTestConnection, healthBacklog, healthWarnings, healthWarningIgnore}

// checkTimeout is the time that the gateway has to call all its models.
const checkTimeout = 5 * time.Minute

type healthCheckInput struct {
	Model   string `json:"model" help:"Only the deployments of this model"`
	ModelID string `json:"model_id" help:"Only the deployment with this ID"`
}

var healthCheck = &operation.Operation{
	Path:     "health check",
	Summary:  "Call every model, or one, and list which deployments answer",
	Help:     "Each check is a real, billed call and can take minutes. To see the last results without calling, use {op:health latest}.",
	Examples: []string{"health check --model gpt-4o-mini", "health check --format json"},
	Effect:   operation.Write,
	Sends:    []string{"GET /health"},
	Do:       operation.Rows[healthCheckInput](checkModels),
	Columns: []operation.Column{
		{Name: "status"},
		{Name: "model"},
		{Name: "model_id"},
		{Name: "error"},
	},
}

// checkModels sends its request once: repeating it would call the models again.
// The gateway answers 503 with the same body when none of them is healthy.
func checkModels(ctx context.Context, call *operation.Call, _ healthCheckInput) (operation.Result, error) {
	query := map[string][]string{}
	for name, value := range call.Args() {
		query[name] = []string{operation.Word(value)}
	}
	body, err := call.Client().JSON(ctx, proxyclient.Request{Method: http.MethodGet, Path: "/health", Query: query, Timeout: checkTimeout})
	if e := operation.AsError(err); e != nil && e.Status == http.StatusServiceUnavailable && operation.Lookup(e.Body, "unhealthy_endpoints") != nil {
		body, err = e.Body, nil
	}
	if err != nil || call.Planning() {
		return operation.Result{}, err
	}
	page := &operation.Page{Items: []json.RawMessage{}}
	for _, status := range []string{"unhealthy", "healthy"} {
		var endpoints []map[string]json.RawMessage
		if err := operation.DecodeList(body, status+"_endpoints", "/health", &endpoints); err != nil {
			return operation.Result{}, err
		}
		for _, endpoint := range endpoints {
			// Behind its first line an error has a stack trace.
			reason, _, _ := strings.Cut(operation.Word(endpoint["error"]), "\n")
			item := operation.RowOf("status", status, "model", endpoint["model"], "model_id", endpoint["model_id"])
			if reason != "" && status == "unhealthy" {
				item = append(item, operation.Member{Name: "error", Value: reason})
			}
			page.Items = append(page.Items, operation.Encode(item))
		}
	}
	page.Total = len(page.Items)
	if model := call.Args().String("model"); page.Total == 0 && model != "" {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "model " + operation.Shown(model) + " has no deployment to check",
			Hint: "list the models with {op:models list}"}
	}
	return operation.Result{Body: body, Page: page}, nil
}

var healthReadiness = &operation.Operation{
	Path:     "health readiness",
	Summary:  "Show whether the gateway and its database are ready",
	Help:     "Needs no key. For more, use status.",
	Examples: []string{"health readiness"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/health/readiness"},
	Columns:  []operation.Column{{Name: "status"}, {Name: "db"}},
}

var healthDetails = &operation.Operation{
	Path:     "health details",
	Summary:  "Show the gateway's version, cache, database and callbacks",
	Examples: []string{"health details --format table"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/health/readiness/details"},
	Columns: []operation.Column{
		{Name: "status"},
		{Name: "db"},
		{Name: "cache"},
		{Name: "litellm_version"},
		{Name: "success_callbacks"},
		{Name: "log_level"},
	},
}

var healthLiveness = &operation.Operation{
	Path:     "health liveness",
	Summary:  "Show whether the gateway's process responds",
	Help:     "Needs no key.",
	Examples: []string{"health liveness"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/health/liveness"},
}

// healthCheckCollection is the stored health checks, newest first.
var healthCheckCollection = &operation.Collection{
	What: "health check", Path: "/health/history", Items: "health_checks", ID: "health_check_id", Page: "offset", Size: "limit", Offset: true,
}

var healthColumns = []operation.Column{
	{Name: "checked_at", Format: operation.Time},
	{Name: "model", Field: "model_name"},
	{Name: "status"},
	{Name: "healthy", Field: "healthy_count"},
	{Name: "unhealthy", Field: "unhealthy_count"},
	{Name: "response_time_ms"},
	{Name: "error", Field: "error_message", Optional: true},
	{Name: "model_id", Optional: true},
	{Name: "checked_by", Optional: true},
}

type healthHistoryInput struct {
	Model        string          `json:"model" help:"Only checks of this model"`
	StatusFilter string          `json:"status_filter" name:"status" enum:"healthy,unhealthy" help:"Only checks with this result"`
	Limit        int             `json:"limit" jsonschema:"minimum=1,maximum=1000" help:"Checks to return (default 100)"`
	Offset       operation.Limit `json:"offset" help:"Checks to skip, from the newest"`
}

var healthHistory = &operation.Operation{
	Path:     "health history",
	Summary:  "List past health checks of models, newest first",
	Help:     "Includes checks of single models and the gateway's own background checks.",
	Examples: []string{"health history --model gpt-4o-mini", "health history --status unhealthy --all --format csv"},
	Effect:   operation.Read,
	Do:       operation.List[healthHistoryInput]{Of: healthCheckCollection},
	Columns:  healthColumns,
}

type healthLatestInput struct {
	Status string `json:"status" enum:"healthy,unhealthy" help:"Only results with this status"`
}

var healthLatest = &operation.Operation{
	Path:     "health latest",
	Summary:  "List the last health-check result of each model",
	Help:     "Calls no model. Models that were never checked individually are missing.",
	Examples: []string{"health latest", "health latest --status unhealthy --exit-code"},
	Effect:   operation.Read,
	Sends:    []string{"GET /health/latest"},
	Alarm:    true,
	Do:       operation.Rows[healthLatestInput](latestHealth),
	Columns:  healthColumns,
}

func latestHealth(ctx context.Context, call *operation.Call, in healthLatestInput) (operation.Result, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/health/latest"})
	if err != nil {
		return operation.Result{}, err
	}
	var checks map[string]json.RawMessage
	if json.Unmarshal(operation.Lookup(body, "latest_health_checks"), &checks) != nil {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no health checks"}
	}
	names := make([]string, 0, len(checks))
	for name, check := range checks {
		if in.Status == "" || in.Status == operation.Word(operation.Lookup(check, "status")) {
			names = append(names, name)
		} else {
			delete(checks, name)
		}
	}
	slices.Sort(names)
	page := &operation.Page{Items: []json.RawMessage{}, Total: len(names)}
	for _, name := range names {
		page.Items = append(page.Items, checks[name])
	}
	if in.Status != "" { // the gateway does not filter; its count is of all
		body = operation.Encode(map[string]any{"latest_health_checks": checks, "total_models": len(checks)})
	}
	return operation.Result{Body: body, Page: page}, nil
}

type healthServicesInput struct {
	Service string `json:"service" jsonschema:"required" help:"Service name, for example slack, email or langfuse" cli:"arg=1"`
}

var healthServices = &operation.Operation{
	Path:     "health services",
	Summary:  "Send a real test message to an alerting or logging service",
	Help:     "Needs a proxy admin key and a configured service: slack, ms_teams, email, webhook, langfuse, langfuse_otel, datadog, openmeter, braintrust, generic_api, arize, galileo, newrelic, sqs, slack_budget_alerts or another.",
	Examples: []string{"health services slack"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[healthServicesInput]{Method: "GET", Path: "/health/services"},
	Done:     "tested {service}",
}

var healthLicense = &operation.Operation{
	Path:     "health license",
	Summary:  "Show the gateway's license: type, expiry, features and limits",
	Examples: []string{"health license --format table"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/health/license"},
	Columns: []operation.Column{
		{Name: "has_license"},
		{Name: "license_type"},
		{Name: "expiration_date", Format: operation.Time},
		{Name: "allowed_features"},
		{Name: "max_users", Field: "limits.max_users"},
		{Name: "max_teams", Field: "limits.max_teams"},
	},
}

// callMode is the kind of a model call.
type callMode string

// Rule implements [operation.Ruled].
func (callMode) Rule() operation.Rule {
	return operation.Rule{Values: []string{
		"chat", "completion", "embedding", "audio_speech", "audio_transcription", "image_generation", "image_edit",
		"video_generation", "batch", "rerank", "realtime", "responses", "anthropic_messages", "ocr",
	}}
}

type healthTestInput struct {
	Model         string          `json:"model" jsonschema:"required" help:"Model name, or a model with its provider (openai/gpt-4o)" cli:"arg=1"`
	LitellmParams operation.Pairs `json:"litellm_params" help:"Provider parameters to test: api_key, api_base, litellm_credential_name and others. os.environ/NAME reads the gateway's environment" cli:"name=param,short=p"`
	Mode          callMode        `json:"mode" help:"Kind of test call (default: that of the model)"`
	ModelInfo     operation.Pairs `json:"model_info" help:"Information{, as in op:models add}" cli:"name=info,short=i"`
	operation.Extras
}

var healthTestConnection = &operation.Operation{
	Path:    "health test-connection",
	Summary: "Test a model and its parameters with one real call before adding it",
	Help:    "Nothing is stored. A model of the gateway is tested with its own parameters.",
	Examples: []string{
		"health test-connection gpt-4o-mini",
		"health test-connection openai/gpt-4o -p api_key=@openai.key --mode chat",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /health/test_connection"},
	Consent: operation.Consent{Often: true, Sensitive: sensitiveTest},
	Do:      operation.Func[healthTestInput](testConnection),
	Columns: []operation.Column{{Name: "status"}, {Name: "model", Field: "result.model"}, {Name: "error", Field: "result.error"}},
	Done:    "tested {model}: it answers",
}

// testConnection puts the model among its parameters: without one there the
// gateway answers 500. A test that fails is a 200 with the status error.
func testConnection(ctx context.Context, call *operation.Call, in healthTestInput) (operation.Result, error) {
	fields := call.Body()
	delete(fields, "model")
	params := operation.Pairs{"model": operation.Encode(in.Model)}
	for name, value := range in.LitellmParams {
		params[name] = value
	}
	fields["litellm_params"] = operation.Encode(params)
	body, err := call.Client().JSON(ctx, proxyclient.Request{Method: http.MethodPost, Path: "/health/test_connection", Body: operation.Encode(fields), Timeout: chatTimeout})
	result := operation.Result{Body: body}
	if operation.Word(operation.Lookup(body, "status")) == "error" {
		reason, _, _ := strings.Cut(operation.Word(operation.Lookup(body, "result.error")), "\nstack trace:")
		result.Failed = []operation.Failure{{What: "model " + operation.Shown(in.Model), Why: operation.Shown(strings.Join(strings.Fields(reason), " "))}}
	}
	return result, err
}

var healthBacklog = &operation.Operation{
	Path:     "health backlog",
	Summary:  "Show how many requests the gateway is processing and has queued",
	Help:     "Counts the one process that answers, including this request.",
	Examples: []string{"health backlog"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/health/backlog"},
	Columns: []operation.Column{
		{Name: "in_flight", Field: "in_flight_requests"},
		{Name: "admitted", Field: "admitted_requests"},
		{Name: "queued", Field: "queued_requests"},
		{Name: "rejected", Field: "rejected_requests"},
	},
}
