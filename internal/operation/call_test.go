package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

// Three operations are enough of a catalog for the engine: one that deletes by name,
// one of two steps of which the second needs the first, one that reads before it writes.
type (
	thingName  string
	thingInput struct {
		IDs []thingName `json:"ids" name:"things" help:"Things, by name or ID" cli:"alias=name"`
		Extras
	}
	makeInput struct {
		Name string `json:"name" jsonschema:"required" help:"Name of the thing"`
	}
)

var sampleThings = &Collection{What: "thing", Path: "/things", Items: "things", ID: "id", Name: "name"}

func (thingName) Collection() *Collection { return sampleThings }

var (
	thingsDelete = &Operation{Path: "things delete", Summary: "Delete things", Effect: Destructive, Done: "deleted {ids}",
		Do: Endpoint[thingInput]{Method: "POST", Path: "/things/delete"}}
	thingsMake = &Operation{Path: "things make", Summary: "Make a thing with a part", Effect: Destructive, Do: Func[makeInput](makeThing)}
	thingsCopy = &Operation{Path: "things copy", Summary: "Copy the newest thing", Effect: Destructive, Returns: []string{"id"},
		Do: Func[struct{}](func(ctx context.Context, call *Call, _ struct{}) (Result, error) {
			newest, err := call.Read(ctx, proxyclient.Request{Path: "/newest"})
			if err != nil {
				return Result{}, err
			}
			body, err := call.Write(ctx, "POST", "/copy", Args{"of": Lookup(newest, "id")})
			return Result{Body: body}, err
		})}
)

func makeThing(ctx context.Context, call *Call, in makeInput) (Result, error) {
	steps := NewSteps(call)
	made := steps.Write(ctx, "made "+in.Name, "POST", "/things/new", Args{"name": Encode(in.Name)})
	if steps.Err() != nil {
		return steps.Result(nil)
	}
	id, err := call.Identifier(made, "id", "the new thing")
	if err != nil {
		return Result{}, err
	}
	steps.Write(ctx, "made its part", "POST", "/parts/new", Args{"of": id})
	return steps.Result(made)
}

// world is a gateway that answers what it is told to and keeps what it was asked.
type world struct {
	answers map[string]string // by path
	asked   []string          // method, path and body of writes
	reads   int
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method == http.MethodGet {
		w.reads++
	} else {
		w.asked = append(w.asked, r.URL.Path+" "+string(body))
	}
	out.Header().Set("Content-Type", "application/json")
	answer, ok := w.answers[r.URL.Path]
	switch {
	case !ok && r.URL.Path == "/things":
		answer = `{"things": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}`
	case !ok:
		answer = `{}`
	}
	fmt.Fprint(out, answer)
}

func (w *world) prepare(t *testing.T, op *Operation, args string) *Call {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	var a Args
	if err := json.Unmarshal([]byte(args), &a); err != nil {
		t.Fatal(err)
	}
	call, err := Prepare(t.Context(), Env{Client: client}, op, a)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// approve agrees to what the question shows.
func approve(t *testing.T, call *Call) *Question {
	t.Helper()
	q, err := call.Question(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	call.Approve(q.Plan)
	return q
}

// TestNamesAreResolvedOnce: two things swap their names while the question is open.
// What is deleted is what the question named.
func TestNamesAreResolvedOnce(t *testing.T) {
	w := &world{answers: map[string]string{"/things": `{"things": [{"id": "1", "name": "scratch"}, {"id": "2", "name": "prod"}]}`}}
	call := w.prepare(t, thingsDelete, `{"name": "scratch"}`)
	q := approve(t, call)
	if !strings.Contains(q.String(), `/things/delete {"ids":["1"]}`) {
		t.Errorf("the question does not show the request:\n%s", q)
	}
	w.answers["/things"] = `{"things": [{"id": "2", "name": "scratch"}, {"id": "1", "name": "prod"}]}`
	if _, err := call.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.asked, "; "); got != `/things/delete {"ids":["1"]}` {
		t.Errorf("sent %s", got)
	}
	if thing, ok := call.Named("ids"); !ok || thing.Name != "scratch" {
		t.Errorf("the call does not know the thing by name: %+v", thing)
	}
}

// TestWhatIsSentIsWhatWasShown: an answer that the request depends on changes between
// the question and the deed.
func TestWhatIsSentIsWhatWasShown(t *testing.T) {
	w := &world{answers: map[string]string{"/newest": `{"id": "old"}`, "/copy": `{"id": "c"}`}}
	call := w.prepare(t, thingsCopy, `{}`)
	approve(t, call)
	w.answers["/newest"] = `{"id": "new"}`
	_, err := call.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), `nothing was sent`) || !strings.Contains(err.Error(), `{"of":"new"} instead of POST /copy {"of":"old"}`) {
		t.Errorf("error %v does not say what changed", err)
	}
	if len(w.asked) > 0 {
		t.Errorf("sent %q", w.asked)
	}
	w.answers["/newest"] = `{"id": "old"}`
	if _, err := call.Run(t.Context()); err != nil || len(w.asked) != 1 {
		t.Errorf("the same request again: %v, sent %q", err, w.asked)
	}
}

