package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type spendTopInput struct {
	By ledger.Dimensions `json:"by" help:"Rankings to show (default user, team, key, model, without the filtered ones)"`
	ledger.PeriodInput
	spendFilter
	Model string          `json:"model" help:"Only this model, as callers or its provider name it"`
	Limit operation.Count `json:"limit" help:"Places per ranking (default 5)"`
}

var spendTop = &operation.Operation{
	Path:     "spend top",
	Summary:  "Rank users, teams, keys and models by spend",
	Help:     "share_percent is the share of the spend that matches the filters. For combinations and full lists, use {op:spend summary}.",
	Examples: []string{"spend top --period 7d", "spend top --team research --by user,model --period last-month"},
	Effect:   operation.Read,
	Sends:    []string{"GET /user/daily/activity", "GET /team/daily/activity", "GET /v2/model/info"},
	Part:     ownPart,
	Default:  true,
	Do:       operation.Rows[spendTopInput](rankSpend),
	Columns: []operation.Column{
		{Name: "by"},
		{Name: "rank", Drop: 1},
		{Name: "name", Field: "name|id"},
		{Name: "id", Wide: true},
		{Name: "spend", Format: operation.Dollars, Bar: true},
		{Name: "share_percent", Drop: 2},
		{Name: "requests", Drop: 3},
		{Name: "failed", Drop: 4},
		{Name: "total_tokens", Drop: 5},
	},
}

func rankSpend(ctx context.Context, call *operation.Call, in spendTopInput) (operation.Result, error) {
	p, err := in.Resolve(call.Now())
	if err != nil {
		return operation.Result{}, err
	}
	q := in.question(nil, p)
	if q.Model, err = providerModel(ctx, call, in.Model); err != nil {
		return operation.Result{}, err
	}
	by := operation.Unique(in.By)
	if len(by) == 0 {
		one := map[string]bool{"user": q.User != "", "team": q.Team != "", "key": q.Key != "", "model": q.Model != ""}
		by = slices.DeleteFunc([]string{"user", "team", "key", "model"}, func(of string) bool { return one[of] })
	}
	questions := []ledger.Question{q}
	for _, b := range by {
		q.By = []string{b}
		questions = append(questions, q)
	}
	answers, err := ledger.AskAll(ctx, call, questions...)
	if err != nil {
		return operation.Result{}, err
	}
	all := answers[0]
	var rows []operation.Row
	total := 0
	for i, b := range by {
		answer := answers[i+1]
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

// providerModel returns the name under which the daily totals count a model. A name that
// callers use is one only if it leads to a single model of a provider, and no other name
// leads to that.
func providerModel(ctx context.Context, call *operation.Call, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	upstream, callers := []string{}, map[string][]string{}
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if operation.IsRefused(err) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		public := operation.Word(operation.Lookup(item, deploymentCollection.Name))
		model := operation.Word(operation.Lookup(item, "litellm_params.model"))
		if public == name {
			upstream = append(upstream, model)
		}
		callers[model] = append(callers[model], public)
	}
	upstream = operation.Unique(upstream)
	if _, exact := callers[name]; exact || len(upstream) == 0 {
		return name, nil
	}
	names := operation.Unique(callers[upstream[0]])
	if len(upstream) == 1 && len(names) == 1 && !wildcard(upstream[0]) {
		return upstream[0], nil
	}
	why := "several names lead to its provider's model: " + firstOf(names)
	switch {
	case len(upstream) > 1:
		why = "it leads to several models of providers: " + firstOf(upstream)
	case len(names) == 1:
		why = "it is a wildcard"
	}
	return "", &proxyclient.Error{Code: proxyclient.CodeUnsupported,
		Message: "the daily totals cannot tell the spend on " + operation.Name(name) + ": " + why,
		Hint:    "give {model} as the provider names it; {op:spend logs} lists every request"}
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
