package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// world is a gateway and a person: the inputs are given, what is shown is kept.
type world struct {
	inputs []string
	strict bool
	closed bool // nobody reads the answers
	fails  int  // this many answers fail from now on
	asked  []string
	shown  strings.Builder
}

func (w *world) Complete(ctx context.Context, model string, messages []Message, words func(string)) (Answer, error) {
	var all []string
	for _, m := range messages {
		all = append(all, m.Role[:1]+":"+m.Content)
	}
	w.asked = append(w.asked, strings.Join(all, " "))
	if w.fails > 0 {
		w.fails--
		return Answer{}, errors.New("it failed")
	}
	if messages[len(messages)-1].Content == "nothing" {
		return Answer{}, nil
	}
	words("ok ")
	if ctx.Err() != nil {
		return Answer{Text: "ok "}, ctx.Err()
	}
	words("then")
	return Answer{Text: "ok then", Cut: messages[len(messages)-1].Content == "long"}, nil
}

func (w *world) Models(context.Context) ([]string, error) { return []string{"m"}, nil }

func (w *world) Read(context.Context) (Input, error) {
	if len(w.inputs) == 0 {
		return Input{}, io.EOF
	}
	text := w.inputs[0]
	w.inputs = w.inputs[1:]
	if text == "^C" {
		return Input{}, ErrInterrupted
	}
	if rest, ok := strings.CutPrefix(text, "!"); ok { // the next answers fail
		_, _ = fmt.Sscan(rest, &w.fails)
		return Input{Text: " "}, nil
	}
	return Input{Text: text, Plain: w.strict}, nil
}

var errClosed = errors.New("closed")

func (w *world) Words(text string) error {
	if w.closed {
		return errClosed
	}
	w.shown.WriteString(text)
	return nil
}

func (w *world) End() error      { return w.Words("\n") }
func (w *world) Say(text string) { w.shown.WriteString(text + "\n") }
func (w *world) Fail(err error)  { w.shown.WriteString("error: " + err.Error() + "\n") }

func (w *world) Cancelable(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// TestSession follows conversations: what each request holds, and how they end.
func TestSession(t *testing.T) {
	for _, tt := range []struct {
		name   string
		world  world
		system string
		asked  []string
		shows  string
		err    error
	}{
		{name: "history", world: world{inputs: []string{"a", "", "b"}}, asked: []string{"u:a", "u:a a:ok then u:b"}},
		{name: "system", world: world{inputs: []string{"a", "/system", "b"}}, system: "s", asked: []string{"s:s u:a", "u:a a:ok then u:b"}},
		{name: "a failure goes on", world: world{inputs: []string{"!1", "a", "b"}}, asked: []string{"u:a", "u:b"}, shows: "error: it failed"},
		{name: "retry after a failure", world: world{inputs: []string{"a", "!1", "b", "/retry"}}, asked: []string{"u:a", "u:a a:ok then u:b", "u:a a:ok then u:b"}},
		{name: "retry replaces an answer", world: world{inputs: []string{"a", "/retry", "b"}}, asked: []string{"u:a", "u:a", "u:a a:ok then u:b"}},
		{name: "a retry that fails keeps the answer", world: world{inputs: []string{"a", "!1", "/retry", "b"}}, asked: []string{"u:a", "u:a", "u:a a:ok then u:b"}},
		{name: "nothing to retry", world: world{inputs: []string{"/retry"}}, shows: "There is no message to send again."},
		{name: "an answer without text", world: world{inputs: []string{"nothing", "b"}}, asked: []string{"u:nothing", "u:b"}, shows: "The answer has no text."},
		{name: "an answer cut short", world: world{inputs: []string{"long", "b"}}, asked: []string{"u:long", "u:long a:ok then u:b"}, shows: "The answer was cut at the limit of tokens."},
		{name: "clear", world: world{inputs: []string{"a", "/clear", "b"}}, system: "s", asked: []string{"s:s u:a", "s:s u:b"}},
		{name: "exit", world: world{inputs: []string{"/exit", "a"}}},
		{name: "one interrupt", world: world{inputs: []string{"^C", "a", "^C", "b"}}, asked: []string{"u:a", "u:a a:ok then u:b"}, shows: "Press Ctrl-C again"},
		{name: "two interrupts", world: world{inputs: []string{"a", "^C", "^C", "b"}}, asked: []string{"u:a"}, err: ErrInterrupted},
		{name: "strict: no commands", world: world{strict: true, inputs: []string{"/exit", "//help"}}, asked: []string{"u:/exit", "u:/exit a:ok then u://help"}},
		{name: "strict: the first failure ends it", world: world{strict: true, inputs: []string{"!1", "a", "b"}}, asked: []string{"u:a"}, err: errors.New("it failed")},
		{name: "nobody reads", world: world{closed: true, inputs: []string{"a", "b"}}, asked: []string{"u:a"}, err: errClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &tt.world
			s := &Session{Gateway: w, Person: w, Model: "m", System: tt.system, Strict: w.strict}
			err := s.Run(t.Context())
			if fmt.Sprint(err) != fmt.Sprint(tt.err) {
				t.Errorf("it ended with %v, not %v", err, tt.err)
			}
			if fmt.Sprint(w.asked) != fmt.Sprint(tt.asked) {
				t.Errorf("it asked %q, not %q", w.asked, tt.asked)
			}
			if !strings.Contains(w.shown.String(), tt.shows) {
				t.Errorf("it does not show %q:\n%s", tt.shows, w.shown.String())
			}
		})
	}
}
