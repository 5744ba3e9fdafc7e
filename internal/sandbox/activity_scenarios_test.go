package sandbox_test

// activityScenarios are about spend by user, team, customer, tag and day.
func activityScenarios() []scenario {
	const (
		key   = "sk-chosen-{id}-0123456789"
		today = "start_date={today}&end_date={today}"
		fails = `{"model":"always-fails","messages":[{"role":"user","content":"hi"}],"user":"e-{id}","tags":["g-{id}"]}`
		works = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"user":"e-{id}","tags":["g-{id}"]}`
	)
	deleteKey := post("/key/delete", `{"key_aliases":["k-{id}"]}`)
	deleteUser := post("/user/delete", `{"user_ids":["u-{id}"]}`)
	deleteTeam := post("/team/delete", `{"team_ids":["t-{id}"]}`)
	deleteCustomer := post("/customer/delete", `{"user_ids":["e-{id}"]}`)
	newUser := post("/user/new", `{"user_id":"u-{id}","user_email":"u-{id}@example.com","user_role":"internal_user","auto_create_key":false}`)
	newKey := func(more string) step {
		return post("/key/generate", `{"key":"`+key+`","key_alias":"k-{id}","user_id":"u-{id}"`+more+`}`).saves("hash", "token").but("key_name")
	}
	chat := func(body string) step { return post("/chat/completions", body).as(key) }
	// counts waits until the real gateway has written what was done.
	counts := func(path, what string) step {
		return get(path).poll("results.0.metrics."+what).but("results", "metadata")
	}
	return []scenario{
		{name: "activity: of a user, a team, a customer and a tag", steps: []step{
			newUser, post("/team/new", `{"team_id":"t-{id}","team_alias":"T {id}"}`), post("/customer/new", `{"user_id":"e-{id}","alias":"E"}`), newKey(`,"team_id":"t-{id}"`),
			chat(works), chat(works), chat(fails).is(429),
			counts("/tag/daily/activity?"+today+"&tags=g-{id}&model=openai/gpt-4o", "failed_requests"), counts("/tag/daily/activity?"+today+"&tags=g-{id}", "successful_requests"),
			// Each table is written by itself.
			counts("/user/daily/activity?"+today+"&user_id=u-{id}", "failed_requests"), counts("/team/daily/activity?"+today+"&team_ids=t-{id}", "failed_requests"),
			counts("/customer/daily/activity?"+today+"&end_user_ids=e-{id}", "failed_requests"), counts("/user/daily/activity?"+today+"&user_id=u-{id}", "total_tokens"),
			get("/user/daily/activity?"+today+"&user_id=u-{id}").wants("results.0.metrics.spend", "0.000027", "metadata.total_failed_requests", "1", "metadata.total_tokens", "68"),
			get("/team/daily/activity?"+today+"&team_ids=t-{id}").wants("results.0.breakdown.entities.t-{id}.metadata.team_alias", `"T {id}"`),
			get("/customer/daily/activity?"+today+"&end_user_ids=e-{id}").wants("results.0.breakdown.entities.e-{id}.metadata.alias", `"E"`),
			get("/tag/daily/activity?" + today + "&tags=g-{id}"),
			get("/user/daily/activity/aggregated?" + today + "&user_id=u-{id}"),
			get("/user/daily/activity?" + today + "&api_key={hash}"), get("/user/daily/activity?"+today+"&api_key="+key).wants("results.#", "0"),
			get("/user/daily/activity?"+today+"&user_id=u-{id}&model=openai/gpt-4o").wants("metadata.total_api_requests", "1"),
			get("/user/daily/activity?"+today+"&user_id=u-{id}&page_size=1").wants("metadata.total_pages", "2", "metadata.has_more", "true").but("results").theirs(),
			get("/user/daily/activity?" + today + "&user_id=u-{id}&page_size=1&page=3"),
			get("/team/daily/activity?"+today+"&team_ids=t-{id}&exclude_team_ids=t-{id}").wants("results.#", "0"),
			get("/global/activity?" + today).theirs(),
			get("/spend/logs?user_id=u-{id}").theirs().but("*.metadata", "*.request_tags"),
		}, cleanup: []step{deleteKey, deleteUser, deleteTeam, deleteCustomer}},
		{name: "activity: refused calls count", steps: []step{
			newUser, newKey(`,"models":["claude-haiku"],"rpm_limit":1`),
			post("/chat/completions", hello).as(key).is(403), post("/chat/completions", `{"model":"claude-haiku","messages":[]}`).as(key), post("/chat/completions", `{"model":"claude-haiku","messages":[]}`).as(key).is(429),
			post("/key/block", `{"key":"{hash}"}`).but("key_name"), post("/chat/completions", hello).as(key).is(401).await(),
			counts("/user/daily/activity?"+today+"&api_key={hash}", "successful_requests"),
			get("/user/daily/activity?"+today+"&api_key={hash}").poll("results.0.breakdown.models.openai/gpt-4o-mini.metrics.failed_requests").but("results.0.breakdown", "results.0.metrics", "metadata"),
		}, cleanup: []step{deleteKey, deleteUser}},
		{name: "activity: an unknown model", steps: []step{
			newUser, newKey(``), chat(`{"model":"nope-{id}","messages":[]}`).is(400), get("/user/daily/activity?" + today + "&user_id=u-{id}").poll("results.0.metrics.failed_requests"),
			get("/spend/logs?user_id=u-{id}").poll("0.request_id").wants("0.model", `"unknown-model"`, "0.model_group", `""`).but("0.metadata", "0.request_duration_ms", "0.completionStartTime", "0.requester_ip_address"),
		}, cleanup: []step{deleteKey, deleteUser}},
		{name: "activity: of a deleted key, of nobody", steps: []step{
			post("/key/generate", `{"key":"`+key+`","key_alias":"k-{id}"}`).saves("hash", "token").but("key_name"), chat(hello), deleteKey,
			get("/user/daily/activity?" + today + "&api_key={hash}").poll("results.0.metrics.spend"),
			get("/user/daily/activity?start_date=2020-01-01&end_date=2020-01-02"), get("/user/daily/activity/aggregated?start_date=2020-01-01&end_date=2020-01-02"),
			get("/user/daily/activity?" + today + "&user_id=none-{id}"), get("/team/daily/activity?" + today + "&team_ids=none-{id}"), get("/tag/daily/activity?" + today + "&tags=none-{id}"), get("/customer/daily/activity?" + today + "&end_user_ids=none-{id}"),
		}, cleanup: []step{deleteKey}},
		{name: "activity: invalid", steps: []step{
			get("/user/daily/activity").is(400), get("/team/daily/activity").is(400), get("/customer/daily/activity").is(400), get("/tag/daily/activity").is(400), get("/user/daily/activity/aggregated").is(400),
			get("/user/daily/activity?start_date={today}").is(400), get("/user/daily/activity?start_date=x&end_date=y").is(400), get("/user/daily/activity?" + today + "&page_size=1001").is(422), get("/user/daily/activity?" + today + "&page=0").is(422),
			get("/global/activity").is(400), get("/global/activity?start_date=x&end_date=y").is(500), get("/global/activity?start_date=2020-01-01&end_date=2020-01-02"),
		}},
		{name: "activity: seen by a user", steps: []step{
			newUser, newKey(``), get("/user/daily/activity?" + today).as(key), get("/user/daily/activity?" + today + "&user_id=other").as(key).is(403), get("/user/daily/activity/aggregated?" + today + "&user_id=other").as(key).is(403),
			get("/team/daily/activity?" + today).as(key), get("/customer/daily/activity?" + today).as(key).is(401), get("/tag/daily/activity?" + today + "&tags=none-{id}").as(key), chat(works), counts("/user/daily/activity?"+today+"&user_id=u-{id}", "spend"), get("/global/activity?" + today).as(key),
			get("/user/daily/activity?" + today).as("-").is(401),
		}, cleanup: []step{deleteKey, deleteUser}},
		{name: "activity: seen by a key of nobody", steps: []step{
			post("/key/generate", `{"key":"`+key+`","key_alias":"k-{id}"}`).but("key_name"),
			get("/user/daily/activity?" + today).as(key).is(403), get("/team/daily/activity?" + today).as(key).is(404), get("/tag/daily/activity?" + today).as(key).is(401), get("/customer/daily/activity?" + today).as(key).is(401),
			get("/key/aliases").as(key).is(401), get("/team/available").as(key),
		}, cleanup: []step{deleteKey}},
		{name: "key: aliases", steps: []step{
			newUser, newKey(``), post("/key/generate", `{"key_alias":"k2-{id}"}`), get("/key/aliases?search=-{id}").wants("total_count", "2", "aliases", `["k-{id}","k2-{id}"]`), get("/key/aliases?search=-{id}&size=1&page=2").wants("aliases.0", `"k2-{id}"`),
			get("/key/aliases?search=none-{id}&page=2"), get("/key/aliases?search=-{id}").as(key).wants("aliases", `["k-{id}"]`), get("/key/aliases?size=101").is(422), get("/key/aliases?page=0").is(422), get("/key/aliases").theirs(), get("/team/available"),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["k-{id}","k2-{id}"]}`), deleteUser}},
		{name: "key: regenerate", steps: []step{
			newUser, newKey(``), post("/key/regenerate?key="+key, `{}`).is(500), post("/key/"+key+"/regenerate", `{}`).is(500), post("/key/{hash}/regenerate", ``).is(500), post("/key/regenerate", `{"max_budget":"x"}`).is(422),
			post("/key/"+key+"/regenerate", `{}`).as(key).is(500), post("/key/regenerate", `{}`).as("-").is(401),
		}, cleanup: []step{deleteKey, deleteUser}},
	}
}
