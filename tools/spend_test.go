package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// serve returns what operations need to call a gateway that answers with handler.
func serve(t *testing.T, handler http.HandlerFunc) operation.Env {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	return operation.Env{Client: client, Now: func() time.Time { return now }}
}

// recorded answers with what a live gateway answered, cut to the keys of a test
// and the fields that are read.
func recorded(w http.ResponseWriter, r *http.Request) {
	of, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	b, err := os.ReadFile(filepath.Join("testdata", "spend", of+".json"))
	if err != nil || r.URL.Path == "/user/list" { // no user is known by name
		http.Error(w, `{"detail": "Not Found"}`, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}

// invoke calls an operation with the clock and gateway of env.
func invoke(t *testing.T, env operation.Env, path, args string) (operation.Result, error) {
	t.Helper()
	var a operation.Args
	if err := json.Unmarshal([]byte(args), &a); err != nil {
		t.Fatal(err)
	}
	return run(context.Background(), env, All().Find(path), a)
}

// table is the shown columns of a result's items, a line each.
func table(r operation.Result, columns ...string) string {
	var b strings.Builder
	for _, item := range r.Page.Items {
		for i, c := range columns {
			if i > 0 {
				b.WriteByte(' ')
			}
			value := operation.Lookup(item, c)
			if value == nil {
				value = json.RawMessage("-")
			}
			b.WriteString(operation.Word(value))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestSpendSummary(t *testing.T) {
	env := serve(t, recorded)
	for _, tt := range []struct {
		args    string
		columns []string
		want    string
	}{
		{`{}`, []string{"spend", "total_tokens", "requests", "successful", "failed"}, "0.00009435 335 16 10 6\n"},
		{`{"by": ["user"]}`, []string{"user_id", "user_email", "spend", "requests"},
			"c2x-ann c2x-ann@example.com 0.00004035 8\n- (unassigned) 0.000027 4\nc2x-bob c2x-bob@example.com 0.000027 4\n"},
		{`{"by": ["team", "user"]}`, []string{"team_alias", "user_id", "spend", "requests"},
			"(unassigned) c2x-ann 0.000027 4\nc2x-research - 0.000027 4\nc2x-research c2x-bob 0.000027 4\nc2x-research c2x-ann 0.00001335 4\n"},
		{`{"by": ["team", "model"], "limit": 3}`, []string{"team_id", "model", "spend", "requests"},
			"c2x-team openai/gpt-4o-mini 0.00006735 6\n- openai/gpt-4o-mini 0.000027 2\nc2x-team anthropic/claude-3-5-haiku-20241022 0 3\n"},
		{`{"by": ["tag", "user"], "user_id": "c2x-bob"}`, []string{"tag", "user_id", "requests"},
			"User-Agent: Python-urllib c2x-bob 4\nUser-Agent: Python-urllib/3.11 c2x-bob 4\nc2x-red c2x-bob 2\nc2x-blue c2x-bob 1\n"},
		{`{"by": ["customer", "team"]}`, []string{"customer_id", "team_alias", "spend"},
			"c2x-cust c2x-research 0.0000273\nc2x-cust (unassigned) 0.00001365\n"},
	} {
		r, err := invoke(t, env, "spend summary", tt.args)
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
			continue
		}
		got := table(r, tt.columns...)
		if sorted := slices.Sorted(strings.Lines(got)); tt.want != got && !slices.Equal(sorted, slices.Sorted(strings.Lines(tt.want))) {
			t.Errorf("%s:\n%s\nwant\n%s", tt.args, got, tt.want)
		}
		if string(operation.Lookup(r.Body, "start_date")) != `"2026-10-24"` || len(r.Notes) == 0 || !strings.Contains(r.Notes[0], "2026-10-24 to 2026-11-22 (UTC)") {
			t.Errorf("%s: the answer does not say its period: %s %v", tt.args, operation.Lookup(r.Body, "start_date"), r.Notes)
		}
	}
	if _, err := invoke(t, env, "spend summary", `{"by": ["tag", "customer"]}`); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("tag and customer together: %v, want a usage error", err)
	}
	// A tag's total would count requests several times.
	r, err := invoke(t, env, "spend summary", `{"by": ["tag"]}`)
	if err != nil || operation.Lookup(r.Body, "sum") != nil {
		t.Errorf("by tag: %v, sum %s", err, operation.Lookup(r.Body, "sum"))
	}
}

func TestSpendTop(t *testing.T) {
	r, err := invoke(t, serve(t, recorded), "spend top", `{"by": ["user", "team"], "limit": 1}`)
	if err != nil {
		t.Fatal(err)
	}
	want := "user 1 c2x-ann@example.com c2x-ann 0.00004035 42.77\nteam 1 c2x-research c2x-team 0.00006735 71.38\n"
	if got := table(r, "by", "rank", "name", "id", "spend", "share_percent"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSpendChanges(t *testing.T) {
	answer := func(spent map[string]ledger.Dollars) *ledger.Answer {
		a := &ledger.Answer{Groups: map[string]*ledger.Group{}, Names: ledger.Names{}}
		for name, s := range spent {
			_ = a.Add([]string{name}, ledger.Metrics{Spend: s, Requests: 1})
		}
		return a
	}
	var got []string
	for _, c := range spendChanges(answer(map[string]ledger.Dollars{"a": 5, "new": 1}), answer(map[string]ledger.Dollars{"a": 14, "gone": 70}), 1.0/7) {
		got = append(got, fmt.Sprintf("%s %v %v", c.values[0], c.change, percent(float64(c.change), float64(c.now.Spend-c.change))))
	}
	want := []string{"gone -10 -100", "a 3 150", "new 1 <nil>"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBudgets(t *testing.T) {
	env := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answers := map[string]string{
			"/key/list 1":      `{"keys": [{"token": "t1", "key_alias": "ci", "spend": 9.5, "max_budget": 10, "budget_duration": "7d", "budget_reset_at": "2026-11-23T00:00:00Z"}, {"token": "t2", "spend": 1, "max_budget": null}], "total_pages": 2}`,
			"/key/list 2":      `{"keys": [{"token": "t3", "spend": 0, "max_budget": 0}], "total_pages": 2}`,
			"/user/list 1":     `{"users": [{"user_id": "u1", "user_email": "ann@example.com", "spend": 1, "max_budget": 4}], "total_pages": 1}`,
			"/v2/team/list 1":  `{"teams": [], "total_pages": 0}`,
			"/team/list ":      `[{"team_id": "t", "team_alias": "research", "members_with_roles": [{"user_id": "u1", "user_email": "ann@example.com"}], "team_memberships": [{"user_id": "u1", "spend": 3, "litellm_budget_table": {"max_budget": 4, "budget_duration": "7d", "budget_reset_at": "2026-11-23T00:00:00Z"}}, {"user_id": "u2", "spend": 1, "litellm_budget_table": null}]}]`,
			"/customer/list 1": `[{"user_id": "c1", "alias": null, "spend": 2, "litellm_budget_table": {"max_budget": 1.0, "budget_duration": "30d", "budget_reset_at": null}}]`,
			"/organization/li": ``,
		}
		if body, ok := answers[r.URL.Path+" "+r.URL.Query().Get("page")]; ok {
			fmt.Fprint(w, body)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"detail": {"error": "Organizations are only available for LiteLLM Enterprise users."}}`)
	})
	r, err := invoke(t, env, "spend budgets", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	want := "customer - c1 200 -1\nkey - t3 100 0\nkey ci t1 95 0.5\nmember ann@example.com in research u1 75 1\nuser ann@example.com u1 25 3\n"
	if got := table(r, "of", "name", "id", "used_percent", "remaining"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, "Organizations") }) {
		t.Errorf("without a license there are no organizations to leave out: %q", r.Notes)
	}
	if _, err := invoke(t, env, "spend budgets", `{"of": ["organization"]}`); proxyclient.CodeOf(err) != proxyclient.CodeEnterprise {
		t.Errorf("organizations alone: %v", err)
	}
	r, err = invoke(t, env, "spend budgets", `{"of": ["key", "user"], "min_percent": 90, "limit": 1}`)
	if err != nil || table(r, "id") != "t3\n" || r.Page.Total != 2 {
		t.Errorf("%v %s of %d", err, table(r, "id"), r.Page.Total)
	}
}

func TestKeyReviews(t *testing.T) {
	env := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"keys": [
			{"token": "used", "last_active": "2026-11-22T16:00:00Z", "created_at": "2025-01-01T00:00:00Z", "expires": "2026-11-23T17:00:00Z"},
			{"token": "idle", "last_active": "2026-10-01T17:00:00.123000Z", "created_at": "2025-01-01T00:00:00Z", "expires": null},
			{"token": "never", "last_active": null, "created_at": "2026-10-20T17:00:00+00:00", "expires": "2027-11-01T00:00:00"},
			{"token": "new", "last_active": null, "created_at": "2026-11-20T00:00:00Z"},
			{"token": "expired", "last_active": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z", "expires": "2026-11-22T05:00:00Z"}], "total_pages": 1}`)
	})
	for _, tt := range []struct{ op, args, column, want string }{
		{"keys unused", `{}`, "idle_days", "idle 51\nnever 33\n"},
		{"keys unused", `{"days": 1, "limit": 2}`, "idle_days", "idle 51\nnever 33\n"},
		{"keys unused", `{"days": 34}`, "idle_days", "idle 51\n"},
		{"keys expiring", `{"days": 7}`, "days_left", "used 1\n"},
		{"keys expiring", `{"days": 1, "expired": true}`, "days_left", "expired -1\nused 1\n"},
	} {
		r, err := invoke(t, env, tt.op, tt.args)
		if err != nil {
			t.Fatal(err)
		}
		if got := table(r, "token", tt.column); got != tt.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", tt.op, tt.args, got, tt.want)
		}
	}
}
