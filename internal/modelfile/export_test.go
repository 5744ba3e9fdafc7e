package modelfile

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// gateway are deployments as the gateway shows those of the file below: without api_key,
// with a mask, with the reference resolved and with the price list's entry.
const gateway = `[
{"model_name": "gpt-4", "litellm_params": {"use_in_pass_through": false, "model": "openai/gpt-4o", "api_base": "https://internal", "rpm": 10,
  "extra_headers": {"Authorization": "Bear****5678", "x": "on"}, "input_cost_per_token": 1e-06},
 "model_info": {"id": "one", "db_model": true, "access_groups": ["beta"], "note": "1:30", "input_cost_per_token": 1e-06, "key": "gpt-4o", "mode": "chat", "max_tokens": 16384}},
{"model_name": "openai/*", "litellm_params": {"model": "openai/*"}, "model_info": {"id": "0123", "db_model": false, "blocked": true, "key": "openai/*", "mode": null}}]`

const source = `
model_list:
  - model_name: gpt-4
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/KEY
      api_base: os.environ/BASE
      extra_headers: {Authorization: Bearer 12345678, x: "on"}
      rpm: 10
      input_cost_per_token: 1.0e-06
    model_info: {id: one, access_groups: [beta], note: "1:30"}
  - model_name: openai/*
    litellm_params: {model: openai/*, api_key: literal-secret}
`

