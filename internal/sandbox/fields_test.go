package sandbox_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// The field test sends every request field that the real gateway documents, one
// request for each, and compares what both gateways answer and store. What the real
// gateway did is recorded in testdata, so the test also runs without one.

var updateFields = flag.Bool("update-fields", false, "TestFieldsLive: record the real gateway's fields and outcomes")

var (
	requestsFile = "requests.txt" // which the sandbox checks bodies by
	outcomesFile = filepath.Join("testdata", "fields_live.json")
	// knownFile has the requests that the sandbox does not treat as the real gateway
	// does, and why.
	knownFile = filepath.Join("testdata", "fields_known.json")
)

// An outcome is what a gateway made of one request: its answer and what its reads show
// afterward, as far as they differ from the same request without the field.
type outcome struct {
	Status int               `json:"status"`
	Answer map[string]string `json:"answer,omitempty"`
	Stored map[string]string `json:"stored,omitempty"`
}

// TestFields compares the sandbox with what the real gateway was recorded to do.
func TestFields(t *testing.T) {
	var recorded map[string]outcome
	readJSON(t, outcomesFile, &recorded)
	totals := newTotals(t)
	ours, documented := sandboxRun(t), readRequests(t)
	for _, route := range fieldRoutes {
		t.Run(route.name, func(t *testing.T) { totals.compare(t, ours.outcomes(t, route, documented), recorded) })
	}
	t.Log(totals)
}

// TestFieldsLive compares the sandbox with a real gateway. With -update-fields it also
// records what that does, of all routes or of those that -run names.
func TestFieldsLive(t *testing.T) {
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to compare the sandbox with a real gateway")
	}
	live := target{url: strings.TrimSuffix(url, "/"), key: key, live: true}
	details, err := live.do(t.Context(), get("/health/readiness/details"), nil)
	if version, _ := dig(details.body, "litellm_version"); err != nil || version != sandbox.Version {
		t.Skipf("live: the sandbox imitates %s, this gateway is %v (%v)", sandbox.Version, version, err)
	}
	if *updateFields {
		recordFields(t, live)
	}
	totals := newTotals(t)
	ours, theirs, documented := sandboxRun(t), newFieldRun(t, live, 6), readRequests(t)
	for _, route := range fieldRoutes {
		t.Run(route.name, func(t *testing.T) {
			start, seen := time.Now(), theirs.outcomes(t, route, documented)
			t.Logf("%d requests in %.1f s", len(seen), time.Since(start).Seconds())
			if *updateFields {
				recordOutcomes(t, route, seen)
			}
			totals.compare(t, ours.outcomes(t, route, documented), seen)
		})
	}
	t.Log(totals)
}

// recordOutcomes replaces what is recorded of one route.
func recordOutcomes(t *testing.T, route fieldRoute, seen map[string]outcome) {
	t.Helper()
	recorded := map[string]outcome{}
	readJSON(t, outcomesFile, &recorded)
	maps.DeleteFunc(recorded, func(name string, _ outcome) bool { return strings.HasPrefix(name, route.name+" ") })
	maps.Copy(recorded, seen)
	writeJSON(t, outcomesFile, recorded)
}

// fieldTotals counts what came of the requests.
type fieldTotals struct {
	known                  map[string]string
	equal, refused, differ int
}

func newTotals(t *testing.T) *fieldTotals {
	totals := &fieldTotals{known: map[string]string{}}
	readJSON(t, knownFile, &totals.known)
	return totals
}

func (f *fieldTotals) String() string {
	return fmt.Sprintf("%d requests: %d equal, %d refused with 501, %d different", f.equal+f.refused+f.differ, f.equal, f.refused, f.differ)
}