// TestUnconfirmedCallsDoNotRun: no surface can forget to ask.
func TestUnconfirmedCallsDoNotRun(t *testing.T) {
	w := &world{}
	call := w.prepare(t, thingsDelete, `{"ids": ["1"]}`)
	if _, err := call.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "not confirmed") {
		t.Errorf("error %v", err)
	}
	if len(w.asked) > 0 {
		t.Errorf("sent %q", w.asked)
	}
	call.Waive()
	if _, err := call.Run(t.Context()); err != nil || len(w.asked) != 1 {
		t.Errorf("a waived call: %v, sent %q", err, w.asked)
	}
}

// TestLaterRequestsAreBound: the second request needs an identifier out of the answer
// to the first. The plan shows a placeholder, and the deed may put nothing else there.
func TestLaterRequestsAreBound(t *testing.T) {
	w := &world{answers: map[string]string{"/things/new": `{"id": "n\"1"}`}}
	call := w.prepare(t, thingsMake, `{"name": "x"}`)
	q := approve(t, call)
	if !strings.Contains(q.String(), `/parts/new {"of":"<id of the new thing>"}`) {
		t.Errorf("the question:\n%s", q)
	}
	if _, err := call.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.asked, "; "); got != `/things/new {"name":"x"}; /parts/new {"of":"n\"1"}` {
		t.Errorf("sent %s", got)
	}
}

// TestMissingIdentifier: an answer without the identifier of what was made is an error,
// and no placeholder is sent.
func TestMissingIdentifier(t *testing.T) {
	for _, answer := range []string{`{}`, `null`, `{"id": null}`, `{"id": ""}`, `{"id": " "}`, `{"id": 5}`, `{"id": {"a": 1}}`, `{"id": ["1"]}`, `{"id": true}`} {
		w := &world{answers: map[string]string{"/things/new": answer, "/newest": `{"id": "1"}`, "/copy": answer}}
		for _, op := range []*Operation{thingsMake, thingsCopy} {
			w.asked = nil
			call := w.prepare(t, op, map[*Operation]string{thingsMake: `{"name": "x"}`, thingsCopy: `{}`}[op])
			call.Waive()
			_, err := call.Run(t.Context())
			if proxyclient.CodeOf(err) != proxyclient.CodeUnknownOutcome {
				t.Errorf("%s, answer %s: error %v, want an unknown outcome", op.Path, answer, err)
			}
			if len(w.asked) != 1 {
				t.Errorf("%s, answer %s: sent %q", op.Path, answer, w.asked)
			}
		}
	}
}

