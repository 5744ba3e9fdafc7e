package proxyclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const maxMessage = 2000

// said is what an error body tells.
type said struct {
	message string
	typ     string
	param   string
	status  int  // a status named within: "404: Tag g not found", or error.code; 0: none
	detail  bool // {"detail": "…"}: FastAPI's own form, for unknown routes among others
	page    bool // not the gateway speaking but a web server
}

// understand reads the body of a refusal. Its message is one bounded paragraph
// without secrets and never empty.
func (c *Client) understand(status int, body []byte) said {
	var s said
	body = bytes.TrimSpace(body)
	if page, ok := c.htmlPage(body); ok {
		s.page = true
		s.message = page
	} else if v, ok := decode(body); ok {
		s.fromValue(v, 0)
	} else {
		s.text(string(body))
	}
	s.message = c.excerpt(tidy(s.message), maxMessage)
	s.param = c.excerpt(oneLine(s.param), 200)
	s.typ = c.excerpt(oneLine(s.typ), 100)
	if s.message == "" {
		s.message = strings.ToLower(http.StatusText(status))
	}
	if s.message == "" {
		s.message = "the gateway gave no reason"
	}
	return s
}

func decode(b []byte) (any, bool) {
	if !json.Valid(b) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	return v, d.Decode(&v) == nil
}

// fromValue finds the message in a decoded body, whichever family it is of.
func (s *said) fromValue(v any, depth int) {
	if depth > 6 {
		return
	}
	switch v := v.(type) {
	case string:
		s.text(v)
	case []any:
		s.list(v)
	case map[string]any:
		s.details(v)
		if s.explained(v); s.message != "" {
			return
		}
		for _, name := range []string{"error", "detail", "message", "msg", "errors", "error_message"} {
			inner, ok := v[name]
			if !ok || inner == nil {
				continue
			}
			if text, isText := inner.(string); isText {
				if text == "" {
					continue
				}
				s.detail = s.detail || name == "detail" && depth == 0
			} else if _, isBool := inner.(bool); isBool {
				continue
			}
			if s.fromValue(inner, depth+1); s.message != "" {
				return
			}
		}
		if b, err := json.Marshal(v); err == nil && len(v) > 0 {
			s.message = string(b)
		}
	case nil:
	default:
		s.message = fmt.Sprint(v)
	}
}

// explained takes the message beside an error that is only a word:
// {"error": "access_denied", "message": "The key is not allowed …"}.
func (s *said) explained(v map[string]any) {
	word, _ := v["error"].(string)
	if message, _ := v["message"].(string); word != "" && !strings.ContainsAny(word, " \n{") && strings.Contains(message, " ") {
		s.text(message)
	}
}

func (s *said) details(v map[string]any) {
	if t, ok := v["type"].(string); ok && s.typ == "" {
		s.typ = t
	}
	if p, ok := v["param"].(string); ok && s.param == "" && p != "None" {
		s.param = p
	}
	switch code := v["code"].(type) {
	case string:
		s.named(code)
	case json.Number:
		s.named(code.String())
	}
}

func (s *said) named(code string) {
	if n, err := strconv.Atoi(code); err == nil && n >= 400 && n <= 599 {
		s.status = n
	}
}

// list is the form of 422: [{"loc": ["body", "max_budget"], "msg": "…"}].
func (s *said) list(items []any) {
	var parts []string
	for i, item := range items {
		if i == 20 {
			parts = append(parts, fmt.Sprintf("and %d more", len(items)-i))
			break
		}
		m, ok := item.(map[string]any)
		if !ok {
			if text, ok := item.(string); ok && text != "" {
				parts = append(parts, text)
			}
			continue
		}
		msg, _ := m["msg"].(string)
		if msg == "" {
			continue
		}
		var field []string
		if loc, ok := m["loc"].([]any); ok {
			for j, l := range loc {
				text := fmt.Sprint(l)
				switch {
				case j == 0 && (text == "body" || text == "query" || text == "path" || text == "header"):
				default:
					field = append(field, text)
				}
			}
		}
		msg = withoutEnumNames(strings.TrimPrefix(msg, "Value error, "))
		if len(field) > 0 {
			name := strings.Join(field, ".")
			if s.param == "" {
				s.param = name
			}
			msg = name + ": " + msg
		}
		parts = append(parts, msg)
	}
	s.message = strings.Join(parts, "; ")
}

