package sandbox

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/secret"
)

// money is a number that the gateway keeps as a float: 5 is written 5.0.
type money float64

// MarshalJSON writes the number with a decimal point, as the gateway does.
func (m money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// String formats like Python's repr of a float.
func (m money) String() string {
	f := float64(m)
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// number returns v as a float, whichever numeric type it has.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case money:
		return float64(v), true
	case int:
		return float64(v), true
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// text returns v if it is a string, "" otherwise.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// list returns the strings in v, which may be any kind of list or nil.
func list(v any) []string {
	switch v := v.(type) {
	case []string:
		return v
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			if s, is := item.(string); is {
				out = append(out, s)
			} else {
				out = append(out, fmt.Sprint(item))
			}
		}
		return out
	}
	return nil
}

// or returns v, or the given default when v is nil.
func or(v, otherwise any) any {
	if v == nil {
		return otherwise
	}
	return v
}

func randomText(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// randomOf returns n characters of an alphabet of 32.
func randomOf(alphabet string, n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// tokenOf returns what the gateway stores of a key: its hash. Anything that is
// no key is taken for a hash already.
func tokenOf(key string) string {
	if !strings.HasPrefix(key, "sk-") {
		return key
	}
	return secret.Hash(key)
}

func maskedKey(key string) string {
	if len(key) < 4 {
		return "sk-..."
	}
	return "sk-..." + key[len(key)-4:]
}

// pyNone is how Python prints what is not there.
const pyNone = "None"

// pyString writes s as Python's repr does.
func pyString(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	} else {
		s = strings.ReplaceAll(s, "'", `\'`)
	}
	return quote + strings.ReplaceAll(s, "\n", `\n`) + quote
}

// pyList writes names as Python prints a list of strings.
func pyList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = pyString(name)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// pyDict is the text of a Python dict with one member; many messages are one.
func pyDict(name, value string) string { return "{'" + name + "': " + pyString(value) + "}" }

// parseDuration reads 30s, 5m, 1h, 7d, 2w, 1mo. What is wrong with anything else
// it says in the gateway's words.
func parseDuration(s string) (count int, unit, wrong string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	count, err := strconv.Atoi(s[:i])
	if err != nil {
		return 0, "", "Invalid duration format"
	}
	switch unit = s[i:]; unit {
	case "s", "m", "h", "d", "w", "mo":
		return count, unit, ""
	}
	return 0, "", "Unsupported duration unit, passed duration: " + s
}

func addDuration(t time.Time, count int, unit string) time.Time {
	switch unit {
	case "s":
		return t.Add(time.Duration(count) * time.Second)
	case "m":
		return t.Add(time.Duration(count) * time.Minute)
	case "h":
		return t.Add(time.Duration(count) * time.Hour)
	case "d":
		return t.AddDate(0, 0, count)
	case "w":
		return t.AddDate(0, 0, 7*count)
	}
	return t.AddDate(0, count, 0)
}