func deploymentsOf(t *testing.T, raw string) (out []Deployment) {
	var items []json.RawMessage
	if err := json.Unmarshal([]byte(raw), &items); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		d, err := NewDeployment(item)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

func loaded(t *testing.T, text string) *File {
	f, err := Load("f.yaml", func(string) ([]byte, error) { return []byte(text), nil })
	if err != nil {
		t.Fatal(err)
	}
	if f.Findings.Errors() > 0 {
		t.Fatalf("%s\n%v", text, f.Findings)
	}
	return f
}

func TestExportLeavesOutWhatIsNotKnown(t *testing.T) {
	out, err := Export(deploymentsOf(t, gateway), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `model_list:
  # Not shown by the gateway: extra_headers.Authorization
  # The gateway does not show api_key and other secrets. Add them if there are any.
  - model_name: gpt-4
    litellm_params:
      model: openai/gpt-4o
      api_base: https://internal
      extra_headers:
        x: "on"
      input_cost_per_token: 1.0e-06
      rpm: 10
    model_info:
      id: one
      access_groups:
        - beta
      note: "1:30"
  # The gateway does not show api_key and other secrets. Add them if there are any.
  # Blocked on the gateway.
  - model_name: openai/*
    litellm_params:
      model: openai/*
    model_info:
      id: "0123"
`
	if string(out.YAML) != want {
		t.Errorf("the export is\n%s\nwant\n%s", out.YAML, want)
	}
	if !slices.Equal(out.Left, []string{"gpt-4 (ID one): extra_headers.Authorization"}) || out.Unknown != 2 {
		t.Errorf("left out are %q and %d unknown", out.Left, out.Unknown)
	}
}

func TestExportTakesSecretsFromTheFile(t *testing.T) {
	out, err := Export(deploymentsOf(t, gateway), nil, loaded(t, source))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"api_key: os.environ/KEY", "api_base: os.environ/BASE", "Authorization: Bearer 12345678", "api_key: literal-secret"} {
		if !strings.Contains(string(out.YAML), want) {
			t.Errorf("the export has no %q:\n%s", want, out.YAML)
		}
	}
	if len(out.Left) > 0 || out.Unknown > 0 {
		t.Errorf("left out are %q and %d unknown, want nothing", out.Left, out.Unknown)
	}
	again := loaded(t, string(out.YAML))
	if a, b := again.Models[0].Params.JSON(), loaded(t, source).Models[0].Params.JSON(); string(a) != string(b) {
		t.Errorf("the export has the parameters %s, the file %s", a, b)
	}
}

// References within a mapping are taken from the file where the gateway has resolved them:
// in its own configuration.
func TestExportKeepsNestedReferences(t *testing.T) {
	own := `[{"model_name": "m", "litellm_params": {"model": "a/b", "h": {"Authorization": "sk****yz", "x": "v", "y": [{"z": "w"}], "unset": null}}, "model_info": {"id": "x", "db_model": false, "key": "b"}}]`
	const file = "model_list:\n- {model_name: m, litellm_params: {model: a/b, h: {Authorization: os.environ/A, x: os.environ/X, y: [{z: os.environ/Z}], unset: os.environ/U}}, model_info: {id: x}}\n"
	for config, want := range map[string]int{"false": 4, "true": 0} {
		out, err := Export(deploymentsOf(t, strings.Replace(own, "false", config, 1)), nil, loaded(t, file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(out.YAML), "os.environ/"); n != want {
			t.Errorf("stored %s: the export has %d references, not %d:\n%s", config, n, want, out.YAML)
		}
	}
}

func TestExportWritesNoMaskOfAShortSecret(t *testing.T) {
	out, err := Export(deploymentsOf(t, `[{"model_name": "gpt-*mini", "litellm_params": {"model": "*", "aws_session_token": "tok1**4567", "h": {"x-api-key": "***", "X-Auth": "**", "plain": "***"}}, "model_info": {"id": "x", "db_model": true, "key": "b"}}]`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(out.YAML); len(out.Left) != 3 || strings.Contains(text, "tok1") || !strings.Contains(text, `plain: "***"`) || !strings.Contains(text, `model: "*"`) {
		t.Errorf("left out are %q:\n%s", out.Left, text)
	}
}

func TestExportDoesNotGuessBetweenEntries(t *testing.T) {
	two := `[{"model_name": "m", "litellm_params": {"model": "a/b"}, "model_info": {"id": "x", "db_model": true, "key": "b"}},
		{"model_name": "m", "litellm_params": {"model": "a/b"}, "model_info": {"id": "y", "db_model": true, "key": "b"}}]`
	file := loaded(t, "model_list:\n- {model_name: m, litellm_params: {model: a/b, api_key: first-secret}}\n- {model_name: m, litellm_params: {model: a/b, api_key: second-secret}}\n")
	out, err := Export(deploymentsOf(t, two), nil, file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out.YAML), "secret\n") || out.Unknown != 2 {
		t.Errorf("a secret was given to one of two equal deployments:\n%s", out.YAML)
	}
}

func TestExportedTextIsReadBack(t *testing.T) {
	texts := []string{"", " ", "a: b", "a #b", "#", "- a", "?", "=", "<<", "~", "null", "y", "N", "on", "0x1", "1_000", "1:30", "2024-01-01", "1e5", "1e-06", ".5", "os.environ/X",
		"a\nb", "a\tb", "\x07", "\u0085", "\u2028", "\ufeff", "😀", "é", "'", `"`, `\`, "%", "@x", "`x", "{a}", "[a]", "a:", ":a", "a::b", "https://x/y?z=1", "C:\\x", "x ", "!x", "&x", "*x", "|", ">"}
	r := rand.New(rand.NewPCG(1, 2))
	for row := range strings.SplitSeq(strings.TrimSpace(scalars), "\n") {
		texts = append(texts, strings.Split(row, "\t")[0])
	}
	for range 3000 {
		var b strings.Builder
		for range r.IntN(8) {
			b.WriteString([]string{"a", "B", "0", "1", ":", " ", "#", "-", "\n", "'", `"`, "é", ".", "e", "_", "*", "/", ",", "{", "]", "\t", "on", "null"}[r.IntN(23)])
		}
		texts = append(texts, b.String())
	}
	d := Deployment{ID: "id", Name: "m", Params: Value{Kind: Map}, Info: Value{Kind: Map}}
	d.Params.set(Member{Name: "model", Value: Value{Kind: Text, Text: "a/b"}})
	for _, s := range texts {
		d.Info.Members = append(d.Info.Members, Member{Name: "k" + s, Value: Value{Kind: Text, Text: s}})
	}
	d.Info.set(Member{Name: "number", Value: Value{Kind: Float, Text: "1e-07"}})
	d.Info.set(Member{Name: "large", Value: Value{Kind: Float, Text: "1E5"}})
	out, err := Export([]Deployment{d}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("LITELLM_TEST_EXPORT"); path != "" { // to be read by PyYAML
		_ = os.WriteFile(path, out.YAML, 0o600)
	}
	var findings Findings
	v, ok := parse("f.yaml", out.YAML, &findings)
	if !ok {
		t.Fatal(findings)
	}
	info := v.Get("model_list").Items[0].Get("model_info")
	for _, s := range texts {
		if got := info.Get("k" + s); got == nil || got.Kind != Text || got.Text != s {
			t.Errorf("the text %q is read back as %v", s, got)
		}
	}
	if n := info.Get("number"); n.Kind != Float || n.Text != "1e-07" {
		t.Errorf("the number is read back as %v", n)
	}
	if n := info.Get("large"); n.Kind != Float || n.Text != "100000.0" {
		t.Errorf("the large number is read back as %v", n)
	}
}
