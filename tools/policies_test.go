package tools

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// policyGateway answers as LiteLLM 1.110.2 did: policy strict in three versions, lax of the
// configuration file, which inherits from it, and two attachments.
type policyGateway struct{ sent []string }

const (
	strictV1   = `{"policy_id":"v1","policy_name":"strict","version_number":1,"version_status":"production","inherit":"base","guardrails_add":["pii","secrets"],"guardrails_remove":[],"condition":{},"pipeline":null,"definition_location":"db"}`
	strictV2   = `{"policy_id":"v2","policy_name":"strict","version_number":2,"version_status":"published","inherit":"","guardrails_add":["pii"],"guardrails_remove":["topic"],"condition":{"model":"gpt.*"},"pipeline":null,"definition_location":"db"}`
	strictV3   = `{"policy_id":"v3","policy_name":"strict","version_number":3,"version_status":"draft","inherit":"base","guardrails_add":["pii","secrets","topic"],"guardrails_remove":[],"condition":{},"pipeline":null,"definition_location":"db"}`
	lax        = `{"policy_id":"lax","policy_name":"lax","version_number":1,"version_status":"production","inherit":"strict","guardrails_add":["topic"],"guardrails_remove":[],"condition":null,"pipeline":null,"definition_location":"config"}`
	attachment = `{"attachment_id":"a1","policy_name":"strict","scope":null,"teams":["health","legal"],"keys":[],"models":["gpt-4o"],"tags":[],"priority":null,"default":false,"definition_location":"db"}`
	fallback   = `{"attachment_id":"config-0","policy_name":"lax","scope":null,"teams":[],"keys":["ci-*"],"models":[],"tags":[],"priority":null,"default":true,"definition_location":"config"}`
)

// read answers a GET, as far as the gateway has it.
func (g *policyGateway) read(path string, query url.Values) string {
	versions := map[string]string{"production": strictV1 + "," + lax, "published": strictV2, "draft": strictV3, "": strictV3 + "," + strictV2 + "," + strictV1 + "," + lax}
	switch path {
	case "/policies/list":
		return `{"policies":[` + versions[query.Get("version_status")] + `],"total_count":1}`
	case "/policies/attachments/list":
		return `{"attachments":[` + attachment + "," + fallback + `],"total_count":2}`
	case "/policies/name/strict/versions":
		return `{"policy_name":"strict","versions":[` + strictV3 + "," + strictV2 + "," + strictV1 + `],"total_count":3}`
	case "/v2/guardrails/list":
		return `{"guardrails":[{"guardrail_id":"g1","guardrail_name":"pii"},{"guardrail_id":"g2","guardrail_name":"topic"}]}`
	case "/policies/v1":
		return strictV1
	case "/policies/v2":
		return strictV2
	case "/policies/v3":
		return strictV3
	case "/policies/attachments/a1":
		return attachment
	case "/policy/info/strict":
		return `{"policy_name":"strict","inherit":null,"scope":{"teams":[],"keys":[],"models":[],"tags":[]},"guardrails":{"add":["pii","secrets"],"remove":[]},"resolved_guardrails":["pii","secrets"],"inheritance_chain":["strict"]}`
	case "/v2/team/list":
		return `{"teams":[],"total":0,"page":1,"page_size":10,"total_pages":0}`
	}
	if name, of, _ := strings.Cut(strings.TrimPrefix(path, "/policies/name/"), "/"); of == "versions" {
		return `{"policy_name":"` + name + `","versions":[],"total_count":0}`
	}
	return ""
}

