package modelfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func findingsOf(t *testing.T, text string) (out []string) {
	t.Helper()
	f, err := Load("f.yaml", func(string) ([]byte, error) { return []byte(text), nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range f.Findings {
		out = append(out, strings.TrimPrefix(one.String(), "f.yaml:"))
	}
	return out
}

// entry is a file with one model whose members these are.
func entry(members string) string {
	return "model_list:\n- model_name: m\n" + members
}

func TestFindings(t *testing.T) {
	params := func(lines string) string { return entry("  litellm_params:\n    model: a/b\n    " + lines) }
	info := func(lines string) string {
		return entry("  litellm_params: {model: a/b}\n  model_info:\n    " + lines)
	}
	for text, want := range map[string]string{
		"":                                      `1: error: the file is empty`,
		"- a\n":                                 `1: error: the file must be a mapping with sections such as model_list, not a list`,
		"model_list: {}\n":                      `1: error: model_list must be a list, not a mapping`,
		"model_list: [x]\n":                     `1: error: an entry of model_list must be a mapping with model_name and litellm_params, not text`,
		"model_list:\n":                         ``,
		"modell_list: []\n":                     `1: warning: the gateway does not read the section modell_list; did you mean model_list?`,
		"x-defaults: 1\n_base: 2\n":             ``,
		"include: a.yaml\n":                     `1: error: include must be a list of file names`,
		entry(""):                               `2: error: "m": the entry has no litellm_params`,
		entry("  litellm_params: {}\n"):         `3: error: "m": litellm_params has no model`,
		entry("  litellm_params: x\n"):          `3: error: "m": litellm_params must be a mapping, not text`,
		entry("  litellm_params: {model: 4}\n"): `3: error: "m": litellm_params.model must be text, for example openai/gpt-4o`,
		"model_list:\n- litellm_params: {model: a/b}\n":                 `2: error: the entry has no model_name`,
		"model_list:\n- model_name: 4\n  litellm_params: {model: a}\n":  `2: error: model_name must be text, not an integer; put it in quotes`,
		"model_list:\n- model_name: ''\n  litellm_params: {model: a}\n": `2: error: model_name is empty`,
		entry("  litellm_params: {model: a/b}\n  model_info:\n"):        `4: error: "m": model_info is empty; the gateway does not start with it. Remove it or give it members`,
		entry("  litellm_params: {model: a/b}\n  rpm: 1\n"):             `4: warning: "m": rpm is not part of an entry and is not imported; parameters belong under litellm_params`,
		params("model: c/d"):                        `5: error: "model" is already given on line 4; the gateway would use only the last`,
		params("rpm: '10'"):                         `5: warning: "m": litellm_params.rpm is text; the gateway converts it to a number; remove the quotes`,
		params("rpm: ten"):                          `5: error: "m": litellm_params.rpm must be an integer, not text`,
		params("rpm: 1e5"):                          `5: error: "m": litellm_params.rpm must be an integer; this is text to the gateway; YAML 1.1 wants 100000.0`,
		params("rpm: 1.5"):                          `5: error: "m": litellm_params.rpm must be an integer, not a number`,
		params("rpm: 10.0"):                         ``,
		params("rpm: os.environ/X"):                 `5: not importable: "m": litellm_params.rpm must be a number to be imported; only the gateway's own configuration may refer to a variable here`,
		params("input_cost_per_token: 1e-06"):       `5: warning: "m": litellm_params.input_cost_per_token is text; the gateway converts it to a number; YAML 1.1 wants 1.0e-06`,
		params("input_cost_per_token: 1.0e-06"):     ``,
		params("temperature: 1e-1"):                 `5: warning: "m": litellm_params.temperature is text to the gateway and to the provider; YAML 1.1 wants 0.1`,
		params("max_tokens: '100'"):                 `5: warning: "m": litellm_params.max_tokens is text to the gateway and to the provider; remove the quotes`,
		params("api_version: 2024-02-01"):           `5: warning: "m": litellm_params.api_version is a date to the gateway, which refuses it in its configuration; put it in quotes. models import sends it as text`,
		params("api_key: 12345"):                    `5: error: "m": litellm_params.api_key must be text, not an integer; put it in quotes`,
		params("drop_params: on"):                   `5: warning: "m": litellm_params.drop_params: on is true to the gateway; put it in quotes if it is text`,
		params("use_in_pass_through: on"):           ``,
		params("use_in_pass_through: 'on'"):         `5: warning: "m": litellm_params.use_in_pass_through is text; the gateway converts it to a boolean`,
		params("use_in_pass_through: maybe"):        `5: error: "m": litellm_params.use_in_pass_through must be true or false, not text`,
		params("tags: a"):                           `5: error: "m": litellm_params.tags must be a list, not text`,
		params("user: 010"):                         `5: warning: "m": litellm_params.user: 010 is 8 to the gateway; put it in quotes if it is text`,
		params("user: 1:30"):                        `5: warning: "m": litellm_params.user: 1:30 is 90 to the gateway; put it in quotes if it is text`,
		params("user: 0x"):                          ``,
		params("user: 0x_"):                         `5: error: the gateway cannot read the number 0x_; put it in quotes if it is text`,
		params("api_key: os.environ[\"X\"]"):        `5: warning: "m": litellm_params.api_key looks like a reference, but is text to the gateway; write os.environ/NAME`,
		params("api_key: $X"):                       `5: warning: "m": litellm_params.api_key looks like a reference, but is text to the gateway; write os.environ/NAME`,
		params("api_key: ${OPENAI_KEY}"):            `5: warning: "m": litellm_params.api_key looks like a reference, but is text to the gateway; write os.environ/NAME`,
		params("api_key: os.environ/"):              `5: warning: "m": litellm_params.api_key looks like a reference, but is text to the gateway; write os.environ/NAME`,
		params("api_key: os.environ/X"):             ``,
		params("extra_headers: {a: os.environ/X}"):  `5: warning: "m": litellm_params.extra_headers.a is not resolved when the model is added: only parameters directly under litellm_params are`,
		info("id: [a]"):                             `5: error: "m": model_info.id must be text, not a list`,
		info("tier: gold"):                          `5: error: "m": model_info.tier must be free or paid`,
		params("tags: [a, 1]"):                      `5: error: "m": litellm_params.tags[] must be text, not an integer; put it in quotes`,
		params("tag_regex: [~]"):                    `5: error: "m": litellm_params.tag_regex[] must be text, not null`,
		info("id:"):                                 `5: warning: "m": model_info.id has no value; the gateway drops such an entry of its configuration. Remove id`,
		info("access_groups: beta"):                 `5: error: "m": model_info.access_groups must be a list; the gateway would make a group of each letter`,
		info("input_cost_per_token: 1.0e-06"):       `5: warning: "m": an added model keeps prices under litellm_params only; models import puts input_cost_per_token there`,
		info("no: 1"):                               `5: warning: the name no is a boolean to the gateway; put it in quotes if it is text`,
		"credential_list: [{credential_name: c}]\n": `1: warning: "c": the credential has no credential_info, which the gateway wants in a configuration|1: error: "c": the credential has no credential_values`,
		"credential_list: [{credential_name: c, credential_info: {}, credential_values: {api_key: }}]\n": `1: error: "c": credential_values.api_key has no value`,
	} {
		got := strings.Join(findingsOf(t, text), "|")
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

// Values that may be secret are not repeated.
func TestFindingsHoldNoSecrets(t *testing.T) {
	const marked = "MARKEDSECRET"
	for _, line := range []string{"api_key: [MARKEDSECRET]", "api_key: $MARKEDSECRET", "api_key: os.environ[MARKEDSECRET]", "rpm: MARKEDSECRET", "api_key: \"MARKEDSECRET\n", "api_key: !x MARKEDSECRET",
		"api_key: *MARKEDSECRET", "api_key: !MARKEDSECRET", "api_key: !MARKEDSECRET [x]", "tags: MARKEDSECRET", "api_key: a: MARKEDSECRET", "api_key: @MARKEDSECRET", "aws_session_token: 'MARKEDSECRET"} {
		for _, f := range findingsOf(t, entry("  litellm_params:\n    model: a/b\n    "+line+"\n")) {
			if strings.Contains(f, marked) {
				t.Errorf("%q: the finding %q repeats the value", line, f)
			}
		}
	}
}

func TestEveryErrorIsReported(t *testing.T) {
	got := findingsOf(t, `model_list:
- model_name: a
  litellm_params: {model: x/y}
  model_info: {id: one}
- model_name: b
  litellm_params: {model: x/z}
  model_info: {id: one}
- model_name: c
- model_name: d
  litellm_params: {api_key: z}
- model_name: e
  litellm_params: {model: x/y}
  model_info:
- model_name: f
  litellm_params: {model: x/y, model: x/z}
- model_name: g
  litellm_params: {model: x/y, rpm: 1}
- model_name: g
  litellm_params: {model: x/y, rpm: 1}
`)
	want := []string{`7: error: "b": the ID one is already used on f.yaml:2`, `8: error: "c": the entry has no litellm_params`, `10: error: "d": litellm_params has no model`,
		`13: error: "e": model_info is empty; the gateway does not start with it. Remove it or give it members`,
		`15: error: "model" is already given on line 15; the gateway would use only the last`,
		`18: warning: "g": this entry is the same as the one on f.yaml:16, ID included; it is imported once`}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Lists of included files are appended, one level after the other; each file is read once.
func TestInclude(t *testing.T) {
	dir := t.TempDir()
	model := func(name string) string {
		return "model_list:\n- {model_name: " + name + ", litellm_params: {model: a/" + name + "}}\n"
	}
	for name, text := range map[string]string{
		"main.yaml":      "include: [one.yaml, sub/two.yaml, one.yaml, gone.yaml]\nrouter_settings: {}\n" + model("main"),
		"one.yaml":       "include: [three.yaml, main.yaml]\n" + model("one"),
		"sub/two.yaml":   "include: [four.yaml, beside.yaml, three.yaml]\ngeneral_settings: {}\n" + model("two"),
		"three.yaml":     model("three"),
		"sub/four.yaml":  model("four"),
		"beside.yaml":    model("beside"),
		"sub/three.yaml": model("subthree"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Load(filepath.Join(dir, "main.yaml"), os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range f.Models {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "main one two three four beside subthree" {
		t.Errorf("the models are %s", got)
	}
	if got := strings.Join(f.Sections, " "); got != "router_settings general_settings" {
		t.Errorf("the other sections are %s", got)
	}
	var messages []string
	for _, one := range f.Findings {
		messages = append(messages, one.Message)
	}
	if len(messages) != 2 || !strings.Contains(messages[0], "gone.yaml cannot be read") || !strings.Contains(messages[1], "has the same name and is not") {
		t.Errorf("the findings are %q", messages)
	}
}
