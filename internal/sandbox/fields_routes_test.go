package sandbox_test

import "slices"

// sharedThings exist before the cases: a budget, a user and a team to refer to.
var (
	sharedThings = []step{
		post("/budget/new", `{"budget_id":"fb-{id}","max_budget":5,"rpm_limit":11}`).saves("budget", "budget_id"),
		post("/user/new", `{"user_id":"fu-{id}","user_email":"fu-{id}@example.com","auto_create_key":false}`).saves("user", "user_id"),
		post("/team/new", `{"team_id":"ft-{id}","team_alias":"team"}`).saves("team", "team_id"),
	}
	sharedCleanup = []step{
		post("/team/delete", `{"team_ids":["{team}"]}`), post("/user/delete", `{"user_ids":["{user}"]}`), post("/budget/delete", `{"id":"{budget}"}`),
	}
)

// namedValues are values of fields by name, wherever their type does not say enough.
var namedValues = map[string]any{
	"budget_id": "{budget}", "end_user_budget_id": "{budget}", "user_id": "{user}", "team_id": "{team}", "teams": []any{"{team}"},
	"organization_id": "org-{id}", "organizations": []any{"org-{id}"}, "key": "sk-given-{id}", "key_alias": "alias-{id}", "user_email": "{id}@example.com",
	"rotation_interval": "30d", "models": []any{"gpt-4o-mini"}, "allowed_models": []any{"gpt-4o-mini"}, "default_team_member_models": []any{"gpt-4o-mini"},
	"model_rpm_limit": map[string]any{"gpt-4o-mini": 3}, "model_tpm_limit": map[string]any{"gpt-4o-mini": 3}, "default_model": "gpt-4o-mini",
	"model_max_budget": map[string]any{"gpt-4o-mini": map[string]any{"max_budget": 1, "budget_duration": "1d"}},
	"aliases":          map[string]any{"fast": "gpt-4o-mini"}, "model_aliases": map[string]any{"fast": "gpt-4o-mini"}, "model_group_alias": map[string]any{"fast": "gpt-4o-mini"},
	"allowed_routes": []any{"/chat/completions"}, "admins": []any{"{user}"}, "members": []any{"{user}"}, "base_model": "openai/gpt-4o-mini",
	"router_settings":     map[string]any{"num_retries": 2, "timeout": 1.5, "fallbacks": []any{map[string]any{"gpt-4o-mini": []any{"claude-haiku"}}}},
	"custom_llm_provider": "openai", "timezone": "UTC", "search_queries_cost_per_query": 0.5, "ptu_effective_from": "2030-01-02T03:04:05Z",
	"search_context_cost_per_query":       map[string]any{"search_context_size_low": 0.5},
	"members_with_roles":                  []any{map[string]any{"role": "user", "user_id": "{user}"}},
	"team_member_permissions":             []any{"/key/info"},
	"enforced_batch_output_expires_after": map[string]any{"anchor": "created_at", "seconds": 3600},
	"enforced_file_expires_after":         map[string]any{"anchor": "created_at", "seconds": 3600},
	"model_names":                         []any{"fm-{id}"}, "model_ids": []any{"fm-{id}"}, "temp_budget_increase": 2.5,
}

// companions are sent with a field that means nothing without them.
var companions = map[string]map[string]any{
	"temp_budget_increase": {"temp_budget_expiry": "2031-01-02T03:04:05Z"}, "auto_rotate": {"rotation_interval": "30d"},
	"rpm_limit_type": {"rpm_limit": 5}, "tpm_limit_type": {"tpm_limit": 5}, "team_member_budget_duration": {"team_member_budget": 5},
	"budget_duration": {"max_budget": 5}, "max_budget": {"budget_duration": "7d"},
}

