package sandbox_test

import "slices"

func get(path string) step           { return step{method: "GET", path: path} }
func post(path, body string) step    { return step{method: "POST", path: path, body: body} }
func patch(path, body string) step   { return step{method: "PATCH", path: path, body: body} }
func (s step) as(key string) step    { s.key = key; return s }
func (s step) is(status int) step    { s.status = status; return s }
func (s step) theirs() step          { s.others = true; return s }
func (s step) poll(path string) step { s.until = path; return s }
func (s step) await() step           { s.untilStatus = true; return s }

func (s step) but(paths ...string) step { s.ignore = append(s.ignore, paths...); return s }

// wants takes pairs of path and JSON.
func (s step) wants(pairs ...string) step {
	s.want = pairUp(pairs)
	return s
}

// saves takes pairs of name and path.
func (s step) saves(pairs ...string) step {
	s.save = pairUp(pairs)
	return s
}

func pairUp(pairs []string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

const (
	hello = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}`
	// counted differs where a real gateway counts tokens instead of assuming 10.
	counted = "usage"
)

// perTeam depends on the teams there are.
var perTeam = []string{"data.0.model_info.access_via_team_ids", "data.0.model_info.access_via_team_ids[]", "data.0.model_info.direct_access", "data.0.model_info.supported_openai_params"}

func scenarios() []scenario {
	deleteKey := post("/key/delete", `{"key_aliases":["k-{id}"]}`)
	deleteUser := post("/user/delete", `{"user_ids":["u-{id}"]}`)
	deleteTeam := post("/team/delete", `{"team_ids":["t-{id}"]}`)
	deleteModel := post("/model/delete", `{"id":"m-{id}"}`)
	newUser := post("/user/new", `{"user_id":"u-{id}","user_role":"internal_user"}`).saves("key", "key")
	newKey := func(more string) step {
		return post("/key/generate", `{"key_alias":"k-{id}"`+more+`}`).saves("key", "key", "hash", "token")
	}
	return append(slices.Concat(activityScenarios(), listScenarios(), memberScenarios(), emptyScenarios(), namesScenarios(), limitScenarios(), fallbackScenarios(), fieldScenarios(), updateScenarios(), sessionScenarios()), []scenario{
		// Authentication and routes.
		{name: "no key", steps: []step{
			get("/models").as("-").is(401), get("/key/list").as("-").is(401), post("/key/generate", `{}`).as("-").is(401),
			get("/health/readiness/details").as("-").is(401),
		}},
		{name: "wrong keys", steps: []step{
			get("/models").as("sk-unknown-{id}-xxxxxxxxx").is(401), get("/models").as("no-{id}").is(401),
			{method: "GET", path: "/models", key: "-", header: map[string]string{"Authorization": "{master}"}, status: 401},
		}},
		{name: "other headers for the key", steps: []step{
			{method: "GET", path: "/key/info?key=nothing", key: "-", header: map[string]string{"x-litellm-api-key": "{master}"}, status: 404},
			{method: "GET", path: "/key/info?key=nothing", key: "-", header: map[string]string{"x-litellm-api-key": "Bearer {master}"}, status: 404},
			{method: "GET", path: "/key/info?key=nothing", key: "-", header: map[string]string{"x-api-key": "{master}"}, status: 404},
			{method: "GET", path: "/key/info?key=nothing", key: "-", header: map[string]string{"api-key": "{master}"}, status: 404},
		}},
		{name: "unknown routes and methods", steps: []step{
			get("/nope").is(404), get("/nope").as("-").is(404), {method: "PUT", path: "/key/list", status: 405}, post("/models", `{}`).is(405),
			get("/health/test_connection").is(405), get("/chat/completions").is(405), get("/budget/info").is(405), get("/credentials/x").is(405),
			{method: "DELETE", path: "/key/delete", status: 405}, get("/key/list/").is(307),
		}},
		{name: "health", steps: []step{
			get("/health/readiness").as("-"), get("/health/liveliness").as("-"), get("/health/liveness").as("-"),
			get("/health/readiness/details").wants("litellm_version", `"1.110.2"`).but("success_callbacks"),
			get("/health").theirs().but("unhealthy_endpoints", "healthy_endpoints.*"),
		}},
		{name: "enterprise refusals", steps: []step{
			post("/organization/new", `{"organization_alias":"o"}`).is(403), get("/organization/list").is(403),
			get("/organization/info?organization_id=x").is(403), patch("/organization/update", `{}`).is(403),
			{method: "DELETE", path: "/organization/delete", body: `{"organization_ids":["x"]}`, status: 403},
			post("/key/sk-nobody/regenerate", `{}`).is(500), post("/key/regenerate", `{}`).is(500),
			get("/global/spend/report?start_date=2026-01-01&end_date=2026-01-02").is(400), get("/cache/ping").is(503),
			post("/key/generate", `{"tags":["x"]}`).is(403), post("/key/generate", `{"guardrails":["x"]}`).is(403),
			post("/key/generate", `{"model_max_budget":{"gpt-4o-mini":{"budget_limit":1,"time_period":"1d"}}}`).is(500),
		}},
		{name: "bodies that are no objects", steps: []step{
			post("/key/generate", `{bad`).is(422), post("/key/generate", `{"a":tru}`).is(422), post("/key/generate", `nope`).is(422), post("/key/generate", `{"a":1} x`).is(422), post("/key/generate", `[]`).is(400), post("/key/generate", ``).is(422), post("/key/generate", `null`).is(400),
			post("/chat/completions", ``).is(400), post("/chat/completions", `{bad`).is(400).but("error.message"),
		}},

		// Keys.
		{name: "key: create, read, delete", steps: []step{
			newKey(``), get("/key/info?key={key}"), get("/key/info?key={hash}"), get("/key/info").as("{key}"),
			get("/key/list?key_alias=k-{id}").wants("total_count", "1", "keys.0", `"{hash}"`),
			get("/key/list?key_alias=k-{id}&return_full_object=true"),
			post("/key/delete", `{"keys":["{key}"]}`).wants("deleted_keys.0", `"{key}"`), post("/key/delete", `{"keys":["{key}"]}`).is(404),
			get("/key/list?key_alias=k-{id}").wants("total_count", "0"),
			get("/key/list?key_alias=k-{id}&return_full_object=true&status=deleted"), get("/key/info?key={key}").wants("info.status", `"deleted"`),
		}, cleanup: []step{deleteKey}},
		{name: "key: every field", steps: []step{
			newKey(`,"max_budget":5,"budget_duration":"30d","duration":"1h","models":["gpt-4o-mini"],"aliases":{"a":"b"},"config":{"x":1},"metadata":{"m":[1,{"é":"\""}]},` +
				`"tpm_limit":10,"rpm_limit":"60","max_parallel_requests":3,"spend":1,"permissions":{"p":true},"user_id":"u-{id}","blocked":false,"key_type":"default","unknown_{id}":1`),
			get("/key/info?key={key}"), get("/key/list?key_alias=k-{id}&return_full_object=true"),
		}, cleanup: []step{deleteKey}},
		{name: "key: soft budget", steps: []step{newKey(`,"soft_budget":2`).saves("key", "key", "budget", "budget_id"), get("/key/info?key={key}")},
			cleanup: []step{deleteKey, post("/budget/delete", `{"id":"{budget}"}`)}},
		{name: "key: limits that stand in metadata", steps: []step{
			post("/budget/new", `{"budget_id":"b-{id}","max_budget":5}`),
			newKey(`,"mcp_rpm_limit":{"s":1},"tag_rpm_limit":{"t":2},"rpm_limit":5,"rpm_limit_type":"dynamic","tpm_limit_type":"best_effort_throughput",` +
				`"default_estimated_output_tokens":10,"end_user_budget_id":"b-{id}","metadata":{"a":1}`),
			get("/key/info?key={key}"), post("/key/update", `{"key":"{key}","end_user_budget_id":"none-{id}"}`).is(400),
			post("/key/update", `{"key":"{key}","tag_rpm_limit":{"t":3}}`), post("/key/update", `{"key":"{key}","metadata":{"end_user_budget_id":"none-{id}"}}`).is(400),
			post("/key/update", `{"key":"{key}","end_user_budget_id":""}`), post("/key/update", `{"key":"{key}","rpm_limit_type":null}`), post("/key/update", `{"key":"{key}","metadata":{"b":2}}`),
			post("/key/generate", `{"end_user_budget_id":"none-{id}"}`).is(400), post("/key/generate", `{"metadata":{"end_user_budget_id":"none-{id}"}}`).is(400),
		}, cleanup: []step{deleteKey, post("/budget/delete", `{"id":"b-{id}"}`)}},
		{name: "key: limits by model stand in metadata", steps: []step{
			newKey(`,"model_rpm_limit":{"gpt-4o-mini":1},"metadata":{"a":1}`).wants("metadata.model_rpm_limit", `{"gpt-4o-mini":1}`),
		}, cleanup: []step{deleteKey}},
		{name: "key: chosen by the caller", steps: []step{
			post("/key/generate", `{"key":"sk-chosen-{id}","key_alias":"k-{id}"}`).wants("key", `"sk-chosen-{id}"`).but("key_name"), post("/key/generate", `{"key":"chosen"}`).is(400),
		}, cleanup: []step{deleteKey}},
		{name: "key: conflicts", steps: []step{
			newKey(``), post("/key/generate", `{"key_alias":"k-{id}"}`).is(400),
			post("/key/generate", `{"key_alias":"k2-{id}"}`).saves("other", "key"),
			post("/key/update", `{"key":"{other}","key_alias":"k-{id}"}`).is(400),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["k-{id}","k2-{id}"]}`)}},
		{name: "key: invalid", steps: []step{
			post("/key/generate", `{"max_budget":"abc"}`).is(422), post("/key/generate", `{"max_budget":-1}`).is(400), post("/key/generate", `{"duration":"xyz"}`).is(500),
			post("/key/generate", `{"duration":"5"}`).is(500), post("/key/generate", `{"budget_duration":"xyz"}`).is(400), post("/key/generate", `{"models":"x"}`).is(422),
			post("/key/generate", `{"key_type":"bad"}`).is(422), post("/key/generate", `{"metadata":"x"}`).is(422), post("/key/generate", `{"rpm_limit":1.5}`).is(422),
			post("/key/generate", `{"blocked":"x"}`).is(422), post("/key/generate", `{"key_alias":5}`).is(422), post("/key/generate", `{"budget_id":"none-{id}"}`).is(500),
			post("/key/generate", `{"organization_id":"none-{id}"}`).is(500),
		}},
		{name: "key: not found", steps: []step{
			get("/key/info").is(404), get("/key/info?key=sk-none-{id}").is(404), post("/key/update", `{"key":"sk-none-{id}","max_budget":1}`).is(404),
			post("/key/update", `{"max_budget":1}`).is(422), post("/key/block", `{"key":"sk-none-{id}"}`).is(404), post("/key/unblock", `{"key":"sk-none-{id}"}`).is(404),
			post("/key/unblock", `{}`).is(422), post("/key/delete", `{"keys":["sk-none-{id}"]}`).is(404), post("/key/delete", `{"key_aliases":["none-{id}"]}`).is(404),
			post("/key/delete", `{}`).is(422), post("/key/delete", `{"keys":[]}`).is(422), post("/key/delete", `{"keys":"x"}`).is(422),
		}},
		{name: "key: update and clear", steps: []step{
			newKey(`,"max_budget":1,"rpm_limit":5,"budget_duration":"30d","duration":"1h"`),
			post("/key/update", `{"key":"{key}","max_budget":7,"metadata":{"z":1},"models":["gpt-4o-mini"]}`).wants("max_budget", "7"),
			post("/key/update", `{"key":"{key}","max_budget":null}`).wants("max_budget", "null"), post("/key/update", `{"key":"{key}","rpm_limit":null}`),
			post("/key/update", `{"key":"{key}","budget_duration":null}`), post("/key/update", `{"key":"{key}","duration":"-1"}`).wants("expires", "null"),
			post("/key/update", `{"key":"{hash}","models":[]}`), post("/key/update", `{"key":"{key}"}`), post("/key/update", `{"key_alias":"k-{id}","spend":0}`),
			post("/key/update", `{"key":"{key}","team_id":"none-{id}"}`).is(404), post("/key/update", `{"key":"{key}","duration":"bad"}`).is(400),
			post("/key/update", `{"key":"{key}","max_budget":-1}`).is(400), post("/key/update", `{"key":"{key}","budget_id":"none-{id}"}`).is(400),
			post("/key/update", `{"key":"{key}","tpm_limit":"x"}`).is(422), get("/key/info?key={key}").wants("info.max_budget", "null"),
		}, cleanup: []step{deleteKey}},
		{name: "key: delete by alias", steps: []step{
			newKey(``), post("/key/generate", `{"key_alias":"k2-{id}"}`).saves("other", "key"),
			post("/key/delete", `{"keys":["{other}"],"key_aliases":["k-{id}"]}`), get("/key/list?key_alias=k-{id}").wants("total_count", "1"),
			post("/key/delete", `{"key_aliases":["k-{id}","none-{id}"]}`),
		}, cleanup: []step{deleteKey}},
		{name: "key: block", steps: []step{
			newKey(``), post("/key/block", `{"key":"{key}"}`).wants("blocked", "true"), get("/models").as("{key}").is(401).await(), post("/chat/completions", hello).as("{key}").is(401),
			get("/key/info?key={key}").wants("info.status", `"revoked"`), get("/key/list?key_alias=k-{id}&status=revoked").wants("total_count", "1"),
			get("/key/list?key_alias=k-{id}&status=active").wants("total_count", "0"), post("/key/unblock", `{"key":"{hash}"}`).wants("blocked", "false"),
			get("/models").as("{key}").await().theirs(),
		}, cleanup: []step{deleteKey}},
		{name: "key: expired", steps: []step{
			newKey(`,"duration":"1s"`), get("/models").as("{key}").is(401).await().but("error.param"), get("/key/info?key={key}").wants("info.status", `"expired"`),
			get("/key/list?key_alias=k-{id}&status=expired").wants("total_count", "1"), get("/key/list?key_alias=k-{id}&expires=active").wants("total_count", "0"),
		}, cleanup: []step{deleteKey}},
		{name: "key list: pages", steps: []step{
			post("/key/generate", `{"key_alias":"k-{id}-1","user_id":"u-{id}"}`), post("/key/generate", `{"key_alias":"k-{id}-2","user_id":"u-{id}","max_budget":2}`),
			post("/key/generate", `{"key_alias":"k-{id}-3","user_id":"u-{id}","max_budget":1}`),
			get("/key/list?user_id=u-{id}&size=2&return_full_object=true").wants("keys.0.key_alias", `"k-{id}-3"`, "total_pages", "2"),
			get("/key/list?user_id=u-{id}&size=2&page=2&return_full_object=true").wants("keys.0.key_alias", `"k-{id}-1"`), get("/key/list?user_id=u-{id}&size=2&page=9"),
			get("/key/list?user_id=u-{id}&sort_by=key_alias&sort_order=asc&return_full_object=true").wants("keys.0.key_alias", `"k-{id}-1"`),
			get("/key/list?user_id=u-{id}&sort_by=max_budget&sort_order=desc&return_full_object=true").wants("keys.1.key_alias", `"k-{id}-2"`),
			get("/key/list?user_id=u-{id}&sort_by=max_budget&sort_order=asc&return_full_object=true").wants("keys.0.key_alias", `"k-{id}-3"`),
			get("/key/list?key_alias=K-{id}&substring_matching=true").wants("total_count", "3"), get("/key/list?key_alias=k-{id}").wants("total_count", "0"),
			get("/key/list?search=k-{id}-1").wants("total_count", "1"), get("/key/list?user_id=u-{id}&key_alias=k-{id}-2").wants("total_count", "1"),
			get("/key/list?key_hash=none-{id}").wants("total_count", "0"), get("/key/list?organization_id=none-{id}").wants("total_count", "0"),
			get("/key/list?user_id=u-{id}&include_team_keys=true").wants("total_count", "3"), get("/key/list?user_id=-{id}&substring_matching=true").wants("total_count", "3"),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["k-{id}-1","k-{id}-2","k-{id}-3"]}`)}},
		{name: "key list: invalid", steps: []step{
			get("/key/list?size=101").is(422), get("/key/list?size=0").is(422), get("/key/list?page=0").is(422), get("/key/list?size=x").is(422),
			get("/key/list?sort_by=nope").is(400), get("/key/list?status=nope").is(400), get("/key/list?expires=2030-01-01").is(400), get("/key/list?return_full_object=maybe").is(422),
		}},
		{name: "key types", steps: []step{
			newKey(`,"key_type":"llm_api"`), get("/key/info").as("{key}").is(403), post("/chat/completions", hello).as("{key}"),
			post("/key/generate", `{"key_alias":"k2-{id}","key_type":"management"}`).saves("other", "key"), post("/chat/completions", hello).as("{other}").is(403),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["k-{id}","k2-{id}"]}`)}},

		// What others than administrators may do.
		{name: "user's key on administrators' routes", steps: []step{
			newUser, post("/team/new", `{}`).as("{key}").is(401), get("/credentials").as("{key}").is(401), post("/user/new", `{}`).as("{key}").is(401), get("/user/list").as("{key}").is(403),
			get("/budget/list").as("{key}").is(401), get("/customer/list").as("{key}").is(401), post("/tag/new", `{"name":"x"}`).as("{key}").is(401), get("/team/list").as("{key}").is(401),
			get("/team/list?user_id=u-{id}").as("{key}"), get("/v2/team/list?user_id=u-{id}").as("{key}"), post("/model/new", `{"model_name":"x","litellm_params":{"model":"x"}}`).as("{key}").is(403),
			get("/health/readiness/details").as("{key}").is(401), post("/organization/new", `{}`).as("{key}").is(401), get("/organization/list").as("{key}").is(403),
			post("/user/update", `{"user_id":"u-{id}"}`).as("{key}").is(401), post("/team/update", `{"team_id":"none-{id}"}`).as("{key}").is(403), get("/nope").as("{key}").is(404),
		}, cleanup: []step{deleteUser}},
		{name: "user's key and own things", steps: []step{
			newUser, get("/key/info").as("{key}"), get("/user/info").as("{key}"), get("/v2/user/info").as("{key}"), get("/key/list?return_full_object=true").as("{key}").wants("total_count", "1"),
			post("/key/generate", `{"key_alias":"k-{id}"}`).as("{key}").wants("user_id", `"u-{id}"`), post("/key/delete", `{"key_aliases":["k-{id}"]}`).as("{key}"),
		}, cleanup: []step{deleteKey, deleteUser}},
		{name: "user's key and the team of a plain member", steps: []step{
			newUser, post("/team/new", `{"team_id":"t-{id}"}`).but("litellm_model_table", "model_id"), post("/team/member_add", `{"team_id":"t-{id}","member":{"user_id":"u-{id}","role":"user"}}`).but("updated_users"),
			post("/team/update", `{"team_id":"t-{id}","max_budget":3}`).as("{key}").is(403), post("/team/member_update", `{"team_id":"t-{id}","user_id":"u-{id}","max_budget_in_team":3}`).as("{key}").is(403),
			post("/team/member_delete", `{"team_id":"t-{id}","user_id":"none-{id}"}`).as("{key}").is(403), post("/team/member_add", `{"team_id":"t-{id}","member":{"user_id":"other-{id}","role":"user"}}`).as("{key}").is(403),
			post("/team/t-{id}/member/u-{id}/reset_spend", `{"reset_to":0}`).as("{key}").is(403), post("/team/t-{id}/member/u-{id}/reset_budget", `{}`).as("{key}").is(403),
			post("/key/generate", `{"team_id":"t-{id}"}`).as("{key}").is(401).but("error.message"), // the order of a set
			post("/team/permissions_update", `{"team_id":"t-{id}","team_member_permissions":["/key/generate"]}`).but("litellm_model_table", "model_id"),
			post("/key/generate", `{"team_id":"t-{id}"}`).as("{key}").saves("made", "key"), post("/key/delete", `{"keys":["{made}"]}`),
			post("/team/member_delete", `{"team_id":"t-{id}","user_id":"u-{id}"}`).but("litellm_model_table", "model_id"), post("/key/generate", `{"team_id":"t-{id}"}`).as("{key}").is(400),
		}, cleanup: []step{post("/team/delete", `{"team_ids":["t-{id}"]}`), deleteKey, deleteUser}},
		{name: "user's key and other people's things", steps: []step{
			newUser, post("/key/generate", `{"key_alias":"k-{id}","user_id":"other-{id}"}`).saves("other", "key"),
			get("/key/info?key={other}").as("{key}").is(403), post("/key/update", `{"key":"{other}","max_budget":1}`).as("{key}").is(403),
			post("/key/delete", `{"keys":["{other}"]}`).as("{key}").is(403), post("/key/block", `{"key":"{other}"}`).as("{key}").is(403), post("/key/unblock", `{"key":"{other}"}`).as("{key}").is(403),
			post("/key/block", `{"key":"sk-none"}`).as("{key}").is(404), post("/key/generate", `{"user_id":"other-{id}"}`).as("{key}").is(403),
			post("/key/generate", `{"team_id":"none-{id}"}`).as("{key}").is(400), post("/key/update", `{"key":"{key}","max_budget":1}`).as("{key}").is(403),
			get("/key/list?user_id=other-{id}").as("{key}").is(403), get("/key/list?team_id=none-{id}").as("{key}").is(403), get("/user/info?user_id=other-{id}").as("{key}").is(403),
		}, cleanup: []step{deleteKey, deleteUser}},
		{name: "user moves a key of their own", steps: []step{
			newUser, post("/team/new", `{"team_id":"t-{id}"}`).but("members_with_roles"), post("/team/member_add", `{"team_id":"t-{id}","member":{"user_id":"u-{id}","role":"user"}}`).theirs(), post("/team/new", `{"team_id":"o-{id}"}`).theirs(),
			post("/key/generate", `{"key_alias":"k-{id}"}`).as("{key}").saves("own", "key"), post("/key/update", `{"key":"{own}","key_alias":"k2-{id}"}`).as("{key}"), post("/key/update", `{"key":"{own}","key_alias":"k-{id}"}`).as("{own}"),
			post("/key/update", `{"key":"{own}","team_id":"t-{id}"}`).as("{key}").is(401).but("error.message"), // the order of a set
			post("/key/update", `{"key":"{own}","team_id":"o-{id}"}`).as("{key}").is(403), post("/key/update", `{"key":"{own}","team_id":"none-{id}"}`).as("{key}").is(404),
			post("/team/permissions_update", `{"team_id":"t-{id}","team_member_permissions":["/key/update"]}`).theirs(), post("/key/update", `{"key":"{own}","team_id":"t-{id}"}`).as("{key}").wants("team_id", `"t-{id}"`),
			get("/team/info?team_id=o-{id}").as("{key}").is(403), get("/team/info?team_id=o-{id}").as("{own}").is(403),
			post("/key/generate", `{"key_alias":"a-{id}","user_id":"u-{id}"}`).saves("given", "key"), post("/key/update", `{"key":"{given}","key_alias":"b-{id}"}`).as("{key}").is(403),
			post("/key/generate", `{"key_alias":"n-{id}"}`).saves("nobody", "key"), get("/team/info?team_id=o-{id}").as("{nobody}").is(403),
			post("/key/generate", `{"key_alias":"m-{id}","team_id":"t-{id}"}`).saves("team", "key"), get("/team/info?team_id=o-{id}").as("{team}").is(403), get("/team/info?team_id=t-{id}").as("{team}").theirs(),
		}, cleanup: []step{post("/team/delete", `{"team_ids":["t-{id}","o-{id}"]}`), post("/key/delete", `{"key_aliases":["k-{id}","a-{id}","n-{id}","m-{id}"]}`), deleteUser}},
		{name: "key of nobody", steps: []step{
			newKey(``), post("/team/new", `{}`).as("{key}").is(401), post("/key/generate", `{}`).as("{key}").is(401), get("/key/list").as("{key}").is(403),
			get("/user/info").as("{key}").is(404), get("/v2/user/info").as("{key}").is(400), get("/user/list").as("{key}").is(403), get("/spend/logs").as("{key}").is(401), get("/key/info").as("{key}"),
		}, cleanup: []step{deleteKey}},
		{name: "administrators among users", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","user_role":"proxy_admin"}`).saves("key", "key"), get("/user/list?user_ids=u-{id}").as("{key}").wants("total", "1"),
			post("/user/new", `{"user_id":"v-{id}","user_role":"proxy_admin_viewer"}`).saves("viewer", "key"), get("/user/list?user_ids=v-{id}").as("{viewer}").wants("total", "1"),
			post("/team/new", `{}`).as("{viewer}").is(403), post("/key/generate", `{}`).as("{viewer}").is(403), post("/chat/completions", hello).as("{viewer}"),
		}, cleanup: []step{post("/user/delete", `{"user_ids":["u-{id}","v-{id}"]}`)}},

		// Users.
		{name: "user: create, read, delete", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","user_email":"U-{id}@example.com"}`), get("/user/info?user_id=u-{id}"), get("/v2/user/info?user_id=u-{id}"),
			get("/user/list?user_ids=u-{id}").wants("total", "1"), post("/user/delete", `{"user_ids":["u-{id}"]}`).wants("", "1"), post("/user/delete", `{"user_ids":["u-{id}"]}`).is(404),
			get("/user/info?user_id=u-{id}").is(404).await(),
		}, cleanup: []step{deleteUser}},
		{name: "user: every field", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","auto_create_key":false,"user_alias":"Al","max_budget":3,"budget_duration":"30d","models":["gpt-4o-mini"],"tpm_limit":1,"rpm_limit":2,"metadata":{"a":1},"user_role":"internal_user_viewer"}`).wants("key", `""`),
			get("/user/info?user_id=u-{id}"), get("/v2/user/info?user_id=u-{id}"),
		}, cleanup: []step{deleteUser}},
		{name: "user: conflicts, not found, invalid", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","user_email":"U-{id}@example.com"}`), post("/user/new", `{"user_id":"u-{id}"}`).is(409), post("/user/new", `{"user_email":"u-{id}@example.com"}`).is(409),
			post("/user/new", `{"user_role":"nope"}`).is(422), post("/user/new", `{"max_budget":"x"}`).is(422), get("/user/info?user_id=none-{id}").is(404), get("/v2/user/info?user_id=none-{id}").is(404),
			post("/user/delete", `{"user_ids":["none-{id}"]}`).is(404), post("/user/delete", `{}`).is(422), post("/user/delete", `{"user_ids":null}`).is(422), post("/user/delete", `{"user_ids":[]}`).wants("", "0"),
		}, cleanup: []step{deleteUser}},
		{name: "user: update", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","user_email":"u-{id}@example.com","auto_create_key":false}`), post("/user/update", `{"user_id":"u-{id}","max_budget":9,"metadata":{"b":2}}`).wants("data.max_budget", "9"),
			post("/user/update", `{"user_id":"u-{id}","max_budget":null}`).wants("data.max_budget", "null"), post("/user/update", `{"user_email":"u-{id}@example.com","user_role":"internal_user"}`).wants("user_id", `"u-{id}"`),
			post("/user/update", `{"user_id":"new-{id}"}`).wants("user_id", `"new-{id}"`), post("/user/update", `{"max_budget":1}`).is(422), post("/user/update", `{"user_id":"u-{id}","user_role":"bad"}`).is(422),
		}, cleanup: []step{post("/user/delete", `{"user_ids":["u-{id}","new-{id}"]}`)}},
		{name: "user list", steps: []step{
			post("/user/new", `{"user_id":"u-{id}-1","user_email":"b-{id}@example.com","auto_create_key":false,"user_role":"internal_user"}`),
			post("/user/new", `{"user_id":"u-{id}-2","user_email":"a-{id}@example.com","auto_create_key":false,"user_role":"internal_user_viewer"}`),
			post("/user/new", `{"user_id":"u-{id}-3","auto_create_key":false}`),
			get("/user/list?user_ids=u-{id}&page_size=2").wants("total", "3", "total_pages", "2", "users.0.user_id", `"u-{id}-3"`), get("/user/list?user_ids=u-{id}&page_size=2&page=2"),
			get("/user/list?user_ids=u-{id}&page=9"), get("/user/list?user_ids=u-{id}&role=internal_user").wants("total", "1"), get("/user/list?user_email=A-{id}").wants("total", "1"),
			get("/user/list?search={id}&sort_by=user_email&sort_order=asc").wants("users.0.user_id", `"u-{id}-2"`), get("/user/list?user_ids=u-{id}&sort_by=user_id&sort_order=desc").wants("users.0.user_id", `"u-{id}-3"`),
			get("/user/list?user_ids=u-{id}-1,u-{id}-2").wants("total", "2"), get("/user/list?user_ids=u-{id}&team=none").wants("total", "0"),
			get("/user/list?sort_by=nope").is(400), get("/user/list?sort_by=user_id&sort_order=nope").is(400), get("/user/list?page_size=101").is(422), get("/user/list?page=0").is(422),
		}, cleanup: []step{post("/user/delete", `{"user_ids":["u-{id}-1","u-{id}-2","u-{id}-3"]}`)}},

		// Teams.
		{name: "team: create, read, delete", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","team_alias":"T-{id}"}`), get("/team/info?team_id=t-{id}"), get("/v2/team/list?team_id=t-{id}").wants("total", "1"),
			get("/v2/team/list?team_alias=t-{id}").wants("total", "1"), get("/team/list").theirs().but("*.keys", "*.team_memberships"), post("/team/delete", `{"team_ids":["t-{id}"]}`), post("/team/delete", `{"team_ids":["t-{id}"]}`).is(404),
		}, cleanup: []step{deleteTeam}},
		{name: "team: every field", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","team_alias":"T","members_with_roles":[{"role":"user","user_id":"u-{id}"}],"max_budget":5,"budget_duration":"1d","models":["gpt-4o-mini"],"metadata":{"a":1},"tpm_limit":1,"rpm_limit":2,"blocked":false}`),
			get("/team/info?team_id=t-{id}").but("team_memberships.0.user_id", "team_memberships.1.user_id"), get("/user/info?user_id=u-{id}"), newKey(`,"team_id":"t-{id}"`), get("/key/list?team_id=t-{id}").wants("total_count", "1"), get("/team/info?team_id=t-{id}").but("team_memberships.0.user_id", "team_memberships.1.user_id"),
			get("/team/list?user_id=u-{id}"), get("/v2/team/list?user_id=u-{id}").wants("teams.0.keys_count", "1"), post("/team/delete", `{"team_ids":["t-{id}"]}`), get("/key/list?key_alias=k-{id}").wants("total_count", "0"),
		}, cleanup: []step{deleteKey, deleteTeam, deleteUser}},
		{name: "team: conflicts, not found, invalid", steps: []step{
			post("/team/new", `{"team_id":"t-{id}"}`), post("/team/new", `{"team_id":"t-{id}"}`).is(400), post("/team/new", `{"max_budget":"x"}`).is(422), post("/team/new", `{"budget_duration":"bad"}`).is(400),
			post("/team/new", `{"members_with_roles":[{"role":"bad","user_id":"x"}]}`).is(422), post("/team/new", `{"members_with_roles":[{"role":"user"}]}`).is(422), get("/team/info?team_id=none-{id}").is(404),
			get("/team/info").is(422), post("/team/update", `{"team_id":"none-{id}"}`).is(404), post("/team/update", `{}`).is(422), post("/team/block", `{"team_id":"none-{id}"}`).is(404), post("/team/block", `{}`).is(422),
			post("/team/delete", `{"team_ids":["none-{id}"]}`).is(404), post("/team/delete", `{}`).is(422), post("/team/delete", `{"team_ids":[]}`), get("/v2/team/list?page_size=101").is(422), get("/v2/team/list?status=x").is(400),
		}, cleanup: []step{deleteTeam}},
		{name: "team: update and block", steps: []step{
			post("/team/new", `{"team_id":"t-{id}"}`), post("/team/update", `{"team_id":"t-{id}","max_budget":11,"models":["gpt-4o-mini"]}`).wants("data.max_budget", "11"),
			post("/team/update", `{"team_id":"t-{id}","max_budget":null}`).wants("data.max_budget", "null"), post("/team/block", `{"team_id":"t-{id}"}`).wants("blocked", "true"), post("/team/unblock", `{"team_id":"t-{id}"}`).wants("blocked", "false"),
		}, cleanup: []step{deleteKey, deleteTeam}},
		{name: "team: blocked from the start", steps: []step{ // a real gateway notices a later block after a minute only
			post("/team/new", `{"team_id":"t-{id}","blocked":true}`), newKey(`,"team_id":"t-{id}"`), get("/models").as("{key}").is(401), post("/chat/completions", hello).as("{key}").is(401), get("/key/info").as("{key}").is(401),
		}, cleanup: []step{deleteKey, deleteTeam}},
		{name: "team: models", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","models":["claude-haiku"]}`), newKey(`,"team_id":"t-{id}"`), get("/models").as("{key}").wants("data.#", "1"), post("/chat/completions", hello).as("{key}").is(403),
		}, cleanup: []step{deleteKey, deleteTeam}},
		{name: "team: key of a team that does not exist", steps: []step{newKey(`,"team_id":"none-{id}"`), get("/models").as("{key}").is(404)}, cleanup: []step{deleteKey}},
		{name: "team: a budget for each member", steps: []step{
			newUser, post("/team/new", `{"team_id":"t-{id}"}`), post("/team/member_add", `{"team_id":"t-{id}","member":{"user_id":"u-{id}","role":"user"}}`).but("updated_users"),
			post("/team/member_update", `{"team_id":"t-{id}","user_id":"u-{id}","tpm_limit":5,"allowed_models":["gpt-4o-mini"]}`),
			post("/team/update", `{"team_id":"t-{id}","team_member_budget":3}`).saves("budget", "data.metadata.team_member_budget_id").but("data.metadata"),
			get("/team/info?team_id=t-{id}").wants("team_info.team_member_budget_table.max_budget", "3", "team_memberships.#", "2").but("team_info.metadata", "team_memberships", "team_info.team_member_budget_table.budget_id"),
			post("/team/update", `{"team_id":"t-{id}","metadata":{"a":1}}`).wants("data.metadata.team_member_budget_id", `"{budget}"`).but("data.metadata.team_member_budget_id"),
			post("/team/update", `{"team_id":"t-{id}","team_member_budget":4}`).wants("data.metadata.team_member_budget_id", `"{budget}"`).but("data.metadata.team_member_budget_id"),
			get("/team/info?team_id=t-{id}").wants("team_info.team_member_budget_table.max_budget", "4").but("team_info.metadata", "team_memberships", "team_info.team_member_budget_table.budget_id"),
		}, cleanup: []step{post("/team/delete", `{"team_ids":["t-{id}"]}`), post("/user/delete", `{"user_ids":["u-{id}"]}`), post("/budget/delete", `{"id":"{budget}"}`)}},
		{name: "team: members", steps: []step{
			post("/team/new", `{"team_id":"t-{id}"}`), post("/team/member_add", `{"team_id":"t-{id}","member":{"role":"user","user_id":"u-{id}"},"max_budget_in_team":1}`).wants("members_with_roles.1.user_id", `"u-{id}"`),
			post("/team/member_add", `{"team_id":"t-{id}","member":{"role":"user","user_id":"u-{id}"}}`).is(400), post("/team/member_add", `{"team_id":"t-{id}","member":{"role":"admin","user_id":"v-{id}"}}`).is(400),
			post("/team/member_add", `{"team_id":"none-{id}","member":{"role":"user","user_id":"v"}}`).is(404), post("/team/member_add", `{"team_id":"t-{id}"}`).is(422), post("/team/member_add", `{"team_id":"t-{id}","member":{"role":"user"}}`).is(422),
			get("/team/info?team_id=t-{id}"), post("/team/member_update", `{"team_id":"t-{id}","user_id":"u-{id}","max_budget_in_team":2}`), post("/team/member_update", `{"team_id":"t-{id}","user_id":"u-{id}","role":"admin"}`).is(400),
			post("/team/member_update", `{"team_id":"none-{id}","user_id":"u"}`).is(400), post("/team/member_update", `{"team_id":"t-{id}"}`).is(422), post("/team/member_delete", `{"team_id":"t-{id}","user_id":"u-{id}"}`),
			post("/team/member_delete", `{"team_id":"t-{id}","user_id":"u-{id}"}`).is(400), post("/team/member_delete", `{"team_id":"none-{id}","user_id":"u"}`).is(400), post("/team/member_delete", `{"team_id":"t-{id}"}`).is(422),
		}, cleanup: []step{deleteTeam, deleteUser}},

		// Models.
		{name: "model: create, read, delete", steps: []step{
			post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o","api_key":"sk-secret1234567890","rpm":"60","tpm":5,"mock_response":"hi there","api_base":"http://127.0.0.1:9","custom_field":"1"},"model_info":{"id":"m-{id}","base_model":"gpt-4o","note":"x"}}`).
				but("litellm_params.model", "litellm_params.api_key", "litellm_params.mock_response", "litellm_params.api_base", "litellm_params.custom_field").wants("litellm_params.rpm", "60", "model_info.db_model", "false"),
			get("/v1/model/info?litellm_model_id=m-{id}").but(perTeam...).wants("data.0.litellm_params.rpm", "60").await(), get("/model/info?litellm_model_id=m-{id}").but(perTeam...).await(), get("/model_group/info?model_group=m-{id}").but("data.0.supported_openai_params"),
			get("/v1/models/m-{id}"), post("/chat/completions", `{"model":"m-{id}","messages":[{"role":"user","content":"hi"}]}`).wants("choices.0.message.content", `"hi there"`),
			get("/credentials/by_model/m-{id}"), post("/model/delete", `{"id":"m-{id}"}`), post("/model/delete", `{"id":"m-{id}"}`).is(400), get("/v1/model/info?litellm_model_id=m-{id}").is(400),
		}, cleanup: []step{deleteModel}},
		{name: "model: update and patch", steps: []step{
			post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"anthropic/claude-3-5-haiku-20241022","api_key":"x"},"model_info":{"id":"m-{id}"}}`).but("litellm_params.model", "litellm_params.api_key"),
			post("/model/update", `{"model_name":"n-{id}","litellm_params":{"rpm":"100"},"model_info":{"id":"m-{id}","lost":1}}`).but("litellm_params.model", "litellm_params.api_key"), get("/v1/model/info?litellm_model_id=m-{id}").but(perTeam...),
			patch("/model/m-{id}/update", `{"litellm_params":{"tpm":"7"},"model_info":{"id":"m-{id}","kept":1}}`).but("litellm_params.model", "litellm_params.api_key").wants("model_info.kept", "1"), get("/v1/model/info?litellm_model_id=m-{id}").but(perTeam...),
			post("/model/update", `{"litellm_params":{"rpm":1},"model_info":{"id":"none-{id}"}}`).is(400), post("/model/update", `{"model_name":"x"}`).is(400), patch("/model/none-{id}/update", `{"model_name":"x"}`).is(404),
		}, cleanup: []step{deleteModel}},
		{name: "model: conflict, not found, invalid", steps: []step{
			post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"m-{id}"}}`).but("litellm_params.model"), post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"m-{id}"}}`).is(500),
			post("/model/new", `{}`).is(500), post("/model/new", `{"model_name":"x","litellm_params":{}}`).is(422), post("/model/new", `{"model_name":"x","litellm_params":{"model":"gpt-4o","rpm":"abc"}}`).is(422),
			post("/model/new", `{"model_name":"x","litellm_params":{"model":"gpt-4o"},"model_info":{"tier":"bad"}}`).is(422), post("/model/delete", `{}`).is(422), post("/model/delete", `{"id":"none-{id}"}`).is(400), post("/model/delete", `{"id":5}`).is(422),
			get("/v1/model/info?litellm_model_id=none-{id}").is(400), get("/models/none-{id}").is(404), get("/model_group/info?model_group=none-{id}"),
		}, cleanup: []step{deleteModel}},
		{name: "models of the configuration", steps: []step{
			get("/models").theirs(), get("/v1/models").theirs(), get("/v1/model/info").theirs().but("data.*.model_info.access_via_team_ids"), get("/model_group/info?model_group=gpt-4o-mini"), get("/model_group/info?model_group=claude-haiku"),
			get("/v1/model/info").saves("config", "data.0.model_info.id").theirs().but("data.*.model_info.access_via_team_ids"), get("/v1/model/info?litellm_model_id={config}").but(perTeam...), post("/model/delete", `{"id":"{config}"}`).is(400),
			patch("/model/{config}/update", `{"model_name":"x"}`).is(400), post("/model/update", `{"litellm_params":{"rpm":1},"model_info":{"id":"{config}"}}`).is(400), get("/credentials/by_model/{config}"),
		}},
		{name: "models of a restricted key", steps: []step{newKey(`,"models":["gpt-4o-mini"]`), get("/models").as("{key}"), get("/models/claude-haiku").as("{key}").is(401)}, cleanup: []step{deleteKey}},

		// Credentials.
		{name: "credential: create, read, update, delete", steps: []step{
			post("/credentials", `{"credential_name":"c-{id}","credential_values":{"api_key":"sk-1234567890abcdef","short":"ab","api_base":"https://example.com/x"},"credential_info":{"custom_llm_provider":"openai"}}`),
			get("/credentials/by_name/c-{id}").wants("credential_values.api_key", `"sk****ef"`), get("/credentials").theirs().but("credentials.*.credential_info", "credentials.*.credential_values"),
			patch("/credentials/c-{id}", `{"credential_info":{"x":1},"display_name":"D"}`), patch("/credentials/c-{id}", `{"credential_values":{"api_key":"newvalue123"},"credential_info":{}}`), get("/credentials/by_name/c-{id}"),
			patch("/credentials/c-{id}", `{"display_name":null,"credential_info":{}}`), get("/credentials/by_name/c-{id}").wants("display_name", "null"), patch("/credentials/c-{id}", `{"credential_name":"other","credential_info":{}}`).is(400),
			{method: "DELETE", path: "/credentials/c-{id}"}, {method: "DELETE", path: "/credentials/c-{id}", status: 404}, get("/credentials/by_name/c-{id}").is(404),
		}, cleanup: []step{{method: "DELETE", path: "/credentials/c-{id}"}}},
		{name: "credential: conflict, not found, invalid", steps: []step{
			post("/credentials", `{"credential_name":"c-{id}","credential_values":{"a":"b"},"credential_info":{}}`), post("/credentials", `{"credential_name":"c-{id}","credential_values":{"a":"b"},"credential_info":{}}`).is(409),
			post("/credentials", `{}`).is(422), post("/credentials", `{"credential_name":"x","credential_values":{},"credential_info":{}}`).is(422), post("/credentials", `{"credential_name":"x","credential_values":{"a":"b"}}`).is(422),
			post("/credentials", `{"credential_name":"x","model_id":"none-{id}","credential_info":{}}`).is(404), get("/credentials/by_name/none-{id}").is(404), get("/credentials/by_model/none-{id}").is(404),
			patch("/credentials/none-{id}", `{"credential_info":{}}`).is(404), patch("/credentials/c-{id}", `{}`).is(422), {method: "DELETE", path: "/credentials/none-{id}", status: 404},
		}, cleanup: []step{{method: "DELETE", path: "/credentials/c-{id}"}}},
		{name: "credential: a name with a slash", steps: []step{
			post("/credentials", `{"credential_name":"team-{id}/azure?x","credential_values":{"a":"b"},"credential_info":{}}`), get("/credentials/by_name/team-{id}%2Fazure%3Fx").wants("credential_name", `"team-{id}/azure?x"`), get("/credentials/by_name/team-{id}/azure%3Fx"),
			patch("/credentials/team-{id}%2Fazure%3Fx", `{"credential_info":{"y":1}}`), {method: "DELETE", path: "/credentials/team-{id}%2Fazure%3Fx"},
		}, cleanup: []step{{method: "DELETE", path: "/credentials/team-{id}%2Fazure%3Fx"}}},
		{name: "credential: of a model", steps: []step{
			post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o","api_key":"sk-secret1234567890","api_base":"http://127.0.0.1:9"},"model_info":{"id":"m-{id}"}}`).but("litellm_params"),
			post("/credentials", `{"credential_name":"c-{id}","model_id":"m-{id}","credential_info":{}}`), get("/credentials/by_name/c-{id}"),
		}, cleanup: []step{{method: "DELETE", path: "/credentials/c-{id}"}, deleteModel}},

		// Budgets, customers, tags.
		{name: "budget", steps: []step{
			post("/budget/new", `{"budget_id":"b-{id}","max_budget":2,"budget_duration":"1d","rpm_limit":"3"}`), post("/budget/new", `{"budget_id":"b-{id}"}`).is(400), post("/budget/new", `{"max_budget":"x"}`).is(422), post("/budget/new", `{"budget_duration":"bad"}`).is(400), post("/budget/new", `{"max_budget":-1}`).is(400),
			post("/budget/info", `{"budgets":["b-{id}","none"]}`).wants("#", "1"), post("/budget/info", `{"budgets":["none-{id}"]}`), post("/budget/info", `{}`).is(422), post("/budget/info", `{"budgets":[]}`).is(400), get("/budget/list").theirs(),
			post("/budget/update", `{"budget_id":"b-{id}","max_budget":5}`).wants("max_budget", "5"), post("/budget/update", `{"budget_id":"b-{id}","max_budget":null}`).wants("max_budget", "null"), post("/budget/update", `{"budget_id":"none-{id}","max_budget":5}`).wants("", "null"), post("/budget/update", `{"max_budget":5}`).is(400),
			newKey(`,"budget_id":"b-{id}"`), get("/key/info?key={key}"), post("/budget/delete", `{"id":"b-{id}"}`), post("/budget/delete", `{"id":"b-{id}"}`).wants("", "null"), post("/budget/delete", `{}`).is(422),
		}, cleanup: []step{deleteKey, post("/budget/delete", `{"id":"b-{id}"}`)}},
		{name: "customer", steps: []step{
			post("/customer/new", `{"user_id":"e-{id}","max_budget":1,"alias":"A"}`), post("/customer/new", `{"user_id":"e-{id}"}`).is(400), post("/customer/new", `{"user_id":"f-{id}"}`), post("/customer/new", `{}`).is(422), post("/customer/new", `{"user_id":"x","max_budget":1,"budget_id":"x"}`).is(422),
			post("/customer/new", `{"user_id":"x-{id}","budget_id":"none-{id}"}`).is(500), get("/customer/info?end_user_id=e-{id}"), get("/customer/info?end_user_id=none-{id}").is(404), get("/customer/info").is(422), get("/customer/list").theirs(),
			post("/customer/update", `{"user_id":"e-{id}","max_budget":3,"blocked":true,"alias":"B"}`), post("/customer/update", `{"user_id":"f-{id}","max_budget":3}`), post("/customer/update", `{"user_id":"none-{id}"}`).is(404), post("/customer/update", `{}`).is(422),
			post("/customer/delete", `{"user_ids":["e-{id}","none-{id}"]}`).is(404), post("/customer/delete", `{"user_ids":["e-{id}","f-{id}"]}`), post("/customer/delete", `{"user_ids":["e-{id}"]}`).is(404), post("/customer/delete", `{}`).is(422),
		}, cleanup: []step{post("/customer/delete", `{"user_ids":["e-{id}"]}`), post("/customer/delete", `{"user_ids":["f-{id}"]}`)}},
		{name: "tag", steps: []step{
			post("/tag/new", `{"name":"g-{id}","description":"d"}`), post("/tag/new", `{"name":"g-{id}"}`).is(500), post("/tag/new", `{}`).is(422), post("/tag/info", `{"names":["g-{id}"]}`), post("/tag/info", `{"names":["none-{id}"]}`).is(500), post("/tag/info", `{}`).is(422),
			get("/tag/list").theirs().but("*.model_info", "*.created_by", "*.litellm_budget_table"), post("/tag/update", `{"name":"g-{id}","description":"zz"}`), post("/tag/update", `{"name":"none-{id}"}`).is(500), post("/tag/delete", `{"name":"g-{id}"}`), post("/tag/delete", `{"name":"g-{id}"}`).is(500), post("/tag/delete", `{}`).is(422),
		}, cleanup: []step{post("/tag/delete", `{"name":"g-{id}"}`)}},

		// Chat.
		{name: "chat", steps: []step{
			post("/chat/completions", hello).wants("choices.0.message.content", `"Hello from the mock"`), post("/v1/chat/completions", hello), post("/chat/completions", `{"model":"gpt-4o-mini","n":2,"messages":[{"role":"user","content":"hi"}]}`).wants("choices.#", "2"),
			post("/chat/completions", `{"model":"claude-haiku","messages":[]}`), post("/chat/completions", `{"model":"claude-haiku","n":2,"messages":[]}`).is(400),
			post("/chat/completions", `{"model":"nope","messages":[]}`).is(400), post("/chat/completions", `{"model":"gpt-4o-mini"}`).is(400), post("/chat/completions", `{"messages":[]}`).is(400), post("/chat/completions", `{"model":"gpt-4o-mini","messages":"x"}`).is(400),
			post("/chat/completions", `{"model":"always-fails","messages":[{"role":"user","content":"hi"}]}`).is(429),
		}},
		{name: "chat: streamed", steps: []step{
			post("/chat/completions", `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}`), post("/chat/completions", `{"model":"always-fails","stream":true,"messages":[]}`).is(429),
			post("/chat/completions", `{"model":"nope","stream":true,"messages":[]}`).is(400),
			post("/chat/completions", `{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`),
			post("/chat/completions", `{"model":"gpt-4o-mini","stream":true,"n":2,"messages":[{"role":"user","content":"hi"}]}`),
		}},
		{name: "chat: model not allowed", steps: []step{
			newKey(`,"models":["claude-haiku"],"aliases":{"al":"claude-haiku"}`), post("/chat/completions", hello).as("{key}").is(403), post("/chat/completions", `{"model":"al","messages":[]}`).as("{key}"),
			post("/chat/completions", `{"model":"nope","messages":[]}`).as("{key}").is(403),
		}, cleanup: []step{deleteKey}},
		{name: "chat: model not allowed for the user", steps: []step{
			post("/user/new", `{"user_id":"u-{id}","models":["claude-haiku"]}`).saves("own", "key"), post("/chat/completions", hello).as("{own}").is(403), newKey(`,"user_id":"u-{id}"`), post("/chat/completions", hello).as("{key}").is(403),
		}, cleanup: []step{deleteKey, deleteUser}},
		{name: "chat: budget of the key", steps: []step{
			newKey(`,"max_budget":0.000001`), post("/chat/completions", hello).as("{key}").but(counted), post("/chat/completions", hello).as("{key}").is(422).await().but("error.message"), get("/key/info").as("{key}").but("info.spend", "info.total_spend"),
		}, cleanup: []step{deleteKey}},
		{name: "chat: budget spent before", steps: []step{
			newKey(`,"max_budget":1,"spend":2,"models":["gpt-4o-mini","claude-haiku"]`), post("/chat/completions", hello).as("{key}").is(422), get("/models").as("{key}").wants("data.#", "2"), post("/key/update", `{"key":"{key}","max_budget":null}`), post("/chat/completions", hello).as("{key}").await(),
		}, cleanup: []step{deleteKey}},
		{name: "chat: budget of the team, the user and the customer", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","max_budget":0.000001}`), newKey(`,"team_id":"t-{id}"`), post("/chat/completions", hello).as("{key}").but(counted), post("/chat/completions", hello).as("{key}").is(422).await().but("error.message"),
			post("/user/new", `{"user_id":"u-{id}","max_budget":0}`).saves("own", "key"), post("/chat/completions", hello).as("{own}").is(422),
			post("/customer/new", `{"user_id":"e-{id}","max_budget":0.000001}`), post("/chat/completions", `{"model":"gpt-4o-mini","user":"e-{id}","messages":[]}`).but(counted), post("/chat/completions", `{"model":"gpt-4o-mini","user":"e-{id}","messages":[]}`).is(422).await().but("error.message"),
		}, cleanup: []step{deleteKey, deleteTeam, deleteUser, post("/customer/delete", `{"user_ids":["e-{id}"]}`)}},
		{name: "chat: rate limits", steps: []step{
			newKey(`,"rpm_limit":1`), post("/chat/completions", hello).as("{key}"), post("/chat/completions", hello).as("{key}").is(429),
			post("/key/generate", `{"key_alias":"k2-{id}","tpm_limit":1}`).saves("other", "key"), post("/chat/completions", hello).as("{other}").is(429),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["k-{id}","k2-{id}"]}`)}},
		{name: "spend", steps: []step{
			newKey(`,"user_id":"u-{id}"`), post("/chat/completions", hello).as("{key}"), get("/key/info?key={key}").poll("info.spend").wants("info.spend", "0.0000135"),
			get("/spend/logs?api_key={key}").poll("0.spend").but("0.request_duration_ms", "0.request_tags", "0.metadata.litellm_overhead_time_ms", "0.requester_ip_address", "0.metadata.requester_ip_address", "0.completionStartTime"),
			get("/spend/logs?request_id=none-{id}").wants("#", "0"), get("/spend/logs?user_id=u-{id}").poll("0.spend").theirs().but("*.metadata"),
			get("/spend/logs?start_date=2026-01-01&end_date=2026-01-02&api_key={key}"),
		}, cleanup: []step{deleteKey}},
	}...)
}
