package mcpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/tools"
)

// TestArgumentWords are the calls of clients and what is answered.
func TestArgumentWords(t *testing.T) {
	hash := strings.Repeat("a1", 32)
	for _, tt := range []struct{ tool, args, says string }{
		{"keys_list", `{"page":"5.5"}`, "page must be an integer, not a number"},
		{"keys_list", `{"page":"one"}`, `page must be an integer, not "one"`},
		{"keys_list", `{"page":"null"}`, `page must be an integer, not "null"`},
		{"keys_list", `{"page":" 1"}`, `page must be an integer, not " 1"`},
		{"keys_list", `{"page":"01"}`, `page must be an integer, not "01"`},
		{"keys_list", `{"page":"1e999"}`, `page must be an integer, not "1e999"`},
		{"keys_list", `{"page":"-1"}`, "page must be at least 1"},
		{"keys_list", `{"size":"101"}`, "size must be at most 100"},
		{"keys_list", `{"include_team_keys":"yes"}`, `include_team_keys must be true or false, not "yes"`},
		{"keys_list", `{"include_team_keys":1}`, "include_team_keys must be a boolean, not a number"},
		{"keys_list", `{"status":5}`, `status: "5" is not one of active`},
		{"keys_list", `{"teamId":null}`, `unknown argument "teamId" (did you mean "team"?)`},
		{"keys_list", `{"sort_by":true}`, "sort_by must be a string, not a boolean"},
		{"keys_generate", `{"models":"gpt-4o"}`, `models must be a list: use ["gpt-4o"]`},
		{"keys_generate", `{"models":"gpt-4o, o3"}`, `models must be a list: use ["gpt-4o","o3"]`},
		{"keys_generate", `{"models":"[\"gpt-4o\""}`, "models must be a list, and the text is not one in JSON"},
		{"keys_generate", `{"models":5}`, "models must be an array, not a number"},
		{"keys_generate", `{"metadata":"a=b"}`, "metadata must be an object, and the text is not one in JSON"},
		{"chat_completions", `{"model":"m","messages":[{"role":"user","content":"5"}],"temperature":"1e-9999999"}`, `temperature must be a number, not "1e-9999999"`},
		{"keys_generate", `{"dryRun":true}`, `unknown argument "dryRun" (did you mean "dry_run"?)`},
		{"keys_generate", `{"dry_run":"yes"}`, "dry_run must be true or false"},
		{"keys_generate", `{"dry_run":1}`, "dry_run must be true or false"},
		{"keys_generate", `{"confirm":"True"}`, "confirm must be true or false"},
		{"keys_generate", `{"confirm":[]}`, "confirm must be true or false"},
		{"keys_generate", `"{\"key_alias\":"`, "the arguments must be a JSON object"},
		{"keys_generate", `["a"]`, "the arguments must be a JSON object"},
		{"keys_generate", `5`, "the arguments must be a JSON object"},
		{"spend_session", `{"sessionId":"s"}`, `unknown argument "sessionId" (did you mean "session_id"?)`},
		{"chat_completions", `{"model":"m","messages":"hi"}`, `messages must be a list: use [{"role": "user", "content": "hi"}]`},
		{"teams_create", `{"team_alias":null}`, "team_alias cannot be null: it is required"},
		{"teams_create", `{"team_alias":""}`, "team_alias is empty"},
		{"keys_generate", `{"key_alias":"  "}`, "key_alias is blank"},
		{"keys_generate", `{"team":"\t"}`, "team is blank"},
		{"keys_regenerate", `{"key":"k","new_key":" "}`, "new_key is blank"},
		{"budgets_create", `{"budget_id":" ","max_budget":1}`, "budget_id is blank"},
		{"users_bulk_create", `{"user_emails":["a@example.com"," "]}`, "emails has a blank item"},
		{"keys_update", `{"key":"` + hash + `","models":[],"key_alias":"","max_budget":null}`, "nothing to change"},
		{"keys_update", `{"key":"","alias":null,"max_budget":1}`, "key cannot be null: it is required"},
		{"keys_update", `{"alias":"","max_budget":1}`, "key is empty"},
		{"http_request", `{"method":"POST","uri":"/x","data":"a","json":{"x":1}}`, "data and json both set the body"},
	} {
		r := &recorded{}
		c := dial(t, newServer(t, Options{Client: fake(t, r.ServeHTTP), Confirm: confirmNever}), `{}`, nil)
		answer := c.call(tt.tool, tt.args)
		if !answer.IsError || field(answer.Structured, "error", "code") != `"usage"` {
			t.Errorf("%s %s was not refused: %s", tt.tool, tt.args, answer.Text)
		}
		wantText(t, answer.Text, tt.says)
		for _, sent := range r.sent {
			if !strings.HasPrefix(sent, "GET ") {
				t.Errorf("%s %s sent %s", tt.tool, tt.args, sent)
			}
		}
	}
}

