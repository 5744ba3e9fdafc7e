package tools

import (
	"context"
	"fmt"
	"slices"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

// spendFilter is embedded in the input of what is asked about spend.
type spendFilter struct {
	UserID string    `json:"user_id" help:"Only this internal user"`
	User   userEmail `json:"user" help:"The same by email" ref:"user_id"`
	TeamID string    `json:"team_id" help:"Only this team"`
	Team   teamAlias `json:"team" help:"The same by alias" ref:"team_id"`
	Key    string    `json:"key" help:"Only this key, or its hash"`
	Alias  keyAlias  `json:"alias" help:"The same by alias" ref:"key" cli:"name=key-alias"`
}

func (f spendFilter) question(by []string, p ledger.Period) ledger.Question {
	q := ledger.Question{By: operation.Unique(by), Period: p, User: f.UserID, Team: f.TeamID}
	if f.Key != "" {
		q.Key = keyHash(f.Key)
	}
	return q
}

var spendSummaryColumns = append(slices.Clone(ledger.GroupColumns), []operation.Column{
	{Name: "spend", Format: operation.Dollars, Bar: true},
	{Name: "prompt_tokens"},
	{Name: "completion_tokens"},
	{Name: "total_tokens"},
	{Name: "requests"},
	{Name: "successful"},
	{Name: "failed"},
}...)

type spendSummaryInput struct {
	By []string `json:"by" jsonschema:"enum=user,enum=team,enum=organization,enum=customer,enum=key,enum=model,enum=provider,enum=tag,enum=day" help:"What to group by, one or several; none: one row"`
	ledger.PeriodInput
	spendFilter
	Limit int `json:"limit" jsonschema:"minimum=1" help:"Rows at most, the dearest first; total counts them all (default all)" cli:"alias=top"`
}

var spendSummary = &operation.Operation{
	Path:    "spend summary",
	Summary: "Sum up spend, tokens and requests by user, team, customer, key, model, provider, tag or day",
	Help:    "Needs no licence. US dollars, the dearest first; model is the provider's. By customer, only requests that name one count; by tag, a request counts under each of its tags. What the gateway's daily numbers do not tell apart is refused.",
	Examples: []string{
		"spend summary --by user --period last-month",
		"spend summary --by team --by model --period 2026-10 --format csv > chargeback.csv",
		"spend summary --by day --team research --period 7d",
	},
	Effect:  operation.Read,
	Default: true,
	Do:      operation.Rows[spendSummaryInput](summarizeSpend),
	Columns: spendSummaryColumns,
}

func summarizeSpend(ctx context.Context, call *operation.Call, in spendSummaryInput) (operation.Result, error) {
	p, err := in.Resolve(call.Now())
	if err != nil {
		return operation.Result{}, err
	}
	q := in.question(in.By, p)
	answer, err := q.Ask(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	groups := answer.Sorted()
	if len(q.By) == 0 && len(groups) == 0 {
		groups = []*ledger.Group{{}}
	}
	shown := limited(groups, in.Limit)
	rows := make([]operation.Row, len(shown))
	for i, g := range shown {
		rows[i] = append(answer.Label(q.By, g.Values), g.Numbers()...)
	}
	about := operation.RowOf("start_date", p.Start(), "end_date", p.End(), "by", q.By)
	notes := []string{p.String()}
	if slices.Contains(q.By, "tag") {
		// With its several tags a request would count several times.
		notes[0] += "; by tag: no total, for a request counts under each of its tags"
	} else {
		about = append(about, operation.Member{Name: "sum", Value: answer.Total.Numbers()})
		notes[0] += fmt.Sprintf("; in all %s US dollars, %d requests (%d failed)", operation.Word(operation.Encode(answer.Total.Spend)), answer.Total.Requests, answer.Total.Failed)
	}
	if slices.Contains(q.By, "customer") {
		notes[0] += "; only requests that name a customer"
	}
	if len(shown) < len(groups) {
		notes = append(notes, fmt.Sprintf("showing %d of %d ({limit})", len(shown), len(groups)))
	}
	return operation.Listed(about, rows, len(groups), ledger.ShownColumns(q.By, spendSummaryColumns), notes), nil
}

func limited[T any](list []T, limit int) []T {
	if limit > 0 && limit < len(list) {
		return list[:limit]
	}
	return list
}
