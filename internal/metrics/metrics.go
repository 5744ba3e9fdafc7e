// Package metrics counts the calls of an MCP server for Prometheus.
//
// The labels are names of tools, effects, outcomes, methods and statuses, all of them from
// this program's or HTTP's own lists: nothing of a caller is in them, and their number is
// bounded.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those of one server. All methods are safe for concurrent use, and do nothing
// on a nil pointer.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	running  prometheus.Gauge
	sessions prometheus.Counter
	requests *prometheus.CounterVec
	answers  *prometheus.HistogramVec
}

// buckets of durations in seconds: a list takes milliseconds, a model may take minutes.
var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300}

// New returns metrics that count from 0.
func New() *Metrics {
	name := func(name string) string { return "litellm_proxy_mcp_" + name }
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("calls_total"),
			Help: "Calls of tools, by what they do and what came of them."}, []string{"tool", "effect", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name("call_duration_seconds"), Buckets: buckets,
			Help: "Duration of the calls of tools, without the time that a person takes to confirm."}, []string{"tool"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: name("calls_in_flight"),
			Help: "Calls of tools under way."}),
		sessions: prometheus.NewCounter(prometheus.CounterOpts{Name: name("sessions_total"),
			Help: "Sessions opened. Clients of protocol 2026-07-28 open none."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("gateway_requests_total"),
			Help: "Requests to the gateway by method and status, or error if there was no answer."}, []string{"method", "status"}),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name("gateway_request_duration_seconds"), Buckets: buckets,
			Help: "Duration of requests to the gateway, retries included."}, []string{"method"}),
	}
	m.registry.MustRegister(m.calls, m.seconds, m.running, m.sessions, m.requests, m.answers)
	return m
}

// Begin counts a call that begins.
func (m *Metrics) Begin() {
	if m != nil {
		m.running.Inc()
	}
}

// End counts a call that ends. The outcome is in the words of the log.
func (m *Metrics) End(tool, effect, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.running.Dec()
	m.calls.WithLabelValues(tool, effect, Outcome(outcome)).Inc()
	m.seconds.WithLabelValues(tool).Observe(took.Seconds())
}

// Session counts a session that opens.
func (m *Metrics) Session() {
	if m != nil {
		m.sessions.Inc()
	}
}

// Request counts a request to the gateway that ended with a status, or 0 without an answer.
func (m *Metrics) Request(method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if !slices.Contains(methods, method) {
		method = "other"
	}
	result := "error"
	if status >= 100 && status <= 599 {
		result = strconv.Itoa(status)
	}
	m.requests.WithLabelValues(method, result).Inc()
	m.answers.WithLabelValues(method).Observe(took.Seconds())
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// Outcome is the label for an outcome in the words of the log: done, partial, dry_run,
// refused, asked, internal_error, or the code of an error.
func Outcome(words string) string {
	kind, _, _ := strings.Cut(words, ":")
	switch {
	case strings.HasSuffix(words, " failed"):
		return "partial"
	case strings.ContainsFunc(kind, func(r rune) bool { return r >= '0' && r <= '9' }):
		return "other"
	}
	return strings.ReplaceAll(kind, " ", "_")
}

// Serve answers GET /metrics on an address of its own until ctx ends. It returns the URL
// once it listens.
func (m *Metrics) Serve(ctx context.Context, addr string) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	server := &http.Server{Handler: m.Handler(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			_ = listener.Close()
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return "http://" + listener.Addr().String() + "/metrics", nil
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}
