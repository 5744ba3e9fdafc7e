package mcpserver

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/tools"
)

// recorded is a gateway that answers everything and remembers what it was sent.
type recorded struct {
	mu   sync.Mutex
	sent []string
}

func (r *recorded) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	if q.URL.Path == "/openapi.json" {
		http.NotFound(w, q) // a process asks once
		return
	}
	r.mu.Lock()
	r.sent = append(r.sent, q.Method+" "+q.URL.String()+" "+string(body))
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"data":[],"keys":[],"users":[],"teams":[],"total_count":1,"user_id":"u","team_id":"t","key":"sk-abc","token":"k","info":{"metadata":{"a":1}}}`)
}

// sending calls a tool and returns what it sent and said.
func (r *recorded) sending(c *stdioClient, tool, args string) string {
	r.mu.Lock()
	r.sent = nil
	r.mu.Unlock()
	answer := c.call(tool, args)
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := slices.DeleteFunc(strings.Split(answer.Text, "\n"), func(line string) bool { return strings.HasPrefix(line, "Left as it is: ") })
	return strings.Join(slices.Concat(r.sent, lines), "\n")
}

// identifier is a text for a field that names a thing: one that is not looked up.
func identifier(f operation.Field) string {
	switch {
	case f.Collection == nil:
		return ""
	case f.Collection.What == "key":
		return strings.Repeat("a1", 32)
	}
	return "00000000-0000-4000-8000-000000000001"
}

// value is a value of a field that its schema takes.
func value(f operation.Field) string {
	if id := identifier(f); id != "" && f.Kind == operation.KindStrings {
		return string(encode([]string{id}))
	} else if id != "" {
		return string(encode(id))
	}
	switch f.Kind {
	case operation.KindInteger, operation.KindNumber:
		return "2"
	case operation.KindBoolean:
		return "true"
	case operation.KindStrings:
		if len(f.Enum) > 0 {
			return string(encode([]string{f.Enum[0]}))
		}
		return `["a","b"]`
	case operation.KindMessages:
		return `[{"role":"user","content":"5"}]`
	case operation.KindObject, operation.KindPairs:
		return `{"x":"5","y":[""],"z":null,"n":9007199254740993}`
	case operation.KindHeaders:
		return `{"X-A":"5"}`
	case operation.KindJSON:
		return `{"x":"5"}`
	}
	switch {
	case len(f.Enum) > 0:
		return string(encode(f.Enum[0]))
	case f.Name == "uri":
		return `"/x"`
	case f.Name == "method":
		return `"POST"`
	}
	return `"abc"`
}

// least is the arguments of a call that gives no more than it must. An update changes
// something.
func least(op *operation.Operation) operation.Args {
	args := operation.Args{}
	for _, f := range op.Fields() {
		if f.Required {
			args[f.Name] = json.RawMessage(value(f))
		}
	}
	if op.Update != nil {
		for _, f := range op.Fields() {
			if args[f.Name] == nil && f.Name != "clear" && f.Name != "replace" {
				args[f.Name] = json.RawMessage(value(f))
				break
			}
		}
	}
	return args
}

func everyTool(t *testing.T, try func(t *testing.T, r *recorded, c *stdioClient, op *operation.Operation)) {
	t.Helper()
	r := &recorded{}
	s := newServer(t, Options{Client: fake(t, r.ServeHTTP), Confirm: confirmNever})
	now := time.Now()
	s.now = func() time.Time { return now } // some answers tell the time
	c := dial(t, s, `{}`, nil)
	for _, op := range tools.All() {
		t.Run(op.Tool(), func(t *testing.T) { try(t, r, c, op) })
	}
}

// TestUnsetIsUnset: a call with every optional argument filled in with what stands for no
// value sends and says what the call without them does.
func TestUnsetIsUnset(t *testing.T) {
	everyTool(t, func(t *testing.T, r *recorded, c *stdioClient, op *operation.Operation) {
		bare := least(op)
		want := r.sending(c, op.Tool(), string(encode(bare)))
		falsehoods := maps.Clone(bare)
		for _, f := range op.Fields() {
			if f.Kind == operation.KindBoolean && bare[f.Name] == nil {
				falsehoods[f.Name] = json.RawMessage(`false`)
			}
		}
		got := r.sending(c, op.Tool(), string(encode(falsehoods)))
		if first, _, _ := strings.Cut(want, "\n"); strings.HasPrefix(got, op.Path) && !strings.HasPrefix(first, op.Path) {
			t.Errorf("false refuses the call: %s", got)
		}
		for _, filler := range []string{`null`, `""`, `[]`, `{}`, ` [ ] `, `0`, `"0"`} {
			args := maps.Clone(bare)
			for _, f := range op.Fields() {
				if args[f.Name] != nil || f.Empty == "data" && strings.ContainsAny(filler, "[{0") {
					continue
				}
				if strings.Contains(filler, "0") && !f.Unset(json.RawMessage(`0`)) {
					continue
				}
				args[f.Name] = json.RawMessage(filler)
			}
			got := r.sending(c, op.Tool(), string(encode(args)))
			if before, after, noted := strings.Cut(got, "Not used as filters, because they are empty: "); noted { // which a deletion says
				_, after, _ = strings.Cut(after, "\n")
				got = before + after
			}
			if got != want {
				t.Errorf("filled in with %s: %s\ngot  %s\nwant %s", filler, encode(args), got, want)
			}
		}
	})
}

// TestTextsForValues: each argument that is no text is taken as the text of its value.
func TestTextsForValues(t *testing.T) {
	everyTool(t, func(t *testing.T, r *recorded, c *stdioClient, op *operation.Operation) {
		for _, f := range op.Fields() {
			if f.Kind == operation.KindString || f.Kind == operation.KindJSON {
				continue
			}
			args := least(op)
			args[f.Name] = json.RawMessage(value(f))
			want := r.sending(c, op.Tool(), string(encode(args)))
			args[f.Name] = encode(value(f))
			if got := r.sending(c, op.Tool(), string(encode(args))); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", encode(args), got, want)
			}
		}
	})
}

// TestNumbersForTexts: a number for a text is its digits, in lists too.
func TestNumbersForTexts(t *testing.T) {
	everyTool(t, func(t *testing.T, r *recorded, c *stdioClient, op *operation.Operation) {
		for _, f := range op.Fields() {
			args, text, number := least(op), `"7.50"`, `7.50`
			switch f.Kind {
			case operation.KindString:
			case operation.KindStrings:
				text, number = `["7.50","a"]`, `[7.50,"a"]`
			default:
				continue
			}
			args[f.Name] = json.RawMessage(text)
			want := r.sending(c, op.Tool(), string(encode(args)))
			args[f.Name] = json.RawMessage(number)
			if got := r.sending(c, op.Tool(), string(encode(args))); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", encode(args), got, want)
			}
		}
	})
}

// TestPairs: of an argument's two names, the one that is given a value counts.
func TestPairs(t *testing.T) {
	everyTool(t, func(t *testing.T, r *recorded, c *stdioClient, op *operation.Operation) {
		for _, f := range op.Fields() {
			if f.Property == f.Name {
				continue
			}
			for _, empty := range []string{`""`, `null`, `[]`} {
				for given, other := range map[string]string{f.Name: f.Property, f.Property: f.Name} {
					args := least(op)
					delete(args, f.Name)
					args[given] = json.RawMessage(value(f))
					want := r.sending(c, op.Tool(), string(encode(args)))
					args[other] = json.RawMessage(empty)
					if got := r.sending(c, op.Tool(), string(encode(args))); got != want || strings.Contains(got, "two names of one argument") {
						t.Errorf("%s\ngot  %s\nwant %s", encode(args), got, want)
					}
				}
			}
		}
	})
}

// TestNamesOfClients: what clients add is dropped, and any other unknown name refused,
// whatever its value.
func TestNamesOfClients(t *testing.T) {
	everyTool(t, func(t *testing.T, r *recorded, c *stdioClient, op *operation.Operation) {
		bare := least(op)
		want := r.sending(c, op.Tool(), string(encode(bare)))
		args := maps.Clone(bare)
		for _, name := range clientArguments {
			if _, own := op.Field(snake(name)); !own {
				args[name] = json.RawMessage(`"x"`)
			}
		}
		if got := r.sending(c, op.Tool(), string(encode(args))); got != want {
			t.Errorf("with what clients add:\ngot  %s\nwant %s", got, want)
		}
		for _, empty := range []string{`null`, `""`, `[]`, `1`} {
			got := r.sending(c, op.Tool(), string(encode(bare.With("max_budgettt", json.RawMessage(empty)))))
			if !strings.HasPrefix(got, op.Path+`: unknown argument "max_budgettt"`) {
				t.Errorf("max_budgettt: %s was not refused: %s", empty, got)
			}
		}
	})
}