// withoutEnumNames turns "<LitellmUserRoles.TEAM: 'team'>" into "'team'".
func withoutEnumNames(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "<")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		inner, after, ok := strings.Cut(rest, ">")
		name, value, isEnum := strings.Cut(inner, ": ")
		if !ok || !isEnum || !strings.Contains(name, ".") || strings.ContainsAny(name, " '\"") {
			b.WriteByte('<')
			s = rest
			continue
		}
		b.WriteString(value)
		s = after
	}
}

// text is a message as the gateway wrote it: often the text of a Python dict,
// with or without words and a status before it.
func (s *said) text(t string) {
	t = strings.TrimSpace(t)
	t = s.inner(t)
	for depth := 0; depth < 4; depth++ {
		i := strings.IndexByte(t, '{')
		if i < 0 {
			break
		}
		v, ok := parsePython(t[i:])
		dict, isDict := v.(map[string]any)
		if !ok || !isDict {
			break
		}
		var in said
		in.fromValue(dict, 1)
		if in.message == "" || !hasMessage(dict) {
			break
		}
		if s.typ == "" {
			s.typ = in.typ
		}
		if s.param == "" {
			s.param = in.param
		}
		if in.status != 0 {
			s.status = in.status
		}
		t = s.inner(t[:i] + in.message)
	}
	s.message = t
}

// inner cuts "404: " and "Service Unhealthy (503: …)" down to what they say.
func (s *said) inner(t string) string {
	if len(t) > 5 && t[3] == ':' && t[4] == ' ' {
		if n, err := strconv.Atoi(t[:3]); err == nil && n >= 400 && n <= 599 {
			s.status = n
			return strings.TrimSpace(t[5:])
		}
	}
	return t
}

func hasMessage(m map[string]any) bool {
	for _, name := range []string{"error", "detail", "message", "msg"} {
		if m[name] != nil {
			return true
		}
	}
	return false
}

// htmlPage describes a body that is a web page.
func (c *Client) htmlPage(b []byte) (string, bool) {
	b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("\xef\xbb\xbf"))
	head := bytes.ToLower(b[:min(len(b), 4096)])
	has := func(tag string) bool { return bytes.Contains(head, []byte(tag)) }
	if !bytes.HasPrefix(head, []byte("<")) || !has("<html") && !has("<!doctype html") && !has("<head") && !has("<body") && !has("<title") {
		return "", false
	}
	if i := bytes.Index(head, []byte("<title")); i >= 0 && len(head) == min(len(b), 4096) {
		if _, text, ok := bytes.Cut(b[i:], []byte(">")); ok {
			text, _, _ = bytes.Cut(text, []byte("<"))
			if title := c.excerpt(oneLine(html.UnescapeString(string(text))), 120); title != "" {
				return fmt.Sprintf("an HTML page titled %q", title), true
			}
		}
	}
	return "an HTML page", true
}

// tidy makes one paragraph and cuts what is no message: stack traces, the
// enterprise edition's price list.
func tidy(s string) string {
	for _, end := range []string{"Traceback (most recent call last)", "Get a 7 day trial key here", "Pricing: https://www.litellm.ai"} {
		if i := strings.Index(s, end); i > 0 {
			s = s[:i]
		}
	}
	return oneLine(s)
}

// colors are the sequences by which a text sets colors at a terminal.
var colors = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*m") })

// oneLine joins all blanks and drops what could play with a terminal.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if strings.Contains(s, "\x1b[") {
		s = colors().ReplaceAllString(s, "")
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// excerpt is the beginning of s, its secrets masked. They are masked before the
// cut: half a key is not recognized as one.
func (c *Client) excerpt(s string, n int) string { return clip(c.scrub(s), n) }

// clip cuts s to n bytes at most, between two characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
