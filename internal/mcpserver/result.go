package mcpserver

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/chart"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// succeeded is a call that came to its end; it is an error all the same when a
// part of it failed, or when a read answered more than a result holds.
func (c *call) succeeded(r operation.Result) *mcp.CallToolResult {
	text, structured, err := c.show(r)
	if err != nil && c.prepared.Effect() == operation.Read {
		return c.failed(err)
	}
	result := answer(text, structured, len(r.Failed) > 0)
	if err == nil && r.Chart != nil {
		picture, err := chart.PNG(r.Chart)
		if err != nil {
			return c.failed(err)
		}
		result.Content = append(result.Content, mcp.NewImageContent(base64.StdEncoding.EncodeToString(picture), "image/png"))
	}
	return result
}

// show is a result as text, complete enough to act on, and as an object. With an
// error they say what was done and not what the gateway answered.
func (c *call) show(r operation.Result) (string, json.RawMessage, error) {
	text, structured, err := c.content(r)
	keys := c.newKeys(r, err != nil || strings.HasSuffix(text, cut))
	if err != nil {
		var shown *proxyclient.Error
		text, shown = c.explain(c.leftOut(err))
		top := []member{{"error", encode(shown)}}
		if len(keys) > 0 {
			top = append([]member{{"new_keys", keyList(keys)}}, top...)
		}
		structured = object(top)
	}
	if len(r.Failed) > 0 {
		if top, ok := members(structured); ok && operation.Lookup(structured, "failed") == nil {
			structured = object(append(top, member{"failed", encode(r.Failed)}))
		}
		var lines strings.Builder
		for _, f := range r.Failed {
			fmt.Fprintf(&lines, "failed: %s: %s\n", f.What, f.Why)
		}
		text = c.s.reword(c.op, c.caller, lines.String()) + text
	}
	for _, note := range slices.Backward(r.Notes) {
		text = c.note(note) + "\n" + text
	}
	if r.Done != "" {
		text = strings.TrimSuffix(r.Done+"\n"+text, "\n")
	}
	return keyLines(keys) + text, structured, err
}

// content is what the gateway answered. An answer whose result would be too large
// is an error.
func (c *call) content(r operation.Result) (string, json.RawMessage, error) {
	c.conceal = r.Conceal
	switch {
	case r.Page != nil:
		return c.list(r.Page)
	case r.Body == nil && r.Binary != nil:
		return c.binary(r.Binary)
	case r.Body == nil:
		return c.text(r.Text)
	}
	if err := c.reserve(wireJSON(r.Body), len(r.Body)); err != nil {
		return "", nil, err
	}
	body, err := c.dense(r.Body)
	if err != nil {
		return "", nil, err
	}
	if body[0] != '{' {
		return clip(body), object([]member{{"result", body}}), nil
	}
	return clip(body), body, nil
}

// binary is an answer that is no text.
func (c *call) binary(b []byte) (string, json.RawMessage, error) {
	wire := len(b) / 3 * 4
	if wire > maxResult {
		return "", nil, tooLarge()
	}
	if err := c.reserve(wire, len(b)); err != nil {
		return "", nil, err
	}
	encoded := encode(base64.StdEncoding.EncodeToString(c.redactor().Binary(b)))
	return fmt.Sprintf("%d bytes of binary data, as content_base64 in the structured content", len(b)),
		object([]member{{"content_base64", encoded}}), nil
}

// text is an answer that is no JSON.
func (c *call) text(b []byte) (string, json.RawMessage, error) {
	wire := wireText(b)
	if wire > maxResult {
		return "", nil, tooLarge()
	}
	if err := c.reserve(wire, len(b)); err != nil {
		return "", nil, err
	}
	text, err := c.redactor().Text(c.ctx, string(b))
	return clip([]byte(text)), object([]member{{"result", encode(text)}}), err
}

// redactor masks what is a secret in answers, but for what the operation reveals.
func (c *call) redactor() secret.Redactor {
	if c.conceal || c.prepared.Effect() == operation.Read {
		return c.client.Redactor() // what was there before is no new key
	}
	return c.client.Redactor(c.op.Reveal...)
}

// dense is a value without secrets, blanks and members that say nothing.
func (c *call) dense(value json.RawMessage) (json.RawMessage, error) {
	if len(value) > maxResult {
		b := bounded{left: maxResult}
		if err := c.redactor().Copy(c.ctx, &b, value); err != nil {
			return nil, err
		}
		return secret.Dense(b.Bytes()), nil
	}
	masked, err := c.redactor().JSON(c.ctx, value)
	if err != nil {
		return nil, err
	}
	dense := json.RawMessage(secret.Dense(masked))
	if wireJSON(dense) > maxResult {
		return nil, tooLarge()
	}
	return dense, nil
}

