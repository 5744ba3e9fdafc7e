//go:build linux

package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

// talkative is a gateway whose model repeats the last message. To "slow" it says one word
// and then nothing, to "fail" it answers 500.
type talkative struct {
	mu    sync.Mutex
	asked []string // the contents of each request, with blanks between
}

func (g *talkative) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/models" {
		_, _ = io.WriteString(w, `{"data": [{"id": "one"}, {"id": "two"}]}`)
		return
	}
	var body struct {
		Model    string
		Messages []struct{ Role, Content string }
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	words := body.Model
	for _, m := range body.Messages {
		words += "|" + m.Role + ":" + m.Content
	}
	g.mu.Lock()
	g.asked = append(g.asked, words)
	g.mu.Unlock()
	last := body.Messages[len(body.Messages)-1].Content
	if last == "fail" {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"error": {"message": "the model is on fire"}}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	chunk := func(text string) {
		b, _ := json.Marshal(text)
		fmt.Fprintf(w, "data: {\"id\": \"1\", \"choices\": [{\"index\": 0, \"delta\": {\"content\": %s}}]}\n\n", b)
		w.(http.Flusher).Flush()
	}
	if last == "slow" {
		chunk("slowly...")
		<-r.Context().Done()
		return
	}
	chunk("You said ")
	chunk(last + "\x1b[2J.")
	_, _ = io.WriteString(w, "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": 3, \"cost\": 0.1}}\n\ndata: [DONE]\n\n")
}

// last is the conversation of the latest request.
func (g *talkative) last() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asked) == 0 {
		return ""
	}
	return g.asked[len(g.asked)-1]
}

// chatting starts a chat at a terminal.
func chatting(t *testing.T, args ...string) (*console, *talkative) {
	t.Helper()
	gateway := &talkative{}
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	return atTerminal(t, server.URL, nil, append([]string{"chat"}, args...)...), gateway
}

// says types a line, waits for a text that follows it, and for the next prompt.
func (c *console) says(line, answer string) {
	c.t.Helper()
	before := len(c.text())
	c.kind(line + "\r")
	c.prompts(c.expectAfter(before, answer))
}

// prompts waits for the prompt after a place in the text: from then on, keys go to the
// editor, which asks for pasted text to be marked.
func (c *console) prompts(at int) {
	c.t.Helper()
	c.expectAfter(at, "2004h> ")
}

// expectAfter waits for a text after a place, and returns the place behind it.
func (c *console) expectAfter(at int, text string) (end int) {
	c.t.Helper()
	c.more.L.Lock()
	defer c.more.L.Unlock()
	for {
		if i := strings.Index(c.out.String()[at:], text); i >= 0 {
			return at + i + len(text)
		}
		if c.gone {
			c.t.Fatalf("%v ended without showing %q:\n%s", c.cmd.Args, text, c.out.String())
		}
		c.more.Wait()
	}
}

// TestChat talks at a terminal: history, commands, lines that only look like commands.
func TestChat(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	c, gateway := chatting(t, "one", "-s", "be brief")
	c.expect("/help lists the commands")
	c.prompts(0)
	sent := func(want string) {
		t.Helper()
		if got := gateway.last(); got != want {
			t.Errorf("the gateway was asked\n%s\nnot\n%s", got, want)
		}
	}
	c.says("hello", `You said hello\u001b[2J.`)
	sent("one|system:be brief|user:hello")
	c.says("/clear", "forgotten")
	for _, line := range []string{"/quick question", "/help me", "/save the whales", "/model trains are fun", "/exits"} {
		c.says(line, "You said "+line)
		sent("one|system:be brief|user:" + line)
		c.says("/clear", "forgotten")
	}
	c.says("//help", "You said /help")
	sent("one|system:be brief|user:/help")
	c.says("/help", "double its slash")
	c.says("and more", "You said and more")
	sent("one|system:be brief|user:/help|assistant:You said /help\x1b[2J.|user:and more")
	c.says("/retry", "You said and more")
	sent("one|system:be brief|user:/help|assistant:You said /help\x1b[2J.|user:and more")
	c.says("/clear", "forgotten")
	c.says("/system", "No system prompt")
	c.says("/models", "one  (in use)")
	c.says("/model three", "does not list")
	c.says("fail", "the model is on fire")
	c.says("/model two", "goes to two.")
	c.says("/retry", "the model is on fire")
	sent("two|user:fail")
	c.kind("first \\\r")
	c.expect(". ")
	c.says("second", "second")
	sent("two|user:first \nsecond")
	c.says("/cost", "US dollars")
	c.says("/save chat.json", "Saved 2 messages")
	c.says("/save chat.json", "chat.json exists")
	c.says("/clear", "forgotten")
	c.says("/history", "The conversation is empty")
	c.says("/load nothing.json", "no such file")
	c.says("/load chat.json", "Loaded 2 messages")
	c.says("/history", "user: first")
	c.says("/load the dice", "You said /load the dice")
	sent("two|user:first \nsecond|assistant:You said first \nsecond\x1b[2J.|user:/load the dice")
	c.kind("\x04")
	status, text := c.end()
	if status != 0 || !strings.Contains(text, "11 answers; 77 tokens in, 33 out; 1.1 US dollars") {
		t.Errorf("status %d:\n%s", status, text)
	}
	info, err := os.Stat(dir + "/chat.json")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the saved conversation: %v %v", info, err)
	}
}

