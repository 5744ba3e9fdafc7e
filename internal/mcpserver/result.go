package mcpserver

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// succeeded is a call that came to its end; it is an error all the same when a
// part of it failed.
func (c *call) succeeded(r operation.Result) *mcp.CallToolResult {
	text, structured := c.show(r)
	return answer(text, structured, len(r.Failed) > 0)
}

// show is a result as text, complete enough to act on, and as an object.
func (c *call) show(r operation.Result) (string, json.RawMessage) {
	text, structured := c.content(r)
	if len(r.Failed) > 0 {
		if top, ok := members(structured); ok && operation.Lookup(structured, "failed") == nil {
			structured = object(append(top, member{"failed", encode(r.Failed)}))
		}
		var lines strings.Builder
		for _, f := range r.Failed {
			fmt.Fprintf(&lines, "not done: %s: %s\n", f.What, f.Why)
		}
		text = c.s.reword(c.op, c.caller, lines.String()) + text
	}
	for _, note := range slices.Backward(r.Notes) {
		text = c.s.reword(c.op, c.caller, note) + "\n" + text
	}
	if r.Done != "" {
		text = strings.TrimSuffix(r.Done+"\n"+text, "\n")
	}
	return text, structured
}

func (c *call) content(r operation.Result) (string, json.RawMessage) {
	switch {
	case r.Page != nil:
		return c.list(r.Page)
	case r.Body == nil && r.Binary != nil:
		encoded := encode(base64.StdEncoding.EncodeToString(r.Binary))
		return fmt.Sprintf("%d bytes that are no text, as content_base64 in the structured content", len(r.Binary)),
			object([]member{{"content_base64", encoded}})
	case r.Body == nil:
		text := proxyclient.RedactText(string(r.Text))
		return text, object([]member{{"result", encode(text)}})
	}
	body := compact(proxyclient.RedactJSON(r.Body, c.op.Reveal...))
	if body[0] != '{' {
		return string(body), object([]member{{"result", body}})
	}
	body = dense(body)
	return string(body), body
}

// list is a page: slim items unless full was given, the total where it is known,
// the arguments of the next page where there is one.
func (c *call) list(p *operation.Page) (string, json.RawMessage) {
	items := make([]json.RawMessage, len(p.Items))
	for i, item := range p.Items {
		item = compact(proxyclient.RedactJSON(item, c.op.Reveal...))
		switch {
		case c.flags[argFull]:
		case slimmable(c.op):
			item = slim(c.op, item)
		default:
			item = dense(item)
		}
		items[i] = item
	}
	all := array(items)
	var top []member
	for _, name := range slices.Sorted(maps.Keys(p.About)) {
		top = append(top, member{name, p.About[name]})
	}
	top = append(top, member{"items", all})
	text := fmt.Sprintf("%d %s", len(items), strings.ReplaceAll(c.op.Resource(), "-", " "))
	if p.Total >= 0 {
		top = append(top, member{"total", encode(p.Total)})
		text = fmt.Sprintf("%d of %d %s", len(items), p.Total, strings.ReplaceAll(c.op.Resource(), "-", " "))
	}
	if p.Next != nil {
		next := p.Next
		if c.flags[argFull] {
			next = operation.Args{argFull: json.RawMessage("true")}
			for name, value := range p.Next {
				next[name] = value
			}
		}
		top = append(top, member{"next", encode(next)})
		text += "; next page: " + string(encode(next))
	}
	if len(items) > 0 {
		text += "\n" + string(all)
	}
	return text, object(top)
}

// slim is an item with the fields that its operation shows in a table and those
// that identify it. What is no object stays.
func slim(op *operation.Operation, item json.RawMessage) json.RawMessage {
	if len(item) == 0 || item[0] != '{' {
		return item
	}
	list := []member{}
	for _, column := range op.Columns {
		if column.Optional && !column.ID {
			continue
		}
		field := column.Field
		if field == "" {
			field = column.Name
		}
		if value := dense(operation.Lookup(item, field)); !isEmpty(value) {
			list = append(list, member{column.Name, value})
		}
	}
	return object(list)
}

// planned is the answer to dry_run.
func (c *call) planned(requests []proxyclient.Recorded) *mcp.CallToolResult {
	text := "Dry run: nothing was changed. It would send:\n" + requestLines(requests)
	if len(requests) == 0 {
		text = "Dry run: with these arguments it only reads; nothing was sent."
	}
	return answer(text, object([]member{{"dry_run", json.RawMessage("true")}, {"requests", requestList(requests)}}), false)
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
			lines[i] += " " + string(compact(r.Body))
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
