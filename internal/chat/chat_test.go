package chat

import (
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	for _, tt := range []struct{ line, name, argument string }{
		{"/help", "/help", ""}, {" /help ", "/help", ""}, {"/exit", "/exit", ""}, {"/quit", "/quit", ""},
		{"/system be brief", "/system", "be brief"}, {"/system", "/system", ""},
		{"/model gpt-4o", "/model", "gpt-4o"}, {"/model", "/model", ""}, {"/save a.json", "/save", "a.json"},
		{"/help me", "", ""}, {"/quick question", "", ""}, {"/q", "", ""}, {"/Help", "", ""}, {"/save", "", ""},
		{"/save the whales", "", ""}, {"/model trains are fun", "", ""}, {"/helpme", "", ""}, {"//help", "", ""},
		{"help", "", ""}, {"/help\nme", "", ""}, {"/", "", ""}, {"/etc/passwd is a file", "", ""},
	} {
		name, argument, is := command(tt.line)
		if is != (tt.name != "") || is && (name != tt.name || argument != tt.argument) {
			t.Errorf("%q is %q %q %v, not %q %q", tt.line, name, argument, is, tt.name, tt.argument)
		}
	}
	for line, want := range map[string]string{"//help": "/help", "//x": "//x", "// a comment": "// a comment", "///help": "///help", "//save a": "/save a", "hi": "hi"} {
		if got := unescaped(line); got != want {
			t.Errorf("%q is sent as %q, not %q", line, got, want)
		}
	}
}

// TestHelp: every command is explained.
func TestHelp(t *testing.T) {
	for name := range commands {
		if name != "/quit" && !strings.Contains(Help, "\n"+name) && !strings.HasPrefix(Help, name) {
			t.Errorf("%s is not in the help", name)
		}
	}
}

func TestLines(t *testing.T) {
	for typed, want := range map[string]string{
		"hi":                                  "hi",
		`a\` + "\nb":                          "a\nb",
		`a\` + "\n" + `b\` + "\nc":            "a\nb\nc",
		`"""` + "\na\n\n/help\n" + `"""`:      "a\n\n/help",
		`"""a` + "\n" + `b"""`:                "a\nb",
		`"""a b"""`:                           "a b",
		`"""` + "\n" + `a\` + "\n" + `"""`:    `a\`,
		`say "hi"`:                            `say "hi"`,
		`a\` + "\n" + `"""` + "\nnot reached": "a\n" + `"""`,
	} {
		var l Lines
		var got Input
		complete := false
		for line := range strings.SplitSeq(typed, "\n") {
			if complete {
				break
			}
			got, complete = l.Add(line)
		}
		if !complete || got.Text != want || l.Open() || strings.Contains(want, "\n") && !got.Plain {
			t.Errorf("%q is %+v %v, not %q", typed, got, complete, want)
		}
	}
	var l Lines
	l.Paste("one")
	l.Paste("/help")
	if in, complete := l.Add(""); !complete || in.Text != "one\n/help" || !in.Plain {
		t.Errorf("pasted: %+v %v", in, complete)
	}
}

// FuzzLines: what is typed comes out as a message, once quotes and backslashes end.
func FuzzLines(f *testing.F) {
	f.Add("a\\\nb")
	f.Add("\"\"\"\nx\n\"\"\"")
	f.Add("//help")
	f.Fuzz(func(t *testing.T, typed string) {
		var l Lines
		for line := range strings.SplitSeq(typed, "\n") {
			in, complete := l.Add(line)
			if complete == l.Open() {
				t.Fatalf("%q: complete is %v, and the next message is open: %v", line, complete, l.Open())
			}
			if complete && !in.Plain && in.Text != line {
				t.Fatalf("%q became %q", line, in.Text)
			}
			if name, _, is := command(in.Text); is && commands[name] == alone && strings.TrimSpace(in.Text) != name {
				t.Fatalf("%q is taken for %s", in.Text, name)
			}
		}
	})
}

func TestCost(t *testing.T) {
	dime := 0.1
	for _, tt := range []struct {
		answers []Answer
		want    string
	}{
		{nil, ""},
		{[]Answer{{}}, "1 answer; tokens unknown; cost unknown"},
		{[]Answer{{In: 1, Out: 2, Counted: true}}, "1 answer; 1 token in, 2 out; cost unknown"},
		{[]Answer{{In: 1, Out: 2, Counted: true, Cost: &dime}, {In: 1, Out: 2, Counted: true, Cost: &dime}, {In: 1, Out: 2, Counted: true, Cost: &dime}}, "3 answers; 3 tokens in, 6 out; 0.3 US dollars"},
		{[]Answer{{In: 1, Out: 2, Counted: true, Cost: &dime}, {}}, "2 answers; 1 token in, 2 out; at least 0.1 US dollars (cost of 1 unknown)"},
	} {
		var c cost
		for _, a := range tt.answers {
			c.add(a, true)
		}
		if got := c.String(); got != tt.want {
			t.Errorf("%q, not %q", got, tt.want)
		}
	}
}
