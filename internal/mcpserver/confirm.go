package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// reference is how a value makes the gateway read its own environment.
const reference = "os.environ/"

// takesReferences tells whether the operation has a place where such a value is
// usual, and so shows the argument confirm.
func takesReferences(op *operation.Operation) bool {
	return slices.ContainsFunc(op.Fields(), func(f operation.Field) bool {
		return f.Kind == operation.KindPairs || strings.Contains(f.Help, reference)
	})
}

// hasReference tells whether a text at any depth of the value is such a reference.
func hasReference(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.HasPrefix(strings.TrimSpace(v), reference)
	case []any:
		return slices.ContainsFunc(v, hasReference)
	case map[string]any:
		for _, member := range v {
			if hasReference(member) {
				return true
			}
		}
	}
	return false
}

// readsEnvironment tells whether an argument makes the gateway read its own
// environment.
func (c *call) readsEnvironment() bool {
	for _, raw := range c.args {
		var value any
		if json.Unmarshal(raw, &value) == nil && hasReference(value) {
			return true
		}
	}
	return false
}

func (c *call) needsConfirmation() bool {
	if c.s.confirm == confirmNever {
		return false
	}
	switch c.op.EffectFor(c.args) {
	case operation.Read:
		return false
	case operation.Destructive:
		return true
	}
	return c.readsEnvironment()
}

// why says what the call is confirmed for.
func (c *call) why() string {
	if c.op.EffectFor(c.args) == operation.Destructive {
		return "cannot be undone"
	}
	return "makes the gateway read its own environment (" + reference + "…)"
}

// settle gets the confirmation. It returns nil when the call may go ahead, and
// otherwise the call's result, with the words for the log.
func (c *call) settle(ctx context.Context) (*mcp.CallToolResult, string) {
	asks := canElicit(ctx)
	if !asks && c.s.confirm == confirmAuto && c.flags[argConfirm] {
		return nil, ""
	}
	if asks {
		if reply := server.ElicitationResponse(c.request.Params.InputResponses, confirmID); reply != nil {
			if !c.signed(c.request.Params.RequestState, time.Now()) {
				return c.refused(nil, "the answer belongs to another question, or came too late", "call it again"), "refused: stale confirmation"
			}
			return c.judge(reply)
		}
	}
	requests, err := operation.Plan(ctx, operation.Env{Client: c.client}, c.op, c.args)
	if err != nil {
		return c.failed(err), outcome(err)
	}
	if !asks {
		how := fmt.Sprintf("if the user agrees, call %s again with the same arguments and %s: true", c.op.Tool(), argConfirm)
		if c.s.confirm == confirmAlways {
			how = "a person must confirm it, and this client cannot be asked (it has no elicitation, or speaks an older protocol over sse): use another client or transport, or have the person who runs this server start it with --confirm auto"
		}
		return c.refused(requests, "it "+c.why()+" and was not confirmed", how), "refused: not confirmed"
	}
	question := c.question(requests)
	if server.IsModernRequest(ctx) {
		return server.NewInputRequestBuilder(c.sign(time.Now())).Elicit(confirmID, question).ToolResult(), "asked"
	}
	return c.ask(ctx, requests, question)
}

// ask sends the question to a client of the older protocol and waits for the
// answer. mcp-go would do both, and make a protocol error of a refusal.
func (c *call) ask(ctx context.Context, requests []proxyclient.Recorded, question mcp.ElicitationParams) (*mcp.CallToolResult, string) {
	waiting, stop := until(ctx, c.caller.deaf)
	defer stop()
	waiting, cancel := context.WithTimeout(waiting, c.s.answerWait)
	defer cancel()
	reply, err := c.s.mcp.RequestElicitation(waiting, mcp.ElicitationRequest{
		Request: mcp.Request{Method: string(mcp.MethodElicitationCreate)}, Params: question,
	})
	switch {
	case ctx.Err() != nil:
		return c.failed(ctx.Err()), outcome(ctx.Err())
	case errors.Is(waiting.Err(), context.DeadlineExceeded):
		return c.refused(requests, fmt.Sprintf("nobody answered the question within %s", c.s.answerWait), "call it again when somebody is there"), "refused: no answer"
	case err != nil || reply == nil:
		return c.refused(requests, "the client could not ask the person", "ask for what is wanted in another client"), "refused: the client failed to ask"
	}
	return c.judge(reply)
}

