package tools

import (
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// Answers of a live LiteLLM 1.110.2, without the parameters that are null.
const (
	piiID     = "ec8ebd11-712c-41bc-85ad-bad98468032c"
	pii       = `{"guardrail_id":"` + piiID + `","guardrail_name":"pii","litellm_params":{"guardrail":"litellm_content_filter","mode":["pre_call","post_call"],"default_on":true,"api_key":"sk****90","timeout":5.0},"guardrail_info":{"description":"x","team":"blue"},"guardrail_definition_location":"db"}`
	optional  = `{"guardrail_id":"op","guardrail_name":"optional","litellm_params":{"guardrail":"custom_code","mode":"pre_call","default_on":false},"guardrail_info":{},"guardrail_definition_location":"db"}`
	fromFile  = `{"guardrail_id":"file","guardrail_name":"file","litellm_params":{"guardrail":"presidio","mode":"pre_call"},"guardrail_definition_location":"config"}`
	submitted = `{"guardrail_id":"sub","guardrail_name":"sub","status":"pending_review","team_id":"t","litellm_params":{"mode":"pre_call","api_key":"sk****10","api_base":"https://g.example/x","guardrail":"generic_guardrail_api"}}`
)

func guardGateway(t *testing.T, more map[string]string) (*player, operation.Env) {
	t.Helper()
	answers := map[string]string{
		"GET /v2/guardrails/list": `{"guardrails":[` + pii + "," + optional + "," + fromFile + `]}`, "GET /guardrails/submissions": `{"submissions":[` + submitted + `]}`,
		"GET /guardrails/" + piiID: pii, "GET /guardrails/op": optional, "GET /guardrails/file": fromFile, "GET /guardrails/submissions/sub": submitted,
		"GET /key/list":      `{"keys":[{"token":"h1","key_alias":"ci","metadata":{"guardrails":["pii"]}},{"token":"h2","key_alias":"free","metadata":{}}],"total_count":2,"current_page":1,"total_pages":1}`,
		"GET /v2/team/list":  `{"teams":[{"team_id":"t1","team_alias":"research","metadata":{"guardrails":["other","pii"]}}],"total":1,"page":1,"page_size":100,"total_pages":1}`,
		"GET /project/list":  `403 {"detail":{"error":"Only proxy admins can list projects."}}`,
		"GET /policies/list": `{"policies":[{"policy_id":"p1","policy_name":"strict","guardrails_add":["pii"],"version_status":"production"}]}`,
		"GET /v2/model/info": `{"data":[{"model_name":"m","litellm_params":{"model":"openai/x"},"model_info":{"id":"m1"}}]}`,
	}
	for asked, answer := range more {
		answers[asked] = answer
	}
	return played(t, answers)
}

// TestGuardrailQuestions: a person reads which calls lose the guardrail.
func TestGuardrailQuestions(t *testing.T) {
	for args, want := range map[string]string{
		`{"guardrail":"pii"}`:      "Delete guardrail pii (ec8ebd11…)? It checks every call; calls then pass without it. Calls of these pass without it: key ci (h1), team research (t1), policy strict (p1).",
		`{"guardrail_id":"op"}`:    "Delete guardrail optional (op)? No key, team, project, model or policy that you can see names it.",
		`{"guardrail_id":"gone"}`:  "",
		`{"guardrail_id":"file"}`:  "",
		`{"guardrail":"optional"}`: "Delete guardrail optional (op)? No key, team, project, model or policy that you can see names it.",
	} {
		_, env := guardGateway(t, map[string]string{"GET /guardrails/gone": `404 {"detail":"Guardrail with ID gone not found"}`})
		call, err := operation.Prepare(t.Context(), env, guardrailsDelete, parsed(t, args))
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "not found") && !strings.Contains(err.Error(), "configuration file") {
				t.Errorf("%s: %v", args, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		if q, err := call.Question(t.Context()); err != nil || q.Text != want {
			t.Errorf("%s:\n got %v %v\nwant %s", args, q, err, want)
		}
	}
}

// TestGuardrailDangers: what weakens a guardrail, runs code or sends texts somewhere is
// confirmed; the rest is not.
func TestGuardrailDangers(t *testing.T) {
	for _, tt := range []struct {
		op         *operation.Operation
		args, want string
	}{
		{guardrailsUpdate, `{"guardrail":"pii","default_on":false}`, "switches guardrail pii (ec8ebd11…) off for calls that do not name it"},
		{guardrailsUpdate, `{"guardrail":"pii","mode":["pre_call"]}`, "ends the checks of guardrail pii (ec8ebd11…) at post_call"},
		{guardrailsUpdate, `{"guardrail":"pii","type":"presidio"}`, "with those of another type: presidio"},
		{guardrailsUpdate, `{"guardrail":"pii","guardrail_name":"new"}`, "renames guardrail pii (ec8ebd11…). Calls of these pass without it: key ci (h1), team research (t1), policy strict (p1)"},
		{guardrailsUpdate, `{"guardrail":"pii","litellm_params":{"timeout":6,"blocked_words":[]}}`, "lets through: timeout"},
		{guardrailsUpdate, `{"guardrail":"pii","litellm_params":{"api_base":"https://evil.example"}}`, "sends requests to evil.example"},
		{guardrailsUpdate, `{"guardrail":"pii","litellm_params":{"mode":{"tags":{"a":"pre_call"}}}}`, "ends the checks"},
		{guardrailsUpdate, `{"guardrail":"pii","mode":["pre_call","post_call","logging_only"],"default_on":true,"litellm_params":{"timeout":5},"guardrail_info":{"a":"b"}}`, ""},
		{guardrailsUpdate, `{"guardrail":"optional","default_on":true}`, ""},
		{guardrailsCreate, `{"guardrail_name":"n","type":"custom_code","mode":["pre_call"],"litellm_params":{"custom_code":"def apply_guardrail(a, b, c): return 1"}}`, "runs code on the gateway (litellm_params.custom_code)"},
		{guardrailsCreate, `{"guardrail_name":"n","type":"lakera_v2","mode":["pre_call"],"litellm_params":{"api_key":"os.environ/LAKERA"}}`, "environment variable LAKERA"},
		{guardrailsCreate, `{"guardrail_name":"n","type":"litellm_content_filter","mode":["pre_call"],"litellm_params":{"blocked_words_file":"/etc/passwd"}}`, `file "/etc/passwd"`},
		{guardrailsCreate, `{"guardrail_name":"n","type":"litellm_content_filter","mode":["pre_call"],"litellm_params":{"patterns":[{"pattern_type":"regex","pattern":"\\d+#[a-z.]?","name":"x","action":"BLOCK"}]}}`, ""},
		{guardrailsRegister, `{"guardrail_name":"n","litellm_params":{"mode":"pre_call","api_base":"https://g.example"}}`, "sends requests to g.example"},
		{guardrailsApprove, `{"submission":"sub"}`, "sends the text of calls that name guardrail sub to https://g.example/x"},
		{guardrailsReject, `{"submission":"sub"}`, ""},
		{guardrailsTestCode, `{"custom_code":"x","text":"os.environ/SECRET https://x"}`, "runs code on the gateway (custom_code)"},
		{guardrailsApply, `{"guardrail_name":"pii","text":"os.environ/SECRET https://evil.example/x {\"api_base\":\"https://x\"}"}`, ""},
	} {
		_, env := guardGateway(t, nil)
		call, err := operation.Prepare(t.Context(), env, tt.op, parsed(t, tt.args))
		if err != nil {
			t.Errorf("%s %s: %v", tt.op.Path, tt.args, err)
			continue
		}
		found, err := call.Dangers(t.Context())
		if all := strings.Join(found, "\n"); err != nil || (tt.want == "") != (all == "") || !strings.Contains(all, tt.want) {
			t.Errorf("%s %s:\n got %q %v\nwant %q", tt.op.Path, tt.args, all, err, tt.want)
		}
	}
}

// TestGuardrailUpdateSends only what changes, with the information merged: the gateway keeps
// the parameters and replaces the information.
func TestGuardrailUpdateSends(t *testing.T) {
	answer := strings.Replace(strings.Replace(pii, `"timeout":5.0`, `"timeout":7.0`, 1), `{"description":"x","team":"blue"}`, `{"description":"y"}`, 1)
	r, env := guardGateway(t, map[string]string{"PATCH /guardrails/" + piiID: answer})
	result, err := run(t.Context(), env, guardrailsUpdate, parsed(t, `{"guardrail":"pii","mode":["pre_call","post_call"],"litellm_params":{"timeout":7,"api_base":null},"guardrail_info":{"description":"y","team":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(r.asked, "PATCH /guardrails/"+piiID)
	if want := `{"guardrail_info":{"description":"y"},"litellm_params":{"api_base":null,"mode":["pre_call","post_call"],"timeout":7}}`; at < 0 || r.bodies[at] != want {
		t.Errorf("sent %v %q, want %s", r.asked, r.bodies, want)
	}
	if result.Done != "updated guardrail pii ("+piiID+")" {
		t.Errorf("done %q", result.Done)
	}
	_, env = guardGateway(t, map[string]string{"PATCH /guardrails/" + piiID: pii})
	_, err = run(t.Context(), env, guardrailsUpdate, parsed(t, `{"guardrail":"pii","litellm_params":{"timeout":7},"extra":{"team_id":"t"}}`))
	if proxyclient.CodeOf(err) != proxyclient.CodeNotApplied || !strings.Contains(err.Error(), "did not store team_id") || !strings.Contains(err.Error(), "timeout 5") {
		t.Errorf("an update that the gateway ignores: %v", err)
	}
	for args, want := range map[string]string{
		`{"guardrail":"pii"}`: "nothing to change", `{"guardrail":"file","default_on":false}`: "configuration file",
		`{"guardrail":"pii","litellm_params":{"api_key":"sk****90"}}`:                 "is masked",
		`{"guardrail":"pii","default_on":true,"litellm_params":{"default_on":false}}`: "give one",
	} {
		r, env = guardGateway(t, nil)
		_, err := run(t.Context(), env, guardrailsUpdate, parsed(t, args))
		if err == nil || !strings.Contains(err.Error(), want) || slices.ContainsFunc(r.asked, func(asked string) bool { return !strings.HasPrefix(asked, "GET ") }) {
			t.Errorf("%s: %v, sent %v", args, err, r.asked)
		}
	}
}

// TestGuardrailCreateSends the parameters together, and refuses what the gateway stores and
// cannot run.
func TestGuardrailCreateSends(t *testing.T) {
	r, env := guardGateway(t, map[string]string{"POST /guardrails": pii})
	do(t, env, guardrailsCreate, map[string]any{"guardrail_name": "new", "type": "presidio", "mode": []string{"pre_call"}, "default_on": false, "litellm_params": map[string]any{"timeout": 5}})
	if want := `{"guardrail":{"guardrail_name":"new","litellm_params":{"default_on":false,"guardrail":"presidio","mode":"pre_call","timeout":5}}}`; r.bodies[len(r.bodies)-1] != want {
		t.Errorf("sent %s, want %s", r.bodies[len(r.bodies)-1], want)
	}
	for args, want := range map[string]string{
		`{"guardrail_name":"new","mode":["pre_call"]}`: "{type}", `{"guardrail_name":"new","type":"presidio"}`: "{mode} is required",
		`{"guardrail_name":"new","type":"my.Class","mode":["pre_call"]}`:  "configuration file",
		`{"guardrail_name":"file","type":"presidio","mode":["pre_call"]}`: "has this name",
	} {
		r, env = guardGateway(t, nil)
		_, err := run(t.Context(), env, guardrailsCreate, parsed(t, args))
		if err == nil || !strings.Contains(err.Error(), want) || slices.Contains(r.asked, "POST /guardrails") {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestGuardrailVerdicts tells a verdict from a failure.
func TestGuardrailVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		code         proxyclient.Code
		text         string
	}{
		{"pii", `400 {"error":{"message":"{'error': 'Content blocked: email pattern detected', 'pattern': 'email'}","type":"invalid_request_error","param":null,"code":"400"}}`, proxyclient.CodeBlocked, "guardrail pii blocked the text: Content blocked: email pattern detected"},
		{"optional", `500 {"error":{"message":"no zebra","type":"internal_server_error","param":null,"code":"500"}}`, proxyclient.CodeBlocked, "guardrail optional blocked the text: no zebra"},
		{"optional", `500 {"error":{"message":"Custom code guardrail execution failed: division by zero","type":"internal_server_error","param":null,"code":"500"}}`, proxyclient.CodeInternal, "division by zero"},
		{"pii", `500 {"error":{"message":"Presidio PII analysis failed: ClientConnectorError","type":"internal_server_error","param":null,"code":"500"}}`, proxyclient.CodeInternal, "Presidio"},
		{"nope", `404 {"error":{"message":"Guardrail 'nope' not found. Please ensure the guardrail is configured in your LiteLLM proxy.","type":"invalid_request_error","param":null,"code":"404"}}`, proxyclient.CodeNotFound, "no guardrail has the name nope"},
	} {
		_, env := guardGateway(t, map[string]string{"POST /guardrails/apply_guardrail": tt.answer})
		_, err := run(t.Context(), env, guardrailsApply, argsOf(map[string]any{"guardrail_name": tt.name, "text": "the text itself"}))
		if proxyclient.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "the text itself") {
			t.Errorf("%s: %v, want %s %s", tt.answer, err, tt.code, tt.text)
		}
	}
}

// TestGuardrailLogs: with an outcome, the gateway leaves rows out of its pages and counts
// them, so the total is none and an empty page is not the last.
func TestGuardrailLogs(t *testing.T) {
	const row = `{"id":"r1","timestamp":"2026-11-26T18:12:43.583000+00:00","action":"blocked"}`
	r, env := guardGateway(t, map[string]string{"GET /guardrails/usage/logs": `{"logs":[` + row + `],"total":120,"page":1,"page_size":50}`})
	result, err := run(t.Context(), env, guardrailsLogs, parsed(t, `{"guardrail":"pii","period":"2026-11-26"}`))
	q := r.queries[len(r.queries)-1]
	if err != nil || result.Page.Total != 120 || operation.Word(result.Page.Next["page"]) != "2" || q.Get("guardrail_id") != piiID || q.Get("start_date") != "2026-11-26T00:00:00Z" || q.Get("page_size") != "100" {
		t.Errorf("total %d, next %s, sent %v, %v", result.Page.Total, result.Page.Next, q, err)
	}
	result, err = run(t.Context(), env, guardrailsLogs, parsed(t, `{"guardrail":"pii","period":"2026-11-26","action":"blocked","page":2}`))
	if err != nil || result.Page.Total != -1 || result.Page.Next != nil {
		t.Errorf("with an outcome: total %d, next %s, %v", result.Page.Total, result.Page.Next, err)
	}
	pages := 0
	call, err := operation.Prepare(t.Context(), env, guardrailsLogs, parsed(t, `{"guardrail":"pii","period":"2026-11-26","action":"blocked"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range call.Pages(t.Context()) {
		if pages++; err != nil {
			t.Error(err)
		}
	}
	if pages != 2 {
		t.Errorf("%d pages of 120 rows", pages)
	}
}
