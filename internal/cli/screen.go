package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen writes to a person's terminal. Control characters, escape sequences and
// characters that turn the direction of writing are shown as \u001b; bytes that are no
// UTF-8 as U+FFFD. Line feeds and tabs stay. It is safe for concurrent use.
type screen struct {
	mu sync.Mutex
	w  io.Writer
	// held is the beginning of a character whose rest the next write brings, or a
	// carriage return, which may be the first half of a line end.
	held []byte
	// before clears the progress line.
	before func()
	// styles lets sequences through that only give text a style: whoever writes made sure
	// that they are our own.
	styles bool
}

// screened is w, or if w is a terminal a screen on it.
func (a *app) screened(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &screen{w: f, before: func() { a.progress.hide() }}
	}
	return w
}

// shared is w, safe for concurrent use: the requests of a bulk run, an interrupt and the
// clients of a server write their notes when they come.
func shared(w io.Writer) io.Writer {
	if isTerminal(w) {
		return w
	}
	return &lines{w: w}
}

// lines is a writer that no terminal reads.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements [io.Writer].
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// isTerminal tells whether a person's terminal reads what is written to w.
func isTerminal(w io.Writer) bool {
	_, ok := w.(*screen)
	return ok
}

// Write implements [io.Writer]. It never reports fewer bytes than len(p) without an
// error, however many it wrote in their place.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before()
	if _, err := s.w.Write(s.filter(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeAfter writes a text after a beginning of our own, which may have styles.
func (s *screen) writeAfter(beginning, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before()
	_, _ = s.w.Write(append([]byte(beginning), s.filter([]byte(text))...))
}

// flush writes what is held: nothing follows that could complete it.
func (s *screen) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.held
	s.held = nil
	for len(held) > 0 {
		r, size := utf8.DecodeRune(held)
		_, _ = s.w.Write(appendSafe(nil, held[:size], r))
		held = held[size:]
	}
}

// filter is what to write for p.
func (s *screen) filter(p []byte) []byte {
	if len(s.held) == 0 && !bytes.ContainsFunc(p, func(r rune) bool { return !plain(r) }) {
		return p
	}
	p = append(s.held, p...)
	s.held = nil
	out := make([]byte, 0, len(p)+16)
	for len(p) > 0 {
		if s.styles {
			length, more := styled(p)
			if more {
				s.held = bytes.Clone(p)
				break
			}
			if length > 0 {
				out, p = append(out, p[:length]...), p[length:]
				continue
			}
		}
		if !utf8.FullRune(p) || len(p) == 1 && p[0] == '\r' {
			s.held = bytes.Clone(p)
			break
		}
		r, size := utf8.DecodeRune(p)
		if r != '\r' || p[1] != '\n' {
			out = appendSafe(out, p[:size], r)
		}
		p = p[size:]
	}
	return out
}

// plain tells whether a character is shown as it is without a second look.
func plain(r rune) bool { return ' ' <= r && r <= '~' || r == '\n' || r == '\t' }

// appendSafe appends the character r, whose bytes are raw, or what stands for it.
func appendSafe(out, raw []byte, r rune) []byte {
	switch {
	case plain(r):
		return append(out, raw...)
	case r == utf8.RuneError:
		return utf8.AppendRune(out, r)
	case drives(r):
		return fmt.Appendf(out, `\u%04x`, r)
	}
	return append(out, raw...)
}

// drives tells whether r could drive a terminal or change how its neighbors are read.
func drives(r rune) bool {
	const byteOrderMark = '\ufeff'
	return r == byteOrderMark || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
