package proxyclient

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"litellm-proxy/internal/secret"
)

const debugBody = 4 << 10

// Redactor masks secrets in answers and texts and, wherever it stands, this
// client's own key. Each keep is a path to leave alone, see [secret.JSON].
func (c *Client) Redactor(keep ...string) secret.Redactor {
	r := secret.Redactor{Keep: keep}
	if c.key != "" {
		r.Own = []string{c.key}
	}
	for _, placeholder := range slices.Sorted(maps.Keys(c.secrets)) {
		r.Own = append(r.Own, forms(c.secrets[placeholder])...)
	}
	return r
}

// scrub masks the secrets in a text and this client's own key.
func (c *Client) scrub(s string) string {
	t, _ := c.Redactor().Text(context.Background(), s)
	return t
}

// scrubBody masks the secrets in a body, and this client's own key also if it is
// no text.
func (c *Client) scrubBody(b []byte) []byte {
	t, _ := c.Redactor().JSON(context.Background(), b)
	return t
}

// scrubQuery redacts a query as it is redacted in a URL.
func (c *Client) scrubQuery(q string) string {
	if q == "" {
		return ""
	}
	return strings.TrimPrefix(c.scrub("?"+q), "?")
}

// shown is a URL with the gateway's name for its address.
func (c *Client) shown(u *url.URL) string {
	if rest, ok := strings.CutPrefix(u.String(), c.base.String()); ok {
		return c.baseText + rest
	}
	return u.String()
}

func (c *Client) debugRequest(r *http.Request, body []byte, try int) {
	if c.debug == nil {
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "> %s %s", r.Method, c.scrub(c.shown(r.URL)))
	if try > 0 {
		fmt.Fprintf(&b, " (attempt %d)", try+1)
	}
	b.WriteByte('\n')
	c.debugHeader(&b, "> ", r.Header)
	c.debugBytes(&b, "> ", body)
	c.debug.write(b.Bytes())
}

func (c *Client) debugAnswer(resp *http.Response, body []byte, took time.Duration) {
	if c.debug == nil {
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "< %s %s (%s)\n", resp.Proto, resp.Status, took.Round(time.Millisecond/10))
	c.debugHeader(&b, "< ", resp.Header)
	c.debugBytes(&b, "< ", body)
	c.debug.write(b.Bytes())
}

func (c *Client) debugNote(format string, args ...any) {
	if c.debug != nil {
		c.debug.write([]byte("* " + c.scrub(fmt.Sprintf(format, args...)) + "\n"))
	}
}

func (c *Client) debugHeader(b *bytes.Buffer, mark string, h http.Header) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			switch {
			case name == c.keyHeader && c.key != "":
				v = strings.Replace(v, c.key, secret.Mask(c.key), 1)
			case secret.IsField(name), mark == "> " && c.extra.Values(name) != nil:
				v = "****"
			default:
				v = c.scrub(v)
			}
			fmt.Fprintf(b, "%s%s: %s\n", mark, name, v)
		}
	}
}

func (c *Client) debugBytes(b *bytes.Buffer, mark string, body []byte) {
	if len(body) == 0 {
		return
	}
	if len(body) > 1<<20 {
		fmt.Fprintf(b, "%s(%d bytes, not shown)\n", mark, len(body))
		return
	}
	// Redacted before it is cut: half a document is no JSON any more.
	text := c.scrubBody(body)
	cut := ""
	if len(text) > debugBody {
		cut = fmt.Sprintf(" … (%d bytes in all)", len(body))
		text = text[:debugBody]
	}
	fmt.Fprintf(b, "%s%s%s\n", mark, bytes.ToValidUTF8(bytes.TrimRight(text, "\n"), []byte("?")), cut)
}

// debugLog keeps one entry in one piece.
type debugLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (d *debugLog) write(b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = d.w.Write(b) // a failure of the debug log cannot be reported
}
