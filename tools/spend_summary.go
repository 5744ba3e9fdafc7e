package tools

import (
	"context"
	"fmt"
	"slices"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

// spendFilter narrows a question about spend.
type spendFilter struct {
	pastOwner
	Key pastKey `json:"key" help:"Only this key" cli:"alias=key-alias,alias=alias"`
}

func (f spendFilter) question(by []string, p ledger.Period) ledger.Question {
	q := ledger.Question{By: operation.Unique(by), Period: p, User: string(f.UserID), Team: string(f.TeamID)}
	if f.Key != "" {
		q.Key = string(f.Key)
	}
	return q
}

var spendSummaryColumns = append(slices.Clone(ledger.GroupColumns), []operation.Column{
	{Name: "spend", Format: operation.Dollars, Bar: true},
	{Name: "prompt_tokens", Drop: 5},
	{Name: "completion_tokens", Drop: 4},
	{Name: "total_tokens", Drop: 3},
	{Name: "requests", Drop: 1},
	{Name: "successful", Drop: 6},
	{Name: "failed", Drop: 2},
}...)

type spendSummaryInput struct {
	By ledger.Dimensions `json:"by" help:"Dimensions to group by; none gives one row"`
	ledger.PeriodInput
	spendFilter
	CustomerID pastCustomer    `json:"customer_id" name:"customer" help:"Only this customer"`
	Limit      operation.Count `json:"limit" help:"Maximum rows, highest spend first; total counts all (default all)" cli:"alias=top"`
}

var spendSummary = &operation.Operation{
	Path:    "spend summary",
	Summary: "Sum spend, tokens and requests by user, team, customer, key, model, provider, tag or day",
	Help:    "In US dollars, highest spend first; needs no license. Models have their provider's names. By customer, only requests that name one count; by tag, a request counts under each of its tags. Breakdowns that the daily totals cannot support are rejected, not estimated.",
	Examples: []string{
		"spend summary --by user --period last-month",
		"spend summary --by team --by model --period 2026-10 --format csv > chargeback.csv",
		"spend summary --customer acme --by model --period last-month",
		"spend summary --by day --team research --period 7d",
	},
	Effect:  operation.Read,
	Sends:   []string{"GET /user/daily/activity", "GET /team/daily/activity", "GET /tag/daily/activity", "GET /organization/daily/activity", "GET /customer/daily/activity"},
	Part:    ownPart,
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
	q.Customer = string(in.CustomerID)
	answer, err := askSpend(ctx, call, q)
	if err == nil && answer.Total.Requests == 0 {
		err = hasCustomer("customer_id")(ctx, call)
	}
	if err != nil {
		return operation.Result{}, err
	}
	return spendRows(answer, answer.Sorted(), p, in.Limit), nil
}

// askSpend answers a question, with the names of teams that are deleted.
func askSpend(ctx context.Context, call *operation.Call, q ledger.Question) (*ledger.Answer, error) {
	answer, err := q.Ask(ctx, call)
	if err == nil {
		nameDeleted(ctx, call, answer)
	}
	return answer, err
}

// spendRows is an answer as rows, at most limit of its groups.
func spendRows(answer *ledger.Answer, groups []*ledger.Group, p ledger.Period, limit operation.Count) operation.Result {
	by := answer.By
	if len(by) == 0 && len(groups) == 0 {
		groups = []*ledger.Group{{}}
	}
	shown, cut := limited(groups, limit)
	rows := make([]operation.Row, len(shown))
	for i, g := range shown {
		rows[i] = append(answer.Label(by, g.Values), g.Numbers()...)
	}
	about := operation.RowOf("start_date", p.Start(), "end_date", p.End(), "by", by)
	notes := []string{p.String()}
	if slices.Contains(by, "tag") {
		// A request with several tags would count several times.
		notes[0] += "; no total, because a request counts under each of its tags"
		if slices.ContainsFunc(groups, func(g *ledger.Group) bool { return answer.Automatic(g.Values) }) {
			notes = append(notes, "Tags that the gateway adds itself (User-Agent) come last")
		}
	} else {
		about = append(about, operation.Member{Name: "sum", Value: answer.Total.Numbers()})
		notes[0] += fmt.Sprintf("; total %s US dollars, %s (%d failed)", operation.Word(operation.Encode(answer.Total.Spend)), operation.Counted(answer.Total.Requests, "request"), answer.Total.Failed)
	}
	if slices.Contains(by, "customer") {
		notes[0] += "; only requests that name a customer"
	}
	return operation.Listed(about, rows, len(groups), ledger.ShownColumns(by, spendSummaryColumns), append(notes, cut...))
}

// nameDeleted gives the deleted teams of an answer the aliases that they had, marked. The
// gateway's totals have only their IDs; who may not list deleted teams sees these.
func nameDeleted(ctx context.Context, call *operation.Call, answer *ledger.Answer) {
	unnamed := answer.Unnamed("team")
	if len(unnamed) == 0 {
		return
	}
	for team, err := range teamCollection.All(ctx, call, teamCollection.Deleted) {
		if err != nil || len(unnamed) == 0 {
			return
		}
		id := operation.Word(operation.Lookup(team, teamCollection.ID))
		if i := slices.Index(unnamed, id); i >= 0 {
			unnamed = slices.Delete(unnamed, i, i+1)
			if alias := operation.Word(operation.Lookup(team, teamCollection.Name)); alias != "" {
				answer.Names.Set("team", id, ledger.Deleted(alias))
			}
		}
	}
}

// limited returns the first items of a list, and a note if some are left out. A limit of
// 0 is none.
func limited[T any](list []T, limit operation.Count) (shown []T, note []string) {
	if limit > 0 && int(limit) < len(list) {
		return list[:limit], []string{fmt.Sprintf("Showing %d of %d ({limit})", limit, len(list))}
	}
	return list, nil
}
