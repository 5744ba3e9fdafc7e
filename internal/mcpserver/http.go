package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// HTTPOptions say how a server listens.
type HTTPOptions struct {
	// Transport is "http" (streamable HTTP at /mcp, also for "") or "sse" (/sse and
	// /message).
	Transport string
	// Addr is where it listens, host:port; "": 127.0.0.1:8808.
	Addr string
	// UseOwnKey calls the gateway with the server's own key instead of that of each
	// request. It needs AuthTokenFile, a file whose content is the bearer token that
	// clients must present; without it anybody who can connect could spend the key.
	UseOwnKey     bool
	AuthTokenFile string
	// AllowedHosts are names, with or without a port, by which clients may reach
	// the server beside the address it listens on.
	AllowedHosts []string
	// Ready is told the address once the server listens; nil: the log is.
	Ready func(url string)
}

const (
	pathHTTP    = "/mcp"
	pathSSE     = "/sse"
	pathMessage = "/message"
	defaultAddr = "127.0.0.1:8808"

	maxBody   = 4 << 20
	maxHeader = 64 << 10
	// heartbeat keeps streams, and the sessions they belong to, alive.
	heartbeat = 25 * time.Second
)

// ServeHTTP listens and serves until ctx ends, which is no error: sessions are
// closed, and calls under way have a moment to end.
func (s *Server) ServeHTTP(ctx context.Context, o HTTPOptions) error {
	handler, closeSessions, err := s.Handler(o)
	if err != nil {
		return err
	}
	addr := o.Addr
	if addr == "" {
		addr = defaultAddr
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		closeSessions()
		return usage("cannot listen on %s: %v", addr, err)
	}
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	url := "http://" + listener.Addr().String() + pathHTTP
	if o.Transport == "sse" {
		url = "http://" + listener.Addr().String() + pathSSE
	}
	if o.Ready != nil {
		o.Ready(url)
	} else {
		s.log.Info("listening", "url", url)
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(listener) }()
	select {
	case err := <-served:
		closeSessions()
		return err
	case <-ctx.Done():
	}
	closeSessions()
	end, stop := context.WithTimeout(context.Background(), s.grace)
	defer stop()
	if h.Shutdown(end) != nil {
		cancel()
		_ = h.Close()
	}
	return nil
}

// Handler is what ServeHTTP serves. The function ends its sessions; from then on
// every request is refused.
func (s *Server) Handler(o HTTPOptions) (http.Handler, func(), error) {
	f := &front{s: s, own: o.UseOwnKey, origins: http.NewCrossOriginProtection()}
	if err := f.authenticate(o); err != nil {
		return nil, nil, err
	}
	f.permit(o)
	f.sessions = newSessions(s.maxSessions, o.UseOwnKey)
	f.requests = newSessions(4*s.maxSessions, o.UseOwnKey)
	f.ended, f.end = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	quiet := slog.New(slog.DiscardHandler)
	var stop func()
	switch o.Transport {
	case "http", "":
		library := server.NewStreamableHTTPServer(s.mcp,
			server.WithSessionIdManagerResolver(f.sessions),
			server.WithSessionIdleTTL(s.idleTTL),
			server.WithHeartbeatInterval(heartbeat),
			// Ours is stricter, and knows AllowedHosts.
			server.WithDisableLocalhostProtection(true),
			server.WithStreamableHTTPLogger(quiet),
		)
		mux.Handle(pathHTTP, f.streamable(library))
		stop = func() { _ = library.Shutdown(context.Background()) }
	case "sse":
		library := server.NewSSEServer(s.mcp,
			server.WithSessionIDGenerator(f.newSSESession),
			server.WithKeepAliveInterval(heartbeat),
			server.WithSSEDisableLocalhostProtection(true),
			server.WithSSEEndpoint(pathSSE),
			server.WithMessageEndpoint(pathMessage),
		)
		mux.Handle("GET "+pathSSE, f.sse(library.SSEHandler()))
		mux.Handle("POST "+pathMessage, f.message(library.MessageHandler()))
		stop = library.CloseSessions
	default:
		return nil, nil, usage("the transport %q is not one of http, sse", o.Transport)
	}
	return f.guard(mux), func() { f.end(); stop() }, nil
}

// front stands before the library: it knows who asks, and lets nobody touch the
// session of another.
type front struct {
	s        *Server
	sessions *sessions
	requests *sessions // open requests, streams among them; counted as sessions are
	own      bool
	token    string // the hash of what clients present where the own key is used
	origins  *http.CrossOriginProtection
	hosts    []string // allowed Host headers, lower case
	loopback bool     // loopback names are allowed
	ended    context.Context
	end      func()
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
	f.token = f.s.hash("credential", token)
	return nil
}

