package sandbox_test

// updateScenarios are about updates that replace objects, and about what updates ignore.
func updateScenarios() []scenario {
	key := func(more string) step { return post("/key/bulk_update", `{"keys":[{"key":"{token}"`+more+`}]}`) }
	info := func(pairs ...string) step { return get("/key/info?key={token}").wants(pairs...) }
	return []scenario{
		{name: "update: objects are replaced, limits by model stand in the metadata", steps: []step{
			post("/key/generate", `{"key_alias":"k-{id}","model_rpm_limit":{"gpt-4o-mini":1},"metadata":{"a":1},"aliases":{"fast":"gpt-4o-mini"}}`).saves("token", "token").but("tpd_limit"),
			post("/key/update", `{"key":"{token}","model_rpm_limit":{"claude-haiku":5}}`).wants("metadata.a", "1", "metadata.model_rpm_limit", `{"claude-haiku":5}`),
			post("/key/update", `{"key":"{token}","metadata":{"b":2},"model_tpm_limit":{"gpt-4o-mini":9}}`).wants("metadata", `{"b":2,"model_tpm_limit":{"gpt-4o-mini":9}}`),
			post("/key/update", `{"key":"{token}","model_tpm_limit":null}`).wants("metadata", `{"b":2,"model_tpm_limit":{"gpt-4o-mini":9}}`),
			post("/key/update", `{"key":"{token}","aliases":{"slow":"claude-haiku"},"metadata":{}}`).wants("aliases", `{"slow":"claude-haiku"}`, "metadata", `{}`),
			key(`,"max_budget":4,"rpm_limit":9,"metadata":{"x":1}`).but("successful_updates.0.key"), info("info.max_budget", "4", "info.rpm_limit", "null", "info.metadata", "{}"),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["k-{id}"]}`)}},
		{name: "update: values that are ignored", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","auto_create_key":false,"metadata":{"a":1},"models":["gpt-4o-mini"]}`),
			post("/user/update", `{"user_id":"u-{id}","metadata":{},"models":[],"sso_user_id":"x"}`).wants("data.metadata", `{"a":1}`, "data.models", `["gpt-4o-mini"]`, "data.sso_user_id", "null"),
			post("/user/update", `{"user_id":"u-{id}","metadata":{"b":2}}`).wants("data.metadata", `{"b":2}`),
			post("/customer/new", `{"user_id":"c-{id}","max_budget":5}`).but("budget_id", "litellm_budget_table.budget_id"),
			post("/customer/update", `{"user_id":"c-{id}","max_budget":0,"alias":"x"}`).wants("litellm_budget_table.max_budget", "5", "alias", `"x"`).but("budget_id", "litellm_budget_table.budget_id"),
		}, cleanup: []step{post("/user/delete", `{"user_ids":["u-{id}"]}`), post("/customer/delete", `{"user_ids":["c-{id}"]}`)}},
	}
}
