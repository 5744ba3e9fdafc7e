package mcpserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	readCall  = `{"name":"models_list"%s}`
	writeCall = `{"name":"keys_block","arguments":{"key":"abababababababababababababababababababababababababababababababab"}%s}`
	chatCall  = `{"name":"chat_completions","arguments":` + chatArgs + `%s}`

	withToken = `,"_meta":{"progressToken":18446744073709551615}`
)

func toolCall(id int, params, more string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":%s}`, id, fmt.Sprintf(params, more))
}

// slowGateway answers when it is told to, or never.
func slowGateway(t *testing.T, answer <-chan struct{}) *Server {
	return newServer(t, Options{Confirm: "never", Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-answer:
			_, _ = io.WriteString(w, `{"data":[],"choices":[]}`)
		case <-r.Context().Done():
		}
	})})
}

// progressOf reads one notification of progress.
func progressOf(t *testing.T, line string) (at float64, said string) {
	t.Helper()
	m := parseMessage(t, line)
	if m.Method != methodProgress || field(m.Params, "progressToken") != "18446744073709551615" {
		t.Fatalf("no progress: %s", line)
	}
	var p struct {
		Progress float64
		Message  string
	}
	if err := json.Unmarshal(m.Params, &p); err != nil {
		t.Fatal(err)
	}
	return p.Progress, p.Message
}

// Every call with a token is told that it goes on, in numbers that grow, and nothing comes
// behind its answer.
func TestProgressGoesOn(t *testing.T) {
	for _, call := range []string{readCall, writeCall, chatCall} {
		answer := make(chan struct{})
		onEachWire(t, func(t *testing.T) *Server {
			s := slowGateway(t, answer)
			s.beat = time.Millisecond
			return s
		}, func(t *testing.T, w *rawWire) {
			sent := make(chan struct{})
			go func() { w.send(toolCall(1, call, withToken)); close(sent) }()
			last := 0.0
			for range 5 {
				at, said := progressOf(t, w.next())
				if at <= last || !strings.HasPrefix(said, "waiting for the gateway, ") || !strings.HasSuffix(said, " s") {
					t.Errorf("%v %q after %v", at, said, last)
				}
				last = at
			}
			answer <- struct{}{}
			for line := w.next(); !strings.HasPrefix(line, `{"jsonrpc":"2.0","id":1,`); line = w.next() {
				at, _ := progressOf(t, line)
				if at <= last {
					t.Errorf("%v after %v", at, last)
				}
				last = at
			}
			receive(t, sent)
			w.wants(`{"jsonrpc":"2.0","id":2,"method":"ping"}`, `{"jsonrpc":"2.0","id":2,"result":{}}`)
		})
	}
}

