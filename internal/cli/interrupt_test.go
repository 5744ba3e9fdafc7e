//go:build linux

package cli_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// stuck is a gateway that answers nothing and says what it is asked.
func stuck(t *testing.T) (url string, asked <-chan string) {
	requests := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		requests <- r.Method + " " + r.URL.Path
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// TestInterrupt: Ctrl-C ends whatever is under way with status 130 and says whether
// anything was sent; a terminal echoes again.
func TestInterrupt(t *testing.T) {
	for _, tt := range []struct {
		name, shows, asks, says string
		hidden                  bool
		args                    []string
	}{
		{name: "hidden prompt", shows: "credential_values: ", hidden: true, says: "Interrupted; nothing was sent",
			args: []string{"credentials", "create", "c", "--info", "{}", "--values", "@-"}},
		{name: "hidden prompt of a pair", shows: "api_key: ", hidden: true, says: "Interrupted; nothing was sent",
			args: []string{"models", "add", "m", "-p", "api_key=@-"}},
		{name: "hidden prompt of the key", shows: "API key: ", hidden: true, says: "Interrupted; nothing was sent",
			args: []string{"keys", "generate", "--api-key", "@-"}},
		{name: "question", shows: "Continue? [y/N] ", says: "Interrupted; nothing was sent",
			args: []string{"cache", "delete", "c"}},
		{name: "question about the sandbox", shows: "Continue? [y/N] ", says: "Interrupted; nothing was sent",
			args: []string{"sandbox", "reset"}},
		{name: "read", asks: "GET /key/list", says: "Interrupted; nothing was changed",
			args: []string{"keys", "list"}},
		{name: "write", asks: "POST /key/generate", says: "Interrupted; the request may or may not have been applied: POST /key/generate",
			args: []string{"keys", "generate"}},
		{name: "chat", asks: "POST /chat/completions", says: "Interrupted; the request may or may not have been applied: POST /chat/completions",
			args: []string{"chat", "completions", "m", "-m", "user:hi"}},
		{name: "look-up of a write", asks: "GET /v2/team/list", says: "Interrupted; nothing was sent",
			args: []string{"keys", "generate", "--team", "x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, asked := stuck(t)
			c := atTerminal(t, url, nil, tt.args...)
			if tt.shows != "" {
				c.expect(tt.shows)
			} else if got := <-asked; got != tt.asks {
				t.Fatalf("the gateway was asked for %s, want %s", got, tt.asks)
			}
			if tt.hidden {
				c.hides()
			}
			c.kind("\x03")
			status, text := c.end()
			if status != 130 || !strings.Contains(text, "\nlitellm-proxy: "+tt.says) {
				t.Errorf("exit %d, want 130 and a line with %q:\n%s", status, tt.says, text)
			}
			if advice := strings.Contains(text, "check whether it was applied"); advice != (tt.name == "write") {
				t.Errorf("advises to look: %v:\n%s", advice, text)
			}
			if tt.hidden && !c.echoes() {
				t.Error("the terminal does not echo any more")
			}
		})
	}
}

// TestHiddenEnd: Enter or Ctrl-D at a hidden prompt is no value, and nothing is sent; what
// was typed before Ctrl-D is one.
func TestHiddenEnd(t *testing.T) {
	var sent atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodPost {
			sent.Add(1)
			if !strings.Contains(string(body), `"api_key":"typed"`) {
				t.Errorf("sent %s", body)
			}
		}
		fmt.Fprint(w, `{"data": [], "model_id": "m1"}`)
	}))
	defer server.Close()
	for _, tt := range []struct {
		keys   string
		status int
	}{{"\n", 2}, {"\x04", 2}, {"typed\n", 0}, {"typed\x04\x04", 0}} {
		for _, args := range [][]string{{"models", "add", "m", "--param", "model=openai/m", "--param", "api_key=@-"}, {"models", "list", "--api-key", "@-"}} {
			sent.Store(0)
			c := atTerminal(t, server.URL, nil, args...)
			c.hides()
			c.kind(tt.keys)
			status, text := c.end()
			if status != tt.status || tt.status != 0 && (!strings.Contains(text, "no value was entered") || sent.Load() != 0) || strings.Contains(text, "typed") {
				t.Errorf("%q at %q: exit %d, %d writes:\n%s", tt.keys, args, status, sent.Load(), text)
			}
			if !c.echoes() {
				t.Errorf("%q at %q: the terminal does not echo any more", tt.keys, args)
			}
		}
	}
}

