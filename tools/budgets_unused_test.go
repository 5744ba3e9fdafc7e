package tools

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// orphans leaves two budgets of a deleted team and one with an ID of its own behind, and
// returns the IDs of the first two.
func orphans(t *testing.T, env operation.Env, name string) []string {
	t.Helper()
	before := budgetIDs(t, env)
	write(t, env, "/user/new", `{"user_id":"`+name+`","auto_create_key":false}`)
	write(t, env, "/team/new", `{"team_id":"`+name+`","team_alias":"`+name+`","team_member_budget":3}`)
	write(t, env, "/team/member_add", `{"team_id":"`+name+`","member":[{"user_id":"`+name+`","role":"user"}]}`)
	write(t, env, "/team/member_update", `{"team_id":"`+name+`","user_id":"`+name+`","max_budget_in_team":1}`)
	left := slices.DeleteFunc(budgetIDs(t, env), func(id string) bool { return slices.Contains(before, id) })
	if len(left) != 2 {
		t.Fatalf("the team has the budgets %q, want its default and a member's", left)
	}
	if got := unusedOf(t, env, left); len(got) > 0 {
		t.Errorf("%q are called unused while the team has them", got)
	}
	write(t, env, "/team/delete", `{"team_ids":["`+name+`"]}`)
	write(t, env, "/user/delete", `{"user_ids":["`+name+`"]}`)
	return left
}

func write(t *testing.T, env operation.Env, path, body string) {
	t.Helper()
	if _, err := env.Client.JSON(context.Background(), proxyclient.Request{Method: "POST", Path: path, Body: []byte(body)}); err != nil {
		t.Fatalf("%s %s: %v", path, body, err)
	}
}

func budgetIDs(t *testing.T, env operation.Env) (ids []string) {
	t.Helper()
	r, err := invoke(t, env, "budgets list", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(table(r, "budget_id"))
}

// unusedOf returns those of some budgets that are listed as unused.
func unusedOf(t *testing.T, env operation.Env, ids []string) []string {
	t.Helper()
	now := time.Now().Add(2 * time.Hour)
	env.Now = func() time.Time { return now }
	r, err := invoke(t, env, "budgets unused", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Fields(table(r, "budget_id")), func(id string) bool { return !slices.Contains(ids, id) })
}

// TestUnusedBudgets: what a deleted team leaves behind is found and deleted, and nothing
// else: not what anything refers to, nor a budget with an ID of its own.
func TestUnusedBudgets(t *testing.T) {
	_, env := consentWorld(t)
	left := orphans(t, env, "bo")
	write(t, env, "/budget/new", `{"budget_id":"idle-tier","max_budget":5}`)
	all := budgetIDs(t, env)
	if got := unusedOf(t, env, all); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(append([]string{"idle-tier", "other"}, left...)))) {
		t.Errorf("unused: %q, want %q, the idle tier and the other one: tier is a key's budget for its customers", got, left)
	}
	if r, err := invoke(t, env, "budgets unused", `{}`); err != nil || len(r.Page.Items) > 0 {
		t.Errorf("budgets of this minute are called unused: %v %s", err, table(r, "budget_id"))
	}
	later := time.Now().Add(2 * time.Hour)
	env.Now = func() time.Time { return later }
	if r, err := invoke(t, env, "budgets unused", `{"generated": true}`); err != nil || len(r.Page.Items) != len(left) {
		t.Errorf("generated: %v %s", err, table(r, "budget_id", "origin"))
	}
	if _, err := invoke(t, env, "budgets prune", `{"expect": 9}`); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("another number than expected: %v", err)
	}
	r, err := invoke(t, env, "budgets prune", `{"expect": 2}`)
	if err != nil || !strings.HasPrefix(r.Done, "deleted ") {
		t.Errorf("prune: %v %q", err, r.Done)
	}
	want := slices.DeleteFunc(all, func(id string) bool { return slices.Contains(left, id) })
	if got := budgetIDs(t, env); !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
	if r, err = invoke(t, env, "budgets prune", `{}`); err != nil || !strings.Contains(r.Done, "nothing was deleted") {
		t.Errorf("nothing to prune: %v %q", err, r.Done)
	}
}

// TestUnusedBudgetsUnseen: if a list cannot be read, no budget is called unused.
func TestUnusedBudgetsUnseen(t *testing.T) {
	gateway := sandbox.New()
	_, env := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/tag/list" {
			http.Error(w, `{"error": {"message": "only for admins", "code": "403"}}`, http.StatusForbidden)
			return
		}
		gateway.ServeHTTP(w, r)
	}), sandbox.MasterKey)
	for _, op := range []string{"budgets unused", "budgets prune"} {
		if _, err := invoke(t, env, op, `{}`); err == nil || !strings.Contains(err.Error(), "cannot tell which budgets are unused: the tags cannot be read") {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// TestLiveUnusedBudgets: the gateway leaves the budgets of a deleted team behind.
func TestLiveUnusedBudgets(t *testing.T) {
	env, name := live(t)
	left := orphans(t, env, name)
	if got := unusedOf(t, env, left); len(got) != 2 {
		t.Errorf("unused: %q, want %q", got, left)
	}
	for _, id := range left {
		do(t, env, budgetsDelete, map[string]any{"budget_id": id})
	}
}
