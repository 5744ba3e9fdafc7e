// Package replace puts one file in the place of another.
package replace

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"
)

// patience is the longest wait between two attempts.
const patience = 500 * time.Millisecond

// File renames a file to a name that another one may have: whoever opens it gets the old
// or the new one, whole. Where a file that somebody reads cannot be replaced, as on Windows,
// it waits up to a second for the reader.
func File(from, to string) error {
	for wait := time.Millisecond; ; wait *= 2 {
		err := os.Rename(from, to)
		if err == nil || !inUse(err) || wait > patience {
			return err
		}
		time.Sleep(wait)
	}
}

// inUse reports whether somebody has the file open.
func inUse(err error) bool {
	const accessDenied, sharingViolation = syscall.Errno(5), syscall.Errno(32)
	return runtime.GOOS == "windows" && (errors.Is(err, accessDenied) || errors.Is(err, sharingViolation))
}
