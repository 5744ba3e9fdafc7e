package proxyclient

import (
	"bytes"
	"net/url"
	"strings"

	"litellm-proxy/internal/secret"
)

// WithSecrets returns a copy of the client that sends secrets in place of placeholders. A
// placeholder must be the whole of a JSON string in the body of a write; anywhere else it
// fails the request. Messages and records of requests show the placeholders, and answers are
// masked.
func (c *Client) WithSecrets(secrets map[string]string) *Client {
	d := *c
	d.secrets = secrets
	return &d
}

// fill makes the body as it is sent.
func (c *Client) fill(p *prepared) error {
	p.wire = p.body
	if len(c.secrets) == 0 {
		return nil
	}
	about := p.path + "?" + p.query
	if plain, err := url.QueryUnescape(about); err == nil {
		about = plain
	}
	for placeholder, value := range c.secrets {
		quoted := secret.Encode(placeholder)
		if !p.Read {
			p.wire = bytes.ReplaceAll(p.wire, quoted, secret.Encode(value))
		}
		if inside := quoted[1 : len(quoted)-1]; bytes.Contains(p.wire, inside) || strings.Contains(about, placeholder) {
			return usage("%s %s would send a secret of the server where none belongs; nothing was sent", p.method, p.path)
		}
	}
	return nil
}

// longLine is how long a line of a secret is that nothing else has.
const longLine = 24

// forms are those in which a text may hold a secret: whole, on one line, and line by line.
func forms(value string) []string {
	forms := []string{value}
	if !strings.Contains(value, "\n") {
		return forms
	}
	forms = append(forms, strings.Join(strings.Fields(value), " "))
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); len(line) >= longLine {
			forms = append(forms, line)
		}
	}
	return forms
}
