package tools

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"litellm-proxy/internal/operation"
)

//go:generate go test . -run TestSnapshots -update

var update = flag.Bool("update", false, "rewrite the snapshots")

// source is a Go file.
type source struct {
	name string
	*ast.File
}

// sources parses the Go files that the patterns match, without the tests.
func sources(t *testing.T, patterns ...string) (parsed []source) {
	t.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, source{file, f})
		}
	}
	return parsed
}

// TestAllIsComplete reads the source and fails on an operation that is declared
// but not in All.
func TestAllIsComplete(t *testing.T) {
	declared := 0
	for _, f := range sources(t, "*.go") {
		ast.Inspect(f.File, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if name, ok := lit.Type.(*ast.SelectorExpr); !ok || name.Sel.Name != "Operation" {
				return true
			}
			declared++
			for _, e := range lit.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok || kv.Key.(*ast.Ident).Name != "Path" {
					continue
				}
				path := strings.Trim(kv.Value.(*ast.BasicLit).Value, `"`)
				if All().Find(path) == nil {
					t.Errorf("%s declares %q, which is not in the list of its resource", f.name, path)
				}
			}
			return true
		})
	}
	if declared != len(All()) {
		t.Errorf("%d operations are declared, All returns %d", declared, len(All()))
	}
}

// TestDeclarations holds every operation to the rules of this package.
func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range All() {
		fail := func(format string, args ...any) { t.Helper(); t.Errorf(op.Path+": "+format, args...) }
		if seen[op.Tool()] {
			fail("the tool name %s is taken", op.Tool())
		}
		seen[op.Tool()] = true
		if op.Effect < operation.Read || op.Effect > operation.Destructive {
			fail("no effect")
		}
		if op.Summary == "" || strings.HasSuffix(op.Summary, ".") || !unicode.IsUpper([]rune(op.Summary)[0]) {
			fail("the summary %q must begin with a capital and end without a full stop", op.Summary)
		}
		if op.Help != "" && !strings.HasSuffix(op.Help, ".") {
			fail("the help must end with a full stop")
		}
		if len(op.Examples) == 0 {
			fail("no example")
		}
		for _, example := range op.Examples {
			if !strings.HasPrefix(example+" ", op.Path+" ") {
				fail("the example %q is of another operation", example)
			}
		}
		takesBody, endpoint := endpoint(op)
		if endpoint && op.Effect != operation.Read && op.Done == "" {
			fail("a write says nothing when it is done")
		}
		if op.Alarm && (!op.Lists() || op.Effect != operation.Read) {
			fail("an alarm is a list that is only read")
		}
		names := map[string]bool{}
		for _, c := range op.Columns {
			if names[c.Name] {
				fail("two columns are called %s", c.Name)
			}
			names[c.Name] = true
		}
		checkFields(t, op)
		if endpoint && (op.Effect == operation.Write || op.Effect == operation.Set) && takesBody != op.TakesExtra() {
			fail("a write with a body embeds Extras, one without does not")
		}
	}
}

// checkFields holds the input of an operation to the rules.
func checkFields(t *testing.T, op *operation.Operation) {
	t.Helper()
	flags := map[string]bool{}
	args := []int{}
	for _, f := range op.Fields() {
		if f.Help == "" || strings.HasSuffix(f.Help, ".") {
			t.Errorf(op.Path+": the description of %s is empty or ends with a full stop", f.Name)
		}
		if f.Arg > 0 {
			args = append(args, f.Arg)
		}
		for _, name := range f.Known() {
			if other, taken := op.Field(name); taken {
				t.Errorf(op.Path+": %s is the public name of %s and the gateway's name of another argument", name, f.Name)
				_ = other
			}
		}
		for _, name := range append([]string{f.Flag, f.Short}, f.FlagAliases()...) {
			if name != "" && flags[name] {
				t.Errorf(op.Path+": two flags are called %s", name)
			}
			flags[name] = true
		}
	}
	slices.Sort(args)
	for i, n := range args {
		if n != i+1 {
			t.Errorf(op.Path+": the positional arguments are numbered %v", args)
		}
	}
}

// endpoint tells whether the operation is an Endpoint, and whether that takes body
// fields of any name.
func endpoint(op *operation.Operation) (takesBody, ok bool) {
	v := reflect.ValueOf(op.Do)
	if v.Kind() != reflect.Struct || !v.FieldByName("Fixed").IsValid() {
		return false, false
	}
	method := v.FieldByName("Method").String()
	return !v.FieldByName("Fixed").Bool() && method != "GET" && method != "DELETE", true
}

