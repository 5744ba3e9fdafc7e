package tools

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// vault is a gateway with secrets in the old format, set up for AES-256-GCM.
type vault struct {
	legacy, broken int
	stuck          bool // a migration leaves one behind
	migrations     int
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	migrated := 0
	if r.Method == http.MethodPost && r.URL.Query().Get("dry_run") != "true" {
		v.migrations++
		migrated, v.legacy = v.legacy, 0
		if v.stuck {
			migrated, v.legacy = migrated-1, 1
		}
	}
	_, _ = w.Write(operation.Encode(map[string]any{"status": "success", "report": map[string]any{
		"residual_legacy": v.legacy, "total_undecryptable": v.broken,
		"locations": map[string]any{"credentials": map[string]int{"migrated": migrated, "undecryptable": v.broken, "legacy": v.legacy}},
	}}))
}

// TestEncryptionMigrate: the plan has the gateway's report and changes nothing; secrets
// that remain in the old format or cannot be read are failures.
func TestEncryptionMigrate(t *testing.T) {
	for _, tt := range []struct {
		vault        vault
		done, failed string
	}{
		{vault{legacy: 12}, "re-encrypted 12 stored secrets", "null"},
		{vault{}, "re-encrypted 0 stored secrets", "null"},
		{vault{legacy: 2, broken: 1}, "re-encrypted 2 stored secrets", `[{"what":"credentials","why":"1 value could not be decrypted; left unchanged"}]`},
		{vault{legacy: 3, stuck: true}, "re-encrypted 2 stored secrets", `[{"what":"1 stored secret","why":"still in the old format; run {op:encryption migrate} again, and see the gateway's log"}]`},
	} {
		server := httptest.NewServer(&tt.vault)
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-x"})
		if err != nil {
			t.Fatal(err)
		}
		before := tt.vault.legacy
		call, err := operation.Prepare(t.Context(), operation.Env{Client: client}, encryptionMigrate, operation.Args{})
		if err != nil {
			t.Fatal(err)
		}
		question, err := call.Question(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(question.Text, "Re-encrypt "+operation.Counted(before, "stored secret")+" ") {
			t.Errorf("the question is %q", question.Text)
		}
		if left := string(operation.Lookup(question.Plan.Report, "residual_legacy")); left != string(operation.Encode(before)) || len(question.Plan.Requests) != 1 || tt.vault.migrations != 0 {
			t.Errorf("the plan reports %s of %d, sends %v and made %d migrations", left, before, question.Plan.Requests, tt.vault.migrations)
		}
		call.Approve(question.Plan)
		result, err := call.Run(t.Context())
		if failed, _ := json.Marshal(result.Failed); err != nil || result.Done != tt.done || string(failed) != tt.failed || tt.vault.migrations != 1 {
			t.Errorf("%+v: %v, %q, %s", tt.vault, err, result.Done, failed)
		}
		server.Close()
	}
}

// TestEncryptionCheck: what is left and what is lost are both said.
func TestEncryptionCheck(t *testing.T) {
	for _, tt := range []struct {
		vault vault
		notes []string
	}{
		{vault{}, []string{"No stored secret uses the old format."}},
		{vault{legacy: 1}, []string{"1 stored secret still uses the old format; {op:encryption migrate} re-encrypts it."}},
		{vault{legacy: 2, broken: 1}, []string{"2 stored secrets still use the old format; {op:encryption migrate} re-encrypts them.",
			"1 stored secret cannot be decrypted; report.locations shows where."}},
		{vault{broken: 2}, []string{"No stored secret uses the old format.", "2 stored secrets cannot be decrypted; report.locations shows where."}},
	} {
		server := httptest.NewServer(&tt.vault)
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-x"})
		if err != nil {
			t.Fatal(err)
		}
		call, err := operation.Prepare(t.Context(), operation.Env{Client: client}, encryptionCheck, operation.Args{})
		if err != nil {
			t.Fatal(err)
		}
		result, err := call.Run(t.Context())
		if err != nil || !slices.Equal(result.Notes, tt.notes) {
			t.Errorf("%+v: %v, %q, want %q", tt.vault, err, result.Notes, tt.notes)
		}
		server.Close()
	}
}
