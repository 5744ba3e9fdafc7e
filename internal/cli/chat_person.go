package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"litellm-proxy/internal/chat"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// person is who chats: at a terminal, or a program that writes lines. end must be called
// when the chat is over.
func (c *chatRun) person() (p chat.Person, end func()) {
	out := talker{app: c.app}
	if c.Terminal == nil {
		lines := bufio.NewScanner(c.Stdin)
		lines.Buffer(nil, maxMessage)
		return &piped{out, lines, make(chan bool, 1)}, func() {}
	}
	t := &typist{talker: out, in: c.Terminal, interrupts: make(chan os.Signal, 1)}
	// From here on Ctrl-C stops an answer, not the program.
	signal.Ignore(os.Interrupt)
	signal.Notify(t.interrupts, os.Interrupt)
	return t, func() { signal.Stop(t.interrupts) }
}

// maxMessage is the largest line that is read as a message.
const maxMessage = 16 << 20

// talker shows answers on stdout and everything else on stderr.
type talker struct{ *app }

// Words implements [chat.Person].
func (t talker) Words(text string) error {
	_, err := io.WriteString(t.Stdout, text)
	return unwritten(err)
}

// End implements [chat.Person].
func (t talker) End() error {
	if s, ok := t.Stdout.(*screen); ok {
		s.flush()
	}
	return t.Words("\n")
}

// Say implements [chat.Person].
func (t talker) Say(text string) { fmt.Fprintln(t.Stderr, t.masked(strings.TrimRight(text, "\n"))) }

// Fail implements [chat.Person].
func (t talker) Fail(err error) {
	if operation.AsError(err) == nil {
		err = &proxyclient.Error{Code: proxyclient.CodeLocal, Message: err.Error()}
	}
	t.report(err, 1)
}

// piped reads each line as a message.
type piped struct {
	talker
	lines *bufio.Scanner
	next  chan bool // whether there is a line
}

// errEnded ends a chat that was interrupted from outside.
var errEnded = &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "interrupted", Err: context.Canceled}

// Read implements [chat.Person].
func (p *piped) Read(ctx context.Context) (chat.Input, error) {
	go func() { p.next <- p.lines.Scan() }()
	more := false
	select {
	case <-ctx.Done():
		return chat.Input{}, errEnded
	case more = <-p.next:
	}
	switch {
	case more:
		return chat.Input{Text: p.lines.Text(), Plain: true}, nil
	case errors.Is(p.lines.Err(), bufio.ErrTooLong):
		return chat.Input{}, usageError(fmt.Sprintf("a line of standard input is longer than %d MiB", maxMessage>>20))
	case p.lines.Err() != nil:
		return chat.Input{}, usageError("cannot read standard input: " + p.lines.Err().Error())
	}
	return chat.Input{}, io.EOF
}

// Cancelable implements [chat.Person]: only the whole command is interrupted.
func (p *piped) Cancelable(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// typist is a person at a terminal, who edits lines and has a history of them in memory.
type typist struct {
	talker
	in         *os.File
	keys       *keyboard // of the editor
	editor     *term.Terminal
	interrupts chan os.Signal
}

// Cancelable implements [chat.Person].
func (t *typist) Cancelable(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-t.interrupts:
			time.Sleep(settle)
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// Read implements [chat.Person].
func (t *typist) Read(ctx context.Context) (chat.Input, error) {
	var lines chat.Lines
	for {
		prompt := "> "
		if lines.Open() {
			prompt = ". "
		}
		line, err := t.line(ctx, prompt)
		switch {
		case errors.Is(err, term.ErrPasteIndicator):
			lines.Paste(line)
			continue
		case err != nil:
			return chat.Input{}, err
		}
		if utf8.RuneCountInString(line) == longestLine {
			t.Say("The line has more characters than can be typed, and nothing was sent. Use chat completions with --message instead.")
			lines = chat.Lines{}
			continue
		}
		if in, complete := lines.Add(line); complete {
			return in, nil
		}
	}
}

// longestLine is the length at which the editor takes no more characters.
const longestLine = 4096

// line reads one line with the terminal in raw mode, and leaves it as it was.
func (t *typist) line(ctx context.Context, prompt string) (string, error) {
	fd := int(t.in.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(fd, state) }()
	if t.editor == nil {
		t.edit(prompt)
	}
	t.editor.SetPrompt(prompt)
	if width, height, err := term.GetSize(fd); err == nil && width > 0 {
		_ = t.editor.SetSize(width, height)
	}
	t.editor.SetBracketedPasteMode(true)
	defer t.editor.SetBracketedPasteMode(false)
	type typed struct {
		line string
		err  error
	}
	result := make(chan typed, 1)
	go func() {
		line, err := t.editor.ReadLine()
		if err == nil && t.keys.pasting { // the editor marks only what was pasted from its first character on
			err = term.ErrPasteIndicator
		}
		result <- typed{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", errEnded
	case r := <-result:
		select {
		case <-t.interrupts: // of an answer that had just ended: not for the next one
		default:
		}
		if r.err != nil && !errors.Is(r.err, term.ErrPasteIndicator) {
			// The editor keeps what was typed; the next line begins empty.
			history := t.editor.History
			t.edit(prompt)
			t.editor.History = history
			fmt.Fprint(t.Stderr, "\r\n")
		}
		return r.line, r.err
	}
}

// edit begins a new editor.
func (t *typist) edit(prompt string) {
	t.keys = &keyboard{in: t.in, out: t.Stderr}
	t.editor = term.NewTerminal(t.keys, prompt)
}

// keyboard is the terminal of an editor: Ctrl-C is an error of its own. It hands over one
// line at a time, so that pasting says whether the line ended within a pasted text.
type keyboard struct {
	in      io.Reader
	out     io.Writer
	pending []byte // read, but not handed over
	last    []byte // the end of what was handed over
	pasting bool
}

// Terminals put a pasted text between these.
const pasteStart, pasteEnd = "\x1b[200~", "\x1b[201~"

// Read implements [io.Reader].
func (k *keyboard) Read(p []byte) (int, error) {
	if len(k.pending) == 0 {
		b := make([]byte, len(p))
		n, err := k.in.Read(b)
		if i := bytes.IndexByte(b[:n], 3); i >= 0 {
			return copy(p, b[:i]), chat.ErrInterrupted
		}
		if k.pending = b[:n]; err != nil {
			return 0, err
		}
	}
	n := 0
	for n < len(p) && len(k.pending) > 0 {
		c := k.pending[0]
		k.pending = k.pending[1:]
		if c == '\n' && bytes.HasSuffix(k.last, []byte("\r")) {
			k.last = nil // the second half of a line's end
			continue
		}
		p[n] = c
		n++
		k.handed(c)
		if c == '\r' || c == '\n' {
			break
		}
	}
	return n, nil
}

// handed follows where a pasted text begins and ends.
func (k *keyboard) handed(c byte) {
	k.last = append(k.last, c)
	k.last = k.last[max(0, len(k.last)-len(pasteStart)):]
	switch string(k.last) {
	case pasteStart:
		k.pasting = true
	case pasteEnd:
		k.pasting = false
	}
}

// Write implements [io.Writer]. What the editor writes drives the terminal; what it shows
// was typed.
func (k *keyboard) Write(p []byte) (int, error) {
	if s, ok := k.out.(*screen); ok {
		return s.w.Write(p)
	}
	return k.out.Write(p)
}
