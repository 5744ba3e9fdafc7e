package sandbox_test

import (
	"strconv"
	"strings"
)

// emptyTexts are requests in which a field is "": it may be kept, mean null, mean
// nothing, or be refused, differently by route and field.
type emptyTexts struct {
	path   string
	body   string // {n} is the field's name, so that each request makes another thing
	fields string // with the status where it is not 200
	read   step   // what is stored, after each that succeeded
	before []step
	after  []step
}

func (e emptyTexts) scenario() scenario {
	s := scenario{name: "empty texts: " + e.path, steps: e.before, cleanup: e.after}
	for field := range strings.FieldsSeq(e.fields) {
		field, code, refused := strings.Cut(field, ":")
		status, _ := strconv.Atoi(code)
		named := strings.NewReplacer("{n}", strings.ReplaceAll(field, "_", "-"))
		body := strings.TrimSuffix(named.Replace(e.body), "}")
		s.steps = append(s.steps, post(e.path, body+`,"`+field+`":""}`).is(status).but("litellm_params"))
		if !refused && e.read.path != "" {
			read := e.read
			read.path, read.body = named.Replace(read.path), named.Replace(read.body)
			s.steps = append(s.steps, read)
		}
		for _, one := range e.after {
			one.path, one.body = named.Replace(one.path), named.Replace(one.body)
			s.cleanup = append(s.cleanup, one)
		}
	}
	return s
}

