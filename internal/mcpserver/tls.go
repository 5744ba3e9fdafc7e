package mcpserver

import (
	"context"
	"net"
	"net/http"
	"time"

	"litellm-proxy/internal/certificate"
)

// certificateInterval is how often the files of the certificate are read.
const certificateInterval = 10 * time.Second

// secure makes h serve TLS if the options name a certificate, which it follows until ctx
// ends. It returns the scheme and the function that serves.
func (s *Server) secure(ctx context.Context, h *http.Server, o HTTPOptions) (scheme string, serve func(net.Listener) error, err error) {
	switch {
	case (o.TLSCert == "") != (o.TLSKey == ""):
		return "", nil, usage("--tls-cert and --tls-key belong together: give both, or neither for plain HTTP")
	case o.TLSCert == "":
		return "http", h.Serve, nil
	}
	files, err := certificate.Open(o.TLSCert, o.TLSKey)
	if err != nil {
		return "", nil, usage("--tls-cert and --tls-key cannot be used: %v", err)
	}
	h.TLSConfig = files.Config()
	// The guards bound what a connection may hold; HTTP/2 puts many requests into one.
	h.Protocols = new(http.Protocols)
	h.Protocols.SetHTTP1(true)
	go files.Follow(ctx, s.certInterval, func(err error) {
		if err != nil {
			s.log.Error("the new TLS certificate cannot be used; the old one stays", "error", err)
			return
		}
		s.log.Info("TLS certificate reloaded")
	})
	return "https", func(l net.Listener) error { return h.ServeTLS(l, "", "") }, nil
}
