package mcpserver

import (
	"errors"
	"github.com/mark3labs/mcp-go/mcp"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// front stands before the library: it knows who asks, and lets nobody touch the
// session of another.
type front struct {
	*ending
	s        *Server
	sessions *sessions        // of SSE
	deleted  recent[struct{}] // sessions of streamable HTTP that their clients ended
	// levels are those of the sessions of streamable HTTP, of which nothing else is in
	// memory. Another process that takes the session does not know its level.
	levels   recent[mcp.LoggingLevel]
	requests *quota // open requests, streams among them
	keys     *keyring
	gateway  *gatewayState
	bodies   *bodies
	calls    *lanes // of one session
	callers  *lanes // of one key, in all its sessions
	streams  *lanes // streams that wait for notifications, of one session
	underway *underway
	asks     asks
	own      bool
	// stateless: the next request of a client may reach another process.
	stateless bool
	token     string // the hash of what clients present where the own key is used
	origins   *origins
	hosts     []string // allowed Host headers, lower case
	loopback  bool     // loopback names are allowed
	handler   http.Handler
	// endpoints are those of the transport, by path without a slash at its end.
	endpoints map[string]*endpoint
	transport string
	end       func() // ends all sessions
}

func (f *front) authenticate(o HTTPOptions) error {
	if o.UseOwnKey != (o.AuthTokenFile != "") {
		if o.UseOwnKey {
			return usage("the server's own key is used over HTTP only with a file that holds the token which clients must present (--auth-token-file)")
		}
		return usage("a token file is for --use-own-key: otherwise each client's Authorization is its own LiteLLM key")
	}
	if !o.UseOwnKey {
		return nil
	}
	content, err := os.ReadFile(o.AuthTokenFile)
	if err != nil {
		return usage("the token file cannot be read: %v", err)
	}
	token := strings.TrimSpace(string(content))
	if len(token) < 16 || strings.ContainsAny(token, " \t\r\n") {
		return usage("the token file %s must hold one token of at least 16 characters, without blanks", o.AuthTokenFile)
	}
	f.token = f.s.signer.hash("credential", token)
	return nil
}

// permit works out by which names the server may be reached.
func (f *front) permit(o HTTPOptions) error {
	for _, host := range o.AllowedHosts {
		host = strings.ToLower(strings.TrimSpace(host))
		if host == "" || strings.ContainsAny(host, "/*@ ") { // no Host header is so
			return usage("--allowed-hosts: %q is not a host name; write it like mcp.example.com, or with a port", host)
		}
		f.hosts = append(f.hosts, host)
	}
	addr := o.Addr
	if addr == "" {
		addr = defaultAddr
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "" || host == "localhost" || err == nil && (ip.IsLoopback() || ip.IsUnspecified()):
		f.loopback = true
	default:
		f.hosts = append(f.hosts, strings.ToLower(host))
	}
	return nil
}

// known tells whether a Host header is one of ours. A page that rebinds its own
// name to this address sends that name; an address cannot be rebound, so that of
// the connection is good.
func (f *front) known(r *http.Request) bool {
	full := strings.ToLower(r.Host)
	host, _, err := net.SplitHostPort(full)
	if err != nil {
		host = strings.Trim(full, "[]")
	}
	host = strings.TrimSuffix(host, ".")
	if slices.Contains(f.hosts, full) || slices.Contains(f.hosts, host) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if f.loopback && (host == "localhost" || err == nil && ip.IsLoopback()) {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return err == nil && ok && local.IP != nil && local.AddrPort().Addr().Unmap() == ip.Unmap()
}

// guard is what every request passes.
func (f *front) guard() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				http.Error(w, f.s.fault("http", p).Error(), http.StatusInternalServerError)
			}
		}()
		if f.probe(w, r) {
			return
		}
		f.origins.share(w.Header(), r)
		at, no := f.admit(r)
		if r.Method == http.MethodOptions && (at != nil || no.status == http.StatusNotFound && f.origins.listed(r)) {
			f.origins.preflight(w, r, at)
			return
		}
		if no != nil {
			refuse(w, no)
			return
		}
		c, no := f.identify(r)
		if no != nil {
			refuse(w, no)
			return
		}
		if c.only, no = f.s.narrow(r.Header); no != nil {
			refuse(w, no)
			return
		}
		c.deaf, c.stop = f.closing, f.stopped
		if !f.requests.take(c.group) {
			refuse(w, tooMany("requests"))
			return
		}
		defer f.requests.give(c.group)
		if r.Method != http.MethodPost && !f.bodies.skip(w, r) {
			refuse(w, &refusal{status: http.StatusRequestEntityTooLarge, text: "Only POST takes a body."})
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		at.serve(w, r.WithContext(withCaller(r.Context(), c)))
	})
}

// admit returns the endpoint that a request is for. It refuses requests for which it
// does not matter who sends them.
func (f *front) admit(r *http.Request) (*endpoint, *refusal) {
	switch {
	case f.closing.Err() != nil:
		return nil, &refusal{status: http.StatusServiceUnavailable, text: "The server is shutting down.", retry: "5"}
	case !f.known(r):
		return nil, &refusal{status: http.StatusForbidden, text: "This server does not answer to that Host. Allow it with --allowed-hosts."}
	case !f.origins.admits(r):
		return nil, &refusal{status: http.StatusForbidden, text: "Requests from pages of another origin are refused. Allow the page's origin with --allowed-origins."}
	}
	return f.find(r)
}

// identify finds out who sends a request. A key is checked when it is new: in an
// open session it has been.
func (f *front) identify(r *http.Request) (*caller, *refusal) {
	credential := bearer(r.Header)
	c := &caller{remote: true, useOwn: f.own, owner: f.s.signer.hash("credential", credential)}
	if f.own {
		if !equal(f.token, c.owner) {
			return nil, &refusal{status: http.StatusUnauthorized,
				text: "This server needs its token in the header Authorization: Bearer."}
		}
		c.group, c.ticket = c.owner, f.ticket(r, c)
		return c, nil
	}
	if c.wrong = unusable(r.Header); c.wrong != "" {
		credential = "" // as without a key; each call says what is wrong
	}
	c.key = credential
	c.ticket = f.ticket(r, c)
	if credential == "" || f.s.client == nil {
		// It can list tools; there is no key, or no gateway, to call them with.
		return c, nil
	}
	if !c.ticket.fresh() && f.sessions.get(r.URL.Query().Get("sessionId"), c.owner) == nil {
		if no := f.keys.ask(r.Context(), c.owner, credential); no != nil {
			return nil, no
		}
	}
	c.group = c.owner
	return c, nil
}

// refuse ends a request. Neither a client that does not read nor one that does not
// finish its request can hold it up.
func refuse(w http.ResponseWriter, no *refusal) {
	hurry(w)
	if no.retry != "" {
		w.Header().Set("Retry-After", no.retry)
	}
	if no.allow != "" {
		w.Header().Set("Allow", no.allow)
	}
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="litellm-proxy"`)
	}
	http.Error(w, no.text, no.status)
}

// hurry bounds the time of a short exchange.
func hurry(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	soon := time.Now().Add(refuseWait)
	_ = control.SetReadDeadline(soon)
	_ = control.SetWriteDeadline(soon)
}

// refuseWait is for the exchange of a refusal.
const refuseWait = 2 * time.Second

func tooMany(what string) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, text: "Too many " + what + " are open. Try again in a minute.", retry: "60"}
}

// bearer is the credential of a request, or "".
func bearer(h http.Header) string {
	scheme, value, _ := strings.Cut(strings.TrimSpace(h.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}
