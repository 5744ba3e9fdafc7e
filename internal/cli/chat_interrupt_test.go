//go:build linux

package cli

import (
	"io"
	"os"
	"testing"

	"github.com/creack/pty"
)

// TestStaleInterrupt: a Ctrl-C that no answer was left for does not stop the next one.
func TestStaleInterrupt(t *testing.T) {
	keys, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	defer terminal.Close()
	p := &typist{talker: talker{&app{System: System{Stderr: io.Discard}}}, in: terminal, interrupts: make(chan os.Signal, 1)}
	p.interrupts <- os.Interrupt
	if _, err := keys.WriteString("hi\r"); err != nil {
		t.Fatal(err)
	}
	if line, err := p.line(t.Context(), "> "); line != "hi" || err != nil {
		t.Fatalf("typed %q, %v", line, err)
	}
	if len(p.interrupts) != 0 {
		t.Error("the next answer would be stopped")
	}
}
