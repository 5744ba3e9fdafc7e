package tools

import (
	"context"
	"encoding/json"
	"fmt"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// A gateway answers GET /models for a key whose model calls it rejects, so the verdict comes
// from the state of the key, its team and its user.

// verdict returns the reason why the gateway rejects model calls with the key, and the word
// for it, or nil. It ignores what the key may not see.
func verdict(ctx context.Context, call *operation.Call, key, user json.RawMessage) (status string, why error) {
	id := operation.Word(operation.Lookup(key, "team_id"))
	switch {
	case string(operation.Lookup(key, "blocked")) == "true":
		return "blocked", &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: "the key is blocked", Hint: "an admin can unblock the key: {op:keys unblock}"}
	case hasExpired(call, key):
		return "expired", &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: "the key has expired",
			Hint: "use another, or extend its duration with an admin's key"}
	case spentUp(key, orTier("max_budget"), false):
		return budgetSpent("Key="+keyName(key), key, orTier("max_budget"))
	case id == "":
		// The budget of a user limits personal keys only.
		if spentUp(user, "max_budget", false) {
			return budgetSpent("User="+operation.Word(operation.Lookup(user, "user_id")), user, "max_budget")
		}
		return "", nil
	}
	return teamVerdict(ctx, call, id, operation.Word(operation.Lookup(key, "user_id")))
}

// teamVerdict is the verdict on a key of a team.
func teamVerdict(ctx context.Context, call *operation.Call, id, userID string) (status string, why error) {
	t, err := readTeam(ctx, call, id)
	if err != nil {
		return "", nil
	}
	if string(operation.Lookup(t.item, "blocked")) == "true" {
		return "team blocked", &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: "the team of the key, " + t.label() + ", is blocked",
			Hint: "an admin can unblock the team: {op:teams unblock}"}
	}
	if spentUp(t.item, "max_budget", true) {
		return budgetSpent("Team="+id, t.item, "max_budget")
	}
	for _, m := range t.memberships {
		if m.UserID != userID || userID == "" {
			continue
		}
		member := operation.Encode(operation.RowOf("spend", m.Spend, "max_budget", t.limitsOf(m).MaxBudget))
		if spentUp(member, "max_budget", false) {
			return budgetSpent("User="+userID+" in Team="+id, member, "max_budget")
		}
	}
	return "", nil
}

// keyName is the alias of a key, or else its masked form.
func keyName(key json.RawMessage) string {
	if alias := operation.Word(operation.Lookup(key, "key_alias")); alias != "" {
		return alias
	}
	return operation.Word(operation.Lookup(key, "key_name"))
}

// spentUp reports whether an item has used its budget: the gateway rejects calls once the
// spend reaches the limit, those of a team once it exceeds it.
func spentUp(item json.RawMessage, limit string, exceeds bool) bool {
	most, err := money(operation.LookupAny(item, limit))
	spend, spendErr := money(operation.Lookup(item, "spend"))
	if err != nil || spendErr != nil {
		return false
	}
	return spend > most || spend == most && !exceeds
}

func budgetSpent(whose string, item json.RawMessage, limit string) (string, error) {
	most, _ := money(operation.LookupAny(item, limit))
	spend, _ := money(operation.Lookup(item, "spend"))
	return "over budget", proxyclient.BudgetExceeded(fmt.Sprintf("%s has spent %s of %s US dollars, so model calls are rejected", operation.Shown(whose), amount(spend), amount(most)))
}
