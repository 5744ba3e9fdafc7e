package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// TestListsAreDeclaredOnce: the path of a gateway's list stands once in the source, in
// its Collection, so that nothing reads the list by a shape of its own.
func TestListsAreDeclaredOnce(t *testing.T) {
	count, lists := map[string]int{}, []string{}
	for _, f := range sources(t, "*.go", "../internal/ledger/*.go") {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok && (member(lit, "Method") == "" || member(lit, "Method") == `"GET"`) {
				path := member(lit, "Path")
				count[path]++
				if name, ok := lit.Type.(*ast.SelectorExpr); ok && name.Sel.Name == "Collection" {
					lists = append(lists, path)
				}
			}
			return true
		})
	}
	if len(lists) < 15 {
		t.Fatalf("only %d collections were found: %v", len(lists), lists)
	}
	for _, path := range lists {
		if count[path] != 1 {
			t.Errorf("%s stands %d times in the source", path, count[path])
		}
	}
}

// member is a text in a composite literal as it stands in the source.
func member(lit *ast.CompositeLit, name string) string {
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, _ := kv.Key.(*ast.Ident)
		if value, ok := kv.Value.(*ast.BasicLit); ok && key != nil && key.Name == name {
			return value.Value
		}
	}
	return ""
}

// roundTrip is a gateway made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func envOf(t testing.TB, transport http.RoundTripper) operation.Env {
	t.Helper()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: "http://sandbox.test", APIKey: sandbox.MasterKey, Transport: transport, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return operation.Env{Client: client}
}

// do runs an operation, also when the test is over, and fails the test when it fails.
func do(t testing.TB, env operation.Env, op *operation.Operation, args map[string]any) operation.Result {
	t.Helper()
	result, err := run(context.WithoutCancel(t.Context()), env, op, argsOf(args))
	if err != nil || len(result.Failed) > 0 {
		t.Fatalf("%s %.300v: %v %+v", op.Path, args, err, result.Failed)
	}
	return result
}

func argsOf(values map[string]any) operation.Args {
	args := operation.Args{}
	for name, value := range values {
		args[name] = operation.Encode(value)
	}
	return args
}

// count is how many requests of a method and path the sandbox got.
func count(g *sandbox.Gateway, method, path string) (n int) {
	for _, r := range g.Requests() {
		if (method == "" || r.Method == method) && (path == "" || r.Path == path) {
			n++
		}
	}
	return n
}

// TestThousandTeams: among a thousand teams whose names contain the one that is meant,
// look-ups are exact.
func TestThousandTeams(t *testing.T) {
	g := sandbox.New()
	env := envOf(t, g)
	for i := range 1000 {
		do(t, env, teamsCreate, map[string]any{"team_alias": fmt.Sprintf("test-%d", i), "duplicate": true})
	}
	for _, id := range []string{"a-test", "z-dup", "a-dup"} {
		do(t, env, teamsCreate, map[string]any{"team_alias": id[2:], "team_id": id, "duplicate": true})
	}
	g.ClearRequests()
	if got := do(t, env, teamsGet, map[string]any{"team": "test"}); operation.Word(operation.Lookup(got.Body, "team_id")) != "a-test" {
		t.Errorf("teams get --team test shows %.80s", got.Body)
	}
	if n := count(g, "", ""); n != 12 { // 1,001 that contain it, and the team itself
		t.Errorf("teams get --team test took %d requests, want 12", n)
	}
	g.ClearRequests()
	do(t, env, teamsGet, map[string]any{"team": "test-77"})
	if n := count(g, "", ""); n != 2 {
		t.Errorf("teams get --team test-77 took %d requests, want 2", n)
	}
	if _, err := run(t.Context(), env, teamsCreate, argsOf(map[string]any{"team_alias": "test"})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("teams create test: %v, want a conflict", err)
	}
	g.ClearRequests()
	_, err := run(t.Context(), env, teamsDelete, argsOf(map[string]any{"team": "dup"}))
	if proxyclient.CodeOf(err) != proxyclient.CodeInvalid || !strings.Contains(err.Error(), "a-dup") || !strings.Contains(err.Error(), "z-dup") {
		t.Errorf("teams delete --team dup: %v, want both candidates", err)
	}
	if n := count(g, "POST", ""); n != 0 {
		t.Errorf("teams delete --team dup sent %d writes", n)
	}
}