// TestInterruptFile: the first Ctrl-C ends a command that waits for a file it was given.
func TestInterruptFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mcp", "--transport", "http", "--addr", "127.0.0.1:0", "--use-own-key", "--auth-token-file", pipe},
		{"mcp", "--transport", "http", "--api-key", "@" + pipe}, {"mcp", "--ca-file", pipe},
		{"models", "list", "--api-key", "@" + pipe}, {"models", "list", "--ca-file", pipe},
		{"models", "add", "m", "-p", "api_key=@" + pipe},
	} {
		c := atTerminal(t, "https://127.0.0.1:1", nil, args...)
		var write *os.File
		for write == nil { // until it reads
			write, _ = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
			if c.ended() {
				t.Fatalf("%q does not read the file:\n%s", args, c.text())
			}
		}
		c.kind("\x03")
		if status, text := c.end(); status != 130 || !strings.Contains(text, "Interrupted") {
			t.Errorf("%q: exit %d, want 130:\n%s", args, status, text)
		}
		write.Close()
	}
}

// TestQuestionEnd: the message after Ctrl-D at a question begins on a new line.
func TestQuestionEnd(t *testing.T) {
	c := atTerminal(t, "", nil, "sandbox", "reset")
	c.expect("Continue? [y/N] ")
	c.kind("\x04")
	if status, text := c.end(); status != 2 || !strings.Contains(text, "[y/N] \nlitellm-proxy: not confirmed") {
		t.Errorf("exit %d:\n%s", status, text)
	}
}

// TestCountTyped: keys that filters select are deleted after their number is typed.
func TestCountTyped(t *testing.T) {
	server := httptest.NewServer(sandbox.New())
	defer server.Close()
	for _, alias := range []string{"a-1", "a-2", "b"} {
		atTerminal(t, server.URL, nil, "--api-key", sandbox.MasterKey, "keys", "generate", "--key-alias", alias).end()
	}
	for _, tt := range []struct {
		answer string
		status int
		says   string
	}{{"y", 2, "--yes --expect 2"}, {"3", 2, "nothing was sent"}, {"2", 0, "deleted key"}} {
		c := atTerminal(t, server.URL, nil, "--api-key", sandbox.MasterKey, "keys", "delete", "--search", "a-")
		c.expect("Type 2 to confirm: ")
		c.kind(tt.answer + "\r")
		if status, text := c.end(); status != tt.status || !strings.Contains(text, tt.says) || !strings.Contains(text, "Matches key a-1 (") {
			t.Errorf("%q: exit %d:\n%s", tt.answer, status, text)
		}
	}
}

