package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// worst are inputs that scanners of such texts are known to read again and again.
// Each is repeated up to a length; head and tail stand around it.
var worst = []struct{ name, head, part, tail string }{
	{"masked token", "", "token=****", ""},
	{"masked tokens quoted", "", `"token": "****" `, ""},
	{"named and unclosed", "", `"a":"`, ""},
	{"secret and unclosed", "", `"token":"`, ""},
	{"secret and unclosed, both quotes", "", `'token':"`, ""},
	{"key and unclosed", "", `"key":'`, ""},
	{"key and unclosed, escaped", "", `"key":\"`, ""},
	{"masked and unclosed", "", `"token":"os.environ/`, ""},
	{"braces", "", "{", ""},
	{"credentials nested", "", `"credential_values":{`, ""},
	{"empty credentials", "", `"credential_values":{}`, ""},
	{"URLs", "", "://@", ""},
	{"one URL", "http://", "a", ""},
	{"URL users", "http://", "a@", ""},
	{"sk-", "", "sk-", ""},
	{"no sk-", "", "xsk-", ""},
	{"sk- names", "", "sk-learn-experiments-", ""},
	{"sk-ant names", "", "sk-ant-team-", ""},
	{"hf_ names", "", "hf_mistralai_Mistral-", ""},
	{"hf_", "", "hf_", ""},
	{"hf_ and a word", "", "hf_" + strings.Repeat("a", 20), ""},
	{"ya29.", "", "ya29.c.", ""},
	{"ya29. names", "", "ya29.c.of-the-team-and-more-", ""},
	{"SG.", "", "SG.", ""},
	{"SG. and short", "", "SG.Xq7Rb2vLmZ0pT4wYs8K-_A.", ""},
	{"prefixes", "", "sk-hf_gsk_xai-ghp_AIza-eyJ-xoxb-", ""},
	{"Bearer", "", "Bearer ", ""},
	{"bearer joined", "", "bearer+", "****"},
	{"bearer masked", "", "bearer ****", ""},
	{"escaped quotes", "", `\\\"`, ""},
	{"secret and backslashes", `"token":"`, `\`, ""},
	{"secrets and backslashes", "", `"token":\\\\`, ""},
	{"arrays", "", "[", "]"},
	{"arrays closed", strings.Repeat("[", 9000), "1,", "1" + strings.Repeat("]", 9000)},
	{"strings", "", `"`, ""},
	{"one string", `"`, "a", `"`},
	{"one string with escapes", `"`, `\n`, `"`},
	{"name before colon", "", "a", ":"},
	{"names before colons", "", strings.Repeat("a", 100) + ":", ""},
	{"blanks before colons", "", strings.Repeat(" ", 100) + ":", ""},
	{"colons", "", ":", ""},
	{"equals", "", "=", ""},
	{"quoted equals", "", `"=`, ""},
	{"JWT", "", "eyJhbGciOiJ-", "." + strings.Repeat("a", 1000)},
	{"JWT dots", "", "eyJ.", ""},
	{"JWT parts", "", "eyJhbGciOiJIUzI1NiJ9.e", ""},
	{"PEM", "", "-----BEGIN ", ""},
	{"PEM certificates", "", "-----BEGIN CERTIFICATE-----", ""},
	{"dashes", "", "-", ""},
	{"webhooks", "", "hooks.slack.com/services/", ""},
	{"headers", "", "Cookie: ", ""},
	{"header lines", "", "Cookie:\n", ""},
	{"header shown", "", "Cookie: None\n", ""},
	{"stars", "token=", "*", "x"},
	{"dots", "token=", ".", ""},
	{"own key", "", "OWN-KEY", ""},
	{"own key begun", "", "OWN-KE", ""},
	{"other own key missing", "", "second-own ", ""},
	{"percent", "", "%20", ""},
	{"JSON values before names", `[`, `{"value":"x"},`, `1]`},
	{"JSON nested values", `[`, `{"value":"x","a":{"value":"y","b":[{"field_value":"z"}]}},`, `1]`},
	{"JSON deep values", strings.Repeat(`{"value":"x","a":`, 4000), ` `, `1` + strings.Repeat("}", 4000)},
	{"JSON keys", `{"keys":[`, `"Xq7Rb2vLmZ0pT4wYs8KdNc6JhGf1Ea3UoV",`, `1]}`},
	{"JSON in JSON", `[`, `"{\"a\":[\"{}\"]}",`, `1]`},
	{"JSON names", `{`, `"api_key":"x",`, `"a":1}`},
	{"JSON secret string", `{"api_key":"`, `\\`, `"}`},
	{"JSON own numbers", `[`, `123456789,`, `1]`},
}

func sample(i, n int) []byte {
	w := worst[i]
	return []byte(w.head + strings.Repeat(w.part, max(1, n/len(w.part))) + w.tail)
}

var testOwn = []string{"OWN-KEY", "second-own", "never-there", "123456789"}

// steps is the work of one redaction: the bytes looked at.
func steps(b []byte) int {
	d := document{job: newJob(context.Background(), testOwn), in: b, w: io.Discard}
	d.redactAll(nil)
	return d.work
}

// Four times the input is four times the work, and the work is a few looks at
// each byte.
func TestLinear(t *testing.T) {
	const n = 64 << 10
	for i, w := range worst {
		t.Run(w.name, func(t *testing.T) {
			small, large := sample(i, n), sample(i, 4*n)
			a, b := steps(small), steps(large)
			if limit := 4*a + a/2 + 64<<10; b > limit {
				t.Errorf("%d bytes take %d steps, %d bytes %d: more than 4.5 times", len(small), a, len(large), b)
			}
			if b > 160*len(large) {
				t.Errorf("%d bytes take %d steps: more than 160 a byte", len(large), b)
			}
		})
	}
}

// Redaction never needs the stack for depth.
func TestDeep(t *testing.T) {
	for _, part := range []string{"[", "{", `{"a":`, `[{"headers":`, `"credential_values":{`} {
		b := []byte(strings.Repeat(part, 1_000_000))
		JSON(b)
		for range Members(b) {
		}
		for range Elements(b) {
		}
		Lookup(b, "a.a.a.b")
		Dense(b)
		Compact(b)
	}
	deep := []byte(strings.Repeat(`{"headers":[`, 4900) + `"hunter2"` + strings.Repeat("]}", 4900))
	if got := JSON(deep); bytes.Contains(got, []byte("hunter2")) {
		t.Error("a secret 9,800 levels deep is shown")
	}
}

// cutOff is a context that is canceled after Err was called left times.
type cutOff struct {
	context.Context
	left int
}

func (c *cutOff) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Redaction stops soon after its context ends, and never hands out what it has
// not redacted. (Where the first secret reaches to the end, there is nothing to
// stop: it is found in one search.)
func TestCancel(t *testing.T) {
	long := strings.Repeat("token=hunter2 and more words; ", 40_000)
	for _, doc := range []string{long, `{"a":"` + long + `"}`, `[` + strings.Repeat(`{"key":"sk-1234"},`, 60_000) + `1]`, strings.Repeat("[", 1<<20)} {
		b := []byte(doc)
		all := &cutOff{t.Context(), 1 << 30}
		if _, err := (Redactor{}).JSON(all, b); err != nil {
			t.Fatal(err)
		}
		if asked := 1<<30 - all.left; asked < len(b)/checkEvery/2 {
			t.Errorf("%.20s…: %d bytes are redacted with %d looks at the context", doc, len(b), asked)
		}
		for _, left := range []int{0, 3} {
			if out, err := (Redactor{}).JSON(&cutOff{t.Context(), left}, b); out != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("%.20s…: JSON gives %d bytes and %v", doc, len(out), err)
			}
			if out, err := (Redactor{}).Text(&cutOff{t.Context(), left}, doc); out != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("%.20s…: Text gives %d bytes and %v", doc, len(out), err)
			}
			var out bytes.Buffer
			if err := (Redactor{}).Copy(&cutOff{t.Context(), left}, &out, b); !errors.Is(err, context.Canceled) || strings.Contains(out.String(), "hunter2") {
				t.Errorf("%.20s…: Copy gives %v and %d bytes", doc, err, out.Len())
			}
		}
	}
}

func BenchmarkWorst(b *testing.B) {
	for i, w := range worst {
		for _, n := range []int{64 << 10, 1 << 20, 16 << 20} {
			b.Run(fmt.Sprintf("%s/%dKiB", strings.ReplaceAll(w.name, " ", "-"), n>>10), func(b *testing.B) {
				doc := sample(i, n)
				b.SetBytes(int64(len(doc)))
				for b.Loop() {
					_ = Redactor{Own: testOwn}.Copy(b.Context(), io.Discard, doc)
				}
			})
		}
	}
}
