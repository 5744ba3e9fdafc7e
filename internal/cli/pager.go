package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
)

// pagerVariable is the environment variable with the command of the pager.
const pagerVariable = "LITELLM_PROXY_PAGER"

// paging reports that a pager has the terminal, and Ctrl-C.
var paging atomic.Bool

// pager holds what is written to a terminal until that is full, and then hands it, and what
// follows, to a program to read it in.
type pager struct {
	mu       sync.Mutex
	terminal *os.File
	command  []string
	begin    func() // called when the program starts
	width    int
	height   int

	held    []byte
	rows    int  // in held
	column  int  // of the last row
	direct  bool // no program is needed any more
	program *exec.Cmd
	in      io.WriteCloser
}

// paged is where an answer goes, and what ends it. At a terminal, long answers go to a pager,
// and styles are let through.
func (c *call) paged() (w io.Writer, done func()) {
	s, ok := c.Stdout.(*screen)
	if !ok {
		return c.Stdout, func() {}
	}
	inner := &screen{w: s.w, before: s.before, styles: c.out.Color && c.out.Filter == nil}
	command := c.pagerCommand()
	if command == nil {
		return inner, inner.flush
	}
	p := &pager{terminal: s.w.(*os.File), command: command, begin: func() {
		c.progress.end()
		c.serving.Store(true)
	}}
	p.width, p.height = s.size()
	inner.w = p
	c.pager = p
	return inner, func() {
		inner.flush()
		p.close()
		c.serving.Store(false)
	}
}

// pagerCommand is the command of the pager, or nil if there shall be none.
func (c *call) pagerCommand() []string {
	s := c.Stdout.(*screen)
	_, file := s.w.(*os.File)
	if !file || c.flags.noPager || c.flags.debug || c.Terminal == nil || c.op.Effect != operation.Read || c.streaming || c.follows || c.Getenv("TERM") == "dumb" {
		return nil
	}
	for _, variable := range []string{pagerVariable, "PAGER"} {
		line, set := c.lookup(variable)
		words, err := config.SplitCommand(line)
		switch {
		case !set:
			continue
		case err != nil || len(words) == 0 || words[0] == "cat":
			return nil
		}
		return words
	}
	if _, err := exec.LookPath("less"); err == nil {
		return []string{"less", "-FRX"}
	}
	return nil
}

// lookup returns a variable of the environment, and whether it is set.
func (a *app) lookup(variable string) (string, bool) {
	if a.LookupEnv != nil {
		return a.LookupEnv(variable)
	}
	value := a.Getenv(variable)
	return value, value != ""
}

// Write implements [io.Writer].
func (p *pager) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.in != nil:
		return p.in.Write(b)
	case p.direct:
		return p.terminal.Write(b)
	}
	p.held = append(p.held, b...)
	p.count(b)
	if p.height > 0 && p.rows >= p.height {
		return len(b), p.start()
	}
	return len(b), nil
}

// count adds the rows of the terminal that b takes.
func (p *pager) count(b []byte) {
	for len(b) > 0 && p.rows < p.height {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		p.column += utf8.RuneCount(line)
		if !ended {
			return
		}
		p.rows++
		if p.width > 0 {
			p.rows += max(p.column-1, 0) / p.width
		}
		p.column, b = 0, rest
	}
}

// start starts the program. If that fails, the answer is written without it.
func (p *pager) start() error {
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Stdout, cmd.Stderr = p.terminal, p.terminal
	cmd.Env = os.Environ()
	if os.Getenv("LESS") == "" {
		cmd.Env = append(cmd.Env, "LESS=FRX")
	}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	held := p.held
	p.held = nil
	if err != nil {
		p.direct = true
		_, err := p.terminal.Write(held)
		return err
	}
	p.begin()
	paging.Store(true)
	p.program, p.in = cmd, in
	_, err = in.Write(held)
	return err
}

// close writes what is held and waits for the program.
func (p *pager) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.program != nil {
		_ = p.in.Close()
		_ = p.program.Wait() // its status is that of its reader
		p.program, p.direct, p.in = nil, true, nil
		paging.Store(false)
		return
	}
	_, _ = p.terminal.Write(p.held)
	p.held, p.direct = nil, true
}

// flush writes what is held when the command ends in the middle.
func (p *pager) flush() {
	if p == nil || !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	if p.program == nil {
		_, _ = p.terminal.Write(p.held)
		p.held = nil
	}
}
