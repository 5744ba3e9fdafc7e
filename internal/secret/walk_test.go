package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// The gateway makes its keys as Python's secrets.token_urlsafe(16): none of them
// may pass for a name.
func TestGatewayKeys(t *testing.T) {
	source := rand.NewChaCha8([32]byte([]byte("a seed of exactly thirty-two byt")))
	missed := 0
	for range 300_000 {
		var b [16]byte
		_, _ = source.Read(b[:])
		key := "sk-" + base64.RawURLEncoding.EncodeToString(b[:])
		if Text(key) == key {
			missed++
			t.Log(key)
		}
	}
	if missed > 0 {
		t.Errorf("%d of 300,000 keys are taken for names", missed)
	}
}

func TestLookup(t *testing.T) {
	body := json.RawMessage(` {"a":{"b":{"c":1}},"a.b":{"c":2,"d":null},"n":null,"s":"x","l":[1],"e":"","é":7,"\u0071":8}`)
	for path, want := range map[string]string{
		"a.b": `{"c":2,"d":null}`, "a.b.c": "1", "n": "", "s": `"x"`, "s.t": "", "l": "[1]", "l.0": "", "none": "", "a.none.b": "", "e": `""`, "é": "7", "q": "8", "": string(body),
	} {
		if got := Lookup(body, path); string(got) != want {
			t.Errorf("%q is %s, want %s", path, got, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{`"a"`: "a", `"\u00e9\n"`: "é\n", `""`: "", "12": "12", "": "", `"`: `"`, "\"\xff\"": "\ufffd"} {
		if got := Unquote([]byte(in)); got != want {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
	}
}

func TestEncode(t *testing.T) {
	o := Object{{"b", "<&>"}, {"a", json.RawMessage("1.10")}, {"n", nil}, {"r", json.RawMessage(nil)}, {"o", Object{{"x", 1}, {"y", []string{"<"}}}}}
	const want = `{"b":"<&>","a":1.10,"n":null,"r":null,"o":{"x":1,"y":["<"]}}`
	if got := Encode(o); string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Encode(make(chan int)); string(got) != "null" {
		t.Errorf("a channel is %s", got)
	}
}

func TestDense(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":null,"b":"","c":[],"d":{},"e":0,"f":false}`: `{"e":0,"f":false}`,
		` { "a" : { "b" : { "c" : null } } , "d" : 1 } `:  `{"d":1}`,
		`[null,"",[],{"a":{}},1]`:                         `[null,"",[],{},1]`,
		`{"a":[{"b":null}],"b":1}`:                        `{"a":[{}],"b":1}`,
		`{"n":12345678901234567890.0}`:                    `{"n":12345678901234567890.0}`,
		`{}`:                                              `{}`, `null`: `null`, `nonsense`: `null`, ``: `null`, `"x"`: `"x"`,
	} {
		if got := Dense(json.RawMessage(in)); string(got) != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	small := json.RawMessage(`{"a":1}`)
	if got := Compact(small); &got[0] != &small[0] {
		t.Error("a value without blanks is copied")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriterFails(t *testing.T) {
	doc := []byte(`[` + strings.Repeat(`"sk-ABCDefgh_-123456wxyz",`, 10_000) + `1]`)
	if err := (Redactor{}).Copy(t.Context(), brokenWriter{}, doc); err == nil || err.Error() != "disk full" {
		t.Errorf("Copy: %v", err)
	}
	if err := (Redactor{}).Copy(t.Context(), brokenWriter{}, []byte("plain")); err == nil || err.Error() != "disk full" {
		t.Errorf("Copy of what has no secret: %v", err)
	}
}

// Copy holds no second copy of the document; only of a string with escapes it
// has the text.
func TestNoCopy(t *testing.T) {
	for name, c := range map[string]struct {
		doc     string
		allowed int
	}{
		"items":              {`[` + strings.Repeat(`{"api_key":"hunter2","n":1},`, 100_000) + `1]`, 1 << 20},
		"text":               {strings.Repeat("password=hunter2, ", 100_000), 1 << 20},
		"string":             {`{"a":"` + strings.Repeat("abcdefgh ", 300_000) + `"}`, 1 << 20},
		"string and escapes": {`{"a":"` + strings.Repeat(`abcdefg\n`, 300_000) + ` password=hunter2"}`, 2 * 9 * 300_000},
	} {
		doc := []byte(c.doc)
		var before, after runtime.MemStats
		sink := countingWriter(0)
		runtime.ReadMemStats(&before)
		if err := (Redactor{}).Copy(t.Context(), &sink, doc); err != nil {
			t.Error(err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(c.allowed) {
			t.Errorf("%s: redacting %d bytes allocates %d", name, len(doc), got)
		}
	}
}

type countingWriter int

func (w *countingWriter) Write(b []byte) (int, error) {
	*w += countingWriter(len(b))
	return len(b), nil
}

func TestBinary(t *testing.T) {
	r := Redactor{Own: []string{"sk-mine-0123456789", "short", "Own+Key/1"}}
	in := []byte("\x00\xffsk-mine-0123456789\x00Own%2BKey%2F1 short \x80")
	if got := r.Binary(in); string(got) != "\x00\xffsk-...\x00**** short \x80" {
		t.Errorf("got %q", got)
	}
	if got := r.Binary([]byte("\x00none")); !bytes.Equal(got, []byte("\x00none")) {
		t.Errorf("got %q", got)
	}
}

// A key that begins like another, one inside another secret, and one that a
// secret begins in.
func TestOwn(t *testing.T) {
	r := Redactor{Own: []string{"sk-mine", "sk-mine-and-more-0001", "a@b.c/"}}
	for in, want := range map[string]string{
		"sk-mine":                    "sk-...",
		"sk-mine-and-more-0001":      "sk-...0001",
		"xsk-minesk-mine":            "xsk-...sk-...",
		"sk-mineABCDefgh123456":      "sk-...3456",
		"http://a@b.c/x":             "http://****x",
		"password=xsk-mine, sk-mine": "password=****, sk-...",
	} {
		if got, _ := r.Text(t.Context(), in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
