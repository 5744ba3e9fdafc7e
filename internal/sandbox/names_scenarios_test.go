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
			post("/key/update", `{"key":"{key}","models":["wild-{id}/*"]}`).but("models"), say("wild-{id}/o3").as("{key}").but("id", "created"),
		}, cleanup: []step{deleteModel, post("/key/delete", `{"key_aliases":["k-{id}"]}`)}},
	}
}
