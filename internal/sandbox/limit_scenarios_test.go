package sandbox_test

import "strings"

// says are the words of a refusal for a budget: a real gateway's sum is not exact.
const says = "error.message"

// limitScenarios are about every limit that refuses a call: who is refused, when, and how.
func limitScenarios() []scenario {
	chat := func(more string) step {
		return post("/chat/completions", `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]`+more+`}`).as("{key}")
	}
	other := post("/chat/completions", `{"model":"claude-haiku","messages":[{"role":"user","content":"hi"}]}`).as("{key}")
	key := func(more string) step {
		return post("/key/generate", `{"key_alias":"k-{id}"`+more+`}`).saves("key", "key", "hash", "token").but("tpd_limit")
	}
	budget := func(more string) step { return post("/budget/new", `{"budget_id":"b-{id}"`+more+`}`) }
	team := func(more string) step {
		return post("/team/new", `{"team_id":"t-{id}"`+more+`}`).but("metadata", "litellm_model_table", "model_id")
	}
	// spent waits until the first call is accounted for, so that the next is refused in the words for what was spent.
	spent := get("/key/info?key={key}").poll("info.spend").theirs()
	overRequests, overBudget := chat("").is(429), chat("").is(422).await().but(says)
	cleanup := []step{post("/key/delete", `{"key_aliases":["k-{id}"]}`), post("/team/delete", `{"team_ids":["t-{id}"]}`), post("/user/delete", `{"user_ids":["u-{id}"]}`), post("/customer/delete", `{"user_ids":["c-{id}"]}`),
		post("/tag/delete", `{"name":"g-{id}"}`), post("/model/delete", `{"id":"m-{id}"}`), post("/budget/delete", `{"id":"b-{id}"}`)}
	scenarios := []scenario{
		{name: "limit of a key: requests and tokens", steps: []step{
			key(`,"rpm_limit":1`), chat("").wants(), overRequests, overRequests, other.is(429),
		}},
		{name: "limit of a key: none left from the start", steps: []step{key(`,"max_parallel_requests":0`), chat("").is(429)}},
		{name: "limit of a key: tokens", steps: []step{key(`,"tpm_limit":40`), chat(""), spent, overRequests}},
		{name: "limit of a key: through a budget", steps: []step{
			budget(`,"max_budget":0.0000001`), key(`,"budget_id":"b-{id}"`), chat(""), spent, overBudget, other.is(422).but(says), get("/models").as("{key}").theirs(),
		}},
		{name: "limit of a key: its own before its budget's", steps: []step{
			budget(`,"max_budget":0.0000001,"rpm_limit":1`), key(`,"budget_id":"b-{id}","max_budget":5,"rpm_limit":5`), chat(""), chat(""), chat(""),
		}},
		{name: "limit of a key: requests through a budget", steps: []step{budget(`,"rpm_limit":1`), key(`,"budget_id":"b-{id}"`), chat(""), overRequests}},
		{name: "limit of a key: tokens through a budget", steps: []step{budget(`,"tpm_limit":40`), key(`,"budget_id":"b-{id}"`), chat(""), spent, overRequests}},
		{name: "limit of a key: what does not bind", steps: []step{
			budget(`,"soft_budget":0.0000001,"max_parallel_requests":0,"tpd_limit":1`), key(`,"budget_id":"b-{id}","tpd_limit":1`), chat(""), chat(""),
		}},
		{name: "limit of a key: requests for a model", steps: []step{key(`,"model_rpm_limit":{"gpt-4o-mini":1}`), chat(""), overRequests, other, other}},
		{name: "limit of a key: requests for the target of an alias", steps: []step{
			key(`,"model_rpm_limit":{"gpt-4o-mini":1},"aliases":{"fast":"gpt-4o-mini"}`), chat(""), post("/chat/completions", `{"model":"fast","messages":[{"role":"user","content":"hi"}]}`).as("{key}").is(429),
		}},
		{name: "limit of a key: tokens for a model", steps: []step{key(`,"model_tpm_limit":{"gpt-4o-mini":40}`), chat(""), spent, overRequests, other}},
		{name: "limit of a key: requests for a tag", steps: []step{key(`,"tag_rpm_limit":{"g-{id}":1}`), chat(`,"tags":["g-{id}"]`), chat(`,"tags":["g-{id}"]`).is(429), chat(`,"tags":["other"]`)}},
		{name: "limit of a key: over its budget and another model", steps: []step{key(`,"max_budget":1,"spend":2,"models":["claude-haiku"]`), chat("").is(403), other.is(422)}},
		{name: "two faults of a key: blocked before its models", steps: []step{key(`,"blocked":true,"models":["claude-haiku"]`), chat("").is(401)}},
		{name: "two faults of a key: expired after its models, before its budget", steps: []step{
			key(`,"duration":"1s","max_budget":1,"spend":2,"models":["claude-haiku"]`), other.is(401).await().but(says), chat("").is(403),
		}},
		{name: "two faults of a key: budget before routes, routes before the team", steps: []step{
			team(`,"blocked":true`), key(`,"max_budget":1,"spend":2,"allowed_routes":["/models"],"team_id":"t-{id}"`), chat("").is(422),
			post("/key/generate", `{"key_alias":"k2-{id}","allowed_routes":["/models"],"team_id":"t-{id}"}`).saves("key", "key"), chat("").is(403),
			post("/key/generate", `{"key_alias":"k3-{id}","team_id":"t-{id}","models":["claude-haiku"]}`).saves("key", "key"), chat("").is(403), other.is(401),
			post("/key/delete", `{"key_aliases":["k2-{id}","k3-{id}"]}`),
		}},
		{name: "limit of a user: budget", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","max_budget":0.0000001,"auto_create_key":false}`), key(`,"user_id":"u-{id}"`), chat(""), spent, overBudget, other.is(422).but(says),
		}},
		{name: "limit of a user: budget, in a team", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","max_budget":0,"auto_create_key":false}`), team(``), key(`,"user_id":"u-{id}","team_id":"t-{id}"`), chat(""), chat(""),
		}},
		{name: "limit of a user: requests", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","rpm_limit":1,"auto_create_key":false}`), key(`,"user_id":"u-{id}"`), chat(""), overRequests, team(``),
			post("/key/generate", `{"key_alias":"k2-{id}","user_id":"u-{id}","team_id":"t-{id}"}`).saves("key", "key"), overRequests,
		}},
		{name: "limit of a user: tokens", steps: []step{post("/user/new", `{"user_id":"u-{id}","tpm_limit":40,"auto_create_key":false}`), key(`,"user_id":"u-{id}"`), chat(""), spent, overRequests}},
		{name: "limit of a team: budget", steps: []step{team(`,"max_budget":0.0000001`), key(`,"team_id":"t-{id}"`), chat(""), spent, overBudget}},
		{name: "limit of a team: no budget", steps: []step{team(`,"max_budget":0`), key(`,"team_id":"t-{id}"`), chat(""), spent, overBudget}},
		{name: "limit of a team: requests", steps: []step{team(`,"rpm_limit":1`), key(`,"team_id":"t-{id}"`), chat(""), overRequests, other.is(429)}},
		{name: "limit of a team: tokens", steps: []step{team(`,"tpm_limit":40`), key(`,"team_id":"t-{id}"`), chat(""), spent, overRequests}},
		{name: "limit of a team: requests for a model", steps: []step{team(`,"model_rpm_limit":{"gpt-4o-mini":1}`), key(`,"team_id":"t-{id}"`), chat(""), overRequests, other}},
		{name: "limit of a team: tokens for a model", steps: []step{team(`,"model_tpm_limit":{"gpt-4o-mini":40}`), key(`,"team_id":"t-{id}"`), chat(""), spent, overRequests, other}},
		{name: "aliases of a team", steps: []step{
			team(`,"models":["gpt-4o-mini"],"model_aliases":{"fast":"gpt-4o-mini","slow":"claude-haiku"}`), key(`,"team_id":"t-{id}","models":["gpt-4o-mini"]`),
			post("/chat/completions", `{"model":"fast","messages":[{"role":"user","content":"hi"}]}`).as("{key}").wants("model", `"fast"`), post("/chat/completions", `{"model":"slow","messages":[{"role":"user","content":"hi"}]}`).as("{key}").wants("choices.0.message.content", `"Bonjour from the mock"`), other.is(403),
		}},
		{name: "limit of a key: tokens as expected", steps: []step{
			key(`,"tpm_limit":40,"default_estimated_output_tokens":100`), chat("").is(429), chat(`,"max_tokens":1`), post("/key/update", `{"key":"{key}","default_estimated_output_tokens":5}`).but("spend", "total_spend"),
		}},
		{name: "models of a key with aliases", steps: []step{
			key(`,"models":["gpt-4o-mini"],"aliases":{"fast":"gpt-4o-mini","slow":"claude-haiku"}`), get("/models").as("{key}").wants("data.#", "2", "data.1.id", `"fast"`),
			team(`,"models":["gpt-4o-mini"],"model_aliases":{"quick":"gpt-4o-mini","late":"claude-haiku"}`), post("/key/generate", `{"key_alias":"k2-{id}","team_id":"t-{id}"}`).saves("key", "key"), get("/models").as("{key}").wants("data.#", "2", "data.1.id", `"quick"`),
		}},
		{name: "limit of a key: budgets for periods", steps: []step{
			key(`,"budget_limits":[{"budget_duration":"1d","max_budget":5},{"budget_duration":"7d","max_budget":0.0000001}]`), chat(""), spent, chat("").is(422).await().but(says), other.is(422).but(says),
		}},
		{name: "limit of a team: budgets for periods", steps: []step{team(`,"budget_limits":[{"budget_duration":"1d","max_budget":0.0000001}]`), key(`,"team_id":"t-{id}"`), chat(""), spent, overBudget}},
		{name: "limit of a key: more for a time", steps: []step{
			key(`,"max_budget":0.0000001`), chat(""), spent, overBudget, post("/key/update", `{"key":"{key}","temp_budget_increase":5,"temp_budget_expiry":"2099-01-01T00:00:00Z"}`).but("spend", "total_spend"), chat("").await(),
			post("/key/update", `{"key":"{key}","temp_budget_increase":5,"temp_budget_expiry":"2020-01-01T00:00:00Z"}`).but("spend", "total_spend"), overBudget,
		}},
		{name: "limit of a team: what does not bind", steps: []step{team(`,"soft_budget":0.0000001,"tpd_limit":1`), key(`,"team_id":"t-{id}"`), chat(""), chat("")}},
		{name: "limit of a team: blocked later", steps: []step{
			team(``), key(`,"team_id":"t-{id}"`), chat(""), post("/team/block", `{"team_id":"t-{id}"}`).but("spend"), chat("").is(401).await(), post("/team/unblock", `{"team_id":"t-{id}"}`).but("spend"), chat("").await(),
		}},
		{name: "aliases of a key", steps: []step{
			key(`,"models":["gpt-4o-mini"],"aliases":{"fast":"gpt-4o-mini","slow":"claude-haiku","none":"nope"}`), post("/chat/completions", `{"model":"fast","messages":[{"role":"user","content":"hi"}]}`).as("{key}").wants("model", `"fast"`),
			post("/chat/completions", `{"model":"slow","messages":[{"role":"user","content":"hi"}]}`).as("{key}").is(403), post("/chat/completions", `{"model":"none","messages":[{"role":"user","content":"hi"}]}`).as("{key}").is(403),
		}},
		{name: "a key blocked or expired", steps: []step{key(`,"duration":"1s"`), chat("").is(401).await().but(says), key2Blocked, chat("").is(401)}},
		{name: "a key for some routes", steps: []step{key(`,"allowed_routes":["/chat/completions"]`), chat(""), get("/models").as("{key}").is(403), post("/v1/chat/completions", hello).as("{key}").is(403)}},
		{name: "a key for routes by a pattern", steps: []step{key(`,"allowed_routes":["/key/*"]`), chat("").is(403), get("/key/info").as("{key}").theirs(), get("/v1/model/info").as("{key}").is(403)}},
		{name: "a key for a group of routes", steps: []step{key(`,"allowed_routes":["openai_routes"]`), chat(""), get("/models").as("{key}").theirs(), get("/key/info").as("{key}").is(403), get("/v1/model/info").as("{key}").is(403)}},
		{name: "a key for a group of routes and one more", steps: []step{key(`,"allowed_routes":["llm_api_routes","/key/info"]`), chat(""), get("/key/info").as("{key}").theirs(), get("/v1/model/info").as("{key}").theirs().but("data.*.model_info.access_via_team_ids")}},
		{name: "a key without models", steps: []step{key(`,"models":["no-default-models"]`), chat("").is(403)}},
	}
	for i := range scenarios {
		scenarios[i].cleanup = append(cleanup, post("/key/delete", `{"key_aliases":["k2-{id}"]}`))
	}
	return append(scenarios, sharedLimitScenarios(chat, key, budget, team, spent, cleanup)...)
}

