// Package malformed recognizes settings that somebody forgot to fill in or copied with
// something around them: placeholders, quotation marks, "Bearer ".
//
// [Key], [URL] and [Value] refuse only what no real value looks like: master keys have any
// characters. [Placeholder] finds more, for advice.
package malformed

import (
	"regexp"
	"strings"
	"sync"

	"litellm-proxy/internal/secret"
)

// Fault is what is wrong with a value, without a secret in it.
type Fault struct {
	// Why continues "the API key ": "is the placeholder ${X}, which nothing filled in".
	Why string
	// Fix says how to write the value, or is "": "without the quotation marks".
	Fix string
}

// bom is the byte order mark that some editors put at the start of a file.
const bom = "\ufeff"

// Key returns why a text cannot be a key, or nil.
func Key(text string) *Fault {
	text = strings.TrimSpace(text)
	if f := wrapped(text); f != nil {
		return f
	}
	switch {
	case strings.ContainsAny(text, "\r\n"):
		return &Fault{"contains a line break", "on one line"}
	case len(text) > len("bearer ") && strings.EqualFold(text[:len("bearer ")], "bearer "):
		return &Fault{`starts with "Bearer "`, `without "Bearer "`}
	case text == "sk-..." || text == "sk-…":
		return unfilled(text)
	}
	return whole(text)
}

// wrapped returns what stands around a value that does not belong to it, or nil.
func wrapped(text string) *Fault {
	switch {
	case strings.HasPrefix(text, bom):
		return &Fault{"starts with an invisible byte order mark (BOM)", "without the byte order mark: type it, or save its file as UTF-8 without BOM"}
	case quotes(text) != "":
		return &Fault{"is in quotation marks", "without the quotation marks"}
	}
	return nil
}

// URL returns why a text cannot be the address of a gateway, or nil. Its form is not
// checked otherwise.
func URL(text string) *Fault {
	text = strings.TrimSpace(text)
	if f := wrapped(text); f != nil {
		return f
	}
	if f := whole(text); f != nil {
		return f
	}
	// None of these can be in a URL.
	for _, form := range [][2]string{{"${", "}"}, {"{{", "}}"}, {"{env:", "}"}, {"{file:", "}"}, {"<", ">"}} {
		if _, rest, ok := strings.Cut(text, form[0]); ok {
			if name, _, ok := strings.Cut(rest, form[1]); ok {
				return &Fault{"contains the placeholder " + shown(form[0]+name+form[1]) + ", which nothing filled in", ""}
			}
		}
	}
	// In the host a percent sign or a dollar is as impossible.
	_, host, _ := strings.Cut(text, "://")
	host, _, _ = strings.Cut(host, "/")
	if strings.ContainsAny(host, "$%") && !strings.HasPrefix(host, "[") && !strings.Contains(host, "@") {
		if part := Placeholder(host); part != "" {
			return &Fault{"contains the placeholder " + shown(part) + ", which nothing filled in", ""}
		}
	}
	return nil
}

// Value returns why a text cannot be the value of another setting, or nil: it is a
// placeholder.
func Value(text string) *Fault { return whole(strings.TrimSpace(text)) }

// IsPlaceholder reports whether a text is a placeholder that messages show as it is: it is no
// secret.
func IsPlaceholder(text string) bool {
	text = strings.TrimSpace(text)
	return (text == "sk-..." || text == "sk-…" || whole(text) != nil) && shown(text) == text
}

// quotes returns the quotation marks around a text, or "".
func quotes(text string) string {
	for _, pair := range []string{`""`, "''", "``", "“”", "‘’", "„“", "«»"} {
		open, end := pair[:len(pair)/2], pair[len(pair)/2:]
		if len(text) > len(pair) && strings.HasPrefix(text, open) && strings.HasSuffix(text, end) {
			return pair
		}
	}
	return ""
}

// whole returns the fault of a text that is a placeholder as a whole, or nil.
func whole(text string) *Fault {
	inside := func(open, end string) bool {
		if len(text) <= len(open)+len(end) || !strings.HasPrefix(text, open) || !strings.HasSuffix(text, end) {
			return false
		}
		return !strings.ContainsAny(text[len(open):len(text)-len(end)], "{}<>\r\n")
	}
	variable, isVariable := strings.CutPrefix(text, "$")
	variable = strings.TrimPrefix(variable, "env:") // PowerShell
	switch {
	case inside("${", "}"), inside("{{", "}}"), inside("${{", "}}"), inside("<", ">"), inside("{env:", "}"), inside("{file:", "}"), inside("$(", ")"),
		isVariable && isName(variable), inside("%", "%") && isName(text[1:len(text)-1]):
		return unfilled(text)
	}
	return nil
}

func unfilled(text string) *Fault {
	return &Fault{"is the placeholder " + shown(text) + ", which nothing filled in", ""}
}

// isName reports whether a text is the name of a variable as it is written: in capitals.
func isName(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < 'A' || c > 'Z') && c != '_' && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

// shown is a placeholder as messages show it. Between angle brackets there may be a secret
// that somebody filled in, and {name} would be replaced in a message.
func shown(text string) string {
	name := strings.Trim(text, "$%{}()<> ")
	kind, _, _ := strings.Cut(name, ":")
	known := isName(name) || strings.HasPrefix(text, "<") && strings.ContainsAny(name, "-_ ") && len(name) < 40 && !strings.ContainsAny(name, "0123456789")
	switch {
	case name == "sk-..." || name == "sk-…":
		return text
	case (known || isKind(kind) && kind != name) && secret.Text(name) == name && len(name) <= 64:
		return text
	}
	head, _, _ := strings.Cut(text, name)
	tail := text[len(head)+len(name):]
	return head + "…" + tail
}

// isKind reports whether a word stands before the colon of a client's placeholder.
func isKind(word string) bool {
	switch word {
	case "env", "input", "file", "config", "command", "secret", "secrets", "workspaceFolder":
		return true
	}
	return false
}

var anywhere = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$\{[^}]*\}|\$[A-Za-z_]\w*|%\w+%|\{\{[^}]*\}\}|\{\w+:[^}]*\}|<[^>]*>|(?i:\byour[-_ ]\w*|\bchange[-_]?me\b)|\.\.\.|…`)
})

// Placeholder returns the part of a text that looks as if it still has to be filled in, or
// "". A real value may look so: it is for advice, not for refusals.
func Placeholder(text string) string { return anywhere().FindString(text) }

// Quoted reports whether a text has a quotation mark anywhere, for advice.
func Quoted(text string) bool { return strings.ContainsAny(text, "\"'`“”") }
