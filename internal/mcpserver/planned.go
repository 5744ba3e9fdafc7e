package mcpserver

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// planned is the answer to dry_run.
func (c *call) planned(plan *operation.Plan) *mcp.CallToolResult {
	said := ""
	for _, note := range plan.Notes {
		said += c.note(note) + "\n"
	}
	requests := plan.Requests
	if len(requests) == 0 {
		return answer(said+"Dry run: with these arguments the call only reads. No changes were sent.", plannedRequests(nil), false)
	}
	if err := c.hold(requests); err != nil {
		return c.failed(err)
	}
	text := said + "Dry run: no changes were sent. The call would send:\n" + clip([]byte(requestLines(requests)))
	shown := []member{{"dry_run", json.RawMessage("true")}, {"requests", requestList(requests)}}
	if plan.Report != nil {
		shown = append(shown, member{"report", plan.Report})
	}
	return answer(text, object(shown), false)
}

func plannedRequests(requests []proxyclient.Recorded) json.RawMessage {
	return object([]member{{"dry_run", json.RawMessage("true")}, {"requests", requestList(requests)}})
}

// hold waits for the memory of a result that shows requests. Those that no result holds
// are an error.
func (c *call) hold(requests []proxyclient.Recorded) error {
	wire := 0
	for _, r := range requests {
		wire += wireJSON(r.Body) + wireText([]byte(r.Path)) + wireText([]byte(r.Query))
	}
	if wire > maxResult {
		return &proxyclient.Error{Code: proxyclient.CodeTooLarge,
			Message: fmt.Sprintf("nothing was sent: the requests are above the %d MiB that a tool's result shows", maxResult>>20),
			Hint:    "send less in one call"}
	}
	return c.reserve(wire, 0)
}

// requestLines shows planned requests to a reader, one a line.
func requestLines(requests []proxyclient.Recorded) string {
	if len(requests) == 0 {
		return "no request"
	}
	lines := make([]string, len(requests))
	for i, r := range requests {
		lines[i] = r.Method + " " + r.Path
		if r.Query != "" {
			lines[i] += "?" + r.Query
		}
		if len(r.Body) > 0 {
			lines[i] += " " + string(secret.Compact(r.Body))
		}
	}
	return strings.Join(lines, "\n")
}

func requestList(requests []proxyclient.Recorded) json.RawMessage {
	if len(requests) == 0 {
		return json.RawMessage("[]")
	}
	return encode(requests)
}
