package tools

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// oldGateway is a gateway of a version, with the defects of old ones. It keeps the writes
// that came in.
type oldGateway struct {
	version string
	answers map[string]string // by method and path
	writes  []string
}

func (g *oldGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	request := r.Method + " " + r.URL.Path
	answer, has := g.answers[request]
	switch {
	case r.URL.Path == "/health/readiness":
		answer, has = `{"litellm_version":"`+g.version+`"}`, true
	case r.Method != http.MethodGet && r.URL.Path != "/tag/info":
		g.writes = append(g.writes, request+" "+string(body))
	}
	if !has {
		w.WriteHeader(http.StatusNotFound)
		answer = `{"detail":"Not Found"}`
	}
	_, _ = io.WriteString(w, answer)
}

// TestOldGateways: what old gateways do beside what they are asked for is avoided, or said.
func TestOldGateways(t *testing.T) {
	served := func(gateway http.Handler) operation.Env {
		server := httptest.NewServer(gateway)
		t.Cleanup(server.Close)
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-1", Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		return operation.Env{Client: client}
	}
	for _, tt := range []struct {
		op            *operation.Operation
		version       string
		args          map[string]any
		answers       map[string]string
		err, note     string
		writes, never string
	}{
		{op: keysBulkUpdate, args: map[string]any{"keys": []string{"sk-x"}, "max_budget": 5},
			answers: map[string]string{"GET /key/list": `{"keys":[{"token":"` + operation.KeyHash("sk-x") + `","team_id":"t"}],"total_count":1,"total_pages":1}`, "POST /key/bulk_update": `{"failed_updates":[]}`},
			writes:  `"team_id":"t"`},
		{op: credentialsDelete, args: map[string]any{"credential_name": "c"},
			answers: map[string]string{"GET /credentials/by_name/c": `null`, "DELETE /credentials/c": `{"success":true}`}, writes: "DELETE /credentials/c"},
		{op: credentialsUpdate, args: map[string]any{"credential_name": "c", "credential_values": map[string]string{"api_key": "x"}},
			answers: map[string]string{"PATCH /credentials/c": `{"success":true}`}, writes: `"credential_name":"c"`},
		{op: keysServiceAccount, args: map[string]any{"team_id": "t", "key_alias": "k"},
			answers: map[string]string{"POST /key/service-account/generate": `{"key":"sk-0123456789abcdef","token":"h"}`}, note: "did not mark the key as a service account"},
		{op: tagsUpdate, version: "1.109.3", args: map[string]any{"name": "g", "spend": 0}, err: "LiteLLM 1.109.3, which ignores {spend}", never: "POST"},
		{op: tagsUpdate, version: "1.110.2", args: map[string]any{"name": "g", "spend": 0},
			answers: map[string]string{"POST /tag/info": `{"g":{"name":"g"}}`, "POST /tag/update": `{"tag":{"name":"g"}}`}, writes: `"spend":0`},
		{op: modelsBlock, version: "1.83.14", args: map[string]any{"model_id": "m"}, err: "this gateway is LiteLLM 1.83.14 and has no route"},
		{op: usersResetSpend, args: map[string]any{"user_id": "u"}, answers: map[string]string{
			"GET /user/info": `{"user_info":{"user_id":"u","spend":3}}`, "POST /user/update": `{"user_id":"u","data":{"spend":0}}`}, err: "the spend is still 3 US dollars"},
	} {
		g := &oldGateway{version: tt.version, answers: tt.answers}
		result, err := run(t.Context(), served(g), tt.op, argsOf(tt.args))
		text, notes, writes := "", strings.Join(result.Notes, " "), strings.Join(g.writes, "\n")
		if err != nil {
			text = err.Error()
		}
		if (tt.err == "") != (err == nil) || !strings.Contains(text, tt.err) || !strings.Contains(notes, tt.note) || !strings.Contains(writes, tt.writes) || tt.never != "" && strings.Contains(writes, tt.never) {
			t.Errorf("%s: %v\nnotes %q\nwrites %s", tt.op.Path, err, notes, writes)
		}
	}
	g := &oldGateway{answers: map[string]string{"DELETE /credentials/c": `{"success":true}`}}
	g.answers["GET /credentials/by_name/c"] = `{"error":{"message":"404: Credential not found"}}`
	refusing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusNotFound)
		}
		g.ServeHTTP(w, r)
	})
	if _, err := run(t.Context(), served(refusing), credentialsDelete, argsOf(map[string]any{"credential_name": "c"})); !operation.IsNotFound(err) || len(g.writes) > 0 {
		t.Errorf("a credential that does not exist: %v, sent %v", err, g.writes)
	}
}

// TestAbsentSubjects: what does not exist is not asked about.
func TestAbsentSubjects(t *testing.T) {
	env := envOf(t, sandbox.New())
	for op, args := range map[*operation.Operation]map[string]any{
		customersUpdate: {"user_id": "none", "max_budget": 5}, tagsUpdate: {"name": "none", "max_budget": 5},
		budgetsUpdate: {"budget_id": "none", "max_budget": 5}, usersBulkUpdate: {"user_ids": []string{"none"}, "max_budget": 5},
	} {
		call, err := operation.Prepare(t.Context(), env, op, argsOf(args))
		if err == nil {
			_, err = call.NeedsConsent(t.Context())
		}
		if !operation.IsNotFound(err) {
			t.Errorf("%s: %v", op.Path, err)
		}
	}
}

// TestNewerFields: what the gateway is too old for is refused, with nothing sent.
func TestNewerFields(t *testing.T) {
	for _, tt := range []struct {
		op            *operation.Operation
		version, args string
		refused       bool
	}{
		{keysList, "1.90.7", `{"search":"x"}`, true},
		{keysList, "1.101.0", `{"search":"x"}`, false},
		{keysList, "1.90.7", `{"page":1}`, false},
		{customersList, "1.83.14", `{"search":"x"}`, false}, // filters by itself
		{teamsCreate, "1.106.2", `{"team_alias":"a","extra":{"require_trace_id":true}}`, true},
		{teamsCreate, "1.110.2", `{"team_alias":"a","extra":{"require_trace_id":true}}`, false},
		{teamsCreate, "", `{"team_alias":"a","extra":{"require_trace_id":true}}`, false},
		{tagsUpdate, "1.109.3", `{"name":"g","extra":{"spend":0}}`, false}, // has an argument
	} {
		g := &oldGateway{version: tt.version, answers: map[string]string{"GET /key/list": `{"keys":[],"total_count":0,"total_pages":0}`,
			"GET /customer/list": `[]`, "GET /v2/team/list": `{"teams":[],"total":0,"total_pages":0}`, "POST /team/new": `{"team_id":"t"}`}}
		server := httptest.NewServer(g)
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-1", Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		args := operation.Args{}
		if err := json.Unmarshal([]byte(tt.args), &args); err != nil {
			t.Fatal(err)
		}
		_, err = run(t.Context(), operation.Env{Client: client}, tt.op, args)
		server.Close()
		refused := proxyclient.CodeOf(err) == proxyclient.CodeUnsupported && strings.Contains(err.Error(), "LiteLLM "+tt.version+", which ignores")
		if refused != tt.refused || refused && len(g.writes) > 0 {
			t.Errorf("%s of %s with %s: %v, sent %q", tt.op.Path, tt.version, tt.args, err, g.writes)
		}
	}
}