var (
	deleteKeys   = []step{post("/key/delete", `{"key_aliases":["fk-{id}","alias-{id}"]}`)}
	deleteUsers  = []step{post("/user/delete", `{"user_ids":["fx-{id}"]}`)}
	deleteTeams  = []step{post("/team/delete", `{"team_ids":["fx-{id}"]}`)}
	deleteBoth   = append(slices.Clone(deleteTeams), deleteUsers...)
	addUser      = post("/user/new", `{"user_id":"fx-{id}","user_email":"fx-{id}@example.com","auto_create_key":false}`)
	deleteModels = []step{post("/model/delete", `{"id":"fm-{id}"}`)}
	addTeam      = post("/team/new", `{"team_id":"fx-{id}","team_alias":"fx-{id}"}`)
	addMember    = post("/team/member_add", `{"team_id":"fx-{id}","member":{"role":"user","user_id":"fx-{id}"}}`)
	addModel     = post("/model/new", `{"model_name":"fm-{id}","litellm_params":{"model":"openai/gpt-4o-mini","api_key":"fake"},"model_info":{"id":"fm-{id}"}}`)
	readTag      = post("/tag/info", `{"names":["fg-{id}"]}`)
)

// fieldRoutes are the write routes of the operations that this program declares, as far
// as the sandbox has them.
var fieldRoutes = []fieldRoute{
	{name: "POST /key/generate", body: `{"key_alias":"fk-{id}"}`, save: map[string]string{"key": "token"},
		read: []step{get("/key/info?key={key}")}, after: deleteKeys},
	{name: "POST /key/service-account/generate", body: `{"key_alias":"fk-{id}","team_id":"{team}"}`, save: map[string]string{"key": "token"},
		read: []step{get("/key/info?key={key}")}, after: deleteKeys},
	{name: "POST /key/update", update: true, before: []step{post("/key/generate", `{"key_alias":"fk-{id}"}`).saves("key", "token")},
		body: `{"key":"{key}"}`, read: []step{get("/key/info?key={key}")}, after: deleteKeys},
	{name: "POST /user/new", before: []step{addTeam}, body: `{"user_id":"fx-{id}"}`, read: []step{get("/user/info?user_id=fx-{id}")}, after: deleteBoth,
		values: map[string]any{"team_id": "fx-{id}", "teams": []any{"fx-{id}"}}},
	{name: "POST /user/update", update: true, before: []step{post("/user/new", `{"user_id":"fx-{id}","auto_create_key":false}`)},
		body: `{"user_id":"fx-{id}"}`, read: []step{get("/user/info?user_id=fx-{id}")}, after: deleteUsers},
	{name: "POST /team/new", body: `{"team_id":"fx-{id}"}`, read: []step{get("/team/info?team_id=fx-{id}")}, after: deleteTeams},
	{name: "POST /team/update", update: true, before: []step{addTeam, addUser, addMember}, body: `{"team_id":"fx-{id}"}`,
		read: []step{get("/team/info?team_id=fx-{id}")}, after: deleteBoth},
	{name: "POST /team/member_add", before: []step{addTeam, addUser}, body: `{"team_id":"fx-{id}","member":{"role":"user","user_id":"fx-{id}"}}`,
		read: []step{get("/team/info?team_id=fx-{id}")}, after: deleteBoth},
	{name: "POST /team/member_update", update: true, before: []step{addTeam, addUser, addMember}, body: `{"team_id":"fx-{id}","user_id":"fx-{id}"}`,
		read: []step{get("/team/info?team_id=fx-{id}")}, after: deleteBoth, values: map[string]any{"user_email": "fx-{id}@example.com"}},
	{name: "POST /budget/new", body: `{"budget_id":"fz-{id}"}`, read: []step{post("/budget/info", `{"budgets":["fz-{id}"]}`)},
		after: []step{post("/budget/delete", `{"id":"fz-{id}"}`)}},
	{name: "POST /budget/update", update: true, before: []step{post("/budget/new", `{"budget_id":"fz-{id}"}`)}, body: `{"budget_id":"fz-{id}"}`,
		read: []step{post("/budget/info", `{"budgets":["fz-{id}"]}`)}, after: []step{post("/budget/delete", `{"id":"fz-{id}"}`)}},
	{name: "POST /customer/new", body: `{"user_id":"fc-{id}"}`, read: []step{get("/customer/info?end_user_id=fc-{id}")},
		after: []step{post("/customer/delete", `{"user_ids":["fc-{id}"]}`)}},
	{name: "POST /customer/update", update: true, before: []step{post("/customer/new", `{"user_id":"fc-{id}"}`)}, body: `{"user_id":"fc-{id}"}`,
		read: []step{get("/customer/info?end_user_id=fc-{id}")}, after: []step{post("/customer/delete", `{"user_ids":["fc-{id}"]}`)}},
	{name: "POST /tag/new", body: `{"name":"fg-{id}"}`, read: []step{readTag}, after: []step{post("/tag/delete", `{"name":"fg-{id}"}`)}},
	{name: "POST /tag/update", update: true, before: []step{post("/tag/new", `{"name":"fg-{id}"}`)}, body: `{"name":"fg-{id}"}`,
		read: []step{readTag}, after: []step{post("/tag/delete", `{"name":"fg-{id}"}`)}},
	{name: "POST /model/new", body: `{"model_name":"fm-{id}","litellm_params":{"model":"openai/gpt-4o-mini","api_key":"fake"},"model_info":{"id":"fm-{id}"}}`,
		read: []step{get("/v1/model/info?litellm_model_id=fm-{id}")}, after: deleteModels},
	{name: "PATCH /model/{model_id}/update", path: "/model/fm-{id}/update", update: true, before: []step{addModel}, body: `{"model_info":{"id":"fm-{id}"}}`,
		read: []step{get("/v1/model/info?litellm_model_id=fm-{id}")}, after: deleteModels, values: map[string]any{"litellm_params_to_remove": []any{"api_key"}}},
	{name: "POST /model/update", update: true, before: []step{addModel}, body: `{"model_info":{"id":"fm-{id}"},"litellm_params":{"model":"openai/gpt-4o-mini"}}`,
		read: []step{get("/v1/model/info?litellm_model_id=fm-{id}")}, after: deleteModels},
	{name: "POST /credentials", body: `{"credential_name":"fd-{id}","credential_info":{},"credential_values":{"api_base":"http://x"}}`,
		read: []step{get("/credentials/by_name/fd-{id}")}, after: []step{{method: "DELETE", path: "/credentials/fd-{id}"}},
		values: map[string]any{"model_id": "fm-{id}"}, before: []step{addModel}},
	{name: "PATCH /credentials/{credential_name}", path: "/credentials/fd-{id}", update: true, body: `{"credential_info":{"a":1}}`,
		before: []step{addModel, post("/credentials", `{"credential_name":"fd-{id}","credential_info":{},"credential_values":{"api_base":"http://x","api_key":"sk-first"}}`)},
		read:   []step{get("/credentials/by_name/fd-{id}")}, after: []step{{method: "DELETE", path: "/credentials/fd-{id}"}},
		values: map[string]any{"model_id": "fm-{id}", "credential_values": map[string]any{"api_version": "1"}, "credential_values_to_delete": []any{"api_base"}, "credential_name": "fd-{id}"}},
	{name: "POST /access_group/new", before: []step{addModel}, body: `{"access_group":"fa-{id}","model_names":["fm-{id}"]}`,
		read: []step{get("/access_group/fa-{id}/info")}, after: deleteModels},
	{name: "PUT /access_group/{access_group}/update", path: "/access_group/fa-{id}/update", update: true,
		before: []step{addModel, post("/access_group/new", `{"access_group":"fa-{id}","model_names":["fm-{id}"]}`)}, body: `{}`,
		read: []step{get("/access_group/fa-{id}/info")}, after: deleteModels},
	{name: "PUT /access_group/{access_group}/budget", path: "/access_group/fa-{id}/budget",
		before: []step{addModel, post("/access_group/new", `{"access_group":"fa-{id}","model_names":["fm-{id}"]}`)}, body: `{"max_budget":5}`,
		read: []step{get("/access_group/fa-{id}/info")}, after: deleteModels},
	{name: "POST /fallback", before: []step{addModel}, body: `{"model":"fm-{id}","fallback_models":["gpt-4o-mini"]}`,
		read: []step{get("/fallback/fm-{id}")}, after: append([]step{{method: "DELETE", path: "/fallback/fm-{id}"}}, deleteModels...)},
	{name: "POST /team/{team_id}/callback", path: "/team/fx-{id}/callback", before: []step{addTeam},
		body: `{"callback_name":"langfuse","callback_vars":{"langfuse_public_key":"a","langfuse_secret_key":"b"}}`,
		read: []step{get("/team/fx-{id}/callback")}, after: deleteTeams},
}