func emptyScenarios() []scenario {
	deleteKey, deleteUser := post("/key/delete", `{"key_aliases":["k-{id}-{n}"]}`), post("/user/delete", `{"user_ids":["u-{id}-{n}"]}`)
	deleteTeam, deleteCustomer := post("/team/delete", `{"team_ids":["t-{id}-{n}"]}`), post("/customer/delete", `{"user_ids":["c-{id}-{n}"]}`)
	deleteTag, deleteBudget := post("/tag/delete", `{"name":"g-{id}-{n}"}`), post("/budget/delete", `{"id":"b-{id}-{n}"}`)
	one := strings.NewReplacer("-{n}", "")
	only := func(s step) step { s.path, s.body = one.Replace(s.path), one.Replace(s.body); return s }
	all := []emptyTexts{
		{path: "/key/generate", body: `{"key_alias":"k-{id}-{n}"}`, read: get("/key/list?return_full_object=true&key_alias=k-{id}-{n}"), after: []step{deleteKey},
			fields: "budget_id:500 organization_id max_budget duration:500 team_id user_id budget_duration:400 tpm_limit:422 soft_budget:422 spend:422 agent_id project_id key_type:422 blocked:422"},
		{path: "/key/update", body: `{"key":"{key}"}`, read: get("/key/info?key={key}"), after: []step{only(deleteKey), post("/key/delete", `{"keys":["{key}"]}`)},
			before: []step{post("/key/generate", `{"key_alias":"k-{id}","max_budget":5,"budget_duration":"30d","duration":"30d","tpm_limit":7}`).saves("key", "key")},
			fields: "budget_id:400 organization_id max_budget duration team_id user_id budget_duration:400 tpm_limit:422 spend:422 agent_id project_id:404 key_alias"},
		{path: "/user/new", body: `{"user_id":"u-{id}-{n}","auto_create_key":false}`, read: get("/user/info?user_id=u-{id}-{n}"), after: []step{deleteUser},
			fields: "max_budget budget_duration:400 user_email user_alias user_role:422 duration:500 organization_id budget_id sso_user_id"},
		{path: "/user/update", body: `{"user_id":"u-{id}"}`, read: get("/user/info?user_id=u-{id}"), after: []step{only(deleteUser)},
			before: []step{post("/user/new", `{"user_id":"u-{id}","auto_create_key":false,"max_budget":5,"budget_duration":"30d","user_role":"internal_user"}`)},
			fields: "max_budget budget_duration:400 user_email user_alias user_role:422 team_id duration:400 tpm_limit:422 sso_user_id"},
		{path: "/team/new", body: `{"team_id":"t-{id}-{n}"}`, read: get("/team/info?team_id=t-{id}-{n}"), after: []step{deleteTeam},
			fields: "team_alias max_budget:422 budget_duration:400 organization_id:400 team_member_budget:422 team_member_budget_duration:400 team_member_key_duration"},
		{path: "/team/update", body: `{"team_id":"t-{id}"}`, read: get("/team/info?team_id=t-{id}"), after: []step{only(deleteTeam)},
			before: []step{post("/team/new", `{"team_id":"t-{id}","max_budget":5,"budget_duration":"30d"}`)},
			fields: "team_alias max_budget:422 budget_duration:400 organization_id team_member_budget_duration:400"},
		{path: "/team/member_update", body: `{"team_id":"t-{id}","user_id":"u-{id}"}`, read: get("/team/info?team_id=t-{id}"), after: []step{only(deleteTeam), only(deleteUser)},
			before: []step{post("/team/new", `{"team_id":"t-{id}"}`), post("/user/new", `{"user_id":"u-{id}","auto_create_key":false}`),
				post("/team/member_add", `{"team_id":"t-{id}","member":{"role":"user","user_id":"u-{id}"},"budget_duration":""}`).is(400),
				post("/team/member_add", `{"team_id":"t-{id}","member":{"role":"user","user_id":"u-{id}"},"max_budget_in_team":5}`)},
			fields: "budget_duration:400 max_budget_in_team:422 tpm_limit:422 role:422"},
		{path: "/customer/new", body: `{"user_id":"c-{id}-{n}"}`, read: get("/customer/info?end_user_id=c-{id}-{n}"), after: []step{deleteCustomer},
			fields: "alias budget_id:500 max_budget:422 budget_duration:400 allowed_model_region:422"},
		{path: "/customer/update", body: `{"user_id":"c-{id}"}`, read: get("/customer/info?end_user_id=c-{id}"), after: []step{only(deleteCustomer)},
			before: []step{post("/customer/new", `{"user_id":"c-{id}","alias":"x","max_budget":5}`), post("/customer/new", `{"user_id":"x-{id}","default_model":""}`).is(422).but("error.message")},
			fields: "alias budget_id:500 max_budget:422 budget_duration allowed_model_region:422"},
		{path: "/budget/new", body: `{"budget_id":"b-{id}-{n}"}`, read: post("/budget/info", `{"budgets":["b-{id}-{n}"]}`), after: []step{deleteBudget},
			fields: "max_budget:422 budget_duration:400 tpm_limit:422"},
		{path: "/tag/new", body: `{"name":"g-{id}-{n}"}`, read: post("/tag/info", `{"names":["g-{id}-{n}"]}`), after: []step{deleteTag},
			fields: "description budget_id:500 budget_duration"},
		{path: "/tag/update", body: `{"name":"g-{id}"}`, read: post("/tag/info", `{"names":["g-{id}"]}`), after: []step{only(deleteTag)},
			before: []step{post("/tag/new", `{"name":"g-{id}","description":"d","max_budget":5}`)},
			fields: "budget_id:500 budget_duration:500 description"},
		{path: "/credentials", body: `{"credential_name":"n-{id}","credential_info":{}}`, fields: "credential_values:422"},
	}
	var out []scenario
	for _, one := range all {
		out = append(out, one.scenario())
	}
	out = append(out, scenario{name: "empty texts: a key in a team", steps: []step{
		post("/team/new", `{"team_id":"t-{id}"}`),
		post("/key/generate", `{"key_alias":"k-{id}","team_id":"t-{id}","duration":"30d"}`).saves("key", "key"),
		post("/key/update", `{"key":"{key}","team_id":"","organization_id":"","duration":""}`),
		get("/key/info?key={key}"),
		post("/key/update", `{"key":"{key}","team_id":null,"duration":null}`),
		get("/key/info?key={key}"),
	}, cleanup: []step{post("/key/delete", `{"keys":["{key}"]}`), post("/team/delete", `{"team_ids":["t-{id}"]}`)}})
	return append(out, scenario{name: "empty texts: models", steps: []step{
		post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"m-{id}","team_id":""}}`).is(400),
		post("/model/new", `{"model_name":"m-{id}","litellm_params":{"model":""},"model_info":{"id":"m-{id}"}}`).is(500),
	}, cleanup: []step{post("/model/delete", `{"id":"m-{id}"}`)}})
}
