//go:build unix

package cli

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// readHidden reads a line from a terminal that does not show it. [term.ReadPassword] does
// the same, but goes on reading at Ctrl-D; here that is [io.EOF].
func readHidden(in *os.File) ([]byte, error) {
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG
	quiet.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &quiet); err != nil {
		return nil, err
	}
	defer func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }()
	return readLine(fd)
}

// readLine reads to the end of a line, a byte at a time: what follows is not ours.
func readLine(fd int) (line []byte, err error) {
	for {
		var b [1]byte
		switch n, err := unix.Read(fd, b[:]); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, err
		case n == 0 && len(line) == 0:
			return nil, io.EOF
		case n == 0 || b[0] == '\n':
			return line, nil
		default:
			line = append(line, b[0])
		}
	}
}
