package tools

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

type spendTopInput struct {
	By ledger.Dimensions `json:"by" help:"Rankings to show (default user, team, key, model)"`
	ledger.PeriodInput
	Limit operation.Count `json:"limit" help:"Places per ranking (default 5)"`
}

var spendTop = &operation.Operation{
	Path:     "spend top",
	Summary:  "Rank users, teams, keys and models by spend",
	Help:     "share_percent is the share of all spend in the period. For combinations and full lists, use {op:spend summary}.",
	Examples: []string{"spend top --period 7d", "spend top --by user --limit 10 --period last-month"},
	Effect:   operation.Read,
	Sends:    []string{"GET /user/daily/activity", "GET /team/daily/activity"},
	Part:     ownPart,
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
		nameDeleted(ctx, call, answer)
		groups := answer.Sorted()
		total += len(groups)
		top, _ := limited(groups, cmp.Or(in.Limit, 5))
		for i, g := range top {
			id, name := answer.Named(b, g.Values[0])
			rows = append(rows, operation.RowOf("by", b, "rank", i+1, "name", name, "id", id, "spend", g.Spend,
				"share_percent", percent(float64(g.Spend), float64(all.Total.Spend)),
				"requests", g.Requests, "failed", g.Failed, "total_tokens", g.Tokens))
		}
	}
	about := operation.RowOf("start_date", p.Start(), "end_date", p.End(), "sum", all.Total.Numbers())
	note := fmt.Sprintf("%s; total %s US dollars, %s", p, operation.Word(operation.Encode(all.Total.Spend)), operation.Counted(all.Total.Requests, "request"))
	return operation.Listed(about, rows, total, nil, []string{note}), nil
}

// percent returns part as a percentage of whole with two decimals, or nil if whole is 0.
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
