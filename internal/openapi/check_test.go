package openapi

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ endpoint, params, body, want string }{
		{"GET /audit", `{"page": "2", "action": "create"}`, ``, ""},
		{"GET /audit", `{"page": "x"}`, ``, "page must be an integer, not a string"},
		{"GET /audit", `{"page": 0}`, ``, "page must be at least 1"},
		{"GET /audit", `{"actoin": "x"}`, ``, "did you mean action?"},
		{"GET /audit", `{}`, `{"a": 1}`, "this endpoint takes no body"},
		{"GET /guardrails/{guardrail_id}", `{}`, ``, "guardrail_id is required (path)"},
		{"POST /policies/resolve", `{}`, `{"tags": ["a"], "team_alias": null}`, ""},
		{"POST /policies/resolve", `{}`, `{"tags": "a"}`, "tags must be a list or null, not a string"},
		{"POST /policies/resolve", `{"tags": "a"}`, `{}`, "tags is a field of the body"},
		{"POST /policies/resolve", `{}`, `{"team_alais": "x"}`, "did you mean team_alias?"},
		{"POST /key/update", `{}`, `{"max_budget": 1}`, ""},
		{"POST /key/update", `{}`, `{"key": "k", "max_budgett": 1}`, "did you mean max_budget?"},
		{"POST /key/update", `{}`, ``, "the body is required"},
		{"POST /guardrails", `{}`, `{"guardrail": {"guardrail_name": "x"}}`, "guardrail.litellm_params is required"},
		{"POST /utils/dotprompt_json_converter", `{}`, `{"file": "x"}`, "file is a file"},
	} {
		method, path, _ := strings.Cut(tt.endpoint, " ")
		call := Call{}
		_ = json.Unmarshal([]byte(tt.params), &call.Params)
		if tt.body != "" {
			call.Body = json.RawMessage(tt.body)
		}
		got := strings.Join(Known().Check(Known().Find(method, path), call).Faults, "; ")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s %s %s: %q, want %q", tt.endpoint, tt.params, tt.body, got, tt.want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("rotate a key", `{"key": ["a", 1, null]}`, `{"guardrail": [{"litellm_params": {"mode": 1e999}}]}`)
	e := Known().Find("POST", "/guardrails")
	f.Fuzz(func(t *testing.T, words, params, body string) {
		Known().Search(Query{Words: words, Limit: 5})
		call := Call{}
		if json.Unmarshal([]byte(params), &call.Params) == nil && json.Valid([]byte(body)) {
			call.Body = json.RawMessage(body)
			Known().Check(e, call)
		}
	})
}
