package cli

import (
	"strings"
	"testing"
)

// TestExpression compares with what Python's re.search finds.
func TestExpression(t *testing.T) {
	for _, tt := range []struct {
		expression, text string
		want             bool
	}{
		{"", "anything", true}, {`gpt$`, "gpt\n", true}, {`gpt\Z`, "gpt\n", false}, {`gpt\Z`, "gpt", true}, {`\\Z`, `\Z`, true},
		{`^(?!openai/)`, "openai/a", false}, {`(?P<x>a)b(?P=x)`, "aba", true}, {`(?P<x>a)b(?P=x)`, "abb", false},
		{`^a{,2}$`, "aa", true}, {`^a{,2}$`, "aaa", false}, {`\{,2}`, "{,2}", true}, {`[{,2}]$`, ",", true},
		{`^[a-c-[b]]$`, "b]", true}, {`^[]-_[]+$`, "]_[", true}, {`[+-[]x`, "Ax", true}, {`(?P<`, "", false},
	} {
		match, err := expression("flag", tt.expression)
		if err != nil {
			if tt.want {
				t.Errorf("%s: %v", tt.expression, err)
			}
			continue
		}
		if got, err := match(tt.text); got != tt.want || err != nil {
			t.Errorf("%s on %q: %v, %v; want %v", tt.expression, tt.text, got, err, tt.want)
		}
	}
	match, _ := expression("flag", `^(x+x+)+y$`)
	if _, err := match(strings.Repeat("x", 60)); err == nil || !strings.Contains(err.Error(), "takes too long") {
		t.Errorf("a match without an end: %v", err)
	}
}