// judge reads a person's answer: only an accepted form in which confirm is true
// is a yes.
func (c *call) judge(reply *mcp.ElicitationResult) (*mcp.CallToolResult, string) {
	content, _ := reply.Content.(map[string]any)
	if yes, _ := content[confirmID].(bool); yes && reply.Action == mcp.ElicitationResponseActionAccept {
		return nil, ""
	}
	return c.refused(nil, "the person did not agree", "do not try again unless the person asks for it"), "refused: the person said no"
}

// refused is the result of a call that nobody confirmed: nothing was sent.
func (c *call) refused(requests []proxyclient.Recorded, why, how string) *mcp.CallToolResult {
	e := proxyclient.Error{Code: codeConfirm, Message: "nothing was changed: " + why, Hint: how}
	text := c.op.Path + ": " + e.Message
	top := []member{{"error", encode(&e)}}
	if requests != nil {
		text += "\nIt would send:\n" + requestLines(requests)
		top = append(top, member{"requests", requestList(requests)})
	}
	return answer(text+"\n"+sentence(how), object(top), true)
}

// confirmID names our question and its one field.
const confirmID = "confirm"

// maxQuestion bounds what a person is given to read.
const maxQuestion = 2000

// question is what the person is asked.
func (c *call) question(requests []proxyclient.Recorded) mcp.ElicitationParams {
	lines := []rune(requestLines(requests))
	if len(lines) > maxQuestion {
		lines = append(lines[:maxQuestion], '…')
	}
	return mcp.ElicitationParams{
		Message: fmt.Sprintf("%s on %s: %s. This %s. It sends:\n%s",
			c.op.Path, c.client.BaseURL(), lowerFirst(c.op.Summary), c.why(), string(lines)),
		RequestedSchema: object([]member{
			{"type", encode("object")},
			{"properties", object([]member{{confirmID, object([]member{
				{"type", encode("boolean")}, {"title", encode("Go ahead")}, {"description", encode("Yes: send it")},
			})}})},
			{"required", encode([]string{confirmID})},
		}),
	}
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// canElicit tells whether the client can ask a person by a form.
func canElicit(ctx context.Context) bool {
	session := server.ClientSessionFromContext(ctx)
	var capability *mcp.ElicitationCapability
	if server.IsModernRequest(ctx) {
		if capabilities := server.RequestProtocolInfoFromContext(ctx).ClientCapabilities; capabilities != nil {
			capability = capabilities.Elicitation
		}
	} else if asking, ok := session.(server.SessionWithElicitation); ok {
		if known, ok := asking.(server.SessionWithClientInfo); ok {
			capability = known.GetClientCapabilities().Elicitation
		}
	}
	// One that names no mode means forms.
	return capability != nil && (capability.Form != nil || capability.URL == nil)
}

// sign makes the state that a client hands back with the person's answer: when
// the question was put, and a proof that it was this one, put to this caller.
func (c *call) sign(at time.Time) string {
	when := strconv.FormatInt(at.Unix(), 10)
	return when + "." + c.s.hash("confirm", when, c.caller.owner, c.op.Tool(), string(encode(c.args)))
}

func (c *call) signed(state string, now time.Time) bool {
	when, _, _ := strings.Cut(state, ".")
	seconds, err := strconv.ParseInt(when, 10, 64)
	if err != nil {
		return false
	}
	at := time.Unix(seconds, 0)
	return now.Sub(at) <= c.s.answerWait+time.Second && equal(c.sign(at), state)
}
