package mcpserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

const (
	stdioSessionID = "stdio"
	// maxLine is the longest message of a client on stdio.
	maxLine = 32 << 20
	// stdioCalls is how many requests of the client run at the same time, stdioWaits
	// how many wait behind them.
	stdioCalls, stdioWaits = 16, 1024
)

// ServeStdio serves one client: a message a line on in and on out. It returns nil
// when in has ended and every request that came before was answered, or when ctx
// ends. Nothing but protocol messages is written to out.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	deaf, goDeaf := context.WithCancel(context.Background())
	defer goDeaf()
	session := &stdioSession{out: out, waiting: map[int64]chan stdioReply{}, fail: cancel}
	calls := s.mcp.WithContext(ctx, session)
	p := &stdioPeer{s: s, session: session, deaf: deaf, calls: newLanes(stdioCalls, stdioWaits)}

	lines, readErr := readLines(ctx, in)
	for open := true; open; {
		select {
		case <-ctx.Done():
			open = false
		case line, ok := <-lines:
			if open = ok; ok {
				p.take(calls, line)
			}
		}
	}
	// Nobody can answer a question any more; the calls under way end by themselves.
	goDeaf()
	finished := make(chan struct{})
	go func() { p.running.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
		// They were canceled; a moment for their last words.
		select {
		case <-finished:
		case <-time.After(s.grace):
		}
	}
	if err := session.failure(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	return *readErr
}

// stdioPeer runs the messages of the one client.
type stdioPeer struct {
	s       *Server
	session *stdioSession
	deaf    context.Context
	calls   *lanes
	running sync.WaitGroup
}

// take handles one line. It never waits for other requests: the reader must hear
// cancellations and answers.
func (p *stdioPeer) take(ctx context.Context, line json.RawMessage) {
	var m head
	valid := json.Unmarshal(line, &m) == nil
	// Each request has a caller of its own, which holds the memory of its answer.
	c := &caller{notify: p.session.notify, deaf: p.deaf}
	ctx = withCaller(ctx, c)
	switch {
	case valid && m.Method == "" && p.session.deliver(line):
	case valid && m.request() && m.Method == string(mcp.MethodSubscriptionsListen):
		p.running.Go(func() {
			// It lasts as long as the client listens.
			listening, stop := until(ctx, p.deaf)
			defer stop()
			p.answer(listening, c, line, m.ID)
		})
	case valid && m.request() && m.Method != string(mcp.MethodInitialize):
		place := p.calls.enter(stdioSessionID, string(m.ID))
		if place == nil {
			p.session.write(failure(m.ID, refuseCalls.text))
			return
		}
		p.running.Go(func() {
			defer place.leave()
			if place.wait(ctx) != errDropped {
				p.answer(ctx, c, line, m.ID)
			}
		})
	default:
		// In turn: what comes after initialize counts on it, a cancellation must
		// find its request, and the rest is answered at once.
		if m.Method == string(mcp.MethodNotificationCancelled) {
			p.calls.drop(stdioSessionID, string(m.Params.RequestID))
		}
		p.answer(ctx, c, line, m.ID)
	}
}

// answer handles a message and writes the answer.
func (p *stdioPeer) answer(ctx context.Context, c *caller, line, id json.RawMessage) {
	defer c.answer.end()
	p.session.write(p.s.dispatch(ctx, line, id))
}

