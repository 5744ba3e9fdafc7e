package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// tell keeps secrets out of what the result says, and puts the failures into an
// answer that has not said them itself.
func (r *Result) tell() {
	r.Done = proxyclient.RedactText(r.Done)
	for i, f := range r.Failed {
		r.Failed[i] = Failure{proxyclient.RedactText(f.What), proxyclient.RedactText(f.Why)}
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

// doing names the call in an error: the path and what it is about.
func (op *Operation) doing(args Args) string {
	words := []string{op.Path}
	for _, f := range op.Fields() {
		if value := args[f.Name]; value != nil && f.Arg > 0 {
			words = append(words, Words(value))
		}
	}
	return proxyclient.RedactText(strings.Join(words, " "))
}

// done fills the placeholders of the operation's Done.
func (op *Operation) done(args Args, body json.RawMessage) string {
	text := op.Done
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		out.WriteString(before)
		if !ok {
			return proxyclient.RedactText(out.String())
		}
		var names string
		names, text, _ = strings.Cut(rest, "}")
		for name := range strings.SplitSeq(names, "|") {
			value := Lookup(body, name)
			if value == nil {
				value = NoNull(args[name])
			}
			if value != nil {
				out.WriteString(Words(value))
				break
			}
		}
	}
}

// plainList is a value for a reader: a text without quotes, a list with commas.
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

// isNotFound tells whether the gateway said that the object does not exist.
func IsNotFound(err error) bool { return proxyclient.CodeOf(err) == proxyclient.CodeNotFound }

// isRefused tells whether the key may not do what was tried.
func IsRefused(err error) bool {
	code := proxyclient.CodeOf(err)
	return code == proxyclient.CodeForbidden || code == proxyclient.CodeUnauthorized
}

// as returns the error of the gateway in err, or nil.
func AsError(err error) *proxyclient.Error {
	var e *proxyclient.Error
	errors.As(err, &e)
	return e
}

// isRead tells whether an HTTP method changes nothing by itself.
func IsRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// shown is a name for a reader: a key masked, everything else as it is.
func Shown(name string) string { return proxyclient.RedactText(name) }
