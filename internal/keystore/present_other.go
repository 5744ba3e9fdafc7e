//go:build !linux

package keystore

import "runtime"

// present reports whether the operating system comes with a key store.
func present(func(string) string) error {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return nil
	}
	return errAbsent
}