// failure is the answer to a request that was not run.
func failure(id json.RawMessage, text string) mcp.JSONRPCError {
	return mcp.JSONRPCError{JSONRPC: mcp.JSONRPC_VERSION, ID: mcp.NewRequestId(id),
		Error: mcp.NewJSONRPCErrorDetails(mcp.INTERNAL_ERROR, text, nil)}
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// dispatch handles one message; a fault outside of the handlers, which have their
// own net, is answered as any other.
func (s *Server) dispatch(ctx context.Context, line, id json.RawMessage) (answer mcp.JSONRPCMessage) {
	defer func() {
		if r := recover(); r != nil {
			err := s.fault("dispatch", r)
			answer = nil
			if !isNull(id) {
				answer = failure(id, err.Error())
			}
		}
	}()
	if why := misshapen(line); why != "" && !isNull(id) {
		return invalid(id, why)
	}
	return s.mcp.HandleMessage(ctx, line)
}

// readLines reads lines, the last with or without its newline, until the input
// ends. The error is set before the channel is closed.
func readLines(ctx context.Context, in io.Reader) (<-chan json.RawMessage, *error) {
	lines, readErr := make(chan json.RawMessage), new(error)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
		for scanner.Scan() {
			line := bytes.TrimSpace(scanner.Bytes())
			if len(line) == 0 {
				continue
			}
			select {
			case lines <- bytes.Clone(line):
			case <-ctx.Done():
				return
			}
		}
		if err := scanner.Err(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			*readErr = fmt.Errorf("reading from the client: %w", err)
		}
	}()
	return lines, readErr
}

// stdioSession is the one client of a stdio server.
type stdioSession struct {
	clientState

	mu       sync.Mutex // of everything below, except out
	asked    int64
	waiting  map[int64]chan stdioReply
	writeErr error

	outMu sync.Mutex
	out   io.Writer
	fail  func() // ends the server: the client is gone
}

type stdioReply struct {
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

var (
	_ server.SessionWithClientInfo  = (*stdioSession)(nil)
	_ server.SessionWithElicitation = (*stdioSession)(nil)
)

// wire is an answer as it is sent.
func wire(message any) []byte {
	if line := encode(message); string(line) != "null" {
		return line
	}
	return encode(failure(nil, errInternal.Error()))
}

// write sends one message as one line.
func (s *stdioSession) write(message any) {
	if message == nil {
		return
	}
	line := wire(message)
	s.outMu.Lock()
	_, err := s.out.Write(line)
	if err == nil {
		_, err = s.out.Write([]byte{'\n'}) // a line may be too large to copy
	}
	s.outMu.Unlock()
	if err != nil {
		s.mu.Lock()
		s.writeErr = err
		s.mu.Unlock()
		s.fail()
	}
}

func (s *stdioSession) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writeErr != nil {
		return fmt.Errorf("writing to the client: %w", s.writeErr)
	}
	return nil
}

// notification is a message that wants no answer.
type notification struct {
	JSONRPC string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

func (s *stdioSession) notify(method string, params any) {
	s.write(notification{mcp.JSONRPC_VERSION, method, params})
}

// RequestElicitation implements [server.SessionWithElicitation].
func (s *stdioSession) RequestElicitation(ctx context.Context, request mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	reply := make(chan stdioReply, 1)
	s.mu.Lock()
	s.asked++
	id := s.asked
	s.waiting[id] = reply
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, id)
		s.mu.Unlock()
	}()
	s.write(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": id, "method": mcp.MethodElicitationCreate, "params": request.Params})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-reply:
		if !isNull(r.Error) {
			return nil, errAnswered
		}
		var result mcp.ElicitationResult
		if err := json.Unmarshal(r.Result, &result); err != nil {
			return nil, errUnreadable
		}
		return &result, nil
	}
}

// deliver gives a client's answer to the question it belongs to. Any other answer
// is nobody's and is dropped.
func (s *stdioSession) deliver(line json.RawMessage) bool {
	var answer struct {
		ID json.RawMessage `json:"id"`
		stdioReply
	}
	if json.Unmarshal(line, &answer) != nil || isNull(answer.ID) || answer.Result == nil && answer.Error == nil {
		return false
	}
	var id int64
	if json.Unmarshal(answer.ID, &id) != nil {
		return true
	}
	s.mu.Lock()
	reply := s.waiting[id]
	delete(s.waiting, id)
	s.mu.Unlock()
	if reply != nil {
		reply <- answer.stdioReply
	}
	return true
}

// SessionID implements [server.ClientSession].
func (s *stdioSession) SessionID() string { return stdioSessionID }
