package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rooms says which package may import which of ours: the arrows of the house.
// Tests are exempt.
var rooms = map[string][]string{
	"cmd/litellm-proxy":  {"internal/cli", "tools"},
	"tools":              {"internal/ledger", "internal/nearest", "internal/openapi", "internal/operation", "internal/plural", "internal/secret", "proxyclient"},
	"internal/operation": {"internal/nearest", "internal/plural", "internal/secret", "proxyclient"},
	"internal/ledger":    {"internal/operation", "internal/secret", "proxyclient"},
	"proxyclient":        {"internal/malformed", "internal/secret"},
	"prompts":            {},
	"internal/chat":      {"internal/plural"},
	"internal/cli": {
		"internal/audit",
		"internal/bulk",
		"internal/chart",
		"internal/chat",
		"internal/config",
		"internal/doctor",
		"internal/keycopy",
		"internal/keystore",
		"internal/login",
		"internal/malformed",
		"internal/mcpclients",
		"internal/mcpserver",
		"internal/metrics",
		"internal/modelfile",
		"internal/nearest",
		"internal/operation",
		"internal/output",
		"internal/plural",
		"internal/replace",
		"internal/sandbox",
		"internal/secret",
		"internal/seek",
		"internal/sheet",
		"proxyclient",
	},
	"internal/chart": {"internal/operation"},
	"internal/mcpserver": {
		"internal/audit",
		"internal/certificate",
		"internal/chart",
		"internal/excerpt",
		"internal/keyfiles",
		"internal/malformed",
		"internal/metrics",
		"internal/nearest",
		"internal/operation",
		"internal/plural",
		"internal/references",
		"internal/secret",
		"prompts",
		"proxyclient",
	},
	"internal/excerpt":    {"internal/secret"},
	"internal/output":     {"internal/operation", "internal/secret"},
	"internal/bulk":       {"internal/operation", "internal/plural", "internal/secret", "proxyclient"},
	"internal/modelfile":  {"internal/nearest", "internal/plural", "internal/secret"},
	"internal/sheet":      {"internal/bulk", "internal/operation", "internal/secret", "proxyclient"},
	"internal/audit":      {"internal/secret"},
	"internal/malformed":  {"internal/secret"},
	"internal/metrics":    {},
	"internal/keyfiles":   {},
	"internal/references": {"internal/secret"},
	"internal/nearest":    {},
	"internal/plural":     {},
	"internal/openapi":    {"internal/nearest", "internal/plural", "internal/replace", "internal/seek"},
	"internal/seek":       {"internal/nearest"},
	"internal/replace":    {},
	"internal/config":     {"internal/malformed", "internal/nearest", "internal/replace"},
	"internal/keycopy":    {"internal/bulk", "internal/config", "internal/keystore", "internal/operation", "internal/plural", "internal/secret", "proxyclient"},
	"internal/keystore":   {"internal/config"},
	"internal/login":      {"internal/config", "internal/keystore", "proxyclient"},
	"internal/doctor":     {"internal/config", "internal/keystore", "internal/malformed", "internal/mcpclients", "internal/nearest", "internal/plural", "internal/secret", "proxyclient"},
	"internal/sandbox":    {"internal/openapi", "internal/replace", "internal/secret"},
	"internal/secret":     {},

	"internal/certificate": {},
	"internal/mcpclients":  {"internal/replace"},
}

// alone names the one room that links a library.
var alone = map[string]string{
	"github.com/tailscale/hujson":       "internal/mcpclients",
	"github.com/pelletier/go-toml/v2":   "internal/mcpclients",
	"github.com/agnivade/levenshtein":   "internal/nearest",
	"github.com/invopop/jsonschema":     "internal/operation",
	"github.com/dlclark/regexp2":        "internal/cli",
	"github.com/go-analyze/charts":      "internal/chart",
	"github.com/spf13/cobra":            "internal/cli",
	"github.com/schollz/progressbar/v3": "internal/cli",
	"github.com/mark3labs/mcp-go":       "internal/mcpserver",
	"github.com/prometheus":             "internal/metrics",
	"github.com/olekukonko/tablewriter": "internal/output",
	"github.com/itchyny/gojq":           "internal/output",
	"github.com/fatih/color":            "internal/output",
	"github.com/cli/browser":            "internal/login",
	"github.com/google/shlex":           "internal/login",
	"github.com/zalando/go-keyring":     "internal/keystore",
	"github.com/godbus/dbus":            "internal/keystore",
}

func TestHouse(t *testing.T) {
	const module = "litellm-proxy/"
	list := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	d := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		room := strings.TrimPrefix(p.ImportPath, module)
		may, ok := rooms[room]
		if !ok {
			t.Errorf("%s is in no room of the house: see the table in this test", room)
			continue
		}
		seen++
		for _, path := range p.Imports {
			if ours, ok := strings.CutPrefix(path, module); ok && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s, which it may not: it may import %v", room, ours, may)
			}
			for library, only := range alone {
				if (path == library || strings.HasPrefix(path, library+"/")) && room != only {
					t.Errorf("%s imports %s, which only %s may", room, path, only)
				}
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("%d of the %d rooms have code", seen, len(rooms))
	}
}

// TestHouseTable holds the table of rooms in CONTRIBUTING.md to the rooms.
func TestHouseTable(t *testing.T) {
	b, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, house, _ := strings.Cut(string(b), "## The house\n")
	house, _, _ = strings.Cut(house, "\n## ")
	described := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z/-]+)` \\| \\S").FindAllStringSubmatch(house, -1) {
		described[row[1]] = true
	}
	for room := range rooms {
		if !described[room] {
			t.Errorf("CONTRIBUTING.md does not say what %s holds", room)
		}
	}
	for room := range described {
		if _, ok := rooms[room]; !ok {
			t.Errorf("CONTRIBUTING.md describes %s, which is no room of the house", room)
		}
	}
}

// TestTopLevel: only these, and files whose names begin with a dot, are at the top level.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields("cmd docs internal prompts proxyclient tools LICENSE CONTRIBUTING.md README.md go.mod go.sum mcp.json.example")
	ignored := strings.Fields("completions dist litellm-proxy") // a build and a release make them
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(known, name) && !slices.Contains(ignored, name) {
			t.Errorf("%s is not one of %v", name, known)
		}
	}
}
