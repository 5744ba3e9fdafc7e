package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// owners is the lists of objects that may have a budget.
var owners = map[string]*operation.Collection{
	"key": keyCollection, "user": userCollection, "team": teamCollection, "organization": organizationCollection, "customer": customerCollection,
}

// budgetFilter narrows a list of budgets.
type budgetFilter struct {
	Of []string `json:"of" enum:"key,user,team,member,organization,customer" help:"Owners to show (default all)"`
	ownerFilter
}

// budgetOwners is the kinds of owners whose budgets a filter keeps.
func (b budgetFilter) kinds() []string {
	if len(b.Of) > 0 {
		return operation.Unique(b.Of)
	}
	switch {
	case b.TeamID != "":
		return []string{"key", "team", "member"}
	case b.UserID != "":
		return []string{"key", "user", "member"}
	}
	return []string{"key", "user", "team", "member", "organization", "customer"}
}

// keeps reports whether a budget belongs to the user and the team of the filter.
func (b budgetFilter) keeps(use *budgetUse) bool {
	return (b.TeamID == "" || use.team == string(b.TeamID)) && (b.UserID == "" || use.user == string(b.UserID))
}

type spendBudgetsInput struct {
	budgetFilter
	MinPercent *float64        `json:"min_percent" jsonschema:"minimum=0" help:"Only budgets at least this percentage used"`
	Limit      operation.Count `json:"limit" help:"Maximum rows, most used first (default all)"`
}

var spendBudgets = &operation.Operation{
	Path:     "spend budgets",
	Summary:  "Show how much of each budget is used and when it resets",
	Help:     "Most used first, in US dollars. A user's budget limits personal keys, not team keys; see enforced. A member's budget limits their spend in a team.",
	Examples: []string{"spend budgets", "spend budgets --team research", "spend budgets --min-percent 100 --exit-code"},
	Effect:   operation.Read,
	Sends:    []string{"GET /customer/list", "GET /key/list", "GET /organization/list", "GET /team/list", "GET /user/list", "GET /v2/team/list"},
	Default:  true,
	Alarm:    true,
	Do:       operation.Rows[spendBudgetsInput](showBudgets),
	Columns: []operation.Column{
		{Name: "of"},
		{Name: "name", Field: "name|id"},
		{Name: "id", Wide: true},
		{Name: "spend", Format: operation.Dollars},
		{Name: "max_budget", Format: operation.Dollars},
		{Name: "used_percent", Bar: true},
		{Name: "budget_duration", Drop: 3},
		{Name: "budget_reset_at", Format: operation.Time, Drop: 1},
		{Name: "enforced", Drop: 2},
		{Name: "remaining", Format: operation.Dollars, Optional: true},
	},
}

// wordsOf gives the reason why a part of a view is missing.
var wordsOf = map[proxyclient.Code]string{
	proxyclient.CodeEnterprise: "they need LiteLLM Enterprise",
	proxyclient.CodeForbidden:  "your key may not list them",
}

// budgetUse is a budget and its spend.
type budgetUse struct {
	of, id       string
	name         any
	user, team   string // its owner
	created      time.Time
	spend, limit float64
	duration     json.RawMessage
	reset        json.RawMessage
	enforced     string // for which keys
}

func (b *budgetUse) used() float64 {
	if b.limit == 0 {
		return 100
	}
	return b.spend / b.limit * 100
}

func showBudgets(ctx context.Context, call *operation.Call, in spendBudgetsInput) (operation.Result, error) {
	f, err := findBudgets(ctx, call, in.budgetFilter)
	if err != nil {
		return operation.Result{}, err
	}
	found, notes := f.found, f.notes
	found = slices.DeleteFunc(found, func(b *budgetUse) bool { return in.MinPercent != nil && b.used() < *in.MinPercent })
	slices.SortFunc(found, func(x, y *budgetUse) int {
		return cmp.Or(cmp.Compare(y.used(), x.used()), cmp.Compare(y.spend, x.spend), cmp.Compare(x.of, y.of), cmp.Compare(x.id, y.id))
	})
	shown, cut := limited(found, in.Limit)
	rows := make([]operation.Row, len(shown))
	for i, b := range shown {
		used := percent(b.used(), 100)
		rows[i] = operation.RowOf("of", b.of, "name", b.name, "id", b.id, "spend", ledger.Dollars(b.spend), "max_budget", ledger.Dollars(b.limit),
			"used_percent", used, "remaining", ledger.Dollars(b.limit-b.spend), "budget_duration", b.duration, "budget_reset_at", b.reset, "enforced", b.enforced)
	}
	about := operation.RowOf("at", call.Now().Format(time.RFC3339))
	if notes != nil {
		about = append(about, operation.Member{Name: "notes", Value: notes})
	}
	return operation.Listed(about, rows, len(found), nil, append(slices.Clip(notes), cut...)), f.problem
}

// findBudgets reads the lists of budget owners. Lists that the caller may not read are left
// out with a note; it is an error only if none of the requested ones can be read. An
// incomplete list does not stop it.
func findBudgets(ctx context.Context, call *operation.Call, in budgetFilter) (*finding, error) {
	f := &finding{in: in, keys: map[string]*userKeys{}}
	for _, of := range in.kinds() {
		if err := f.walk(ctx, call, of); err != nil {
			return f, err
		}
	}
	if f.answered == 0 && len(in.Of) > 0 {
		return f, f.refused
	}
	if err := f.judge(ctx, call); err != nil {
		return f, err
	}
	if slices.ContainsFunc(f.found, func(b *budgetUse) bool { return b.enforced != "yes" }) {
		f.notes = append(f.notes, strings.TrimSuffix("The budget of a user"+userBudgetIdle, ". "))
	}
	return f, nil
}