// TestTextStaysText: a text is never read, and nothing inside an object or a list of
// objects is touched.
func TestTextStaysText(t *testing.T) {
	r := &recorded{}
	c := dial(t, newServer(t, Options{Client: fake(t, r.ServeHTTP), Confirm: confirmNever}), `{}`, nil)
	for _, tt := range []struct{ tool, args, sent string }{
		{"teams_create", `{"team_alias":"5"}`, `{"team_alias":"5"}`},
		{"teams_create", `{"team_alias":"null"}`, `{"team_alias":"null"}`},
		{"teams_create", `{"team_alias":"[]"}`, `{"team_alias":"[]"}`},
		{"teams_create", `{"team_alias":" a "}`, `{"team_alias":" a "}`},
		{"teams_create", `{"team_alias":9007199254740993}`, `{"team_alias":"9007199254740993"}`},
		{"teams_create", `{"team_alias":"a","max_budget":"1.10"}`, `"max_budget":1.10`},
		{"teams_create", `{"team_alias":"a","tpm_limit":2.0,"rpm_limit":"1e3","max_budget":2.0}`, `"max_budget":2.0,"rpm_limit":1000,"team_alias":"a","tpm_limit":2`},
		{"teams_create", `{"team_alias":"a","tpm_limit":9007199254740993}`, `"tpm_limit":9007199254740993`},
		{"keys_list", `{"page":"2.0"}`, `page=2&`},
		{"teams_create", `{"team_alias":"a","max_budget":0}`, `"max_budget":0`},
		{"teams_create", `{"team_alias":"a","max_budget":"0"}`, `"max_budget":0`},
		{"teams_create", `{"team_alias":"a","metadata":{"a":"","b":[],"c":null,"d":"5","e":"true","f":{}}}`, `"metadata":{"a":"","b":[],"c":null,"d":"5","e":"true","f":{}}`},
		{"teams_create", `{"team_alias":"a","metadata":"{\"a\": \"5\", \"n\": 9007199254740993}"}`, `"n":9007199254740993`},
		{"teams_create", `"{\"team_alias\":\"a\",\"tpm_limit\":\"7\"}"`, `"tpm_limit":7`},
		{"chat_completions", `{"model":"m","messages":[{"role":"user","content":""}]}`, `"content":""`},
		{"chat_completions", `{"model":"m","messages":"[{\"role\":\"user\",\"content\":\"5\"}]","temperature":0}`, `"temperature":0`},
		{"http_request", `{"method":"POST","uri":"/x","json":{},"data":""}`, "POST /x {}"},
		{"http_request", `{"method":"POST","uri":"/x","json":[]}`, "POST /x []"},
		{"http_request", `{"method":"POST","uri":"/x","json":false}`, "POST /x false"},
		{"http_request", `{"method":"POST","uri":"/x","json":"","data":"[]"}`, "POST /x []"},
		{"http_request", `{"method":"POST","uri":"/x","json":{},"data":"{\"a\":1}","header":""}`, `POST /x {"a":1}`},
		{"teams_permissions_set", `{"team_id":"00000000-0000-4000-8000-000000000001","team_member_permissions":[]}`, `"team_member_permissions":[]`},
		{"tags_update", `{"name":"n","spend":0}`, `"spend":0`},
	} {
		if got := r.sending(c, tt.tool, tt.args); !strings.Contains(got, tt.sent) {
			t.Errorf("%s %s\nsent %s\nwant %s", tt.tool, tt.args, got, tt.sent)
		}
	}
}

