package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type spendErrorsInput struct {
	By string `json:"by" enum:"day,status,key,team,user,model" help:"Dimension to group by (default day)"`
	ledger.PeriodInput
}

var spendErrors = &operation.Operation{
	Path:    "spend errors",
	Summary: "Count failed requests by day, HTTP status, key, team, user or model",
	Help:    "Days and statuses include rejected requests. Other groupings show the 25 with the most failures; top_status is the most frequent status. For single requests, use {op:spend logs} with status failure.",
	Examples: []string{
		"spend errors --period 7d",
		"spend errors --by key --period today",
	},
	Effect: operation.Read,
	Sends:  []string{"GET /gateway/errors/activity"},
	Do:     operation.Rows[spendErrorsInput](countErrors),
	Columns: []operation.Column{
		{Name: "date"},
		{Name: "status_code"},
		{Name: "id"},
		{Name: "label"},
		{Name: "failed", Field: "failed_requests", Bar: true},
		{Name: "client_errors"},
		{Name: "server_errors"},
		{Name: "successful", Field: "successful_requests"},
		{Name: "requests", Field: "api_requests"},
		{Name: "top_status", Field: "top_status_code"},
	},
}

// errorGroups are the lists of the answer with the columns to show of each.
var errorGroups = map[string]struct {
	list    string
	columns []string
}{
	"day":    {"by_date", []string{"date", "failed", "client_errors", "server_errors", "successful"}},
	"status": {"by_status_code", []string{"status_code", "failed"}},
	"key":    {"by_key", []string{"label", "id", "failed", "requests", "top_status"}},
	"team":   {"by_team", []string{"label", "id", "failed", "requests", "top_status"}},
	"user":   {"by_user", []string{"label", "id", "failed", "requests", "top_status"}},
	"model":  {"by_model", []string{"id", "failed", "requests", "top_status"}},
}

func countErrors(ctx context.Context, call *operation.Call, in spendErrorsInput) (operation.Result, error) {
	p, err := in.Resolve(call.Now())
	if err != nil {
		return operation.Result{}, err
	}
	const path = "/gateway/errors/activity"
	body, err := call.Read(ctx, proxyclient.Request{Path: path, Query: url.Values{"start_date": {p.Start()}, "end_date": {p.End()}}})
	if err != nil {
		return operation.Result{}, err
	}
	group := errorGroups[cmp.Or(in.By, "day")]
	page := &operation.Page{Columns: group.columns, About: operation.Args{"start_date": operation.Encode(p.Start()), "end_date": operation.Encode(p.End())}}
	if err := operation.DecodeList(body, group.list, path, &page.Items); err != nil {
		return operation.Result{}, err
	}
	if page.Items == nil {
		page.Items = []json.RawMessage{}
	}
	page.Total = len(page.Items)
	failed, succeeded := numberOf(operation.Lookup(body, "total_failed_requests")), numberOf(operation.Lookup(body, "total_successful_requests"))
	note := fmt.Sprintf("%s; %s of %s failed", p, amount(failed), operation.Counted(int64(failed+succeeded), "request"))
	return operation.Result{Body: body, Page: page, Notes: []string{note}}, nil
}

type spendCaptureRateInput struct {
	ledger.PeriodInput
	Provider   string   `json:"provider" enum:"openai" help:"Provider whose bill is read (default openai)"`
	Threshold  *float64 `json:"threshold" jsonschema:"minimum=0,maximum=1" help:"Ratio below which the report warns (default 0.9)"`
	ProjectIDs []string `json:"project_ids" help:"Only the bill of these projects at the provider"`
}

var spendCaptureRate = &operation.Operation{
	Path:     "spend capture-rate",
	Summary:  "Compare the recorded spend with the provider's own bill, by day",
	Help:     "Needs the provider's billing key in the gateway's environment (OPENAI_ADMIN_KEY).",
	Examples: []string{"spend capture-rate --period 7d"},
	Effect:   operation.Read,
	Sends:    []string{"GET /spend/capture_rate"},
	Do: operation.Func[spendCaptureRateInput](func(ctx context.Context, call *operation.Call, in spendCaptureRateInput) (operation.Result, error) {
		p, err := in.Resolve(call.Now())
		if err != nil {
			return operation.Result{}, err
		}
		query := url.Values{"start_date": {p.Start()}, "end_date": {p.End()}}
		for _, name := range []string{"provider", "threshold"} {
			if value := call.Arg(name); value != nil {
				query.Set(name, operation.Word(value))
			}
		}
		if len(in.ProjectIDs) > 0 {
			query["project_ids"] = in.ProjectIDs
		}
		body, err := call.Read(ctx, proxyclient.Request{Path: "/spend/capture_rate", Query: query})
		if err != nil {
			return operation.Result{}, err
		}
		return operation.Result{Body: body, Notes: []string{p.String()}}, nil
	}),
	Columns: []operation.Column{
		{Name: "provider"},
		{Name: "captured_spend", Format: operation.Dollars},
		{Name: "provider_spend", Format: operation.Dollars},
		{Name: "capture_rate"},
		{Name: "threshold"},
		{Name: "below_threshold"},
	},
}
