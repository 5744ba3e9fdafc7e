package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func updateKey(c *call) *reply {
	if bad := c.readAs("POST /key/update"); bad != nil {
		return bad
	}
	body := c.body
	row, bad := c.keyToUpdate(body)
	if bad != nil {
		return bad
	}
	if bad := c.mayUpdate(row, body); bad != nil {
		return bad
	}
	if bad := badLimits(body); bad != nil {
		return bad
	}
	if bad := badKeyChange(body); bad != nil {
		return bad
	}
	if bad := c.refusedAlias(body["key_alias"], row); bad != nil {
		return bad
	}
	if id := text(body["team_id"]); id != "" && byID(c.Teams, "team_id", id) == nil {
		return failure(http.StatusNotFound, pyDict("error", "Team doesn't exist in db. Team="+id+". Create team via `/team/new` call."))
	}
	if id := text(body["budget_id"]); id != "" && byID(c.Budgets, "budget_id", id) == nil {
		return failure(http.StatusBadRequest, "Foreign key constraint failed on the field: `LiteLLM_VerificationToken_budget_id_fkey (index)`")
	}
	if bad := c.badCustomerBudget(body); bad != nil {
		return bad
	}
	if bad := c.changeExpiry(row, body); bad != nil {
		return bad
	}
	c.changeKey(row, body)
	c.touchKey(row)
	return ok(offset(view("key_row", row, "key", or2(text(body["key"]), text(row["token"])))))
}

// keyToUpdate is the key that the body names by itself or by its alias.
func (c *call) keyToUpdate(body object) (row object, bad *reply) {
	asked, alias := text(body["key"]), text(body["key_alias"])
	switch {
	case asked != "":
		row = byID(c.Keys, "token", tokenOf(asked))
	case alias != "":
		row = byID(c.Keys, "key_alias", alias)
	default:
		return nil, valueError("either key or key_alias must be provided")
	}
	if row == nil {
		return nil, fail(http.StatusNotFound, "not_found_error", "key", "Key not found.")
	}
	return row, nil
}

// changeKey stores what the body says, which was found to be right.
func (c *call) changeKey(row, body object) {
	if body["team_id"] == "" {
		body = maps.Clone(body)
		delete(body, "team_id") // the key stays in its team
	}
	assign(row, body, slices.Concat(settable, []string{"auto_rotate", "rotation_interval"}))
	permit(row, body, true)
	_ = setRouter(row, body, false)
	c.setWindows(row, body, "+00:00")
	c.setSoftBudget(row, body)
	if interval := text(row["rotation_interval"]); body["auto_rotate"] == true && interval != "" {
		row["key_rotation_at"], _ = c.expiry(interval)
	}
	if duration, given := body["budget_duration"]; given {
		row["budget_reset_at"] = nil
		if at, is := resetTime(c.now(), text(duration)); is {
			row["budget_reset_at"] = at
		}
	}
}

// badKeyChange refuses what needs a license, refers to something missing or cannot be
// emptied.
func badKeyChange(body object) *reply {
	increase, expiry := body["temp_budget_increase"], body["temp_budget_expiry"]
	if (increase == nil) != (expiry == nil) {
		return valueError("temp_budget_increase and temp_budget_expiry must be set together")
	}
	if at, given := expiry.(string); given {
		body["temp_budget_expiry"] = strings.TrimSuffix(at, "Z") + "+00:00"
	}
	if bad := licensed(body, true); bad != nil {
		return bad
	}
	if message, refused := licensedModelBudget(body); refused {
		return failure(http.StatusBadRequest, message)
	}
	if id := text(body["project_id"]); id != "" {
		return failure(http.StatusNotFound, pyDict("error", "Project not found, project_id="+id))
	}
	if id := text(body["organization_id"]); id != "" {
		return failure(http.StatusBadRequest, "Organization doesn't exist in db. Organization="+id+". Create organization via `/organization/new` call.")
	}
	if message := notNull(body, []string{"metadata", "config", "permissions", "aliases", "model_max_budget", "budget_fallbacks", "router_settings"},
		[]string{"models", "allowed_routes", "access_group_ids", "allowed_cache_controls", "spend"}); message != "" {
		return failure(http.StatusBadRequest, message)
	}
	return setRouter(object{}, body, false)
}

