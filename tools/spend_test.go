package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
	if err != nil {
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
			"c2x-ann c2x-ann@example.com 0.00004035 8\nc2x-bob c2x-bob@example.com 0.000027 4\nUnassigned - 0.000027 4\n"},
		{`{"by": ["team", "user"]}`, []string{"team_alias", "user_id", "spend", "requests"},
			"- c2x-ann 0.000027 4\nc2x-research Unassigned 0.000027 4\nc2x-research c2x-bob 0.000027 4\nc2x-research c2x-ann 0.00001335 4\n"},
		{`{"by": ["team", "model"], "limit": 3}`, []string{"team_id", "model", "spend", "requests"},
			"c2x-team openai/gpt-4o-mini 0.00006735 6\nUnassigned openai/gpt-4o-mini 0.000027 2\nc2x-team anthropic/claude-3-5-haiku-20241022 0 3\n"},
		{`{"by": ["tag", "user"], "user_id": "c2x-bob"}`, []string{"tag", "user_id", "requests"},
			"User-Agent: Python-urllib c2x-bob 4\nUser-Agent: Python-urllib/3.11 c2x-bob 4\nc2x-red c2x-bob 2\nc2x-blue c2x-bob 1\n"},
		{`{"by": ["customer", "team"]}`, []string{"customer_id", "team_alias", "spend"},
			"c2x-cust c2x-research 0.0000273\nc2x-cust - 0.00001365\n"},
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

// request is one request as a gateway's log has it.
type loggedRequest struct {
	day, user, team, customer, key, model, provider string
	tags                                            []string
	m                                               ledger.Metrics
}

// book is a gateway that was asked for requests and tells daily sums of them,
// as the real one does: a table of rows, added up page by page.
type book struct {
	requests []loggedRequest
	page     int  // rows on a page at most
	old      bool // leaves what has no team out of the table of teams
}

func (l *book) owners(r loggedRequest, of string) []string {
	switch of {
	case "user":
		return []string{r.user}
	case "team":
		if l.old && r.team == ledger.Unassigned {
			return nil
		}
		return []string{r.team}
	case "tag":
		return r.tags
	}
	if r.customer == "" {
		return nil
	}
	return []string{r.customer}
}

func (l *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	of, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	owner := q.Get(ledger.Tables[of].Filter)
	type id struct{ day, owner, key, model, provider string }
	sums, order := map[id]*ledger.Metrics{}, []id{}
	for _, one := range l.requests {
		if one.day < q.Get("start_date") || one.day > q.Get("end_date") || q.Has("api_key") && one.key != q.Get("api_key") || q.Has("model") && one.model != q.Get("model") {
			continue
		}
		for _, name := range l.owners(one, of) {
			if owner != "" && name != owner {
				continue
			}
			at := id{one.day, name, one.key, one.model, one.provider}
			if sums[at] == nil {
				sums[at] = &ledger.Metrics{}
				order = append(order, at)
			}
			sums[at].Add(one.m)
		}
	}
	slices.SortFunc(order, func(a, b id) int { return strings.Compare(fmt.Sprint(b), fmt.Sprint(a)) })
	page, _ := strconv.Atoi(q.Get("page"))
	pages := (len(order) + l.page - 1) / l.page
	days := map[string]*ledger.DayActivity{}
	for _, at := range order[min(len(order), (page-1)*l.page):min(len(order), page*l.page)] {
		d := days[at.day]
		if d == nil {
			d = &ledger.DayActivity{Date: at.day}
			days[at.day] = d
		}
		m := *sums[at]
		d.Metrics.Add(m)
		part := func(to *map[string]ledger.ActivityPart, name string) {
			if name == "" {
				return
			}
			if *to == nil {
				*to = map[string]ledger.ActivityPart{}
			}
			p := (*to)[name]
			p.Metrics.Add(m)
			if p.Keys == nil {
				p.Keys = map[string]ledger.KeyActivity{}
			}
			k := p.Keys[at.key]
			k.Metrics.Add(m)
			p.Keys[at.key] = k
			(*to)[name] = p
		}
		part(&d.Breakdown.Entities, at.owner)
		part(&d.Breakdown.Models, at.model)
		part(&d.Breakdown.Providers, at.provider)
		if d.Breakdown.Keys == nil {
			d.Breakdown.Keys = map[string]ledger.KeyActivity{}
		}
		k := d.Breakdown.Keys[at.key]
		k.Metrics.Add(m)
		d.Breakdown.Keys[at.key] = k
	}
	results := []map[string]any{}
	for _, d := range days {
		entry := func(parts map[string]ledger.ActivityPart) map[string]any {
			out := map[string]any{}
			for name, p := range parts {
				keys := map[string]any{}
				for key, k := range p.Keys {
					keys[key] = map[string]any{"metrics": k.Metrics}
				}
				out[name] = map[string]any{"metrics": p.Metrics, "api_key_breakdown": keys}
			}
			return out
		}
		keys := map[string]any{}
		for key, k := range d.Breakdown.Keys {
			keys[key] = map[string]any{"metrics": k.Metrics}
		}
		results = append(results, map[string]any{"date": d.Date, "metrics": d.Metrics, "breakdown": map[string]any{
			"entities": entry(d.Breakdown.Entities), "models": entry(d.Breakdown.Models), "providers": entry(d.Breakdown.Providers), "api_keys": keys}})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"results": results, "metadata": map[string]any{"total_pages": pages}})
}

