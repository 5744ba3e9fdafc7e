package mcpserver

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// fixFile is what to do about settings that are wrong.
const fixFile = "Ask the user to correct this in the MCP client's configuration, in the entry that starts litellm-proxy, and to restart the server. Calling again does not help"

// misconfigured, for faults that are sentences, is the error of each call of a server whose settings are wrong, or nil. The
// calls are where assistants and people see it: most clients do not show stderr.
func misconfigured(faults []string) *proxyclient.Error {
	if len(faults) == 0 {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Hint: fixFile,
		Message: "this server is not set up correctly, so nothing was sent: " + secret.Text(strings.Join(faults, " Also: "))}
}

// refuse is the answer to a call of such a server. Its words are the settings' own and are
// not translated.
func (t *tool) refuse(e *proxyclient.Error) *mcp.CallToolResult {
	return answer(fmt.Sprintf("%s: %s\n%s.", t.op.Path, e.Message, e.Hint), object([]member{{"error", encode(e)}}), true)
}

// faultInstructions tell an assistant that nothing works yet.
func faultInstructions(e *proxyclient.Error) string {
	const most = 1100
	text := e.Message
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return "These tools manage a LiteLLM gateway (proxy), but " + text + "\n" + e.Hint + "."
}

// unusable says why a request's Authorization carries no key that can be sent on, or
// returns "".
func unusable(h http.Header) string {
	value := strings.TrimSpace(h.Get("Authorization"))
	if value == "" {
		return ""
	}
	f := malformed.Key(bearer(h))
	if f == nil && bearer(h) == "" {
		if f = malformed.Value(value); f == nil {
			return "the request's Authorization header is not of the form Bearer KEY"
		}
	}
	if f == nil {
		return ""
	}
	return "the key in the request's Authorization header " + f.Why
}