// TestRequestsAreKnown: the names of the fields of every request with further fields are in
// requests.txt, which go generate ./internal/operation fills.
func TestRequestsAreKnown(t *testing.T) {
	b, err := os.ReadFile("../internal/operation/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range All() {
		if op.TakesExtra() && !strings.Contains(string(b), "\n"+op.Path+"\t") {
			t.Errorf("%s: add a line with its request to requests.txt and run go generate", op.Path)
		}
	}
}

// TestPlaceholders: what stands in braces in a text is a property that exists.
func TestPlaceholders(t *testing.T) {
	for _, op := range All() {
		everywhere := func(path string) (string, bool) { return path, true } // TestMentions looks for the operations
		for text := operation.Mentions(op.Help, everywhere); ; {
			_, rest, ok := strings.Cut(text, "{")
			if !ok {
				break
			}
			var name string
			name, text, _ = strings.Cut(rest, "}")
			if _, ok := op.Field(name); !ok {
				t.Errorf("%s: the help names {%s}, which is no argument", op.Path, name)
			}
		}
	}
}

// TestSchemas: no client chokes on a schema of ours.
func TestSchemas(t *testing.T) {
	for _, op := range All() {
		var s map[string]any
		if err := json.Unmarshal(op.Schema(), &s); err != nil {
			t.Fatalf("%s: %v", op.Path, err)
		}
		if s["type"] != "object" || s["additionalProperties"] != false || s["properties"] == nil {
			t.Errorf("%s: the schema is not a closed object: %s", op.Path, op.Schema())
		}
		walk(t, op.Path, s, true)
	}
}

func walk(t *testing.T, where string, value any, schema bool) {
	switch v := value.(type) {
	case map[string]any:
		if schema && v["type"] == nil {
			t.Errorf("%s: a schema without a type: %v", where, v)
		}
		for _, word := range []string{"$ref", "$defs", "anyOf", "oneOf", "allOf"} {
			if schema && v[word] != nil {
				t.Errorf("%s: %s is not understood everywhere", where, word)
			}
		}
		properties, _ := v["properties"].(map[string]any)
		for name, p := range properties {
			if m, ok := p.(map[string]any); !ok || m["description"] == nil {
				t.Errorf("%s.%s: no description", where, name)
			}
			walk(t, where+"."+name, p, true)
		}
		if items, ok := v["items"]; ok {
			walk(t, where+".items", items, true)
		}
	default:
		t.Errorf("%s: %v is no schema", where, v)
	}
}

// TestSnapshots shows every change of what a surface is made from as a diff.
func TestSnapshots(t *testing.T) {
	for _, op := range All() {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err := e.Encode(map[string]any{
			"name": op.Tool(), "summary": op.Summary, "help": op.Help, "effect": op.Effect.String(),
			"default": op.Default, "input": op.Schema(),
		})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "tools", op.Tool()+".json")
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v: go test ./tools -update makes it", err)
		} else if !bytes.Equal(want, b.Bytes()) {
			t.Errorf("%s differs from its snapshot; if that is meant, run go test ./tools -update and read the diff.\ngot:\n%s\nwant:\n%s", op.Tool(), b.Bytes(), want)
		}
	}
	files, _ := filepath.Glob(filepath.Join("testdata", "tools", "*.json"))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if All().Find(name) == nil {
			t.Errorf("%s is the snapshot of no operation: delete it", file)
		}
	}
}

