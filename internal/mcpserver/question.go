package mcpserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// wayOut is the way out where a client cannot or does not ask. Some clients decline or
// cancel by themselves within a millisecond: it is not known that a person refused.
func (c *call) wayOut() string {
	return "ask the user. If the client shows no question, " + c.unattended()
}

// unattended says how to run the server where nobody can be asked.
func (c *call) unattended() string {
	argument := argConfirm + ": true"
	if c.protected() {
		argument = fmt.Sprintf("%s: %q", argConfirmProfile, c.s.protected)
	}
	return "start this server with --confirm argument: then " + argument + " is required and enough"
}

// resume takes the answer of a client of the stateless protocol, which comes with a new
// request: it counts for the requests that the question showed, once.
func (c *call) resume(question *operation.Question) (*mcp.CallToolResult, string) {
	state := c.request.Params.RequestState
	asked, why := c.s.pending.check(c, state, question.Plan)
	if why != "" {
		return c.refused(question, why, "call it again"), "refused: stale confirmation"
	}
	reply := server.ElicitationResponse(c.request.Params.InputResponses, confirmID)
	if reply == nil {
		return c.unreadable(question, "it is no object")
	}
	return c.judge(reply, question, time.Since(asked))
}

// ask sends the question to a client of the older protocol and waits for the answer.
// mcp-go would do both, and make a protocol error of a refusal.
func (c *call) ask(ctx context.Context, question *operation.Question) (*mcp.CallToolResult, string) {
	waiting, stop := until(ctx, c.caller.deaf)
	defer stop()
	waiting, cancel := context.WithTimeout(waiting, c.s.answerWait)
	defer cancel()
	c.clock.pause()
	answered := c.watched.waitFor(waitsAnswer)
	asked := time.Now()
	reply, err := c.elicit(waiting, c.form(question))
	waited := time.Since(asked)
	c.trail.waited(waited)
	answered()
	c.clock.resume()
	switch {
	case ctx.Err() != nil:
		return c.failed(ctx.Err()), outcome(ctx.Err())
	case errors.Is(waiting.Err(), context.DeadlineExceeded):
		return c.refused(question, fmt.Sprintf("no answer came within %g s", c.s.answerWait.Seconds()), c.wayOut()), "refused: no answer"
	case proxyclient.StopOf(waiting) != nil:
		why := proxyclient.StopOf(waiting).Reason
		return c.refused(question, why, "call it again later"), "refused: " + why
	case waiting.Err() != nil:
		return c.refused(question, "the client could not ask, because it sends nothing any more", c.wayOut()), "refused: the client is gone"
	case err != nil || reply == nil:
		return c.unasked(question, err)
	}
	return c.judge(reply, question, waited)
}

func (c *call) elicit(ctx context.Context, params mcp.ElicitationParams) (*mcp.ElicitationResult, error) {
	if c.caller.ask != nil {
		return elicited(c.caller.ask(ctx, string(mcp.MethodElicitationCreate), params))
	}
	return c.s.mcp.RequestElicitation(ctx, mcp.ElicitationRequest{Request: mcp.Request{Method: string(mcp.MethodElicitationCreate)}, Params: params})
}

// unasked is the result of a call whose question was answered with something else. The
// client's own words are not repeated.
func (c *call) unasked(question *operation.Question, err error) (*mcp.CallToolResult, string) {
	switch {
	case errors.Is(err, errAnswered):
		return c.refused(question, "the client answered the question with an error", c.wayOut()), "refused: the client answered with an error"
	case errors.Is(err, errUnreadable):
		return c.unreadable(question, "it is no object")
	case errors.Is(err, errGone):
		return c.refused(question, "the client ended its session before it answered", c.wayOut()), "refused: the client is gone"
	}
	return c.refused(question, "the client could not ask", c.wayOut()), "refused: the client failed to ask"
}

func (c *call) unreadable(question *operation.Question, why string) (*mcp.CallToolResult, string) {
	return c.refused(question, "the client's answer to the question cannot be read: "+why, c.wayOut()), "refused: unreadable answer"
}

// judge reads the answer to a question, which came after a time. Only an acceptance is a
// yes, and where a tick is asked for only one with the tick.
func (c *call) judge(reply *mcp.ElicitationResult, question *operation.Question, waited time.Duration) (*mcp.CallToolResult, string) {
	switch reply.Action {
	case mcp.ElicitationResponseActionAccept:
	case mcp.ElicitationResponseActionDecline, mcp.ElicitationResponseActionCancel:
		return c.noYes(question, string(reply.Action), waited)
	default:
		return c.unreadable(question, "its action is none of accept, decline and cancel")
	}
	content, isObject := reply.Content.(map[string]any)
	if !isObject && reply.Content != nil {
		return c.unreadable(question, "its content is no object")
	}
	if c.protected() {
		return c.typed(question, content[argConfirmProfile])
	}
	ticked, isTick := content[confirmID].(bool)
	switch {
	case content[confirmID] != nil && !isTick:
		return c.unreadable(question, confirmID+" in it is neither true nor false")
	case ticked || c.s.confirm != confirmAlways && content[confirmID] == nil:
		c.prepared.Approve(question.Plan)
		return nil, ""
	}
	return c.refused(question, "the question was accepted without the tick", "call it again, and have the box ticked"), "refused: no tick"
}

// noYes is the result of a question that was declined or canceled. Who did so is not known.
func (c *call) noYes(question *operation.Question, action string, waited time.Duration) (*mcp.CallToolResult, string) {
	why, how := fmt.Sprintf("the client answered %s after %s", action, passed(waited)), c.wayOut()
	switch {
	case waited < c.s.glance:
		why += ", sooner than a person reads a question: nobody may have seen it"
	case action == string(mcp.ElicitationResponseActionDecline):
		how = "do not repeat the call unless the user asks for it. If nobody saw a question, " + c.unattended()
	}
	return c.refused(question, why, how), "refused: " + action + " after " + passed(waited)
}

// passed writes a time as people say it.
func passed(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", max(d.Milliseconds(), 1))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// typed compares the name that was typed with the protected profile's.
func (c *call) typed(question *operation.Question, name any) (*mcp.CallToolResult, string) {
	text, isText := name.(string)
	switch {
	case name != nil && !isText:
		return c.unreadable(question, argConfirmProfile+" in it is no text")
	case strings.TrimSpace(text) == c.s.protected:
		c.prepared.Approve(question.Plan)
		return nil, ""
	case strings.TrimSpace(text) == "":
		return c.refused(question, "the question was accepted without the profile's name", "call it again, and have the profile's name typed"), "refused: no profile"
	}
	return c.refused(question, "the name that was typed is not "+c.s.protected, "call it again, and have the profile's name typed"), "refused: wrong profile"
}
