package cli

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"litellm-proxy/internal/config"
)

// toldFor is how long a notice is not repeated at one terminal.
const toldFor = 12 * time.Hour

// noteOnce notes something that a person needs to know once: at a terminal it is said once per
// session, which is the shell that started the program. Anybody else is told each time.
func (a *app) noteOnce(text string) {
	if isTerminal(a.Stderr) && a.told(text) {
		return
	}
	a.note("%s", text)
}

// told reports whether this shell's commands said the text before, and remembers that they did.
// Without a cache directory nothing is remembered.
func (a *app) told(text string) bool {
	cache := config.CacheDir(a.Getenv)
	if cache == "" {
		return false
	}
	dir := filepath.Join(cache, "told")
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", os.Getppid(), text))
	path := filepath.Join(dir, fmt.Sprintf("%x", sum[:8]))
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) < toldFor {
		return true
	}
	forget(dir)
	if os.MkdirAll(dir, 0o700) == nil {
		_ = os.WriteFile(path, nil, 0o600)
	}
	return false
}

// forget removes what was remembered of shells that are gone by now.
func forget(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) >= toldFor {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
