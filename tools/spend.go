package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var spend = operation.Catalog{spendSummary, spendTop, spendCompare, spendBudgets, spendLogs, spendGet, spendActivity, spendCalculate, spendReport}

var spendLogColumns = []operation.Column{
	{Name: "time", Field: "startTime", Format: operation.Time},
	{Name: "request_id", ID: true},
	{Name: "user_id", Field: "user", ID: true},
	{Name: "team_id", ID: true},
	{Name: "key_alias", Field: "metadata.user_api_key_alias"},
	{Name: "model", Field: "model_group"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "total_tokens"},
	{Name: "status"},
	{Name: "error", Field: "metadata.error_information.error_class"},
	{Name: "error_message", Field: "metadata.error_information.error_message", Optional: true},
	{Name: "prompt_tokens", Optional: true},
	{Name: "completion_tokens", Optional: true},
	{Name: "duration_ms", Field: "request_duration_ms", Optional: true},
	{Name: "key", Field: "api_key", Optional: true},
	{Name: "upstream_model", Field: "model", Optional: true},
	{Name: "provider", Field: "custom_llm_provider", Optional: true},
	{Name: "customer_id", Field: "end_user", Optional: true},
	{Name: "organization_id", Optional: true},
	{Name: "tags", Field: "request_tags", Optional: true},
	{Name: "session_id", Optional: true},
	{Name: "cache_hit", Optional: true},
}

type spendLogsInput struct {
	ledger.PeriodInput
	UserID       string    `json:"user_id" help:"Only this internal user"`
	User         userEmail `json:"user" help:"The same by email" ref:"user_id"`
	TeamID       string    `json:"team_id" help:"Only this team"`
	Team         teamAlias `json:"team" help:"The same by alias" ref:"team_id"`
	APIKey       string    `json:"api_key" help:"Only the key with this hash" cli:"name=key"`
	KeyAlias     string    `json:"key_alias" help:"Only the key with this alias"`
	ModelGroup   string    `json:"model_group" help:"Only this model, as callers name it" cli:"name=model"`
	EndUser      string    `json:"end_user" help:"Only this customer" cli:"name=customer"`
	StatusFilter string    `json:"status_filter" jsonschema:"enum=success,enum=failure" help:"Only requests that ended so" cli:"name=status"`
	RequestID    string    `json:"request_id" help:"Only this request"`
	ErrorCode    string    `json:"error_code" help:"Only failures with this HTTP status"`
	SortBy       string    `json:"sort_by" jsonschema:"enum=startTime,enum=endTime,enum=spend,enum=total_tokens,enum=request_duration_ms,enum=model" help:"Field to sort by (default startTime)"`
	SortOrder    string    `json:"sort_order" jsonschema:"enum=asc,enum=desc" help:"Default desc"`
	Page         int       `json:"page" jsonschema:"minimum=1" help:"Page number, from 1"`
	PageSize     int       `json:"page_size" jsonschema:"minimum=1,maximum=100" help:"Requests on a page (default 50)" cli:"alias=size"`
}

var spendLogs = &operation.Operation{
	Path:    "spend logs",
	Summary: "List single requests with their cost, newest first, a page at a time",
	Help:    "A request is seen some seconds after it was made. For sums use spend summary.",
	Examples: []string{
		"spend logs --period today --status failure",
		"spend logs --key-alias ci --model gpt-4o-mini --sort-by spend",
		"spend logs --user ann@example.com --period last-month --all --format csv",
	},
	Effect:  operation.Read,
	Default: true,
	Do: operation.List[spendLogsInput]{Prepare: ledger.Timed, Of: &operation.Collection{
		What: "request", Path: "/spend/logs/v2", Items: "data", Total: "total", Pages: "total_pages", Capped: "total_is_capped",
		Page: "page", Size: "page_size", ID: "request_id", Sort: "sort_by", Order: "sort_order", Unique: "startTime", Latest: true, Bare: true,
	}},
	Columns: spendLogColumns,
}

type spendGetInput struct {
	RequestID string `json:"request_id" jsonschema:"required,minLength=1" help:"Id of the request, from spend logs or the id of a completion" cli:"arg=1"`
}

var spendGet = &operation.Operation{
	Path:     "spend get",
	Summary:  "Show one request: cost, tokens, who made it, the error in full",
	Examples: []string{"spend get chatcmpl-42ae407c-dfcb-43e5-b5a7-2a24b50b3fab"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.Func[spendGetInput](getRequest),
	Columns:  spendLogColumns,
}

func getRequest(ctx context.Context, call *operation.Call, in spendGetInput) (operation.Result, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/spend/logs", Query: url.Values{"request_id": {in.RequestID}}})
	if err != nil {
		return operation.Result{}, err
	}
	var found []json.RawMessage
	if err := json.Unmarshal(body, &found); err != nil {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no list where one was expected (/spend/logs)"}
	}
	if len(found) == 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "there is no request " + operation.Shown(in.RequestID),
			Hint: "a request is seen some seconds after it was made"}
	}
	return operation.Result{Body: found[0]}, nil
}

type spendActivityInput struct {
	Of  string   `json:"of" jsonschema:"enum=user,enum=team,enum=organization,enum=customer,enum=tag" help:"Whose activity (default user)"`
	IDs []string `json:"ids" help:"Only these: ids, or names of tags; of users one at a time (default all)"`
	ledger.PeriodInput
	Model    string `json:"model" help:"Only this model, as its provider names it (openai/gpt-4o)"`
	APIKey   string `json:"api_key" help:"Only the key with this hash" cli:"name=key"`
	Page     int    `json:"page" jsonschema:"minimum=1" help:"Page number, from 1"`
	PageSize int    `json:"page_size" jsonschema:"minimum=1,maximum=1000" help:"Rows of the gateway's table on a page (default 1000)" cli:"alias=size"`
}