// list is a page: slim items unless full was given, the total where it is known,
// the arguments of the next page where there is one.
func (c *call) list(p *operation.Page) (string, json.RawMessage, error) {
	size, wire := 0, 0
	for _, item := range p.Items {
		size, wire = size+len(item), wire+wireJSON(item)
	}
	if err := c.reserve(wire, size); err != nil {
		return "", nil, err
	}
	about, end := c.around(p)
	out := bounded{left: maxResult}
	_, _ = out.Write(about)
	start := out.Len()
	picker := operation.NewPicker(c.slimColumns())
	for i, item := range p.Items {
		item, err := c.item(picker, item)
		if err == nil && i > 0 {
			err = out.WriteByte(',')
		}
		if err == nil {
			_, err = out.Write(item)
		}
		if err != nil {
			return "", nil, err
		}
	}
	stop := out.Len()
	if _, err := out.Write(end); err != nil {
		return "", nil, err
	}
	text := fmt.Sprintf("%d %s", len(p.Items), strings.ReplaceAll(c.op.Resource(), "-", " "))
	if p.Total >= 0 {
		text = fmt.Sprintf("%d of %d %s", len(p.Items), p.Total, strings.ReplaceAll(c.op.Resource(), "-", " "))
	}
	if p.Next != nil {
		text += "; next page: " + string(encode(c.next(p)))
	}
	if len(p.Items) > 0 {
		text += "\n" + clip(out.Bytes()[start-1:stop+1])
	}
	return text, out.Bytes(), nil
}

// around is what stands in a list's result before and after the items.
func (c *call) around(p *operation.Page) (before, after json.RawMessage) {
	var top []member
	for _, name := range slices.Sorted(maps.Keys(p.About)) {
		top = append(top, member{name, p.About[name]})
	}
	top = append(top, member{"items", json.RawMessage("[]")})
	at := len(object(top)) - len("]}")
	if p.Total >= 0 {
		top = append(top, member{"total", encode(p.Total)})
	}
	if p.Next != nil {
		top = append(top, member{"next", encode(c.next(p))})
	}
	whole := object(top)
	return whole[:at], whole[at:]
}

// next are the arguments of the next page.
func (c *call) next(p *operation.Page) operation.Args {
	if c.flags[argFull] {
		return p.Next.With(argFull, true)
	}
	return p.Next
}

// slimColumns are the fields that an operation shows in a table and those that
// identify an item.
func (c *call) slimColumns() []operation.Column {
	return slices.DeleteFunc(slices.Clone(c.op.Columns), func(column operation.Column) bool { return column.Optional && !column.ID })
}

// item is an item as a tool answers it: slim unless full was given. One that is no
// object stays.
func (c *call) item(picker *operation.Picker, item json.RawMessage) (json.RawMessage, error) {
	switch {
	case c.flags[argFull]:
		masked, err := c.redactor().JSON(c.ctx, item)
		return secret.Compact(masked), err
	case !slimmable(c.op) || len(item) == 0 || item[0] != '{':
		return c.dense(item)
	}
	masked, err := c.redactor().JSON(c.ctx, item)
	if err != nil {
		return nil, err
	}
	slim := secret.Object{}
	for i, value := range picker.Pick(masked) {
		if value == nil {
			continue
		}
		if value = secret.Dense(value); !isEmpty(value) {
			slim = append(slim, secret.Member{Name: picker.Names()[i], Value: value})
		}
	}
	return slim.MarshalJSON()
}

// isEmpty tells whether a value says nothing: null, "", [] or {}. 0 and false
// say something.
func isEmpty(value json.RawMessage) bool {
	switch string(value) {
	case "null", `""`, "[]", "{}":
		return true
	}
	return false
}

// bounded is a buffer of JSON that takes no more than a result may have on the wire.
type bounded struct {
	bytes.Buffer
	left int
}

// Write implements [io.Writer].
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= wireJSON(p); b.left < 0 {
		return 0, tooLarge()
	}
	return b.Buffer.Write(p)
}

func tooLarge() error {
	return &proxyclient.Error{Code: proxyclient.CodeTooLarge, Sent: true,
		Message: fmt.Sprintf("the answer is above the %d MiB that a tool's result holds", maxResult>>20),
		Hint:    "ask for less: a smaller page, a narrower filter"}
}
