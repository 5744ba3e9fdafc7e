package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// TestSharedBudgetStartsAgain spends a budget that a key, a customer, a member and an access
// group share, and looks at each before and after the first of the month.
func TestSharedBudgetStartsAgain(t *testing.T) {
	now := time.Date(2030, 1, 15, 12, 0, 0, 0, time.UTC)
	g := sandbox.New()
	g.SetClock(func() time.Time { return now })
	ask := func(method, path, key, body string, status int) map[string]any {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != status {
			t.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, w.Code, status, w.Body)
		}
		var out map[string]any
		_ = json.Unmarshal(w.Body.Bytes(), &out)
		return out
	}
	post := func(path, body string) map[string]any {
		return ask("POST", path, sandbox.MasterKey, body, http.StatusOK)
	}
	post("/budget/new", `{"budget_id":"tier","max_budget":0.0000001,"budget_duration":"30d"}`)
	post("/customer/new", `{"user_id":"c","budget_id":"tier"}`)
	post("/team/new", `{"team_id":"t","team_member_budget":0.0000001,"team_member_budget_duration":"7d"}`)
	post("/team/member_add", `{"team_id":"t","member":{"user_id":"m","role":"user"}}`)
	post("/team/new", `{"team_id":"w","budget_limits":[{"budget_duration":"1d","max_budget":0.0000001}]}`)
	post("/model/new", `{"model_name":"g","litellm_params":{"model":"openai/gpt-4o-mini","mock_response":"x"},"model_info":{"id":"g"}}`)
	post("/access_group/new", `{"access_group":"a","model_names":["g"]}`)
	ask("PUT", "/access_group/a/budget", sandbox.MasterKey, `{"max_budget":0.0000001,"budget_duration":"30d"}`, http.StatusOK)
	key := func(body string) string { return post("/key/generate", body)["key"].(string) }
	free := key(`{}`)
	calls := []struct{ name, key, body, resets string }{
		{"key", key(`{"budget_id":"tier"}`), `{"model":"gpt-4o-mini","messages":[]}`, "2030-02-01"},
		{"customer", free, `{"model":"gpt-4o-mini","user":"c","messages":[]}`, "2030-02-01"},
		{"access group", key(`{"models":["a"]}`), `{"model":"g","messages":[]}`, "2030-02-01"},
		{"member", key(`{"team_id":"t","user_id":"m"}`), `{"model":"gpt-4o-mini","messages":[]}`, "2030-01-21"},
		{"team for a period", key(`{"team_id":"w"}`), `{"model":"gpt-4o-mini","messages":[]}`, "2030-01-16"},
	}
	chat := func(i, status int) {
		t.Helper()
		ask("POST", "/chat/completions", calls[i].key, calls[i].body, status)
	}
	for i := range calls {
		chat(i, http.StatusOK)
		chat(i, http.StatusUnprocessableEntity)
	}
	for _, day := range []string{"2030-01-16", "2030-01-21", "2030-02-01"} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		for i, call := range calls {
			if call.resets != day {
				continue
			}
			t.Log(call.name)
			now = at.Add(-time.Second)
			chat(i, http.StatusUnprocessableEntity)
		}
		now = at
		for i, call := range calls {
			if call.resets == day {
				t.Log(call.name)
				chat(i, http.StatusOK)
				chat(i, http.StatusUnprocessableEntity)
			}
		}
	}
}
