package sandbox_test

// namesScenarios are about names: wildcards, and names that routes cannot carry.
func namesScenarios() []scenario {
	say := func(model string) step {
		return post("/chat/completions", `{"model":"`+model+`","messages":[{"role":"user","content":"hi"}]}`)
	}
	deleteModel := post("/model/delete", `{"id":"m-{id}"}`)
	// What the price list says of openai/* is another scenario's.
	row := func(s step) step {
		return s.wants("data.#", "1", "data.0.model_name", `"wild-{id}/*"`, "data.0.litellm_params.model", `"openai/*"`).but("data.0.model_info")
	}
	return []scenario{
		{name: "wildcards", steps: []step{
			post("/model/new", `{"model_name":"wild-{id}/*","litellm_params":{"model":"openai/*","api_key":"f","mock_response":"hi"},"model_info":{"id":"m-{id}"}}`).but("litellm_params"),
			row(get("/v2/model/info?modelId=m-{id}")), row(get("/v2/model/info?search=wild-{id}")), row(get("/v2/model/info?model=wild-{id}/*")),
			row(get("/v1/model/info?litellm_model_id=m-{id}").but(perTeam...)),
			get("/v2/model/info?model=wild-{id}/gpt-4o").wants("data.#", "0"),
			get("/v1/model/info").theirs().but("data"),
			get("/model_group/info?model_group=wild-{id}/gpt-4o").wants("data.#", "1", "data.0.input_cost_per_token", "2.5e-06").but("data"),
			say("wild-{id}/gpt-4o").wants("model", `"wild-{id}/gpt-4o"`).but("id", "created"), say("wild-{id}/nosuch").but("id", "created"),
			get("/health?model=wild-{id}/gpt-4o").is(503), get("/health?model=wild-{id}/*").wants("healthy_endpoints.0.model", `"openai/*"`),
			deleteModel, say("wild-{id}/gpt-4o").is(400).but("error"),
		}, cleanup: []step{deleteModel}},
		{name: "wildcards: what a key may call", steps: []step{
			post("/model/new", `{"model_name":"wild-{id}/*","litellm_params":{"model":"openai/*","api_key":"f","mock_response":"hi"},"model_info":{"id":"m-{id}"}}`).but("litellm_params"),
			post("/key/generate", `{"key_alias":"k-{id}","models":["wild-{id}/gpt-4o"]}`).saves("key", "key"),
			get("/v1/model/info").as("{key}").wants("data.#", "1", "data.0.model_name", `"wild-{id}/gpt-4o"`, "data.0.litellm_params.model", `"openai/gpt-4o"`, "data.0.model_info.id", `"m-{id}"`).but("data"),
			get("/models").as("{key}").wants("data.#", "1", "data.0.id", `"wild-{id}/gpt-4o"`),
			say("wild-{id}/gpt-4o").as("{key}").but("id", "created"), say("wild-{id}/o3").as("{key}").is(403),
			post("/key/update", `{"key":"{key}","models":["wild-{id}/*"]}`).but("models", "spend", "total_spend"), say("wild-{id}/gpt-4o-mini").as("{key}").but("id", "created"),
		}, cleanup: []step{deleteModel, post("/key/delete", `{"key_aliases":["k-{id}"]}`)}},
		{name: "aliases that a key cannot have", steps: []step{
			post("/key/generate", `{"key_alias":"a\tb-{id}"}`).is(400), post("/key/generate", `{"key_alias":"a/../b-{id}"}`).is(400), post("/key/generate", `{"key_alias":"a\u2028b-{id}"}`).is(400),
			post("/key/generate", `{"key_alias":"a..b-{id}"}`).saves("key", "key"), post("/key/update", `{"key":"{key}","key_alias":".."}`).is(400),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["a..b-{id}"]}`)}},
		{name: "names with a slash", steps: []step{
			post("/model/new", `{"model_name":"s/{id}","litellm_params":{"model":"openai/gpt-4o","api_key":"f"},"model_info":{"id":"m/{id}"}}`).but("litellm_params"),
			patch("/model/m%2F{id}/update", `{"litellm_params":{"rpm":3}}`).is(404),
			get("/v2/model/info?modelId=m/{id}").wants("data.#", "1").but("data.0.model_info"),
			post("/fallback", `{"model":"s/{id}","fallback_models":["claude-haiku"]}`), post("/fallback", `{"model":"s/{id}","fallback_models":["gpt-4o-mini"],"fallback_type":"context_window"}`),
			get("/fallback/s%2F{id}").is(404), step{method: "DELETE", path: "/fallback/s%2F{id}", status: 404},
			get("/router/settings").theirs().but("fields", "source", "routing_group_strategies", "routing_strategy_descriptions", "current_values"),
			post("/config/update", `{"router_settings":{"fallbacks":[]}}`), post("/config/update", `{"router_settings":{"context_window_fallbacks":[]}}`),
			get("/router/settings").wants("current_values.fallbacks", "[]", "current_values.context_window_fallbacks", "[]").but("fields", "source", "routing_group_strategies", "routing_strategy_descriptions", "current_values"),
			post("/config/update", `{"router_settings":{"fallbacks":"x"}}`).is(422),
			post("/access_group/new", `{"access_group":"g/{id}","model_names":["s/{id}"]}`),
			get("/access_group/g%2F{id}/info").is(404), step{method: "PUT", path: "/access_group/g%2F{id}/update", body: `{"model_names":["s/{id}"]}`, status: 404},
			step{method: "DELETE", path: "/access_group/g%2F{id}/delete", status: 404}, get("/access_group/g%2F{id}/budget").is(404),
			post("/team/new", `{"team_id":"t/{id}"}`).but("litellm_model_table", "model_id"), get("/team/t%2F{id}/callback"), get("/team/t%2F{id}/callback/x").is(405),
			post("/credentials", `{"credential_name":"c/{id}","credential_info":{},"credential_values":{"api_key":"xxxxxxxx"}}`), get("/credentials/by_name/c%2F{id}"),
			step{method: "DELETE", path: "/credentials/c%2F{id}"},
			post("/model/delete", `{"id":"m/{id}"}`),
		}, cleanup: []step{post("/model/delete", `{"id":"m/{id}"}`), post("/team/delete", `{"team_ids":["t/{id}"]}`)}},
		{name: "model: parameters are removed", steps: []step{
			post("/model/new", `{"model_name":"p-{id}","litellm_params":{"model":"openai/gpt-4o","rpm":60,"temperature":0.5,"input_cost_per_token":0.5},"model_info":{"id":"m-{id}","description":"d","input_cost_per_token":0.25}}`).but("litellm_params.model"),
			patch("/model/m-{id}/update", `{"litellm_params":{"rpm":null,"input_cost_per_token":null},"model_info":{"id":"m-{id}","description":null}}`).wants("litellm_params.rpm", "60", "model_info.description", `"d"`).but("litellm_params.model"),
			patch("/model/m-{id}/update", `{"litellm_params_to_remove":["rpm","temperature","nosuch"]}`).but("litellm_params.model"),
			patch("/model/m-{id}/update", `{"litellm_params_to_remove":["model"]}`).is(422),
			patch("/model/m-{id}/update", `{"litellm_params":{"rpm":null,"tpm":1},"litellm_params_to_remove":["tpm","rpm"]}`).is(422),
			patch("/model/m-{id}/update", `{"model_info":{"id":"m-{id}","input_cost_per_token":0.25}}`).but("litellm_params.model"),
			post("/model/update", `{"litellm_params":{"tpm":4},"model_info":{"id":"m-{id}","description":"e"}}`).wants("model_info.description", `"e"`).but("litellm_params.model"),
		}, cleanup: []step{deleteModel}},
		{name: "model: references to variables that are not set are left out", steps: []step{
			post("/model/new", `{"model_name":"r-{id}","litellm_params":{"model":"openai/gpt-4o","api_base":"os.environ/UNSET_{id}","nested":{"a":"os.environ/UNSET_{id}"}},"model_info":{"id":"r-{id}","note":"os.environ/UNSET_{id}"}}`).but("litellm_params"),
			get("/v1/model/info?litellm_model_id=r-{id}").but("data.0.model_info"),
		}, cleanup: []step{post("/model/delete", `{"id":"r-{id}"}`)}},
		{name: "model: an environment variable that is not set", steps: []step{
			post("/model/new", `{"model_name":"e-{id}","litellm_params":{"model":"os.environ/UNSET_{id}"},"model_info":{"id":"m-{id}"}}`).is(500),
			get("/v1/model/info?litellm_model_id=m-{id}").is(400), get("/v2/model/info?modelId=m-{id}").wants("data.#", "0"),
			post("/model/new", `{"model_name":"e-{id}","litellm_params":{"model":"os.environ/UNSET_{id}"},"model_info":{"id":"m-{id}"}}`).is(500),
			// It keeps other models from being served that the database returns after it.
			deleteModel,
			post("/model/new", `{"model_name":"z-{id}","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"z-{id}"}}`).but("litellm_params.model"),
		}, cleanup: []step{deleteModel, post("/model/delete", `{"id":"z-{id}"}`)}},
		{name: "searches read the backslash", steps: []step{
			post("/team/new", `{"team_id":"t-{id}","team_alias":"CORP\\{id}"}`).but("litellm_model_table", "model_id"),
			get(`/v2/team/list?team_alias=CORP%5C{id}`).wants("total", "0"), get(`/v2/team/list?team_alias=P%5C%5C{id}`).wants("total", "1").but("teams"),
			post("/user/new", `{"user_id":"u-{id}","user_email":"CORP\\{id}@example.com","auto_create_key":false}`),
			get(`/user/list?user_email=CORP%5C{id}`).wants("total", "0"), get(`/user/list?user_email=P%5C%5C{id}`).wants("total", "1").but("users"),
			get(`/user/list?search=CORP%5C{id}`).wants("total", "0"), get(`/user/list?search=P%5C%5C{id}`).wants("total", "1").but("users"), get(`/user/list?search=P__{id}`).wants("total", "0"), get(`/user/list?search=P_{id}`).wants("total", "1").but("users"),
			get(`/v2/team/list?team_alias=%25P_{id}`).wants("total", "1").but("teams"),
			post("/key/generate", `{"key_alias":"CORP\\{id}"}`), get(`/key/aliases?search=CORP%5C{id}`).wants("total_count", "0"), get(`/key/aliases?search=P%5C%5C{id}`).wants("total_count", "1"),
			get(`/key/list?key_alias=CORP%5C{id}`).wants("total_count", "1"),
		}, cleanup: []step{post("/team/delete", `{"team_ids":["t-{id}"]}`), post("/user/delete", `{"user_ids":["u-{id}"]}`), post("/key/delete", `{"key_aliases":["CORP\\{id}"]}`)}},
	}
}
