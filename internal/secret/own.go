package secret

import (
	"bytes"
	"context"
)

// Words masks the caller's own keys in a text that comes in pieces. It holds back
// the end of a piece that may be the beginning of a key.
type Words struct {
	redactor Redactor
	own      [][]byte
	held     []byte
}

// Words returns a masker for one text.
func (r Redactor) Words() *Words {
	return &Words{redactor: r, own: newJob(context.Background(), r.Own).own}
}

// Next takes the next piece and returns what can be shown by now.
func (w *Words) Next(piece string) string {
	if len(w.own) == 0 {
		return piece
	}
	text := w.redactor.Binary(append(w.held, piece...))
	cut := len(text) - w.begun(text)
	w.held = bytes.Clone(text[cut:])
	return string(text[:cut])
}

// Rest returns what is held back when the text ends.
func (w *Words) Rest() string {
	rest := string(w.held)
	w.held = nil
	return rest
}

// begun is how much of the end of a text may be the beginning of a key.
func (w *Words) begun(text []byte) int {
	most := 0
	for _, key := range w.own {
		for n := min(len(key)-1, len(text)); n > most; n-- {
			if bytes.HasSuffix(text, key[:n]) {
				most = n
			}
		}
	}
	return most
}
