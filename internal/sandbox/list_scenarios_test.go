package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
)

// listScenarios are about the order and the pages of lists. They sort by nothing
// that ties: the real gateway's order of such rows is another one from day to day.
func listScenarios() []scenario {
	// in expects the rows of a list whose IDs end so, in this order.
	in := func(s step, list, id, ends string) step {
		var pairs []string
		for i, end := range strings.Split(ends, "") {
			pairs = append(pairs, list+"."+string(rune('0'+i))+"."+id, `"`+id[:1]+`-{id}-`+end+`"`)
		}
		return s.wants(pairs...)
	}
	teams := func(query, ends string) step {
		return in(get("/v2/team/list?team_alias=same-{id}"+query), "teams", "team_id", ends)
	}
	users := func(query, ends string) step {
		return in(get("/user/list?user_ids=u-{id}"+query), "users", "user_id", ends)
	}
	models := func(query string) step {
		return get("/v2/model/info?search=m-{id}" + query).but("data.*.model_info.supported_openai_params")
	}
	newTeam := func(end string) step {
		return post("/team/new", `{"team_id":"t-{id}-`+end+`","team_alias":"same-{id}","max_budget":`+end+`}`)
	}
	newModel := func(end string) step {
		return post("/model/new", `{"model_name":"m-{id}-`+end+`","litellm_params":{"model":"openai/gpt-4o-mini"},"model_info":{"id":"m-{id}-`+end+`"}}`).but("litellm_params.model")
	}
	newKey := func(end string) step {
		return post("/key/generate", `{"key_alias":"k-{id}-`+end+`"}`)
	}
	keys := func(query, ends string) step {
		s := get("/key/list?search=k-{id}-&return_full_object=true" + query)
		var pairs []string
		for i, end := range strings.Split(ends, "") {
			pairs = append(pairs, "keys."+string(rune('0'+i))+".key_alias", `"k-{id}-`+end+`"`)
		}
		return s.wants(pairs...)
	}
	var customers []step
	var customerIDs []string
	for i := range 52 {
		id := fmt.Sprint("c-{id}-", 62-i) // made in another order than they are listed
		customerIDs = append(customerIDs, id)
		customers = append(customers, post("/customer/new", `{"user_id":"`+id+`","alias":"Name-`+strings.TrimPrefix(id, "c-")+`"}`))
	}
	return []scenario{
		{name: "team list: orders", steps: []step{
			newTeam("2"), newTeam("1"), newTeam("3"),
			teams("", "312"), teams("&sort_by=team_id", "123"), teams("&sort_by=team_id&sort_order=desc", "321"),
			teams("&sort_by=team_id&sort_order=up", "123"), teams("&sort_by=created_at", "213"), teams("&sort_by=created_at&sort_order=desc", "312"),
			teams("&sort_by=max_budget", "123"), teams("&sort_by=spend&sort_order=asc", "123"), teams("&sort_by=nope", "312"),
			teams("&sort_by=team_id&page_size=2", "12"), teams("&sort_by=team_id&page_size=2&page=2", "3"),
		}, cleanup: []step{post("/team/delete", `{"team_ids":["t-{id}-1","t-{id}-2","t-{id}-3"]}`)}},
		{name: "team list: deleted teams", steps: []step{
			newTeam("1"), post("/team/delete", `{"team_ids":["t-{id}-1"]}`), teams("&status=deleted", "1"), get("/v2/team/list?team_id=t-{id}-1").wants("total", "0"),
		}},
		{name: "customer list: pages", steps: slices.Concat(customers, []step{
			get("/customer/list?search=C-{id}").wants("49.user_id", `"c-{id}-60"`), get("/customer/list?search=c-{id}&page=2").wants("0.user_id", `"c-{id}-61"`),
			get("/customer/list?search=c-{id}&page=3"), get("/customer/list?search=c-{id}&page=3&page_size=20"),
			get("/customer/list?search=name-{id}&page_size=1").wants("0.user_id", `"c-{id}-11"`),
			get("/customer/list?page_size=101").is(422), get("/customer/list?page_size=0").is(422), get("/customer/list?page=0").is(422), get("/customer/list?page=x").is(422),
		}), cleanup: []step{post("/customer/delete", `{"user_ids":["`+strings.Join(customerIDs, `","`)+`"]}`)}},
		{name: "user list: users made at once", steps: []step{
			post("/management/v1/users/bulk", `{"users":[{"user_id":"u-{id}-2"},{"user_id":"u-{id}-1"},{"user_id":"u-{id}-3"}]}`),
			users("&sort_by=user_id", "123"), users("&sort_by=user_id&sort_order=desc", "321"),
		}, cleanup: []step{post("/user/delete", `{"user_ids":["u-{id}-1","u-{id}-2","u-{id}-3"]}`)}},
		{name: "key list: orders", steps: []step{
			newKey("2"), newKey("1"), newKey("3"),
			keys("", "312"), keys("&sort_order=asc", "312"), keys("&sort_by=key_alias&sort_order=asc", "123"), keys("&sort_by=key_alias", "321"),
			get("/key/list?sort_by=spend&sort_order=up").is(400),
		}, cleanup: []step{post("/key/delete", `{"key_aliases":["k-{id}-1","k-{id}-2","k-{id}-3"]}`)}},
		{name: "key list: owners", steps: []step{
			post("/user/new", `{"user_id":"o-{id}","user_email":"o-{id}@example.com","auto_create_key":false}`),
			post("/key/generate", `{"key_alias":"k-{id}-1","user_id":"o-{id}"}`), post("/key/generate", `{"key_alias":"k-{id}-2"}`),
			get("/key/list?key_alias=k-{id}-1&expand=user").wants("keys.0.user.user_email", `"o-{id}@example.com"`),
			get("/key/list?key_alias=k-{id}-1&expand=user&return_full_object=true").wants("keys.0.user.user_id", `"o-{id}"`),
			get("/key/list?key_alias=k-{id}-2&expand=user&return_full_object=true"), get("/key/list?key_alias=k-{id}-1&expand=nope"),
			get("/user/list?user_ids=o-{id},o-{id}").wants("total", "1"), get("/user/list?user_ids=o-,o-").wants("total", "0"),
		}, cleanup: []step{post("/user/delete", `{"user_ids":["o-{id}"]}`), post("/key/delete", `{"key_aliases":["k-{id}-2"]}`)}},
		{name: "model list of version 2", steps: []step{
			newModel("2"), newModel("1"), newModel("3"),
			get("/v2/model/info?modelId=m-{id}-1").but("data.0.model_info.supported_openai_params").wants("total_count", "1", "size", "50"),
			get("/v2/model/info?modelId=none-{id}").wants("total_count", "0", "total_pages", "0"),
			models("").wants("data.0.model_name", `"m-{id}-2"`), models("&sortBy=model_name").wants("data.0.model_name", `"m-{id}-1"`),
			models("&sortBy=model_name&sortOrder=desc&size=2").wants("data.0.model_name", `"m-{id}-3"`, "total_pages", "2", "size", "2"),
			models("&sortBy=model_name&size=2&page=2").wants("data.0.model_name", `"m-{id}-3"`, "current_page", "2"),
			models("&page=9").wants("data.#", "0"), models("&size=1000").wants("size", "1000"), models("&sortBy=nope"), models("&sortBy=costs"), models("&sortBy=status&sortOrder=desc"),
			models("&model=m-{id}-2").wants("total_count", "1"), models("&model=m-{id}").wants("total_count", "0"), models("&model=none&modelId=m-{id}-2").wants("total_count", "1"),
			models("&wildcard_only=true").wants("total_count", "0"), models("&access_group=none-{id}").wants("total_count", "0"), models("&teamId=none-{id}").wants("total_count", "0"),
			models("&user_models_only=true").wants("total_count", "3"), models("&include_team_models=true").but("data.0.model_info.access_via_team_ids", "data.*.model_info.access_via_team_ids", "data.0.model_info.access_via_team_ids[]"),
			get("/v2/model/info?size=0").is(422), get("/v2/model/info?page=x").is(422), get("/v2/model/info?wildcard_only=x").is(422),
			get("/v2/model/info?sortBy=model_name&sortOrder=up").is(400),
			get("/v2/model/info?page=1&size=3").theirs(),
		}, cleanup: []step{post("/model/delete", `{"id":"m-{id}-1"}`), post("/model/delete", `{"id":"m-{id}-2"}`), post("/model/delete", `{"id":"m-{id}-3"}`)}},
		{name: "lists without pages", steps: []step{
			post("/customer/new", `{"user_id":"e-{id}-1"}`), post("/customer/new", `{"user_id":"e-{id}-2"}`),
			post("/budget/new", `{"budget_id":"b-{id}","max_budget":1}`), post("/tag/new", `{"name":"g-{id}"}`),
			get("/customer/list?page=1&page_size=1&size=1").theirs(), get("/budget/list?page=2&size=1").theirs(),
			get("/tag/list?page=2&size=1").theirs().but("*.model_info", "*.created_by", "*.litellm_budget_table"), get("/organization/list?page=1").is(403),
		}, cleanup: []step{post("/customer/delete", `{"user_ids":["e-{id}-1","e-{id}-2"]}`), post("/budget/delete", `{"id":"b-{id}"}`), post("/tag/delete", `{"name":"g-{id}"}`)}},
	}
}
