package mcpserver

import (
	"encoding/json"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// planned is the answer to dry_run.
func (c *call) planned(plan *operation.Plan) *mcp.CallToolResult {
	done := "Dry run: no changes were sent."
	if len(plan.Requests) == 0 {
		done = "Dry run: with these arguments the call only reads. No changes were sent."
	}
	r := &reply{words: done, said: []string{done},
		own: []own{{member{argDryRun, json.RawMessage("true")}, unsaid}, {member{"requests", requestList(plan.Requests)}, requestLines}}}
	if len(plan.Requests) > 0 {
		r.words += " The call would send:"
	}
	if plan.Report != nil {
		r.own = append(r.own, own{member{"report", plan.Report}, nil})
	}
	for _, note := range plan.Notes {
		r.notes = append(r.notes, c.note(note))
	}
	return c.fit(r)
}

// requestLines shows planned requests to a reader, one a line.
func requestLines(requests json.RawMessage) string {
	var b strings.Builder
	for r := range secret.Elements(requests) {
		text := func(name string) string { return operation.Word(operation.Lookup(r, name)) }
		b.WriteString(text("method") + " " + text("path"))
		if query := text("query"); query != "" {
			b.WriteString("?" + query)
		}
		if body := operation.Lookup(r, "body"); body != nil {
			b.WriteString(" " + string(secret.Compact(body)))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func requestList(requests []proxyclient.Recorded) json.RawMessage {
	if len(requests) == 0 {
		return json.RawMessage("[]")
	}
	return encode(requests)
}
