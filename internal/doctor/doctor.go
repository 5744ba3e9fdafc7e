// Package doctor finds out why the gateway, the key or an MCP client does not work: a
// list of small checks, each of which says what it found and what to do about it.
//
// Nothing is changed, no secret is repeated, and no check takes longer than its limit. A
// check that needs an earlier one is skipped when that failed.
package doctor

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// Status is the verdict of a check.
type Status string

// The verdicts.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Finding is what one check found.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	// Fix is what to do about it; settings stand in braces, as in the hints of
	// [proxyclient.Error].
	Fix string `json:"fix,omitempty"`

	code proxyclient.Code // of a failure
}

// Report is what all checks found.
type Report struct {
	Status  Status    `json:"status"` // the worst of the checks
	Version string    `json:"version"`
	System  string    `json:"system"` // "linux/amd64"
	Checks  []Finding `json:"checks"`
}

// Code is the kind of the first failure, or "" without one.
func (r Report) Code() proxyclient.Code {
	for _, f := range r.Checks {
		if f.Status == Failed {
			return f.code
		}
	}
	return ""
}

// Count returns how many checks have a verdict.
func (r Report) Count(s Status) (n int) {
	for _, f := range r.Checks {
		if f.Status == s {
			n++
		}
	}
	return n
}

// Subject is what is examined.
type Subject struct {
	Settings config.Settings
	// Trouble is why the settings cannot be used, or nil.
	Trouble error
	// Client is nil where the trouble is not the key alone.
	Client *proxyclient.Client
	// Account asks the gateway about the key: the answer of the operation "status", also
	// beside an error.
	Account func(context.Context) (json.RawMessage, error)
	// Version is that of this program.
	Version string
	// BuiltFor and Oldest are the versions of the gateway that this program was built for
	// and tested with.
	BuiltFor, Oldest string
	Getenv           func(string) string
	// Dir is the working directory: clients have files of a project.
	Dir string
	// Program is the file of this program.
	Program string
	// File is the configuration file, or nil if it cannot be read.
	File *config.File
	// Trusted lets [Servers] start what the files of the working directory name.
	Trusted bool
	// Limit bounds each check of the network. 0: some seconds.
	Limit time.Duration
}

// exam is one examination.
type exam struct {
	Subject
	now     func() time.Time
	proxy   func(*http.Request) (*url.URL, error)
	system  string            // as runtime.GOOS
	blocked map[string]string // check → the failed one that it needs, or itself
	// own are secrets of the entries of MCP clients, to mask.
	own []string

	url    *url.URL // of the gateway
	via    *url.URL // the proxy before it, or nil
	addrs  []string // of the gateway or the proxy, with the port
	probed *probe
	roots  *x509.CertPool // nil: the system's
}

// check is one of the things that are looked at.
type check struct {
	name string
	// after are the checks without which this one says nothing.
	after []string
	// remote marks a check that needs a gateway on the network, asks one that needs a client.
	remote, asks bool
	limit        time.Duration
	run          func(*exam, context.Context) []Finding
}

// checks are all of them, in the order in which they run and are reported.
var checks = []check{
	{name: "url", run: (*exam).address},
	{name: "key", run: (*exam).key},
	{name: "files", run: (*exam).files},
	{name: "settings", run: (*exam).settings},
	{name: "proxy", after: []string{"url"}, remote: true, run: (*exam).route},
	{name: "dns", after: []string{"proxy"}, remote: true, limit: 4 * time.Second, run: (*exam).resolve},
	{name: "tcp", after: []string{"dns"}, remote: true, limit: 4 * time.Second, run: (*exam).connect},
	{name: "tls", after: []string{"tcp"}, remote: true, limit: 8 * time.Second, run: (*exam).handshake},
	{name: "clock", after: []string{"tcp"}, remote: true, run: (*exam).clock},
	{name: "gateway", after: []string{"url", "tls"}, asks: true, limit: 8 * time.Second, run: (*exam).gateway},
	{name: "database", after: []string{"gateway"}, limit: 8 * time.Second, run: (*exam).database},
	{name: "version", after: []string{"gateway"}, limit: 8 * time.Second, run: (*exam).version},
	{name: "access", after: []string{"gateway", "key", "settings"}, limit: 12 * time.Second, run: (*exam).access},
	{name: "mcp", run: (*exam).clients},
}

