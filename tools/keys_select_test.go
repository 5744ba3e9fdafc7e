package tools

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
)

// TestKeyMatches: a gateway that ignores a filter sends other keys too; they are left alone.
func TestKeyMatches(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	key := []byte(`{"token": "t", "key_alias": "CI-1", "user_id": "ann", "team_id": "red", "org_id": "acme", "expires": "2026-10-01T00:00:00Z",
		"created_at": "2026-01-01T00:00:00Z", "last_active": "2026-08-03T00:00:00Z", "blocked": false}`)
	for args, want := range map[string]bool{
		`"user_id": "ann"`: true, `"user_id": "bob"`: false, `"team_id": "red"`: true, `"team_id": "blue"`: false,
		`"organization_id": "acme"`: true, `"organization_id": "other"`: false, `"search": "ci-"`: true, `"search": "cd"`: false,
		`"expired": true`: true, `"status": "expired"`: true, `"status": "active"`: false, `"status": "revoked"`: false,
		`"unused": "90d"`: true, `"unused": "91d"`: false, `"unused": "90d", "user_id": "bob"`: false,
	} {
		if got := keyMatches(key, parsed(t, "{"+args+"}"), now); got != want {
			t.Errorf("%s: %v", args, got)
		}
	}
	for _, fresh := range []string{`{"key_alias": "ci"}`, `{"last_active": "2026-10-31T00:00:00Z", "created_at": "2020-01-01T00:00:00Z"}`} {
		if keyMatches([]byte(fresh), parsed(t, `{"unused": "90d"}`), now) || keyMatches([]byte(fresh), parsed(t, `{"expired": true}`), now) {
			t.Errorf("%s is selected", fresh)
		}
	}
}

// TestUseUntold: whether a key is unused is only known where the gateway tells its last use.
func TestUseUntold(t *testing.T) {
	for key, want := range map[string]bool{
		`{"created_at": "2020-01-01T00:00:00Z"}`: true, `{"last_active": null, "spend": 0.5}`: true, `{"last_active": null, "spend": 0, "total_spend": 2}`: true,
		`{"last_active": null, "spend": 0}`: false, `{"last_active": "2026-10-31T00:00:00Z", "spend": 3}`: false,
	} {
		if got := useUntold([]byte(key)); got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

// TestEveryFilterSelects: a filter that is forgotten among the selectors would be ignored.
func TestEveryFilterSelects(t *testing.T) {
	for _, f := range keysDelete.Fields() {
		if f.Name == "keys" || f.Name == "key_aliases" || f.Name == operation.ExpectField {
			continue
		}
		if !strings.Contains(strings.Join(selectors, " "), f.Name) {
			t.Errorf("%s does not select", f.Name)
		}
	}
}

func parsed(t *testing.T, text string) (args operation.Args) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		t.Fatal(err)
	}
	return args
}
