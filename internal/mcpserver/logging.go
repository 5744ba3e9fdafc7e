package mcpserver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// A client that asks for them gets log messages: at info what was written, at warning what
// went wrong with a write and a gateway that is slow.
// Without asking it gets nothing.

// loggerName is the logger of each message.
const loggerName = "litellm-proxy"

const methodLog = "notifications/message"

// logLevels are those of the protocol, the least urgent first.
var logLevels = []mcp.LoggingLevel{
	mcp.LoggingLevelDebug, mcp.LoggingLevelInfo, mcp.LoggingLevelNotice, mcp.LoggingLevelWarning,
	mcp.LoggingLevelError, mcp.LoggingLevelCritical, mcp.LoggingLevelAlert, mcp.LoggingLevelEmergency,
}

func joined(levels []mcp.LoggingLevel) string {
	var names []string
	for _, level := range levels {
		names = append(names, string(level))
	}
	return strings.Join(names, ", ")
}

// logLevel is what the client of a session wants to be told.
type logLevel struct {
	levelMu sync.Mutex
	level   mcp.LoggingLevel
}

var (
	_ server.SessionWithLogging = (*stdioSession)(nil)
	_ server.SessionWithLogging = (*sseSession)(nil)
)

// SetLogLevel implements [server.SessionWithLogging].
func (l *logLevel) SetLogLevel(level mcp.LoggingLevel) {
	l.levelMu.Lock()
	defer l.levelMu.Unlock()
	l.level = level
}

// GetLogLevel implements [server.SessionWithLogging].
func (l *logLevel) GetLogLevel() mcp.LoggingLevel {
	l.levelMu.Lock()
	defer l.levelMu.Unlock()
	return l.level
}

// setsLevel answers the request of a session of streamable HTTP for log messages, and
// reports whether it is one. The library would keep the level for ever.
func (f *front) setsLevel(w http.ResponseWriter, c *caller, m *incoming) bool {
	if c.ticket == nil || !m.request() || !m.is(mcp.MethodSetLogLevel) {
		return false
	}
	f.levels.put(c.ticket.Number, mcp.LoggingLevel(m.Params.Level))
	plain(w, false, 0, []byte(answerLead), m.ID, []byte(`,"result":{}}`))
	return true
}

// wantedLevel is the least that the caller of a request wants to be told; "" for nothing.
// In 2026-07-28 each request says so, before that the session did.
func wantedLevel(ctx context.Context) mcp.LoggingLevel {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		return info.LogLevel
	}
	switch session := server.ClientSessionFromContext(ctx).(type) {
	case *stdioSession:
		return session.GetLogLevel()
	case *sseSession:
		return session.GetLogLevel()
	}
	return callerOf(ctx).level
}

// logParams are the parameters of a log message.
type logParams struct {
	Level  mcp.LoggingLevel `json:"level"`
	Logger string           `json:"logger"`
	Data   string           `json:"data"`
}

// tell sends a log message to the caller of a request if the caller wants it. Secrets in
// it are masked.
func (s *Server) tell(ctx context.Context, level mcp.LoggingLevel, text string) {
	c, wanted := callerOf(ctx), wantedLevel(ctx)
	if c.notify == nil || wanted == "" || !level.ShouldSendTo(wanted) {
		return
	}
	c.notify(methodLog, logParams{level, loggerName, secret.Text(text)})
}

// tellOutcome reports a write that ended.
func (c *call) tellOutcome(ctx context.Context, result *mcp.CallToolResult, outcome string) {
	level, text := mcp.LoggingLevelInfo, c.op.Tool()+": "+outcome
	if result != nil && result.IsError {
		level, text = mcp.LoggingLevelNotice, c.op.Tool()+" ended in an error: "+outcome
		if outcome == string(proxyclient.CodeUnknownOutcome) {
			level, text = mcp.LoggingLevelWarning, c.op.Tool()+": the outcome is unknown; check before you repeat it"
		}
	}
	if c.done != "" {
		text = c.op.Tool() + ": " + c.done
	}
	c.s.tell(ctx, level, text)
}

// warnSlow tells the caller when the gateway has not answered a call for a while. The
// function ends that, and nothing is told after it returned.
func (c *call) warnSlow(ctx context.Context) (stop func()) {
	var (
		mu      sync.Mutex
		timer   *time.Timer
		ended   bool
		started = time.Now()
	)
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(c.s.slow, func() {
		mu.Lock()
		defer mu.Unlock()
		if ended {
			return
		}
		c.s.tell(ctx, mcp.LoggingLevelWarning, fmt.Sprintf("%s: still waiting for the gateway after %s", c.op.Tool(), time.Since(started).Round(time.Second)))
		timer.Reset(c.s.slow)
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		timer.Stop()
	}
}