// setSoftBudget stores a key's soft budget, in a budget of its own if it has none.
func (c *call) setSoftBudget(row, body object) {
	soft, given := body["soft_budget"]
	if !given {
		return
	}
	if budget := byID(c.Budgets, "budget_id", text(row["budget_id"])); budget != nil {
		budget["soft_budget"] = soft
	} else if soft != nil {
		row["budget_id"] = c.addBudget(object{"soft_budget": soft})["budget_id"]
	}
}

// mayUpdate keeps users from changing others' keys, and limits of their own.
func (c *call) mayUpdate(row, body object) *reply {
	if c.who.isAdmin() {
		return nil
	}
	if row["user_id"] != c.who.userID {
		return failure(http.StatusForbidden, fmt.Sprintf("User can only create keys for themselves. Got user_id=%s, Your ID=%s", text(row["user_id"]), c.who.userID))
	}
	_, budget := body["max_budget"]
	if _, spend := body["spend"]; budget || spend {
		return failure(http.StatusForbidden, pyDict("error", fmt.Sprintf(
			"Only proxy admins, team admins, or org admins can call /key/update (max_budget/spend). user_role=%s, user_id=%s", c.who.shownRole(), c.who.userID)))
	}
	if row["team_id"] == nil && row["created_by"] != c.who.userID {
		return failure(http.StatusForbidden, pyDict("error", fmt.Sprintf(
			"Only proxy admins, team admins, or org admins can call /key/update. user_role=%s, user_id=%s", c.who.shownRole(), c.who.userID)))
	}
	if bad := c.mayMove(body); bad != nil {
		return bad
	}
	return c.mayOwn(body, true)
}

// mayMove keeps users from giving their keys to teams that are not theirs, or that do not
// let them.
func (c *call) mayMove(body object) *reply {
	team := byID(c.Teams, "team_id", text(body["team_id"]))
	switch {
	case team == nil:
		return nil // said later
	case !isMember(team, c.who.userID):
		return failure(http.StatusForbidden, "User="+c.who.userID+" is not a member of the team="+text(team["team_id"])+". Check team members via `/team/info`.")
	}
	return c.memberMay(team, "/key/update", "/key/update")
}

// changeExpiry sets when the key expires, if the body says so.
func (c *call) changeExpiry(row, body object) *reply {
	if value, given := body["duration"]; given && value == nil {
		row["expires"] = nil
	}
	if duration, is := body["duration"].(string); is {
		if duration == "-1" {
			row["expires"] = nil
		} else if count, unit, wrong := parseDuration(duration); wrong != "" {
			return failure(http.StatusBadRequest, wrong)
		} else {
			row["expires"] = formatTime(addDuration(c.now(), count, unit))
		}
	}
	return nil
}

func (c *call) touchKey(row object) {
	now := c.stamp()
	row["updated_at"], row["settings_updated_at"], row["updated_by"] = now, now, c.who.name()
}

func deleteKeys(c *call) *reply {
	if bad := c.read("keys:list key_aliases:list"); bad != nil {
		return bad
	}
	field, names := "token", list(c.body["keys"])
	if len(names) == 0 { // aliases are ignored when there are keys
		field, names = "key_alias", list(c.body["key_aliases"])
	}
	if len(names) == 0 {
		return valueError("At least one of 'keys' or 'key_aliases' must be provided.")
	}
	var found []object
	for _, name := range names {
		if field == "token" {
			name = tokenOf(name)
		}
		for _, row := range c.Keys {
			if row[field] == name { // an alias may be ""
				found = append(found, row)
				break
			}
		}
	}
	if len(found) == 0 {
		return failure(http.StatusNotFound, pyDict("error", "No keys found"))
	}
	for _, row := range found {
		if !c.who.isAdmin() && row["user_id"] != c.who.userID {
			return failure(http.StatusForbidden, pyDict("error", "You are not authorized to delete this key"))
		}
	}
	for _, row := range found {
		c.removeKey(row)
	}
	return ok(object{"deleted_keys": names}) // repeated as asked, gone or not
}