// What is done, what is said and the time share one number, which grows.
func TestProgressGrows(t *testing.T) {
	s := newServer(t, Options{})
	s.beat, s.deltaPause = time.Hour, 0
	var told []string
	last := 0.0
	c := &call{tool: &tool{s: s}, caller: &caller{token: json.RawMessage("1"), notify: func(_ string, params any) {
		p := params.(progressParams)
		if p.Progress < last || p.Progress == last && len(told) > 0 {
			t.Errorf("%v after %v", p.Progress, last)
		}
		last = p.Progress
		told = append(told, fmt.Sprintf("%.2f/%d", p.Progress, p.Total))
	}}}
	p := c.progress()
	p.tick()
	step, say := p.step(), p.words()
	for _, done := range []int{0, 1, 1, 3} {
		step(done, 9)
		p.tick()
		p.tick()
	}
	say("a")
	p.tick()
	p.end()
	p.tick()
	step(8, 9)
	say("b")
	p.end()
	want := "0.50/0 1.00/9 1.50/9 1.67/9 1.75/9 1.80/9 3.00/9 3.50/9 3.67/9 4.00/0 4.50/9"
	if got := strings.Join(told, " "); !strings.Contains(got, want[7:]) || !strings.HasPrefix(got, "0.50/0 ") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A call that nobody is told of ends in time, and says what is known. One that is told of
// goes on, but its single requests end in time too.
func TestTimeLimit(t *testing.T) {
	for _, tt := range []struct{ call, more, code, says string }{
		{readCall, "", "unreachable", "the gateway did not answer within %s"},
		{readCall, withToken, "unreachable", "did not answer within %s"},
		{writeCall, "", "unknown_outcome", "was sent, but the gateway did not answer within %s: it may or may not have been applied"},
		{writeCall, withToken, "unknown_outcome", "was sent, but the gateway did not answer within %s: it may or may not have been applied"},
		{chatCall, "", "", "did not answer within %s"},
	} {
		var s *Server
		var arrived chan struct{}
		onEachWire(t, func(t *testing.T) *Server {
			s, arrived, _ = arriving(t, Options{Confirm: "never"})
			s.callLimit = 20 * time.Millisecond
			return s
		}, func(t *testing.T, w *rawWire) {
			w.send(toolCall(1, tt.call, tt.more))
			r := toResult(t, parseMessage(t, w.next()))
			for len(arrived) == 0 { // on a slow machine, the time was over before the request was sent
				s.callLimit *= 2
				w.send(toolCall(1, tt.call, tt.more))
				r = toResult(t, parseMessage(t, w.next()))
			}
			wantText(t, r.Text, fmt.Sprintf(tt.says, s.callLimit))
			if code := field(r.Structured, "error", "code"); !r.IsError || tt.code != "" && code != `"`+tt.code+`"` {
				t.Errorf("%s", r.raw)
			}
		})
	}
	answer := make(chan struct{})
	onEachWire(t, func(t *testing.T) *Server {
		s := slowGateway(t, answer)
		s.callLimit, s.beat = time.Millisecond, time.Millisecond
		return s
	}, func(t *testing.T, w *rawWire) {
		sent := make(chan struct{})
		go func() { w.send(toolCall(1, chatCall, withToken)); close(sent) }()
		for range 20 {
			progressOf(t, w.next())
		}
		answer <- struct{}{}
		line := w.next()
		for ; !strings.HasPrefix(line, `{"jsonrpc":"2.0","id":1,`); line = w.next() {
		}
		if strings.Contains(line, "did not answer") {
			t.Errorf("a long call with progress: %s", line)
		}
		receive(t, sent)
	})
}

// While a person is asked, the call's time stands still and its caller is told.
func TestQuestionTakesNoTime(t *testing.T) {
	_, client := gateway(t)
	s := newServer(t, Options{Client: client})
	s.beat = time.Millisecond
	w := &rawWire{t: t, name: "stdio", got: make(chan string, 100), ended: make(chan error, 1)}
	rawStdio(t, s, w)
	w.send(strings.Replace(hello, `"capabilities":{}`, `"capabilities":{"elicitation":{}}`, 1))
	w.next()
	w.send(toolCall(1, `{"name":"keys_generate","arguments":{"key_alias":"victim"}%s}`, ""))
	w.next()
	w.send(toolCall(2, `{"name":"keys_delete","arguments":{"key_aliases":["victim"]}%s}`, withToken))
	line := w.next()
	for ; !strings.Contains(line, "elicitation/create"); line = w.next() {
	}
	for _, said := progressOf(t, w.next()); !strings.HasPrefix(said, waitsAnswer); _, said = progressOf(t, w.next()) {
	}
	w.send(`{"jsonrpc":"2.0","id":` + string(parseMessage(t, line).ID) + `,"result":{"action":"accept","content":{}}}`)
	for line = w.next(); !strings.Contains(line, `"id":2,`); line = w.next() {
	}
	if r := toResult(t, parseMessage(t, line)); r.IsError {
		t.Errorf("%s", r.raw)
	}

	k := &call{tool: &tool{s: s}, caller: &caller{}, trail: &trail{}}
	_, over := k.begin(t.Context())
	defer over()
	k.clock.pause()
	if k.clock.timer.Stop() {
		t.Error("the time goes on while a person is asked")
	}
	if k.clock.resume(); !k.clock.timer.Stop() {
		t.Error("the time stands still after the answer")
	}
}
