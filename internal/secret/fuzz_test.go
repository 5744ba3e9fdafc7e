package secret

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzJSON: what was JSON stays JSON, nothing is masked twice, Copy writes what
// JSON returns, and a marked secret does not survive anywhere next to it.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{}`, `[1, "x"]`, `{"api_key":"a","b":{"c":[{}]}}`, `"` + long + `"`, `{"a_credentials":{"x":"}"}}`, `nonsense`, `{"credential_values":{"a":"\\\""}}`, `-1.5e3`} {
		f.Add([]byte(s), "keys.*.key")
	}
	for _, form := range readForms() {
		f.Add([]byte(form.in), "a.*")
	}
	f.Fuzz(func(t *testing.T, doc []byte, keep string) {
		r := Redactor{Own: []string{ownKey}, Keep: []string{keep}}
		out, err := r.JSON(t.Context(), doc)
		var copied bytes.Buffer
		if err2 := r.Copy(t.Context(), &copied, doc); err != nil || err2 != nil || !bytes.Equal(copied.Bytes(), out) {
			t.Fatalf("%q: JSON gives %q %v, Copy %q %v", doc, out, err, copied.Bytes(), err2)
		}
		if !json.Valid(doc) {
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%s became %s", doc, out)
		}
		if again, _ := r.JSON(t.Context(), out); string(again) != string(out) {
			t.Fatalf("%s became %s, then %s", doc, out, again)
		}
		around(t, doc)
	})
}

