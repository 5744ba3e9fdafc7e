package tools

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestEndpointEffects: what a request does follows from its endpoint, and what an operation
// asks about is asked about here.
func TestEndpointEffects(t *testing.T) {
	All() // which knows the endpoints of operations
	for request, want := range map[string]operation.Effect{
		"GET /key/list": operation.Read, "GET /health": operation.Write, "GET /health/drain": operation.Write, "POST /policies/resolve": operation.Read,
		"POST /key/delete": operation.Destructive, "POST /global/spend/reset": operation.Destructive, "POST /cache/flushall": operation.Destructive,
		"POST /v1/agents/{agent_id}/kill_switch": operation.Destructive, "DELETE /v1/memory/{key}": operation.Destructive, "POST /delete/allowed_ip": operation.Destructive,
		"POST /key/update": operation.Write, "GET /tomorrow": operation.Write, "POST /tomorrow": operation.Write,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := endpointEffect(method, path); got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
		asks := endpointAsks(method, path) != ""
		if want == operation.Write && !asks && path != "/health" { // health check does not ask
			t.Errorf("%s is not asked about", request)
		}
	}
	if endpointAsks("POST", "/embeddings") != "" {
		t.Error("a harmless write asks")
	}
}

// TestAPIUnpublished: a gateway without a document is described by the embedded one, which
// the answer says, and nothing that is wrong is sent.
func TestAPIUnpublished(t *testing.T) {
	All() // which knows the endpoints of operations
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/openapi.json":
			http.NotFound(w, r)
		case "/health/readiness/details":
			_, _ = w.Write([]byte(`{"litellm_version":"1.106.2"}`))
		default:
			sent = append(sent, r.Method+" "+r.URL.EscapedPath())
			_, _ = w.Write([]byte(`{}`))
		}
	}))
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	env := operation.Env{Client: client}
	result, err := run(t.Context(), env, apiSearch, argsOf(map[string]any{"words": "rotate a key"}))
	if notes := strings.Join(result.Notes, " "); err != nil || !strings.Contains(notes, "does not publish its API") || !strings.Contains(notes, "The gateway is LiteLLM 1.106.2.") {
		t.Errorf("%v, %s", err, notes)
	}
	for _, args := range []map[string]any{
		{"path": "/health"}, {"path": "/nowhere"}, {"path": "/audit", "params": map[string]any{"pgae": 1}}, {"path": "/guardrails/{guardrail_id}", "params": map[string]any{"guardrail_id": "../key/list"}},
		{"path": "/guardrails/{guardrail_id}", "params": map[string]any{"guardrail_id": "list"}},
	} {
		if _, err := run(t.Context(), env, apiRead, argsOf(args)); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
			t.Errorf("%v: %v", args, err)
		}
	}
	if len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	if _, err := run(t.Context(), env, apiRead, argsOf(map[string]any{"path": "/guardrails/a b"})); err != nil || strings.Join(sent, "") != "GET /guardrails/a%20b" {
		t.Errorf("%v, sent %v", err, sent)
	}
	call, err := operation.Prepare(t.Context(), env, apiWrite, argsOf(map[string]any{"method": "POST", "path": "/key/update", "body": map[string]any{"key": "k", "max_budget": 9}}))
	if err != nil {
		t.Fatal(err)
	}
	if why, err := call.NeedsConsent(t.Context()); err != nil || !strings.Contains(why, "keys update") {
		t.Errorf("%q, %v", why, err)
	}
}

// TestAPIEmptyBody: an empty object is a body where the endpoint needs one.
func TestAPIEmptyBody(t *testing.T) {
	args := argsOf(map[string]any{"method": "POST", "path": "/key/generate", "body": map[string]any{}})
	field, _ := apiWrite.Field("body")
	if field.Unset(args["body"]) {
		t.Error("{} is left out")
	}
}

// TestAPINewer: an endpoint that a gateway is too old for is said to be newer, not unknown.
func TestAPINewer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/openapi.json" {
			t.Errorf("sent %s %s", r.Method, r.URL.Path)
		}
		_, _ = w.Write([]byte(`{"openapi":"3.1.0","info":{"title":"LiteLLM API","version":"1.106.2"},"paths":{"/key/list":{"get":{"summary":"List Keys"}},"/x/{some_name}/go":{"post":{}}}}`))
	}))
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	for op, args := range map[*operation.Operation]map[string]any{
		apiRead: {"path": "/skill-hub/skills/s1/downloads"}, apiDescribe: {"endpoint": "/skill-hub/skills/{plugin_name}/downloads"},
	} {
		_, err := run(t.Context(), operation.Env{Client: client}, op, argsOf(args))
		if e := operation.AsError(err); e == nil || e.Code != proxyclient.CodeUnsupported || !strings.Contains(e.Message, "LiteLLM 1.106.2, which has no GET") || !strings.Contains(e.Hint, "LiteLLM 1.110.0") {
			t.Errorf("%s: %v", op.Path, err)
		}
	}
	// What is written in braces is a part of the path, not an input of the operation.
	result, err := run(t.Context(), operation.Env{Client: client}, apiDescribe, argsOf(map[string]any{"endpoint": "POST /x/{some_name}/go"}))
	if notes := strings.Join(result.Notes, " "); err != nil || !strings.Contains(notes, `POST "/x/{some_name}/go"`) {
		t.Errorf("%v, %s", err, notes)
	}
	if _, err := run(t.Context(), operation.Env{Client: client}, apiRead, argsOf(map[string]any{"path": "/nowhere"})); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("an unknown path: %v", err)
	}
}

// TestFinder: api search needs words, so that it does not show what exists.
func TestFinder(t *testing.T) {
	if list := All().Finder(apiRead); list != nil {
		t.Errorf("%s is said to show what exists", list.Path)
	}
	if list := All().Finder(keysInfo); list != keysList {
		t.Errorf("keys list is not said to show what exists: %v", list)
	}
}

// TestAPIModelCall: a parameter of a call that decides where the provider's key goes is asked
// about as it is for chat completions.
func TestAPIModelCall(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{`{"model":"m","input":["hi"],"dimensions":8}`: "", `{"model":"m","input":["hi"],"custom_llm_provider":"groq"}`: "where the stored key may go: custom_llm_provider"} {
		call := prepare(t, operation.Env{Client: client}, "api write", `{"method":"POST","path":"/embeddings","body":`+body+`}`)
		found, err := call.Dangers(t.Context())
		if text := strings.Join(found, "; "); err != nil || want == "" && text != "" || !strings.Contains(text, want) {
			t.Errorf("%s: %q, %v", body, text, err)
		}
	}
}
