package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

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

// manages keeps everybody but administrators off the members of a team.
func (c *call) manages(team object, route string) *reply {
	if c.who.isAdmin() || roleIn(team, c.who.userID) == "admin" {
		return nil
	}
	return detailError(http.StatusForbidden, "Call not allowed. User not proxy admin OR team admin. route="+route+", team_id="+text(team["team_id"]))
}

// mayMakeKeys keeps users from making keys for a team that does not let them.
func (c *call) mayMakeKeys(team object) *reply {
	if roleIn(team, c.who.userID) == "" {
		return failure(http.StatusBadRequest, fmt.Sprintf("User=%s not assigned to team=%s", c.who.userID, text(team["team_id"])))
	}
	return c.memberMay(team, "/key/generate", "KeyManagementRoutes.KEY_GENERATE")
}

// memberMay keeps members from a route about keys that their team does not let them use.
// shown is the route in the message.
func (c *call) memberMay(team object, route, shown string) *reply {
	permissions := append([]string{"/key/health", "/key/info"}, list(team["team_member_permissions"])...)
	if roleIn(team, c.who.userID) == "admin" || slices.Contains(permissions, route) {
		return nil
	}
	return fail(http.StatusUnauthorized, "team_member_permission_error", route, fmt.Sprintf(
		"Team member does not have permissions for endpoint: %s. You only have access to the following endpoints: %s for team %s. "+
			"To create keys for this team, please ask your proxy admin to check the team member permission settings and update the settings to allow team member users to create keys.",
		shown, pyList(permissions), text(team["team_id"])))
}
