package mcpserver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// ticket is a session of streamable HTTP. It is in the session's identifier, signed and
// bound to the credential that opened it, so that nothing of a session is in memory, and
// every process with the same key can take it.
type ticket struct {
	Number       string                 `json:"n"` // tells sessions of one client apart
	Opened       int64                  `json:"t"` // in seconds
	Protocol     string                 `json:"p"`
	Client       string                 `json:"c"`
	Version      string                 `json:"v,omitempty"`
	Capabilities mcp.ClientCapabilities `json:"a"`
}

const (
	purposeSession = "session"
	// trusted is how long a session stands for a key that the gateway accepted when it
	// was opened. After that the gateway is asked again.
	trusted = 24 * time.Hour
	// maxClientName keeps identifiers, which are sent with each request, short.
	maxClientName = 120
)

// issue makes the identifier of the session that an initialize request opens.
func (f *front) issue(c *caller, initialize []byte) string {
	var m struct {
		Params mcp.InitializeParams `json:"params"`
	}
	_ = json.Unmarshal(initialize, &m) // what cannot be read is refused by the library
	t := ticket{
		Number: rand.Text(), Opened: time.Now().Unix(),
		Protocol: mcp.NegotiateLegacyVersion(m.Params.ProtocolVersion),
		Client:   short(m.Params.ClientInfo.Name), Version: short(m.Params.ClientInfo.Version),
		Capabilities: m.Params.Capabilities,
	}
	// Nothing here depends on these, and they may be of any size.
	t.Capabilities.Extensions, t.Capabilities.Experimental, t.Capabilities.Tasks = nil, nil, nil
	return f.s.signer.sign(purposeSession, string(encode(t)), c.key)
}

func short(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxClientName)], "")
}

// ticket returns the session that a request names if its credential opened it: whether
// another one has it is not to be learned.
func (f *front) ticket(r *http.Request, c *caller) *ticket {
	id := r.Header.Get(server.HeaderKeySessionID)
	if id == "" {
		return nil
	}
	payload, key := f.s.signer.verify(purposeSession, id, c.key)
	t := &ticket{}
	if key == "" || json.Unmarshal([]byte(payload), t) != nil {
		return nil
	}
	if _, ended := f.deleted.get(t.Number); ended {
		return nil
	}
	return t
}

// fresh reports whether the key of the session needs no check.
func (t *ticket) fresh() bool {
	return t != nil && time.Since(time.Unix(t.Opened, 0)) < trusted
}

// introduce tells the library's session, which it makes for each request, who the client
// is. A question to a person waits for an answer that arrives with another request; behind
// a balancer that request may reach another process, so without state none is asked.
func (f *front) introduce(ctx context.Context, _ *http.Request) context.Context {
	t := callerOf(ctx).ticket
	session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo)
	if t == nil || !ok {
		return ctx
	}
	capabilities := t.Capabilities
	if f.stateless {
		capabilities.Elicitation = nil
	}
	session.SetClientInfo(mcp.Implementation{Name: t.Client, Version: t.Version})
	session.SetClientCapabilities(capabilities)
	if versioned, ok := session.(interface{ SetProtocolVersion(string) }); ok {
		versioned.SetProtocolVersion(t.Protocol)
	}
	return ctx
}

// judged is the library's view of sessions. Every request has passed the front, which has
// checked its session; the library keeps none.
type judged struct{}

// Generate implements [server.SessionIdManager]: an empty identifier is not registered.
func (judged) Generate() string { return "" }

// Validate implements [server.SessionIdManager].
func (judged) Validate(string) (terminated bool, err error) { return false, nil }

// Terminate implements [server.SessionIdManager].
func (judged) Terminate(string) (refused bool, err error) { return false, nil }

// checkState refuses options for state that the transport does not have.
func (s *Server) checkState(o HTTPOptions) error {
	switch {
	case o.Stateless && o.Transport == "sse":
		return usage("an SSE client is tied to the process that has its stream: --stateless needs --transport http")
	case o.Stateless && !s.signer.shared:
		return usage("--stateless needs --state-key-file, with the same file for all replicas: without it, they refuse each other's sessions and confirmations")
	}
	return nil
}
