package operation

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"litellm-proxy/proxyclient"
)

// TestWalk reads lists whose ties are shuffled for each request.
func TestWalk(t *testing.T) {
	for _, tt := range []struct {
		name     string
		n        int
		args     Args
		requests int
	}{
		{"nothing", 0, nil, 1},
		{"one page", 100, nil, 1},
		{"twenty thousand", 20000, nil, 200},
		{"small pages", 120, Args{"size": Encode(10)}, 12},
		{"sorted by its own order", 120, Args{"size": Encode(10), "sort_by": Encode("id"), "sort_order": Encode("desc")}, 12},
		{"sorted by what ties", 20000, Args{"sort_by": Encode("spend")}, 201},
		{"sorted upward", 300, Args{"sort_by": Encode("spend"), "sort_order": Encode("asc")}, 4},
		{"sorted by nothing but nulls", 300, Args{"sort_by": Encode("note")}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &fakeList{rows: rowsOf(tt.n)}
			rows, err := walked(t, callOn(t, g, things, tt.args))
			if err != nil {
				t.Fatal(err)
			}
			if n := distinct(t, rows); n != tt.n {
				t.Errorf("%d of %d came", n, tt.n)
			}
			if len(g.requests) != tt.requests {
				t.Errorf("it took %d requests, want %d", len(g.requests), tt.requests)
			}
			if !slices.IsSortedFunc(rows, order(tt.args)) {
				t.Error("they are not in order")
			}
		})
	}
}

// order compares as the arguments ask, ties by identifier.
func order(args Args) func(a, b thingRow) int {
	return func(a, b thingRow) int {
		n := 0
		if args.String("sort_by") == "spend" {
			n = compareValues(Encode(a.Spend), Encode(b.Spend))
		}
		byID := compareValues(Encode(a.ID), Encode(b.ID))
		if args.String("sort_by") == "id" && args.String("sort_order") != "asc" {
			byID = -byID
		}
		if n != 0 && args.String("sort_order") != "asc" {
			return -n
		}
		if n != 0 {
			return n
		}
		return byID
	}
}

// TestWalkOldGateway: one that does not know the order without ties is walked in its
// own, and what that loses is said.
func TestWalkOldGateway(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity} {
		g := &fakeList{rows: rowsOf(1000), refuse: "id", status: status}
		rows, err := walked(t, callOn(t, g, things, nil))
		n := distinct(t, rows)
		if n < 1000 && proxyclient.CodeOf(err) != proxyclient.CodeIncomplete || n == 1000 && err != nil {
			t.Errorf("status %d: %d of 1000 came, and it says %v", status, n, err)
		}
		if len(g.requests) > 21 {
			t.Errorf("status %d: it took %d requests", status, len(g.requests))
		}
	}
	// What is refused for another reason is refused.
	g := &fakeList{refuse: "spend", status: 400}
	if _, err := walked(t, callOn(t, g, things, Args{"sort_by": Encode("spend")})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid {
		t.Errorf("a wrong sort_by: %v", err)
	}
}

// TestWalkWhileItChanges: a list that grows at its front or shrinks is read again until
// nothing is missing.
func TestWalkWhileItChanges(t *testing.T) {
	latest := *things
	latest.Latest = true
	for _, tt := range []struct {
		name           string
		of             *Collection
		change         func(*fakeList)
		want, requests int
	}{
		{"it grows at the front", &latest, func(g *fakeList) {
			g.rows = append(g.rows, thingRow{ID: "id-9"})
		}, 1001, 12},
		{"it grows at the end", things, func(g *fakeList) {
			g.rows = append(g.rows, thingRow{ID: "id-9"})
		}, 1001, 11},
		{"it shrinks", things, func(g *fakeList) { g.rows = g.rows[1:] }, 1000, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &fakeList{rows: rowsOf(1000), before: func(g *fakeList, request int) {
				if request == 4 {
					tt.change(g)
				}
			}}
			rows, err := walked(t, callOn(t, g, tt.of, nil))
			if err != nil {
				t.Fatal(err)
			}
			if n := distinct(t, rows); n != tt.want {
				t.Errorf("%d came, want %d", n, tt.want)
			}
			if len(g.requests) != tt.requests {
				t.Errorf("it took %d requests, want %d", len(g.requests), tt.requests)
			}
		})
	}
}

