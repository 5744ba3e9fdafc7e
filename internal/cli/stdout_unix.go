//go:build unix

package cli

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// wasClosed tells whether the program was started with w closed, as by ">&-": Go's
// runtime opens /dev/null for reading and writing in its place. A shell's ">/dev/null"
// only writes, and is what somebody wanted. Python's subprocess.DEVNULL and Node's stdio
// "ignore" pass the same as a closed w, so being closed is an error only where it is worse
// than that mistake: for a new key, which nobody would see.
func wasClosed(w io.Writer) bool {
	file, is := w.(*os.File)
	if !is {
		return false
	}
	info, err := file.Stat()
	if err != nil {
		return false
	}
	null, err := os.Stat(os.DevNull)
	if err != nil || !os.SameFile(info, null) {
		return false
	}
	mode, err := unix.FcntlInt(file.Fd(), unix.F_GETFL, 0)
	return err == nil && mode&unix.O_ACCMODE == unix.O_RDWR
}
