package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

func TestPair(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "value")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	texts := []string{"api_key", "api_version"}
	tests := []struct{ text, name, want string }{
		{"rpm=60", "rpm", "60"},
		{"big=12345678901234567890", "big", "12345678901234567890"},
		{"t=0.7", "t", "0.7"},
		{"t=1.0", "t", "1.0"},
		{"t=-1e-7", "t", "-1e-7"},
		{"b=true", "b", "true"},
		{"n=null", "n", "null"},
		{"v=1.10", "v", `"1.10"`},
		{"v=007", "v", `"007"`},
		{"v=+1", "v", `"+1"`},
		{"v=.5", "v", `".5"`},
		{"v=1 ", "v", `"1 "`},
		{"v=True", "v", `"True"`},
		{"v=[eu]", "v", `"[eu]"`},
		{"v=", "v", `""`},
		{"v=2026-11-22", "v", `"2026-11-22"`},
		{"v=a=b", "v", `"a=b"`},
		{"v=<&>", "v", `"<&>"`},
		{"api_key=123", "api_key", `"123"`},
		{"api_version=null", "api_version", "null"},
		{`api_version:="null"`, "api_version", `"null"`},
		{"v:=[1, 2.50]", "v", "[1, 2.50]"},
		{"api_key:=5", "api_key", "5"},
		{"v=@" + file, "v", `"from a file"`},
		{"v=@@x", "v", `"@x"`},
		{"v=@-", "v", `"from standard input"`},
	}
	for _, tt := range tests {
		s := &sources{stdin: strings.NewReader("from standard input\r\n")}
		name, value, err := s.pair(tt.text, texts)
		if err != nil || name != tt.name || string(value) != tt.want {
			t.Errorf("%s: got %s = %s, %v; want %s = %s", tt.text, name, value, err, tt.name, tt.want)
		}
	}
	for text, want := range map[string]string{
		"novalue":                 "is not key=value",
		"=x":                      "is not key=value",
		":=1":                     "is not key=value",
		"v:={":                    "v:= is not JSON: it ends early",
		"v=@" + dir + "/missing":  "cannot read @",
		"sk-0123456789abcdefghij": `"sk-...ghij" is not key=value`,
		"X-Key:marked-secret-1":   "must be key=value, with an equal sign",
	} {
		if _, _, err := (&sources{}).pair(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
	s := &sources{stdin: strings.NewReader("x")}
	_, _, _ = s.pair("a=@-", nil)
	if _, _, err := s.pair("b=@-", nil); err == nil {
		t.Error("standard input was read twice")
	}
}

// TestDocument: the text of a field that a person keeps in a file is read from @file.
func TestDocument(t *testing.T) {
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("---\nmodel: m\n---\nUser: @you\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"@" + file: `"---\nmodel: m\n---\nUser: @you"`,
		"@@you":    `"@you"`,
		"plain":    `"plain"`,
		"@-":       `"piped"`,
	} {
		a := &arguments{args: operation.Args{}, given: map[string]bool{}, sources: &sources{stdin: strings.NewReader("piped\n")}}
		if err := a.set(operation.Field{Name: "text", Flag: "text", Kind: operation.KindString, File: true}, text); err != nil || string(a.args["text"]) != want {
			t.Errorf("%s: %s, %v; want %s", text, a.args["text"], err, want)
		}
	}
	a := &arguments{args: operation.Args{}, given: map[string]bool{}, sources: &sources{}}
	if err := a.set(operation.Field{Name: "text", Flag: "text", Kind: operation.KindString, File: true}, "@"+file+"x"); err == nil || !strings.Contains(err.Error(), "cannot read @") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestHeaderWithoutColon: what is no header may be a secret, and is not repeated.
func TestHeaderWithoutColon(t *testing.T) {
	for _, text := range []string{"Authorization=Bearer marked-secret-1", "Authorization marked-secret-1", ":marked-secret-1"} {
		a := &arguments{args: operation.Args{}, sources: &sources{}}
		err := a.set(operation.Field{Name: "headers", Flag: "headers", Kind: operation.KindHeaders}, text)
		if err == nil || !strings.Contains(err.Error(), "must be name:value") || strings.Contains(err.Error(), "marked") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestJSONObject(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1,}`:           "line 1, column 9",
		"{\n \"a\": tru\n}":   "line 2, column 10",
		`{"a": "sk-secret`:    "it ends early, after 16 characters",
		`{`:                   "it ends early, after 1 character",
		`[1]`:                 "must be a JSON object",
		`"text"`:              "must be a JSON object",
		``:                    "not valid JSON",
		`{"a": 1, "a": 2}`:    `has the member "a" twice`,
		`{"a": 1} {"b": 2}`:   "not valid JSON",
		`{"a": sk-verysecret`: "not valid JSON",
	} {
		_, err := (&sources{}).jsonObject(text, "info")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error repeats the value: %v", text, err)
		}
	}
	got, err := (&sources{}).jsonObject(` {"a": 1.50} `, "info")
	if err != nil || string(got) != `{"a": 1.50}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestStringList(t *testing.T) {
	for text, want := range map[string]string{
		"a,b":         "a|b",
		" a , b ,":    "a|b",
		`["a,b","c"]`: "a,b|c",
		"[eu]":        "[eu]",
		"ci ":         "ci ",
		" ":           " ",
		"":            "",
	} {
		if got := strings.Join(stringList(text), "|"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzPair: whatever is typed, the value is JSON or an error.
func FuzzPair(f *testing.F) {
	for _, s := range []string{"a=1", "a:=[", "a=@@", "=", "a=1.10", "a=\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, value, ok := strings.Cut(text, "="); ok && strings.HasPrefix(value, "@") && !strings.HasPrefix(value, "@@") {
			return // a file
		}
		s := &sources{stdin: strings.NewReader("x")}
		name, value, err := s.pair(text, nil)
		if err == nil && (name == "" || !json.Valid(value)) {
			t.Errorf("%q gave %q = %s", text, name, value)
		}
	})
}

// FuzzMessage: a message keeps its words.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{"user:hi", "user:", "usr:x", "system:a:b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := chatMessage(text)
		if err != nil {
			return
		}
		var got struct{ Role, Content string }
		if err := json.Unmarshal(m, &got); err != nil {
			t.Fatalf("%q gave %s: %v", text, m, err)
		}
		if strings.ToValidUTF8(text, "\ufffd") != got.Role+":"+got.Content && strings.ToValidUTF8(text, "") == text {
			t.Errorf("%q became %s:%s", text, got.Role, got.Content)
		}
	})
}

// FuzzSet: no flag's value makes anything but a valid argument or an error.
func FuzzSet(f *testing.F) {
	f.Add(uint8(operation.KindInteger), "5")
	f.Add(uint8(operation.KindStrings), `["a"`)
	f.Add(uint8(operation.KindHeaders), "a:b")
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		if strings.Contains(text, "@") {
			return // a file
		}
		a := arguments{args: operation.Args{}, given: map[string]bool{}, sources: &sources{stdin: strings.NewReader("")}}
		if err := a.set(operation.Field{Name: "f", Kind: operation.Kind(kind % 10)}, text); err != nil {
			return
		}
		if !json.Valid(a.args["f"]) {
			t.Errorf("kind %d, %q: %s is no JSON", kind%10, text, a.args["f"])
		}
	})
}
