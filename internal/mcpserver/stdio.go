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
// when in has ended and every request that came before was answered. When ctx ends, the
// calls under way have a moment to end, and the others are answered. Nothing but protocol
// messages is written to out.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	gone, cancel := context.WithCancel(context.WithoutCancel(ctx)) // ends when the client has gone
	defer cancel()
	deaf, goDeaf := context.WithCancelCause(context.Background())
	defer goDeaf(nil)
	session := &stdioSession{out: out, fail: cancel}
	p := &stdioPeer{ending: newEnding(), s: s, session: session, deaf: deaf, goDeaf: goDeaf,
		calls: newLanes(stdioCalls, stdioWaits), streams: newLanes(sessionStreams, 0), underway: newUnderway()}
	lines, readErr := readLines(gone, in)
	p.serveWithin(ctx, s.mcp.WithContext(gone, session), lines)
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
	*ending
	s              *Server
	session        *stdioSession
	deaf           context.Context // nobody can answer a question any more
	goDeaf         context.CancelCauseFunc
	calls, streams *lanes
	underway       *underway
	running        sync.WaitGroup
}

// serveWithin serves until that ends, or until the time for a shutdown is over: a client
// that does not read does not keep the server.
func (p *stdioPeer) serveWithin(ctx, gone context.Context, lines <-chan json.RawMessage) {
	served := make(chan struct{})
	go func() {
		defer close(served)
		p.serve(ctx, gone, lines)
	}()
	select {
	case <-served:
		return
	case <-ctx.Done():
	}
	select {
	case <-served:
	case <-time.After(p.s.grace + p.s.lastWords + 2*flushWait):
	}
}

// serve takes messages until the last call has ended after the input did, or until the
// server is shut down. The calls run in gone, which ends when the client has gone.
func (p *stdioPeer) serve(ctx, gone context.Context, lines <-chan json.RawMessage) {
	var finished chan struct{}
	last := func(cause error) {
		p.goDeaf(cause)
		if finished == nil {
			finished = make(chan struct{})
			go func() { p.running.Wait(); close(finished) }()
		}
	}
	shutdown, hangUp := ctx.Done(), gone.Done()
	var late <-chan time.Time
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				lines = nil
				last(nil)
			} else {
				p.take(gone, read(line))
			}
		case <-shutdown:
			shutdown, late = nil, time.After(p.s.grace)
			p.close()
			last(errShutdown)
		case <-hangUp: // the calls were canceled
			hangUp, lines, late = nil, nil, time.After(p.s.lastWords)
			p.stop()
			last(nil)
		case <-late:
			if p.stopped.Err() != nil {
				p.underway.abandon(p.s.lost, flushWait)
				return
			}
			late = time.After(p.s.lastWords)
			p.stop()
		case <-finished:
			return
		}
	}
}

// take handles one message. It never waits for other requests: the reader must hear
// cancellations and answers.
func (p *stdioPeer) take(ctx context.Context, m *incoming) {
	// Each request has a caller of its own, which holds the memory of its answer.
	c := &caller{notify: p.session.notify, deaf: p.deaf, stop: p.stopped, token: m.token()}
	m.caller, ctx = c, withCaller(ctx, c)
	no := p.s.objection(m)
	switch {
	case no != nil:
		p.session.write(no.wire())
	case m.answers():
		p.session.asks.deliver(stdioSessionID, &m.head)
	case !m.request():
		if m.is(mcp.MethodNotificationCancelled) {
			p.underway.cancel(stdioSessionID, m.Params.RequestID)
			return
		}
		p.s.dispatch(ctx, m)
	case p.closing.Err() != nil:
		p.session.write(m.closed().wire())
	default:
		p.run(ctx, c, m)
	}
}

// run handles a request.
func (p *stdioPeer) run(ctx context.Context, c *caller, m *incoming) {
	lane := p.calls
	if m.is(mcp.MethodSubscriptionsListen) {
		lane = p.streams
	}
	place := lane.enter(stdioSessionID)
	if place == nil {
		p.session.write(m.refuse(mcp.INTERNAL_ERROR, refuseCalls.text).wire())
		return
	}
	ctx, over := p.underway.begin(ctx, stdioSessionID, m, func(no *fault) { p.session.write(no.wire()) })
	work := func() {
		defer over()
		defer place.leave()
		if place.wait(ctx) == nil {
			m.runs.Store(true)
			p.answer(ctx, c, m)
		}
	}
	if m.is(mcp.MethodInitialize) {
		work() // what comes after it counts on it
		return
	}
	p.running.Go(work)
}

// answer handles a request and writes the answer.
func (p *stdioPeer) answer(ctx context.Context, c *caller, m *incoming) {
	defer c.answer.end()
	var answer [][]byte
	if m.is(mcp.MethodSubscriptionsListen) {
		// It lasts as long as the client listens.
		listening, stop := until(ctx, p.deaf)
		defer stop()
		answer = p.s.listen(listening, m, c.notify)
	} else {
		answer = p.s.dispatch(ctx, m)
	}
	if m.claim() {
		p.session.write(answer...)
	}
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// dispatch handles one message and returns the answer in pieces; a fault outside of the
// handlers, which have their own net, is answered as any other.
func (s *Server) dispatch(ctx context.Context, m *incoming) (answer [][]byte) {
	defer func() {
		if r := recover(); r != nil {
			err := s.fault("dispatch", r)
			answer = nil
			if m.request() {
				answer = [][]byte{m.refuse(mcp.INTERNAL_ERROR, err.Error()).wire()}
			}
		}
	}()
	result := s.mcp.HandleMessage(ctx, m.content)
	if result == nil || !m.request() {
		return nil
	}
	line := encode(result)
	if string(line) == "null" { // it cannot be encoded
		return [][]byte{m.refuse(mcp.INTERNAL_ERROR, errInternal.Error()).wire()}
	}
	answer, _ = s.restore(m, line)
	return answer
}

// readLines reads lines, the last with or without its newline, until the input
// ends. The error is set before the channel is closed.
func readLines(ctx context.Context, in io.Reader) (<-chan json.RawMessage, *error) {
	lines, readErr := make(chan json.RawMessage), new(error)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
		mark := byteOrderMark
		for scanner.Scan() {
			line := bytes.TrimSpace(bytes.TrimPrefix(scanner.Bytes(), mark))
			mark = nil
			if len(line) == 0 {
				continue
			}
			select {
			case lines <- append(make([]byte, 0, len(line)+slack), line...):
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
	asks asks

	mu       sync.Mutex // of everything below, except out
	writeErr error

	outMu sync.Mutex
	out   io.Writer
	fail  func() // ends the server: the client is gone
}

var (
	_ server.SessionWithClientInfo  = (*stdioSession)(nil)
	_ server.SessionWithElicitation = (*stdioSession)(nil)
)

// write sends one message as one line.
func (s *stdioSession) write(message ...[]byte) {
	if len(message) == 0 {
		return
	}
	s.outMu.Lock()
	var err error
	for _, part := range append(message, []byte{'\n'}) { // a line may be too large to copy
		if err == nil {
			_, err = s.out.Write(part)
		}
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
	s.write(encode(notification{mcp.JSONRPC_VERSION, method, params}))
}

// RequestElicitation implements [server.SessionWithElicitation].
func (s *stdioSession) RequestElicitation(ctx context.Context, request mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	return elicited(s.asks.ask(ctx, stdioSessionID, s.write, string(mcp.MethodElicitationCreate), request.Params))
}

// SessionID implements [server.ClientSession].
func (s *stdioSession) SessionID() string { return stdioSessionID }
