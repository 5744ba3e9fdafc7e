package doctor

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpclients"
	"litellm-proxy/internal/plural"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// Servers starts each configured server as its client would and talks to it: all clients, or
// the one with this ID. The error is that of ctx.
func Servers(ctx context.Context, s Subject, only string) (Report, error) {
	e := newExam(s)
	r := e.newReport()
	for _, c := range mcpclients.All() {
		if only != "" && c.ID != only {
			continue
		}
		entries, findings := e.entries(c)
		for _, entry := range entries {
			findings = append(findings, e.started(ctx, entry)...)
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
		}
		e.add(ctx, &r, c.ID, findings)
	}
	if len(r.Checks) == 0 {
		e.add(ctx, &r, "mcp", skip(fmt.Sprintf("no MCP client on this machine starts %s", program)))
	}
	return r, nil
}

const (
	// startLimit is how long a server may take until the handshake; slowStart is when a
	// person notices.
	startLimit, slowStart = 10 * time.Second, 3 * time.Second
	// callLimit is for the answer of one tool.
	callLimit = 30 * time.Second
)

// started checks an entry, and if it is good starts its server.
func (e *exam) started(ctx context.Context, s clientEntry) []Finding {
	all := e.faults(s)
	for _, f := range all {
		if f.Status == Failed {
			return all // it would fail for this reason
		}
	}
	switch {
	case s.Off:
		return append(all, skipEntry(s, "the client does not use this entry: it is switched off")...)
	case s.Command == "" && s.URL != "":
		return append(all, skipEntry(s, "not started: the client reaches it at "+s.URL)...)
	case s.scope == mcpclients.Project && !e.Trusted:
		// It runs any command, and may send the key of this shell anywhere.
		return append(all, skipEntry(s, "not started, because a project's file may come from somebody else; to start it, add --project")...)
	case s.Command == "":
		return append(all, fail(proxyclient.CodeLocal, s.where+": the entry has no command", `write the program as "command"`)...)
	}
	if s.client.Desktop && !strings.ContainsAny(s.Command, `/\`) {
		all = append(all, warn(fmt.Sprintf("%s: the command %s is found on the PATH of this shell, which %s may not have", s.where, s.Command, s.client.Name), e.useThis())...)
	}
	environment, asked := e.environment(s)
	if asked {
		all = append(all, warn(fmt.Sprintf("%s: %s asks for a value that is not known here; %s is used instead", s.where, s.client.Name, config.KeyVariable), "check the value in "+s.client.Name)...)
	}
	return append(all, e.talk(ctx, s, environment)...)
}

func skipEntry(s clientEntry, why string) []Finding { return skip(s.where + ": " + why) }

// inherited are the variables that Codex and Claude Desktop hand on to servers.
var inherited = []string{"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ", "XDG_CONFIG_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERNAME", "USERPROFILE"}

// environment is what the client gives the server: a part of its own, and what the entry says.
// Programs that no shell starts have none of a shell's settings for this program. asked says
// that a value in it is one for which the client asks a person.
func (e *exam) environment(s clientEntry) (environment []string, asked bool) {
	values := map[string]string{}
	few := s.client.ID == "codex" || s.client.ID == "claude-desktop"
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		own := strings.HasPrefix(name, "LITELLM_")
		switch {
		case few && !slices.Contains(inherited, strings.ToUpper(name)) && !slices.Contains(s.Pass, name):
		case s.client.Desktop && own:
		default:
			values[name] = value
		}
	}
	for name, value := range s.Env {
		expanded, unset, asks := s.client.Expand(value, e.Getenv)
		switch {
		case asks:
			asked, expanded = true, e.Getenv(config.KeyVariable)
		case unset != "" && s.client.ID == "claude-code":
			expanded = value // Claude Code leaves it as it stands
		}
		values[name] = expanded
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		environment = append(environment, name+"="+values[name])
	}
	return environment, asked
}

// session is a server that runs.
type session struct {
	stdin  io.WriteCloser
	lines  chan []byte
	stderr *tail
	stray  string // the first line on stdout that was no message
	end    func() // ends the process, if it does not end by itself
}

// talk starts the server, lists its tools and calls status.
func (e *exam) talk(ctx context.Context, s clientEntry, environment []string) []Finding {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var args []string
	for _, arg := range s.Args {
		expanded, _, _ := s.client.Expand(arg, e.Getenv)
		args = append(args, expanded)
	}
	cmd := exec.CommandContext(ctx, s.Command, args...)
	cmd.Env, cmd.WaitDelay = environment, time.Second
	switch {
	case s.Dir != "" && filepath.IsAbs(s.Dir):
		cmd.Dir = s.Dir
	case s.scope == mcpclients.Project:
		cmd.Dir = e.Dir
	default:
		cmd.Dir = e.home()
	}
	if info, err := os.Stat(cmd.Dir); err != nil || !info.IsDir() {
		cmd.Dir = "" // a project that is gone
	}
	p := &session{lines: make(chan []byte), stderr: &tail{}}
	cmd.Stderr = p.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return e.unstartable(s, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return e.unstartable(s, err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return e.unstartable(s, err)
	}
	p.stdin, p.end = stdin, sync.OnceFunc(func() {
		_ = stdin.Close()
		defer time.AfterFunc(time.Second, cancel).Stop()
		_ = cmd.Wait()
	})
	defer p.end()
	go p.read(ctx, stdout)
	return e.greet(ctx, s, p, start)
}

func (e *exam) unstartable(s clientEntry, err error) []Finding {
	return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %s cannot be started: %s", s.where, s.Command, reason(err)), e.useThis())
}

// read passes the lines of stdout on.
func (p *session) read(ctx context.Context, from io.Reader) {
	defer close(p.lines)
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		select {
		case p.lines <- bytes.Clone(scanner.Bytes()):
		case <-ctx.Done():
			return
		}
	}
}

// errSilent says that a server did not answer in time, errGone that it has ended.
var errSilent, errGone = errors.New("no answer"), errors.New("it ended")

// ask sends a request and waits for the answer.
func (p *session) ask(ctx context.Context, limit time.Duration, id int, method, params string) (result json.RawMessage, err error) {
	if _, err := fmt.Fprintf(p.stdin, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`+"\n", id, method, params); err != nil {
		return nil, errGone
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, errSilent
		case line, open := <-p.lines:
			if !open {
				return nil, errGone
			}
			var m struct {
				JSONRPC string
				ID      json.RawMessage
				Result  json.RawMessage
				Error   *struct{ Message string }
			}
			if json.Unmarshal(line, &m) != nil || m.JSONRPC != "2.0" {
				if p.stray == "" {
					p.stray = string(line[:min(len(line), 200)])
				}
				continue
			}
			if string(m.ID) != fmt.Sprint(id) {
				continue // a notification, or a question
			}
			if m.Error != nil {
				return nil, errors.New(m.Error.Message)
			}
			return m.Result, nil
		}
	}
}

