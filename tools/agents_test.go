package tools

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// agentItem is an agent as LiteLLM 1.110.2 lists it, without the fields that are null.
const agentItem = `{"agent_id":"a1","agent_name":"translator","enabled":false,"spend":0.0,"tpm_limit":10,"static_headers":{"X-A":"1"},"extra_headers":[],
	"litellm_params":{"foo":"bar","api_key":"REDACTED_BY_LITELM","is_public":false},
	"agent_card_params":{"url":"https://a.example/","name":"T","provider":{"organization":"LiteLLM Proxy"}},
	"kill_switch":{"url":"https://a.example/kill","method":"POST","headers":{},"query_params":{},"body":null,"auth":null}}`

// agentGateway answers as LiteLLM 1.110.2 does, and keeps the writes.
func agentGateway(t *testing.T) (operation.Env, *[]string) {
	t.Helper()
	sent := &[]string{}
	other := `{"agent_id":"a2","agent_name":"plain","enabled":true,"litellm_params":{"is_public":true},"agent_card_params":{}}`
	return envOf(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		body, status := "["+agentItem+","+other+"]", http.StatusOK
		if r.Method == http.MethodGet && r.URL.Query().Has("health_check") {
			body = "[" + other + "]"
		}
		if r.Method != http.MethodGet {
			b := []byte{}
			if r.Body != nil {
				b, _ = io.ReadAll(r.Body)
			}
			*sent = append(*sent, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, b))
			if body = agentItem; strings.HasSuffix(r.URL.Path, "/kill_switch") {
				body, status = `{"detail":{"agent_id":"a1","url":"https://a.example/kill","method":"POST","status_code":404,"response_body":"Not Found","error":null}}`, http.StatusBadGateway
			}
		}
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})), sent
}

// TestAgentUpdate: objects are merged, secrets are not sent back, and what the gateway does
// not store is an error.
func TestAgentUpdate(t *testing.T) {
	env, sent := agentGateway(t)
	for _, tt := range []struct {
		args, want string
		code       proxyclient.Code
	}{
		{`{"agent":"translator","tpm_limit":10}`, `{"tpm_limit":10}`, ""},
		{`{"agent":"a1","litellm_params":{"foo":"bar"}}`, `{"litellm_params":{"foo":"bar"}}`, ""},
		{`{"agent_id":"a1","litellm_params":{"api_key":"new"}}`, `{"litellm_params":{"api_key":"new","foo":"bar"}}`, ""},
		{`{"agent_id":"a1","litellm_params":{"api_key":null}}`, `{"litellm_params":{"foo":"bar"}}`, proxyclient.CodeNotApplied},
		{`{"agent_id":"a1","static_headers":{"X-A":"1"}}`, `{"static_headers":{"X-A":"1"}}`, ""},
		{`{"agent_id":"a1","agent_card_params":{"name":"T","provider":{"organization":"mine"}}}`,
			`{"agent_card_params":{"name":"T","provider":{"organization":"mine"},"url":"https://a.example/"}}`, ""},
		{`{"agent_id":"a1","agent_card_params":{"name":"other"}}`,
			`{"agent_card_params":{"name":"other","provider":{"organization":"LiteLLM Proxy"},"url":"https://a.example/"}}`, proxyclient.CodeNotApplied},
		{`{"agent_id":"a1","clear":["tpm_limit"]}`, `{"tpm_limit":null}`, proxyclient.CodeNotApplied},
	} {
		*sent = nil
		_, err := run(t.Context(), env, agentsUpdate, argsOf(decoded(t, tt.args)))
		if proxyclient.CodeOf(err) != tt.code || len(*sent) != 1 || (*sent)[0] != "PATCH /v1/agents/a1 "+tt.want {
			t.Errorf("%s: %v, sent\n%q, want\n%s", tt.args, err, *sent, tt.want)
		}
	}
	for _, args := range []string{`{"agent":"a1"}`, `{"agent":"nope","tpm_limit":1}`, `{"agent_id":"nope","tpm_limit":1}`} {
		*sent = nil
		if _, err := run(t.Context(), env, agentsUpdate, argsOf(decoded(t, args))); err == nil || len(*sent) > 0 {
			t.Errorf("%s: %v, sent %q", args, err, *sent)
		}
	}
}

// TestAgentConsent: what an agent's change sends elsewhere, and the question of its kill
// switch.
func TestAgentConsent(t *testing.T) {
	env, _ := agentGateway(t)
	for _, tt := range []struct {
		op, args string
		want     []string
	}{
		{"agents create", `{"agent_name":"x","agent_card_params":{"url":"https://evil.example/a"}}`, []string{"sends requests to evil.example (agent_card_params.url)"}},
		{"agents create", `{"agent_name":"x","kill_switch":{"url":"https://evil.example/a"}}`, []string{"sends requests to evil.example (kill_switch.url)"}},
		{"agents update", `{"agent":"translator","agent_card_params":{"url":"https://evil.example/a"}}`, []string{
			"sends requests to evil.example (agent_card_params.url)", "sends the headers and parameters stored for agent translator to a new address"}},
		{"agents update", `{"agent":"translator","enabled":true}`, []string{"lets agent translator be called again"}},
		{"agents update", `{"agent":"translator","enabled":false,"tpm_limit":5}`, nil},
		{"agents make-public", `{"agents":["translator","plain"]}`, []string{"shows these agents to anyone, without a key: translator"}},
	} {
		got, err := prepare(t, env, tt.op, tt.args).Dangers(t.Context())
		if err != nil || !slices.Equal(got, tt.want) && len(got)+len(tt.want) > 0 {
			t.Errorf("%s %s:\n%q, want\n%q (%v)", tt.op, tt.args, got, tt.want, err)
		}
	}
	question, err := prepare(t, env, "agents kill-switch", `{"agent":"translator"}`).Question(t.Context())
	if err != nil || !strings.Contains(question.Text, "calls https://a.example/kill") {
		t.Errorf("kill switch: %v, %v", question, err)
	}
}

// TestAgentAnswers: an agent that the gateway leaves out is unhealthy, and a webhook that
// fails is a failure.
func TestAgentAnswers(t *testing.T) {
	env, _ := agentGateway(t)
	var rows []string
	for _, item := range do(t, env, agentsHealth, nil).Page.Items {
		rows = append(rows, operation.Word(operation.Lookup(item, "agent_name"))+" "+operation.Word(operation.Lookup(item, "status")))
	}
	if want := []string{"translator unhealthy", "plain no address"}; !slices.Equal(rows, want) {
		t.Errorf("health: %q, want %q", rows, want)
	}
	fired, err := run(t.Context(), env, agentsKillSwitch, argsOf(map[string]any{"agent": "translator"}))
	if want := (operation.Failure{What: "webhook https://a.example/kill", Why: "HTTP 404 Not Found"}); err != nil || len(fired.Failed) != 1 || fired.Failed[0] != want || fired.Done != "" {
		t.Errorf("kill switch: %v, %+v", err, fired)
	}
}