// wrote are the answers to writes and to the POSTs that read.
var wrote = map[string]string{
	"PUT /policies/v3":                           strings.Replace(strictV3, `"inherit":"base"`, `"inherit":""`, 1),
	"PUT /policies/v2/status":                    strings.Replace(strictV2, "published", "production", 1),
	"DELETE /policies/v1":                        `{"message":"Policy v1 deleted successfully","warning":"Production version was deleted. No other version was promoted."}`,
	"DELETE /policies/name/strict/all-versions":  `{"message":"All versions of policy 'strict' deleted successfully"}`,
	"DELETE /policies/attachments/a1":            `{"message":"Attachment a1 deleted successfully"}`,
	"POST /policies/attachments":                 `{"attachment_id":"a2","policy_name":"strict","scope":"*","teams":[],"keys":[],"models":[],"tags":[],"priority":null,"default":false}`,
	"POST /policies/resolve":                     `{"effective_guardrails":["pii","secrets"],"matched_policies":[{"policy_name":"strict","matched_via":"team:helth","guardrails_added":["pii","secrets"]}]}`,
	"POST /policies/attachments/estimate-impact": `{"affected_keys_count":0,"affected_teams_count":0,"unnamed_keys_count":0,"unnamed_teams_count":0,"sample_keys":[],"sample_teams":[]}`,
	"POST /policy/validate":                      `{"valid":false,"errors":[{"policy_name":"b","error_type":"invalid_inheritance","message":"Parent policy 'zz' not found","field":"inherit","value":"zz"}],"warnings":[]}`,
	"POST /utils/test_policies_and_guardrails":   `{"results":[{"inputs":{"texts":["a zebra"]},"guardrail_errors":[{"guardrail_name":"pii","message":"400: blocked"}]},{"inputs":{"texts":["b"]},"guardrail_errors":[]}]}`,
}

