package sandbox_test

// fieldScenarios are about what stored fields do to calls.
func fieldScenarios() []scenario {
	key := func(more string) step {
		return post("/key/generate", `{"key_alias":"k-{id}"`+more+`}`).saves("key", "key")
	}
	ask := func(more string) step {
		return post("/chat/completions", `{"messages":[{"role":"user","content":"hi"}]`+more+`}`).as("{key}").but(counted)
	}
	deleteKey := post("/key/delete", `{"key_aliases":["k-{id}"]}`)
	deleteTeam := post("/team/delete", `{"team_ids":["t-{id}"]}`)
	return []scenario{
		{name: "team: names of its own for models", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","model_aliases":{"fast":"gpt-4o-mini"}}`).but("model_id", "litellm_model_table.id"), key(`,"team_id":"t-{id}"`),
			ask(`,"model":"fast"`), ask(`,"model":"slow"`).is(400),
		}, cleanup: []step{deleteKey, deleteTeam}},
		{name: "team: a trace ID on every call", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","require_trace_id":true}`), key(`,"team_id":"t-{id}"`),
			ask(`,"model":"gpt-4o-mini"`).is(400), ask(`,"model":"gpt-4o-mini","metadata":{"trace_id":"a"}`),
		}, cleanup: []step{deleteKey, deleteTeam}},
		{name: "key: enforced parameters need a license", steps: []step{
			key(`,"enforced_params":["user"]`), ask(`,"model":"gpt-4o-mini"`).is(500), ask(`,"model":"gpt-4o-mini","user":"a"`).is(500),
		}, cleanup: []step{deleteKey}},
		{name: "customer: models", steps: []step{
			post("/customer/new", `{"user_id":"c-{id}","models":["claude-haiku"]}`), key(``),
			ask(`,"model":"gpt-4o-mini","user":"c-{id}"`).is(403), ask(`,"model":"claude-haiku","user":"c-{id}"`),
			post("/customer/update", `{"user_id":"c-{id}","models":[]}`), ask(`,"model":"gpt-4o-mini","user":"c-{id}"`),
		}, cleanup: []step{deleteKey, post("/customer/delete", `{"user_ids":["c-{id}"]}`)}},
	}
}
