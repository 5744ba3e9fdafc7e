package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// owners is the lists of objects that may have a budget.
var owners = map[string]*operation.Collection{
	"key": keyCollection, "user": userCollection, "team": teamCollection, "organization": organizationCollection, "customer": customerCollection,
}

type spendBudgetsInput struct {
	Of         []string        `json:"of" enum:"key,user,team,organization,customer" help:"Owners to show (default all)"`
	MinPercent *float64        `json:"min_percent" jsonschema:"minimum=0" help:"Only budgets at least this percentage used"`
	Limit      operation.Count `json:"limit" help:"Maximum rows, most used first (default all)"`
}

var spendBudgets = &operation.Operation{
	Path:     "spend budgets",
	Summary:  "Show how much of each budget is used and when it resets",
	Help:     "Covers keys, users, teams, organizations and customers that have a budget, most used first, in US dollars.",
	Examples: []string{"spend budgets", "spend budgets --of team --of user --min-percent 80"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.Rows[spendBudgetsInput](showBudgets),
	Columns: []operation.Column{
		{Name: "of"},
		{Name: "name"},
		{Name: "id"},
		{Name: "spend", Format: operation.Dollars},
		{Name: "max_budget", Format: operation.Dollars},
		{Name: "used_percent", Bar: true},
		{Name: "budget_duration"},
		{Name: "budget_reset_at", Format: operation.Time},
		{Name: "remaining", Format: operation.Dollars, Optional: true},
	},
}

// wordsOf gives the reason why a part of a view is missing.
var wordsOf = map[proxyclient.Code]string{
	proxyclient.CodeEnterprise: "needs LiteLLM Enterprise",
	proxyclient.CodeForbidden:  "your key may not list them",
}

// budgetUse is a budget and its spend.
type budgetUse struct {
	of, id       string
	name         any
	spend, limit float64
	duration     json.RawMessage
	reset        json.RawMessage
}

func (b *budgetUse) used() float64 {
	if b.limit == 0 {
		return 100
	}
	return b.spend / b.limit * 100
}

func showBudgets(ctx context.Context, call *operation.Call, in spendBudgetsInput) (operation.Result, error) {
	kinds := operation.Unique(in.Of)
	if len(kinds) == 0 {
		kinds = []string{"key", "user", "team", "organization", "customer"}
	}
	found, notes, err := findBudgets(ctx, call, kinds, in)
	if err != nil && proxyclient.CodeOf(err) != proxyclient.CodeIncomplete {
		return operation.Result{}, err
	}
	slices.SortFunc(found, func(x, y *budgetUse) int {
		return cmp.Or(cmp.Compare(y.used(), x.used()), cmp.Compare(y.spend, x.spend), cmp.Compare(x.of, y.of), cmp.Compare(x.id, y.id))
	})
	shown, cut := limited(found, in.Limit)
	rows := make([]operation.Row, len(shown))
	for i, b := range shown {
		used := percent(b.used(), 100)
		rows[i] = operation.RowOf("of", b.of, "name", b.name, "id", b.id, "spend", ledger.Dollars(b.spend), "max_budget", ledger.Dollars(b.limit),
			"used_percent", used, "remaining", ledger.Dollars(b.limit-b.spend), "budget_duration", b.duration, "budget_reset_at", b.reset)
	}
	about := operation.RowOf("at", call.Now().Format(time.RFC3339))
	if notes != nil {
		about = append(about, operation.Member{Name: "notes", Value: notes})
	}
	return operation.Listed(about, rows, len(found), nil, append(slices.Clip(notes), cut...)), err
}

// findBudgets walks the lists of what may have a budget. It skips a list that the caller may
// not read, with a note, unless the list was asked for. An incomplete list does not stop
// it; the error reports the first one.
func findBudgets(ctx context.Context, call *operation.Call, kinds []string, in spendBudgetsInput) (found []*budgetUse, notes []string, incomplete error) {
	for _, of := range kinds {
		for item, err := range owners[of].All(ctx, call, nil) {
			code := proxyclient.CodeOf(err)
			if len(in.Of) == 0 && (code == proxyclient.CodeEnterprise || code == proxyclient.CodeForbidden) {
				notes = append(notes, fmt.Sprintf("without %ss: %s", of, wordsOf[code]))
				break
			}
			if code == proxyclient.CodeIncomplete {
				incomplete = cmp.Or(incomplete, err)
				break
			}
			if err != nil {
				return nil, nil, err
			}
			if b := budgetOf(of, item); b != nil && (in.MinPercent == nil || b.used() >= *in.MinPercent) {
				found = append(found, b)
			}
		}
	}
	return found, notes, incomplete
}

// budgetOf returns the budget of an item, its own or the stored one that it refers to,
// or nil.
func budgetOf(of string, item json.RawMessage) *budgetUse {
	field := func(name string) json.RawMessage {
		if value := operation.Lookup(item, name); value != nil {
			return value
		}
		return operation.Lookup(item, "litellm_budget_table."+name)
	}
	limit, err := strconv.ParseFloat(operation.Word(field("max_budget")), 64)
	if err != nil {
		return nil
	}
	l := owners[of]
	b := &budgetUse{of: of, id: operation.Word(operation.Lookup(item, l.ID)), limit: limit, duration: field("budget_duration"), reset: field("budget_reset_at")}
	if name := operation.Lookup(item, l.Name); name != nil {
		b.name = operation.Word(name)
	}
	b.spend, _ = strconv.ParseFloat(operation.Word(operation.Lookup(item, "spend")), 64)
	return b
}
