package tools

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// besideWorld answers what a sandbox does not have, for questions about it.
type besideWorld struct {
	http.Handler
	answers map[string]json.RawMessage
}

func (b besideWorld) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer, ok := b.answers[r.URL.Path]; ok && (r.Method == http.MethodGet || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "migrate-encryption")) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
		return
	}
	b.Handler.ServeHTTP(w, r)
}

const besideSandbox = `{
	"/v1/agents": [{"agent_name": "helper", "agent_id": "ag1", "kill_switch": {"url": "https://stop.example.com"}}],
	"/v1/tool/shell/detail": {"tool": {"tool_name": "shell"}, "overrides": [{"team_id": "0c95aaaa-1111-2222-3333-444455556666", "input_policy": "blocked"}]},
	"/jwt/key/mapping/info": {"id": "x", "jwt_claim_name": "sub", "jwt_claim_value": "ann"},
	"/get/config/callbacks": {"callbacks": [{"name": "langfuse", "type": "success"}]},
	"/config/list": [{"field_name": "max_request_size_mb", "field_value": 50}],
	"/email/event_settings": {"settings": [{"event": "Max Budget Alert", "enabled": true}]},
	"/get/allowed_ips": {"data": ["203.0.113.7", "203.0.113.8"]},
	"/credentials/migrate-encryption/check": {"report": {"residual_legacy": 1}}, "/credentials/migrate-encryption": {"report": {}},
	"/project/list": [{"project_alias": "bot", "project_id": "00000000-0000-4000-8000-000000000001"}],
	"/organization/list": [{"organization_alias": "acme", "organization_id": "00000000-0000-4000-8000-000000000002", "members": []}],
	"/subscription_accounts/usage": {"accounts": [{"account_id": "chatgpt", "fee": {"subscription_account_id": "00000000-0000-4000-8000-000000000003"}}]},
	"/v1/mcp/server": [{"server_name": "github", "server_id": "00000000-0000-4000-8000-000000000004"}],
	"/v1/mcp/toolset": [{"toolset_name": "triage", "toolset_id": "00000000-0000-4000-8000-000000000005"}],
	"/vector_store/list": {"data": [{"vector_store_name": "handbook", "vector_store_id": "vs1"}]},
	"/search_tools/list": {"search_tools": [{"search_tool_name": "web", "search_tool_id": "00000000-0000-4000-8000-000000000006"}]},
	"/config/pass_through_endpoint": {"endpoints": [{"path": "/rerank", "id": "00000000-0000-4000-8000-000000000007"}]},
	"/guardrails/00000000-0000-4000-8000-000000000008": {"guardrail_name": "pii", "guardrail_id": "00000000-0000-4000-8000-000000000008", "litellm_params": {"default_on": true}},
	"/policies/00000000-0000-4000-8000-000000000009": {"policy_name": "strict", "policy_id": "00000000-0000-4000-8000-000000000009", "version_number": 2, "version_status": "production"},
	"/policies/name/strict/versions": {"versions": [{"policy_name": "strict", "version_status": "draft"}]},
	"/policies/attachments/00000000-0000-4000-8000-00000000000a": {"policy_name": "strict", "teams": ["health"]},
	"/policies/list": {"policies": []}, "/policies/attachments/list": {"attachments": []}
}`

