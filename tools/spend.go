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

var spend = operation.Catalog{spendSummary, spendChart, spendTop, spendCompare, spendBudgets, spendForecast, spendLogs, spendGet, spendSession, spendActivity, spendCalculate, spendReport, spendByUser, spendErrors, spendCaptureRate}

var spendLogColumns = []operation.Column{
	{Name: "time", Field: "startTime", Format: operation.Time},
	{Name: "request_id", ID: true, Wide: true},
	{Name: "user", Names: userCollection, Drop: 2},
	{Name: "user_id", Field: "user", ID: true, Wide: true},
	{Name: "team", Field: "metadata.user_api_key_team_alias|team_id", Drop: 1},
	{Name: "team_id", ID: true, Wide: true},
	{Name: "key_alias", Field: "metadata.user_api_key_alias"},
	{Name: "model", Field: "model_group"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "total_tokens", Drop: 3},
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

// logField is a field that the request log can be sorted by.
type logField string

// Rule implements [operation.Ruled].
func (logField) Rule() operation.Rule {
	return operation.Rule{Values: []string{"startTime", "endTime", "spend", "total_tokens", "request_duration_ms", "model"}}
}

type spendLogsInput struct {
	ledger.TimeInput
	pastOwner
	APIKey       pastKey              `json:"api_key" name:"key" help:"Only this key" cli:"alias=key-alias"`
	ModelGroup   string               `json:"model_group" name:"model" help:"Only this model, as callers name it"`
	EndUser      pastCustomer         `json:"end_user" name:"customer" help:"Only this customer"`
	StatusFilter string               `json:"status_filter" name:"status" enum:"success,failure" help:"Only requests with this outcome"`
	RequestID    string               `json:"request_id" help:"Only the request with this ID"`
	ErrorCode    string               `json:"error_code" help:"Only failures with this HTTP status"`
	SortBy       logField             `json:"sort_by" help:"Field to sort by (default startTime)"`
	SortOrder    operation.SortOrder  `json:"sort_order" help:"Sort order (default desc)"`
	Page         operation.PageNumber `json:"page"`
	PageSize     operation.PageSize   `json:"page_size" help:"Requests per page"`
}

var spendLogs = &operation.Operation{
	Path:    "spend logs",
	Summary: "List single requests with their cost, newest first, a page at a time",
	Help:    "A request appears some seconds after it was made. For totals, use {op:spend summary}.",
	Examples: []string{
		"spend logs --period today --status failure",
		"spend logs --key ci --model gpt-4o-mini --sort-by spend",
		"spend logs --user ann@example.com --period last-month --all --format csv",
		"spend logs --team research --follow",
	},
	Effect:  operation.Read,
	Part:    ownPart,
	Default: true,
	Do: operation.List[spendLogsInput]{Prepare: ledger.RequestLog.Timed, Follow: &operation.Follow{By: "endTime", Since: ledger.Since}, Of: &operation.Collection{
		What: "request", Path: "/spend/logs/v2", Items: "data", Total: "total", Pages: "total_pages", Capped: "total_is_capped",
		Page: "page", Size: "page_size", ID: "request_id", Sort: "sort_by", Order: "sort_order", Unique: "startTime", Latest: true, Bare: true,
		Owner: hasCustomer("end_user"),
	}},
	Columns: spendLogColumns,
}

type spendGetInput struct {
	RequestID string `json:"request_id" jsonschema:"required" help:"Request ID, from {op:spend logs} or a completion" cli:"arg=1"`
}

var spendGet = &operation.Operation{
	Path:     "spend get",
	Summary:  "Show one request: cost, tokens, caller and full error",
	Examples: []string{"spend get chatcmpl-42ae407c-dfcb-43e5-b5a7-2a24b50b3fab"},
	Effect:   operation.Read,
	Sends:    []string{"GET /spend/logs"},
	Do:       operation.Func[spendGetInput](getRequest),
	Columns:  spendLogColumns,
}

func getRequest(ctx context.Context, call *operation.Call, in spendGetInput) (operation.Result, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/spend/logs", Query: url.Values{"request_id": {in.RequestID}}})
	if err != nil {
		return operation.Result{}, err
	}
	var found []json.RawMessage
	if err := operation.DecodeList(body, "", "/spend/logs", &found); err != nil {
		return operation.Result{}, err
	}
	if len(found) == 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "request " + operation.Shown(in.RequestID) + " does not exist",
			Hint: "a new request appears after some seconds"}
	}
	return operation.Result{Body: found[0]}, nil
}

type spendActivityInput struct {
	Of  string   `json:"of" enum:"user,team,organization,customer,tag,agent" help:"Owners to show activity of (default user)"`
	IDs []string `json:"ids" help:"Only these owners, by name or ID; at most one user (default all)"`
	ledger.PeriodInput
	Model    string               `json:"model" help:"Only this model, as its provider names it (openai/gpt-4o)"`
	APIKey   pastKey              `json:"api_key" name:"key" help:"Only this key"`
	Page     operation.PageNumber `json:"page"`
	PageSize int                  `json:"page_size" jsonschema:"minimum=1,maximum=1000" help:"Table rows per page (default 1000)" cli:"alias=size"`
}

