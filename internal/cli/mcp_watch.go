package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"litellm-proxy/internal/audit"
	"litellm-proxy/internal/metrics"
)

// watched is what the person who runs "mcp" sees of its calls.
type watched struct {
	auditLog string
	logLevel string
	slow     time.Duration
	metrics  string
}

var logLevels = []string{"debug", "info", "warn", "error"}

// watchFlags are for the person who runs the server.
func (m *mcpRun) watchFlags(f *pflag.FlagSet) {
	f.StringVar(&m.watched.auditLog, "audit-log", "", "File to append each call to, as a line of JSON: time, client, key hash, tool, effect, arguments without secrets, requests and outcome. A write has a line before it is sent, synced to disk; if the file cannot be written, writes are refused")
	f.StringVar(&m.watched.metrics, "metrics-addr", "", "Serve Prometheus metrics of calls at http://ADDRESS/metrics, such as 127.0.0.1:9464. Anyone who can connect can read them")
	f.StringVar(&m.watched.logLevel, "log-level", "info", "Lowest level of the log on stderr: debug (all calls), info (writes), warn or error")
	f.DurationVar(&m.watched.slow, "slow", 0, "Log calls that take at least this long, such as 5s, and where the time went (default 0: none)")
}

// watchable refuses flags that cannot be met, and returns the level of the log.
func (m *mcpRun) watchable() (level slog.Level, err error) {
	if err := level.UnmarshalText([]byte(m.watched.logLevel)); err != nil || !slices.Contains(logLevels, m.watched.logLevel) {
		return level, usageError(fmt.Sprintf("--log-level: %q is not one of %s", m.watched.logLevel, strings.Join(logLevels, ", ")))
	}
	if m.watched.slow < 0 {
		return level, usageError("--slow must not be negative")
	}
	if m.o.MaxWrites < 0 {
		return level, usageError("--max-writes must not be negative")
	}
	return level, nil
}

// watch sets up the log, the audit log and the metrics.
func (m *mcpRun) watch(ctx context.Context) error {
	level, err := m.watchable()
	if err != nil {
		return err
	}
	m.o.Log = slog.New(slog.NewTextHandler(m.Stderr, &slog.HandlerOptions{Level: level}))
	m.o.Watch.Slow = m.watched.slow
	if err := m.openAudit(); err != nil {
		return err
	}
	if m.watched.metrics == "" {
		return nil
	}
	m.o.Watch.Metrics = metrics.New()
	url, err := m.o.Watch.Metrics.Serve(ctx, m.watched.metrics)
	switch {
	case m.transport == "stdio" && taken(err):
		// Clients start a server for each window.
		m.note("no metrics of this server: %v", err)
		return nil
	case err != nil:
		return usageError("--metrics-addr: " + err.Error())
	}
	m.note("metrics at %s", url)
	return nil
}

// taken reports whether another process listens there already.
func taken(err error) bool {
	const inUse = syscall.Errno(10048) // Windows
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, inUse)
}

// openAudit opens the audit log. Over stdio, the server starts even if it cannot: only the
// answers to calls reach the client's user.
func (m *mcpRun) openAudit() error {
	if m.watched.auditLog == "" {
		return nil
	}
	m.o.Watch.Audit = audit.New(m.watched.auditLog, m.auditState)
	if err := m.o.Watch.Audit.Open(); err != nil && m.transport != "stdio" {
		return usageError("--audit-log: " + err.Error())
	}
	return nil
}

// auditState tells that the audit log fails, and that it works again.
func (m *mcpRun) auditState(err error) {
	if err == nil {
		m.o.Log.Info("the audit log is written again")
		return
	}
	m.o.Log.Error("calls are not in the audit log; writes are refused until it works", "error", err)
}