// removeKey deletes a key and remembers it for /key/list?status=deleted.
func (c *call) removeKey(row object) {
	deleted := view("key_deleted", row)
	maps.Copy(deleted, c.deletion())
	c.DeletedKeys = append(c.DeletedKeys, deleted)
	drop(&c.Keys, "token", text(row["token"]))
}

// deletion is what the gateway adds to a row that it keeps after its deletion.
func (c *call) deletion() object {
	by := "litellm_proxy_master_key"
	if c.who.key != nil {
		by = text(c.who.key["token"])
	}
	changedBy := any(nil)
	if header := c.r.Header.Get("Litellm-Changed-By"); header != "" {
		changedBy = header
	}
	return object{"id": uuid(), "deleted_at": c.stamp(), "deleted_by": c.who.name(), "deleted_by_api_key": by, "litellm_changed_by": changedBy}
}

// keepDeleted remembers a team for /v2/team/list?status=deleted.
func (c *call) keepDeleted(team object) {
	deleted := view("team_v2", team)
	for _, name := range []string{"members_count", "keys_count", "caller_membership", "access_group_models", "access_group_mcp_server_ids",
		"access_group_agent_ids", "access_group_skill_names"} {
		delete(deleted, name)
	}
	deleted["default_team_member_models"] = nil
	maps.Copy(deleted, c.deletion())
	c.DeletedTeams = append(c.DeletedTeams, deleted)
}

func blockKey(c *call) *reply   { return setKeyBlocked(c, true) }
func unblockKey(c *call) *reply { return setKeyBlocked(c, false) }

func setKeyBlocked(c *call, blocked bool) *reply {
	if bad := c.read("key!:str"); bad != nil {
		return bad
	}
	token := tokenOf(text(c.body["key"]))
	row := byID(c.Keys, "token", token)
	switch {
	case row == nil && c.who.isAdmin():
		return fail(http.StatusNotFound, "not_found_error", "key", "Key not found.")
	case row == nil:
		return detailError(http.StatusNotFound, "Key not found: "+token)
	case !c.who.isAdmin():
		return detailError(http.StatusForbidden, fmt.Sprintf(
			"Only proxy admins, team admins, or org admins can call %s. user_role=%s, user_id=%s", c.path, c.who.shownRole(), c.who.userID))
	}
	row["blocked"] = blocked
	c.touchKey(row)
	if blocked {
		return ok(view("key_block", row))
	}
	return ok(view("key_row", row))
}

// regenerateKey needs Enterprise, but reads what it would be told.
func regenerateKey(c *call) *reply {
	if len(c.raw) > 0 {
		if bad := c.readAs("POST /key/generate"); bad != nil {
			return bad
		}
	}
	return failure(http.StatusInternalServerError, "Regenerating Virtual Keys is an Enterprise feature, "+enterprise)
}

// resetSpend sets a key's spend back.
func resetSpend(c *call) *reply {
	if bad := c.read("reset_to!:float"); bad != nil {
		return bad
	}
	row := byID(c.Keys, "token", tokenOf(c.param["key"]))
	if row == nil {
		return detailError(http.StatusNotFound, "Key "+c.param["key"]+" not found.")
	}
	before, _ := number(row["spend"])
	to, _ := number(c.body["reset_to"])
	if to > before {
		return detailError(http.StatusBadRequest, fmt.Sprintf("reset_to (%s) must be <= current spend (%s)", money(to), money(before)))
	}
	row["spend"] = money(to)
	return ok(object{"key_hash": row["token"], "spend": row["spend"], "previous_spend": money(before), "max_budget": row["max_budget"],
		"budget_reset_at": row["budget_reset_at"]})
}