var spendActivity = &operation.Operation{
	Path:    "spend activity",
	Summary: "List daily activity with breakdowns by model, provider, key and owner",
	Help:    "Adds up the gateway's daily numbers; for totals, use {op:spend summary}. With {page}, a day may be incomplete and is marked. Organizations need LiteLLM Enterprise.",
	Examples: []string{
		"spend activity --period 7d",
		"spend activity --of team --ids research --period this-month",
		"spend activity --of tag --format json",
	},
	Effect: operation.Read,
	Sends:  []string{"GET /user/daily/activity", "GET /team/daily/activity", "GET /tag/daily/activity", "GET /organization/daily/activity", "GET /customer/daily/activity", "GET /agent/daily/activity"},
	Part:   ownPart,
	Chosen: activityOwners,
	Do:     operation.List[spendActivityInput]{Prepare: activityOf, Of: activityCollection},
	Columns: []operation.Column{
		{Name: "date"},
		{Name: "spend", Field: "metrics.spend", Format: operation.Dollars, Bar: true},
		{Name: "prompt_tokens", Field: "metrics.prompt_tokens"},
		{Name: "completion_tokens", Field: "metrics.completion_tokens"},
		{Name: "total_tokens", Field: "metrics.total_tokens"},
		{Name: "requests", Field: "metrics.api_requests"},
		{Name: "successful", Field: "metrics.successful_requests"},
		{Name: "failed", Field: "metrics.failed_requests"},
		{Name: operation.IncompleteColumn},
	},
}

// activityCollection is the daily activity. Without any, its customers must exist.
var activityCollection = func() *operation.Collection {
	owned := *ledger.Activity
	owned.Owner = func(ctx context.Context, call *operation.Call) error {
		if call.Args().String("of") != "customer" {
			return nil
		}
		return hasCustomer("ids")(ctx, call)
	}
	return &owned
}()

// activityOwners returns the list that has the owners of a call.
func activityOwners(args operation.Args, field string) *operation.Collection {
	if field != "ids" {
		return nil
	}
	return map[string]*operation.Collection{"user": userCollection, "team": everyTeam, "organization": organizationCollection,
		"customer": everyCustomer, "tag": tagCollection, "agent": agentCollection}[cmp.Or(args.String("of"), "user")]
}

// activityOf translates the arguments into those of the owners' table.
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
			return nil, operation.About{}, operation.Usage("{ids}: give one user at a time")
		}
		out[ledger.Tables[of].Filter] = operation.Encode(strings.Join(ids, ","))
	}
	delete(out, "ids")
	return out, what, nil
}

type spendCalculateInput struct {
	Model              string              `json:"model" help:"Model, as callers name it"`
	Messages           []operation.Message `json:"messages" help:"Prompt whose tokens are counted" cli:"name=message,short=m"`
	CompletionResponse operation.Object    `json:"completion_response" help:"Completion with usage and model, instead of messages"`
	PromptTokens       *operation.Limit    `json:"prompt_tokens" help:"Prompt tokens, instead of messages"`
	CompletionTokens   *operation.Limit    `json:"completion_tokens" help:"Completion tokens"`
}

var spendCalculate = &operation.Operation{
	Path:    "spend calculate",
	Summary: "Calculate the cost of a prompt or completion in US dollars",
	Help:    "Calls no model. A prompt alone costs its input tokens.",
	Examples: []string{
		`spend calculate --model gpt-4o-mini -m "user:Hello, how are you?"`,
		"spend calculate --model gpt-4o-mini --prompt-tokens 1000 --completion-tokens 500",
		`spend calculate --completion-response '{"model": "gpt-4o-mini", "usage": {"prompt_tokens": 1000, "completion_tokens": 500}}'`,
	},
	Effect:  operation.Read,
	Sends:   []string{"POST /spend/calculate"},
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
		return operation.Result{}, operation.Usage("give {model} with {messages}, {model} with {prompt_tokens} and {completion_tokens}, or {completion_response}")
	}
	if counted {
		// The gateway counts the tokens of a text, or takes the usage of a completion.
		var prompt, completion operation.Limit
		if in.PromptTokens != nil {
			prompt = *in.PromptTokens
		}
		if in.CompletionTokens != nil {
			completion = *in.CompletionTokens
		}
		fields = operation.Args{"completion_response": operation.Encode(map[string]any{"model": in.Model, "usage": map[string]operation.Limit{
			"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
		}})}
	}
	body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/spend/calculate", Body: operation.Encode(fields)})
	return operation.Result{Body: body}, err
}

type spendReportInput struct {
	ledger.PeriodInput
	GroupBy        string       `json:"group_by" enum:"team,customer,api_key" help:"Dimension to group by (default team)"`
	APIKey         pastKey      `json:"api_key" name:"key" help:"Only this key"`
	InternalUserID existingUser `json:"internal_user_id" name:"user" help:"Only this internal user" cli:"alias=user-id"`
	TeamID         pastTeam     `json:"team_id" name:"team" help:"Only this team"`
	CustomerID     pastCustomer `json:"customer_id" name:"customer" help:"Only this customer"`
}

var spendReport = &operation.Operation{
	Path:     "spend report",
	Summary:  "Show the gateway's own spend report by day and team, customer or key",
	Help:     "Needs LiteLLM Enterprise. For the same numbers without it, use {op:spend summary}.",
	Examples: []string{"spend report --group-by customer --period last-month"},
	Effect:   operation.Read,
	Do:       operation.List[spendReportInput]{Prepare: ledger.Dated, Of: &operation.Collection{What: "row", Path: "/global/spend/report"}},
}
