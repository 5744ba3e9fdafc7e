package tools

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// live is a real gateway and a prefix for what the test makes there.
func live(t *testing.T) (operation.Env, string) {
	t.Helper()
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to a gateway that tests may fill and empty")
	}
	client, err := proxyclient.New(proxyclient.Config{BaseURL: url, APIKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return operation.Env{Client: client}, "live-" + strings.ToLower(rand.Text()[:8])
}

// patience is how long a test waits for what a gateway does later.
const patience = 2 * time.Minute

// until waits for something to become true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited for this in vain: %s", what)
		}
	}
}

// liveTeams makes teams and deletes them when the test is over.
func liveTeams(t *testing.T, env operation.Env, aliases ...string) (ids []string) {
	t.Helper()
	t.Cleanup(func() { do(t, env, teamsDelete, map[string]any{"team_ids": ids}) })
	for _, alias := range aliases {
		made := do(t, env, teamsCreate, map[string]any{"team_alias": alias, "duplicate": true})
		ids = append(ids, operation.Word(operation.Lookup(made.Body, "team_id")))
	}
	return ids
}

// TestLiveTeams: the names that contain another one fill more than a page.
func TestLiveTeams(t *testing.T) {
	env, prefix := live(t)
	var aliases []string
	for i := range 102 {
		aliases = append(aliases, fmt.Sprintf("%s-test-%d", prefix, i))
	}
	ids := liveTeams(t, env, append(aliases, prefix+"-test", prefix+"-dup", prefix+"-dup")...)
	got := do(t, env, teamsGet, map[string]any{"team": prefix + "-test"})
	if id := operation.Word(operation.Lookup(got.Body, "team_id")); id != ids[102] {
		t.Errorf("teams get shows %s, want %s", id, ids[102])
	}
	if _, err := run(t.Context(), env, teamsCreate, argsOf(map[string]any{"team_alias": prefix + "-test"})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("teams create of an alias that exists: %v", err)
	}
	_, err := run(t.Context(), env, teamsDelete, argsOf(map[string]any{"team": prefix + "-dup"}))
	if err == nil || !strings.Contains(err.Error(), ids[103]) || !strings.Contains(err.Error(), ids[104]) {
		t.Errorf("teams delete of an alias that two have: %v", err)
	}
}

// TestLiveNames: names that the gateway's search takes for patterns, or whose case it
// does not know, are found.
func TestLiveNames(t *testing.T) {
	env, prefix := live(t)
	names := []string{"100%", "a_b", "axb", `back\slash`, `"q'`, "ÄÖ ü", "日本語", "😀", "a+b&c=d#e", strings.Repeat("x", 3000)}
	aliases := []string{" " + prefix + " lead", prefix + " trail "}
	for _, name := range names {
		aliases = append(aliases, prefix+name)
	}
	ids := liveTeams(t, env, aliases...)
	for i, alias := range aliases {
		got, err := run(t.Context(), env, teamsGet, argsOf(map[string]any{"team": alias}))
		if id := operation.Word(operation.Lookup(got.Body, "team_id")); err != nil || id != ids[i] {
			t.Errorf("%.40q: found %q, %v", alias, id, err)
		}
		if _, err := run(t.Context(), env, teamsGet, argsOf(map[string]any{"team": strings.ToUpper(alias) + "!"})); !operation.IsNotFound(err) {
			t.Errorf("%.40q!: %v", alias, err)
		}
	}
}

// TestLiveUsers: users who were created together tie in the gateway's order, and all of
// them come once in every order.
func TestLiveUsers(t *testing.T) {
	env, prefix := live(t)
	var emails []string
	for i := range 120 {
		emails = append(emails, fmt.Sprintf("%s-ü%d@example.com", prefix, i))
	}
	made := do(t, env, usersBulkCreate, map[string]any{"user_emails": emails})
	var users []struct {
		ID string `json:"user_id"`
	}
	if err := json.Unmarshal(operation.Lookup(made.Body, "data"), &users); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	t.Cleanup(func() { do(t, env, usersBulkDelete, map[string]any{"user_ids": ids}) })
	for _, sort := range []string{"", "created_at", "spend"} {
		args := map[string]any{"search": prefix, "page_size": 10}
		if sort != "" {
			args["sort_by"] = sort
		}
		call, err := operation.Prepare(t.Context(), env, usersList, argsOf(args))
		if err != nil {
			t.Fatal(err)
		}
		seen, n := map[string]bool{}, 0
		for result, err := range call.Pages(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range result.Page.Items {
				n++
				seen[operation.Word(operation.Lookup(item, "user_id"))] = true
			}
		}
		if n != 120 || len(seen) != 120 {
			t.Errorf("sorted by %q: %d rows with %d users, want 120", sort, n, len(seen))
		}
	}
	if got := do(t, env, usersGet, map[string]any{"user": strings.ToUpper(emails[7])}); operation.Word(operation.Lookup(got.Body, "user_id")) == "" {
		t.Errorf("an address in capitals: %.80s", got.Body)
	}
}

// TestLiveTasks runs both tasks twice: the second time nothing is made.
func TestLiveTasks(t *testing.T) {
	env, prefix := live(t)
	setup := map[string]any{"team_alias": prefix, "models": []string{"gpt-4o-mini"}, "max_budget": 100, "budget_duration": "1mo",
		"user_emails": []string{prefix + "-a@example.com"}, "create_missing": true, "key_alias": prefix + "-batch"}
	onboard := map[string]any{"user_email": prefix + "-b@example.com", "team": prefix, "max_budget": 5, "budget_duration": "30d"}
	t.Cleanup(func() {
		do(t, env, teamsDelete, map[string]any{"team": prefix})
		for _, name := range []string{"-a", "-b"} {
			do(t, env, usersDelete, map[string]any{"user": prefix + name + "@example.com"})
		}
	})
	for _, tt := range []struct {
		op   *operation.Operation
		args map[string]any
	}{{teamsSetup, setup}, {usersOnboard, onboard}} {
		first := do(t, env, tt.op, tt.args)
		if operation.Lookup(first.Body, "key") == nil {
			t.Errorf("%s shows no key: %s", tt.op.Path, first.Body)
		}
		second := do(t, env, tt.op, tt.args)
		if operation.Lookup(second.Body, "key") != nil || !strings.Contains(second.Done, "exists and is unchanged") {
			t.Errorf("%s again: %q, %s", tt.op.Path, second.Done, second.Body)
		}
	}
}

// livePublic shows a thing in the hub beside those that are there, and takes it back. argument
// is that of publish for all of them; public and id are members of an item of the list.
func livePublic(t *testing.T, env operation.Env, list, publish *operation.Operation, argument, public, id, one string) {
	t.Helper()
	shown := func() (ids []string) {
		for _, item := range do(t, env, list, nil).Page.Items {
			if string(operation.Lookup(item, public)) == "true" {
				ids = append(ids, operation.Word(operation.Lookup(item, id)))
			}
		}
		return ids
	}
	before := shown()
	do(t, env, publish, map[string]any{argument: append(before, one)})
	if !slices.Contains(shown(), one) {
		t.Errorf("%s: %s is not public", publish.Path, one)
	}
	back := map[string]any{"none": true}
	if len(before) > 0 {
		back = map[string]any{argument: before}
	}
	do(t, env, publish, back)
}