// listOf is a gateway whose list of keys has one more than it sends.
func listOf(keys string, total int) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		body := `{}`
		if r.URL.Path == "/key/list" {
			body = fmt.Sprintf(`{"keys": [%s], "total_count": %d, "total_pages": 1}`, keys, total)
		}
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// TestIncompleteReviews: a view made of a list that is not whole shows what came and
// ends with an error.
func TestIncompleteReviews(t *testing.T) {
	env := envOf(t, listOf(`{"token": "a", "created_at": "2020-01-01T00:00:00Z", "expires": "2020-02-01T00:00:00Z", "max_budget": 5, "spend": 1}`, 2))
	for _, tt := range []struct {
		op   *operation.Operation
		args map[string]any
		rows int
	}{
		{keysUnused, map[string]any{}, 0}, {keysExpiring, map[string]any{"expired": true}, 1}, {spendBudgets, map[string]any{"of": []string{"key"}}, 1},
	} {
		result, err := run(t.Context(), env, tt.op, argsOf(tt.args))
		if proxyclient.CodeOf(err) != proxyclient.CodeIncomplete {
			t.Errorf("%s: %v", tt.op.Path, err)
		}
		if result.Page == nil || len(result.Page.Items) != tt.rows {
			t.Errorf("%s shows %.200s", tt.op.Path, result.Body)
		}
	}
	if _, err := run(t.Context(), env, keysInfo, argsOf(map[string]any{"alias": "nobody"})); proxyclient.CodeOf(err) != proxyclient.CodeIncomplete {
		t.Errorf("a look-up: %v, want that the list is incomplete and not that there is no such key", err)
	}
}

// TestPeriodAcrossMidnight: the second page, and each page of a walk, are of the days
// that were meant when the call was made.
func TestPeriodAcrossMidnight(t *testing.T) {
	var sent []string
	env := envOf(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		if r.URL.Path == userCollection.Path { // see ownPart
			return &http.Response{StatusCode: 404, Body: http.NoBody, Request: r}, nil
		}
		sent = append(sent, q.Get("start_date")+" to "+q.Get("end_date")+" page "+q.Get("page"))
		body := fmt.Sprintf(`{"data": [{"request_id": "r%s"}], "total": 2, "total_pages": 2}`, q.Get("page"))
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}))
	clock := time.Date(2026, 10, 3, 23, 59, 59, 500e6, time.UTC)
	env.Now = func() time.Time { return clock }
	first := do(t, env, spendLogs, map[string]any{"period": "today"})
	clock = clock.Add(time.Hour)
	if _, err := run(t.Context(), env, spendLogs, first.Page.Next); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(-2 * time.Hour)
	call, err := operation.Prepare(t.Context(), env, spendLogs, argsOf(map[string]any{"period": "today"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range call.Pages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(24 * time.Hour)
	}
	want := []string{
		"2026-10-03 00:00:00 to 2026-10-04 00:00:00 page ", "2026-10-03 00:00:00 to 2026-10-04 00:00:00 page 2",
		"2026-10-03 00:00:00 to 2026-10-03 23:00:00 page 1", "2026-10-03 00:00:00 to 2026-10-03 23:00:00 page 2",
	}
	if !slices.Equal(sent, want) {
		t.Errorf("it asked for\n%s\nwant\n%s", strings.Join(sent, "\n"), strings.Join(want, "\n"))
	}
}

// losing is the sandbox behind a network that breaks at the write of this number: before
// the gateway sees it, or after.
type losing struct {
	*sandbox.Gateway
	at, writes int
	after      bool
}

func (l *losing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return l.Gateway.RoundTrip(r)
	}
	l.writes++
	if l.writes != l.at {
		return l.Gateway.RoundTrip(r)
	}
	if l.after {
		response, err := l.Gateway.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	return nil, errors.New("connection reset")
}

// again are the tasks that can be run again, and what there is once at the end.
var again = []struct {
	op     *operation.Operation
	args   map[string]any
	writes int
	alias  string
}{
	{teamsSetup, map[string]any{"team_alias": "research", "models": []string{"gpt-4o-mini"}, "max_budget": 100, "budget_duration": "1mo",
		"user_emails": []string{"ann@example.com", "new@example.com"}, "create_missing": true, "key_alias": "batch"}, 3, "batch"},
	{usersOnboard, map[string]any{"user_email": "new@example.com", "team": "base", "max_budget": 5, "key_alias": "new"}, 3, "new"},
	{usersOnboard, map[string]any{"user_email": "new@example.com", "team": "base", "max_budget": 5}, 3, ""},
	{usersOnboard, map[string]any{"user_email": "new@example.com"}, 2, ""},
}

// TestTasksAgain breaks each task at each of its requests, before and after the gateway
// sees it, and runs it again: then everything is there, once.
func TestTasksAgain(t *testing.T) {
	for _, tt := range again {
		for at := 1; at <= tt.writes; at++ {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/%d/%v", tt.op.Path, tt.alias, at, after), func(t *testing.T) {
					net := &losing{Gateway: sandbox.New(), after: after}
					env := envOf(t, net)
					do(t, env, teamsCreate, map[string]any{"team_alias": "base", "team_id": "base"})
					do(t, env, usersCreate, map[string]any{"user_email": "ann@example.com", "auto_create_key": false})
					net.at, net.writes = at, 0
					result, err := run(t.Context(), env, tt.op, argsOf(tt.args))
					if err == nil && len(result.Failed) == 0 {
						t.Fatal("the broken run did not fail")
					}
					do(t, env, tt.op, tt.args)
					net.writes = 0
					third := do(t, env, tt.op, tt.args)
					if net.writes != 0 {
						t.Errorf("the third run sent %d writes", net.writes)
					}
					if !strings.Contains(third.Done, "exists and is unchanged") {
						t.Errorf("the third run says %q", third.Done)
					}
					once(t, env, "new@example.com", usersList, "user_email", "user_email", "new@example.com")
					once(t, env, "the key", keysList, "search", "key_alias", tt.alias)
					if tt.op == teamsSetup {
						once(t, env, "the team", teamsList, "team_alias", "team_alias", "research")
					}
				})
			}
		}
	}
}

