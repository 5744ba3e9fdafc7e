package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// team is the team of the caller's key, nil if it has none.
func (c *call) team() object {
	if c.who.key == nil {
		return nil
	}
	return byID(c.Teams, "team_id", text(c.who.key["team_id"]))
}

// memberBudget is the budget of the caller's place in the team of its key.
func (c *call) memberBudget() (membership, budget object) {
	if c.who.key == nil || text(c.who.key["team_id"]) == "" || c.who.userID == "" {
		return nil, nil
	}
	membership = c.membership(c.who.key["team_id"], c.who.userID)
	return membership, byID(c.Budgets, "budget_id", text(membership["budget_id"]))
}

// teamAliases are the names that a team has for models.
func teamAliases(team object) object {
	table, _ := team["litellm_model_table"].(object)
	aliases, _ := table["model_aliases"].(object)
	return aliases
}

// keyAliases are the names that a key has for models.
func keyAliasesOf(key object) object {
	aliases, _ := key["aliases"].(object)
	return aliases
}

// alias resolves a model name by the team's aliases, then by the key's.
func (c *call) alias(name string) string {
	if c.who.key == nil {
		return name
	}
	name = or2(text(teamAliases(c.team())[name]), name)
	return or2(text(keyAliasesOf(c.who.key)[name]), name)
}

// modelRefusal is the error type with which the caller may not use the model: its key,
// then its team, then its user can forbid it. "" means it may.
func (c *call) modelRefusal(asked string) string {
	if kind := c.keyRefusal(asked); kind != "" {
		return kind
	}
	return c.ownerRefusal(asked)
}

// checked is the name that is looked for among the allowed ones: the target of a key's
// alias, but not of a team's, which is allowed by itself.
func (c *call) checked(asked string) (name string, free bool) {
	_, free = teamAliases(c.team())[asked]
	if name = c.alias(asked); free && name == or2(text(teamAliases(c.team())[asked]), asked) {
		return asked, true
	}
	return name, false
}

func (c *call) keyRefusal(asked string) string {
	if c.who.key == nil || c.who.isAdmin() && len(list(c.who.key["models"])) == 0 {
		return ""
	}
	if name, free := c.checked(asked); !free && !c.allows(list(c.who.key["models"]), name) {
		return "key_model_access_denied"
	}
	return ""
}

// ownerRefusal is modelRefusal for the owner of the key.
func (c *call) ownerRefusal(asked string) string {
	if c.who.key == nil || c.who.isAdmin() && len(list(c.who.key["models"])) == 0 {
		return ""
	}
	name, free := c.checked(asked)
	team := c.team()
	if team == nil {
		if user := byID(c.Users, "user_id", c.who.userID); user != nil && !c.allows(list(user["models"]), name) {
			return "user_model_access_denied"
		}
		return ""
	}
	_, budget := c.memberBudget()
	if !free && !c.allows(list(team["models"]), name) || !c.allows(list(budget["allowed_models"]), name) {
		return "team_model_access_denied"
	}
	return ""
}

// allows reports whether a list of models, wildcards and access groups has the model. An
// empty list has every model.
func (c *call) allows(allowed []string, name string) bool {
	for _, one := range allowed {
		switch {
		case one == name, one == "*", one == "all-proxy-models", one == "all-team-models":
			return true
		case strings.HasSuffix(one, "*") && strings.HasPrefix(name, strings.TrimSuffix(one, "*")):
			return true
		}
	}
	return len(allowed) == 0 || len(c.groupsFor(allowed, name)) > 0
}

// groupsFor are those of the names that are access groups with a deployment of the model.
func (c *call) groupsFor(names []string, model string) (groups []string) {
	for _, deployment := range c.Models {
		if own := text(deployment["model_name"]); own != model && (!isWildcard(deployment) || patternParts(own, model) == nil) {
			continue
		}
		for _, group := range groupsOf(deployment) {
			if slices.Contains(names, group) && !slices.Contains(groups, group) {
				groups = append(groups, group)
			}
		}
	}
	return groups
}

// groupsUsed are the access groups by which the caller may use the model.
func (c *call) groupsUsed(model string) []string {
	if c.who.key == nil {
		return nil
	}
	names := list(c.who.key["models"])
	if team := c.team(); team != nil {
		names = append(slices.Clone(names), list(team["models"])...)
	} else if user := byID(c.Users, "user_id", c.who.userID); user != nil {
		names = append(slices.Clone(names), list(user["models"])...)
	}
	return c.groupsFor(names, model)
}

func modelDenied(kind, asked string) *reply {
	if kind == "customer_model_access_denied" {
		return fail(http.StatusForbidden, kind, "model", "The requested model '"+asked+"' is not in the allowed models for this customer. "+
			"Check the models this customer can use and try again.")
	}
	return fail(http.StatusForbidden, kind, "model", "The requested model '"+asked+"' is not available for this API key, "+
		"or the model name is invalid. Check the models available to you and try again.")
}

// deniedModel refuses a model that nobody but the key forbids.
func (c *call) deniedModel(asked, customer string) *reply {
	if kind := c.ownerRefusal(asked); kind != "" {
		return modelDenied(kind, asked)
	}
	if row := byID(c.Customers, "user_id", customer); row != nil && !c.allows(list(row["models"]), c.alias(asked)) {
		return modelDenied("customer_model_access_denied", asked)
	}
	return nil
}
