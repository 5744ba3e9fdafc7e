package sandbox_test

// sessionScenarios are the requests of one session, and the encryption of stored secrets.
func sessionScenarios() []scenario {
	const check, migrate = "/credentials/migrate-encryption/check", "/credentials/migrate-encryption"
	newUser := post("/user/new", `{"user_id":"u-{id}","user_role":"internal_user"}`).saves("key", "key")
	deleteUser := post("/user/delete", `{"user_ids":["u-{id}"]}`)
	session := "/spend/logs/session/ui?session_id=s-{id}"
	var row []string // a refusal is logged with less here
	for _, i := range []string{"0", "1", "2"} {
		row = append(row, "data."+i+".metadata", "data."+i+".request_tags", "data."+i+".completionStartTime", "data."+i+".requester_ip_address")
	}
	return []scenario{
		{name: "session: its requests", steps: []step{
			newUser,
			post("/chat/completions", `{"model":"gpt-4o-mini","litellm_session_id":"s-{id}","messages":[{"role":"user","content":"hi"}]}`).as("{key}").but(counted),
			post("/chat/completions", `{"model":"gpt-4o-mini","metadata":{"session_id":"s-{id}"},"messages":[{"role":"user","content":"hi"}]}`).as("{key}").but(counted),
			post("/chat/completions", `{"model":"always-fails","litellm_session_id":"s-{id}","messages":[{"role":"user","content":"hi"}]}`).as("{key}").is(429),
			get(session).poll("data.2.spend").wants("total", "3", "total_pages", "1", "page_size", "50").but(row...).saves("request", "data.0.request_id"),
			get(session+"&page=2&page_size=2").wants("page", "2", "total_pages", "2").but(row...),
			get(session).as("{key}").wants("total", "3").but(row...),
			get("/spend/logs/ui/{request}"), get("/spend/logs/ui/{request}").as("{key}"),
			get("/spend/logs/ui/none-{id}"), get("/spend/logs/ui/none-{id}").as("{key}").is(403),
			get("/spend/logs/session/ui?session_id=none-{id}"), get("/spend/logs/session/ui").is(422), get(session + "&page_size=101").is(422),
		}, cleanup: []step{deleteUser}},
		{name: "encryption: what is left to migrate", steps: []step{
			post("/credentials", `{"credential_name":"c-{id}","credential_info":{},"credential_values":{"api_key":"sk-1234567890abcdef","api_base":"https://example.com"}}`),
			get(check).theirs().but("report.residual_legacy", "report.locations.credentials", "report.locations.model_table"),
			post(migrate, ``).is(500), post(migrate+"?dry_run=true", `{}`).is(500),
			newUser, get(check).as("{key}").is(401), post(migrate, ``).as("{key}").is(401),
		}, cleanup: []step{{method: "DELETE", path: "/credentials/c-{id}"}, deleteUser}},
	}
}