// around puts doc next to marked secrets.
func around(t *testing.T, doc []byte) {
	const mark = "MARKED-hunter2"
	const markedKey = "sk-MARKEDhunter2MARKED"
	if strings.Contains(string(doc), "MARKED") || strings.Contains(string(doc), `\`) {
		return
	}
	for _, frame := range []string{
		`{"x":%,"password":"` + mark + `"}`, `[{"credential_values":{"a":"` + mark + `","b":%}}]`,
		`{"a":%,"b":["` + markedKey + `"],"` + markedKey + `":%}`, `{"my_credentials":{"q":%,"r":"` + mark + `"}}`,
		`{"Authorization":["` + mark + `"],"c":%}`, `{"headers":{"a":%,"b":["` + mark + `"]}}`,
		`{"key":%,"name":"apiKey","value":"` + mark + `"}`,
	} {
		full := strings.ReplaceAll(frame, "%", string(doc))
		out := JSON([]byte(full))
		if strings.Contains(string(out), "MARKED-") || strings.Contains(string(out), "MARKEDhunter") || !json.Valid(out) {
			t.Fatalf("%s became %s", full, out)
		}
	}
}

// FuzzText: redacting twice is redacting once, the caller's own key is gone, and
// the work is in proportion.
func FuzzText(f *testing.F) {
	for _, form := range readForms() {
		f.Add(form.in)
	}
	for i := range worst {
		f.Add(string(sample(i, 200)))
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := Redactor{Own: []string{ownKey}}
		once, _ := r.Text(t.Context(), s)
		if again, _ := r.Text(t.Context(), once); again != once {
			t.Fatalf("%q became %q, then %q", s, once, again)
		}
		if strings.Contains(once, ownKey) {
			t.Fatalf("%q became %q", s, once)
		}
		if n := steps([]byte(s)); n > 600*len(s)+1000 {
			t.Fatalf("%q: %d bytes take %d steps", s, len(s), n)
		}
	})
}

// FuzzWalk: the walker finds what encoding/json does.
func FuzzWalk(f *testing.F) {
	for _, form := range readForms() {
		f.Add([]byte(form.in), "a.b.c")
	}
	f.Add([]byte(`{"a.b":{"c":null},"a":{"b.c":1,"b":{"c":2}},"a":{"b":{"c":3}},"\u0061":{}}`), "a.b.c")
	f.Add([]byte(`"\u00e9\ud83d\ude00\ud83d\ud83dx\/\b\f\n\r\t\\\"\uDEAD"`), "")
	f.Add([]byte("\"\\n\xff\xf0\x9f\x98\x80\""), "")
	f.Add([]byte(`[ [ 1 , {} ] , "]" , -1e3 ]`), "")
	f.Add([]byte(`{"a":[],"b":{"c":""},"d":[{"e":null}]}`), "d")
	f.Fuzz(func(t *testing.T, doc []byte, path string) {
		members, elements := map[string]string{}, []string{}
		for name, value := range Members(doc) {
			members[string(name)] = string(value)
		}
		for value := range Elements(doc) {
			elements = append(elements, string(value))
		}
		if !json.Valid(doc) {
			Dense(doc)
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(doc, &object) == nil && len(object) != len(members) {
			t.Fatalf("%s: %d members, want %d", doc, len(members), len(object))
		}
		for name, value := range object {
			if string(bytes.TrimSpace(value)) != members[name] {
				t.Fatalf("%s: member %q is %s, want %s", doc, name, members[name], value)
			}
		}
		var array []json.RawMessage
		if json.Unmarshal(doc, &array) == nil && len(array) != len(elements) {
			t.Fatalf("%s: %d elements, want %d", doc, len(elements), len(array))
		}
		for i, value := range array {
			if string(bytes.TrimSpace(value)) != elements[i] {
				t.Fatalf("%s: element %d is %s, want %s", doc, i, elements[i], value)
			}
		}
		if got, want := Lookup(doc, path), lookup(doc, path); string(bytes.TrimSpace(got)) != string(bytes.TrimSpace(want)) {
			t.Fatalf("%s: %q is %s, want %s", doc, path, got, want)
		}
		layouts(t, doc)
	})
}

// lookup is Lookup by encoding/json.
func lookup(body json.RawMessage, path string) json.RawMessage {
	for path != "" && body != nil {
		var object map[string]json.RawMessage
		if json.Unmarshal(body, &object) != nil {
			return nil
		}
		if value, ok := object[path]; ok {
			body = value
			break
		}
		var name string
		name, path, _ = strings.Cut(path, ".")
		body = object[name]
	}
	if string(bytes.TrimSpace(body)) == "null" {
		return nil
	}
	return body
}

// layouts compares how the encoder lays out doc with encoding/json, and Dense
// with a decoded document.
func layouts(t *testing.T, doc []byte) {
	var want bytes.Buffer
	_ = json.Compact(&want, doc)
	if got := Compact(doc); string(got) != want.String() {
		t.Fatalf("%s: compact is %s, want %s", doc, got, want.String())
	}
	var text string
	if json.Unmarshal(doc, &text) == nil && bytes.HasPrefix(doc, []byte{'"'}) && Unquote(bytes.TrimSpace(doc)) != text {
		t.Fatalf("%s: unquoted is %q, want %q", doc, Unquote(doc), text)
	}
	thin := Dense(doc)
	var before, after any
	if json.Unmarshal(doc, &before) != nil {
		return // a number out of range
	}
	if err := json.Unmarshal(thin, &after); err != nil {
		t.Fatalf("%s: dense is %s: %v", doc, thin, err)
	}
	if hasRepeats(doc) {
		return
	}
	a, _ := json.Marshal(thinned(before))
	b, _ := json.Marshal(after)
	if string(a) != string(b) {
		t.Fatalf("%s: dense is %s, want %s", doc, b, a)
	}
}

// thinned is Dense on a decoded value.
func thinned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if value = thinned(value); value == nil || value == "" || isEmptyList(value) {
				delete(v, name)
			} else {
				v[name] = value
			}
		}
	case []any:
		for i := range v {
			v[i] = thinned(v[i])
		}
	}
	return v
}

func isEmptyList(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// hasRepeats: of repeated names encoding/json keeps one, Dense those that say
// something.
func hasRepeats(b []byte) bool {
	seen := map[string]bool{}
	for name, value := range Members(b) {
		if seen[string(name)] || hasRepeats(value) {
			return true
		}
		seen[string(name)] = true
	}
	for value := range Elements(b) {
		if hasRepeats(value) {
			return true
		}
	}
	return false
}