// compare reports every request that the sandbox neither treats as the real gateway does
// nor refuses with 501, unless the difference is a known one.
func (f *fieldTotals) compare(t *testing.T, ours, theirs map[string]outcome) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		theirs, recorded := theirs[name]
		reason, isKnown := f.known[name]
		switch problems := differences(ours[name], theirs); {
		case !recorded:
			t.Errorf("%s: not recorded; run TestFieldsLive with -update-fields", name)
		case ours[name].Status == http.StatusNotImplemented:
			f.refused++
		case len(problems) == 0:
			f.equal++
			if isKnown {
				t.Errorf("%s: equal now; drop it from %s", name, knownFile)
			}
		default:
			f.differ++
			if !isKnown {
				t.Errorf("%s:\n\t%s", name, strings.Join(problems[:min(len(problems), 12)], "\n\t"))
			} else {
				t.Logf("%s: known to differ: %s", name, reason)
			}
		}
	}
}

func differences(ours, theirs outcome) (problems []string) {
	if ours.Status != theirs.Status {
		problems = append(problems, fmt.Sprintf("status %d, the real gateway answers %d", ours.Status, theirs.Status))
	}
	for _, part := range []struct {
		name         string
		ours, theirs map[string]string
	}{{"answer", ours.Answer, theirs.Answer}, {"stored", ours.Stored, theirs.Stored}} {
		both := maps.Clone(part.ours)
		if both == nil {
			both = map[string]string{}
		}
		maps.Copy(both, part.theirs)
		for _, path := range slices.Sorted(maps.Keys(both)) {
			if a, b := part.ours[path], part.theirs[path]; a != b && !late(path) {
				problems = append(problems, fmt.Sprintf("%s: %s is %q, there %q", part.name, path, a, b))
			}
		}
	}
	return problems
}

// fieldRun is one pass over the routes on one gateway.
type fieldRun struct {
	t       *testing.T
	at      target
	workers int
	id      string
	shared  map[string]string
	mu      sync.Mutex
	count   int
	made    []map[string]string // the names that each case had
	results map[string]outcome
}

func sandboxRun(t *testing.T) *fieldRun {
	server := httptest.NewServer(sandbox.New())
	t.Cleanup(server.Close)
	return newFieldRun(t, target{url: server.URL, key: sandbox.MasterKey}, 2)
}

// newFieldRun makes what all cases share on a gateway.
func newFieldRun(t *testing.T, at target, workers int) *fieldRun {
	run := &fieldRun{t: t, at: at, workers: workers, id: suffix()}
	run.shared = run.do(sharedThings, map[string]string{"id": run.id})
	t.Cleanup(func() { run.do(sharedCleanup, run.shared) })
	return run
}

// outcomes sends every request of a route, several at a time.
func (r *fieldRun) outcomes(t *testing.T, route fieldRoute, documented fieldDocument) map[string]outcome {
	r.t, r.results, r.made = t, map[string]outcome{}, nil
	base := r.base(route)
	var wait sync.WaitGroup
	cases := make(chan fieldCase)
	for range r.workers {
		wait.Go(func() {
			for one := range cases {
				r.perform(one, base)
			}
		})
	}
	for _, one := range route.cases(documented) {
		cases <- one
	}
	close(cases)
	wait.Wait()
	r.clean(route)
	return r.results
}

var listOfOne = regexp.MustCompile(`\[([^\]]*\{id\}[^\]]*)\]`)

// clean removes what the cases made, with one request where the route takes a list.
func (r *fieldRun) clean(route fieldRoute) {
	for _, one := range route.after {
		bulk := one
		bulk.body = listOfOne.ReplaceAllStringFunc(one.body, func(list string) string {
			var items []string
			for _, saved := range r.made {
				items = append(items, fill(strings.Trim(list, "[]"), saved))
			}
			return "[" + strings.Join(items, ",") + "]"
		})
		if listOfOne.MatchString(one.body) {
			if got, err := r.at.do(context.Background(), bulk, r.shared); err == nil && got.status == http.StatusOK {
				continue
			}
		}
		for _, saved := range r.made { // a list with one that was never made is refused as a whole
			r.do([]step{one}, saved)
		}
	}
}

// outcomeBase is what a route answers and stores without any further field.
type outcomeBase struct{ answer, stored map[string]string }

// do performs steps whose answers do not matter beyond what they save.

