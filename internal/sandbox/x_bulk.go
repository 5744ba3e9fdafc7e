package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

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

// serviceAccountKey makes a key that belongs to a team and to nobody.
func serviceAccountKey(c *call) *reply {
	if bad := c.read(keySpec); bad != nil {
		return bad
	}
	if text(c.body["team_id"]) == "" {
		return detail(http.StatusBadRequest, "team_id is required for service account keys. Please specify `team_id` in the request body.")
	}
	if byID(c.Teams, "team_id", text(c.body["team_id"])) == nil {
		return detailError(http.StatusBadRequest, "Team not found for team_id="+text(c.body["team_id"]))
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

func keyHealth(*call) *reply { return ok(object{"key": "healthy", "logging_callbacks": nil}) }

// each runs a handler once for every member of the body's list, as if it were
// the body of a request of its own.
func (c *call) each(name string, handle handler, collect func(item object, answer *reply)) {
	items, _ := c.body[name].([]any)
	for _, one := range items {
		item, is := one.(object)
		if !is {
			continue
		}
		inner := *c
		inner.raw = marshal(item)
		collect(item, handle(&inner))
	}
}

// reason is the message of a refusal.
func (r *reply) reason() string {
	body, _ := r.body.(object)
	if inner, is := body["error"].(object); is {
		return text(inner["message"])
	}
	if inner, is := body["detail"].(object); is {
		return text(inner["error"])
	}
	return text(body["detail"])
}

func bulkUpdateKeys(c *call) *reply {
	if bad := c.read("keys!:list"); bad != nil {
		return bad
	}
	updated, failed := []object{}, []object{}
	c.each("keys", updateKey, func(item object, answer *reply) {
		if answer.status == http.StatusOK {
			updated = append(updated, object{"key": item["key"], "key_info": answer.body})
		} else {
			failed = append(failed, object{"key": item["key"], "key_info": nil, "failed_reason": answer.reason()})
		}
	})
	return ok(object{"total_requested": len(updated) + len(failed), "successful_updates": updated, "failed_updates": failed})
}

func bulkCreateUsers(c *call) *reply {
	if bad := c.read("users!:list"); bad != nil {
		return bad
	}
	rows, created := []object{}, 0
	quiet := func(inner *call) *reply {
		if bad := inner.read(userSpec + " auto_create_key:bool teams:list"); bad != nil {
			return bad
		}
		if inner.body["auto_create_key"] == nil {
			inner.body["auto_create_key"] = false
			inner.raw = marshal(inner.body)
		}
		return newUser(inner)
	}
	c.each("users", quiet, func(item object, answer *reply) {
		row := object{"user_id": item["user_id"], "user_email": item["user_email"], "success": false, "teams": nil, "key": nil, "error": nil}
		if made, is := answer.body.(object); is && answer.status == http.StatusOK {
			created++
			row["success"], row["user_id"], row["teams"], row["key"] = true, made["user_id"], append([]string{}, list(made["teams"])...), made["key"]
			if made["key"] == "" {
				row["key"] = nil
			}
		} else {
			row["error"] = answer.reason()
		}
		rows = append(rows, row)
	})
	return ok(object{"data": rows, "meta": object{"total_requested": len(rows), "created": created, "failed": len(rows) - created}})
}

func bulkUpdateUsers(c *call) *reply {
	if bad := c.read("users:list all_users:bool user_updates:dict"); bad != nil {
		return bad
	}
	rows, done := []object{}, 0
	c.each("users", updateUser, func(item object, answer *reply) {
		row := object{"user_id": item["user_id"], "user_email": item["user_email"], "success": answer.status == http.StatusOK, "error": nil, "updated_user": nil}
		if answer.status == http.StatusOK {
			done++
			row["updated_user"] = answer.body
		} else {
			row["error"] = answer.reason()
		}
		rows = append(rows, row)
	})
	return ok(object{"results": rows, "total_requested": len(rows), "successful_updates": done, "failed_updates": len(rows) - done})
}

func bulkDeleteUsers(c *call) *reply {
	if bad := c.read("user_ids!:list"); bad != nil {
		return bad
	}
	rows := []object{}
	for _, id := range list(c.body["user_ids"]) {
		row := object{"user_id": id, "user_email": nil, "success": false, "teams_removed": []string{}, "error": "User id=" + id + " not found"}
		if user := byID(c.Users, "user_id", id); user != nil {
			row["user_email"], row["success"], row["error"] = user["user_email"], true, nil
			row["teams_removed"] = append([]string{}, list(user["teams"])...)
			inner := *c
			inner.raw = marshal(object{"user_ids": []string{id}})
			deleteUsers(&inner)
		}
		rows = append(rows, row)
	}
	return ok(object{"data": rows})
}

// allTeamPermissions is what members of a team may be allowed.
var allTeamPermissions = []string{"/key/generate", "/key/update", "/key/delete", "/key/info", "/key/regenerate", "/key/service-account/generate",
	"/key/{key_id}/regenerate", "/key/list", "/key/block", "/key/unblock", "/key/bulk_update", "/team/key/bulk_update", "/team/daily/activity",
	"/team/daily/activity/aggregated", "/team/daily/activity/aggregated/keys", "/team/daily/activity/aggregated/search",
	"/team/daily/activity/aggregated/model_top_keys", "/team/daily/activity/export", "/spend/logs", "/spend/logs/v2", "/key/{key_id}/reset_spend",
	"/key/aliases", "/key/access_group_assignment", "/auto_router/manage"}

func teamPermissions(c *call) *reply {
	id := c.query.Get("team_id")
	team := byID(c.Teams, "team_id", id)
	if team == nil {
		return detailError(http.StatusNotFound, "Team doesn't exist in db. Team="+id+". Create team via `/team/new` call.")
	}
	return ok(object{"team_id": id, "team_member_permissions": or(team["team_member_permissions"], []string{}), "all_available_permissions": allTeamPermissions})
}

func setTeamPermissions(c *call) *reply {
	if bad := c.read("team_id!:str team_member_permissions!:list"); bad != nil {
		return bad
	}
	id := text(c.body["team_id"])
	team := byID(c.Teams, "team_id", id)
	if team == nil {
		return detailError(http.StatusNotFound, "Team doesn't exist in db. Team="+id+". Create team via `/team/new` call.")
	}
	team["team_member_permissions"] = c.body["team_member_permissions"] // names that do not exist too
	return ok(view("team", team))
}

func addTeamModels(c *call) *reply { return changeTeamModels(c, true) }
func cutTeamModels(c *call) *reply { return changeTeamModels(c, false) }

func changeTeamModels(c *call, add bool) *reply {
	if bad := c.read("team_id!:str models!:list"); bad != nil {
		return bad
	}
	team := byID(c.Teams, "team_id", text(c.body["team_id"]))
	if team == nil {
		return noTeam(text(c.body["team_id"]))
	}
	models, given := slices.Clone(list(team["models"])), list(c.body["models"])
	if add {
		if len(models) == 0 { // a team without a list may use every model, and still may
			models = append(models, "all-proxy-models")
		}
		models = append(models, given...)
		slices.Sort(models)
		models = slices.Compact(models)
	} else {
		models = slices.DeleteFunc(models, func(name string) bool { return slices.Contains(given, name) })
	}
	team["models"], team["updated_at"] = models, c.stamp()
	return ok(view("team_row", team))
}

// callbacks are a team's, as its metadata keeps them.
func callbacks(team object) []object {
	metadata, _ := team["metadata"].(object)
	var out []object
	switch logging := metadata["logging"].(type) {
	case []object:
		out = logging
	case []any:
		for _, one := range logging {
			if callback, is := one.(object); is {
				out = append(out, callback)
			}
		}
	}
	return out
}

func (c *call) callbackTeam(id string) (object, *reply) {
	team := byID(c.Teams, "team_id", id)
	if team == nil {
		return nil, detailError(http.StatusNotFound, "Team id = "+id+" does not exist.")
	}
	return team, nil
}

func callbackNames(team object) (success, failure []string) {
	success, failure = []string{}, []string{}
	for _, callback := range callbacks(team) {
		if kind := callback["callback_type"]; kind != "failure" {
			success = append(success, text(callback["callback_name"]))
		}
		if kind := callback["callback_type"]; kind != "success" {
			failure = append(failure, text(callback["callback_name"]))
		}
	}
	return success, failure
}

func listTeamCallbacks(c *call) *reply {
	team, bad := c.callbackTeam(c.param["team_id"])
	if bad != nil {
		return bad
	}
	success, failure := callbackNames(team)
	vars := object{}
	for _, callback := range callbacks(team) {
		given, _ := callback["callback_vars"].(object)
		for name, value := range given {
			if name != "langfuse_host" {
				value = "***REDACTED***"
			}
			vars[name] = value
		}
	}
	return ok(object{"status": "success", "data": object{"team_id": team["team_id"], "success_callbacks": success, "failure_callbacks": failure, "callback_vars": vars}})
}

func addTeamCallback(c *call) *reply {
	if bad := c.read("callback_name!:str callback_type:success|failure|success_and_failure callback_vars!:dict"); bad != nil {
		return bad
	}
	team, bad := c.callbackTeam(c.param["team_id"])
	if bad != nil {
		return bad
	}
	name, kind := text(c.body["callback_name"]), text(or(c.body["callback_type"], "success_and_failure"))
	for _, callback := range callbacks(team) {
		if callback["callback_name"] == name && callback["callback_type"] == kind {
			return fail(http.StatusBadRequest, "bad_request_error", "callback_name", fmt.Sprintf(
				"callback_name = %s already exists in team_callback_settings, for team_id = %s and event = %s", name, team["team_id"], kind))
		}
	}
	metadata := maps.Clone(or(team["metadata"], object{}).(object))
	metadata["logging"] = append(callbacks(team), object{"callback_name": name, "callback_type": kind, "callback_vars": c.body["callback_vars"]})
	team["metadata"] = metadata
	answer := view("team_row", team)
	answer["metadata"] = object{"logging": []object{{"callback_name": name, "callback_type": kind}}} // the real one shows the variables encrypted
	return ok(object{"status": "success", "data": answer})
}

// deleteTeamCallback answers DELETE /team/{team_id}/callback/{callback_name}.
func deleteTeamCallback(c *call) *reply {
	id, name, found := strings.Cut(c.param["rest"], "/callback/")
	if !found {
		return detail(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	team, bad := c.callbackTeam(id)
	if bad != nil {
		return bad
	}
	left := slices.DeleteFunc(slices.Clone(callbacks(team)), func(callback object) bool { return callback["callback_name"] == name })
	if len(left) == len(callbacks(team)) {
		return detailError(http.StatusNotFound, fmt.Sprintf("callback_name = %s is not registered for team_id = %s.", name, team["team_id"]))
	}
	metadata := maps.Clone(team["metadata"].(object))
	metadata["logging"] = left
	team["metadata"] = metadata
	success, failure := callbackNames(team)
	return ok(object{"status": "success", "message": fmt.Sprintf("Callback %s removed for team %s", name, team["team_id"]),
		"data": object{"team_id": team["team_id"], "success_callbacks": success, "failure_callbacks": failure}})
}