// truth is the answer worked out from the requests themselves.
func (l *book) truth(q ledger.Question) map[string]ledger.Metrics {
	out := map[string]ledger.Metrics{}
	for _, r := range l.requests {
		if r.day < q.Period.Start() || r.day > q.Period.End() || q.User != "" && r.user != q.User || q.Team != "" && r.team != q.Team || q.Key != "" && r.key != q.Key {
			continue
		}
		tags := []string{""}
		if slices.Contains(q.By, "tag") {
			tags = r.tags
		}
		if slices.Contains(q.By, "customer") && r.customer == "" {
			continue
		}
		for _, tag := range tags {
			model := r.model
			if model == "" {
				model = ledger.None
			}
			found := map[string]string{"day": r.day, "user": r.user, "team": r.team, "customer": r.customer, "key": r.key, "model": model, "provider": r.provider, "tag": tag}
			values := make([]string, len(q.By))
			for i, by := range q.By {
				values[i] = found[by]
			}
			id := fmt.Sprintf("%q", values)
			sum := out[id]
			sum.Add(r.m)
			out[id] = sum
		}
	}
	return out
}

// random is a ledger of keys that mostly have one owner, sometimes change it
// between two days, and sometimes within one.
func random(rng *rand.Rand) *book {
	l := &book{page: 1 + rng.IntN(6), old: rng.IntN(3) == 0}
	pick := func(names ...string) string { return names[rng.IntN(len(names))] }
	type owner struct{ user, team string }
	owners := map[string]owner{}
	for range 40 {
		day, key := fmt.Sprintf("2026-11-%02d", 1+rng.IntN(4)), pick("k1", "k2", "k3", "k4")
		id := key + day
		if rng.IntN(12) == 0 {
			id = key + "moved"
		}
		if _, ok := owners[id]; !ok {
			owners[id] = owner{pick("ann", "bob", ledger.Unassigned), pick("red", "blue", ledger.Unassigned)}
		}
		r := loggedRequest{day: day, key: key, user: owners[id].user, team: owners[id].team, customer: pick("", "c1", "c2")}
		r.model = pick("", "openai/a", "openai/b", "x/c")
		r.provider, _, _ = strings.Cut(r.model, "/")
		if r.model == "" {
			r.provider = "unknown"
		} else if rng.IntN(10) == 0 {
			r.provider = "azure"
		}
		for _, tag := range []string{"t1", "t2"} {
			if rng.IntN(2) == 0 {
				r.tags = append(r.tags, tag)
			}
		}
		n := int64(1 + rng.IntN(9))
		r.m = ledger.Metrics{Prompt: n, Completion: 2 * n, Tokens: 3 * n, Requests: 1, Successful: 1}
		if r.model == "" {
			r.m = ledger.Metrics{Requests: 1, Failed: 1}
		} else {
			r.m.Spend = ledger.Dollars(float64(n) * 1e-6 / 3)
		}
		l.requests = append(l.requests, r)
	}
	return l
}

