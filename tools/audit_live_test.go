package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// TestLiveAudit: a gateway without Enterprise records nothing and takes every filter all the
// same.
func TestLiveAudit(t *testing.T) {
	env, prefix := live(t)
	for _, args := range []map[string]any{
		{}, {"period": "2h"}, {"start_date": "2026-01-01", "end_date": "2026-01-31"}, {"tz": "Europe/Berlin", "period": "yesterday"},
		{"action": "deleted", "table_name": "team", "changed_by": "x", "changed_by_api_key": strings.Repeat("a", 64), "object_id": "x",
			"object_team_id": "00000000-0000-4000-8000-000000000000", "object_key_hash": strings.Repeat("a", 64), "search": prefix, "page_size": 1, "page": 1, "sort_by": "action", "sort_order": "asc"},
	} {
		result := do(t, env, auditList, args)
		if result.Page == nil || result.Page.Total < 0 {
			t.Errorf("%v: no total", args)
		}
	}
	if _, err := run(t.Context(), env, auditGet, argsOf(map[string]any{"id": prefix})); !operation.IsNotFound(err) {
		t.Errorf("audit get of an unknown change: %v", err)
	}
}