// TestUpdatesKeep: the answer to an update says what it left alone, and clear empties.
func TestUpdatesKeep(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, Confirm: confirmNever}), `{}`, nil)
	c.call("teams_create", `{"team_id":"t1","team_alias":"prod","models":["fake-gpt"],"metadata":{"a":1}}`)
	stored := func() string { return string(c.call("teams_get", `{"team_id":"t1"}`).Structured) }
	for _, args := range []string{
		`{"team_id":"t1","team":"","team_alias":"","max_budget":9,"models":[],"metadata":{},"tpm_limit":null,"clear":[]}`,
		`{"team_id":"","team":"prod","team_alias":"","max_budget":9,"models":"[]","metadata":"{}","tpm_limit":"","clear":null}`,
	} {
		for _, more := range []string{``, `,"dry_run":true`} {
			r := c.call("teams_update", strings.TrimSuffix(args, "}")+more+"}")
			const note = "Left as it is: team_alias, models, tpm_limit, metadata. To empty a field, name it in clear."
			wantText(t, r.Text, note)
			wantText(t, field(r.Structured, "notes"), note)
			if r.IsError {
				t.Errorf("%s: %s", args, r.Text)
			}
		}
		wantText(t, stored(), `"team_alias":"prod"`, `"models":["fake-gpt"]`, `"a":1`, `"max_budget":9`)
	}
	r := c.call("teams_update", `{"team_id":"t1","models":[]}`)
	wantText(t, r.Text, "nothing to change", "Left as it is: models. To empty a field, name it in clear.")
	if r = c.call("teams_update", `{"team_id":"t1","models":[],"metadata":{},"clear":["models","metadata"]}`); r.IsError || strings.Contains(r.Text, "Left as it is") {
		t.Errorf("clear: %s", r.Text)
	}
	if left := stored(); strings.Contains(left, "fake-gpt") || strings.Contains(left, `"a":1`) {
		t.Errorf("clear left %s", left)
	}
	wantText(t, c.call("users_update", `{"user_id":"default_user_id","user_role":"","max_budget":4}`).Text, "Left as it is: role.\n")
	wantText(t, c.call("users_update", `{"user_id":"default_user_id","user_role":null,"user_alias":"","max_budget":4}`).Text,
		"Left as it is: alias, role. To empty alias, name it in clear.")
	r = c.call("users_update", `{"user_id":"default_user_id","user_alias":"","clear":["user_alias"]}`)
	wantText(t, r.Text, "updated user (default_user_id)")
	if r.IsError || strings.Contains(r.Text, "Left as it is") {
		t.Errorf("clear of an alias: %s", r.Text)
	}
	for _, tool := range []string{"keys_generate", "users_create"} {
		if r := c.call(tool, `{"max_budget":null,"models":[],"user_id":""}`); strings.Contains(r.Text, "Left as it is") {
			t.Errorf("%s has nothing to keep: %s", tool, r.Text)
		}
	}
}

// TestNoArguments: a tool that takes none accepts every way to say so.
func TestNoArguments(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, IgnoreArguments: []string{"requestTag", "team_id"}}), `{}`, nil)
	for _, args := range []string{`{}`, `null`, `""`, `[]`, `"{}"`, `" {} "`, `"[]"`, `{"toolCallId":"call_1"}`, `{"random_string":""}`, `{"requestTag":1}`} {
		if r := c.call("status", args); r.IsError {
			t.Errorf("%s: %s", args, r.Text)
		}
	}
	if r := toResult(t, c.request("tools/call", `{"name":"status"}`)); r.IsError {
		t.Error(r.Text)
	}
	wantText(t, c.call("status", `{"other":null}`).Text, `unknown argument "other"`)
	// What an option names is not dropped where the tool takes it.
	wantText(t, c.call("keys_generate", `{"team_id":"nowhere"}`).Text, `no team has the alias or ID "nowhere"`)
}

// TestNoDefaultTeam: an empty team stands for no team, and the answer says so.
func TestNoDefaultTeam(t *testing.T) {
	_, client := gateway(t)
	s := newServer(t, Options{Client: client, Profile: "dev", Team: "prod"})
	c := dial(t, s, `{}`, nil)
	for _, tool := range s.tools {
		if says := strings.Contains(string(tool.declaration.RawInputSchema), `Team, by alias or ID; \"\" for none, not the default prod`); says != tool.op.DefaultTeam {
			t.Errorf("%s says what an empty team means: %v", tool.op.Tool(), says)
		}
	}
	c.call("teams_create", `{"team_id":"t1","team_alias":"prod"}`)
	for args, team := range map[string]string{
		`{}`: `"t1"`, `{"team":null,"team_id":""}`: `"t1"`, `{"team":"","team_id":"t1"}`: `"t1"`, `{"team":"","team_id":""}`: "",
	} {
		r := c.call("keys_generate", args)
		if got := field(r.Structured, "team_id"); got != team || strings.Contains(r.Text, "Without a team") != (team == "") {
			t.Errorf("%s: the key's team is %s, want %s: %s", args, got, team, r.Text)
		}
	}
}

// TestConfirmationSeesTheMeaning: a yes counts for the same call written another way.
func TestConfirmationSeesTheMeaning(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), cannotAsk, nil)
	c.call("keys_generate", `{"key_alias":"victim"}`)
	wantText(t, c.call("keys_delete", `{"key_aliases":["victim"],"confirm":"false","user":""}`).Text, "needs confirmation")
	if r := c.call("keys_delete", `{"key_aliases":"[\"victim\"]","confirm":"true","user":null,"toolCallId":"x"}`); r.IsError {
		t.Error(r.Text)
	}
}

// TestEmptyFilters: a deletion says which filters are none, because they are empty.
func TestEmptyFilters(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), cannotAsk, nil)
	c.call("keys_generate", `{"key_alias":"victim"}`)
	r := c.call("keys_delete", `{"search":"vic","user_id":"","team":"","status":null,"expired":false}`)
	wantText(t, r.Text, "the filters match 1", "Not used as filters, because they are empty: user, team.")
	wantText(t, c.call("keys_delete", `{"search":"","user_id":""}`).Text, "nothing")
	if left := field(c.call("keys_list", `{}`).Structured, "total"); left != "1" {
		t.Errorf("%s keys are left", left)
	}
}