// TestSpendIsExact: whatever is asked, the answer is that of the requests
// themselves, or there is none.
func TestSpendIsExact(t *testing.T) {
	by := []string{"user", "team", "customer", "key", "model", "provider", "tag", "day"}
	answered, refused := 0, 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		l := random(rng)
		env := serve(t, l.ServeHTTP)
		for range 12 {
			q := ledger.Question{}
			for _, b := range by {
				if rng.IntN(3) == 0 {
					q.By = append(q.By, b)
				}
			}
			q.Period, _ = ledger.ParsePeriod("period", []string{"2026-11", "2026-11-01..2026-11-02", "2026-11-03"}[rng.IntN(3)], env.Now())
			if rng.IntN(4) == 0 {
				q.User = "ann"
			}
			if rng.IntN(4) == 0 {
				q.Team = "red"
			}
			if rng.IntN(5) == 0 {
				q.Key = "k1"
			}
			if tables, err := q.Tables(); l.old && err == nil && slices.Contains(tables, "team") && tables[0] != "user" {
				continue // an old gateway's table of teams has not everything
			}
			answer, err := q.Ask(context.Background(), prepared(t, env))
			if err != nil {
				if code := proxyclient.CodeOf(err); code != proxyclient.CodeUnsupported && code != proxyclient.CodeUsage {
					t.Fatalf("seed %d %+v: %v", seed, q, err)
				}
				refused++
				continue
			}
			answered++
			want := l.truth(q)
			for id, w := range want {
				g := answer.Groups[id]
				if g == nil || math.Abs(float64(g.Spend-w.Spend)) > 1e-10 || g.Requests != w.Requests || g.Tokens != w.Tokens || g.Failed != w.Failed {
					t.Errorf("seed %d by %v %s user %q team %q key %q: %s is %+v, want %+v", seed, q.By, q.Period, q.User, q.Team, q.Key, id, g, w)
				}
			}
			if len(answer.Groups) != len(want) {
				t.Errorf("seed %d by %v: %d rows, want %d", seed, q.By, len(answer.Groups), len(want))
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	t.Logf("%d answered, %d refused", answered, refused)
	if answered < refused {
		t.Errorf("only %d questions were answered, %d refused", answered, refused)
	}
}

// TestSpendLongPeriod: a period with many pages is worked on in parts, and comes
// to the same.
func TestSpendLongPeriod(t *testing.T) {
	l := &book{page: 1}
	for i := range 60 {
		l.requests = append(l.requests, loggedRequest{day: fmt.Sprintf("2026-11-%02d", 1+i%20), key: fmt.Sprint("k", i), user: fmt.Sprint("u", i%3), team: "red",
			model: "openai/a", provider: "openai", m: ledger.Metrics{Requests: 1, Successful: 1, Spend: 0.25}})
	}
	env := serve(t, l.ServeHTTP)
	q := ledger.Question{By: []string{"user", "team"}}
	q.Period, _ = ledger.ParsePeriod("period", "2026-11", env.Now())
	answer, err := q.Ask(context.Background(), prepared(t, env))
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Groups) != 3 || answer.Total.Requests != 60 || answer.Total.Spend != 15 {
		t.Errorf("%d rows, %+v", len(answer.Groups), answer.Total)
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

func TestDollars(t *testing.T) {
	for d, want := range map[ledger.Dollars]string{0.1 + 0.2: "0.3", 1e-13: "0", 0.0000135: "0.0000135", -2.5: "-2.5", 1234567.891: "1234567.891", 0: "0"} {
		if got := string(operation.Encode(d)); got != want {
			t.Errorf("%v: %s, want %s", float64(d), got, want)
		}
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
			"/customer/list ":  `[{"user_id": "c1", "alias": null, "spend": 2, "litellm_budget_table": {"max_budget": 1.0, "budget_duration": "30d", "budget_reset_at": null}}]`,
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
	want := "customer - c1 200 -1\nkey - t3 100 0\nkey ci t1 95 0.5\nuser ann@example.com u1 25 3\n"
	if got := table(r, "of", "name", "id", "used_percent", "remaining"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := "without organizations: needs LiteLLM Enterprise"; !slices.Contains(r.Notes, want) {
		t.Errorf("notes %q, want %q", r.Notes, want)
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