// Examine runs all checks. The error is that of ctx.
func Examine(ctx context.Context, s Subject) (Report, error) {
	return newExam(s).report(ctx)
}

func newExam(s Subject) *exam {
	return &exam{Subject: s, now: time.Now, proxy: http.ProxyFromEnvironment, system: runtime.GOOS}
}

func (e *exam) newReport() Report {
	return Report{Status: OK, Version: e.Version, System: e.system + "/" + runtime.GOARCH}
}

func (e *exam) report(ctx context.Context) (Report, error) {
	e.blocked = map[string]string{}
	r := e.newReport()
	for _, c := range checks {
		findings := e.examine(ctx, c)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		e.add(ctx, &r, c.name, findings)
	}
	return r, nil
}

// add puts findings into a report, without secrets.
func (e *exam) add(ctx context.Context, r *Report, check string, findings []Finding) {
	mask := secret.Redactor{Own: append(e.own, e.Settings.APIKey)}
	for _, f := range findings {
		f.Check = check
		for _, text := range []*string{&f.Found, &f.Fix} {
			*text, _ = mask.Text(ctx, strings.TrimSuffix(*text, "."))
		}
		if f.Status == Failed && e.blocked != nil {
			e.blocked[check] = check
		}
		r.Checks = append(r.Checks, f)
		r.Status = worse(r.Status, f.Status)
	}
}

// examine runs one check within its limit, unless an earlier one makes it useless.
func (e *exam) examine(ctx context.Context, c check) []Finding {
	if c.remote && e.Settings.Sandbox() {
		return skip("the sandbox is in this program")
	}
	cause := e.firstFailure(c.after)
	if c.asks && e.Client == nil {
		cause = cmp.Or(cause, e.firstFailure([]string{"key", "files", "settings"}))
	}
	if cause != "" {
		e.blocked[c.name] = cause
		return skip("not checked because of " + cause)
	}
	if c.limit > 0 {
		limit := c.limit
		if e.Limit > 0 {
			limit = e.Limit
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	return c.run(e, ctx)
}

// firstFailure returns the failure that keeps these checks from being good, or "".
func (e *exam) firstFailure(names []string) string {
	for _, name := range names {
		if cause := e.blocked[name]; cause != "" {
			return cause
		}
	}
	return ""
}

// settings reports what is wrong with flags, environment or the configuration file, other
// than what an earlier check has reported.
func (e *exam) settings(context.Context) []Finding {
	switch s := e.Settings; {
	case e.Trouble == nil && s.Profile != nil:
		return good("profile %s (from %s)", s.Profile.Name, s.ProfileSource)
	case e.Trouble == nil:
		return good("flags, environment and configuration file can be used")
	}
	if cause := e.firstFailure([]string{"url", "key", "files"}); cause != "" && cause != "settings" {
		return skip("not checked because of " + cause)
	}
	return failed(cmp.Or(proxyclient.CodeOf(e.Trouble), proxyclient.CodeLocal), e.Trouble, "correct this setting")
}

func worse(a, b Status) Status {
	order := []Status{Skipped, OK, Warning, Failed}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

func good(format string, args ...any) []Finding {
	return []Finding{{Status: OK, Found: fmt.Sprintf(format, args...)}}
}

func skip(why string) []Finding { return []Finding{{Status: Skipped, Found: why}} }

func warn(found, fix string) []Finding { return []Finding{{Status: Warning, Found: found, Fix: fix}} }

func fail(code proxyclient.Code, found, fix string) []Finding {
	return []Finding{{Status: Failed, Found: found, Fix: fix, code: code}}
}

// failed is a failure with the words of an error.
func failed(code proxyclient.Code, err error, fix string) []Finding {
	text := err.Error()
	if e := asError(err); e != nil {
		text = e.Message
		if e.Hint != "" {
			fix = e.Hint
		}
	}
	return fail(code, text, fix)
}
