package sandbox

import "net/http"

func organizations(*call) *reply {
	return detailError(http.StatusForbidden, "Organizations are only available for LiteLLM Enterprise users. "+enterprise)
}

func organizationNew(c *call) *reply {
	if !c.who.isAdmin() {
		role := pyNone
		if c.who.role != roleUnknown {
			role = c.who.role
		}
		return fail(http.StatusUnauthorized, "auth_error", "user_role", "Only proxy admins can create new organizations. You are "+role)
	}
	return organizations(c)
}

func listProjects(*call) *reply { return ok([]object{}) }

func getProject(c *call) *reply {
	return fail(http.StatusNotFound, "not_found", "project_id", "Project not found, project_id="+c.query.Get("project_id"))
}

func projectsRefused(*call) *reply {
	return failure(http.StatusForbidden, pyDict("error", "Project management is an enterprise feature. "+enterprise))
}

func spendReport(*call) *reply {
	return detailError(http.StatusBadRequest, "/spend/report endpoint "+enterprise)
}
