package tools

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// toolGateway answers as LiteLLM 1.110.2 did: the tool shell, which is blocked for team t1, and
// has as many calls as a second page needs.
type toolGateway struct {
	input, output string
	enforced      bool
	sent          []string
}

func (g *toolGateway) RoundTrip(r *http.Request) (*http.Response, error) {
	status, answer := http.StatusOK, ""
	switch request := r.Method + " " + r.URL.Path; request {
	case "GET /v1/tool/shell/detail":
		answer = `{"tool":{"tool_id":"1","tool_name":"shell","origin":"user_defined","input_policy":"` + g.input + `","output_policy":"` + g.output + `","call_count":3},"overrides":[{"override_id":"o","tool_name":"shell","team_id":"t1","key_hash":null,"input_policy":"blocked","key_alias":"research"}]}`
	case "GET /v1/tool/shell/logs":
		answer = `{"logs":[{"id":"` + r.URL.Query().Get("page") + `","timestamp":"2026-11-26T17:45:48.907000+00:00","model":"m","spend":0.1,"total_tokens":30,"input_snippet":null}],"total":51,"page":1,"page_size":50}`
	case "GET /v1/tool/nope/logs":
		answer = `{"logs":[],"total":0,"page":1,"page_size":50}`
	case "GET /v2/guardrails/list":
		answer = `{"guardrails":[]}`
		if g.enforced {
			answer = `{"guardrails":[{"guardrail_id":"1","guardrail_name":"tools","litellm_params":{"guardrail":"tool_policy"}}]}`
		}
	case "GET /v2/team/list":
		answer = `{"teams":[{"team_id":"t1","team_alias":"research"}],"total":1,"page":1,"page_size":10,"total_pages":1}`
	case "POST /v1/tool/policy", "DELETE /v1/tool/shell/overrides":
		body := ""
		if r.Body != nil {
			b, _ := io.ReadAll(r.Body)
			body = " " + string(b)
		}
		g.sent = append(g.sent, strings.TrimSpace(strings.TrimSuffix(request+"?"+r.URL.RawQuery, "?")+body))
		answer = `{"tool_name":"shell","input_policy":"blocked","output_policy":"untrusted","updated":true,"team_id":null,"key_hash":null}`
	default:
		status, answer = http.StatusNotFound, `{"detail":"Tool 'x' not found"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

func TestToolPolicies(t *testing.T) {
	const unenforced = "no guardrail of the type tool_policy"
	for _, tt := range []struct{ op, args, sent, says string }{
		{"tools policy-set", `{"tool_name":"shell","input_policy":"blocked"}`, `POST /v1/tool/policy {"input_policy":"blocked","tool_name":"shell"}`, unenforced},
		{"tools policy-set", `{"tool_name":"shell","input_policy":"blocked","team":"research"}`, `POST /v1/tool/policy {"input_policy":"blocked","team_id":"t1","tool_name":"shell"}`, "blocked tool shell for team research (t1)"},
		{"tools policy-reset", `{"tool_name":"shell","team":"research"}`, "DELETE /v1/tool/shell/overrides?team_id=t1", "unblocked tool shell for team research (t1)"},
	} {
		g := &toolGateway{input: "blocked", output: "untrusted"}
		call := prepare(t, envOf(t, g), tt.op, tt.args)
		call.Waive()
		result, err := call.Run(t.Context())
		said := result.Done + " " + strings.Join(result.Notes, " ")
		if err != nil || !slices.Equal(g.sent, []string{tt.sent}) || !strings.Contains(said, tt.says) {
			t.Errorf("%s %s: %v, sent %q, says %q", tt.op, tt.args, err, g.sent, said)
		}
	}
	for _, tt := range []struct {
		op, args string
		code     proxyclient.Code
		want     string
	}{
		{"tools policy-set", `{"tool_name":"nope","input_policy":"blocked"}`, proxyclient.CodeNotFound, "has not seen tool nope"},
		{"tools policy-set", `{"tool_name":"shell"}`, proxyclient.CodeUsage, "give {input_policy} or {output_policy}"},
		{"tools policy-set", `{"tool_name":"shell","input_policy":"trusted","team":"research"}`, proxyclient.CodeUsage, "can only be blocked"},
		{"tools policy-set", `{"tool_name":"shell","output_policy":"trusted","key_hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`, proxyclient.CodeUsage, "can only be blocked"},
		{"tools policy-set", `{"tool_name":"shell","input_policy":"blocked","key_hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","team":"research"}`, proxyclient.CodeUsage, "not both"},
		{"tools policy-reset", `{"tool_name":"shell"}`, proxyclient.CodeUsage, "give one team or one key"},
		{"tools policy-reset", `{"tool_name":"shell","key_hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`, proxyclient.CodeNotFound, "tool shell is not blocked for key aaaaaaaa"},
		{"tools policy-reset", `{"tool_name":"nope","team":"research"}`, proxyclient.CodeNotFound, "tool nope does not exist"},
		{"tools logs", `{"tool_name":"nope"}`, proxyclient.CodeNotFound, "tool nope does not exist"},
	} {
		g := &toolGateway{input: "untrusted", output: "untrusted"}
		call, err := operation.Prepare(t.Context(), envOf(t, g), All().Find(tt.op), parsed(t, tt.args))
		if err == nil {
			call.Waive()
			_, err = call.Run(t.Context())
		}
		if e := operation.AsError(err); e == nil || e.Code != tt.code || !strings.Contains(e.Message, tt.want) || len(g.sent) > 0 {
			t.Errorf("%s %s: %v, sent %q; want %v %s", tt.op, tt.args, err, g.sent, tt.code, tt.want)
		}
	}
	g := &toolGateway{input: "untrusted", output: "untrusted"}
	_, err := run(t.Context(), envOf(t, g), toolsPolicySet, argsOf(map[string]any{"tool_name": "shell", "input_policy": "blocked"}))
	if proxyclient.CodeOf(err) != proxyclient.CodeNotApplied {
		t.Errorf("a policy that the gateway did not keep: %v", err)
	}
}

// TestToolQuestions: what lets a tool through is confirmed.
func TestToolQuestions(t *testing.T) {
	for _, tt := range []struct {
		input, output, args string
		want                []string
	}{
		{"blocked", "untrusted", `{"tool_name":"shell","input_policy":"untrusted"}`, []string{"unblocks tool shell for every key"}},
		{"trusted", "untrusted", `{"tool_name":"shell","input_policy":"untrusted","output_policy":"trusted"}`, []string{"lets tool shell run after untrusted output", "trusts the output of tool shell"}},
		{"untrusted", "trusted", `{"tool_name":"shell","input_policy":"blocked","output_policy":"untrusted"}`, nil},
		{"untrusted", "untrusted", `{"tool_name":"new","input_policy":"blocked","new":true}`, nil},
	} {
		found, err := prepare(t, envOf(t, &toolGateway{input: tt.input, output: tt.output, enforced: true}), "tools policy-set", tt.args).Dangers(t.Context())
		if err != nil || !slices.Equal(found, tt.want) {
			t.Errorf("%s, %s, %s: %v %q", tt.input, tt.output, tt.args, err, found)
		}
	}
	asked, err := prepare(t, envOf(t, &toolGateway{input: "blocked"}), "tools policy-set", `{"tool_name":"shell","input_policy":"trusted"}`).Question(t.Context())
	if want := "Set the policy of tool shell to input_policy trusted, for every key?"; err != nil || asked.Text != want {
		t.Errorf("%v %+v, want %s", err, asked, want)
	}
	for input, want := range map[string]string{"blocked": "It stays blocked for every key.", "untrusted": "Models may call it for it again."} {
		question, err := prepare(t, envOf(t, &toolGateway{input: input}), "tools policy-reset", `{"tool_name":"shell","team":"research"}`).Question(t.Context())
		if err != nil || question.Text != "Unblock tool shell for team research (t1)? "+want {
			t.Errorf("%v %+v", err, question)
		}
	}
}

// TestToolLogPages: the gateway gives a total and no number of pages.
func TestToolLogPages(t *testing.T) {
	got := do(t, envOf(t, &toolGateway{}), toolsLogs, map[string]any{"tool_name": "shell", "page_size": 50})
	if got.Page.Total != 51 || operation.Word(got.Page.Next["page"]) != "2" {
		t.Errorf("of 51 calls: %d, next %v", got.Page.Total, got.Page.Next)
	}
	got = do(t, envOf(t, &toolGateway{}), toolsLogs, map[string]any{"tool_name": "shell", "page": 2, "page_size": 50})
	if got.Page.Next != nil {
		t.Errorf("after the second page comes %v", got.Page.Next)
	}
}
