package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// caller is what a transport knows of who sends a request.
type caller struct {
	// remote: the request came over HTTP; key is then the credential it carries,
	// unless the server's own is used.
	remote, useOwn bool
	key            string
	// wrong says why the credential of the request cannot be sent on; then key is "".
	wrong string
	// owner is the hash of the credential that the caller presented; group is the
	// same for a key that the gateway accepts, and "" for others.
	owner, group string
	// only are the tools that the request's headers leave; nil: all.
	only narrowed
	// ticket is the session of streamable HTTP that the request names; nil: none.
	ticket *ticket
	// level is what the session of streamable HTTP wants to be told.
	level mcp.LoggingLevel
	// answer is the memory of the answer to this request.
	answer share
	// notify sends a notification to this caller, before it returns; nil: it
	// cannot be told anything.
	notify func(method string, params any)
	// missing: the resource that the request reads does not exist.
	missing bool
	// token is the progress token of the request as it came; nil: there is none.
	token json.RawMessage
	// ask sends a request to an older client over HTTP and returns its result; nil: the
	// library's session does.
	ask func(ctx context.Context, method string, params any) (json.RawMessage, error)
	// deaf ends when the caller can no longer answer a question. nil: never.
	deaf context.Context
	// stop ends the caller's calls when the server is shut down, with a cause. nil: never.
	stop context.Context
}

type callerKey struct{}

func withCaller(ctx context.Context, c *caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

func callerOf(ctx context.Context) *caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return c
	}
	return &caller{}
}

// until is ctx that also ends when other does, with its cause.
func until(ctx, other context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if other == nil {
		return ctx, func() { cancel(nil) }
	}
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return ctx, func() { stop(); cancel(nil) }
}

const (
	keyFromRequest = "the request's Authorization header"
	hintSendKey    = "the client must send its own LiteLLM key (Authorization: Bearer sk-...) with each request"
	hintSetKey     = "the person who runs this server sets LITELLM_PROXY_API_KEY"
	hintSignIn     = "the person who runs this server sets LITELLM_PROXY_API_KEY, or signs in with litellm-proxy login"
)

// keySetting is how this caller gives its key.
func (c *caller) keySetting() string {
	if c.remote && !c.useOwn {
		return "the key that the client sends in its Authorization header"
	}
	return "LITELLM_PROXY_API_KEY or the profile's key (set by the person who runs this server)"
}

// keyHint is the next step of one whose key is missing or refused.
func (c *caller) keyHint(s *Server) string {
	switch {
	case c.remote && !c.useOwn:
		return hintSendKey
	case !c.remote && s.credential != nil:
		return hintSignIn
	}
	return hintSetKey
}

// client is the gateway's for this caller.
func (c *caller) client(ctx context.Context, s *Server) (*proxyclient.Client, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	if s.client == nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "no gateway is configured on this server", Hint: "set {base_url}"}
	}
	if !c.remote && s.credential != nil {
		return s.credential(ctx, s.client)
	}
	if !c.remote || c.useOwn {
		return s.client, nil
	}
	if c.wrong != "" {
		return nil, &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: c.wrong + "; nothing was sent", Hint: hintSendKey}
	}
	if c.key == "" {
		return nil, &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: "the request has no key", Hint: hintSendKey}
	}
	return s.client.WithKey(c.key, keyFromRequest), nil
}

// clientInfo is what the client said of itself.
func clientInfo(ctx context.Context) mcp.Implementation {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.ClientInfo != nil {
		return *info.ClientInfo
	}
	if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		return session.GetClientInfo()
	}
	return mcp.Implementation{}
}

// clientName is the client for the gateway's audit log and ours.
func clientName(ctx context.Context) string {
	info := clientInfo(ctx)
	name := info.Name
	if name == "" {
		name = "unnamed MCP client"
	}
	if info.Version != "" {
		name += "/" + info.Version
	}
	name = secret.Text(name) // before the cut: half a key is not recognized as one
	return name[:min(len(name), 200)]
}

// sessionName tells sessions apart in the log without being of use to anybody:
// the identifier itself is half a credential.
func sessionName(ctx context.Context, s *Server) string {
	session := server.ClientSessionFromContext(ctx)
	if session == nil || session.SessionID() == "" {
		return "none"
	}
	if session.SessionID() == stdioSessionID {
		return stdioSessionID
	}
	return s.signer.hash("session", session.SessionID())[:8]
}

// fault logs a panic and is what the client is told of it. The panic's own words
// may hold anything and are not repeated, except those of the runtime.
func (s *Server) fault(where string, r any) error {
	words := fmt.Sprintf("%T", r)
	if e, ok := r.(runtime.Error); ok {
		words = e.Error()
	}
	s.log.Error("internal error", "in", where, "panic", words, "stack", string(debug.Stack()))
	return errInternal
}

// errInternal is all that a client is told of a fault of ours.
var errInternal = fmt.Errorf("internal error")

func (s *Server) recoverTool(next server.ToolHandlerFunc) server.ToolHandlerFunc {
	return func(ctx context.Context, request mcp.CallToolRequest) (result *mcp.CallToolResult, err error) {
		defer func() {
			if r := recover(); r != nil {
				result, err = nil, s.fault("tool "+request.Params.Name, r)
			}
		}()
		return next(ctx, request)
	}
}

func (s *Server) recoverPrompt(next server.PromptHandlerFunc) server.PromptHandlerFunc {
	return func(ctx context.Context, request mcp.GetPromptRequest) (result *mcp.GetPromptResult, err error) {
		defer func() {
			if r := recover(); r != nil {
				result, err = nil, s.fault("prompt "+request.Params.Name, r)
			}
		}()
		return next(ctx, request)
	}
}
