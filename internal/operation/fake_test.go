package operation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"litellm-proxy/proxyclient"
)

// thingRow is one item of the fake's list.
type thingRow struct {
	ID    string  `json:"id"`
	Name  string  `json:"name"`
	Spend float64 `json:"spend"`
	Note  *string `json:"note"`
}

// fakeList is a gateway with one list. Rows that tie in the order asked for come in
// another order with each answer, as PostgreSQL may send them.
type fakeList struct {
	rows     []thingRow
	refuse   string // a sort_by that this gateway does not know
	status   int    // of that refusal
	extra    int    // how many more the total names than there are
	capped   int    // how far it counts; 0: to the end
	before   func(g *fakeList, request int)
	requests []url.Values
}

// things is the fake's list as it is declared.
var things = &Collection{
	What: "thing", Path: "/things", Items: "data.things", Total: "total", Pages: "pages", Capped: "capped", Page: "page", Size: "size",
	ID: "id", Name: "name", Search: "name", ByID: "id", Sort: "sort_by", Order: "sort_order", Unique: "id",
}

func (g *fakeList) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	g.requests = append(g.requests, q)
	if g.before != nil {
		g.before(g, len(g.requests))
	}
	status, body := g.answer(q)
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (g *fakeList) answer(q url.Values) (int, string) {
	by := q.Get("sort_by")
	if by != "" && by == g.refuse {
		return g.status, `{"detail": {"error": "Invalid sort column"}}`
	}
	rows := slices.Clone(g.rows)
	if name := q.Get("name"); name != "" {
		if strings.Contains(name, "\x00") {
			return 500, `{"error": {"message": "Internal server error"}}`
		}
		like := likePattern(name)
		rows = slices.DeleteFunc(rows, func(t thingRow) bool { return !like.MatchString(t.Name) })
	}
	if id := q.Get("id"); id != "" {
		rows = slices.DeleteFunc(rows, func(t thingRow) bool { return t.ID != id })
	}
	g.arrange(rows, by, q.Get("sort_order") == "asc")
	page, size := number(q, "page", 1), number(q, "size", 10)
	total, capped := len(rows)+g.extra, false
	if g.capped > 0 && total > g.capped {
		total, capped = g.capped, true
	}
	from := min((page-1)*size, len(rows))
	sent, _ := json.Marshal(rows[from:min(from+size, len(rows))])
	return 200, fmt.Sprintf(`{"data": {"things": %s}, "total": %d, "pages": %d, "capped": %v}`, sent, total, (total+size-1)/size, capped)
}

func (g *fakeList) arrange(rows []thingRow, by string, ascending bool) {
	if by != "id" {
		rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	slices.SortStableFunc(rows, func(a, b thingRow) int {
		n := 0
		switch by {
		case "id":
			n = cmp.Compare(a.ID, b.ID)
		case "spend":
			n = cmp.Compare(a.Spend, b.Spend)
		}
		if !ascending {
			n = -n
		}
		return n
	})
}

func number(q url.Values, name string, otherwise int) int {
	if n, err := strconv.Atoi(q.Get(name)); err == nil {
		return n
	}
	return otherwise
}

// likePattern is PostgreSQL's ILIKE '%name%' of a database whose lower and upper case is
// that of ASCII, as the gateway asks it: nothing in the name is escaped.
func likePattern(name string) *regexp.Regexp {
	var p strings.Builder
	p.WriteString(`(?s)`)
	quoted := false
	for _, r := range name {
		switch {
		case quoted:
			quoted = false
			p.WriteString(regexp.QuoteMeta(string(r)))
		case r == '\\':
			quoted = true
		case r == '%':
			p.WriteString(`.*`)
		case r == '_':
			p.WriteString(`.`)
		case r < 128:
			p.WriteString(`(?i:` + regexp.QuoteMeta(string(r)) + `)`)
		default:
			p.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(p.String())
}

// rowsOf makes n rows with few different amounts.
func rowsOf(n int) []thingRow {
	rows := make([]thingRow, n)
	for i := range rows {
		rows[i] = thingRow{ID: fmt.Sprintf("id-%06d", i), Name: fmt.Sprintf("thing %d", i), Spend: float64(i % 3)}
	}
	return rows
}

type listInput struct {
	Page      int    `json:"page"`
	Size      int    `json:"size"`
	SortBy    string `json:"sort_by"`
	SortOrder string `json:"sort_order"`
}

// callOn prepares a call of a list operation on the fake.
func callOn(t testing.TB, g *fakeList, of *Collection, args Args) *Call {
	t.Helper()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: "http://gateway.test", APIKey: "sk-1", Transport: g, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	op := &Operation{Path: "things list", Summary: "List things", Effect: Read, Do: List[listInput]{Of: of}}
	if args == nil {
		args = Args{}
	}
	call, err := Prepare(t.Context(), Env{Client: client}, op, args)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// walked are the rows that --all shows, and how it ended.
func walked(t testing.TB, call *Call) (rows []thingRow, err error) {
	t.Helper()
	for result, failed := range call.Pages(t.Context()) {
		if failed != nil {
			return rows, failed
		}
		for _, item := range result.Page.Items {
			var row thingRow
			if err := json.Unmarshal(item, &row); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// distinct fails when an item came twice.
func distinct(t testing.TB, rows []thingRow) int {
	t.Helper()
	seen := map[string]bool{}
	for _, row := range rows {
		if seen[row.ID] {
			t.Errorf("%s came twice", row.ID)
		}
		seen[row.ID] = true
	}
	return len(seen)
}