// greet is the client's side of the protocol.
func (e *exam) greet(ctx context.Context, s clientEntry, p *session, start time.Time) (all []Finding) {
	limit := cmp.Or(e.Limit, startLimit)
	result, err := p.ask(ctx, limit, 1, "initialize", `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"`+program+` mcp doctor","version":"1"}}`)
	took := time.Since(start)
	if err != nil {
		return e.noServer(s, p, err)
	}
	var hello struct {
		ServerInfo struct{ Name, Version string }
	}
	_ = json.Unmarshal(result, &hello)
	_, _ = io.WriteString(p.stdin, `{"jsonrpc":"2.0","method":"notifications/initialized"}`+"\n")
	result, err = p.ask(ctx, limit, 2, "tools/list", `{}`)
	if err != nil {
		return e.noServer(s, p, err)
	}
	var offered struct {
		Tools []struct{ Name string }
	}
	_ = json.Unmarshal(result, &offered)
	names := make([]string, len(offered.Tools))
	for i, tool := range offered.Tools {
		names[i] = tool.Name
	}
	if took > slowStart {
		all = append(all, warn(fmt.Sprintf("%s: the server took %s to start", s.where, short(took)), "some clients give up after 10 s; check what delays it")...)
	}
	if v := hello.ServerInfo.Version; hello.ServerInfo.Name == program && v != e.Version {
		all = append(all, warn(fmt.Sprintf("%s: the server is version %s, and this program is %s", s.where, v, e.Version), e.useThis())...)
	}
	all = append(all, e.status(ctx, s, p, names)...)
	if p.stray != "" {
		all = append(all, fail(proxyclient.CodeLocal, fmt.Sprintf("%s: stdout has a line that is no message: %q", s.where, p.stray), "make the command write to stderr; stdout belongs to the protocol")...)
	}
	if len(all) == 0 {
		all = good("%s: starts in %s and offers %s", s.where, short(took), plural.Count(len(names), "tool"))
	}
	return all
}

