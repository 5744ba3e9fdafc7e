//go:build !unix

package cli

import (
	"os"

	"golang.org/x/term"
)

// readHidden reads a line from a terminal that does not show it; the end of input is
// [io.EOF].
func readHidden(in *os.File) ([]byte, error) { return term.ReadPassword(int(in.Fd())) }
