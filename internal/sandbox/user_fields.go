package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"unicode"
)

// badNewUser refuses a user who exists, and what a new one cannot have.
func (c *call) badNewUser(body object) *reply {
	if id := text(body["user_id"]); byID(c.Users, "user_id", id) != nil {
		return failure(http.StatusConflict, pyDict("error", "User with id "+id+" already exists"))
	}
	if email := text(body["user_email"]); email != "" {
		for _, other := range c.Users {
			if strings.EqualFold(text(other["user_email"]), email) {
				return failure(http.StatusConflict, pyDict("error", fmt.Sprintf("User with email %s already exists", other["user_email"])))
			}
		}
	}
	if message, is := negativeBudget(body["max_budget"]); is {
		return failure(http.StatusBadRequest, pyDict("error", message))
	}
	if body["password"] != nil {
		return invalid(problem("value_error", "Value error, password cannot be set via /user/new. Users set their own password through an invitation link (POST /invitation/new).", "body", "password"))
	}
	if message, refused := licensedModelBudget(body); refused {
		return failure(http.StatusInternalServerError, message)
	}
	for _, name := range []string{"models", "spend", "allowed_cache_controls"} {
		if value, given := body[name]; given && value == nil {
			return failure(http.StatusInternalServerError, pyDict("error", "Internal Server Error."))
		}
	}
	if body["model_max_budget"] == nil {
		delete(body, "model_max_budget")
	}
	return nil
}

// addKeyOfUser makes a new user's key and shows it in the answer. Budgets stay with the
// user.
func (c *call) addKeyOfUser(row, body object, expires any) {
	fields := maps.Clone(body)
	for _, name := range []string{"max_budget", "budget_duration"} {
		delete(fields, name)
	}
	fields["user_id"], fields["key_type"] = row["user_id"], nil
	key, saved := "sk-"+randomText(16), c.who
	c.who = identity{} // nobody stands in created_by
	made := c.newKey(fields, key)
	c.who = saved
	made["expires"] = expires
	for _, name := range []string{"agent_id", "aliases", "blocked", "budget_fallbacks", "config", "key_alias", "permissions", "team_id",
		"expires", "key_name", "created_at", "updated_at"} {
		row[name] = made[name]
	}
	row["key"], row["budget_limits"] = key, windowsAt(made, "Z")
}

// expiry is the time that a duration ends at; nil: it never does.
func (c *call) expiry(value any) (any, *reply) {
	duration, is := value.(string)
	if !is {
		return nil, nil
	}
	count, unit, wrong := parseDuration(duration)
	if wrong != "" {
		return nil, failure(http.StatusInternalServerError, wrong)
	}
	return formatTime(addDuration(c.now(), count, unit)), nil
}

// badUserChange refuses what only the key of a new user has, in the words of the
// gateway's database client, and drops what leaves a user unchanged.
func badUserChange(body object) *reply {
	for name, value := range body {
		switch name {
		case "max_budget", "budget_duration", "tpm_limit", "rpm_limit":
			continue
		case "model_max_budget":
			body[name] = or(value, object{})
			continue
		}
		items, isList := value.([]any)
		members, isObject := value.(object)
		if value == nil && name != "object_permission" || isList && len(items) == 0 || isObject && len(members) == 0 {
			delete(body, name)
		}
	}
	for _, name := range userKeyFields {
		if _, given := body[name]; given {
			return failure(http.StatusBadRequest, "Could not find field at `upsertOneLiteLLM_UserTable.create."+name+"`")
		}
	}
	if password, given := body["password"].(string); given {
		if problems := weakPassword(password); len(problems) > 0 {
			return fail(http.StatusBadRequest, "validation_error", "password", "Password does not meet the required policy: must "+strings.Join(problems, ", ")+".")
		}
		return unsupported("password")
	}
	return nil
}

func weakPassword(password string) (problems []string) {
	if len(password) < 12 {
		problems = append(problems, "be at least 12 characters long")
	}
	for _, rule := range []struct {
		is   func(rune) bool
		what string
	}{{unicode.IsUpper, "include an uppercase letter"}, {unicode.IsLower, "include a lowercase letter"}, {unicode.IsDigit, "include a number"}} {
		if !strings.ContainsFunc(password, rule.is) {
			problems = append(problems, rule.what)
		}
	}
	return problems
}

// modelUsage is how far a user's limits by model are used.
func modelUsage(user object) object {
	out := object{}
	limits, _ := user["model_max_budget"].(object)
	for model, value := range limits {
		limit, _ := value.(object)
		out[model] = object{"budget_limit": limit["max_budget"], "current_spend": money(0), "time_period": limit["budget_duration"], "budget_reset_at": nil}
	}
	return out
}
