package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

type budgetsUnusedInput struct {
	Generated bool   `json:"generated" help:"Only budgets with a generated ID"`
	OlderThan string `json:"older_than" help:"Minimum age, such as 90d (default 1h)"`
}

var budgetUseReads = []string{"GET /budget/list", "GET /key/list", "GET /user/list", "GET /team/list", "GET /customer/list", "GET /tag/list",
	"GET /access_group/list", "GET /project/list", "GET /organization/list"}

var budgetsUnused = &operation.Operation{
	Path:     "budgets unused",
	Summary:  "List unused budgets, such as those of deleted teams",
	Help:     "Checks keys, users, teams and members, customers, tags, access groups, projects and organizations. The gateway's configuration is not checked: max_end_user_budget_id may name a budget.",
	Examples: []string{"budgets unused", "budgets unused --generated --older-than 30d"},
	Effect:   operation.Read,
	Sends:    budgetUseReads,
	Alarm:    true,
	Do:       operation.Rows[budgetsUnusedInput](listUnusedBudgets),
	Columns: []operation.Column{
		{Name: "budget_id", ID: true},
		{Name: "origin"},
		{Name: "max_budget", Format: operation.Dollars},
		{Name: "budget_duration"},
		{Name: "tpm_limit", Optional: true},
		{Name: "rpm_limit", Optional: true},
		{Name: "created_at", Format: operation.Time},
		{Name: "created_by", Optional: true},
	},
}

type budgetsPruneInput struct {
	OlderThan string          `json:"older_than" help:"Minimum age, such as 90d (default 1h)"`
	Expect    operation.Limit `json:"expect" help:"Number of budgets that must be unused"`
}

var budgetsPrune = &operation.Operation{
	Path:     "budgets prune",
	Summary:  "Delete unused budgets with a generated ID",
	Help:     "Such budgets remain when a team, customer or tag is deleted. Budgets with an ID of your own are kept; see {op:budgets unused}. Give {expect}, the number to delete.",
	Examples: []string{"budgets prune --dry-run", "budgets prune --older-than 30d"},
	Effect:   operation.Destructive,
	Sends:    append(slices.Clone(budgetUseReads), "POST /budget/delete"),
	Consent: operation.Consent{Ask: askPrune, Sweeping: true, Count: func(ctx context.Context, call *operation.Call) (int, bool, error) {
		unused, err := prunable(ctx, call)
		return len(unused), true, err
	}},
	Do: operation.Func[budgetsPruneInput](pruneBudgets),
}

// The origins of a budget.
const (
	ofMembers = "team members"
	generated = "generated"
	named     = "named"
)

