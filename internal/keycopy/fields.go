package keycopy

import "strings"

// kind is the type of a field: how a file's cell is read, and how a copy is compared.
type kind int

const (
	words  kind = iota + 1 // a text
	number                 // a limit: a copy has at most as much
	flag                   // true or false
	names                  // a list that allows: a copy allows nothing more
	object                 // a JSON object that must be the same
	array                  // a JSON list that must be the same
)

// carried are the fields of a key object that /key/generate takes as they are.
var carried = map[string]kind{
	"key_alias": words, "user_id": words, "team_id": words, "project_id": words, "organization_id": words,
	"max_budget": number, "soft_budget": number, "tpm_limit": number, "rpm_limit": number, "tpd_limit": number, "max_parallel_requests": number,
	"budget_duration": words, "budget_id": words, "rotation_interval": words,
	"blocked": flag, "auto_rotate": flag,
	"models": names, "allowed_routes": names, "allowed_cache_controls": names,
	"access_group_ids": array, "policies": array, "budget_limits": array, "aliases": object, "config": object, "permissions": object,
	"model_max_budget": object, "budget_fallbacks": object, "router_settings": object, "metadata": object,
}

// order is the order of the columns of an export: the identity of a key, then its settings.
var order = strings.Fields(`token key_alias key_name user_id team_id organization_id project_id models max_budget spend budget_duration
 soft_budget budget_id tpm_limit rpm_limit tpd_limit max_parallel_requests expires blocked model_max_budget budget_limits budget_fallbacks
 allowed_routes allowed_cache_controls access_group_ids policies aliases permissions config router_settings auto_rotate rotation_interval
 metadata object_permission agent_id litellm_budget_table created_at`)

// others are the kinds of the columns that are not carried as they are.
var others = map[string]kind{
	"token": words, "key_name": words, "spend": number, "expires": words, "object_permission": object, "agent_id": words,
	"litellm_budget_table": object, "created_at": words,
}

// left are the fields that a copy does not get, and why.
var left = map[string]string{
	"token":                "a copy has a key of its own",
	"key_name":             "a copy has a key of its own",
	"key_type":             "allowed_routes has what it stands for",
	"created_at":           "the target sets it",
	"created_by":           "the target sets it",
	"created_by_user":      "the target sets it",
	"updated_at":           "the target sets it",
	"updated_by":           "the target sets it",
	"settings_updated_at":  "the target sets it",
	"last_active":          "a copy was not used yet",
	"total_spend":          "spend has what budgets count",
	"model_spend":          "model budgets start again: see RestartBudgets",
	"budget_reset_at":      "the target sets it, for the same period",
	"soft_budget_cooldown": "a state of alerts",
	"rotation_count":       "a copy was not rotated yet",
	"last_rotation_at":     "a copy was not rotated yet",
	"key_rotation_at":      "the target sets it, for the same interval",
	"object_permission_id": "see object_permission",
	"user":                 "the owner, by user_id",
	"status":               "follows from blocked and expires",
	"last_refreshed_at":    "a state of the source's cache",
	"is_session_token":     "keys only",
}

// around is the fields that describe the owner or the request, not the key.
var around = strings.Fields(`team_ user_ end_user_ organization_ project_ api_key allowed_model_region parent_otel_span rpm_limit_per_model
 tpm_limit_per_model request_route jwt_claims litellm_organization_table litellm_project_table user_role org_id`)

// known reports whether a field is accounted for: carried, left behind, or not the key's.
func known(name string) bool {
	if _, is := carried[name]; is || others[name] != 0 || left[name] != "" {
		return true
	}
	for _, prefix := range around {
		if name == prefix || strings.HasSuffix(prefix, "_") && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
