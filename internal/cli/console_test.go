//go:build linux

package cli_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// console is the program at a terminal.
type console struct {
	t    *testing.T
	tty  *os.File // the person's side
	cmd  *exec.Cmd
	more *sync.Cond
	out  bytes.Buffer
	gone bool
}

// atTerminal starts the program at a terminal. With a stdout only stdin and stderr are
// the terminal.
func atTerminal(t *testing.T, url string, stdout *os.File, args ...string) *console {
	t.Helper()
	c := &console{t: t, cmd: exec.Command("litellm-proxy", args...), more: sync.NewCond(&sync.Mutex{})}
	c.cmd.Env = append(os.Environ(), "NO_COLOR=1", "LITELLM_PROXY_CONFIG="+os.DevNull, "LITELLM_PROXY_PROFILE=", "LITELLM_PROXY_URL="+url, "LITELLM_PROXY_API_KEY=sk-x", "LITELLM_PROXY_SANDBOX="+t.TempDir()+"/sandbox.db")
	if stdout != nil {
		c.cmd.Stdout = stdout
	}
	var err error
	if c.tty, err = pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 40, Cols: 200}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill(); c.tty.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := c.tty.Read(buffer)
			c.more.L.Lock()
			c.out.Write(buffer[:n])
			c.gone = c.gone || err != nil
			c.more.L.Unlock()
			c.more.Broadcast()
			if err != nil {
				return
			}
		}
	}()
	// A program that hangs fails the test instead of the whole run.
	hung := time.AfterFunc(time.Minute, func() { _ = c.cmd.Process.Kill() })
	t.Cleanup(func() { hung.Stop() })
	return c
}

// expect waits until a text is on the terminal.
func (c *console) expect(text string) {
	c.t.Helper()
	c.more.L.Lock()
	defer c.more.L.Unlock()
	for !strings.Contains(c.out.String(), text) {
		if c.gone {
			c.t.Fatalf("%v ended without showing %q:\n%s", c.cmd.Args, text, c.out.String())
		}
		c.more.Wait()
	}
}

// text is what was shown until now.
func (c *console) text() string {
	c.more.L.Lock()
	defer c.more.L.Unlock()
	return c.out.String()
}

// ended tells whether the program has gone.
func (c *console) ended() bool {
	c.more.L.Lock()
	defer c.more.L.Unlock()
	return c.gone
}

// kind types at the terminal.
func (c *console) kind(text string) {
	c.t.Helper()
	if _, err := c.tty.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

// echoes tells whether the terminal shows what is typed.
func (c *console) echoes() bool {
	c.t.Helper()
	state, err := unix.IoctlGetTermios(int(c.tty.Fd()), unix.TCGETS)
	if err != nil {
		c.t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// hides waits until the terminal shows nothing of what is typed.
func (c *console) hides() {
	c.t.Helper()
	for c.echoes() {
		if c.ended() {
			c.t.Fatalf("%v ended without a hidden prompt:\n%s", c.cmd.Args, c.text())
		}
		time.Sleep(time.Millisecond)
	}
}

// end waits for the end and returns the exit status and everything on the terminal.
func (c *console) end() (status int, text string) {
	c.t.Helper()
	err := c.cmd.Wait()
	c.more.L.Lock()
	defer c.more.L.Unlock()
	for !c.gone {
		c.more.Wait()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	if status := c.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		c.t.Fatalf("%v died of %v:\n%s", c.cmd.Args, status.Signal(), c.out.String())
	}
	return c.cmd.ProcessState.ExitCode(), strings.ReplaceAll(c.out.String(), "\r\n", "\n")
}

// visible is what remains on the terminal when carriage returns have taken effect.
func visible(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		var cells []rune
		at := 0
		for _, r := range line {
			if r == '\r' {
				at = 0
				continue
			}
			if at < len(cells) {
				cells[at] = r
			} else {
				cells = append(cells, r)
			}
			at++
		}
		lines = append(lines, strings.TrimRight(string(cells), " "))
	}
	return strings.Join(lines, "\n")
}