// asked is a call of every operation that destroys something, by identifiers where it takes
// them, and the name that the question must have.
var asked = map[string][2]string{
	"models delete":                {`{"id":"m1"}`, "m (m1)"},
	"models merge":                 {`{"same_key":true}`, ""},
	"access-groups delete":         {`{"access_group":"group"}`, "group"},
	"access-groups budget-delete":  {`{"access_group":"group"}`, "group"},
	"fallbacks delete":             {`{"model":"m"}`, "m"},
	"credentials delete":           {`{"credential_name":"azure"}`, "azure"},
	"keys delete":                  {`{"keys":["` + keyCI + `"]}`, "ci"},
	"keys reset-spend":             {`{"key":"` + keyCI + `"}`, "ci"},
	"keys rotate":                  {`{"key":"` + keyCI + `"}`, "ci"},
	"keys regenerate":              {`{"key":"` + keyCI + `"}`, "ci"},
	"users reset-spend":            {`{"user":"ann-0123456789"}`, "ann@example.com"},
	"users move":                   {`{"user":"ann-0123456789","from":"` + researchID + `","to":"strict"}`, "ann@example.com"},
	"users retire":                 {`{"user":"ann-0123456789"}`, "ann@example.com"},
	"users delete":                 {`{"users":["ann-0123456789"]}`, "ann@example.com"},
	"users bulk-delete":            {`{"user_ids":["ann-0123456789"]}`, "ann@example.com"},
	"teams delete":                 {`{"teams":["` + researchID + `"]}`, "research"},
	"teams member-reset-spend":     {`{"team":"` + researchID + `","user":"ann-0123456789"}`, "ann@example.com"},
	"teams member-remove":          {`{"team":"` + researchID + `","users":["ann-0123456789"]}`, "ann@example.com"},
	"teams callbacks-delete":       {`{"team":"` + researchID + `","name":"langfuse"}`, "research"},
	"organizations delete":         {`{"organizations":["00000000-0000-4000-8000-000000000002"]}`, "acme"},
	"organizations member-remove":  {`{"organization":"00000000-0000-4000-8000-000000000002","user":"ann-0123456789"}`, "ann@example.com"},
	"projects delete":              {`{"projects":["00000000-0000-4000-8000-000000000001"]}`, "bot"},
	"customers delete":             {`{"customer_ids":["acme"]}`, "acme"},
	"budgets delete":               {`{"budget_id":"tier"}`, "tier"},
	"budgets prune":                {`{}`, ""},
	"tags delete":                  {`{"name":"prod"}`, "prod"},
	"subscriptions delete":         {`{"account":"00000000-0000-4000-8000-000000000003"}`, "chatgpt"},
	"guardrails delete":            {`{"guardrail":"00000000-0000-4000-8000-000000000008"}`, "pii"},
	"policies delete":              {`{"policy":"00000000-0000-4000-8000-000000000009"}`, "strict"},
	"policies delete-all-versions": {`{"policy_name":"strict"}`, "strict"},
	"policies detach":              {`{"attachment":"00000000-0000-4000-8000-00000000000a"}`, "strict"},
	"prompts delete":               {`{"prompt_id":"greeting"}`, "greeting"},
	"mcp-servers delete":           {`{"server":"00000000-0000-4000-8000-000000000004"}`, "github"},
	"mcp-servers sessions-delete":  {`{"user":"ann-0123456789"}`, "ann@example.com"},
	"mcp-toolsets delete":          {`{"toolset":"00000000-0000-4000-8000-000000000005"}`, "triage"},
	"agents delete":                {`{"agent":"ag1"}`, "helper"},
	"agents kill-switch":           {`{"agent":"ag1"}`, "helper"},
	"vector-stores delete":         {`{"vector_store":"vs1"}`, "handbook"},
	"search-tools delete":          {`{"search_tool":"00000000-0000-4000-8000-000000000006"}`, "web"},
	"memory delete":                {`{"key":"style"}`, "style"},
	"tools policy-reset":           {`{"tool_name":"shell","team":"` + researchID + `"}`, "research"},
	"pass-through delete":          {`{"endpoint":"00000000-0000-4000-8000-000000000007"}`, "/rerank"},
	"jwt-mappings delete":          {`{"id":"x"}`, "sub ann"},
	"callbacks delete":             {`{"callback_name":"langfuse"}`, "langfuse"},
	"settings general-reset":       {`{"field_names":["max_request_size_mb"]}`, "max_request_size_mb"},
	"settings email-events-reset":  {`{}`, "1 event"},
	"settings allowed-ips-add":     {`{"ip":"203.0.113.9"}`, "203.0.113.9"},
	"settings allowed-ips-delete":  {`{"ip":"203.0.113.7"}`, "203.0.113.7"},
	"settings allowed-ips-reset":   {`{}`, "203.0.113.7, 203.0.113.8"},
	"cache delete":                 {`{"keys":["entry1"]}`, "entry1"},
	"cache flush":                  {`{}`, "every entry"},
	"encryption migrate":           {`{}`, "1 stored secret"},
	"api write":                    {`{"method":"POST","path":"/team/block","body":{"team_id":"x"}}`, "/team/block"},
	"api delete":                   {`{"path":"/credentials/azure"}`, "/credentials/azure"},
	"http request":                 {`{"method":"POST","uri":"/key/delete"}`, "/key/delete"},
}

var keyCI = operation.KeyHash("sk-ci-0123456789abcdef")

// sentence is a question about one thing, and what follows from it.
var sentence = regexp.MustCompile(`^[A-Z][^?]*\? [A-Z"][^?]*\.$`)

// TestEveryQuestion: whoever deletes something reads its name and what follows, in sentences.
func TestEveryQuestion(t *testing.T) {
	w, env := consentWorld(t)
	more := besideWorld{Handler: w.gateway}
	if err := json.Unmarshal([]byte(besideSandbox), &more.answers); err != nil {
		t.Fatal(err)
	}
	w.gateway = more
	for _, op := range All() {
		if op.Effect != operation.Destructive {
			continue
		}
		call, ok := asked[op.Path]
		if !ok {
			t.Errorf("%s: no question is asked here", op.Path)
			continue
		}
		q, err := prepare(t, env, op.Path, call[0]).Question(t.Context())
		if err != nil {
			t.Errorf("%s: %v", op.Path, err)
			continue
		}
		if q.Text == "" && len(q.Plan.Requests) == 0 { // nothing to do
			continue
		}
		if !sentence.MatchString(q.Text) || !strings.Contains(q.Text, call[1]) || strings.Contains(q.Text, " 1 keys") || strings.Contains(q.Text, "00000000-0000-4000") {
			t.Errorf("%s: the question does not name %s, or not what follows: %s", op.Path, call[1], q.Text)
		}
	}
}
