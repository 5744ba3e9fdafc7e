package mcpserver

import (
	"errors"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// codeConfirm is our own code beside those of proxyclient: nothing was sent
// because nobody confirmed.
const codeConfirm proxyclient.Code = "confirmation_required"

// failed is a call that ended in an error the caller can act on.
func (c *call) failed(err error) *mcp.CallToolResult {
	words, shown := c.explain(err)
	return c.fit(&reply{isError: true, words: words, own: []own{errorOf(shown)}})
}

// partly is a call that ended in an error after a part was done.
func (c *call) partly(r operation.Result, err error) *mcp.CallToolResult {
	if r.Body == nil && r.Page == nil && r.Text == nil && r.Binary == nil && len(r.Failed) == 0 && r.Done == "" {
		for _, note := range r.Notes {
			c.say(note)
		}
		return c.failed(err)
	}
	words, shown := c.explain(err)
	done, _ := c.show(r)
	done.isError, done.words, done.own = true, words, []own{errorOf(shown)}
	if done.done != "" {
		done.done = "Done before that: " + done.done
	} else {
		done.last = "Done before that:"
	}
	return c.fit(done)
}

// explain is an error in the words of this surface, as text and as a value. It
// is the one place that decides them.
func (c *call) explain(err error) (string, *proxyclient.Error) {
	shown := &proxyclient.Error{}
	var e *proxyclient.Error
	switch {
	case errors.As(err, &e):
		*shown = *e
	case proxyclient.CodeOf(err) != "":
		shown.Code, shown.Message = proxyclient.CodeOf(err), "the call was canceled"
		if stop := c.clock.stopped(); stop != nil {
			shown.Code, shown.Message, shown.Hint = stop.Code, stop.Reason, stop.Hint
		}
	default:
		shown.Code, shown.Message = proxyclient.CodeInternal, secret.Text(err.Error())
	}
	hint := c.hint(shown)
	text := err.Error()
	if e == nil {
		text = c.op.Path + ": " + shown.Message
	} else if !strings.HasPrefix(text, c.op.Path) {
		text = c.op.Path + ": " + text
	}
	words := func(text string) string { return c.s.reword(c.op, c.caller, text) }
	// The command's name at the head stays as people know it.
	text = c.op.Path + words(strings.TrimPrefix(text, c.op.Path))
	shown.Message = words(shown.Message)
	shown.Hint = hint
	if hint != "" {
		text = strings.TrimSuffix(text, ".") + "\n" + sentence(hint)
	}
	return text, shown
}

// hint is the next step for this caller.
func (c *call) hint(e *proxyclient.Error) string {
	var hints []string
	add := func(text string) {
		if text != "" {
			hints = append(hints, strings.TrimSuffix(text, "."))
		}
	}
	hasKey := c.client != nil && c.client.HasKey()
	signIn := strings.Contains(e.Hint, "{login}") || strings.Contains(e.Hint, "litellm-proxy login")
	if e.Code != proxyclient.CodeUnauthorized || signIn || hasKey && e.Hint != "check {api_key}" {
		add(c.s.reword(c.op, c.caller, e.Hint))
	}
	switch e.Code {
	case proxyclient.CodeUnauthorized, proxyclient.CodeForbidden:
		if hasKey && !c.client.SignedIn() && !strings.Contains(e.Message, c.client.APIKeySource()) {
			add("the key was " + c.client.MaskedKey() + from(c.client.APIKeySource()))
		}
		if e.Code == proxyclient.CodeUnauthorized && !signIn {
			add(c.caller.keyHint(c.s))
		}
	case proxyclient.CodeNotFound:
		if list := c.s.ops.Finder(c.op); list != nil && c.s.has(list.Tool()) && !namesList(e.Hint) {
			add("to see what exists, call " + list.Tool())
		}
	case proxyclient.CodeUnreachable:
		if c.client != nil && !strings.Contains(e.Message, c.client.BaseURL()) {
			add("the gateway's address is " + c.client.BaseURL() + from(c.client.BaseURLSource()))
		}
	case proxyclient.CodeUnknownOutcome:
		if len(hints) == 0 {
			add("check whether it was applied before you repeat it")
		}
	}
	return strings.Join(hints, "; ")
}

// sentence is a hint as a sentence; one that begins with the name of a tool keeps
// it as it is.
func sentence(hint string) string {
	word, _, _ := strings.Cut(hint, " ")
	if !strings.Contains(word, "_") {
		hint = strings.ToUpper(hint[:1]) + hint[1:]
	}
	return hint + "."
}

func from(source string) string {
	if source == "" {
		return ""
	}
	return " (from " + source + ")"
}

// namesList reports whether a hint already says where to look: it names a list, which may be
// another one than the operation's, or another operation.
func namesList(hint string) bool {
	return strings.Contains(hint, " list") || strings.Contains(hint, "_list") || len(operation.Mentioned(hint)) > 0
}
