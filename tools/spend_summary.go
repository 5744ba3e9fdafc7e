package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

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

type spendTopInput struct {
	By []string `json:"by" jsonschema:"enum=user,enum=team,enum=organization,enum=customer,enum=key,enum=model,enum=provider,enum=tag,enum=day" help:"Rankings to give, each by itself (default user, team, key, model)"`
	ledger.PeriodInput
	Limit int `json:"limit" jsonschema:"minimum=1" help:"Places in each ranking (default 5)"`
}

var spendTop = &operation.Operation{
	Path:     "spend top",
	Summary:  "Show who and what cost most in a period: users, teams, keys, models ranked side by side",
	Help:     "For combinations and full lists use spend summary. The share is that of everything spent.",
	Examples: []string{"spend top --period 7d", "spend top --by user --limit 10 --period last-month"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.Rows[spendTopInput](rankSpend),
	Columns: []operation.Column{
		{Name: "by"},
		{Name: "rank"},
		{Name: "name"},
		{Name: "id"},
		{Name: "spend", Format: operation.Dollars, Bar: true},
		{Name: "share_percent"},
		{Name: "requests"},
		{Name: "failed"},
		{Name: "total_tokens"},
	},
}

func rankSpend(ctx context.Context, call *operation.Call, in spendTopInput) (operation.Result, error) {
	p, err := in.Resolve(call.Now())
	if err != nil {
		return operation.Result{}, err
	}
	by := operation.Unique(in.By)
	if len(by) == 0 {
		by = []string{"user", "team", "key", "model"}
	}
	all, err := ledger.Question{Period: p}.Ask(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	var rows []operation.Row
	total := 0
	for _, b := range by {
		answer, err := ledger.Question{By: []string{b}, Period: p}.Ask(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		groups := answer.Sorted()
		total += len(groups)
		for i, g := range limited(groups, cmp.Or(in.Limit, 5)) {
			id := g.Values[0]
			var name any
			if known, ok := answer.Names[b][id]; ok {
				name = known
			}
			rows = append(rows, operation.RowOf("by", b, "rank", i+1, "name", name, "id", id, "spend", g.Spend,
				"share_percent", percent(float64(g.Spend), float64(all.Total.Spend)),
				"requests", g.Requests, "failed", g.Failed, "total_tokens", g.Tokens))
		}
	}
	about := operation.RowOf("start_date", p.Start(), "end_date", p.End(), "sum", all.Total.Numbers())
	note := fmt.Sprintf("%s; in all %s US dollars, %d requests", p, operation.Word(operation.Encode(all.Total.Spend)), all.Total.Requests)
	return operation.Listed(about, rows, total, nil, []string{note}), nil
}

// percent is part in percent of whole with two decimals; nil when there is no
// whole.
func percent(part, whole float64) any {
	if whole == 0 {
		return nil
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(part/whole*100, 'f', 2, 64), 64)
	if err != nil {
		return nil
	}
	return rounded
}

type spendCompareInput struct {
	By      []string `json:"by" jsonschema:"enum=user,enum=team,enum=organization,enum=customer,enum=key,enum=model,enum=provider,enum=tag,enum=day" help:"What to group by, as in spend summary; none: one row"`
	Period  string   `json:"period" help:"today, 7d, this-month, 2026-10 or 2026-10-01..2026-10-15, in UTC (default 7d)"`
	Against string   `json:"against" help:"Period to compare with (default: that of the same length just before)"`
	Limit   int      `json:"limit" jsonschema:"minimum=1" help:"Rows at most, the largest change first (default all)" cli:"alias=top"`
}

var spendCompare = &operation.Operation{
	Path:    "spend compare",
	Summary: "Compare the spend of a period with another: the week before, last month",
	Help:    "When the periods differ in length, {against} is scaled to that of {period} for the change. Today is not over.",
	Examples: []string{
		"spend compare --period today --against last-week",
		"spend compare --by team --period this-month --against last-month",
		"spend compare --by model --period 7d",
	},
	Effect:  operation.Read,
	Default: true,
	Do:      operation.Rows[spendCompareInput](compareSpend),
	Columns: spendCompareColumns,
}

var spendCompareColumns = append(slices.Clone(ledger.GroupColumns), []operation.Column{
	{Name: "spend", Format: operation.Dollars},
	{Name: "spend_before", Format: operation.Dollars},
	{Name: "change", Format: operation.Dollars},
	{Name: "change_percent"},
	{Name: "requests"},
	{Name: "requests_before"},
}...)

func compareSpend(ctx context.Context, call *operation.Call, in spendCompareInput) (operation.Result, error) {
	if slices.Contains(in.By, "day") {
		return operation.Result{}, operation.Usage("{by}: the days of two periods are not the same; spend summary gives them")
	}
	p, err := ledger.ParsePeriod("period", cmp.Or(in.Period, "7d"), call.Now())
	if err != nil {
		return operation.Result{}, err
	}
	other := p.Before()
	if in.Against != "" {
		if other, err = ledger.ParsePeriod("against", in.Against, call.Now()); err != nil {
			return operation.Result{}, err
		}
	}
	by := operation.Unique(in.By)
	now, err := ledger.Question{By: by, Period: p}.Ask(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	before, err := ledger.Question{By: by, Period: other}.Ask(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	changes := spendChanges(now, before, float64(p.Days())/float64(other.Days()))
	if len(in.By) == 0 && len(changes) == 0 {
		changes = []spendChange{{}}
	}
	for of, names := range before.Names {
		for id, name := range names {
			now.Names.Set(of, id, name)
		}
	}
	shown := limited(changes, in.Limit)
	rows := make([]operation.Row, len(shown))
	for i, c := range shown {
		rows[i] = append(now.Label(by, c.values), operation.RowOf("spend", c.now.Spend, "spend_before", c.before.Spend,
			"change", c.change, "change_percent", percent(float64(c.change), float64(c.now.Spend-c.change)),
			"requests", c.now.Requests, "requests_before", c.before.Requests)...)
	}
	about := operation.RowOf("start_date", p.Start(), "end_date", p.End(), "before_start_date", other.Start(), "before_end_date", other.End(), "by", by)
	notes := []string{fmt.Sprintf("%s against %s", p, other)}
	if p.Days() != other.Days() {
		notes = append(notes, fmt.Sprintf("the change is that from the %d days before scaled to %d", other.Days(), p.Days()))
	}
	if !slices.Contains(by, "tag") {
		about = append(about, operation.Member{Name: "sum", Value: now.Total.Numbers()}, operation.Member{Name: "sum_before", Value: before.Total.Numbers()})
	}
	if len(shown) < len(changes) {
		notes = append(notes, fmt.Sprintf("showing %d of %d ({limit})", len(shown), len(changes)))
	}
	return operation.Listed(about, rows, len(changes), ledger.ShownColumns(by, spendCompareColumns), notes), nil
}

type spendChange struct {
	values      []string
	now, before ledger.Metrics
	change      ledger.Dollars // against what was before times the scale
}

// spendChanges puts two answers side by side, the largest change first.
func spendChanges(now, before *ledger.Answer, scale float64) []spendChange {
	ids := map[string]*spendChange{}
	for id, g := range now.Groups {
		ids[id] = &spendChange{values: g.Values, now: g.Metrics}
	}
	for id, g := range before.Groups {
		if ids[id] == nil {
			ids[id] = &spendChange{values: g.Values}
		}
		ids[id].before = g.Metrics
	}
	changes := make([]spendChange, 0, len(ids))
	for _, c := range ids {
		c.change = c.now.Spend - c.before.Spend*ledger.Dollars(scale)
		changes = append(changes, *c)
	}
	slices.SortFunc(changes, func(x, y spendChange) int {
		return cmp.Or(cmp.Compare(max(y.change, -y.change), max(x.change, -x.change)),
			cmp.Compare(y.now.Spend, x.now.Spend), slices.Compare(x.values, y.values))
	})
	return changes
}
