package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// TestSpendErrors shows the part of the gateway's answer that was asked for, with the
// totals of all.
func TestSpendErrors(t *testing.T) {
	gateway := &stored{answers: map[string]string{"GET /gateway/errors/activity": `{"total_successful_requests":4,"total_failed_requests":1,
		"by_date":[{"date":"2026-11-26","successful_requests":4,"failed_requests":1,"client_errors":1,"server_errors":0,"by_status_code":[]}],
		"by_status_code":[{"status_code":400,"failed_requests":1}],"by_key":[{"id":"litellm_proxy_master_key","label":null,"api_requests":32,"failed_requests":2,"top_status_code":0}],
		"by_team":[],"by_user":[],"by_model":[]}`}}
	env := envOf(t, gateway)
	for by, want := range map[string]string{"": `"date":"2026-11-26"`, "day": `"client_errors":1`, "status": `"status_code":400`, "key": `"api_requests":32`, "team": "", "model": ""} {
		args := map[string]any{"period": "7d"}
		if by != "" {
			args["by"] = by
		}
		result := do(t, env, spendErrors, args)
		var items []string
		for _, item := range result.Page.Items {
			items = append(items, string(item))
		}
		if got := strings.Join(items, ""); (want == "") != (got == "") || !strings.Contains(got, want) || !strings.Contains(strings.Join(result.Notes, ""), "1 of 5 requests failed") {
			t.Errorf("by %q: %s, notes %q", by, got, result.Notes)
		}
		for _, name := range result.Page.Columns {
			if !declaresColumn(spendErrors, name) {
				t.Errorf("by %q: no column %s", by, name)
			}
		}
	}
}

func declaresColumn(op *operation.Operation, name string) bool {
	for _, c := range op.Columns {
		if c.Name == name {
			return true
		}
	}
	return false
}

// TestWarningIgnore: what the gateway did is what is said.
func TestWarningIgnore(t *testing.T) {
	const path = "PATCH /health/deployment_warnings/no_redis"
	for _, tt := range []struct {
		args              map[string]any
		answer, sent, say string
	}{
		{nil, `{"id":"no_redis","ignore":{"source":"admin","ignored_until":null}}`, `{"ignored":true}`, "warning no_redis is ignored"},
		{map[string]any{"snooze_seconds": 60}, `{"id":"no_redis","ignore":{"ignored_until":"2026-11-26T19:33:03Z"}}`, `{"ignored":true,"snooze_seconds":60}`, "is ignored until 2026-11-26"},
		{map[string]any{"ignored": false}, `{"id":"no_redis","ignore":null}`, `{"ignored":false}`, "is shown again"},
		{map[string]any{"ignored": false}, `{"id":"no_redis","ignore":{"source":"admin"}}`, `{"ignored":false}`, "is unchanged"},
		{map[string]any{"ignored": false, "snooze_seconds": 60}, `{}`, "", "omit it"},
	} {
		gateway := &stored{answers: map[string]string{path: tt.answer}}
		args := argsOf(tt.args)
		args["warning_id"] = operation.Encode("no_redis")
		result, err := run(t.Context(), envOf(t, gateway), healthWarningIgnore, args)
		said := result.Done
		if err != nil {
			said = err.Error()
		}
		if sent := strings.TrimPrefix(strings.Join(gateway.sent, ""), path+" "); sent != tt.sent || !strings.Contains(said, tt.say) {
			t.Errorf("%v: sent %s, said %s; want %s, %s", tt.args, sent, said, tt.sent, tt.say)
		}
	}
}