// key2Blocked is a second key, blocked.
var key2Blocked = post("/key/generate", `{"key_alias":"k2-{id}","blocked":true}`).saves("key", "key")

// sharedLimitScenarios are about limits that a key has through something else: a place in a
// team, a tag, a customer, a group of models.
func sharedLimitScenarios(chat, key, budget, team func(string) step, spent step, cleanup []step) []scenario {
	member := func(more string) step {
		return post("/team/member_add", `{"team_id":"t-{id}","member":{"user_id":"u-{id}","role":"user"}`+more+`}`).but("updated_users", "updated_team_memberships", "metadata")
	}
	update := func(more string) step {
		return post("/team/member_update", `{"team_id":"t-{id}","user_id":"u-{id}"`+more+`}`)
	}
	theirKey := key(`,"team_id":"t-{id}","user_id":"u-{id}"`)
	tagged := func(name string) []step {
		var steps []step
		for _, how := range []string{`,"metadata":{"tags":["g-{id}"]}`, `,"tags":["g-{id}"]`} {
			steps = append(steps, chat(how))
		}
		return steps
	}
	header := chat("").is(429)
	header.header = map[string]string{"x-litellm-tags": "g-{id},other"}
	byHeader := chat(`,"user":"other-{id}"`).is(429)
	byHeader.header = map[string]string{"x-litellm-end-user-id": "c-{id}"}
	mine := func(more string) step { return chat(`,"user":"c-{id}"` + more) }
	model := func(name, mock string) step {
		return post("/model/new", `{"model_name":"`+name+`","litellm_params":{"model":"openai/gpt-4o-mini","api_key":"f","mock_response":"`+mock+`"},"model_info":{"id":"`+name+`"}}`).but("litellm_params")
	}
	ask := func(model string) step {
		return post("/chat/completions", `{"model":"`+model+`","messages":[{"role":"user","content":"hi"}]}`).as("{key}")
	}
	scenarios := []scenario{
		{name: "limit of a member: budget", steps: []step{team(``), member(`,"max_budget_in_team":0.0000001`), theirKey, chat(""), spent, chat("").is(422).await().but(says)}},
		{name: "limit of a member: budget of the team's members", steps: []step{team(`,"team_member_budget":0.0000001`), member(``), theirKey, chat(""), spent, chat("").is(422).await().but(says)}},
		{name: "limit of a member: no budget", steps: []step{team(`,"team_member_budget":0`), member(``), theirKey, chat("").is(422)}},
		{name: "limit of a member: requests of the team's members", steps: []step{team(`,"team_member_rpm_limit":1`), member(``), theirKey, chat(""), chat("").is(429)}},
		{name: "limit of a member: tokens of the team's members", steps: []step{team(`,"team_member_tpm_limit":40`), member(``), theirKey, chat(""), spent, chat("").is(429)}},
		{name: "limit of a member: requests", steps: []step{team(``), member(``), update(`,"rpm_limit":1`), theirKey, chat(""), chat("").is(429)}},
		{name: "limit of a member: tokens keep the budget", steps: []step{
			team(``), member(`,"max_budget_in_team":0.0000001`), update(`,"tpm_limit":100000`), theirKey, chat(""), spent, chat("").is(422).await().but(says),
		}},
		{name: "limit of a member: models", steps: []step{team(``), member(`,"allowed_models":["claude-haiku"]`), theirKey, chat("").is(403), ask("claude-haiku")}},
		{name: "limit of a tag: budget", steps: append([]step{post("/tag/new", `{"name":"g-{id}","max_budget":0.0000001}`).but("tag"), key(``), tagged("")[0], spent},
			tagged("")[0].is(422).await().but(says), tagged("")[1].is(422).but(says), chat(`,"tags":["other"]`))},
		{name: "limit of a tag: requests", steps: []step{
			post("/tag/new", `{"name":"g-{id}","rpm_limit":1}`).but("tag"), key(``), tagged("")[0], tagged("")[0].is(429), tagged("")[1].is(429), header, chat(`,"tags":["other"]`),
		}},
		{name: "limit of a tag: tokens", steps: []step{post("/tag/new", `{"name":"g-{id}","tpm_limit":40}`).but("tag"), key(``), tagged("")[1], spent, tagged("")[1].is(429)}},
		{name: "limit of a tag: of the key", steps: []step{post("/tag/new", `{"name":"g-{id}","rpm_limit":1}`).but("tag"), key(`,"metadata":{"tags":["g-{id}"]}`), chat(""), chat("").is(429)}},
		{name: "limit of a tag: of the team", steps: []step{post("/tag/new", `{"name":"g-{id}","rpm_limit":1}`).but("tag"), team(`,"metadata":{"tags":["g-{id}"]}`), key(`,"team_id":"t-{id}"`), chat(""), chat("").is(429)}},
		{name: "limit of a customer: budget", steps: []step{
			budget(`,"max_budget":0.0000001`), post("/customer/new", `{"user_id":"c-{id}","budget_id":"b-{id}"}`), key(``), mine(""), spent, mine("").is(422).await().but(says), chat(""),
		}},
		{name: "limit of a customer: requests", steps: []step{budget(`,"rpm_limit":1`), post("/customer/new", `{"user_id":"c-{id}","budget_id":"b-{id}"}`), key(``), mine(""), mine("").is(429), chat("")}},
		{name: "limit of a customer: tokens", steps: []step{budget(`,"tpm_limit":40`), post("/customer/new", `{"user_id":"c-{id}","budget_id":"b-{id}"}`), key(``), mine(""), spent, mine("").is(429)}},
		{name: "limit of a customer: through the key", steps: []step{budget(`,"rpm_limit":1`), key(`,"end_user_budget_id":"b-{id}"`), mine(""), mine("").is(429), chat("")}},
		{name: "limit of a customer: named elsewhere", steps: []step{
			budget(`,"rpm_limit":1`), post("/customer/new", `{"user_id":"c-{id}","budget_id":"b-{id}"}`), key(``), mine(""), chat(`,"metadata":{"user_id":"c-{id}"}`).is(429), chat(`,"litellm_metadata":{"user":"c-{id}"}`).is(429),
			chat(`,"safety_identifier":"c-{id}"`).is(429), byHeader, chat(`,"user":"other-{id}","metadata":{"user_id":"c-{id}"}`),
		}},
		{name: "limit of a customer: models", steps: []step{post("/customer/new", `{"user_id":"c-{id}","models":["claude-haiku"]}`), key(``), mine("").is(403), chat("")}},
		{name: "limit of a customer: a block has no effect", steps: []step{
			post("/customer/new", `{"user_id":"c-{id}"}`), key(``), post("/customer/block", `{"user_ids":["c-{id}"]}`), mine(""), get("/customer/info?end_user_id=c-{id}").wants("blocked", "true").but("spend"),
			post("/customer/unblock", `{"user_ids":["c-{id}"]}`).is(400), post("/customer/block", `{}`).is(422), post("/customer/block", `{"user_ids":["d-{id}"]}`), get("/customer/info?end_user_id=d-{id}"),
		}},
		{name: "a customer that nobody made", steps: []step{key(``), mine(""), get("/customer/info?end_user_id=c-{id}").await().but("spend")}},
		{name: "access group of a key", steps: []step{
			model("m-{id}", "x"), post("/access_group/new", `{"access_group":"a-{id}","model_names":["m-{id}"]}`), key(`,"models":["a-{id}"]`), ask("m-{id}"), chat("").is(403), get("/models").as("{key}").wants("data.#", "1").but("data.0.id"),
		}},
		{name: "access group of a team and a user", steps: []step{
			model("m-{id}", "x"), post("/access_group/new", `{"access_group":"a-{id}","model_names":["m-{id}"]}`), team(`,"models":["a-{id}"]`), key(`,"team_id":"t-{id}"`), ask("m-{id}"), chat("").is(403),
			post("/user/new", `{"user_id":"u-{id}","models":["a-{id}"]}`).saves("key", "key"), ask("m-{id}"), chat("").is(403),
		}},
		{name: "access group with a budget", steps: []step{
			model("m-{id}", "x"), post("/access_group/new", `{"access_group":"a-{id}","model_names":["m-{id}"]}`), {method: "PUT", path: "/access_group/a-{id}/budget", body: `{"max_budget":0.0000001}`, ignore: []string{"budget.budget_id"}},
			key(`,"models":["a-{id}"]`), ask("m-{id}"), spent, ask("m-{id}").is(422).await().but(says), get("/access_group/a-{id}/info").poll("spend").but("spend", "budget.budget_id"),
			post("/key/generate", `{"key_alias":"k2-{id}"}`).saves("key", "key"), ask("m-{id}"),
		}},
		{name: "limit of a deployment", steps: []step{
			post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o-mini","api_key":"f","mock_response":"x","max_budget":0.0000001,"budget_duration":"1d"},"model_info":{"id":"m-{id}"}}`).but("litellm_params"),
			key(``), ask("m-{id}"), spent, ask("m-{id}").is(429).await(),
		}},
		{name: "limit of a deployment with a fallback", steps: []step{
			post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o-mini","api_key":"f","mock_response":"x","max_budget":0.0000001,"budget_duration":"1d"},"model_info":{"id":"m-{id}"}}`).but("litellm_params"),
			post("/fallback", `{"model":"m-{id}","fallback_models":["claude-haiku"]}`).await(), key(``), ask("m-{id}"), spent, ask("m-{id}").wants("choices.0.message.content", `"Bonjour from the mock"`), {method: "DELETE", path: "/fallback/m-{id}"},
		}},
		{name: "spend of teams by user", steps: []step{
			team(`,"team_alias":"by user"`), member(``), theirKey, chat(""), chat(""), post("/chat/completions", `{"model":"always-fails","messages":[{"role":"user","content":"hi"}]}`).as("{key}").is(429),
			get("/team/spend/by_user?team_ids=t-{id}&start_date={today}&end_date={today}").as("{key}").poll("results.0.failed_requests").wants("results.#", "1", "results.0.api_requests", "3"),
			post("/key/generate", `{"key_alias":"k2-{id}","team_id":"t-{id}"}`).saves("key", "key"), chat(""),
			get("/team/spend/by_user?team_ids=t-{id}&start_date={today}&end_date={today}").poll("results.1.spend").wants("results.#", "2", "results.1.user_id", `""`),
			get("/team/spend/by_user?team_ids=none-{id}&start_date={today}&end_date={today}").wants("results.#", "0"), get("/team/spend/by_user?team_ids=t-{id}&start_date=x&end_date={today}").is(400),
			get("/team/spend/by_user?team_ids=t-{id}&start_date=2026-02-02&end_date=2026-02-01").is(400), get("/team/spend/by_user?team_ids=t-{id}&start_date=2020-02-02&end_date=2026-02-01").is(400), get("/team/spend/by_user?start_date=2026-02-01&end_date=2026-02-01").is(400),
		}},
		{name: "budgets start again by the calendar", steps: calendarSteps()},
		{name: "a blocked deployment beside another", steps: []step{
			model("m-{id}", "x"), post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o-mini","api_key":"f","mock_response":"y"},"model_info":{"id":"n-{id}"}}`).but("litellm_params"),
			key(``), post("/model/block", `{"model_id":"m-{id}"}`).but("litellm_params", "model_info.blocked"), ask("m-{id}").wants("choices.0.message.content", `"y"`), post("/model/block", `{"model_id":"n-{id}"}`).but("litellm_params", "model_info.blocked"), ask("m-{id}").is(403).await(),
		}},
	}
	for i := range scenarios {
		scenarios[i].cleanup = append(cleanup, post("/key/delete", `{"key_aliases":["k2-{id}"]}`), post("/customer/delete", `{"user_ids":["d-{id}"]}`), post("/model/delete", `{"id":"n-{id}"}`))
	}
	return scenarios
}