// permit works out by which names the server may be reached.
func (f *front) permit(o HTTPOptions) {
	for _, host := range o.AllowedHosts {
		f.hosts = append(f.hosts, strings.ToLower(strings.TrimSpace(host)))
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
func (f *front) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				http.Error(w, f.s.fault("http", p).Error(), http.StatusInternalServerError)
			}
		}()
		if f.ended.Err() != nil {
			w.Header().Set("Connection", "close")
			http.Error(w, "the server is shutting down", http.StatusServiceUnavailable)
			return
		}
		if !f.known(r) {
			http.Error(w, "this Host is not allowed (--allowed-hosts)", http.StatusForbidden)
			return
		}
		// Streams are opened with GET, which the check takes for harmless.
		probe := *r
		probe.Method = http.MethodPost
		if f.origins.Check(&probe) != nil {
			http.Error(w, "requests from another origin are rejected", http.StatusForbidden)
			return
		}
		c := &caller{remote: true, useOwn: f.own}
		credential := bearer(r.Header)
		switch {
		case f.own && !equal(f.token, f.s.hash("credential", credential)):
			w.Header().Set("WWW-Authenticate", `Bearer realm="litellm-proxy"`)
			http.Error(w, "send the server's token as Authorization: Bearer", http.StatusUnauthorized)
			return
		case !f.own:
			c.key = credential
		}
		c.owner = f.s.hash("credential", credential)
		if !f.requests.room(c.owner) {
			tooMany(w, "requests")
			return
		}
		defer f.requests.remove(f.requests.add(&httpSession{owner: c.owner}))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r.WithContext(withCaller(r.Context(), c)))
	})
}

// bearer is the credential of a request, or "".
func bearer(h http.Header) string {
	scheme, value, _ := strings.Cut(strings.TrimSpace(h.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}

// head is a message as far as the guards need it.
type head struct {
	Method string          `json:"method"`
	ID     json.RawMessage `json:"id"`
	Params struct {
		Meta *mcp.Meta `json:"_meta"`
	} `json:"params"`
}

// body reads a request's body, within a size and a time, and puts it back.
func body(w http.ResponseWriter, r *http.Request) (head, bool) {
	var m head
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(writeLimit))
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_ = control.SetReadDeadline(time.Time{})
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			http.Error(w, "the request is larger than 4 MiB", http.StatusRequestEntityTooLarge)
		} else {
			http.Error(w, "cannot read the request", http.StatusBadRequest)
		}
		return m, false
	}
	r.Body = io.NopCloser(bytes.NewReader(content))
	// What is no JSON the library answers.
	_ = json.Unmarshal(content, &m)
	return m, true
}

// streamable guards /mcp.
func (f *front) streamable(library http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callerOf(r.Context())
		modern := mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion))
		opens := false
		if r.Method == http.MethodPost {
			m, ok := body(w, r)
			if !ok {
				return
			}
			modern = modern || mcp.IsModernProtocol(m.Params.Meta.ProtocolVersion())
			if modern && m.Method == string(mcp.MethodNotificationCancelled) {
				// Without sessions the library knows requests by their number alone,
				// and would cancel that of another client. Hanging up cancels too.
				w.WriteHeader(http.StatusAccepted)
				return
			}
			opens = m.Method == string(mcp.MethodInitialize)
			if m.Method == string(mcp.MethodSubscriptionsListen) {
				// It lasts as long as both sides do.
				listening, stop := until(r.Context(), f.ended)
				defer stop()
				r = r.WithContext(listening)
			}
		}
		switch {
		case modern:
		case opens:
			if !f.sessions.room(c.owner) {
				tooMany(w, "sessions")
				return
			}
		case r.Method == http.MethodHead:
		default:
			id := r.Header.Get(server.HeaderKeySessionID)
			if id == "" {
				http.Error(w, "the header "+server.HeaderKeySessionID+" is missing: initialize first", http.StatusBadRequest)
				return
			}
			if f.sessions.get(id, c.owner) == nil {
				http.Error(w, "no such session: initialize again", http.StatusNotFound)
				return
			}
		}
		e := newEventWriter(w)
		defer e.close()
		// The library registers a session after it answered: the next request must
		// not overtake that.
		e.hold = opens && !modern
		if r.Method == http.MethodPost && acceptsEvents(r) {
			c.notify = e.notify
		}
		library.ServeHTTP(e, r)
	})
}

func tooMany(w http.ResponseWriter, what string) {
	w.Header().Set("Retry-After", "60")
	http.Error(w, "too many "+what+" are open", http.StatusServiceUnavailable)
}

// acceptsEvents tells whether the answer may be an event stream.
func acceptsEvents(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return accept == "" || strings.Contains(accept, "text/event-stream") || strings.Contains(accept, "*/*")
}

type sseKey struct{}

// sse guards the stream of an SSE client.
func (f *front) sse(library http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callerOf(r.Context())
		if !f.sessions.room(c.owner) {
			tooMany(w, "sessions")
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		e := newEventWriter(w)
		defer e.close()
		id := f.sessions.add(&httpSession{owner: c.owner, stream: e, gone: ctx})
		defer f.sessions.remove(id)
		library.ServeHTTP(e, r.WithContext(context.WithValue(ctx, sseKey{}, id)))
	})
}

func (f *front) newSSESession(ctx context.Context, _ *http.Request) (string, error) {
	id, _ := ctx.Value(sseKey{}).(string)
	return id, nil
}

// message guards what an SSE client posts: the credential of each post counts.
func (f *front) message(library http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callerOf(r.Context())
		session := f.sessions.get(r.URL.Query().Get("sessionId"), c.owner)
		if session == nil {
			http.Error(w, "no such session: open "+pathSSE+" again", http.StatusNotFound)
			return
		}
		m, ok := body(w, r)
		if !ok {
			return
		}
		if m.Method == string(mcp.MethodSubscriptionsListen) {
			http.Error(w, "subscriptions are not offered over SSE", http.StatusBadRequest)
			return
		}
		// The library goes on with a call whose client has gone.
		c.gone, c.notify = session.gone, session.stream.notify
		// With this header the library demands others that belong to streamable
		// HTTP alone, and which clients rightly do not send here.
		r.Header.Del("Mcp-Protocol-Version")
		library.ServeHTTP(w, r)
	})
}
