package sandbox_test

// memberScenarios are about the budgets and the spend of the members of a team.
func memberScenarios() []scenario {
	add := func(user, more string) step {
		return post("/team/member_add", `{"team_id":"t-{id}","member":{"user_id":"`+user+`-{id}","role":"user"}`+more+`}`).but("updated_users", "updated_team_memberships.0.budget_id", "updated_team_memberships.0.litellm_budget_table.budget_id", "metadata")
	}
	update := func(user, more string) step {
		return post("/team/member_update", `{"team_id":"t-{id}","user_id":"`+user+`-{id}"`+more+`}`)
	}
	team := func(more string) step {
		return post("/team/update", `{"team_id":"t-{id}"`+more+`}`).but("data.metadata")
	}
	// of expects members of the membership of one user, who is alone with the one who made the team.
	of := func(pairs ...string) step {
		for i := 0; i < len(pairs); i += 2 {
			pairs[i] = "updated_team_memberships.0." + pairs[i]
		}
		return step{want: pairUp(pairs)}
	}
	expecting := func(s step, w step) step { s.want = w.want; return s }
	cleanup := []step{post("/team/delete", `{"team_ids":["t-{id}"]}`), post("/user/delete", `{"user_ids":["u-{id}"]}`), post("/user/delete", `{"user_ids":["v-{id}"]}`),
		post("/user/delete", `{"user_ids":["w-{id}"]}`), post("/user/delete", `{"user_ids":["x-{id}"]}`)}
	info := func(pairs ...string) step {
		return get("/team/info?team_id=t-{id}").wants(pairs...).but("team_info.metadata", "team_info.team_member_budget_table.budget_id", "team_memberships")
	}
	return []scenario{
		{name: "team: members under the team's limit for each", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","team_alias":"t {id}","team_member_budget":5,"team_member_budget_duration":"30d","team_member_tpm_limit":1000}`).but("metadata"),
			expecting(add("u", `,"max_budget_in_team":20`), of("litellm_budget_table.max_budget", "20", "litellm_budget_table.tpm_limit", "null", "litellm_budget_table.budget_duration", "null")),
			expecting(add("v", ``), of("litellm_budget_table.max_budget", "5", "litellm_budget_table.tpm_limit", "1000", "litellm_budget_table.budget_duration", `"30d"`)),
			expecting(add("w", `,"budget_duration":"7d"`), of("litellm_budget_table.max_budget", "5", "litellm_budget_table.tpm_limit", "1000", "litellm_budget_table.budget_duration", `"7d"`)),
			expecting(add("x", `,"allowed_models":["gpt-4o-mini"]`), of("litellm_budget_table.max_budget", "null", "litellm_budget_table.budget_duration", `"30d"`)),
			team(`,"team_member_budget":9`), info("team_info.team_member_budget_table.max_budget", "9", "team_info.team_member_budget_table.tpm_limit", "1000"),
			team(`,"team_member_tpm_limit":null,"team_member_budget_duration":null`),
			info("team_info.team_member_budget_table.max_budget", "9", "team_info.team_member_budget_table.tpm_limit", "null", "team_info.team_member_budget_table.budget_duration", "null", "team_info.team_member_budget_table.budget_reset_at", "null"),
		}, cleanup: cleanup},
		{name: "team: one limit of a member keeps the others", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","team_member_budget":5}`).but("metadata"), add("u", ``),
			update("u", `,"tpm_limit":100`).wants("tpm_limit", "100", "max_budget_in_team", "null"), team(`,"team_member_budget":9`),
			post("/team/t-{id}/member/u-{id}/reset_spend", `{"reset_to":0}`).wants("max_budget", "5", "spend", "0", "previous_spend", "0"),
			update("u", `,"max_budget_in_team":7`), post("/team/t-{id}/member/u-{id}/reset_spend", `{"reset_to":0}`).wants("max_budget", "7"),
			post("/team/t-{id}/member/u-{id}/reset_budget", ``).wants("budget_source", `"team_default"`).but("budget_id", "previous_budget_id"),
			post("/team/t-{id}/member/u-{id}/reset_spend", `{"reset_to":0}`).wants("max_budget", "9"),
			update("u", `,"max_budget_in_team":7`), update("u", `,"allowed_models":null`).is(500), update("u", `,"max_budget_in_team":null`), update("u", `,"allowed_models":null`),
			post("/team/t-{id}/member/u-{id}/reset_spend", `{"reset_to":1}`).is(400), post("/team/t-{id}/member/u-{id}/reset_spend", `{"reset_to":-1}`).is(400), post("/team/t-{id}/member/u-{id}/reset_spend", `{}`).is(422),
			post("/team/t-{id}/member/none-{id}/reset_spend", `{"reset_to":0}`).is(404), post("/team/none-{id}/member/u-{id}/reset_spend", `{"reset_to":0}`).is(404),
			post("/team/t-{id}/member/none-{id}/reset_budget", ``).is(404), post("/team/none-{id}/member/u-{id}/reset_budget", ``).is(404),
		}, cleanup: cleanup},
		{name: "spend of users and tags", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","auto_create_key":false}`), post("/user/update", `{"user_id":"u-{id}","spend":2}`).wants("data.spend", "2"), post("/user/update", `{"user_id":"u-{id}","spend":0}`).wants("data.spend", "0"),
			post("/team/new", `{"team_id":"t-{id}"}`), post("/team/update", `{"team_id":"t-{id}","spend":2}`).wants("data.spend", "0"),
			post("/customer/new", `{"user_id":"c-{id}"}`), post("/customer/update", `{"user_id":"c-{id}","spend":2}`).wants("spend", "0"),
			post("/tag/new", `{"name":"g-{id}"}`), post("/tag/update", `{"name":"g-{id}","spend":2}`), post("/tag/update", `{"name":"g-{id}","spend":"x"}`).is(422),
		}, cleanup: append(cleanup, post("/customer/delete", `{"user_ids":["c-{id}"]}`), post("/tag/delete", `{"name":"g-{id}"}`))},
	}
}
