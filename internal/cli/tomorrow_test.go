package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// tomorrow is a field that a later gateway adds to everything.
const tomorrow = `"added_tomorrow": {"by": "a later gateway"}, `

// TestTomorrow: a field that the gateway adds later is in every answer that is passed on, on
// both surfaces, and one that it takes later can be sent.
func TestTomorrow(t *testing.T) {
	const key = "sk-tomorrow"
	var sent []request
	inner := &echo{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		inner.ServeHTTP(recorded, r)
		sent = append(sent, inner.take()...)
		w.Header().Set("Content-Type", recorded.Header().Get("Content-Type"))
		_, _ = w.Write([]byte(strings.NewReplacer("{}", "{}", "{", "{"+tomorrow).Replace(recorded.Body.String())))
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: key})
	if err != nil {
		t.Fatal(err)
	}
	mcp := connect(t, mcpserver.Options{Operations: tools.All(), Client: client, Toolsets: []string{"all"}, Confirm: "never"}, key)
	lists, objects, writes := 0, 0, 0
	for _, op := range tools.All() {
		args := inputs(op)[1]
		do := reflect.TypeOf(op.Do).String()
		inner.array = false
		ran := func(more ...string) (int, string) {
			status, stdout, stderr := run(t, server.URL, key, append(argv(t, op, args), more...)...)
			return status, stdout + stderr
		}
		status, text := ran("--format", "json")
		if strings.Contains(text, "answer has no list") {
			inner.array = true
			status, text = ran("--format", "json")
		}
		passed := strings.HasPrefix(do, "operation.Endpoint[") || strings.HasPrefix(do, "operation.List[")
		switch {
		case status != 0 || op.Effect == operation.Read && !passed:
		case op.Effect != operation.Read:
			if _, extra := op.Field(operation.ExtraField); extra {
				writes++
				sent = nil
				ran("--set", "added_tomorrow:=[1]")
				ran("--body", `{"added_tomorrow": [1]}`)
				args = args.With(operation.ExtraField, json.RawMessage(`{"added_tomorrow": [1]}`))
				answer := mcp.call(op.Tool(), args)
				if n := strings.Count(marshal(sent), `"added_tomorrow":[1]`); n < 3 {
					t.Errorf("%s: %d of 3 requests had the field; %s", op.Path, n, answer.StructuredContent)
				}
			}
		case op.Lists() && len(op.Columns) > 0:
			lists++
			tomorrowsList(t, op, args, ran, mcp)
			fallthrough
		default:
			objects++
			_, yaml := ran("--format", "yaml")
			if !strings.Contains(text, "a later gateway") || !strings.Contains(yaml, "a later gateway") {
				t.Errorf("%s lacks the field:\n%s\n%s", op.Path, text, yaml)
			}
			if answer := mcp.call(op.Tool(), args); !op.Lists() && !strings.Contains(string(answer.StructuredContent), "added_tomorrow") {
				t.Errorf("%s: the tool's answer lacks the field: %s", op.Path, answer.StructuredContent)
			}
		}
	}
	if lists < 15 || objects < 25 || writes < 10 {
		t.Errorf("only %d lists, %d answers and %d writes were tried", lists, objects, writes)
	}
}

// tomorrowsList tries a list: its slim forms, a table and the tool's answer, show the field
// on request.
func tomorrowsList(t *testing.T, op *operation.Operation, args operation.Args, ran func(...string) (int, string), mcp *session) {
	for _, form := range [][]string{{"--format", "jsonl"}, {"--format", "csv", "--columns", "+added_tomorrow.by"}, {"--format", "table", "--columns", "+added_tomorrow"}} {
		if status, text := ran(form...); status != 0 || !strings.Contains(text, "a later gateway") {
			t.Errorf("%s %q lacks the field: %s", op.Path, form, text)
		}
	}
	for view, want := range map[string]bool{`{}`: false, `{"full": true}`: true, `{"fields": ["added_tomorrow"]}`: true} {
		input := operation.Args{}
		_ = json.Unmarshal([]byte(view), &input)
		for name, value := range args {
			input[name] = value
		}
		if answer := mcp.call(op.Tool(), input); strings.Contains(string(answer.StructuredContent), "a later gateway") != want {
			t.Errorf("%s with %s: the tool's answer has the field: %v, want %v: %s", op.Path, view, !want, want, answer.StructuredContent)
		}
	}
}
