package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// inMetadata are fields of keys, teams and users that are kept in their metadata.
var inMetadata = []string{"model_rpm_limit", "model_tpm_limit", "default_estimated_output_tokens", "default_estimated_output_tokens_per_model",
	"mcp_rpm_limit", "tag_rpm_limit", "rpm_limit_type", "tpm_limit_type", "enforced_params", "temp_budget_increase", "temp_budget_expiry",
	"allowed_vector_store_indexes", "enforced_batch_output_expires_after", "enforced_file_expires_after", "throttle_on_budget_exceeded",
	"enable_prompt_caching", "end_user_budget_id", "require_trace_id"}

// premium are fields that need a license to say anything. What says nothing is kept in
// metadata too.
var premium = []string{"disable_global_guardrails", "guardrails", "policies", "tags", "team_member_key_duration", "prompts",
	"secret_manager_settings", "allowed_passthrough_routes", "denied_passthrough_routes"}

// keepInMetadata adds the body's fields that a row keeps in its metadata.
func keepInMetadata(row, body object, names ...[]string) {
	for _, name := range slices.Concat(names...) {
		if value := body[name]; value != nil {
			metadata := maps.Clone(or(row["metadata"], object{}).(object))
			metadata[name] = value
			row["metadata"] = metadata
		}
	}
}

// licensed refuses fields that need a license, with the field's name where the route
// says it.
func licensed(body object, named bool) *reply {
	for _, name := range premium {
		if isFalsy(body[name]) {
			continue
		}
		about := ""
		if named {
			about = ": " + name
		}
		return failure(http.StatusForbidden, pyDict("error", "This feature is only available for LiteLLM Enterprise users"+about+". "+enterprise))
	}
	return nil
}

const needsLicense = "You must have an enterprise license to set model_max_budget. "

// licensedModelBudget refuses limits by model of a key, user or budget.
func licensedModelBudget(body object) (message string, refused bool) {
	if isFalsy(body["model_max_budget"]) {
		return "", false
	}
	return "Invalid model_max_budget: " + needsLicense + enterprise + ". Example of valid model_max_budget: https://docs.litellm.ai/docs/proxy/users", true
}

// notNull refuses null for columns that cannot be empty, in the words of the gateway's
// database client: objects and other columns have different ones.
func notNull(body object, objects, others []string) string {
	for _, name := range objects {
		if value, given := body[name]; given && value == nil {
			return "`data." + name + "`: A value is required but not set"
		}
	}
	for _, name := range others {
		if value, given := body[name]; given && value == nil {
			one := "`data." + name + "`: A value is required but not set"
			two := "Unable to match input value to any allowed input type for the field. Parse errors: [" + one + ", " + one + "]"
			return "Unable to match input value to any allowed input type for the field. Parse errors: [" + two + ", " + two + "]"
		}
	}
	return ""
}

// permit gives a row the object permission in the body: what it may use beyond models.
// MCP servers that do not exist are dropped, and here none does.
func permit(row, body object, dropServers bool) {
	given, is := body["object_permission"].(object)
	if !is {
		return
	}
	permission, had := row["object_permission"].(object)
	if permission = maps.Clone(permission); !had {
		permission = maps.Clone(shapes()["object_permission"])
		permission["object_permission_id"] = uuid()
	}
	for name, value := range given {
		if _, known := permission[name]; known && value != nil {
			permission[name] = value
		}
	}
	if dropServers {
		permission["mcp_servers"] = []any{}
		if permission["mcp_tool_permissions"] != nil {
			permission["mcp_tool_permissions"] = object{}
		}
	}
	row["object_permission"], row["object_permission_id"] = permission, permission["object_permission_id"]
}

// plainPermission is a row's object permission without what refers back to it.
func plainPermission(row object) any {
	permission, has := row["object_permission"].(object)
	if !has {
		return nil
	}
	permission = maps.Clone(permission)
	for _, name := range []string{"teams", "projects", "verification_tokens", "organizations", "users", "end_users", "agents_table"} {
		delete(permission, name)
	}
	return permission
}

// setRouter stores the router settings in the body, of a team also those that are null.
// What the sandbox cannot check as the real gateway does is refused.
func setRouter(row, body object, nulls bool) *reply {
	given, is := body["router_settings"].(object)
	if !is {
		return nil
	}
	kept := object{}
	for name, value := range given {
		if value == nil && !nulls {
			continue
		}
		if value != nil && slices.Contains([]string{"routing_groups", "weights", "retry_policy", "model_group_retry_policy"}, name) {
			return unsupported("router_settings." + name)
		}
		if strings.Contains(" "+requests()["UpdateRouterConfig"], " "+name+":") {
			kept[name] = value
		}
	}
	row["router_settings"] = kept
	return nil
}

// shownRouter is router settings as answers to writes show them: every setting.
func shownRouter(row object) object {
	out := maps.Clone(shapes()["key_generate"]["router_settings"].(object))
	kept, _ := row["router_settings"].(object)
	maps.Copy(out, kept)
	return out
}

// windowsAt is budgets over several periods with their times in the other form.
func windowsAt(row object, utc string) any {
	windows, _ := row["budget_limits"].([]any)
	if windows == nil {
		return nil
	}
	out := make([]any, len(windows))
	for i, window := range windows {
		out[i] = maps.Clone(window.(object))
		at := strings.TrimSuffix(strings.TrimSuffix(text(window.(object)["reset_at"]), "Z"), "+00:00")
		out[i].(object)["reset_at"] = at + utc
	}
	return out
}

// windowUsage is how far a key's budgets over several periods are used.
func windowUsage(row object) object {
	out := object{}
	spends, _ := row["window_spends"].(object)
	for _, window := range budgetWindows(row) {
		period := text(window["budget_duration"])
		spent, _ := number(spends[period])
		out[period] = object{"current_spend": money(spent)}
	}
	return out
}

// setWindows stores budgets over several periods, each with the time of its next reset.
// Keys keep it as +00:00, teams as Z; utc says which.
func (c *call) setWindows(row, body object, utc string) {
	value, given := body["budget_limits"]
	if !given {
		return
	}
	windows, _ := value.([]any)
	if len(windows) == 0 {
		row["budget_limits"] = nil
		return
	}
	kept := make([]any, len(windows))
	for i, window := range windows {
		kept[i] = maps.Clone(window.(object))
		at, _ := resetTime(c.now(), text(window.(object)["budget_duration"]))
		kept[i].(object)["reset_at"] = strings.TrimSuffix(at, "Z") + utc
	}
	row["budget_limits"] = kept
}