func (r *fieldRun) do(steps []step, saved map[string]string) map[string]string {
	for _, one := range steps {
		got, err := r.at.do(context.Background(), one, saved)
		if err != nil {
			r.t.Errorf("%s %s: %v", one.method, fill(one.path, saved), err)
			continue
		}
		for name, path := range one.save {
			value, found := dig(got.body, path)
			if !found {
				r.t.Errorf("%s %s: no %s in %s", one.method, fill(one.path, saved), path, cut(got.text))
			}
			saved[name] = fmt.Sprint(value)
		}
	}
	return saved
}

// begin makes what a request needs and returns the names in it.
func (r *fieldRun) begin(route fieldRoute) map[string]string {
	r.mu.Lock()
	r.count++
	saved := maps.Clone(r.shared)
	saved["id"] = fmt.Sprintf("%sc%03d", r.id, r.count)
	r.made = append(r.made, saved)
	r.mu.Unlock()
	return r.do(route.before, saved)
}

func (r *fieldRun) base(route fieldRoute) outcomeBase {
	saved := r.begin(route)
	if route.update {
		return outcomeBase{answer: r.flat(r.send(route, nil, saved).body, saved)}
	}
	answer := r.send(route, nil, saved)
	if answer.status != http.StatusOK {
		r.t.Errorf("%s without further fields: %d %s", route.name, answer.status, cut(answer.text))
	}
	base := outcomeBase{answer: r.flat(answer.body, saved), stored: r.stored(route, saved)}
	r.mu.Lock()
	r.results[route.name+" alone"] = outcome{Status: answer.status, Answer: base.answer, Stored: base.stored}
	r.mu.Unlock()
	return base
}

func (r *fieldRun) send(route fieldRoute, fields map[string]any, saved map[string]string) answer {
	body := map[string]any{}
	_ = json.Unmarshal([]byte(route.body), &body)
	nest(body, fields)
	encoded, _ := json.Marshal(body)
	method, path, _ := strings.Cut(route.name, " ")
	if route.path != "" {
		path = route.path
	}
	got, err := r.at.do(context.Background(), step{method: method, path: path, body: string(encoded)}, saved)
	if err != nil {
		r.t.Errorf("%s: %v", route.name, err)
	}
	for name, from := range route.save {
		if value, found := dig(got.body, from); found {
			saved[name] = fmt.Sprint(value)
		}
	}
	return got
}

// nest adds fields to a body; a name such as litellm_params.rpm goes into an object.
func nest(body, fields map[string]any) {
	for name, value := range fields {
		into, rest := body, name
		if outer, inner, nested := strings.Cut(name, "."); nested {
			object, _ := body[outer].(map[string]any)
			if object == nil {
				object = map[string]any{}
				body[outer] = object
			}
			into, rest = object, inner
		}
		into[rest] = value
	}
}

func (r *fieldRun) perform(one fieldCase, base outcomeBase) {
	saved := r.begin(one.route)
	before := base.stored
	if one.route.update {
		before = r.stored(one.route, saved)
	}
	for _, request := range one.requests {
		answer := r.send(one.route, request.fields, saved)
		result := outcome{Status: answer.status, Answer: r.flat(answer.body, saved)}
		if answer.status < 300 {
			result.Answer = changes(base.answer, result.Answer)
			after := r.stored(one.route, saved)
			result.Stored = changes(before, after)
			if one.route.update {
				before = after
			}
		}
		r.mu.Lock()
		r.results[one.route.name+" "+request.name] = result
		r.mu.Unlock()
	}
}

func (r *fieldRun) stored(route fieldRoute, saved map[string]string) map[string]string {
	into := map[string]string{}
	for _, one := range route.read {
		got, err := r.at.do(context.Background(), one, saved)
		if err != nil {
			r.t.Errorf("%s %s: %v", one.method, fill(one.path, saved), err)
		}
		maps.Copy(into, r.flat(got.body, saved))
	}
	return into
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// writeJSON writes one line for each entry, so that a change is easy to see.
func writeJSON[V any](t *testing.T, path string, entries map[string]V) {
	t.Helper()
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		key, _ := json.Marshal(name)
		value, _ := json.Marshal(entries[name])
		lines = append(lines, string(key)+":"+string(value))
	}
	if err := os.WriteFile(path, []byte("{\n"+strings.Join(lines, ",\n")+"\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
