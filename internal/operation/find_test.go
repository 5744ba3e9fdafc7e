package operation

import (
	"fmt"
	"strings"
	"testing"

	"litellm-proxy/proxyclient"
)

// hard are names that a gateway's search does not find as they are.
var hard = []string{
	"plain", "100%", "a_b", `back\slash`, `\`, `trailing\`, `"quoted'`, " leading", "trailing ", "ÄÖÜ straße", "日本語", "😀",
	"a+b&c=d#e", "tab\tin", "line\nbreak", "nul\x00in", strings.Repeat("x", 3000), "%", "_", "Thing 7", "null",
}

// TestFind finds each of the hard names among others that contain it, in a list of
// several pages, and nothing for names that only nearly exist.
func TestFind(t *testing.T) {
	for i, name := range hard {
		g := &fakeList{rows: rowsOf(1000)}
		for j := range 150 { // more than a page of them contains the name
			g.rows = append(g.rows, thingRow{ID: fmt.Sprintf("zz-%d", j), Name: fmt.Sprintf("%s %d", name, j)})
		}
		g.rows = append(g.rows, thingRow{ID: "the one", Name: name})
		call := callOn(t, g, things, nil)
		found, err := things.Find(t.Context(), call, name, "id")
		if err != nil || Word(found.ID) != "the one" {
			t.Errorf("%.20q (%d): found %s, %v", name, i, found.ID, err)
		}
		asked := len(g.requests)
		if _, err := things.Find(t.Context(), call, name, "id"); err != nil || len(g.requests) != asked {
			t.Errorf("%.20q: the second look-up of a call sent %d requests, %v", name, len(g.requests)-asked, err)
		}
		if _, err := things.Find(t.Context(), call, name+"!", "id"); !IsNotFound(err) {
			t.Errorf("%.20q!: %v", name, err)
		}
	}
}

// TestFindFolds: where case does not matter it does not matter beyond ASCII either,
// which the gateway's search does not know.
func TestFindFolds(t *testing.T) {
	folding := *things
	folding.Fold = true
	g := &fakeList{rows: []thingRow{{ID: "a", Name: "Ann@Example.com"}, {ID: "b", Name: "JÖRG@example.com"}}}
	for name, id := range map[string]string{"ann@example.COM": "a", "jörg@example.com": "b"} {
		if found, err := folding.Find(t.Context(), callOn(t, g, &folding, nil), name, "id"); err != nil || Word(found.ID) != id {
			t.Errorf("%s: found %s, %v", name, found.ID, err)
		}
	}
}

// TestFindCosts: a name that the gateway can narrow to takes one request, among any
// number of others.
func TestFindCosts(t *testing.T) {
	g := &fakeList{rows: append(rowsOf(20000), thingRow{ID: "n", Name: "needle"})}
	call := callOn(t, g, things, nil)
	if found, err := things.Find(t.Context(), call, "needle", "id"); err != nil || Word(found.ID) != "n" || len(g.requests) != 1 {
		t.Errorf("by name: found %s, %v, in %d requests", found.ID, err, len(g.requests))
	}
	if found, err := things.FindID(t.Context(), call, "id-012345"); err != nil || found.Name != "thing 12345" || len(g.requests) != 2 {
		t.Errorf("by identifier: found %q, %v, in %d requests", found.Name, err, len(g.requests)-1)
	}
	if _, err := things.FindID(t.Context(), call, "none"); !IsNotFound(err) {
		t.Errorf("an unknown identifier: %v", err)
	}
}

// TestFindAmbiguous: two of one name on different pages are refused, and both are
// listed.
func TestFindAmbiguous(t *testing.T) {
	g := &fakeList{rows: append(rowsOf(1000), thingRow{ID: "a-dup", Name: "dup"}, thingRow{ID: "z-dup", Name: "dup"})}
	for i := range 500 {
		g.rows = append(g.rows, thingRow{ID: fmt.Sprintf("d-%d", i), Name: fmt.Sprintf("dup %d", i)})
	}
	_, err := things.Find(t.Context(), callOn(t, g, things, nil), "dup", "id")
	if proxyclient.CodeOf(err) != proxyclient.CodeInvalid || !strings.Contains(err.Error(), `2 things have the name "dup": a-dup, z-dup`) {
		t.Errorf("two of one name: %v", err)
	}
	if hint := AsError(err).Hint; hint != "give the ID of one with {id}" { // it only reads
		t.Errorf("the hint is %q", hint)
	}
	g = &fakeList{}
	for i := range maxCandidates + 3 {
		g.rows = append(g.rows, thingRow{ID: fmt.Sprintf("d-%02d", i), Name: "dup"})
	}
	if _, err := things.Find(t.Context(), callOn(t, g, things, nil), "dup", "id"); err == nil || !strings.HasSuffix(err.Error(), ", d-19, and 3 more") {
		t.Errorf("many of one name: %v", err)
	}
	g = &fakeList{rows: rowsOf(2)}
	if _, err := things.Find(t.Context(), callOn(t, g, things, nil), "", "id"); proxyclient.CodeOf(err) != proxyclient.CodeUsage || len(g.requests) != 0 {
		t.Errorf("an empty name: %v, after %d requests", err, len(g.requests))
	}
}

// TestOr joins alternatives as one says them.
func TestOr(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := Or(words); got != want {
			t.Errorf("%q: got %q, want %q", words, got, want)
		}
	}
}

// TestFindIncomplete: a look-up in a list that is not whole does not claim that there is
// no such thing, nor that there is one.
func TestFindIncomplete(t *testing.T) {
	g := &fakeList{rows: rowsOf(5), extra: 1}
	for _, name := range []string{"nobody", "thing 3"} {
		if _, err := things.Find(t.Context(), callOn(t, g, things, nil), name, "id"); proxyclient.CodeOf(err) != proxyclient.CodeIncomplete {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzFind: whatever the name, it is found, although the gateway takes it for a pattern.
func FuzzFind(f *testing.F) {
	for _, name := range hard {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		name = strings.ToValidUTF8(name, "?")
		if name == "" || len(name) > 5000 {
			t.Skip()
		}
		g := &fakeList{rows: []thingRow{{ID: "a", Name: name + "x"}, {ID: "b", Name: name}, {ID: "c", Name: "x" + name}}}
		found, err := things.Find(t.Context(), callOn(t, g, things, nil), name, "id")
		if err != nil || Word(found.ID) != "b" {
			t.Errorf("%q: found %s, %v", name, found.ID, err)
		}
	})
}
