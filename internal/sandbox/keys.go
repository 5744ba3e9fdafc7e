package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// settable are the fields of a key that /key/generate and /key/update store as
// they come; the others have consequences.
var settable = []string{"key_alias", "models", "spend", "max_budget", "user_id", "team_id", "agent_id", "project_id",
	"max_parallel_requests", "metadata", "tpm_limit", "rpm_limit", "tpd_limit", "budget_duration", "allowed_cache_controls", "config", "permissions",
	"blocked", "aliases", "budget_id", "allowed_routes", "organization_id", "access_group_ids", "key_type", "budget_fallbacks"}

// emptied lists fields of which null means empty.
var emptied = map[string]any{"models": []any{}, "allowed_cache_controls": []any{}, "allowed_routes": []any{},
	"metadata": object{}, "config": object{}, "permissions": object{}, "aliases": object{}, "access_group_ids": []any{}, "budget_fallbacks": object{}}

// assign copies the settable fields that the body has.
func assign(row, body object, names []string) {
	for _, name := range names {
		value, given := body[name]
		if !given {
			continue
		}
		if empty, is := emptied[name]; is && value == nil {
			value = empty
		}
		row[name] = value
	}
	keepInMetadata(row, body, inMetadata, premium)
	if id, is := row["organization_id"]; is {
		row["org_id"] = id
	}
	if text(row["team_id"]) == "" {
		row["team_id"] = nil
	}
}

// newKey makes and stores a key's row. The key itself is not stored.
func (c *call) newKey(body object, key string) object {
	now := c.stamp()
	row := maps.Clone(shapes()["key_row"])
	assign(row, body, settable)
	permit(row, body, true)
	c.setWindows(row, body, "+00:00")
	row["token"], row["key_name"] = tokenOf(key), maskedKey(key)
	row["created_at"], row["updated_at"] = now, now
	row["created_by"], row["updated_by"] = c.who.name(), c.who.name()
	row["spend"] = or(row["spend"], money(0))
	if duration := text(row["budget_duration"]); duration != "" {
		row["budget_reset_at"], _ = resetTime(c.now(), duration)
	}
	c.Keys = append(c.Keys, row)
	return row
}

var keyTypes = map[string][]any{"default": {}, "llm_api": {"llm_api_routes"}, "management": {"management_routes"}, "read_only": {"info_routes"}}

func generateKey(c *call) *reply {
	if bad := c.readAs("POST /key/generate"); bad != nil {
		return bad
	}
	body := c.body
	if bad := c.mayOwn(body, false); bad != nil {
		return bad
	}
	if bad := c.badNewKey(body); bad != nil {
		return bad
	}
	expires, bad := c.expiry(body["duration"])
	if bad != nil {
		return bad
	}
	key, given := body["key"].(string)
	if !given {
		key = "sk-" + randomText(16)
	} else if len(key) < 3 || key[:3] != "sk-" {
		return failure(http.StatusBadRequest, pyDict("error", "Invalid key format. LiteLLM Virtual Key must start with 'sk-'. Received: ****"))
	}
	if soft := body["soft_budget"]; soft != nil && body["budget_id"] == nil {
		body["budget_id"] = c.addBudget(object{"soft_budget": soft, "model_max_budget": object{}})["budget_id"]
	}
	if _, given := body["key_type"]; !given {
		body["key_type"] = "default"
	}
	if routes := keyTypes[text(body["key_type"])]; len(routes) > 0 {
		body["allowed_routes"] = routes
	}
	row := byID(c.Keys, "token", tokenOf(key))
	if row == nil { // the same key again is answered as if it were new
		probe := object{}
		if bad := setRouter(probe, body, false); bad != nil {
			return bad
		}
		row = c.newKey(body, key)
		row["expires"], row["router_settings"] = expires, or(probe["router_settings"], object{})
		if interval := text(body["rotation_interval"]); body["auto_rotate"] == true && interval != "" {
			row["auto_rotate"], row["rotation_interval"] = true, interval
			row["key_rotation_at"], _ = c.expiry(interval)
		}
	}
	return ok(view("key_generate", row, "key", key, "token_id", row["token"], "duration", nil, "policies", nil,
		"router_settings", shownRouter(row), "object_permission", nil, "budget_limits", windowsAt(row, "Z"), "litellm_budget_table", c.budgetOf(row)))
}

