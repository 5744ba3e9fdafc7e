package prompts_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/prompts"
	"litellm-proxy/tools"
)

func all(t *testing.T) []prompts.Prompt {
	t.Helper()
	list, err := prompts.All()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEveryPrompt(t *testing.T) {
	named := regexp.MustCompile("`([a-z]+(?:_[a-z]+)*)(?: ([^`]*))?`")
	for _, p := range all(t) {
		t.Run(p.Name, func(t *testing.T) {
			values := map[string]string{}
			for _, a := range p.Arguments {
				if a.Name == "" || a.Description == "" {
					t.Errorf("argument %q, description %q", a.Name, a.Description)
				}
				values[a.Name] = "value-of-" + a.Name
			}
			text, err := p.Render(values)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range values {
				if !strings.Contains(text, value) {
					t.Errorf("the argument %s is not used", name)
				}
			}
			if strings.Contains(text, "{{") {
				t.Error("a placeholder is left")
			}
			found := named.FindAllStringSubmatch(text, -1)
			if len(found) == 0 {
				t.Error("no tool is named")
			}
			started := toolsets(text)
			for _, m := range found {
				op := tools.All().Find(m[1])
				if op == nil || op.Tool() != m[1] {
					t.Errorf("there is no tool %s", m[1])
					continue
				}
				if !op.Default && !slices.Contains(started, op.Resource()) {
					t.Errorf("%s is not in the default toolset, and the text does not say which one it needs", m[1])
				}
				if m[2] != "" {
					checkCall(t, op, m[2])
				}
			}
			// A tool without backticks would escape the check.
			for _, op := range tools.All() {
				if strings.Contains(op.Tool(), "_") && strings.Contains(named.ReplaceAllString(text, ""), op.Tool()) {
					t.Errorf("%s stands without backticks", op.Tool())
				}
			}
		})
	}
}

// toolsets are those with which the text says to start the server.
func toolsets(text string) []string {
	_, list, _ := strings.Cut(text, "`--toolsets ")
	list, _, _ = strings.Cut(list, "`")
	return strings.Split(list, ",")
}

// checkCall checks an example: its arguments exist and have values that are taken.
func checkCall(t *testing.T, op *operation.Operation, example string) {
	t.Helper()
	var args operation.Args
	example = strings.ReplaceAll(example, "EMAIL", "ann@example.com")
	if err := json.Unmarshal([]byte(example), &args); err != nil {
		t.Errorf("%s %s: %v", op.Tool(), example, err)
		return
	}
	var fields []string
	_ = json.Unmarshal(args["fields"], &fields)
	for _, name := range fields {
		if !slices.ContainsFunc(op.Columns, func(c operation.Column) bool { return c.Name == name }) {
			t.Errorf("%s has no field %s", op.Tool(), name)
		}
	}
	for _, added := range []string{"dry_run", "confirm", "full", "fields"} {
		delete(args, added)
	}
	for name := range args {
		if !slices.ContainsFunc(op.Fields(), func(f operation.Field) bool { return f.Property == name }) {
			t.Errorf("%s has no property %s", op.Tool(), name)
		}
	}
	if err := op.Validate(args); err != nil {
		t.Errorf("%s %s: %v", op.Tool(), example, err)
	}
}

func TestNames(t *testing.T) {
	var names []string
	for _, p := range all(t) {
		names = append(names, p.Name)
		if p.Description == "" {
			t.Errorf("%s has no description", p.Name)
		}
	}
	for _, want := range []string{"add-model", "clean-up-keys", "diagnose-refused-key", "monthly-spend-review", "onboard-developer",
		"onboard-team", "production-readiness", "rotate-credential", "rotate-key"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing: %v", want, names)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the names are not sorted, or one occurs twice: %v", names)
	}
}

func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all(t) {
		if !strings.Contains(string(readme), "`"+p.Name+"`") {
			t.Errorf("README does not name %s", p.Name)
		}
	}
}

func TestRender(t *testing.T) {
	list := all(t)
	p := list[slices.IndexFunc(list, func(p prompts.Prompt) bool { return p.Name == "onboard-developer" })]
	for _, tt := range []struct {
		name   string
		values map[string]string
		has    string
		fails  string
	}{
		{name: "given", values: map[string]string{"email": " ann@example.com "}, has: "Email: ann@example.com\n"},
		{name: "left out", values: map[string]string{"email": "a"}, has: "Team: (not given)\n"},
		{name: "a value is never read again", values: map[string]string{"email": "{{team}} $1 \\1 {{.}}", "team": "x"}, has: "{{team}} $1 \\1 {{.}}"},
		{name: "missing", fails: "email is required"},
		{name: "blank", values: map[string]string{"email": "  "}, fails: "email is required"},
		{name: "unknown", values: map[string]string{"email": "a", "tem": "x"}, fails: "team"},
		{name: "long", values: map[string]string{"email": strings.Repeat("x", 5000)}, fails: "longer than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, err := p.Render(tt.values)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("error %v, want %q", err, tt.fails)
				}
				return
			}
			if err != nil || !strings.Contains(text, tt.has) {
				t.Errorf("error %v; %q is not in:\n%s", err, tt.has, text)
			}
		})
	}
}
