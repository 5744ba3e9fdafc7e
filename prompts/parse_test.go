package prompts

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, content, fails string }{
		{"good", "---\nname: a\ntitle: A\ndescription: b\narguments:\n  - name: c\n    complete: team\n---\nHello {{c}}\n", ""},
		{"lines of Windows", "---\r\nname: a\r\ntitle: A\r\ndescription: b\r\n---\r\nHello\r\n", ""},
		{"a line in the text", "---\nname: a\ntitle: A\ndescription: b\n---\nHello\n---\n", ""},
		{"no front matter", "Hello\n", "missing"},
		{"no title", "---\nname: a\ndescription: b\n---\nHello\n", "title"},
		{"an argument that nothing completes", "---\nname: a\ntitle: A\ndescription: b\narguments:\n  - name: c\n---\nHello {{c}}\n", "complete"},
		{"an unknown kind", "---\nname: a\ntitle: A\ndescription: b\narguments:\n  - name: c\n    complete: cat\n---\nHello {{c}}\n", "one of team"},
		{"no end", "---\nname: a\n", "does not end"},
		{"no name", "---\ntitle: A\ndescription: b\n---\nHello\n", "needs name"},
		{"an unknown field", "---\nname: a\ntitle: A\ndescription: b\nargument: c\n---\nHello\n", "argument"},
		{"an unknown placeholder", "---\nname: a\ntitle: A\ndescription: b\n---\nHello {{c}}\n", "{{c}}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parse([]byte(tt.content))
			if tt.fails == "" && (err != nil || p.Name != "a" || !strings.HasPrefix(p.text, "Hello")) {
				t.Errorf("%+v %v", p, err)
			}
			if tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)) {
				t.Errorf("error %v, want %q", err, tt.fails)
			}
		})
	}
}