// fallbackScenarios are about models that answer for one that fails.
func fallbackScenarios() []scenario {
	model := func(id, mock string) step {
		return post("/model/new", `{"model_name":"`+id+`-{id}","litellm_params":{"model":"openai/gpt-4o","api_key":"f","mock_response":"`+mock+`"},"model_info":{"id":"`+id+`-{id}"}}`).but("litellm_params")
	}
	ask := func(model, more string) step {
		return post("/chat/completions", `{"model":"`+model+`","messages":[{"role":"user","content":"hi"}]`+more+`}`)
	}
	set := func(body string) step { return post("/fallback", body).await() }
	const busy, long = "litellm.RateLimitError", "litellm.ContextWindowExceededError"
	reset := post("/config/update", `{"router_settings":{"fallbacks":[],"context_window_fallbacks":[],"content_policy_fallbacks":[]}}`)
	cleanup := []step{reset, post("/key/delete", `{"key_aliases":["k-{id}"]}`), post("/team/delete", `{"team_ids":["t-{id}"]}`)}
	for id := range strings.SplitSeq("a b c", " ") {
		cleanup = append(cleanup, post("/model/delete", `{"id":"`+id+`-{id}"}`))
	}
	scenarios := []scenario{
		{name: "fallback: answers for a model that fails", steps: []step{
			model("a", busy), ask("a-{id}", "").is(429), set(`{"model":"a-{id}","fallback_models":["always-fails","gpt-4o-mini"]}`), ask("a-{id}", "").await().wants("model", `"gpt-4o-mini"`), ask("a-{id}", `,"stream":true`), ask("a-{id}", `,"disable_fallbacks":true`).is(429),
			get("/fallback/a-{id}"), {method: "DELETE", path: "/fallback/a-{id}"}, ask("a-{id}", "").is(429).await(), {method: "DELETE", path: "/fallback/a-{id}", status: 404},
		}},
		{name: "fallback: of a fallback", steps: []step{
			model("a", busy), model("b", busy), set(`{"model":"a-{id}","fallback_models":["b-{id}"]}`), ask("a-{id}", "").is(429).await(), set(`{"model":"b-{id}","fallback_models":["claude-haiku"]}`), ask("a-{id}", "").await().wants("model", `"claude-3-5-haiku-20241022"`),
		}},
		{name: "fallback: too long a prompt", steps: []step{
			reset, model("a", long), ask("a-{id}", "").is(400), set(`{"model":"a-{id}","fallback_models":["gpt-4o-mini"],"fallback_type":"context_window"}`), ask("a-{id}", "").await().wants("model", `"gpt-4o-mini"`),
			model("b", busy), set(`{"model":"b-{id}","fallback_models":["gpt-4o-mini"],"fallback_type":"context_window"}`), ask("b-{id}", "").is(429),
		}},
		{name: "fallback: not for everybody", steps: []step{
			model("a", busy), set(`{"model":"a-{id}","fallback_models":["gpt-4o-mini"]}`), post("/key/generate", `{"key_alias":"k-{id}","models":["a-{id}"]}`).saves("key", "key"), ask("a-{id}", "").await(),
			ask("a-{id}", "").as("{key}").is(429), ask("a-{id}", `,"fallbacks":["gpt-4o-mini"]`).as("{key}").is(403), ask("always-fails", `,"fallbacks":["gpt-4o-mini"]`).wants("model", `"gpt-4o-mini"`),
		}},
		{name: "fallback: not for a blocked model", steps: []step{
			model("a", "x"), set(`{"model":"a-{id}","fallback_models":["gpt-4o-mini"]}`), post("/model/block", `{"model_id":"a-{id}"}`).but("litellm_params", "model_info.blocked"), ask("a-{id}", "").is(403).await(),
		}},
		{name: "fallback: for parameters that a model has not", steps: []step{
			post("/model/new", `{"model_name":"a-{id}","litellm_params":{"model":"anthropic/claude-3-5-haiku-20241022","api_key":"f","mock_response":"x"},"model_info":{"id":"a-{id}"}}`).but("litellm_params"),
			ask("a-{id}", `,"n":2`).is(400), set(`{"model":"a-{id}","fallback_models":["gpt-4o-mini"]}`), ask("a-{id}", `,"n":2`).await().wants("model", `"gpt-4o-mini"`, "choices.#", "2"),
		}},
		{name: "fallback: in the router's settings", steps: []step{
			reset, model("a", busy), post("/config/update", `{"router_settings":{"fallbacks":[{"a-{id}":["gpt-4o-mini"]},{"x/y-{id}":["claude-haiku"]}]}}`), get("/fallback/a-{id}").await(), ask("a-{id}", "").await().wants("model", `"gpt-4o-mini"`),
			get("/router/settings").wants("current_values.fallbacks.#", "2", "source.fallbacks", `"db"`).but("current_values.num_retries"),
			post("/config/update", `{"router_settings":{"fallbacks":"x"}}`).is(422), post("/config/update", `{"router_settings":{"nosuch":1}}`).is(400), post("/config/update", `{}`), post("/config/update", `{"router_settings":{"fallbacks":null}}`),
			post("/config/update", `{"router_settings":{"fallbacks":[{"*":["claude-haiku"]}]}}`), get("/fallback/a-{id}").await().wants("fallback_models.0", `"claude-haiku"`), ask("a-{id}", "").await().wants("choices.0.message.content", `"Bonjour from the mock"`),
			post("/config/update", `{"router_settings":{"fallbacks":[]}}`), get("/fallback/a-{id}").is(404).await(),
		}},
		{name: "fallback: of a key and a team", steps: []step{
			model("a", busy), post("/key/generate", `{"key_alias":"k-{id}","router_settings":{"fallbacks":[{"a-{id}":["gpt-4o-mini"]}]}}`).saves("key", "key").but("router_settings"), ask("a-{id}", "").as("{key}").await().wants("model", `"gpt-4o-mini"`), ask("a-{id}", "").is(429),
		}},
		{name: "parameters that make calls fail", steps: []step{ask("gpt-4o-mini", `,"mock_testing_fallbacks":true`).is(400), ask("gpt-4o-mini", `,"mock_timeout":true`).is(400)}},
	}
	for i := range scenarios {
		scenarios[i].cleanup = cleanup
	}
	return scenarios
}

