package mcpserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// A client that asks for them gets log messages: at info what was written, at warning what
// went wrong with a write and a gateway that is slow, at error a fault of this program.
// Without asking it gets errors alone, as mcp-go has it, and none in 2026-07-28.

// loggerName is the logger of each message.
const loggerName = "litellm-proxy"

const methodLog = "notifications/message"

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
	if l.level == "" {
		return mcp.LoggingLevelError
	}
	return l.level
}

// wantedLevel is the least that the caller of a request wants to be told; "" for nothing.
// In 2026-07-28 each request says so, before that the session did.
func wantedLevel(ctx context.Context) mcp.LoggingLevel {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		return info.LogLevel
	}
	session, is := server.ClientSessionFromContext(ctx).(server.SessionWithLogging)
	if !is || session.SessionID() == "" { // the level of all clients without a session is nobody's
		return ""
	}
	return session.GetLogLevel()
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
		level = mcp.LoggingLevelNotice
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
