package secret

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
)

//go:embed testdata/forms.txt
var formsFile string

const ownKey = "my/own+key!"

// form is a line of testdata/forms.txt.
type form struct {
	section, in, want string
	line              int
}

func (f form) isText() bool { return strings.HasPrefix(f.section, "[text") }

func readForms() (all []form) {
	fill := strings.NewReplacer("HASH", hash, "KEY", "sk-2xu-UVCgUzDuLJhTdcsiXg", "OWN", ownKey)
	section := ""
	for i, line := range strings.Split(formsFile, "\n") {
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[' && strings.HasSuffix(line, "]") && strings.Contains(line, ": "):
			section = line
			continue
		}
		in, want, changes := strings.Cut(line, " => ")
		if !changes {
			want = in
		}
		f := form{section, words(fill, in), words(fill, want), i + 1}
		if f.isText() {
			f.in, f.want = strings.ReplaceAll(f.in, `\n`, "\n"), strings.ReplaceAll(f.want, `\n`, "\n")
		}
		all = append(all, f)
	}
	return all
}

// words fills in the words in capitals that stand alone: OPENAI_API_KEY stays.
func words(fill *strings.Replacer, s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && (isUpper(s[j]) || s[j] == '_') {
			j++
		}
		switch w := s[i:j]; {
		case i == j:
			b.WriteByte(s[i])
			i++
			continue
		case (w == "HASH" || w == "KEY" || w == "OWN") && !strings.HasSuffix(s[:i], "PRIVATE ") && !strings.HasSuffix(s[:i], "PUBLIC "):
			b.WriteString(fill.Replace(w))
		default:
			b.WriteString(w)
		}
		i = j
	}
	return b.String()
}

func TestForms(t *testing.T) {
	all := readForms()
	masked := 0
	r := Redactor{Own: []string{ownKey}}
	for _, f := range all {
		if f.in != f.want {
			masked++
		}
		redact := func(s string) (string, error) {
			out, err := r.JSON(t.Context(), []byte(s))
			return string(out), err
		}
		if f.isText() {
			redact = func(s string) (string, error) { return r.Text(t.Context(), s) }
		} else if json.Valid([]byte(f.in)) != json.Valid([]byte(f.want)) {
			t.Errorf("line %d: one of %s and %s is not JSON", f.line, f.in, f.want)
		}
		got, err := redact(f.in)
		if got != f.want || err != nil {
			t.Errorf("line %d: %s\n got %s %v\nwant %s", f.line, f.in, got, err, f.want)
			continue
		}
		if again, _ := redact(got); again != got {
			t.Errorf("line %d: %s, redacted again, is %s", f.line, got, again)
		}
	}
	if masked < 100 || len(all)-masked < 60 {
		t.Errorf("%d forms are masked and %d shown: the table is cut short", masked, len(all)-masked)
	}
	t.Logf("%d forms masked, %d shown", masked, len(all)-masked)
}
