package tools

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// TestTook compares what was asked with what the gateway has, in its spellings.
func TestTook(t *testing.T) {
	for _, tt := range []struct {
		want, has string
		took      bool
	}{
		{`5`, `5.0`, true}, {`0`, `0.0`, true}, {`0`, `null`, false}, {`5`, `6`, false}, {`"5"`, `5`, true},
		{`1.2999999999999998e-06`, `1.3e-6`, true}, {`0.30000000000000004`, `0.3`, true}, {`0.1`, `0.10000000001`, false}, {`1000000000000001`, `1000000000000002`, false},
		{`null`, `null`, true}, {`null`, `[]`, true}, {`[]`, `null`, true}, {`{}`, `null`, true}, {`""`, `null`, true}, {`null`, `5`, false},
		{`false`, `null`, true}, {`false`, `true`, false}, {`true`, `null`, false}, {`true`, `true`, true},
		{`"a"`, `"a "`, true}, {`"ci"`, `"CI"`, false}, {`"Ann@Example.com"`, `"ann@example.com"`, true},
		{`["a","b"]`, `["b","a"]`, true}, {`["a"]`, `["a","b"]`, false}, {`["a","b"]`, `["a"]`, false},
		{`{"a":1,"b":null}`, `{"a":1.0,"c":2}`, true}, {`{"a":1}`, `{"a":2}`, false}, {`{"b":null}`, `{"b":1}`, false}, {`{"a":1}`, `null`, false},
		{`[{"max_budget":5,"budget_duration":"1d"}]`, `[{"reset_at":"2026-11-27T00:00:00Z","max_budget":5.0,"budget_duration":"1d"}]`, true},
		{`[{"max_budget":5}]`, `[{"max_budget":6}]`, false},
		{`"2027-01-01"`, `"2027-01-01T00:00:00+00:00"`, true}, {`"2027-01-01T00:00:00Z"`, `"2027-01-01T00:00:00.000000+00:00"`, true}, {`"2027-01-01"`, `"2027-01-02T00:00:00Z"`, false},
		{`"24h"`, `"1d"`, true}, {`"30d"`, `"7d"`, false},
		{`{"callback_vars":{"k":"secret"}}`, `{"callback_vars":{"k":"litellm_enc::x"}}`, true}, {`{"api_key":"sk-1"}`, `{"api_key":"sk****et"}`, true},
	} {
		if took(json.RawMessage(tt.want), json.RawMessage(tt.has)) != tt.took {
			t.Errorf("asked %s, has %s: want %v", tt.want, tt.has, tt.took)
		}
	}
}

// TestMergeNeedsThePresent refuses an update rather than lose what it may not read.
func TestMergeNeedsThePresent(t *testing.T) {
	gateway := sandbox.New()
	w, env := newWorld(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/key/info" {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		gateway.ServeHTTP(rw, r)
	}), sandbox.MasterKey)
	update := func(args string) (operation.Result, error) {
		var a operation.Args
		if err := json.Unmarshal([]byte(args), &a); err != nil {
			t.Fatal(err)
		}
		return run(t.Context(), env, keysUpdate, a)
	}
	writes := func() (n int) {
		for _, request := range w.take() {
			if request == "POST /key/update" {
				n++
			}
		}
		return n
	}
	for _, args := range []string{`{"alias":"ci","metadata":{"a":1}}`, `{"alias":"ci","clear":["metadata"]}`, `{"alias":"ci","extra":{"mcp_rpm_limit":{"a":null}}}`} {
		_, err := update(args)
		e := operation.AsError(err)
		if e == nil || e.Code != proxyclient.CodeForbidden || !strings.Contains(e.Hint, "{replace}") || writes() != 0 {
			t.Errorf("%s: %v, want a refusal that names {replace}, and nothing sent", args, err)
		}
	}
	for _, args := range []string{`{"alias":"ci","metadata":{"a":1},"replace":["metadata"]}`, `{"alias":"ci","max_budget":4}`} {
		if _, err := update(args); err != nil || writes() != 1 {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestMergeIsConfirmedAsShown merges again before it runs: if the object changed since the
// question, nothing is sent.
func TestMergeIsConfirmedAsShown(t *testing.T) {
	w, env := consentWorld(t)
	args := operation.Args{"alias": operation.Encode("ci"), "metadata": json.RawMessage(`{"a":1}`)}
	call, err := operation.Prepare(t.Context(), env, keysUpdate, args)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := call.Plan(t.Context())
	if err != nil || len(plan.Requests) != 1 || !strings.Contains(plan.Requests[0].String(), "model_rpm_limit") {
		t.Fatalf("the plan is %+v, %v; want the limits that are kept", plan, err)
	}
	call.Approve(plan)
	other := operation.Args{"alias": operation.Encode("ci"), "metadata": json.RawMessage(`{"b":1}`)}
	if _, err := run(t.Context(), env, keysUpdate, other); err != nil {
		t.Fatal(err)
	}
	w.take()
	if _, err := call.Run(t.Context()); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("after a change by somebody else: %v, want a conflict", err)
	}
	for _, request := range w.take() {
		if request == "POST /key/update" {
			t.Error("it was sent all the same")
		}
	}
}

// TestClearKeepsTheGatewaysSettings says so in a plan too.
func TestClearKeepsTheGatewaysSettings(t *testing.T) {
	_, env := consentWorld(t)
	call, err := operation.Prepare(t.Context(), env, keysUpdate, operation.Args{"alias": operation.Encode("held"), "clear": operation.Encode([]string{"metadata"})})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := call.Plan(t.Context())
	if err != nil || !strings.Contains(plan.Requests[0].String(), `"guardrails":["pii"]`) || strings.Contains(plan.Requests[0].String(), "blue") {
		t.Fatalf("%+v, %v", plan, err)
	}
	if len(plan.Notes) == 0 || !strings.Contains(strings.Join(plan.Notes, " "), "guardrails") {
		t.Errorf("the notes are %q", plan.Notes)
	}
}