func (g *policyGateway) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, status := g.read(r.URL.Path, r.URL.Query()), http.StatusOK
	if r.Method != http.MethodGet {
		body := ""
		if r.Body != nil {
			b, _ := io.ReadAll(r.Body)
			body = string(b)
		}
		request := r.Method + " " + r.URL.Path
		answer = wrote[request]
		g.sent = append(g.sent, strings.TrimSpace(request+" "+body))
	}
	if answer == "" {
		answer, status = `{"detail":"Policy with ID x not found"}`, http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// TestPolicyQuestions: what takes a protection away says which, and what it protected.
func TestPolicyQuestions(t *testing.T) {
	const protects = `requests of teams health, legal to model gpt-4o; requests with key ci-* that no other attachment matches; keys, teams and projects that name it`
	for _, tt := range []struct{ op, args, want string }{
		{"policies status-set", `{"policy":"strict","version_status":"production"}`, "takes guardrails away from policy strict: secrets (the policy checks " + protects + ")"},
		{"policies status-set", `{"policy_id":"v2","version_status":"production"}`, "makes policy strict skip inherited guardrails: topic"},
		{"policies status-set", `{"policy_id":"v2","version_status":"production"}`, "makes policy strict stop inheriting from base"},
		{"policies status-set", `{"policy_id":"v2","version_status":"production"}`, "limits policy strict to models that match gpt.*"},
		{"policies create", `{"policy_name":"lax","guardrails_add":["pii"]}`, "takes guardrails away from policy lax: topic (the policy checks requests with key ci-*"},
		{"policies attach", `{"policy_name":"strict","scope":"*"}`, "stops default policies for all requests: lax"},
		{"policies attach", `{"policy_name":"strict","scope":"*"}`, "Attach policy strict to all requests?"},
		{"policies delete", `{"policy_id":"v1"}`, "Delete version 1 (production) of policy strict? Its guardrails (pii, secrets) no longer check " + protects + ". No other version takes its place."},
		{"policies delete", `{"policy_id":"v3"}`, "Delete version 3 (draft) of policy strict? It is not in force."},
		{"policies delete-all-versions", `{"policy_name":"strict"}`, "Delete policy strict with 3 versions? Its guardrails (pii, secrets) no longer check requests"},
		{"policies detach", `{"policy":"strict"}`, "Detach policy strict from requests of teams health, legal to model gpt-4o? Its guardrails no longer check them: pii, secrets."},
	} {
		call := prepare(t, envOf(t, &policyGateway{}), tt.op, tt.args)
		question, err := call.Question(t.Context())
		if err != nil || !strings.Contains(question.String(), tt.want) {
			t.Errorf("%s %s: %v\n%s\nwant %s", tt.op, tt.args, err, question, tt.want)
		}
	}
	for _, tt := range []struct{ op, args string }{
		{"policies status-set", `{"policy":"strict","version_status":"published"}`}, {"policies attach", `{"policy_name":"lax","teams":["health"]}`},
		{"policies attach", `{"policy_name":"strict","teams":["health"],"default":true}`}, {"policies create", `{"policy_name":"new","guardrails_add":["pii"]}`},
	} {
		if found, err := prepare(t, envOf(t, &policyGateway{}), tt.op, tt.args).Dangers(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%s %s asks: %v, %v", tt.op, tt.args, found, err)
		}
	}
}

// TestPolicyRequests: what is sent, and what is said of it.
func TestPolicyRequests(t *testing.T) {
	for _, tt := range []struct{ op, args, sent, says string }{
		{"policies update", `{"policy":"strict","clear":["inherit"]}`, `PUT /policies/v3 {"inherit":""}`, "updated policy strict, version 3 (draft)"},
		{"policies status-set", `{"policy":"strict","version_status":"production"}`, `PUT /policies/v2/status {"version_status":"production"}`, "version 2 of policy strict is now in status production"},
		{"policies delete", `{"policy_id":"v1"}`, "DELETE /policies/v1", "No other version was promoted"},
		{"policies delete-all-versions", `{"policy_name":"strict"}`, "DELETE /policies/name/strict/all-versions", "deleted policy strict with all versions"},
		{"policies attach", `{"policy_name":"strict","scope":"*"}`, `POST /policies/attachments {"policy_name":"strict","scope":"*"}`, "attached policy strict to all requests (a2)"},
		{"policies detach", `{"policy":"strict"}`, "DELETE /policies/attachments/a1", "detached policy strict from requests of teams health, legal to model gpt-4o"},
		{"policies test", `{"texts":["a zebra","b"],"policy_names":["strict"]}`,
			`POST /utils/test_policies_and_guardrails {"inputs_list":[{"texts":["a zebra"]},{"texts":["b"]}],"policy_names":["strict"]}`, "2 texts checked; guardrails objected to 1 text: pii"},
		{"policies test", `{"texts":["b"],"policy_names":["strict"]}`, "", "The gateway has no guardrail secrets, so nothing runs for it."},
		{"policies resolve", `{"team_alias":"helth"}`, `POST /policies/resolve {"team_alias":"helth"}`, "No team has the alias helth; the answer is for a hypothetical one."},
		{"policies resolve", `{"tags":["a"],"force_sync":true}`, `POST /policies/resolve {"tags":["a"]}`, "The gateway has no guardrail secrets"},
		{"policies guardrails", `{"policy_name":"strict"}`, "", "The gateway has no guardrail secrets"},
		{"policies attach-estimate", `{"policy_name":"strict","models":["gpt*"]}`, "", "does not count by model"},
		{"policies attach-estimate", `{"policy_name":"strict","teams":["a"],"tags":["b"]}`, "", "only where teams and tags match together"},
	} {
		g := &policyGateway{}
		call := prepare(t, envOf(t, g), tt.op, tt.args)
		call.Waive()
		result, err := call.Run(t.Context())
		said := result.Done + " " + strings.Join(result.Notes, " ")
		if err != nil || tt.sent != "" && !slices.Equal(g.sent, []string{tt.sent}) || !strings.Contains(said, tt.says) {
			t.Errorf("%s %s: %v, sent %q, says %q; want %s and %s", tt.op, tt.args, err, g.sent, said, tt.sent, tt.says)
		}
	}
	result, err := run(t.Context(), envOf(t, &policyGateway{}), policiesValidate, argsOf(map[string]any{"policies": map[string]any{"b": map[string]any{"inherit": "zz"}}}))
	if err != nil || len(result.Failed) != 1 || result.Failed[0] != (operation.Failure{What: "policy b", Why: "Parent policy 'zz' not found"}) {
		t.Errorf("policies validate of an invalid policy: %v, %+v", err, result.Failed)
	}
	got := do(t, envOf(t, &policyGateway{}), policiesGet, map[string]any{"policy": "lax"})
	if string(got.Body) != lax {
		t.Errorf("policies get of a policy of the configuration file: %s", got.Body)
	}
}

// TestPolicyRefusals: the gateway would report success for each of these, or tell less.
func TestPolicyRefusals(t *testing.T) {
	for _, tt := range []struct {
		op, args string
		code     proxyclient.Code
		want     string
	}{
		{"policies delete-all-versions", `{"policy_name":"nope"}`, proxyclient.CodeNotFound, "policy nope does not exist"},
		{"policies delete-all-versions", `{"policy_name":"lax"}`, proxyclient.CodeInvalid, "policy lax is defined in the gateway's configuration file"},
		{"policies versions", `{"policy_name":"nope"}`, proxyclient.CodeNotFound, "policy nope does not exist"},
		{"policies delete", `{"policy_id":"lax"}`, proxyclient.CodeInvalid, "defined in the gateway's configuration file"},
		{"policies delete", `{"policy":"strict"}`, proxyclient.CodeInvalid, "3 policies have the name \"strict\": v3, v2, v1"},
		{"policies detach", `{"attachment_id":"config-0"}`, proxyclient.CodeInvalid, "defined in the gateway's configuration file"},
		{"policies update", `{"policy":"lax","description":"x"}`, proxyclient.CodeNotFound, "policy lax has no draft"},
		{"policies status-set", `{"policy":"lax","version_status":"published"}`, proxyclient.CodeNotFound, "policy lax has no draft version"},
		{"policies create", `{"policy_name":"x","guardrails_add":["pi"]}`, proxyclient.CodeNotFound, "guardrail pi does not exist"},
		{"policies create", `{"policy_name":"x","inherit":"nope"}`, proxyclient.CodeNotFound, "policy nope does not exist"},
		{"policies create", `{"policy_name":"x","condition":{"modle":"x"}}`, proxyclient.CodeUsage, "takes only the member model"},
		{"policies create", `{"policy_name":"a/b"}`, proxyclient.CodeUsage, "choose a name without a slash"},
		{"policies attach", `{"policy_name":"strict"}`, proxyclient.CodeUsage, "give what to attach the policy to"},
		{"policies attach", `{"policy_name":"strict","scope":"*","teams":["a"]}`, proxyclient.CodeUsage, "give one or the other"},
		{"policies attach", `{"policy_name":"strict","teams":["legal","health"],"models":["gpt-4o"]}`, proxyclient.CodeConflict, "already attached to requests of teams health, legal to model gpt-4o (a1)"},
		{"policies attach", `{"policy_name":"nope","scope":"*"}`, proxyclient.CodeNotFound, "policy nope does not exist"},
		{"policies test", `{"texts":["x"]}`, proxyclient.CodeUsage, "give {policy_names} or {guardrail_names}"},
		{"policies test", `{"texts":["x"],"policy_names":["nope"]}`, proxyclient.CodeNotFound, "policy nope does not exist"},
	} {
		g := &policyGateway{}
		call, err := operation.Prepare(t.Context(), envOf(t, g), All().Find(tt.op), parsed(t, tt.args))
		if err == nil {
			call.Waive()
			_, err = call.Run(t.Context())
		}
		e := operation.AsError(err)
		if e == nil || e.Code != tt.code || !strings.Contains(e.Message+" "+e.Hint, tt.want) || len(g.sent) > 0 {
			t.Errorf("%s %s: %v, sent %q; want %v %s", tt.op, tt.args, err, g.sent, tt.code, tt.want)
		}
	}
}