var (
	memberBudgetID    = regexp.MustCompile(`^team-.*-budget-[0-9a-f]{32}$`)
	generatedBudgetID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// originOf tells by its ID who made a budget: the gateway for the members of a team, the
// gateway otherwise, or somebody who chose the ID.
func originOf(budget json.RawMessage) string {
	switch id := []byte(operation.Word(operation.Lookup(budget, "budget_id"))); {
	case memberBudgetID.Match(id):
		return ofMembers
	case generatedBudgetID.Match(id):
		return generated
	}
	return named
}

// newBudget is the age from which a budget counts as unused: what is to use it may not be
// there yet.
const newBudget = time.Hour

func listUnusedBudgets(ctx context.Context, call *operation.Call, in budgetsUnusedInput) (operation.Result, error) {
	unused, err := unusedBudgets(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	var rows []operation.Row
	for _, b := range unused {
		origin := originOf(b)
		if in.Generated && origin == named {
			continue
		}
		row := operation.RowOf("budget_id", operation.Lookup(b, "budget_id"), "origin", origin)
		for _, name := range []string{"max_budget", "budget_duration", "tpm_limit", "rpm_limit", "created_at", "created_by"} {
			row = append(row, operation.Member{Name: name, Value: operation.Lookup(b, name)})
		}
		rows = append(rows, row)
	}
	var notes []string
	if len(rows) == 0 {
		notes = []string{"No unused budget is that old. New ones count after {older_than} (default 1h)."}
	} else {
		notes = []string{"To delete those with a generated ID, use {op:budgets prune}; to delete a single one, {op:budgets delete}"}
	}
	return operation.Listed(nil, rows, len(rows), nil, notes), nil
}

// unusedBudgets returns the budgets that nothing uses and that are old enough, oldest first.
func unusedBudgets(ctx context.Context, call *operation.Call) ([]json.RawMessage, error) {
	age, err := operation.DurationOf(call.Args(), "older_than")
	if err != nil {
		return nil, err
	}
	if call.Args()["older_than"] == nil {
		age = newBudget
	}
	var unused []json.RawMessage
	for budget, err := range budgetCollection.All(ctx, call, nil) {
		if err != nil {
			return nil, err
		}
		if made, ok := timeOf(budget, "created_at"); ok && call.Now().Sub(made) >= age {
			unused = append(unused, budget)
		}
	}
	// What is made from here on is not among them, and what uses them is read after them.
	used, err := usedBudgets(ctx, call)
	if err != nil {
		return nil, err
	}
	unused = slices.DeleteFunc(unused, func(b json.RawMessage) bool { return used[operation.Word(operation.Lookup(b, "budget_id"))] })
	slices.SortStableFunc(unused, func(x, y json.RawMessage) int {
		return cmp.Or(strings.Compare(operation.Word(operation.Lookup(x, "created_at")), operation.Word(operation.Lookup(y, "created_at"))),
			strings.Compare(operation.Word(operation.Lookup(x, "budget_id")), operation.Word(operation.Lookup(y, "budget_id"))))
	})
	return unused, nil
}

// budgetHolders are the lists of what may use a budget, with where each refers to budgets.
// Organizations come last: they may be hidden.
var budgetHolders = []struct {
	list  *operation.Collection
	paths []string
}{
	{keyCollection, append([]string{"metadata.end_user_budget_id"}, budgetPaths...)},
	{userCollection, []string{"metadata.end_user_budget_id", "organization_memberships.*.budget_id"}},
	{rosters, []string{"metadata.team_member_budget_id", "metadata.end_user_budget_id", "team_memberships.*.budget_id", "keys.*.budget_id"}},
	{customerCollection, budgetPaths},
	{tagCollection, budgetPaths},
	{accessGroupCollection, budgetPaths},
	{projectCollection, budgetPaths},
	{organizationCollection, append([]string{"members.*.budget_id"}, budgetPaths...)},
}

// usedBudgets returns the IDs of the budgets that something uses. If a list cannot be read,
// no budget can be called unused: that is an error.
func usedBudgets(ctx context.Context, call *operation.Call) (map[string]bool, error) {
	used, organized := map[string]bool{}, false
	for _, holder := range budgetHolders {
		for item, err := range holder.list.All(ctx, call, nil) {
			code := proxyclient.CodeOf(err)
			if code == proxyclient.CodeUnsupported || code == proxyclient.CodeEnterprise && !organized {
				break // the gateway has none
			}
			if e := operation.AsError(err); e != nil && e.Status != 0 {
				return nil, &proxyclient.Error{Code: e.Code, Status: e.Status,
					Message: fmt.Sprintf("cannot tell which budgets are unused: the %s cannot be read: %s", plural.Of(holder.list.What), e.Message)}
			}
			if err != nil {
				return nil, err
			}
			organized = organized || organizedItem(item)
			for _, path := range holder.paths {
				for _, id := range textsAt(item, path) {
					used[id] = true
				}
			}
		}
	}
	return used, nil
}

// organizedItem reports whether something belongs to an organization, so that there are some
// although the gateway has no license to show them.
func organizedItem(item json.RawMessage) bool {
	for _, path := range []string{"organization_id", "org_id", "organization_memberships.*.organization_id"} {
		if len(textsAt(item, path)) > 0 {
			return true
		}
	}
	return false
}

// textsAt returns the texts at a dotted path, in which * is each item of a list.
func textsAt(item json.RawMessage, path string) []string {
	list, rest, many := strings.Cut(path, ".*.")
	if !many {
		if text := operation.Word(operation.NoNull(operation.Lookup(item, path))); text != "" {
			return []string{text}
		}
		return nil
	}
	var items []json.RawMessage
	_ = json.Unmarshal(operation.Lookup(item, list), &items)
	var texts []string
	for _, one := range items {
		texts = append(texts, textsAt(one, rest)...)
	}
	return texts
}