// status calls the tool of that name.
func (e *exam) status(ctx context.Context, s clientEntry, p *session, names []string) []Finding {
	if !slices.Contains(names, "status") {
		if len(names) == 0 {
			return fail(proxyclient.CodeLocal, s.where+": the server offers no tools", "check its arguments")
		}
		return nil // excluded by the entry
	}
	result, err := p.ask(ctx, callLimit, 3, "tools/call", `{"name":"status","arguments":{}}`)
	if err != nil {
		return e.noServer(s, p, err)
	}
	var answer struct {
		IsError           bool
		Content           []struct{ Text string }
		StructuredContent struct {
			Error struct{ Code, Message, Hint string }
		}
	}
	_ = json.Unmarshal(result, &answer)
	if !answer.IsError {
		return nil
	}
	found, fix := answer.StructuredContent.Error.Message, answer.StructuredContent.Error.Hint
	if found == "" && len(answer.Content) > 0 {
		found, _, _ = strings.Cut(answer.Content[0].Text, "\n")
	}
	code := proxyclient.Code(answer.StructuredContent.Error.Code)
	switch code {
	case proxyclient.CodeUsage:
		fix = "correct the entry in " + e.shown(s.path)
	case proxyclient.CodeUnauthorized:
		fix = "correct the key that the entry uses, or sign in: {login}"
	case "":
		code = proxyclient.CodeLocal
	}
	fix = strings.ReplaceAll(fix, ", set by the person who runs this server", "") // who reads this
	return fail(code, fmt.Sprintf("%s: the server starts, but the tool status fails: %s", s.where, secret.Text(found)), secret.Text(fix))
}

// noServer words why there was no answer.
func (e *exam) noServer(s clientEntry, p *session, err error) []Finding {
	said := ""
	p.end() // all of stderr has come then
	if line := p.stderr.last(); line != "" {
		said = "; its last words: " + secret.Text(line)
	}
	switch {
	case p.stray != "":
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: stdout has a line that is no message: %q%s", s.where, secret.Text(p.stray), said), "make the command write to stderr; stdout belongs to the protocol")
	case errors.Is(err, errSilent):
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the server did not answer in time%s", s.where, said), "start it by hand: "+s.Command)
	case errors.Is(err, errGone):
		return fail(proxyclient.CodeLocal, s.where+": the server ended at once"+said, "correct the command and its arguments")
	}
	return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: %s%s", s.where, secret.Text(err.Error()), said), "correct the command and its arguments")
}

// tail keeps the end of what is written. It is read when nothing writes any more.
type tail struct{ b []byte }

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-most):]
	return len(p), nil
}

// last is the last line.
func (t *tail) last() string {
	text := strings.TrimSpace(string(t.b))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
