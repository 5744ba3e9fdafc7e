package mcpserver

import (
	"encoding/json"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/excerpt"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// place is where an answer is read on. A cursor is a place, signed for its caller, tool and
// arguments: a read is sent again and its answer read from there on, by any process that
// has the key. What a write answered, or what was only shown, is kept in memory instead:
// reading on never repeats a write.
type place struct {
	// From is the first item of a page to show.
	From int `json:"f,omitempty"`
	// Part is the position in what was left out of an answer that was cut to Most bytes; its
	// gaps have the digest Gaps.
	Part int    `json:"p,omitempty"`
	Most int    `json:"m,omitempty"`
	Gaps string `json:"g,omitempty"`
	// Kept is the number of what is kept in memory; Write says that a write was sent.
	Kept  string `json:"k,omitempty"`
	Write bool   `json:"w,omitempty"`
}

// reads reports whether the place is in what was left out of an answer.
func (p place) reads() bool { return p.Gaps != "" }

const purposeCursor = "cursor"

// token makes a cursor for a call with these arguments.
func (c *call) token(p place, args operation.Args) string {
	return c.s.signer.sign(purposeCursor, string(encode(p)), c.holder(args)...)
}

// keptArguments stands for the arguments of a place in memory, which needs none.
var keptArguments operation.Args

// sameArguments is arguments as a client may hand them back: whatever the order of members and
// the form of numbers.
func sameArguments(args operation.Args) string {
	var plain any
	_ = json.Unmarshal(operation.Encode(args), &plain)
	return string(encode(plain))
}

// locate reads the argument cursor.
func (c *call) locate() error {
	if c.cursor == "" {
		return nil
	}
	for _, args := range []operation.Args{c.args, keptArguments} {
		payload, key := c.s.signer.verify(purposeCursor, c.cursor, c.holder(args)...)
		kept := args == nil
		if key != "" && json.Unmarshal([]byte(payload), &c.at) == nil && kept == (c.at.Kept != "") {
			return nil
		}
	}
	c.at = place{}
	e := usage("{%s} does not belong to this call", argCursor)
	e.Hint = "nothing was sent; use next or rest of an earlier answer exactly as given"
	return e
}

// holder is who may use a cursor, and for what.
func (c *call) holder(args operation.Args) []string {
	return []string{c.caller.key, c.op.Tool(), sameArguments(args)}
}

// continued answers a call that reads on what is kept in memory. It returns nil for other
// calls.
func (c *call) continued() (*mcp.CallToolResult, error) {
	if c.at.Kept == "" {
		return nil, nil
	}
	gaps := c.s.rests.get(c.at.Kept)
	if gaps != nil {
		return c.pieces(gaps), nil
	}
	e := &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "the rest of that answer is no longer kept; nothing was sent"}
	e.Hint = "call again without " + argCursor
	if c.at.Write {
		e.Message += ". The write itself was sent before"
		e.Hint = "do not repeat the write; look up what it changed"
	}
	return nil, e
}

// readOn answers with what was left out of the same answer before.
func (c *call) readOn(r *reply) *mcp.CallToolResult {
	if r.isError {
		at := c.at
		c.at = place{}
		defer func() { c.at = at }()
		return c.fitted(r)
	}
	gaps := c.cut(r, c.at.Most).gaps
	if excerpt.Digest(gaps) != c.at.Gaps {
		return c.failed(&proxyclient.Error{Code: proxyclient.CodeIncomplete, Message: "the answer has changed since its first part was read",
			Hint: "call again without " + argCursor})
	}
	return c.pieces(gaps)
}

// pieces is a reply with the next pieces of what was left out.
func (c *call) pieces(gaps []excerpt.Gap) *mcp.CallToolResult {
	parts, next := excerpt.Rest(gaps, c.at.Part, c.most()-room-2*excerpt.WireText(encode(c.args)))
	text, top := "The last part of what was left out.\n", []member{}
	if next > 0 {
		at := c.at
		at.Part = next
		args := c.args
		if at.Kept != "" {
			args = keptArguments
		}
		rest := encode(c.reading(args).With(argCursor, c.token(at, args)))
		text = "More of what was left out; rest: " + string(rest) + "\n"
		top = append(top, member{"rest", rest})
	}
	lines := make([]string, len(parts))
	for i, part := range parts {
		lines[i] = excerpt.Item(part)
	}
	return answer(excerpt.Fold(text+strings.Join(lines, "\n")), object(append(top, member{"parts", array(parts)})), false)
}
