package cli

import (
	"io"
	"testing"

	"litellm-proxy/tools"
)

// TestCompletionsOnRequest: only the shell's request gives flags what Cobra keeps as long as
// the process lives.
func TestCompletionsOnRequest(t *testing.T) {
	for first, want := range map[string]bool{"": false, "__complete": true, "__completeNoDesc": true} {
		for _, path := range [][]string{{"keys", "list"}, {"mcp"}, {"doctor"}, {"config", "list"}, {"keys", "import"}, {"models", "lint"}} {
			args := path
			if first != "" {
				args = append([]string{first}, path...)
			}
			a := &app{ctx: t.Context(), System: System{Args: args, Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }, Operations: tools.All()}}
			root := a.root()
			cmd := leaf(root, args)
			a.bind[cmd](cmd)
			flag := map[string]string{"mcp": "confirm"}[path[0]]
			if flag == "" {
				flag = "format"
			}
			_, found := cmd.GetFlagCompletionFunc(flag)
			if _, profiles := root.GetFlagCompletionFunc("profile"); found != want || profiles != want {
				t.Errorf("%q: values of --%s: %v, of --profile: %v; want %v", args, flag, found, profiles, want)
			}
		}
	}
}
