package login

import (
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cli/browser"
	"github.com/google/shlex"
)

// HasBrowser reports whether a browser of this machine can be expected to appear before
// the person: not over ssh, and not without a display. BROWSER is the person's word.
func HasBrowser(getenv func(string) string) bool {
	switch {
	case getenv("BROWSER") != "":
		return true
	case getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "":
		return false
	case runtime.GOOS == "windows" || runtime.GOOS == "darwin":
		return true
	}
	return getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "" || getenv("WSL_DISTRO_NAME") != ""
}

// OpenBrowser opens a page with BROWSER, a list of commands in which %s is the URL, or
// with the system's browser. It returns when the command ends, which may be when the
// person closes the browser. Nothing that the command prints is shown.
func OpenBrowser(getenv func(string) string, url string) error {
	err := error(exec.ErrNotFound)
	for _, line := range filepath.SplitList(getenv("BROWSER")) {
		words, problem := shlex.Split(line)
		if problem != nil || len(words) == 0 {
			continue
		}
		if !strings.Contains(line, "%s") {
			words = append(words, "%s")
		}
		for i, word := range words {
			words[i] = strings.ReplaceAll(word, "%s", url)
		}
		if err = exec.Command(words[0], words[1:]...).Run(); err == nil {
			return nil
		}
	}
	if getenv("BROWSER") != "" {
		return err
	}
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	return browser.OpenURL(url)
}
