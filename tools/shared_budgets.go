package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// A customer, a tag, an access group and others may refer to a shared budget. The gateway
// writes a limit of one of them into that budget, for all of them.

// sharedLimits are the fields that the gateway writes into the budget that a thing has.
var sharedLimits = []string{"max_budget", "soft_budget", "budget_duration", "budget_reset_at", "tpm_limit", "rpm_limit", "tpd_limit",
	"max_parallel_requests", "model_max_budget", "max_budget_in_team", "max_budget_in_organization"}

// budgetPaths are where the gateway shows the budget of a thing.
var budgetPaths = []string{"budget_id", "litellm_budget_table.budget_id", "budget.budget_id"}

// budgetIDOf returns the ID of the budget that a thing has, or "".
func budgetIDOf(item json.RawMessage) string {
	for _, path := range budgetPaths {
		if id := operation.Word(operation.NoNull(operation.Lookup(item, path))); id != "" {
			return id
		}
	}
	return ""
}

// ownBudget refuses to write limits through an item whose budget is shared. argument
// identifies the item.
func ownBudget(of *operation.Collection, argument string) operation.Check {
	return func(ctx context.Context, call *operation.Call) error {
		fields := limitsGiven(call)
		if len(fields) == 0 {
			return nil
		}
		if err := oneBudget(ctx, call); err != nil {
			return err
		}
		thing, err := of.FindID(ctx, call, call.Args().String(argument))
		if e := operation.AsError(err); e != nil && (e.Status != 0 || e.Code == proxyclient.CodeBadAnswer || operation.IsNotFound(err)) {
			return nil // the gateway decides
		}
		if err != nil {
			return err
		}
		return unshared(ctx, call, of.What+" "+thing.Label(), budgetIDOf(thing.Item))
	}
}

// oneBudget refuses limits next to a budget: the gateway writes them into the present
// budget, or drops them.
func oneBudget(_ context.Context, call *operation.Call) error {
	if fields := limitsGiven(call); len(fields) > 0 && sets(call.Body(), "budget_id") {
		limit := fields[0]
		if _, argument := call.Operation().Field(limit); argument {
			limit = "{" + limit + "}"
		}
		return operation.Usage(limit + " would not become a limit of the budget that {budget_id} assigns; give one")
	}
	return nil
}

// ownSoftBudget is [ownBudget] for a key. Of its limits, the gateway keeps only soft_budget
// in a budget: for a new key in one of its own, which takes the place of budget_id.
func ownSoftBudget(ctx context.Context, call *operation.Call) error {
	body := call.Body()
	if !sets(body, "soft_budget") {
		return nil
	}
	if sets(body, "budget_id") {
		return operation.Usage("soft_budget takes the place of the budget that {budget_id} assigns; give one")
	}
	if call.Args().String("key") == "" {
		return nil
	}
	key, err := keyToChange(ctx, call)
	if err != nil {
		return err
	}
	return unshared(ctx, call, "key "+key.Label(), budgetIDOf(key.Item))
}

// limitsGiven returns the limits that a call writes.
func limitsGiven(call *operation.Call) (fields []string) {
	body := call.Body()
	for _, name := range sharedLimits {
		if body[name] != nil {
			fields = append(fields, name)
		}
	}
	return fields
}

// unshared returns an error if the budget of whose is shared.
func unshared(ctx context.Context, call *operation.Call, whose, budget string) error {
	if budget == "" {
		return nil
	}
	others, err := budgetUsers(ctx, call, budget)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(other string) bool { return other == whose })
	if len(others) == 0 {
		return nil
	}
	name := operation.Shown(budget)
	e := &proxyclient.Error{Code: proxyclient.CodeConflict,
		Message: fmt.Sprintf("%s shares budget %s with %s: %s; nothing was sent", whose, name, operation.Counted(len(others), "other"), firstOf(others)),
		Hint:    fmt.Sprintf("to change it for all of them, use {op:budgets update} %s", name)}
	if _, takes := call.Operation().Field("budget_id"); takes {
		e.Hint += fmt.Sprintf("; to assign %s another budget, use {budget_id}", whose)
	}
	return e
}

// budgetUsers returns the users of a budget that the key may see. The gateway's lists of
// budgets do not name them.
func budgetUsers(ctx context.Context, call *operation.Call, budget string) (users []string, err error) {
	for _, of := range []*operation.Collection{customerCollection, tagCollection, accessGroupCollection, projectCollection, organizationCollection, keyCollection} {
		for item, err := range of.All(ctx, call, nil) {
			if e := operation.AsError(err); e != nil && (e.Status != 0 || e.Code == proxyclient.CodeBadAnswer) {
				break // the key may not see them
			}
			if err != nil {
				return nil, err
			}
			if budgetIDOf(item) == budget {
				thing := operation.Thing{ID: operation.Lookup(item, of.ID), Name: operation.Word(operation.Lookup(item, of.Name)), Item: item}
				users = append(users, of.What+" "+thing.Label())
			}
		}
	}
	return users, nil
}

// ownMemberBudget is [ownBudget] for a member of a team or an organization, who can share a
// budget with other members. The gateway gives a member with the team's default one a budget
// of their own.
func ownMemberBudget(path, argument, list string) operation.Check {
	return func(ctx context.Context, call *operation.Call) error {
		if len(limitsGiven(call)) == 0 {
			return nil
		}
		body, err := call.Read(ctx, proxyclient.Request{Path: path, Query: map[string][]string{argument: {call.Args().String(argument)}}})
		if e := operation.AsError(err); e != nil && e.Status != 0 {
			return nil // the gateway decides
		}
		if err != nil {
			return err
		}
		var members []json.RawMessage
		_ = json.Unmarshal(operation.Lookup(body, list), &members)
		user := call.Args().String("user_id")
		budget, others := "", []string{}
		for _, m := range members {
			if operation.Word(operation.Lookup(m, "user_id")) == user {
				budget = budgetIDOf(m)
			}
		}
		if budget == "" || budget == operation.Word(operation.Lookup(body, "team_info.metadata.team_member_budget_id")) {
			return nil
		}
		for _, m := range members {
			if id := operation.Word(operation.Lookup(m, "user_id")); id != user && budgetIDOf(m) == budget {
				others = append(others, operation.Name(id))
			}
		}
		if len(others) > 0 {
			return &proxyclient.Error{Code: proxyclient.CodeConflict,
				Message: fmt.Sprintf("member %s shares budget %s with %s; nothing was sent", operation.Name(user), operation.Shown(budget), firstOf(others)),
				Hint:    "to change it for all of them, use {op:budgets update} " + operation.Shown(budget)}
		}
		return nil
	}
}

// notesTier notes that the budget of a key limits it although its own limit is cleared.
func notesTier(ctx context.Context, call *operation.Call) error {
	if !slices.Contains(call.Args().List("clear"), "max_budget") || call.Body()["budget_id"] != nil {
		return nil
	}
	key, err := keyToChange(ctx, call)
	if limit := dollars(key, "litellm_budget_table.max_budget"); err == nil && limit != "" {
		call.Note("Budget " + operation.Name(budgetIDOf(key.Item)) + " still limits the key to " + limit + ".")
	}
	return err
}
