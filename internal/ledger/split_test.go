package ledger

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestDaysAddUp: three days are split over four pages; whoever reads them all sees each day
// once, with all of its spend, and a single page says what it cuts.
func TestDaysAddUp(t *testing.T) {
	day := func(date string, spend float64) string {
		return fmt.Sprintf(`{"date":"%s","metrics":{"spend":%v,"api_requests":1},"breakdown":{"models":{"m%v":{"metrics":{"spend":%v},"metadata":{}}}}}`, date, spend, spend, spend)
	}
	pages := []string{
		day("2026-10-05", 1) + "," + day("2026-10-04", 250), day("2026-10-04", 250), day("2026-10-04", 250) + "," + day("2026-10-03", 0.1), day("2026-10-03", 0.2),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"results":[%s],"metadata":{"total_spend":1,"page":%d,"total_pages":%d,"has_more":%t}}`, pages[n-1], n, len(pages), n < len(pages))
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-x"})
	if err != nil {
		t.Fatal(err)
	}
	type input struct {
		Of   string `json:"of" help:"Of"`
		Page int    `json:"page" help:"Page"`
	}
	op := &operation.Operation{Path: "days list", Summary: "List days", Effect: operation.Read, Do: operation.List[input]{Of: Activity},
		Columns: []operation.Column{{Name: "date"}, {Name: operation.IncompleteColumn}}}
	prepare := func(args operation.Args) *operation.Call {
		call, err := operation.Prepare(t.Context(), operation.Env{Client: client}, op, args)
		if err != nil {
			t.Fatal(err)
		}
		return call
	}
	words := func(items *strings.Builder, page *operation.Page) {
		for _, item := range page.Items {
			fmt.Fprintf(items, "%s %s %s; ", operation.Word(operation.Lookup(item, "date")), operation.Lookup(item, "metrics.spend"), operation.Lookup(item, operation.IncompleteColumn))
		}
	}
	const whole = "2026-10-05 1 ; 2026-10-04 750 ; 2026-10-03 0.3 ; "
	args := operation.Args{"of": operation.Encode("team")}
	result, err := prepare(args).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	words(&got, result.Page)
	if got.String() != whole || result.Page.Next != nil || string(operation.Lookup(result.Body, "metadata.total_spend")) != "4" ||
		string(operation.Lookup(result.Body, "metadata.has_more")) != "false" || len(result.Page.Columns) != 1 {
		t.Errorf("all pages: %s\n%s", &got, result.Body)
	}
	got.Reset()
	for result, err := range prepare(args).Pages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		words(&got, result.Page)
	}
	if got.String() != whole {
		t.Errorf("page by page: %s", &got)
	}
	for page, want := range map[int]string{
		1: "2026-10-05 1 ; 2026-10-04 250 true; ", 2: "2026-10-04 250 true; ", 3: "2026-10-04 250 true; 2026-10-03 0.1 true; ", 4: "2026-10-03 0.2 true; ",
	} {
		result, err := prepare(args.With("page", page)).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got.Reset()
		words(&got, result.Page)
		if got.String() != want || len(result.Notes) != 1 || !strings.Contains(string(result.Body), `"incomplete":true`) {
			t.Errorf("page %d: %s, %q", page, &got, result.Notes)
		}
	}
}

// TestUnattributedIsNotDeleted keeps the mark of deleted keys off the gateway's word for
// requests without a valid key.
func TestUnattributedIsNotDeleted(t *testing.T) {
	var day dayActivity
	if err := json.Unmarshal([]byte(`{"breakdown":{"api_keys":{
		"unattributed":{"metadata":{"key_alias":"Unattributed","key_exists":false}},
		"abc":{"metadata":{"key_alias":"ci","key_exists":false}}}}}`), &day); err != nil {
		t.Fatal(err)
	}
	names := Names{}
	names.learn("team", &day)
	if got := names["key"]; got["unattributed"] != "Unattributed" || got["abc"] != "ci (deleted)" {
		t.Error(got)
	}
}
