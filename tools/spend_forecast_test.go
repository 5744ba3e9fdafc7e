package tools

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestForesee: what a pace makes of a budget, at a fixed time.
func TestForesee(t *testing.T) {
	now := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		spend, limit, pace float64
		duration, reset    string
		want               string
		soon               bool // within 14 days
	}{
		{10, 10, 1, `"30d"`, `"2026-12-01T00:00:00Z"`, "used up until 2026-12-01", true},
		{11, 10, 0, `null`, `null`, "used up, never resets", true},
		{0, 0, 0, `"7d"`, `null`, "used up", true},
		{5, 10, 1, `"30d"`, `"2026-12-01T00:00:00Z"`, "runs out on 2026-11-27, 3 days before its reset", true},
		{9.5, 10, 1, `"1d"`, `"2026-11-24T00:00:00+00:00"`, "runs out on 2026-11-23, 19 hours before its reset", true},
		{5, 10, 0.1, `"30d"`, `"2026-12-01T00:00:00Z"`, "lasts until its reset", false},
		{5, 10, 1, `null`, `null`, "runs out on 2026-11-27, never resets", true},
		{5, 45, 1, `null`, `null`, "runs out on 2027-01-01, never resets", false},
		{5, 10, 1, `"7d"`, `null`, "runs out on 2026-11-27", true},
		{5, 10, 1e-300, `null`, `null`, "lasts more than ten years", false},
		{5, 10, 0, `"30d"`, `"2026-12-01T00:00:00Z"`, "no spend", false},
		{12, 10, 1, `"30d"`, `"2026-11-22T17:00:00Z"`, "reset is due", false},
		{5, 10, -1, `null`, `null`, "unknown", false},
	} {
		f := &forecast{budgetUse: &budgetUse{spend: tt.spend, limit: tt.limit, duration: []byte(tt.duration), reset: []byte(tt.reset)}, pace: tt.pace, known: tt.pace >= 0}
		f.foresee(now)
		if f.outlook != tt.want || f.within(14*24*time.Hour, now) != tt.soon {
			t.Errorf("%v of %v at %v a day: %q, soon %v; want %q, %v", tt.spend, tt.limit, tt.pace, f.outlook, f.within(14*24*time.Hour, now), tt.want, tt.soon)
		}
	}
}

// TestForecast: budgets, the pace of each, the order and the filters.
func TestForecast(t *testing.T) {
	const part = `{"metrics": {"spend": %v, "api_requests": 1}, "api_key_breakdown": {%s}}`
	keys := func(spends map[string]float64) string {
		var parts []string
		for key, spend := range spends {
			parts = append(parts, fmt.Sprintf(`"%s": {"metrics": {"spend": %v, "api_requests": 1}}`, key, spend))
		}
		slices.Sort(parts)
		return strings.Join(parts, ",")
	}
	day := func(owner string, sum float64, spends map[string]float64) string {
		return fmt.Sprintf(`{"results": [{"date": "2026-11-20", "metrics": {"spend": %v, "api_requests": 2}, "breakdown": {"entities": {"%s": `+part+`}, "api_keys": {%s}}}], "metadata": {"total_pages": 1}}`,
			sum, owner, sum, keys(spends), keys(spends))
	}
	spends := map[string]float64{"fast": 67, "young": 3}
	env := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answers := map[string]string{
			"/key/list":            `{"keys": [{"token": "fast", "key_alias": "ci", "user_id": "ann", "team_id": "t", "spend": 95, "max_budget": 100}, {"token": "young", "spend": 3, "max_budget": 30, "created_at": "2026-11-20T17:00:00Z"}, {"token": "idle", "spend": 0, "max_budget": 1}], "total_pages": 1}`,
			"/user/list":           `{"users": [{"user_id": "ann"}], "total_pages": 1}`,
			"/v2/team/list":        `{"teams": [{"team_id": "t", "team_alias": "research", "spend": 70, "max_budget": 70, "budget_reset_at": "2026-12-01T00:00:00Z"}], "total_pages": 1}`,
			"/team/list":           `[{"team_id": "t", "team_alias": "research", "team_memberships": [{"user_id": "ann", "spend": 5, "litellm_budget_table": {"max_budget": 75}}]}]`,
			"/customer/list":       `[]`,
			"/user/daily/activity": day("ann", 70, spends),
			"/team/daily/activity": day("t", 70, spends),
		}
		if body, ok := answers[r.URL.Path]; ok {
			fmt.Fprint(w, body)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"detail": {"error": "Organizations are only available for LiteLLM Enterprise users."}}`)
	})
	columns := []string{"of", "name", "outlook"}
	r, err := invoke(t, env, "spend forecast", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	// 6 days and 17 hours have passed since 2026-11-16; the young key is 2 days old.
	want := "team research used up until 2026-12-01\nkey ci runs out on 2026-11-23, never resets\n" +
		"member ann in research runs out on 2026-11-29, never resets\nkey young runs out on 2026-12-10, never resets\nkey idle no spend\n"
	if got := table(r, columns...); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if pace := operation.Word(operation.Lookup(r.Page.Items[1], "pace_per_day")); !strings.HasPrefix(pace, "9.98") {
		t.Errorf("pace %s, want 67 in 6.7 days", pace)
	}
	if !slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, "from 2026-11-16 until now") }) {
		t.Errorf("the notes do not say the pace: %q", r.Notes)
	}
	for args, want := range map[string]string{
		`{"soon": "1d"}`:                               "team research used up until 2026-12-01\nkey ci runs out on 2026-11-23, never resets\n",
		`{"soon": "1d", "limit": 1}`:                   "team research used up until 2026-12-01\n",
		`{"of": ["member"], "soon": "1w"}`:             "member ann in research runs out on 2026-11-29, never resets\n",
		`{"of": ["key"], "user_id": "ann", "days": 1}`: "key ci runs out on 2026-11-22, never resets\n",
	} {
		if r, err = invoke(t, env, "spend forecast", args); err != nil || table(r, columns...) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", args, err, table(r, columns...), want)
		}
	}
	for _, soon := range []string{"14", "d", "0d", "-1d", "1.5d", "99999999999d"} {
		if _, err := invoke(t, env, "spend forecast", fmt.Sprintf(`{"soon": %q}`, soon)); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
			t.Errorf("soon %q: %v", soon, err)
		}
	}
}
