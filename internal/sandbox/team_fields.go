package sandbox

import (
	"maps"
	"net/http"
	"strings"
)

// badTeam refuses what needs a license, and what the sandbox cannot check.
func badTeam(body object, isNew bool) *reply {
	if bad := licensed(body, isNew); bad != nil {
		return bad
	}
	if !isFalsy(body["model_max_budget"]) || !isFalsy(body["team_member_model_max_budget"]) {
		return failure(http.StatusForbidden, pyDict("error", "Setting model_max_budget on a team is an enterprise feature. "+enterprise))
	}
	return setRouter(object{}, body, true)
}

// badTeamChange refuses what is not there or cannot be emptied.
func badTeamChange(body object) *reply {
	if id := text(body["organization_id"]); id != "" {
		return failure(http.StatusNotFound, pyDict("error", "Organization not found, passed organization_id="+id))
	}
	if message := notNull(body, []string{"metadata", "router_settings", "budget_limits"},
		[]string{"access_group_ids", "blocked", "default_team_member_models", "models", "policies"}); message != "" {
		return failure(http.StatusInternalServerError, message)
	}
	const table = "updateOneLiteLLM_TeamTable.data."
	if value, given := body["object_permission"]; given && value == nil {
		return failure(http.StatusInternalServerError, "Unable to match input value to any allowed input type for the field. Parse errors: "+
			"[`data.object_permission`: A value is required but not set, `"+table+"object_permission`: Field does not exist in enclosing type.]")
	}
	for word := range strings.FieldsSeq(requests()["POST /team/update"]) {
		name, _, _ := strings.Cut(word, ":")
		if value, given := body[name]; given && value == nil && inTeamMetadata(name) {
			return failure(http.StatusInternalServerError, "Could not find field at `"+table+name+"`")
		}
	}
	return nil
}

// inTeamMetadata reports whether a field of a team is no column, so that its null has
// nowhere to go.
func inTeamMetadata(name string) bool {
	if name == "require_trace_id" || name == "policies" {
		return false
	}
	for _, names := range [][]string{inMetadata, premium} {
		for _, one := range names {
			if one == name {
				return true
			}
		}
	}
	return false
}

// aliasModels gives a team names of its own for models. They stand in a table of
// their own, which counts.
func (c *call) aliasModels(team, body object) {
	aliases, is := body["model_aliases"].(object)
	if !is {
		return
	}
	now := c.stamp()
	table, had := team["litellm_model_table"].(object)
	if !had {
		table = object{"id": c.nextModelTable(), "created_at": now, "created_by": c.who.name(), "team": nil}
	}
	changed := object{"model_aliases": aliases, "updated_at": now, "updated_by": c.who.name()}
	for name, value := range table {
		if _, is := changed[name]; !is {
			changed[name] = value
		}
	}
	team["litellm_model_table"], team["model_id"] = changed, changed["id"]
}

func (c *call) nextModelTable() int {
	most := 0
	for _, team := range c.Teams {
		if n, is := number(team["model_id"]); is {
			most = max(most, int(n))
		}
	}
	return most + 1
}

// plainAliases is a team's table of aliases without its times.
func plainAliases(team object) any {
	table, has := team["litellm_model_table"].(object)
	if !has {
		return nil
	}
	table = maps.Clone(table)
	delete(table, "created_at")
	delete(table, "updated_at")
	return table
}

// showAccessGroups says what a team's access groups resolve to: here nothing, as there
// are none.
func showAccessGroups(info object) {
	ids, _ := info["access_group_ids"].([]any)
	if len(ids) == 0 {
		return
	}
	for _, name := range []string{"access_group_models", "access_group_mcp_server_ids", "access_group_agent_ids", "access_group_details", "access_group_skill_names"} {
		info[name] = []any{}
	}
	info["unresolved_access_group_ids"] = ids
}
