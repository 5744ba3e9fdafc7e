package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

type spendCompareInput struct {
	By      ledger.Dimensions `json:"by" help:"Dimensions to group by, except day; none gives one row"`
	Period  string            `json:"period" help:"today, 7d, this-month, 2026-10 or 2026-10-01..2026-10-15, in UTC (default 7d)"`
	Against string            `json:"against" help:"Period to compare with (default: the preceding period of equal length)"`
	Limit   operation.Count   `json:"limit" help:"Maximum rows, largest change first (default all)" cli:"alias=top"`
}

// Refuses says why the operation has no time zone.
func (spendCompareInput) Refuses() map[string]string { return ledger.PeriodInput{}.Refuses() }

var spendCompare = &operation.Operation{
	Path:    "spend compare",
	Summary: "Compare the spend of two periods, such as this month and last month",
	Help:    "If the periods differ in length, {against} is scaled to {period} for the change. Today counts until now.",
	Examples: []string{
		"spend compare --period today --against last-week",
		"spend compare --by team --period this-month --against last-month",
		"spend compare --by model --period 7d",
	},
	Effect:  operation.Read,
	Sends:   []string{"GET /user/daily/activity"},
	Part:    ownPart,
	Default: true,
	Do:      operation.Rows[spendCompareInput](compareSpend),
	Columns: spendCompareColumns,
}

var spendCompareColumns = append(slices.Clone(ledger.GroupColumns), []operation.Column{
	{Name: "spend", Format: operation.Dollars},
	{Name: "spend_before", Format: operation.Dollars},
	{Name: "change", Format: operation.Dollars},
	{Name: "change_percent"},
	{Name: "requests", Drop: 1},
	{Name: "requests_before", Drop: 2},
}...)

// periods returns the period in question and the one to compare it with.
func (in spendCompareInput) periods(now time.Time) (period, against ledger.Period, err error) {
	if period, err = ledger.ParsePeriod("period", cmp.Or(in.Period, "7d"), now); err != nil || in.Against == "" {
		return period, period.Before(), err
	}
	against, err = ledger.ParsePeriod("against", in.Against, now)
	return period, against, err
}

func compareSpend(ctx context.Context, call *operation.Call, in spendCompareInput) (operation.Result, error) {
	if slices.Contains(in.By, "day") {
		return operation.Result{}, operation.Usage("{by}: two periods have no days in common; for days, use {op:spend summary}")
	}
	p, other, err := in.periods(call.Now())
	if err != nil {
		return operation.Result{}, err
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
	nameDeleted(ctx, call, now)
	nameDeleted(ctx, call, before)
	for of, names := range before.Names {
		for id, name := range names {
			now.Names.Set(of, id, name)
		}
	}
	shown, cut := limited(changes, in.Limit)
	rows := make([]operation.Row, len(shown))
	for i, c := range shown {
		rows[i] = append(now.Label(by, c.values), operation.RowOf("spend", c.now.Spend, "spend_before", c.before.Spend,
			"change", c.change, "change_percent", percent(float64(c.change), float64(c.now.Spend-c.change)),
			"requests", c.now.Requests, "requests_before", c.before.Requests)...)
	}
	about := operation.RowOf("start_date", p.Start(), "end_date", p.End(), "before_start_date", other.Start(), "before_end_date", other.End(), "by", by)
	notes := []string{fmt.Sprintf("%s compared with %s", p, other)}
	if p.Days() != other.Days() {
		notes = append(notes, fmt.Sprintf("the change compares with the earlier %s scaled to %d", operation.Counted(other.Days(), "day"), p.Days()))
	}
	if !slices.Contains(by, "tag") {
		about = append(about, operation.Member{Name: "sum", Value: now.Total.Numbers()}, operation.Member{Name: "sum_before", Value: before.Total.Numbers()})
	}
	return operation.Listed(about, rows, len(changes), ledger.ShownColumns(by, spendCompareColumns), append(notes, cut...)), nil
}

type spendChange struct {
	values      []string
	now, before ledger.Metrics
	change      ledger.Dollars // from the scaled spend before
}

// spendChanges compares two answers, largest change first.
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
		return cmp.Or(now.Last(x.values, y.values), cmp.Compare(max(y.change, -y.change), max(x.change, -x.change)),
			cmp.Compare(y.now.Spend, x.now.Spend), slices.Compare(x.values, y.values))
	})
	return changes
}
