package operation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"litellm-proxy/internal/plural"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// tell masks secrets in the result's sentences, and the client's own key, and adds the
// failures to an answer that does not list them.
func (r *Result) tell(client *proxyclient.Client) {
	r.maskDone(client)
	r.Chart.mask(client)
	for i, sentence := range r.Notes {
		r.Notes[i] = withoutKey(client, sentence)
	}
	for i, f := range r.Failed {
		r.Failed[i] = Failure{withoutKey(client, f.What), withoutKey(client, f.Why)}
	}
	body := bytes.TrimSpace(r.Body)
	if len(r.Failed) == 0 || len(body) < 2 || body[0] != '{' || Lookup(body, "failed") != nil {
		return
	}
	head, comma := bytes.TrimSpace(body[:len(body)-1]), ","
	if len(head) == 1 {
		comma = ""
	}
	r.Body = slices.Concat(head, []byte(comma+`"failed":`), Encode(r.Failed), []byte("}"))
}

func (r *Result) maskDone(client *proxyclient.Client) { r.Done = withoutKey(client, r.Done) }

// withoutKey is a sentence without secrets and without the client's own key.
func withoutKey(client *proxyclient.Client, text string) string {
	text, _ = client.Redactor().Text(context.Background(), text)
	return text
}

// doing names the call in an error: its path and positional arguments, by the names that
// were given.
func (c *Call) doing() string {
	words := []string{c.op.Path}
	for _, f := range c.op.Fields() {
		value := c.args[f.Name]
		if value == nil || f.Arg == 0 || f.rule.Prose {
			continue
		}
		given := c.args.List(f.Name)
		for i, id := range given {
			given[i] = cmp.Or(c.called[id], id)
		}
		if len(given) == 0 {
			given = []string{Words(value)}
		}
		words = append(words, strings.Join(given, ", "))
	}
	return secret.Text(strings.Join(words, " "))
}

// done fills the placeholders of the operation's Done. What was given by name has it, unless
// the placeholder is in parentheses, next to a name.
func (c *Call) done(body json.RawMessage) string {
	text := c.op.Done
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		out.WriteString(before)
		if !ok {
			return secret.Text(out.String())
		}
		var names string
		names, text, _ = strings.Cut(rest, "}")
		before = out.String()
		noun, names, counts := strings.Cut(names, ":")
		if !counts {
			noun, names = "", noun
		}
		for name := range strings.SplitSeq(names, "|") {
			value := Lookup(body, name)
			if value == nil {
				value = NoNull(c.args[name])
			}
			if value != nil {
				if strings.Count(before, "(") == strings.Count(before, ")") {
					value = c.recall(value)
				}
				out.WriteString(numbered(noun, value))
				break
			}
		}
		if out.String() == before { // a key without an alias leaves no gap
			text = strings.TrimPrefix(text, " ")
		}
	}
}

// Called returns an identifier for a sentence about what was done, behind the name that was
// given in its place: "research (0c95aaaa-…)".
func (c *Call) Called(id string) string {
	if name := c.called[id]; name != "" && name != id {
		return Shown(name) + " (" + Shown(id) + ")"
	}
	return Shown(id)
}

// recall is [Call.Called] for a text or a list of texts; other values stay.
func (c *Call) recall(value json.RawMessage) json.RawMessage {
	var list []string
	switch {
	case isText(value):
		return Encode(c.Called(textOf(value)))
	case json.Unmarshal(value, &list) == nil:
		for i, id := range list {
			list[i] = c.Called(id)
		}
		return Encode(list)
	}
	return value
}

// numbered returns a value behind its noun, or a number in front of it: "users ann, bob" and
// "2 models". Without a noun it is [Words].
func numbered(noun string, value json.RawMessage) string {
	var list []json.RawMessage
	var n int64
	switch {
	case noun == "":
		return Words(value)
	case json.Unmarshal(value, &n) == nil:
		return plural.Count(n, noun)
	case json.Unmarshal(value, &list) == nil && len(list) > 1:
		noun = plural.Of(noun)
	}
	return noun + " " + Words(value)
}

// Words returns a JSON value for a reader: a text without quotes, a list with commas.
func Words(value json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return Word(value)
	}
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = Word(v)
	}
	return strings.Join(words, ", ")
}

// IsNotFound reports whether the object does not exist.
func IsNotFound(err error) bool { return proxyclient.CodeOf(err) == proxyclient.CodeNotFound }

// IsRefused reports whether the gateway rejected the key, or what it tried.
func IsRefused(err error) bool {
	code := proxyclient.CodeOf(err)
	return code == proxyclient.CodeForbidden || code == proxyclient.CodeUnauthorized
}

// AsError returns the [proxyclient.Error] in err, or nil.
func AsError(err error) *proxyclient.Error {
	var e *proxyclient.Error
	errors.As(err, &e)
	return e
}

// IsRead reports whether an HTTP method is one that changes nothing.
func IsRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// Shown returns a name for a reader, with any secret in it masked.
func Shown(name string) string { return secret.Text(name) }

// Counted returns a number with its noun: 1 item, 2 items.
func Counted[N int | int64](n N, noun string) string { return plural.Count(n, noun) }
