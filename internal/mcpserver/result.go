package mcpserver

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/chart"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// succeeded is a call that came to its end; it is an error all the same when a
// part of it failed, or when a read answered more than is worked on.
func (c *call) succeeded(r operation.Result) *mcp.CallToolResult {
	reply, err := c.show(r)
	if err != nil && c.prepared.Effect() == operation.Read {
		return c.failed(err)
	}
	reply.isError = len(r.Failed) > 0
	result := c.fit(reply)
	if err == nil && r.Chart != nil {
		picture, err := chart.PNG(r.Chart)
		if err != nil {
			return c.failed(err)
		}
		result.Content = append(result.Content, mcp.NewImageContent(base64.StdEncoding.EncodeToString(picture), "image/png"))
		if c.forCodex() {
			result.StructuredContent = nil // it would be shown in place of the picture
		}
	}
	return result
}

// show is a result as a reply. With an error it says what was done and not what the gateway
// answered.
func (c *call) show(r operation.Result) (*reply, error) {
	reply := &reply{done: r.Done, failed: r.Failed, write: c.prepared.Effect() != operation.Read}
	c.fresh = c.newKeys(r)
	r.Body = c.unsaidTwice(r)
	err := c.content(r, reply)
	if err != nil {
		words, shown := c.explain(c.tooLarge(err))
		reply.words, reply.own = words, []own{errorOf(shown)}
		reply.body, reply.list = nil, nil
	}
	for _, note := range r.Notes {
		reply.notes = append(reply.notes, c.note(note))
	}
	for i, f := range reply.failed {
		reply.failed[i] = operation.Failure{What: c.s.reword(c.op, c.caller, f.What), Why: c.s.reword(c.op, c.caller, f.Why)}
	}
	return reply, err
}

// unsaidTwice is the answer without the members that only repeat what the result says
// itself.
func (c *call) unsaidTwice(r operation.Result) json.RawMessage {
	top, isObject := members(r.Body)
	if !isObject {
		return r.Body
	}
	var said []string
	rest := slices.DeleteFunc(slices.Clone(top), func(m member) bool {
		switch m.name {
		case "failed":
			return len(r.Failed) > 0 && string(m.value) == string(encode(r.Failed))
		case "done":
			return json.Unmarshal(m.value, &said) == nil && strings.Join(said, "; ") == r.Done
		}
		return false
	})
	if len(rest) == len(top) {
		return r.Body
	}
	if len(rest) == 0 {
		return nil
	}
	return object(rest)
}

// content is what the gateway answered.
func (c *call) content(r operation.Result, reply *reply) (err error) {
	c.conceal = r.Conceal
	switch {
	case r.Page != nil:
		var said []string
		reply.body, said = about(r.Page)
		reply.notes = append(reply.notes, said...)
		reply.list, err = c.newListing(r)
	case r.Body != nil:
		reply.body, err = c.shown(r.Body)
	case len(r.Binary) > maxAnswer:
		err = tooLarge()
	case r.Binary != nil:
		encoded := base64.StdEncoding.EncodeToString(c.redactor().Binary(r.Binary))
		reply.words = fmt.Sprintf("%d bytes of binary data", len(r.Binary))
		reply.own = []own{{member{"bytes", encode(len(r.Binary))}, unsaid}}
		reply.body = object([]member{{"content_base64", encode(encoded)}})
	case len(r.Text) > maxAnswer:
		err = tooLarge()
	case r.Text != nil || reply.done == "" && len(reply.failed) == 0:
		var text string
		text, err = c.redactor().Text(c.ctx, string(r.Text))
		reply.body, reply.plain = encode(text), true
		if isBlank(text) && reply.done == "" && len(r.Notes) == 0 {
			reply.notes = append(reply.notes, "The gateway's answer is empty.")
		}
	}
	return err
}

// redactor masks what is a secret in answers, but for what the operation reveals.
func (c *call) redactor() secret.Redactor {
	if c.conceal || c.prepared.Effect() == operation.Read {
		return c.client.Redactor() // what was there before is no new key
	}
	return c.client.Redactor(c.op.Reveal...)
}

// shown is an answer without secrets: with the fields that were asked for, or without blanks
// and, unless full was given, members that say nothing.
func (c *call) shown(value json.RawMessage) (json.RawMessage, error) {
	if len(value) > maxAnswer {
		return nil, tooLarge()
	}
	masked, err := c.redactor().JSON(c.ctx, value)
	if err != nil {
		return nil, err
	}
	whole := secret.Compact(masked)
	if len(c.fields) > 0 && whole[0] == '{' {
		found := map[string]bool{}
		picked := c.pick(whole, nil, found)
		return picked, c.unknownFields(found, []json.RawMessage{whole})
	}
	if c.flags[argFull] {
		return whole, nil
	}
	if dense := secret.Dense(whole); !isEmpty(dense) {
		return dense, nil
	}
	return whole, nil // it says nothing, and that is said
}

func tooLarge() error {
	return &proxyclient.Error{Code: proxyclient.CodeTooLarge, Sent: true,
		Message: fmt.Sprintf("the answer is above the %d MiB that a tool works on", maxAnswer>>20),
		Hint:    "ask for less: a smaller page, a narrower filter"}
}

// tooLarge is the error of an answer that is too large to be worked on. After a write it
// says that the write was done: asking for less would do it again.
func (c *call) tooLarge(err error) error {
	var e *proxyclient.Error
	if c.prepared.Effect() == operation.Read || !errors.As(err, &e) || e.Code != proxyclient.CodeTooLarge {
		return err
	}
	left := *e
	left.Message = "the request was sent, but its answer is left out: " + e.Message
	left.Hint = "do not repeat the call"
	return &left
}

// reserve waits for the memory of a result that is larger than what never waits.
func (c *call) reserve(size int) error {
	if size <= freeAnswer {
		return nil
	}
	return proxyclient.Reserve(c.ctx, copies*int64(size))
}

// answer makes the result of a call.
func answer(text string, structured json.RawMessage, isError bool) *mcp.CallToolResult {
	return &mcp.CallToolResult{
		Content:           []mcp.Content{mcp.NewTextContent(text)},
		StructuredContent: structured,
		IsError:           isError,
	}
}