// calendarSteps make a budget of each period, for each kind of thing that has one.
func calendarSteps() (steps []step) {
	steps = append(steps, post("/team/new", `{"team_id":"t-{id}"}`), post("/user/new", `{"user_id":"u-{id}","auto_create_key":false}`), post("/key/generate", `{"key_alias":"k-{id}"}`).saves("key", "key"), post("/budget/new", `{"budget_id":"b-{id}"}`))
	for _, period := range []string{"30d", "7d", "24h", "1mo", "1d", "2d", "1w", "2w", "14d", "12h", "36h", "monthly", "weekly", "daily"} {
		steps = append(steps, post("/team/update", `{"team_id":"t-{id}","budget_duration":"`+period+`"}`), post("/user/update", `{"user_id":"u-{id}","budget_duration":"`+period+`"}`),
			post("/key/update", `{"key":"{key}","budget_duration":"`+period+`"}`), post("/budget/update", `{"budget_id":"b-{id}","budget_duration":"`+period+`"}`))
	}
	for i := range steps {
		steps[i].dates = true
	}
	for _, period := range []string{"2mo", "0d", "1y", "30 days", "x"} {
		steps = append(steps, post("/team/update", `{"team_id":"t-{id}","budget_duration":"`+period+`"}`).is(400), post("/key/update", `{"key":"{key}","budget_duration":"`+period+`"}`).is(400), post("/budget/update", `{"budget_id":"b-{id}","budget_duration":"`+period+`"}`).is(400))
	}
	return steps
}
