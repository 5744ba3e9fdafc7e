package tools

import (
	"context"
	"net/url"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var guardrailUsageColumns = []operation.Column{
	{Name: "name", ID: true},
	{Name: "id", ID: true},
	{Name: "type", Field: "provider"},
	{Name: "requests", Field: "requestsEvaluated"},
	{Name: "blocked_percent", Field: "failRate"},
	{Name: "trend"},
	{Name: "status"},
	{Name: "cost", Format: operation.Dollars},
}

var guardrailsUsage = &operation.Operation{
	Path:     "guardrails usage",
	Summary:  "Show how many requests each guardrail checked and blocked",
	Help:     "Counts lag a few seconds.",
	Examples: []string{"guardrails usage --period 7d"},
	Effect:   operation.Read,
	Do: operation.List[ledger.PeriodInput]{Prepare: ledger.Dated,
		Of: &operation.Collection{What: "guardrail", Path: "/guardrails/usage/overview", Items: "rows"}},
	Columns: guardrailUsageColumns,
}

type guardrailsUsageGetInput struct {
	guardrailRef
	ledger.PeriodInput
}

var guardrailsUsageGet = &operation.Operation{
	Path:     "guardrails usage-get",
	Summary:  "Show the usage of one guardrail by day, team and key",
	Examples: []string{"guardrails usage-get pii-filter --period this-month"},
	Effect:   operation.Read,
	Sends:    []string{"GET /guardrails/usage/detail/{guardrail_id}"},
	Do: operation.Func[guardrailsUsageGetInput](func(ctx context.Context, call *operation.Call, in guardrailsUsageGetInput) (operation.Result, error) {
		period, err := in.Resolve(call.Now())
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Read(ctx, proxyclient.Request{Path: "/guardrails/usage/detail/{guardrail_id}", Params: map[string]string{"guardrail_id": string(in.GuardrailID)},
			Query: url.Values{"start_date": {period.Start()}, "end_date": {period.End()}}})
		return operation.Result{Body: body, Notes: []string{period.String()}}, err
	}),
	Columns: append([]operation.Column{{Name: "guardrail_name"}, {Name: "guardrail_id"}}, append(guardrailUsageColumns[2:7:7], operation.Column{Name: "days", Field: "time_series"})...),
}

type guardrailsLogsInput struct {
	guardrailRef
	ledger.TimeInput
	Action   string               `json:"action" enum:"passed,blocked,flagged,not_run" help:"Only requests with this outcome"`
	Page     operation.PageNumber `json:"page"`
	PageSize operation.PageSize   `json:"page_size" help:"Requests per page"`
}

// guardrailLog is the log of the requests that a guardrail checked.
var guardrailLog = ledger.Log{Field: "timestamp", Layout: "2006-01-02T15:04:05Z"}

var guardrailsLogs = &operation.Operation{
	Path:     "guardrails logs",
	Summary:  "List the requests checked by a guardrail, newest first",
	Examples: []string{"guardrails logs pii-filter --action blocked --period today"},
	Effect:   operation.Read,
	Do: operation.List[guardrailsLogsInput]{Of: &operation.Collection{
		What: "request", Path: "/guardrails/usage/logs", Items: "logs", Total: "total", Page: "page", Size: "page_size",
	}, Prepare: func(call *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
		sent, about, err := guardrailLog.Timed(call, args)
		about.Narrowed = args["action"] != nil
		return sent, about, err
	}},
	Columns: []operation.Column{
		{Name: "time", Field: "timestamp", Format: operation.Time},
		{Name: "request_id", Field: "id", ID: true},
		{Name: "action"},
		{Name: "model"},
		{Name: "latency_ms"},
		{Name: "score"},
		{Name: "reason"},
		{Name: "input", Field: "input_snippet", Optional: true},
		{Name: "output", Field: "output_snippet", Optional: true},
	},
}
