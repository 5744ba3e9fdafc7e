package mcpserver

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

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
	// AllowedOrigins are the origins of pages whose scripts may use the server, such as
	// http://localhost:6274. None: only those of the server's own origin.
	AllowedOrigins []string
	// Stateless serves clients whose next request may reach another process. It needs
	// [Options.StateKeyFile], and streamable HTTP.
	Stateless bool
	// TLSCert and TLSKey are files in PEM; with them the server speaks HTTPS. They are
	// read again when they change.
	TLSCert, TLSKey string
	// Ready is told the address once the server listens; nil: the log is.
	Ready func(url string)
}

const (
	pathHTTP    = "/mcp"
	pathSSE     = "/sse"
	pathMessage = "/message"
	defaultAddr = "127.0.0.1:8808"
	maxHeader   = 64 << 10
)

// ServeHTTP listens and serves until ctx ends, which is no error: calls under way have a
// moment to end, and the others are answered.
func (s *Server) ServeHTTP(ctx context.Context, o HTTPOptions) error {
	f, err := s.open(o)
	if err != nil {
		return err
	}
	addr := o.Addr
	if addr == "" {
		addr = defaultAddr
	}
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := &http.Server{
		Handler:           f.handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	scheme, serve, err := s.secure(ctx, h, o)
	if err != nil {
		f.end()
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		f.end()
		return usage("cannot listen on %s: %v", addr, err)
	}
	path := pathHTTP
	if o.Transport == "sse" {
		path = pathSSE
	}
	url := scheme + "://" + listener.Addr().String() + path
	if o.Ready != nil {
		o.Ready(url)
	} else {
		s.log.Info("listening", "url", url)
	}
	served := make(chan error, 1)
	go func() { served <- serve(listener) }()
	select {
	case err := <-served:
		f.end()
		return err
	case <-ctx.Done():
	}
	f.drain(h)
	return nil
}

// Handler is what ServeHTTP serves. The function ends its sessions; from then on
// every request is refused.
func (s *Server) Handler(o HTTPOptions) (http.Handler, func(), error) {
	f, err := s.open(o)
	if err != nil {
		return nil, nil, err
	}
	return f.handler, f.end, nil
}

// open makes the front of one HTTP server.
func (s *Server) open(o HTTPOptions) (*front, error) {
	if s.keys.files != nil {
		return nil, usage("--secrets file:DIR needs --transport stdio: over http and sse, the files would be on another computer than the client")
	}
	f := &front{s: s, own: o.UseOwnKey, transport: o.Transport}
	if err := f.authenticate(o); err != nil {
		return nil, err
	}
	err := s.checkState(o)
	if err != nil {
		return nil, err
	}
	if f.origins, err = newOrigins(o.AllowedOrigins); err != nil {
		return nil, err
	}
	if err := f.permit(o); err != nil {
		return nil, err
	}
	f.sessions, f.stateless = newSessions(), o.Stateless
	f.requests = newQuota(s.maxRequests, o.UseOwnKey)
	f.keys, f.bodies = newKeyring(s.client), newBodies(s.bodyWait)
	f.gateway = &gatewayState{client: s.client, remain: gatewayRemain}
	f.calls, f.streams = newLanes(sessionCalls, sessionWaits), newLanes(sessionStreams, 0)
	f.callers, f.underway = newLanes(keyCalls, keyWaits), newUnderway()
	if o.UseOwnKey {
		f.callers = newLanes(sharedCalls, sharedWaits)
	}
	f.ending = newEnding()
	f.end = f.all
	switch o.Transport {
	case "http", "":
		library := server.NewStreamableHTTPServer(s.mcp,
			server.WithSessionIdManager(judged{}),
			server.WithHTTPContextFunc(f.introduce),
			server.WithStreamableHTTPLogger(slog.New(slog.DiscardHandler)),
		)
		f.endpoints = map[string]*endpoint{pathHTTP: {
			[]string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodHead}, f.streamable(library)}}
		f.end = func() { f.all(); _ = library.Shutdown(context.Background()) }
	case "sse":
		f.endpoints = map[string]*endpoint{
			pathSSE:     {[]string{http.MethodGet}, f.sse},
			pathMessage: {[]string{http.MethodPost}, f.message},
		}
	default:
		return nil, usage("the transport %q is not one of http, sse", o.Transport)
	}
	f.handler = f.guard()
	return f, nil
}
