package operation

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

// TestExpiry: the date is sent as the duration until then. What was approved stays
// approved, although the duration is another one by then.
func TestExpiry(t *testing.T) {
	type input struct {
		Duration string `json:"duration"`
		Expires  Expiry `json:"expires"`
		Clearing
	}
	op := &Operation{Path: "things make", Summary: "Make a thing", Effect: Destructive, Done: "made",
		Do: Endpoint[input]{Method: "POST", Path: "/make"}}
	w := &world{answers: map[string]string{"/make": `{"id": "1"}`}}
	server := httptest.NewServer(w)
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	prepare := func(args string) (*Call, error) {
		var given Args
		if err := json.Unmarshal([]byte(args), &given); err != nil {
			t.Fatal(err)
		}
		return Prepare(t.Context(), Env{Client: client, Now: func() time.Time { return now }}, op, given)
	}
	call, err := prepare(`{"expires": "2026-11-27"}`)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := call.Plan(t.Context())
	if err != nil || len(plan.Requests) != 1 || !strings.Contains(plan.Requests[0].String(), "<time until 2026-11-27T23:59:59Z>") {
		t.Fatalf("the plan is %+v, %v", plan, err)
	}
	now = now.Add(time.Minute)
	again, err := prepare(`{"expires": "2026-11-27T23:59:59Z"}`)
	if err != nil {
		t.Fatal(err)
	}
	again.Approve(plan)
	now = now.Add(time.Minute)
	if _, err := again.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent := strings.Join(w.asked, "\n"); !strings.Contains(sent, `"129479s"`) {
		t.Errorf("sent %s", sent)
	}
	for args, want := range map[string]string{
		`{"expires": "2026-11-25"}`:                   `"2026-11-25" is in the past`,
		`{"expires": ""}`:                             "is not a date such as",
		`{"expires": "2200-01-01"}`:                   "more than 100 years away",
		`{"expires": "2027-01-01", "duration": "3d"}`: "both set the expiry",
	} {
		if _, err := prepare(args); proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}
