package sandbox_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"litellm-proxy/internal/sandbox"
)

// big is a gateway with 20,000 keys, 3,000 users and 1,200 teams. All keys have
// the same spend.
func big() *sandbox.Gateway {
	g := sandbox.New()
	g.Populate("teams", 1200, func(i int) map[string]any {
		return map[string]any{"team_id": fmt.Sprintf("team-%04d", i), "team_alias": fmt.Sprintf("test-%d", i/2)}
	})
	g.Populate("users", 3000, func(i int) map[string]any {
		return map[string]any{"user_id": fmt.Sprintf("user-%04d", i), "user_role": "internal_user"}
	})
	g.Populate("keys", 20_000, func(i int) map[string]any {
		return map[string]any{"key_alias": fmt.Sprintf("key-%05d", i), "user_id": fmt.Sprintf("user-%04d", i%3000), "team_id": fmt.Sprintf("team-%04d", i%1200)}
	})
	return g
}

// walk reads a list page by page and returns how often it saw each row.
func walk(t testing.TB, g *sandbox.Gateway, path, list, id string, pages int) (seen map[string]int) {
	t.Helper()
	seen = map[string]int{}
	for page := 1; page <= pages; page++ {
		status, answer, err := ask(g, "GET", fmt.Sprintf("%s&page=%d", path, page), "")
		if status != 200 || err != nil {
			t.Fatalf("%s: %d %s %v", path, status, cut(answer), err)
		}
		var body map[string]json.RawMessage
		var rows []map[string]any
		if err := json.Unmarshal([]byte(answer), &body); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body[list], &rows); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			seen[row[id].(string)]++
		}
	}
	return seen
}

var walks = []struct {
	name, path, list, id string
	pages, rows          int
}{
	{"keys by token", "/key/list?size=100&sort_by=token&return_full_object=true", "keys", "token", 200, 20_000},
	{"users by user_id", "/user/list?page_size=100&sort_by=user_id", "users", "user_id", 30, 3000},
	{"teams by team_id", "/v2/team/list?page_size=100&sort_by=team_id", "teams", "team_id", 12, 1200},
}

// TestShuffledTies: with ties shuffled, a walk in a unique order sees every row
// once, and one in an order with ties does not.
func TestShuffledTies(t *testing.T) {
	g := big()
	g.ShuffleTies(true)
	once := func(seen map[string]int) int {
		count := 0
		for _, times := range seen {
			if times == 1 {
				count++
			}
		}
		return count
	}
	for _, w := range walks {
		if seen := walk(t, g, w.path, w.list, w.id, w.pages); once(seen) != w.rows || len(seen) != w.rows {
			t.Errorf("%s: %d rows, %d of them once, want %d", w.name, len(seen), once(seen), w.rows)
		}
	}
	if seen := walk(t, g, "/user/list?page_size=100&sort_by=spend", "users", "user_id", 30); len(seen) == 3000 {
		t.Error("users by spend: the walk missed nobody")
	}
	g.ShuffleTies(false)
	if seen := walk(t, g, "/user/list?page_size=100&sort_by=spend", "users", "user_id", 30); once(seen) != 3000 {
		t.Errorf("users by spend, not shuffled: %d seen once", once(seen))
	}
}

// TestOrderFollowsChanges: the order that a walk keeps is not that of before a change.
func TestOrderFollowsChanges(t *testing.T) {
	g := sandbox.New()
	for i, alias := range []string{"b", "a", "c"} {
		if got := walk(t, g, "/key/list?sort_by=key_alias&return_full_object=true", "keys", "key_alias", 1); len(got) != i {
			t.Errorf("%d keys, want %d: %v", len(got), i, got)
		}
		ask(g, "POST", "/key/generate", `{"key_alias":"`+alias+`"}`)
	}
	ask(g, "POST", "/key/delete", `{"key_aliases":["a"]}`)
	if got := walk(t, g, "/key/list?sort_by=key_alias&return_full_object=true", "keys", "key_alias", 1); len(got) != 2 || got["a"] != 0 {
		t.Errorf("after a deletion: %v", got)
	}
}

// BenchmarkWalk reads whole lists, page by page.
func BenchmarkWalk(b *testing.B) {
	g := big()
	for _, w := range walks {
		b.Run(w.name, func(b *testing.B) {
			for b.Loop() {
				for page := 1; page <= w.pages; page++ {
					if status, _, err := ask(g, "GET", fmt.Sprintf("%s&page=%d", w.path, page), ""); status != 200 || err != nil {
						b.Fatal(status, err)
					}
				}
			}
		})
	}
	b.Run("team list", func(b *testing.B) {
		for b.Loop() {
			if status, _, err := ask(g, "GET", "/team/list", ""); status != 200 || err != nil {
				b.Fatal(status, err)
			}
		}
	})
}