var spendActivity = &operation.Operation{
	Path:    "spend activity",
	Summary: "Show the daily activity as the gateway keeps it, with breakdowns by model, provider, key and owner",
	Help:    "For sums use spend summary. Organizations need LiteLLM Enterprise. Where an answer has several pages, a day may go on on the next.",
	Examples: []string{
		"spend activity --period 7d",
		"spend activity --of team --ids research --period this-month",
		"spend activity --of tag --format json",
	},
	Effect: operation.Read,
	Do:     operation.List[spendActivityInput]{Prepare: activityOf, Of: ledger.Activity},
	Columns: []operation.Column{
		{Name: "date"},
		{Name: "spend", Field: "metrics.spend", Format: operation.Dollars, Bar: true},
		{Name: "prompt_tokens", Field: "metrics.prompt_tokens"},
		{Name: "completion_tokens", Field: "metrics.completion_tokens"},
		{Name: "total_tokens", Field: "metrics.total_tokens"},
		{Name: "requests", Field: "metrics.api_requests"},
		{Name: "successful", Field: "metrics.successful_requests"},
		{Name: "failed", Field: "metrics.failed_requests"},
	},
}

// activityOf turns the arguments into those of the table that is meant.
func activityOf(call *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
	out, what, err := ledger.Dated(call, args)
	if err != nil {
		return nil, operation.About{}, err
	}
	of := cmp.Or(args.String("of"), "user")
	out["of"] = operation.Encode(of)
	if out["page_size"] == nil {
		out["page_size"] = operation.Encode(ledger.ActivityRows)
	}
	var ids []string
	if json.Unmarshal(out["ids"], &ids) == nil && len(ids) > 0 {
		if of == "user" && len(ids) > 1 {
			return nil, operation.About{}, operation.Usage("{ids}: the activity of users is asked for one at a time")
		}
		out[ledger.Tables[of].Filter] = operation.Encode(strings.Join(ids, ","))
	}
	delete(out, "ids")
	return out, what, nil
}

type spendCalculateInput struct {
	Model              string              `json:"model" help:"Model to calculate for, as callers name it"`
	Messages           []operation.Message `json:"messages" help:"The prompt; its tokens are counted" cli:"name=message,short=m"`
	CompletionResponse operation.Object    `json:"completion_response" help:"A whole completion with its usage and model, instead of messages"`
	PromptTokens       *int                `json:"prompt_tokens" jsonschema:"minimum=0" help:"Tokens of a prompt, instead of messages"`
	CompletionTokens   *int                `json:"completion_tokens" jsonschema:"minimum=0" help:"Tokens of the answer to it"`
}

var spendCalculate = &operation.Operation{
	Path:    "spend calculate",
	Summary: "Calculate what a prompt or a completion costs, in US dollars; no model is called",
	Help:    "A prompt alone costs its input tokens.",
	Examples: []string{
		`spend calculate --model gpt-4o-mini -m "user:Hello, how are you?"`,
		"spend calculate --model gpt-4o-mini --prompt-tokens 1000 --completion-tokens 500",
		`spend calculate --completion-response '{"model": "gpt-4o-mini", "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}}'`,
	},
	Effect:  operation.Read,
	Do:      operation.Func[spendCalculateInput](calculateSpend),
	Columns: []operation.Column{{Name: "cost", Format: operation.Dollars}},
}

func calculateSpend(ctx context.Context, call *operation.Call, in spendCalculateInput) (operation.Result, error) {
	fields := call.Args()
	counted := in.PromptTokens != nil || in.CompletionTokens != nil
	ways := 0
	for _, given := range []bool{in.CompletionResponse != nil, len(in.Messages) > 0, counted} {
		if given {
			ways++
		}
	}
	if ways != 1 || in.Model == "" && in.CompletionResponse == nil {
		return operation.Result{}, operation.Usage("give {model} with {messages} or with {prompt_tokens} and {completion_tokens}, or give {completion_response}")
	}
	if counted {
		// The gateway counts words, or takes the usage of a completion.
		var prompt, completion int
		if in.PromptTokens != nil {
			prompt = *in.PromptTokens
		}
		if in.CompletionTokens != nil {
			completion = *in.CompletionTokens
		}
		fields = operation.Args{"completion_response": operation.Encode(map[string]any{"model": in.Model, "usage": map[string]int{
			"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
		}})}
	}
	body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/spend/calculate", Body: operation.Encode(fields)})
	return operation.Result{Body: body}, err
}

type spendReportInput struct {
	ledger.PeriodInput
	GroupBy        string `json:"group_by" jsonschema:"enum=team,enum=customer,enum=api_key" help:"What to group by (default team)"`
	APIKey         string `json:"api_key" help:"Only the key with this hash" cli:"name=key"`
	InternalUserID string `json:"internal_user_id" help:"Only this internal user" cli:"name=user-id"`
	TeamID         string `json:"team_id" help:"Only this team"`
	CustomerID     string `json:"customer_id" help:"Only this customer" cli:"name=customer"`
}

var spendReport = &operation.Operation{
	Path:     "spend report",
	Summary:  "Show the gateway's own spend report by day and team, customer or key",
	Help:     "Needs LiteLLM Enterprise; spend summary answers the same without.",
	Examples: []string{"spend report --group-by customer --period last-month"},
	Effect:   operation.Read,
	Do:       operation.List[spendReportInput]{Prepare: ledger.Dated, Of: &operation.Collection{What: "row", Path: "/global/spend/report"}},
}
