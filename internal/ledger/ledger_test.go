package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// against is a call to read a gateway with, on the day after the tests' Saturday.
func against(t *testing.T, gateway http.Handler) *operation.Call {
	t.Helper()
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	op := &operation.Operation{Path: "ledger test", Effect: operation.Read, Do: operation.Endpoint[struct{}]{Method: "GET", Path: "/"}}
	env := operation.Env{Client: client, Now: func() time.Time { return saturday.AddDate(0, 0, 1) }}
	call, err := operation.Prepare(context.Background(), env, op, operation.Args{})
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// request is one request as a gateway's log has it.
type loggedRequest struct {
	day, user, team, customer, key, model, provider string
	tags                                            []string
	m                                               Metrics
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
		if l.old && r.team == unassigned {
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

// row is a row of the gateway's table.
type row struct{ day, owner, key, model, provider string }

// rows are the sums that the table of these owners has for a query, and their
// order.
func (l *book) rows(of string, q url.Values) (map[row]*Metrics, []row) {
	owner := q.Get(Tables[of].Filter)
	sums, order := map[row]*Metrics{}, []row{}
	for _, one := range l.requests {
		if one.day < q.Get("start_date") || one.day > q.Get("end_date") || q.Has("api_key") && one.key != q.Get("api_key") || q.Has("model") && one.model != q.Get("model") {
			continue
		}
		for _, name := range l.owners(one, of) {
			if owner != "" && name != owner {
				continue
			}
			at := row{one.day, name, one.key, one.model, one.provider}
			if sums[at] == nil {
				sums[at] = &Metrics{}
				order = append(order, at)
			}
			sums[at].Add(one.m)
		}
	}
	slices.SortFunc(order, func(a, b row) int { return strings.Compare(fmt.Sprint(b), fmt.Sprint(a)) })
	return sums, order
}

// count adds numbers to a part of a day and to the key's share of it.
func count(to *map[string]activityPart, name, key string, m Metrics) {
	if name == "" {
		return
	}
	if *to == nil {
		*to = map[string]activityPart{}
	}
	p := (*to)[name]
	p.Metrics.Add(m)
	if p.Keys == nil {
		p.Keys = map[string]keyActivity{}
	}
	k := p.Keys[key]
	k.Metrics.Add(m)
	p.Keys[key] = k
	(*to)[name] = p
}

// encoded is a breakdown as the gateway sends it.
func encoded(parts map[string]activityPart) map[string]any {
	out := map[string]any{}
	for name, p := range parts {
		out[name] = map[string]any{"metrics": p.Metrics, "api_key_breakdown": encodedKeys(p.Keys)}
	}
	return out
}

func encodedKeys(keys map[string]keyActivity) map[string]any {
	out := map[string]any{}
	for key, k := range keys {
		out[key] = map[string]any{"metrics": k.Metrics}
	}
	return out
}

func (l *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	of, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	sums, order := l.rows(of, q)
	page, _ := strconv.Atoi(q.Get("page"))
	pages := (len(order) + l.page - 1) / l.page
	days := map[string]*dayActivity{}
	for _, at := range order[min(len(order), (page-1)*l.page):min(len(order), page*l.page)] {
		d := days[at.day]
		if d == nil {
			d = &dayActivity{Date: at.day}
			d.Breakdown.Keys = map[string]keyActivity{}
			days[at.day] = d
		}
		m := *sums[at]
		d.Metrics.Add(m)
		count(&d.Breakdown.Entities, at.owner, at.key, m)
		count(&d.Breakdown.Models, at.model, at.key, m)
		count(&d.Breakdown.Providers, at.provider, at.key, m)
		k := d.Breakdown.Keys[at.key]
		k.Metrics.Add(m)
		d.Breakdown.Keys[at.key] = k
	}
	results := []map[string]any{}
	for _, d := range days {
		results = append(results, map[string]any{"date": d.Date, "metrics": d.Metrics, "breakdown": map[string]any{
			"entities": encoded(d.Breakdown.Entities), "models": encoded(d.Breakdown.Models), "providers": encoded(d.Breakdown.Providers),
			"api_keys": encodedKeys(d.Breakdown.Keys)}})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"results": results, "metadata": map[string]any{"total_pages": pages}})
}

// truth is the answer worked out from the requests themselves.
func (l *book) truth(q Question) map[string]Metrics {
	out := map[string]Metrics{}
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
				model = none
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
			owners[id] = owner{pick("ann", "bob", unassigned), pick("red", "blue", unassigned)}
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
		r.m = Metrics{Prompt: n, Completion: 2 * n, Tokens: 3 * n, Requests: 1, Successful: 1}
		if r.model == "" {
			r.m = Metrics{Requests: 1, Failed: 1}
		} else {
			r.m.Spend = Dollars(float64(n) * 1e-6 / 3)
		}
		l.requests = append(l.requests, r)
	}
	return l
}

func randomQuestion(rng *rand.Rand, now time.Time) Question {
	q := Question{}
	for _, b := range []string{"user", "team", "customer", "key", "model", "provider", "tag", "day"} {
		if rng.IntN(3) == 0 {
			q.By = append(q.By, b)
		}
	}
	q.Period, _ = ParsePeriod("period", []string{"2026-11", "2026-11-01..2026-11-02", "2026-11-03"}[rng.IntN(3)], now)
	if rng.IntN(4) == 0 {
		q.User = "ann"
	}
	if rng.IntN(4) == 0 {
		q.Team = "red"
	}
	if rng.IntN(5) == 0 {
		q.Key = "k1"
	}
	return q
}

// TestSpendIsExact: whatever is asked, the answer is that of the requests
// themselves, or there is none.
func TestSpendIsExact(t *testing.T) {
	answered, refused := 0, 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		l := random(rng)
		call := against(t, l)
		for range 12 {
			q := randomQuestion(rng, call.Now())
			if tables, err := q.tables(); l.old && err == nil && slices.Contains(tables, "team") && tables[0] != "user" {
				continue // an old gateway's table of teams has not everything
			}
			answer, err := q.Ask(context.Background(), call)
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
			model: "openai/a", provider: "openai", m: Metrics{Requests: 1, Successful: 1, Spend: 0.25}})
	}
	call := against(t, l)
	q := Question{By: []string{"user", "team"}}
	q.Period, _ = ParsePeriod("period", "2026-11", call.Now())
	answer, err := q.Ask(context.Background(), call)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Groups) != 3 || answer.Total.Requests != 60 || answer.Total.Spend != 15 {
		t.Errorf("%d rows, %+v", len(answer.Groups), answer.Total)
	}
}

func TestDollars(t *testing.T) {
	for d, want := range map[Dollars]string{0.1 + 0.2: "0.3", 1e-13: "0", 259.840000000001: "259.84", 34.10400000000001: "34.104", 0.0000135: "0.0000135", -2.5: "-2.5", 1234567.891: "1234567.891", 0: "0"} {
		if got := string(operation.Encode(d)); got != want {
			t.Errorf("%v: %s, want %s", float64(d), got, want)
		}
	}
}