// FuzzArguments: whatever comes as arguments is read or refused, and text stays text.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{`{}`, `""`, `null`, `[]`, `"{\"page\":\"1\"}"`, `{"team_alias":"5","models":"[1,\"a\"]","metadata":"{}","max_budget":"1e5"}`,
		`{"team_alias":" ","dry_run":"true","confirm":null,"x":{}}`, `{"models":[[],{}],"tags":"","team_id":1e-9999999}`} {
		f.Add(seed)
	}
	s, err := New(Options{Operations: tools.All(), Toolsets: []string{"all"}})
	if err != nil {
		f.Fatal(err)
	}
	i := slices.IndexFunc(s.tools, func(t *tool) bool { return t.op.Path == "teams create" })
	f.Fuzz(func(t *testing.T, raw string) {
		c := &call{tool: s.tools[i], flags: map[string]bool{}}
		c.request.Params.RawArguments = json.RawMessage(raw)
		if !json.Valid([]byte(raw)) || c.parse() != nil {
			return
		}
		var given map[string]json.RawMessage
		_ = json.Unmarshal([]byte(raw), &given)
		var text string
		if json.Unmarshal(given["team_alias"], &text) == nil && given["team_alias"] != nil && string(given["team_alias"]) != "null" && c.args.String("team_alias") != text {
			t.Errorf("%q became %s", text, c.args["team_alias"])
		}
		for name, value := range c.args {
			if !json.Valid(value) {
				t.Errorf("%s became %q", name, value)
			}
		}
		_ = c.op.Validate(c.args)
		again := &call{tool: s.tools[i], flags: map[string]bool{}}
		again.request.Params.RawArguments = encode(c.args)
		if err := again.parse(); err != nil || fmt.Sprint(again.args) != fmt.Sprint(c.args) {
			t.Errorf("read again: %v\n%s\n%s", err, c.args, again.args)
		}
	})
}

// TestBlankFields: names of fields that clients fill in do not count as fields.
func TestBlankFields(t *testing.T) {
	r := &recorded{}
	c := dial(t, newServer(t, Options{Client: fake(t, r.ServeHTTP), Confirm: confirmNever}), `{}`, nil)
	want := c.call("keys_info", `{"key":"k"}`)
	for _, fields := range []string{`[]`, `[""]`, `[null]`, `[" "]`, `"[]"`, `null`, `""`} {
		if got := c.call("keys_info", `{"key":"k","fields":`+fields+`}`); got.Text != want.Text || string(got.Structured) != string(want.Structured) {
			t.Errorf("fields %s: %s instead of %s", fields, got.Text, want.Text)
		}
	}
}

// TestWhereToLook: the list of what was not found is named, and not that of the tool's own
// things.
func TestWhereToLook(t *testing.T) {
	r := &recorded{}
	c := dial(t, newServer(t, Options{Client: fake(t, r.ServeHTTP), Confirm: confirmNever}), `{}`, nil)
	answer := c.call("keys_generate", `{"team":"nope"}`)
	wantText(t, answer.Text, "use teams_list")
	if strings.Contains(answer.Text, "keys_list") {
		t.Errorf("keys are listed for a team: %s", answer.Text)
	}
}

// TestCallsOfProviders: what calls a provider can be shown first, and asked about.
func TestCallsOfProviders(t *testing.T) {
	client := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/model/info" { // is it the ID of a deployment?
			fmt.Fprint(w, `{"data": []}`)
			return
		}
		t.Errorf("%s %s was sent", r.Method, r.URL)
	})
	shown := dial(t, newServer(t, Options{Client: client, Confirm: confirmNever}), `{}`, nil)
	asked := dial(t, newServer(t, Options{Client: client, Confirm: confirmArgument, Protected: "prod"}), `{}`, nil)
	for _, call := range []string{
		`health_check {"model":"m"}`, `models_test {"model":"m"}`, `health_services {"service":"slack"}`, `health_test_connection {"model":"openai/m"}`,
		`cache_ping {}`, `keys_health {}`, `chat_completions {"model":"m","messages":[{"role":"user","content":"hi"}]}`,
	} {
		tool, args, _ := strings.Cut(call, " ")
		if r := shown.call(tool, strings.Replace(strings.Replace(args, "{", `{"dry_run":true,`, 1), ",}", "}", 1)); r.IsError {
			t.Errorf("the dry run of %s failed: %s", tool, r.Text)
		}
		wantText(t, asked.call(tool, args).Text, "nothing was sent: it needs confirmation")
	}
}
