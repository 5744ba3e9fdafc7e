package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// The values of Options.Confirm.
const (
	confirmAuto     = "auto"
	confirmAlways   = "always"
	confirmArgument = "argument"
	confirmNever    = "never"
)

var confirmModes = []string{confirmAuto, confirmAlways, confirmArgument, confirmNever}

// settle gets consent to the call. It returns nil when the call may run, bound to the
// requests that were shown, and otherwise the call's result with the words for the log.
func (c *call) settle(ctx context.Context) (*mcp.CallToolResult, string) {
	if c.s.protected == "" && c.named != "" && c.s.profile != "" && c.named != c.s.profile {
		err := proxyclient.Wrap(c.op.Path, usage("{%s}: the gateway is that of profile %s, not %s; nothing was sent", argConfirmProfile, c.s.profile, c.named))
		return c.failed(err), outcome(err)
	}
	if result, log := c.uncounted(ctx); result != nil {
		return result, log
	}
	why, err := c.why(ctx)
	if err != nil {
		return c.failed(err), outcome(err)
	}
	if why == "" {
		c.prepared.Waive()
		return nil, ""
	}
	question, err := c.prepared.Question(ctx)
	if err != nil {
		return c.failed(err), outcome(err)
	}
	if len(question.Plan.Requests) == 0 {
		c.prepared.Approve(question.Plan)
		return nil, ""
	}
	for i, note := range question.Plan.Notes {
		question.Plan.Notes[i] = c.note(note)
	}
	asks := c.s.confirm != confirmArgument && canElicit(ctx)
	if asks {
		if _, answered := c.request.Params.InputResponses[confirmID]; answered {
			return c.resume(question)
		}
		if server.IsModernRequest(ctx) {
			state := c.s.pending.add(c, question.Plan)
			return server.NewInputRequestBuilder(state).Elicit(confirmID, c.form(question)).ToolResult(), "asked"
		}
		return c.ask(ctx, question)
	}
	if c.s.confirm == confirmAlways {
		return c.refused(question, "it needs confirmation, because "+why+c.overruled(),
			"use a client that can ask a person (elicitation; older clients over sse or with --stateless cannot), or start this server with --confirm auto or --confirm argument"), "refused: not confirmed"
	}
	return c.taken(question, why)
}

// uncounted refuses a call whose targets filters select without saying how many they are. It
// returns nil for other calls.
func (c *call) uncounted(ctx context.Context) (*mcp.CallToolResult, string) {
	n, selects, err := c.prepared.Selected(ctx)
	if err != nil {
		return c.failed(err), outcome(err)
	}
	if selects && len(c.empty) > 0 {
		c.say("Not used as filters, because they are empty: " + strings.Join(c.empty, ", ") + ".")
	}
	if !selects || n == 0 || c.prepared.Arg(operation.ExpectField) != nil {
		return nil, ""
	}
	question, err := c.prepared.Question(ctx)
	if err != nil {
		return c.failed(err), outcome(err)
	}
	return c.refused(question, fmt.Sprintf("the filters match %d", n),
		fmt.Sprintf("show the user what matches; to delete it, call %s again with %s: %d", c.op.Tool(), operation.ExpectField, n)), "refused: not counted"
}

// why returns the reason for which the call needs consent, or "".
func (c *call) why(ctx context.Context) (string, error) {
	switch {
	case c.protected():
		return "profile " + c.s.protected + " is protected", nil
	case c.s.confirm == confirmNever:
		return "", nil
	}
	return c.prepared.NeedsConsent(ctx)
}

// overruled says why an argument that agrees does not count here.
func (c *call) overruled() string {
	person := c.s.confirm == confirmAlways
	switch {
	case person && c.protected() && (c.flags[argConfirm] || c.named != ""):
		return "; an argument does not replace the person, who must type the profile's name"
	case person && c.flags[argConfirm]:
		return "; " + argConfirm + ": true does not replace the person, who must tick a box"
	case c.protected() && c.flags[argConfirm]:
		return "; " + argConfirm + ": true is not enough for that"
	}
	return ""
}

// taken judges the argument confirm. After a refusal it stands for what that showed.
func (c *call) taken(question *operation.Question, why string) (*mcp.CallToolResult, string) {
	how := fmt.Sprintf("if the user agrees, call %s again with the same arguments and %s: true", c.op.Tool(), argConfirm)
	agreed := c.flags[argConfirm]
	if c.protected() {
		how = fmt.Sprintf("ask the user; if the user agrees, call %s again with the same arguments and %s: %q", c.op.Tool(), argConfirmProfile, c.s.protected)
		if agreed = c.named == c.s.protected; !agreed && c.named != "" {
			return c.refused(question, fmt.Sprintf("%s is not the name of this gateway's profile", argConfirmProfile), how), "refused: wrong profile"
		}
	}
	if !agreed {
		return c.refused(question, "it needs confirmation, because "+why+c.overruled(), how), "refused: not confirmed"
	}
	if shown := c.s.shown.take(c); shown != nil {
		if changed := shown.Difference(question.Plan); changed != "" {
			return c.refused(question, "it is not what was shown before: "+changed, how), "refused: changed since it was shown"
		}
	}
	c.prepared.Approve(question.Plan)
	return nil, ""
}

// refused is the result of a call without consent: nothing was sent.
func (c *call) refused(question *operation.Question, why, how string) *mcp.CallToolResult {
	c.s.shown.put(c, question.Plan)
	e := proxyclient.Error{Code: codeConfirm, Message: "nothing was sent: " + why, Hint: how}
	r := &reply{isError: true, words: c.op.Path + ": " + e.Message + "\n" + question.String(), last: sentence(how), own: []own{errorOf(&e)}}
	add := func(name string, value json.RawMessage) { r.own = append(r.own, own{member{name, value}, unsaid}) }
	add("question", encode(question.Text))
	if question.Selected > 0 {
		add("selected", encode(question.Selected))
	} else {
		add("requests", requestList(question.Plan.Requests))
	}
	r.said = question.Plan.Notes
	if len(question.Dangers) > 0 {
		add("dangers", encode(question.Dangers))
	}
	return c.fit(r)
}

// protected reports whether the call changes a gateway that is confirmed by its profile's
// name.
func (c *call) protected() bool {
	return c.s.protected != "" && c.prepared.Effect() != operation.Read
}

// confirmID names our question and its one field.
const confirmID = "confirm"

// form is the question as the client is sent it: an empty form, which one key answers,
// or one with a box to tick.
func (c *call) form(question *operation.Question) mcp.ElicitationParams {
	properties, required := []member{}, []string{}
	message := question.String()
	switch {
	case c.protected():
		message += "\nProfile " + c.s.protected + " is protected. Type its name to send this."
		properties = append(properties, member{argConfirmProfile, object([]member{
			{"type", encode("string")}, {"title", encode("Profile name")}, {"description", encode("Name of the protected profile")},
		})})
		required = append(required, argConfirmProfile)
	case c.s.confirm == confirmAlways:
		properties = append(properties, member{confirmID, object([]member{
			{"type", encode("boolean")}, {"title", encode("Confirm")}, {"description", encode("Yes, send it")},
		})})
		required = append(required, confirmID)
	}
	return mcp.ElicitationParams{
		Message: message,
		RequestedSchema: object([]member{
			{"type", encode("object")}, {"properties", object(properties)}, {"required", encode(required)},
		}),
	}
}

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