// once fails unless a list, narrowed to a name, has it once.
func once(t *testing.T, env operation.Env, what string, list *operation.Operation, filter, field, name string) {
	t.Helper()
	n := 0
	args := map[string]any{}
	if name != "" {
		args[filter] = name
	}
	for _, item := range do(t, env, list, args).Page.Items {
		if operation.Word(operation.Lookup(item, field)) == name {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%s is there %d times", what, n)
	}
}

// TestTasksRefuse: what exists and does not fit is refused before anything is sent, and
// the error says what differs.
func TestTasksRefuse(t *testing.T) {
	g := sandbox.New()
	env := envOf(t, g)
	do(t, env, teamsSetup, map[string]any{"team_alias": "research", "models": []string{"gpt-4o-mini", "claude-haiku"}, "max_budget": 100, "key_alias": "batch"})
	do(t, env, usersOnboard, map[string]any{"user_email": "ann@example.com", "team": "research", "key_alias": "ann", "max_budget": 5})
	for _, tt := range []struct {
		op    *operation.Operation
		args  map[string]any
		words string // "": it is taken as done
	}{
		{teamsSetup, map[string]any{"team_alias": "research", "models": []string{"claude-haiku", "gpt-4o-mini"}, "max_budget": json.Number("1e2")}, ""},
		{teamsSetup, map[string]any{"team_alias": "research", "max_budget": 50}, "models is gpt-4o-mini, claude-haiku, not unset, max_budget is 100"},
		{teamsSetup, map[string]any{"team_alias": "other", "key_alias": "batch"}, "the key alias batch is taken"},
		{teamsSetup, map[string]any{"team_alias": "other", "key_alias": "ann"}, "the key alias ann is taken"},
		{usersOnboard, map[string]any{"user_email": "ann@example.com", "team": "research", "key_alias": "ann", "max_budget": 5}, ""},
		{usersOnboard, map[string]any{"user_email": "ann@example.com", "team": "research", "key_alias": "ann", "max_budget": 6}, "max_budget is 5"},
		{usersOnboard, map[string]any{"user_email": "bob@example.com", "team": "research", "key_alias": "ann"}, "another user or team"},
		{usersOnboard, map[string]any{"user_email": "ann@example.com", "key_alias": "ann"}, "another user or team"},
	} {
		g.ClearRequests()
		result, err := run(t.Context(), env, tt.op, argsOf(tt.args))
		if tt.words == "" && (err != nil || !strings.Contains(result.Done, "exists")) {
			t.Errorf("%s %v: %v, %q", tt.op.Path, tt.args, err, result.Done)
		}
		if tt.words != "" && (proxyclient.CodeOf(err) != proxyclient.CodeConflict || !strings.Contains(err.Error(), tt.words)) {
			t.Errorf("%s %v: %v, want a conflict that says %q", tt.op.Path, tt.args, err, tt.words)
		}
		if n := count(g, "POST", ""); n != 0 {
			t.Errorf("%s %v sent %d writes", tt.op.Path, tt.args, n)
		}
	}
	// Another key for the same person is made when it is asked for by name.
	if again := do(t, env, usersOnboard, map[string]any{"user_email": "ann@example.com", "team": "research", "key_alias": "ann-2"}); operation.Lookup(again.Body, "key") == nil {
		t.Errorf("a second key by name: %s", again.Body)
	}
}

// TestTasksNeedIdentifiers: an answer without the identifier that the next step needs
// ends the task, and nothing is sent with a made-up one.
func TestTasksNeedIdentifiers(t *testing.T) {
	for _, tt := range []struct{ path, lacks string }{{"/user/new", "user_id"}, {"/key/generate", "key"}} {
		g := sandbox.New()
		env := envOf(t, g)
		g.Inject(sandbox.Fault{Method: "POST", Path: tt.path, Body: `{}`})
		result, err := run(context.Background(), env, usersOnboard, argsOf(map[string]any{"user_email": "ann@example.com"}))
		text := fmt.Sprintf("%v %+v", err, result.Failed)
		if !strings.Contains(text, "no "+tt.lacks) {
			t.Errorf("%s without %s: %s", tt.path, tt.lacks, text)
		}
		if tt.path == "/user/new" && count(g, "POST", "/key/generate") != 0 {
			t.Error("a key was generated for nobody")
		}
	}
}
