package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

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
