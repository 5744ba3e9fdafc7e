package operation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

// fakeLog is a gateway with a log: identifiers and the seconds at which they ended.
type fakeLog struct {
	rows  []loggedRow
	away  bool
	asked []string // the periods
	pages int
}

type loggedRow struct {
	id string
	at int
}

var logStart = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func (g *fakeLog) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.away {
		return nil, errors.New("refused")
	}
	q := r.URL.Query()
	g.asked = append(g.asked, q.Get("start_date"))
	g.pages++
	rows := slices.Clone(g.rows)
	slices.SortStableFunc(rows, func(a, b loggedRow) int {
		if q.Get("sort_order") == "desc" {
			a, b = b, a
		}
		return a.at - b.at
	})
	size, _ := strconv.Atoi(q.Get("size"))
	page, _ := strconv.Atoi(q.Get("page"))
	var items []string
	for i, row := range rows {
		if i/size == page-1 {
			items = append(items, fmt.Sprintf(`{"id": %q, "end": %q}`, row.id, logStart.Add(time.Duration(row.at)*time.Second).Format(time.RFC3339Nano)))
		}
	}
	body := fmt.Sprintf(`{"data": [%s], "total": %d, "pages": %d}`, strings.Join(items, ","), len(rows), (len(rows)+size-1)/size)
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

type logInput struct {
	StartDate string `json:"start_date" help:"Begin"`
}

// followed makes the readings of a followed log: before each, a step changes the log. It
// returns what came, a line for each reading.
func followed(t *testing.T, g *fakeLog, args Args, steps ...func()) string {
	t.Helper()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: "http://gateway.test", APIKey: "sk-1", Retries: -1, Transport: g})
	if err != nil {
		t.Fatal(err)
	}
	op := &Operation{Path: "logs list", Summary: "Log", Effect: Read, Do: List[logInput]{
		Of: &Collection{What: "entry", Path: "/log", Items: "data", Total: "total", Pages: "pages", Page: "page", Size: "size", Most: 3,
			ID: "id", Sort: "sort_by", Order: "sort_order", Unique: "start", Latest: true},
		Follow: &Follow{By: "end", Since: func(args Args, at time.Time) (Args, bool) {
			return args.With("start_date", at.Format(time.TimeOnly)), args["start_date"] != nil
		}},
	}}
	call, err := Prepare(t.Context(), Env{Client: client, Now: func() time.Time { return logStart }}, op, args)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for result, err := range call.Follow(t.Context(), func(context.Context) error {
		if len(steps) == 0 {
			return context.Canceled
		}
		steps[0]()
		steps = steps[1:]
		return nil
	}) {
		if err != nil {
			out.WriteString("error\n")
			continue
		}
		for _, item := range result.Page.Items {
			out.WriteString(Word(Lookup(item, "id")))
		}
		out.WriteString("\n")
	}
	return out.String()
}

// TestFollow: what a log gets comes once, what ended first first, also what was written
// late, and what came while the gateway was away.
func TestFollow(t *testing.T) {
	g := &fakeLog{}
	add := func(rows ...loggedRow) func() { return func() { g.rows = append(g.rows, rows...) } }
	add(loggedRow{"x", -500}, loggedRow{"y", -400}, loggedRow{"z", -1}, loggedRow{"w", 0})()
	got := followed(t, g, nil,
		add(),
		add(loggedRow{"b", 2}, loggedRow{"a", 1}),
		add(loggedRow{"d", 20}, loggedRow{"c", 1}),
		func() { g.away = true; add(loggedRow{"f", 100}, loggedRow{"e", 99})() },
		func() { g.away = false; add(loggedRow{"g", 101}, loggedRow{"h", 102}, loggedRow{"i", 300})() },
		add(loggedRow{"k", 301}, loggedRow{"j", 299}),
		add(),
	)
	if want := "\n\nab\ncd\nerror\nefghi\njk\n\n"; got != want {
		t.Errorf("it showed %q, want %q", got, want)
	}
	if last := g.asked[len(g.asked)-1]; last != "11:05:01" {
		t.Errorf("the last reading begins at %s, an hour before the latest entry is 11:05:01", last)
	}
}

// TestFollowPeriod: with a period its entries come first, and the pages of a long log are
// not all read again.
func TestFollowPeriod(t *testing.T) {
	g := &fakeLog{}
	for i := range 26 {
		g.rows = append(g.rows, loggedRow{string(rune('z' - i)), -i * 200})
	}
	got := followed(t, g, Args{"start_date": Encode("00:00")}, func() {
		g.pages = 0
		g.rows = append(g.rows, loggedRow{"A", 5})
	})
	if want := "abc\ndef\nghi\njkl\nmno\npqr\nstu\nvwx\nyz\nA\n"; got != want {
		t.Errorf("it showed %q, want %q", got, want)
	}
	if g.pages != 1 {
		t.Errorf("the second reading took %d pages, want 1", g.pages)
	}
}