// TestInterruptUnread: a command whose answer nobody reads ends too.
func TestInterruptUnread(t *testing.T) {
	var page strings.Builder
	for i := range 100 {
		fmt.Fprintf(&page, `{"token": "t%d", "key_alias": "%s"},`, i, strings.Repeat("x", 4000))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"keys": [%s{}], "total_count": 101, "total_pages": 1}`, page.String())
	}))
	defer server.Close()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	c := atTerminal(t, server.URL, write, "keys", "list", "--all", "--format", "jsonl")
	write.Close()
	// It has begun, and the pipe holds less than there is.
	if _, err := io.ReadFull(read, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	c.kind("\x03")
	if status, text := c.end(); status != 130 || !strings.Contains(text, "Interrupted") {
		t.Errorf("exit %d, want 130:\n%s", status, text)
	}
}

// TestSecondInterrupt: a second signal ends a server that waits for its clients.
func TestSecondInterrupt(t *testing.T) {
	c := atTerminal(t, "", nil, "sandbox", "serve", "--addr", "127.0.0.1:0")
	c.expect("nothing reaches a provider")
	_, rest, _ := strings.Cut(c.text(), "http://")
	address, _, _ := strings.Cut(rest, "\r\n")
	client, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fmt.Fprint(client, "POST /key/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n{")
	if line, err := bufio.NewReader(client).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the request is not under way: %q, %v", line, err)
	}
	var ended atomic.Bool
	go func() {
		for !ended.Load() {
			_ = c.cmd.Process.Signal(syscall.SIGINT)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	status, text := c.end()
	ended.Store(true)
	if status != 130 || strings.Contains(text, "stopped") {
		t.Errorf("exit %d, want 130 at once:\n%s", status, text)
	}
}

// TestKeyAtTerminal: a key typed into the command line is noted, one typed at the
// prompt or kept in a file is not.
func TestKeyAtTerminal(t *testing.T) {
	var used atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		used.Store(r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"data": []}`)
	}))
	defer server.Close()
	const key, note = "sk-typedTypedTyped0001", "The key is visible in the process list; use --api-key @file or LITELLM_PROXY_API_KEY"
	file := t.TempDir() + "/key"
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for value, noted := range map[string]int{key: 1, "sk-1234": 0, "@" + file: 0, "@-": 0} {
		c := atTerminal(t, server.URL, nil, "models", "list", "--api-key", value)
		if value == "@-" {
			c.expect("API key: ")
			c.hides()
			c.kind(key + "\n")
		}
		status, text := c.end()
		if n := strings.Count(text, note); status != 0 || n != noted {
			t.Errorf("--api-key %s: exit %d, noted %d times, want %d:\n%s", value, status, n, noted, text)
		}
		if strings.Contains(text, key) {
			t.Errorf("--api-key %s: the key is shown:\n%s", value, text)
		}
		if want := "Bearer " + key; value != "sk-1234" && used.Load() != want {
			t.Errorf("--api-key %s: sent %q, want %q", value, used.Load(), want)
		}
	}
}

// TestProgress: a walk of more than a second shows how far it is, on the terminal alone,
// and leaves nothing behind.
func TestProgress(t *testing.T) {
	goOn := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := r.URL.Query().Get("page")
		if page != "1" {
			<-goOn
		}
		fmt.Fprintf(w, `{"keys": [{"token": "t%[1]s", "key_alias": "alias-%[1]s"}], "total_count": 3, "total_pages": 3}`, page)
	}))
	defer server.Close()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	c := atTerminal(t, server.URL, write, "keys", "list", "--all", "--format", "csv", "--columns", "key_alias")
	write.Close()
	c.expect("keys list")
	c.expect("1/3")
	close(goOn)
	lines := bufio.NewScanner(read)
	var rows []string
	for lines.Scan() {
		rows = append(rows, lines.Text())
	}
	if got := strings.Join(rows, " "); got != "key_alias alias-1 alias-2 alias-3" {
		t.Errorf("stdout has %q", got)
	}
	status, text := c.end()
	if rest := strings.TrimSpace(visible(text)); status != 0 || rest != "" {
		t.Errorf("exit %d, the terminal still shows %q", status, rest)
	}
}

// TestProgressPiped: without a terminal there is no progress.
func TestProgressPiped(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(600 * time.Millisecond)
		fmt.Fprintf(w, `{"keys": [{"token": "t%s"}], "total_count": 2, "total_pages": 2}`, r.URL.Query().Get("page"))
	}))
	defer server.Close()
	cmd := exec.Command("litellm-proxy", "keys", "list", "--all", "--format", "csv", "--base-url", server.URL)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
}