// TestChatInterrupt: Ctrl-C stops the answer and nothing else; at the prompt the second
// one ends the chat.
func TestChatInterrupt(t *testing.T) {
	c, gateway := chatting(t, "one")
	c.prompts(0)
	c.kind("slow\r")
	c.expect("slowly...")
	before := len(c.text())
	c.kind("\x03")
	c.prompts(c.expectAfter(before, "Stopped."))
	c.says("go on", "You said go on")
	if got, want := gateway.last(), "one|user:slow|assistant:slowly...|user:go on"; got != want {
		t.Errorf("the gateway was asked %s, not %s", got, want)
	}
	c.kind("half a line\x03")
	c.prompts(c.expectAfter(0, "Press Ctrl-C again"))
	c.says("another", "You said another")
	if got := gateway.last(); !strings.HasSuffix(got, "|user:another") {
		t.Errorf("the gateway was asked %s", got)
	}
	before = len(c.text())
	c.kind("\x03")
	c.prompts(c.expectAfter(before, "Press Ctrl-C again"))
	c.kind("\x03")
	status, text := c.end()
	if status != 130 || !strings.Contains(text, "cost of 1 unknown") {
		t.Errorf("status %d:\n%s", status, text)
	}
}

// TestChatPaste: a pasted text is one message, also behind what was typed, and none of its
// lines is a command.
func TestChatPaste(t *testing.T) {
	c, gateway := chatting(t, "one")
	c.expect("2004h> ")
	for _, test := range []struct{ typed, want string }{
		{"\x1b[200~a\n/exit\n\tb\n\x1b[201~\r", "a\n/exit\n\tb"},
		{"fix: \x1b[200~a\r\n/exit\nb\x1b[201~ now\r", "fix: a\n/exit\nb now"},
		{"\x1b[200~one line\x1b[201~\r", "one line"},
		{"\x1b[200~" + strings.Repeat("x", 5000) + "\x1b[201~\r", strings.Repeat("x", 5000)},
	} {
		before := len(c.text())
		c.kind(test.typed)
		c.expectAfter(before, "You said ")
		c.expectAfter(strings.LastIndex(c.text(), "You said "), "2004h> ")
		if got := gateway.last(); got != "one|user:"+test.want {
			t.Errorf("%q: the gateway was asked %q", test.typed, got)
		}
		c.says("/clear", "forgotten")
	}
	before := len(c.text())
	c.kind(strings.Repeat("y", 5000) + "\r")
	c.prompts(c.expectAfter(before, "nothing was sent"))
	if got := gateway.last(); strings.Contains(got, "yyy") {
		t.Errorf("the gateway was asked %q", got)
	}
	c.kind("\x04")
	if status, text := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, text)
	}
}

// TestChatChoice: without a model, one is chosen from the list.
func TestChatChoice(t *testing.T) {
	c, gateway := chatting(t)
	c.expect("  2  two")
	c.says("9", "There is no model")
	c.says("2", "Chatting with two")
	c.says("hi", "You said hi")
	if got := gateway.last(); got != "two|user:hi" {
		t.Errorf("the gateway was asked %s", got)
	}
	c.kind("/exit\r")
	if status, text := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, text)
	}
}