// badNewKey refuses what needs a license or refers to something missing.
func (c *call) badNewKey(body object) *reply {
	if bad := licensed(body, true); bad != nil {
		return bad
	}
	if message, refused := licensedModelBudget(body); refused {
		return failure(http.StatusInternalServerError, message)
	}
	if id := text(body["project_id"]); id != "" {
		return failure(http.StatusNotFound, pyDict("error", "Project not found, project_id="+id))
	}
	if bad := badLimits(body); bad != nil {
		return bad
	}
	if bad := c.refusedAlias(body["key_alias"], nil); bad != nil {
		return bad
	}
	if id := text(body["organization_id"]); id != "" {
		return failure(http.StatusInternalServerError, "Organization doesn't exist in db. Organization="+id+". Create organization via `/organization/new` call.")
	}
	if id := text(body["budget_id"]); id != "" && byID(c.Budgets, "budget_id", id) == nil {
		return failure(http.StatusInternalServerError, pyDict("error", "Internal Server Error."))
	}
	return c.badCustomerBudget(body)
}

// badCustomerBudget refuses a budget for a key's customers that does not exist.
func (c *call) badCustomerBudget(body object) *reply {
	id := text(body["end_user_budget_id"])
	if metadata, is := body["metadata"].(object); is && id == "" {
		id = text(metadata["end_user_budget_id"])
	}
	if id == "" || byID(c.Budgets, "budget_id", id) != nil {
		return nil
	}
	return failure(http.StatusBadRequest, pyDict("error", "end_user_budget_id="+id+" does not match any budget."))
}

// mayOwn keeps users from making keys for others and fills in their own id.
func (c *call) mayOwn(body object, update bool) *reply {
	if c.who.sees() {
		return nil
	}
	if id := text(body["user_id"]); id != "" && id != c.who.userID {
		return failure(http.StatusForbidden, fmt.Sprintf("User can only create keys for themselves. Got user_id=%s, Your ID=%s", id, c.who.userID))
	}
	if update {
		return nil
	}
	if id := text(body["team_id"]); id != "" {
		team := byID(c.Teams, "team_id", id)
		if team == nil {
			return failure(http.StatusBadRequest, "Team not found for team_id="+id+". Non-admin users cannot create keys for non-existent teams.")
		}
		if bad := c.mayMakeKeys(team); bad != nil {
			return bad
		}
	}
	body["user_id"] = c.who.userID
	return nil
}

// refusedAlias refuses an alias that a key cannot have, or that another key has.
func (c *call) refusedAlias(alias any, except object) *reply {
	name, given := alias.(string)
	if !given {
		return nil
	}
	breaks := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	if strings.ContainsFunc(name, breaks) || slices.Contains(strings.Split(name, "/"), "..") {
		return fail(http.StatusBadRequest, "bad_request_error", "key_alias",
			`Invalid key_alias: must not contain control characters (such as tab or newline) or a ".." path segment`)
	}
	for _, row := range c.Keys {
		if row["key_alias"] == name && (except == nil || row["token"] != except["token"]) {
			return fail(http.StatusBadRequest, "bad_request_error", "key_alias", fmt.Sprintf(
				"Key with alias '%s' already exists. Unique key aliases across all keys are required.", name))
		}
	}
	return nil
}

// budgetOf is the budget that the key's budget_id names, nil if none.
func (c *call) budgetOf(row object) any {
	if budget := byID(c.Budgets, "budget_id", text(row["budget_id"])); budget != nil {
		return budget
	}
	return nil
}

// badServiceAccount refuses what generateKey does, in other words, and drops what a
// service account does not have.
func (c *call) badServiceAccount() *reply {
	for _, name := range premium {
		if !isFalsy(c.body[name]) {
			return detailError(http.StatusForbidden, "This feature is only available for LiteLLM Enterprise users: "+name+". "+enterprise)
		}
	}
	if _, refused := licensedModelBudget(c.body); refused {
		return crash()
	}
	if id := text(c.body["project_id"]); id != "" {
		return detailError(http.StatusNotFound, "Project not found, project_id="+id)
	}
	if !isFalsy(c.body["object_permission"]) {
		return unsupported("object_permission")
	}
	delete(c.body, "organization_id")
	delete(c.body, "user_id")
	c.raw = marshal(c.body)
	return nil
}

// serviceAccountKey makes a key that belongs to a team and to nobody.
func serviceAccountKey(c *call) *reply {
	if bad := c.readAs("POST /key/service-account/generate"); bad != nil {
		return bad
	}
	if text(c.body["team_id"]) == "" {
		return detail(http.StatusBadRequest, "team_id is required for service account keys. Please specify `team_id` in the request body.")
	}
	if byID(c.Teams, "team_id", text(c.body["team_id"])) == nil {
		return detailError(http.StatusBadRequest, "Team not found for team_id="+text(c.body["team_id"]))
	}
	if bad := c.badServiceAccount(); bad != nil {
		return bad
	}
	answer := generateKey(c)
	if made, is := answer.body.(object); is && answer.status == http.StatusOK {
		row := byID(c.Keys, "token", text(made["token"]))
		metadata := maps.Clone(or(row["metadata"], object{}).(object))
		metadata["service_account_id"] = row["key_alias"]
		row["metadata"], made["metadata"] = metadata, metadata
	}
	return answer
}
