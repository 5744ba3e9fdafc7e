package tools

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// player is a gateway that answers each path, with its method, from a table and keeps the
// queries and bodies.
type player struct {
	answers map[string]string // "GET /audit" → status and body
	asked   []string
	queries []url.Values
	bodies  []string
}

func (r *player) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var body json.RawMessage
	_ = json.NewDecoder(request.Body).Decode(&body)
	asked := request.Method + " " + request.URL.EscapedPath()
	r.asked, r.queries, r.bodies = append(r.asked, asked), append(r.queries, request.URL.Query()), append(r.bodies, string(body))
	status, answer := http.StatusNotFound, `{"detail":"Not Found"}`
	if a, ok := r.answers[asked]; ok {
		status, answer = http.StatusOK, a
		if _, err := fmt.Sscanf(a, "%d ", &status); err == nil {
			_, answer, _ = strings.Cut(a, " ")
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(answer))
}

// played is a gateway with recorded answers.
func played(t *testing.T, answers map[string]string) (*player, operation.Env) {
	t.Helper()
	r := &player{answers: answers}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-1234", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return r, operation.Env{Client: client}
}

// TestAuditTimes: the gateway fails on days, so it is sent times. The end is exclusive.
func TestAuditTimes(t *testing.T) {
	r, env := played(t, map[string]string{"GET /audit": `{"audit_logs":[{"id":"a","updated_at":"2026-11-26T00:00:00Z"},{"id":"b","updated_at":"2026-11-25T23:59:59.900000Z"}],"total":2,"page":1,"page_size":10,"total_pages":1}`})
	result, err := run(t.Context(), env, auditList, argsOf(map[string]any{"period": "2026-11-01..2026-11-25", "object_key_hash": "sk-secret-0123456789", "table_name": "key"}))
	if err != nil {
		t.Fatal(err)
	}
	q := r.queries[0]
	if q.Get("start_date") != "2026-11-01T00:00:00Z" || q.Get("end_date") != "2026-11-26T00:00:00Z" || q.Has("period") || q.Get("table_name") != "LiteLLM_VerificationToken" || q.Get("object_key_hash") != operation.KeyHash("sk-secret-0123456789") {
		t.Errorf("sent %v", q)
	}
	if len(result.Page.Items) != 1 || result.Page.Total != 1 || !strings.Contains(string(result.Page.Items[0]), `"b"`) {
		t.Errorf("items %s of %d", result.Page.Items, result.Page.Total)
	}
}

// TestAuditEmpty: an empty log is explained, on one page and on all.
func TestAuditEmpty(t *testing.T) {
	_, env := played(t, map[string]string{"GET /audit": `{"audit_logs":[],"total":0,"page":1,"page_size":10,"total_pages":0}`})
	result, err := run(t.Context(), env, auditList, operation.Args{})
	if err != nil || !strings.Contains(strings.Join(result.Notes, "\n"), "Enterprise") {
		t.Errorf("notes %q, %v", result.Notes, err)
	}
	for result, err := range prepare(t, env, "audit list", `{}`).Pages(t.Context()) {
		if err != nil || !strings.Contains(strings.Join(result.Notes, "\n"), "Enterprise") {
			t.Errorf("all: notes %q, %v", result.Notes, err)
		}
	}
}

// TestAuditTables: every kind has a table.
func TestAuditTables(t *testing.T) {
	if kinds := (auditTable("")).Rule().Values; len(kinds) != len(auditTables) || slices.ContainsFunc(kinds, func(kind string) bool { return auditTables[kind] == "" }) {
		t.Errorf("kinds %v, tables %v", kinds, auditTables)
	}
}