// TestPlanDigests: the digest covers what is masked, and order.
func TestPlanDigests(t *testing.T) {
	w, key := &world{}, []byte("key")
	plan := func(args string) *Plan {
		p, err := w.prepare(t, thingsDelete, args).Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	base := plan(`{"ids": ["1"], "extra": {"api_key": "sk-aaaaaaaaaaaaaaaaaaaa"}}`)
	if same := plan(`{"extra": {"api_key": "sk-aaaaaaaaaaaaaaaaaaaa"}, "ids": ["1"]}`); base.Digest(key) != same.Digest(key) || base.Difference(same) != "" {
		t.Error("two plans of the same requests differ")
	}
	for _, args := range []string{
		`{"ids": ["2"], "extra": {"api_key": "sk-aaaaaaaaaaaaaaaaaaaa"}}`, `{"ids": ["1"], "extra": {"api_key": "sk-aaaaaaaaaaaaaaaabbbb"}}`, `{"ids": ["1"]}`,
	} {
		other := plan(args)
		if base.Digest(key) == other.Digest(key) || base.Difference(other) == "" {
			t.Errorf("%s is taken for the same", args)
		}
		if text := base.Difference(other); strings.Contains(text, "aaaaaaaa") {
			t.Errorf("the difference shows a secret: %s", text)
		}
	}
}

// TestLongQuestions: nothing of a question is cut; one that is too long is not asked.
func TestLongQuestions(t *testing.T) {
	w := &world{}
	padding := strings.Repeat("x", MaxQuestion)
	call := w.prepare(t, thingsDelete, `{"ids": ["1"], "extra": {"a": "`+padding+`"}}`)
	if _, err := call.Question(t.Context()); err == nil || !strings.Contains(err.Error(), "characters") {
		t.Errorf("a question of more than %d characters: %v", MaxQuestion, err)
	}
	call = w.prepare(t, thingsDelete, `{"ids": ["00000000-0000-4000-8000-000000000001"], "extra": {"a": "`+padding[:2500]+`"}}`)
	if q := approve(t, call); !strings.Contains(q.String(), `"ids":["00000000-0000-4000-8000-000000000001"]`) {
		t.Error("the target is not in the question")
	}
}

// TestClockIsReadOnce: all that a call does happens at one time.
func TestClockIsReadOnce(t *testing.T) {
	tick := time.Date(2026, 11, 25, 23, 59, 59, 0, time.UTC)
	w := &world{}
	client := w.prepare(t, thingsDelete, `{"ids": ["1"]}`).Client()
	call, err := Prepare(t.Context(), Env{Client: client, Now: func() time.Time { tick = tick.Add(time.Second); return tick }}, thingsDelete, Args{"ids": Encode([]string{"1"})})
	if err != nil {
		t.Fatal(err)
	}
	if first := call.Now(); call.Now() != first {
		t.Error("the clock of a call moved")
	}
}

// TestStepsReportEachPart: one mechanism for going on after a failure and for stopping.
func TestStepsReportEachPart(t *testing.T) {
	bad := &proxyclient.Error{Code: proxyclient.CodeInternal, Message: "broken"}
	run := func(s *Steps) Result {
		s.Try("a", func() error { return nil })
		s.Try("b", func() error { return bad })
		s.Try("c", func() error { return nil })
		r, err := s.Result(nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := run(NewParts(nil, "deleted", "thing")); r.Done != "deleted a, c" || len(r.Failed) != 1 || r.Failed[0].What != "thing b" {
		t.Errorf("parts: %+v", r)
	}
	if r := run(NewSteps(nil)); r.Done != "a" || len(r.Failed) != 2 || r.Failed[1].Why != "not tried" {
		t.Errorf("steps: %+v", r)
	}
	s := NewSteps(nil)
	s.Try("a", func() error { return bad })
	if _, err := s.Result(nil); err != error(bad) {
		t.Errorf("nothing done: %v", err)
	}
}

// TestChecksAndNotes holds the hooks around a write: a check refuses with nothing sent,
// also in a plan; notes reach the plan, the question and the result once; what Verify
// finds fails the call and keeps the answer.
func TestChecksAndNotes(t *testing.T) {
	refuse, stays := false, false
	op := &Operation{Path: "things set", Summary: "Set a thing", Effect: Set, Done: "set",
		Checks: []Check{func(_ context.Context, call *Call) error {
			call.Note("the thing is shared")
			if refuse {
				return Usage("the thing is not yours")
			}
			return nil
		}},
		Do: Func[makeInput](func(ctx context.Context, call *Call, in makeInput) (Result, error) {
			call.Note("it resets on Monday")
			body, err := call.Write(ctx, "POST", "/set", Args{"name": Encode(in.Name)})
			return Result{Body: body}, err
		}),
		Verify: func(_ context.Context, call *Call, result *Result) error {
			if stays {
				return Usage("the name stayed")
			}
			return nil
		}}
	w := &world{answers: map[string]string{"/set": `{"id": "1"}`}}
	want := []string{"the thing is shared", "it resets on Monday"}

	call := w.prepare(t, op, `{"name": "x"}`)
	plan, err := call.Plan(t.Context())
	if err != nil || !slices.Equal(plan.Notes, want) {
		t.Fatalf("the plan says %q, %v", plan.Notes, err)
	}
	question, err := call.Question(t.Context())
	if err != nil || !strings.Contains(question.String(), "Note: it resets on Monday") {
		t.Fatalf("the question is %s, %v", question, err)
	}
	call.Waive()
	result, err := call.Run(t.Context())
	if err != nil || !slices.Equal(result.Notes, want) || result.Done != "set" {
		t.Fatalf("%+v, %v", result, err)
	}
	stays = true
	if result, err = call.Run(t.Context()); err == nil || result.Done != "" || len(result.Body) == 0 {
		t.Fatalf("a write that did nothing: %+v, %v", result, err)
	}
	refuse = true
	sent := len(w.asked)
	if _, err := Prepare(t.Context(), Env{Client: call.env.Client}, op, call.args); err == nil || len(w.asked) != sent {
		t.Fatalf("a refused call: %v, sent %q", err, w.asked[sent:])
	}
}

// TestDoneWithoutAName: what the answer lacks leaves no gap in the sentence.
func TestDoneWithoutAName(t *testing.T) {
	call := &Call{op: &Operation{Done: "generated key {key_alias} {key_name} (token {token})"}}
	if got := call.done(json.RawMessage(`{"key_alias": null, "key_name": "sk-...abcd", "token": "1f"}`)); got != "generated key sk-...abcd (token 1f)" {
		t.Errorf("got %q", got)
	}
}
