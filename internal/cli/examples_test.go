package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/tools"
)

// TestExampleFlags: the examples in help use only flags that the help page lists.
func TestExampleFlags(t *testing.T) {
	for _, op := range tools.All() {
		for _, example := range op.Examples {
			example, _, _ = strings.Cut(example, " | ")
			args := strings.Fields(strings.ReplaceAll(example, "\\\n", " "))
			if first := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") }); first >= 0 {
				args = slices.Concat(strings.Fields(op.Path), args[first:])
			}
			a := &app{ctx: t.Context(), System: System{Args: args, Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }, Operations: tools.All()}}
			root := a.root()
			cmd := leaf(root, strings.Fields(op.Path))
			a.bind[cmd](cmd)
			for _, arg := range args {
				name, is := strings.CutPrefix(arg, "--")
				name, _, _ = strings.Cut(name, "=")
				if !is || name == "" {
					continue
				}
				flag := cmd.Flags().Lookup(name)
				if flag == nil {
					flag = root.PersistentFlags().Lookup(name)
				}
				if flag == nil || flag.Hidden {
					t.Errorf("%s: the help page does not list --%s", example, name)
				}
			}
		}
	}
}