// TestWalkIncomplete: when the gateway names more than it sends, what came is shown and
// the end is an error, in each order.
func TestWalkIncomplete(t *testing.T) {
	for _, args := range []Args{nil, {"sort_by": Encode("spend")}} {
		g := &fakeList{rows: rowsOf(250), extra: 1}
		rows, err := walked(t, callOn(t, g, things, args))
		if n := distinct(t, rows); n != 250 {
			t.Errorf("%d of 250 came", n)
		}
		if proxyclient.CodeOf(err) != proxyclient.CodeIncomplete {
			t.Errorf("%v: it ends with %v", args, err)
		}
	}
}

// TestWalkCapped: where the gateway stops counting the list goes on.
func TestWalkCapped(t *testing.T) {
	g := &fakeList{rows: rowsOf(1050), capped: 200}
	rows, err := walked(t, callOn(t, g, things, nil))
	if err != nil {
		t.Fatal(err)
	}
	if n := distinct(t, rows); n != 1050 {
		t.Errorf("%d of 1050 came", n)
	}
	// Page by page as well.
	args, n := Args{"size": Encode(100)}, 0
	for page := 1; args != nil && page < 20; page++ {
		result, err := callOn(t, g, things, args).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n, args = n+len(result.Page.Items), result.Page.Next
	}
	if n != 1050 {
		t.Errorf("page by page %d of 1050 came", n)
	}
}

// TestWalkVersions: items of one identifier are told apart where a list may have
// several.
func TestWalkVersions(t *testing.T) {
	first, second := "first", "second"
	g := &fakeList{rows: []thingRow{{ID: "a", Note: &first}, {ID: "a", Note: &second}}}
	of := *things
	of.Version = "note"
	if rows, err := walked(t, callOn(t, g, &of, nil)); err != nil || len(rows) != 2 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// TestProgress: a walk counts items, and the next one of the call goes on from there.
func TestProgress(t *testing.T) {
	g := &fakeList{rows: rowsOf(250)}
	call := callOn(t, g, things, nil)
	var got []string
	call.env.Progress = func(done, total int) { got = append(got, fmt.Sprint(done, "/", total)) }
	for range 2 {
		for _, err := range things.All(t.Context(), call, nil) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{"100/250", "200/250", "250/250", "350/500", "450/500", "500/500"}
	if !slices.Equal(got, want) {
		t.Errorf("progress %q, want %q", got, want)
	}
}

// TestSpoolLeavesNothing: the temporary file has no name while it is used.
func TestSpoolLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	g := &fakeList{rows: rowsOf(3)}
	if _, err := walked(t, callOn(t, g, things, Args{"sort_by": Encode("spend")})); proxyclient.CodeOf(err) != proxyclient.CodeLocal {
		t.Errorf("without a place for temporary files: %v", err)
	}
}

func TestCompareValues(t *testing.T) {
	// In this order, as PostgreSQL sorts upward: nothing last.
	for _, values := range [][]string{
		{`-1`, `0`, `2`, `10`, `1e3`, ``},
		{`"2026-01-02"`, `"2026-11-01"`, ``},
		{`"a"`, `"b"`, ``},
	} {
		for i, a := range values {
			for j, b := range values {
				x, y := NoNull([]byte(a)), NoNull([]byte(b))
				if a == "" {
					x = nil
				}
				if b == "" {
					y = nil
				}
				if n := compareValues(x, y); n < 0 != (i < j) || n > 0 != (i > j) {
					t.Errorf("compare %q with %q: %d", a, b, n)
				}
			}
		}
	}
}
