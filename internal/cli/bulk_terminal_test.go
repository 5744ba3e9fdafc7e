//go:build linux

package cli_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"litellm-proxy/internal/sandbox"
)

// TestImportAsks: at a terminal an import shows its plan and asks. Ctrl-C ends it with
// status 130, after the requests under way, with what was done.
func TestImportAsks(t *testing.T) {
	g := newCounted(t)
	var sent atomic.Int32
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	g.before = func(http.ResponseWriter, string, int) bool {
		if sent.Add(1) > 100 { // the rest is under way until the interrupt
			<-hold
		}
		return false
	}
	file, _ := teamsFile(t, 500)
	no := atTerminal(t, g.url, nil, "teams", "import", file, "--api-key", sandbox.MasterKey)
	no.expect("create 500 teams: team-0000, team-0001, team-0002, team-0003, team-0004 and 495 more")
	no.expect("Create 500 teams at " + g.url + "?")
	no.kind("n\n")
	if status, text := no.end(); status != 2 || !strings.Contains(text, "not confirmed; nothing was sent") {
		t.Errorf("exit %d after a no: %s", status, text)
	}
	yes := atTerminal(t, g.url, nil, "teams", "import", file, "--api-key", sandbox.MasterKey)
	yes.expect("Continue? [y/N] ")
	yes.kind("y\n")
	yes.expect("teams import")
	yes.expect("/500)")
	yes.kind("\x03")
	yes.expect("Interrupted; waiting for the requests under way")
	release()
	status, text := yes.end()
	if status != 130 || !strings.Contains(text, "Stopped: interrupted.") || !strings.Contains(text, " not tried") || strings.Contains(text, `"not_tried"`) {
		t.Errorf("exit %d after Ctrl-C: %s", status, text)
	}
	if all, most := g.attempts(); most != 1 || all == 0 || all == 500 {
		t.Errorf("%d requests, up to %d for one team", all, most)
	}
}
