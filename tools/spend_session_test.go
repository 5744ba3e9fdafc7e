package tools

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestSpendSession: several pages, totals, and the bodies of the latest and the failed
// requests, cut without uncovering half a secret.
func TestSpendSession(t *testing.T) {
	const requests = 250
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := strings.CutPrefix(r.URL.Path, "/spend/logs/ui/"); ok {
			asked[id]++
			fmt.Fprintf(w, `{"messages": {}, "response": {"text": "short"}, "proxy_server_request": {"api_key": "sk-verysecretkeyofsomebody", "filler": %q}}`, strings.Repeat("é", 500))
			return
		}
		if r.URL.Path != "/spend/logs/session/ui" {
			_, _ = io.WriteString(w, `{"users": []}`)
			return
		}
		page := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		var rows []string
		for i := (page - 1) * 100; i < min(page*100, requests); i++ {
			n, status := requests-1-i, "success"
			if n == 3 {
				status = "failure"
			}
			rows = append(rows, fmt.Sprintf(`{"request_id": "r%d", "startTime": "2026-11-26T05:%02d:%02d+00:00", "endTime": "2026-11-26T05:%02d:%02d.5+00:00", "model": "openai/m", "model_group": "m%d",
				"spend": 0.25, "prompt_tokens": 2, "completion_tokens": 3, "status": %q, "metadata": {"error_information": {"error_code": "429", "error_message": "too fast"}}}`,
				n, n/60, n%60, n/60, n%60, n%2, status))
		}
		fmt.Fprintf(w, `{"data": [%s], "total": %d, "page": %d, "page_size": 100, "total_pages": 3}`, strings.Join(rows, ","), requests, page)
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-x"})
	if err != nil {
		t.Fatal(err)
	}
	args := operation.Args{"session_id": json.RawMessage(`"s"`), "bodies": json.RawMessage("2"), "max_body_chars": json.RawMessage("40")}
	result, err := run(t.Context(), operation.Env{Client: client}, spendSession, args)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"requests": "250", "failed": "1", "spend": "62.5", "total_tokens": "1250", "models": `["m0","m1"]`, "end": `"2026-11-26T05:04:09.5+00:00"`} {
		if got := string(operation.Lookup(result.Body, path)); got != want {
			t.Errorf("%s is %s, not %s", path, got, want)
		}
	}
	if len(asked) != 3 || asked["r3"] != 1 || asked["r248"] != 1 || asked["r249"] != 1 {
		t.Errorf("the bodies of %v were read", asked)
	}
	items := result.Page.Items
	if got := string(operation.Lookup(items[3], "error")); got != `"429 too fast"` || string(operation.Lookup(items[0], "error")) != `""` {
		t.Errorf("the errors are %s and %s", got, operation.Lookup(items[0], "error"))
	}
	if got := string(operation.Lookup(items[0], "duration_ms")); got != "500" {
		t.Errorf("a request took %s ms", got)
	}
	request := operation.Word(operation.Lookup(items[249], "request"))
	if strings.Contains(request, "sk-very") || !strings.HasSuffix(request, "more characters)") {
		t.Errorf("the body is %q", request)
	}
	if got := string(operation.Lookup(items[249], "response.text")); got != `"short"` {
		t.Errorf("the response is %s", got)
	}
	if operation.Lookup(items[100], "request") != nil {
		t.Error("the body of a request in the middle is shown")
	}
}

// TestSessionTotal: a sum of decimal fractions is shown without the noise of the binary ones.
func TestSessionTotal(t *testing.T) {
	_, notes := sessionTotals("s", []logged{{Spend: 0.0000135}, {Spend: 0.0000135}, {Spend: 0.0000135}})
	if !strings.Contains(notes[0], "; 0.0000405 US dollars;") {
		t.Error(notes[0])
	}
}
