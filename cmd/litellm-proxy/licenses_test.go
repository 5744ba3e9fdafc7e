package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/third-party-licenses.txt")

const licensesFile = "../../docs/third-party-licenses.txt"

// TestThirdPartyLicenses: docs/third-party-licenses.txt has the license of every module that the
// program links on any system. Run it with -update after a change of modules.
func TestThirdPartyLicenses(t *testing.T) {
	want := thirdParty(t)
	if *update {
		if err := os.WriteFile(licensesFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(licensesFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), want) {
		t.Error("docs/third-party-licenses.txt is stale: run go test ./cmd/litellm-proxy -run ThirdParty -update")
	}
}

// thirdParty is what the file should hold.
func thirdParty(t *testing.T) []byte {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{"Go and its standard library": strings.TrimSpace(string(root))}
	for _, system := range []string{"linux", "darwin", "windows"} {
		list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", ".")
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=arm64", "CGO_ENABLED=0")
		out, err := list.Output()
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Skipf("the modules for %s are not here: %s", system, e.Stderr)
		} else if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				dirs[path] = dir
			}
		}
	}
	var names []string
	for name := range dirs {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	fmt.Fprintf(&b, "litellm-proxy contains software of others, under these licenses.\n")
	for _, name := range names {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n", strings.Repeat("=", 78), name, strings.Repeat("=", 78))
		for _, file := range licenses(t, name, dirs[name]) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text = bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
			fmt.Fprintf(&b, "%s\n", text)
		}
	}
	return b.Bytes()
}

// licenses returns the files of a module that say under which terms it is used.
func licenses(t *testing.T, name, dir string) (files []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		word := strings.ToUpper(strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())))
		if !e.IsDir() && slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE", "LICENSE-MIT"}, word) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		t.Errorf("%s has no file with its license in %s", name, dir)
	}
	return files
}
