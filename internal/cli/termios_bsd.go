//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package cli

import "golang.org/x/sys/unix"

// The requests that get and set the modes of a terminal.
const getTermios, setTermios = unix.TIOCGETA, unix.TIOCSETA
