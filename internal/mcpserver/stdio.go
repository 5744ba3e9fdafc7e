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
	// stdioCalls is how many requests of the client run at the same time.
	stdioCalls = 16
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
	c := &caller{notify: session.notify, deaf: deaf}
	calls := withCaller(s.mcp.WithContext(ctx, session), c)

	lines, readErr := readLines(ctx, in)
	var running sync.WaitGroup
	slots := make(chan struct{}, stdioCalls)
	for open := true; open; {
		select {
		case <-ctx.Done():
			open = false
		case line, ok := <-lines:
			if !ok {
				open = false
				break
			}
			var head struct {
				Method string          `json:"method"`
				ID     json.RawMessage `json:"id"`
			}
			valid := json.Unmarshal(line, &head) == nil
			switch {
			case valid && head.Method == "" && session.deliver(line):
			case valid && head.Method == string(mcp.MethodSubscriptionsListen) && !isNull(head.ID):
				running.Go(func() {
					// It lasts as long as the client listens.
					listening, stop := until(calls, deaf)
					defer stop()
					session.write(s.dispatch(listening, line, head.ID))
				})
			case valid && head.Method != "" && !isNull(head.ID) && head.Method != string(mcp.MethodInitialize):
				running.Go(func() {
					// The reader never waits for a slot: it must hear cancellations
					// and answers.
					select {
					case slots <- struct{}{}:
						defer func() { <-slots }()
					case <-calls.Done():
					}
					session.write(s.dispatch(calls, line, head.ID))
				})
			default:
				// In turn: what comes after initialize counts on it, a cancellation
				// must find its request, and the rest is answered at once.
				session.write(s.dispatch(calls, line, head.ID))
			}
		}
	}
	// Nobody can answer a question any more; the calls under way end by themselves.
	goDeaf()
	finished := make(chan struct{})
	go func() { running.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
		// They were cancelled; a moment for their last words.
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

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// dispatch handles one message; a fault outside of the handlers, which have their
// own net, is answered as any other.
func (s *Server) dispatch(ctx context.Context, line, id json.RawMessage) (answer mcp.JSONRPCMessage) {
	defer func() {
		if r := recover(); r != nil {
			err := s.fault("stdio", r)
			answer = nil
			if !isNull(id) {
				answer = mcp.JSONRPCError{JSONRPC: mcp.JSONRPC_VERSION, ID: mcp.NewRequestId(id),
					Error: mcp.NewJSONRPCErrorDetails(mcp.INTERNAL_ERROR, err.Error(), nil)}
			}
		}
	}()
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
	mu           sync.Mutex // of everything below, except out
	initialized  bool
	info         mcp.Implementation
	capabilities mcp.ClientCapabilities
	asked        int64
	waiting      map[int64]chan stdioReply
	writeErr     error

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

// write sends one message as one line.
func (s *stdioSession) write(message any) {
	if message == nil {
		return
	}
	line, err := json.Marshal(message)
	if err != nil {
		line = encode(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": nil,
			"error": map[string]any{"code": mcp.INTERNAL_ERROR, "message": errInternal.Error()}})
	}
	s.outMu.Lock()
	_, err = s.out.Write(append(line, '\n'))
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
			return nil, errors.New("the client refused the question")
		}
		var result mcp.ElicitationResult
		if err := json.Unmarshal(r.Result, &result); err != nil {
			return nil, errors.New("cannot read the client's answer")
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

// NotificationChannel implements [server.ClientSession]. Nothing is broadcast
// here; what comes in spite of that is dropped.
func (s *stdioSession) NotificationChannel() chan<- mcp.JSONRPCNotification { return nil }

// Initialize implements [server.ClientSession].
func (s *stdioSession) Initialize() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.initialized = true
}

// Initialized implements [server.ClientSession].
func (s *stdioSession) Initialized() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.initialized
}

// GetClientInfo implements [server.SessionWithClientInfo].
func (s *stdioSession) GetClientInfo() mcp.Implementation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// SetClientInfo implements [server.SessionWithClientInfo].
func (s *stdioSession) SetClientInfo(info mcp.Implementation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info = info
}

// GetClientCapabilities implements [server.SessionWithClientInfo].
func (s *stdioSession) GetClientCapabilities() mcp.ClientCapabilities {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.capabilities
}

// SetClientCapabilities implements [server.SessionWithClientInfo].
func (s *stdioSession) SetClientCapabilities(capabilities mcp.ClientCapabilities) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capabilities = capabilities
}