func TestValidate(t *testing.T) {
	tests := []struct{ op, args, want string }{
		{"keys generate", `{"max_budgett": 1}`, `unknown argument "max_budgett" (did you mean "max_budget"?)`},
		{"keys generate", `{"max_budget": "1"}`, `{max_budget} must be a number, not "1"`},
		{"keys generate", `{"max_budget": -1}`, `{max_budget} must be at least 0`},
		{"keys generate", `{"team_id": null}`, `{team_id} cannot be null here`},
		{"keys update", `{"key": "sk-x", "max_budget": null}`, `{max_budget} cannot be null: omit it to keep it, or list it in {clear} to clear it`},
		{"keys generate", `{"extra": {"key_alias": "x"}}`, `"key_alias" has its own argument; use {key_alias}`},
		{"keys generate", `{"models": "a"}`, `{models} must be a list: use ["a"]`},
		{"keys list", `{"size": 101}`, `{size} must be at most 100`},
		{"keys list", `{"status": "gone"}`, `{status}: "gone" is not one of active, blocked, expired, deleted, revoked`},
		{"customers create", `{}`, `{user_id} is required`},
		{"keys update", `{"key": "k", "clear": ["max_budgett"]}`, `{clear}: "max_budgett" is not one of key_alias, max_budget, models`},
		{"keys update", `{"key": "k", "clear": ["max_budget"], "max_budget": 1}`, `{max_budget} is set, but {clear} clears it`},
		{"keys update", `{"key": "k", "clear": ["team_id"], "team": "t"}`, `{team_id} is set, but {clear} clears it`},
		{"users delete", `{"user_ids": []}`, `{user_ids} is empty; give at least one value`},
		{"models delete", `{"id": ""}`, `{id} is empty`},
		{"chat completions", `{"model": "m", "messages": [{"role": "usr", "content": "x"}]}`, `{messages} (0.role): "usr" is not one of`},
		{"status", `{"x": 1}`, `unknown argument "x"; the operation takes none`},
		{"keys generate", `{"extra": {"max_bugdet": 5}}`, `"max_bugdet" is not a field of POST /key/generate; did you mean {max_budget}?`},
		{"keys generate", `{"extra": {"maxBudget": 5}}`, `did you mean {max_budget}?`},
		{"keys generate", `{"extra": {"rotation_intervall": "30d"}}`, `did you mean rotation_interval?`},
		{"teams create", `{"team_alias": "t", "extra": {"teamMemberBudget": 5}}`, `is not a field of POST /team/new; did you mean {team_member_budget}?`},
		{"keys generate", `{"extra": {"cost_center": 5, "tpd_limit": 3}}`, ``},
		{"models add", `{"model_name": "m", "litellm_params": {"api_bse": "x"}, "model_info": {"base_modle": "x"}}`, ``},
		{"chat completions", `{"model": "m", "messages": [{"role": "user", "content": "x"}], "extra": {"temprature": 1}}`, ``},
		{"keys generate", `{"models": [""]}`, `{models} has an empty item`},
		{"keys update", `{"key": "k", "allowed_routes": ["", "/models"]}`, `{allowed_routes} has an empty item`},
		{"users update", `{"user_id": "u", "extra": {"allowed_routes": [""]}}`, `allowed_routes has an empty item`},
		{"keys generate", `{"duration": "1y"}`, `{duration}: "1y" is not a duration; did you mean 365d?`},
		{"keys generate", `{"extra": {"budget_limits": [{"budget_duration": "0d", "max_budget": 1}]}}`, `budget_limits 0.budget_duration: "0d" is zero`},
		{"keys generate", `{"expires": "2027-01-31", "duration": "30d"}`, ``},
		{"models add", `{"model_name": "m", "litellm_params": {"budget_duration": "1y"}}`, `{litellm_params} budget_duration: "1y" is not a duration`},
		{"chat completions", `{"model": "m", "messages": [{"role": "user", "content": "x"}], "extra": {"duration": "5"}}`, ``},
		{"keys generate", `{"max_budget": 0, "models": [], "key_alias": ""}`, ``},
		{"models add", `{"model_name": "m", "litellm_params": {"rpm": 12345678901234567890}}`, ``},
	}
	for _, tt := range tests {
		var args operation.Args
		if err := json.Unmarshal([]byte(tt.args), &args); err != nil {
			t.Fatal(err)
		}
		err := All().Find(tt.op).Validate(args)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s %s: %v; want no error", tt.op, tt.args, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s %s: %v; want %s", tt.op, tt.args, err, tt.want)
		}
	}
}

func TestLookup(t *testing.T) {
	body := json.RawMessage(`{"a": {"b.c": 1, "d": null, "e": [1, 2.50]}, "n": 12345678901234567890}`)
	for path, want := range map[string]string{
		"a.b.c": "1", "a.d": "", "a.e": "[1, 2.50]", "n": "12345678901234567890", "a.x.y": "", "n.x": "",
	} {
		if got := string(operation.Lookup(body, path)); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func FuzzLookup(f *testing.F) {
	f.Add([]byte(`{"a":{"b":1}}`), "a.b")
	f.Add([]byte(`[`), "")
	f.Fuzz(func(t *testing.T, body []byte, path string) { operation.Lookup(body, path) })
}

func FuzzCompletion(f *testing.F) {
	f.Add([]byte(`{"choices":[{"index":1,"delta":{"content":"x"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c completion
		_, _ = c.add(data)
		if len(c.Choices) > maxChoices {
			t.Errorf("%d choices are kept", len(c.Choices))
		}
	})
}
