package mcpserver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/excerpt"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// What clients show of an answer differs: some only the structured content, some only the
// text, none all of a large one. So each of the two says everything, within a bound.
const (
	// bound is the size of each of the two on the wire.
	bound = 16 << 10
	// codexBound is that for Codex, which cuts the middle out of 12,000 characters when it
	// does not know the model, as behind a gateway: items would be lost, and next goes on
	// after them.
	codexBound = 11 << 10
	// fullBound is that with full: a message stays below 1 MiB, where the Python SDK ends a
	// stream.
	fullBound = 500 << 10
	// longest is the size up to which a sentence is shown whole.
	longest = 3500
)

// reply is what a call answers, before it is fitted to the bound.
type reply struct {
	isError bool
	// done is what a write did.
	done string
	// words are further lines of the text: an error, a question. last come after the notes.
	words, last string
	notes       []string
	said        []string // notes that words say already
	failed      []operation.Failure
	keys        []operation.NewKey
	// own are members of ours, in this order before those of the answer.
	own []own
	// body is the gateway's answer, an object or another value; nil: none. plain means that
	// it is a text which the reader is shown as it is.
	body  json.RawMessage
	plain bool
	list  *listing
	// write means that something was sent that changes something.
	write bool
}

// own is a member of a reply that is not the gateway's. say makes its lines; nil: those of
// any value.
type own struct {
	member
	say func(json.RawMessage) string
}

// unsaid is for members that other lines of the text say.
func unsaid(json.RawMessage) string { return "" }

// ownNames are the members that any answer of ours may have. A gateway's answer with one of
// them is put into the member answer, so that neither hides the other.
var ownNames = []string{"done", "notes", "left_out", "rest", "answer"}

// most is the bound of the call's answer.
func (c *call) most() int {
	if c.flags[argFull] {
		return fullBound
	}
	if c.forCodex() {
		return codexBound
	}
	return bound
}

// forCodex tells whether the caller is Codex.
func (c *call) forCodex() bool {
	return strings.HasPrefix(clientInfo(c.ctx).Name, "codex")
}

// fit makes the result of a reply: what it has to say, within the bound.
func (c *call) fit(r *reply) *mcp.CallToolResult {
	c.collect(r)
	if c.at.reads() {
		return c.readOn(r)
	}
	result := c.fitted(r)
	if r.keys = c.hiddenKeys(result); len(r.keys) > 0 {
		result = c.fitted(r)
	}
	return result
}

// fitted brings a reply within the bound. Only new keys may exceed it: they are never left
// out.
func (c *call) fitted(r *reply) *mcp.CallToolResult {
	most := c.most()
	for i, k := range r.keys {
		r.keys[i].Alias = clip(k.Alias, 200)
		most += 2*len(k.Key) + len(k.Hash) + 2*len(r.keys[i].Alias) + 100
	}
	most = min(most, fullBound)
	for share := most; ; share = share * 4 / 5 {
		f := c.cut(r, share)
		leftOut, rest := c.leftOut(r, f, share)
		text := c.lay(r, f, leftOut, rest)
		structured := compose(r, f, leftOut, rest)
		if share > bound/20 && (excerpt.WireText([]byte(text)) > most || excerpt.WireJSON(structured) > most) {
			continue
		}
		if err := c.reserve(len(text) + len(structured)); err != nil {
			return c.failed(err)
		}
		if c.number != "" {
			c.s.rests.put(c.number, f.gaps)
		}
		return answer(text, structured, r.isError)
	}
}

// collect brings what is said beside an answer to its place and size.
func (c *call) collect(r *reply) {
	r.done = clip(r.done, longest)
	r.notes = operation.Unique(slices.Concat(c.notes, r.notes, r.said))
	for i, note := range r.notes {
		r.notes[i] = clip(note, longest)
	}
	top, isObject := members(r.body)
	names := slices.Clone(ownNames)
	for _, o := range r.own {
		names = append(names, o.name)
	}
	if isObject && slices.ContainsFunc(top, func(m member) bool { return slices.Contains(names, m.name) }) {
		r.body = object([]member{{"answer", r.body}})
	}
	if r.body != nil && r.body[0] != '{' {
		r.body = object([]member{{"result", r.body}})
	}
	ranked, _ := excerpt.Ranked(r.body, c.first())
	if r.body != nil {
		r.body = excerpt.Object(ranked)
	}
}

// hiddenKeys are the new keys that a result does not show.
func (c *call) hiddenKeys(result *mcp.CallToolResult) []operation.NewKey {
	structured, _ := result.StructuredContent.(json.RawMessage)
	return slices.DeleteFunc(slices.Clone(c.fresh), func(k operation.NewKey) bool {
		return strings.Contains(string(structured), string(encode(k.Key)))
	})
}

// fitting is a reply cut to a size: what is ours, the answer or the items of a list, and what is
// left out of them.
type fitting struct {
	heads      []own
	ours, body json.RawMessage
	items      []json.RawMessage
	gaps       []excerpt.Gap
	most       int
}

// room is kept for what is said about what is left out.
const room = 1200

// cut is a reply in about most bytes.
func (c *call) cut(r *reply, most int) fitting {
	f := fitting{heads: heads(r), most: most}
	left := most - room - min(excerpt.WireText([]byte(r.words)), most/2)
	if r.list != nil {
		left -= 2 * excerpt.WireText(encode(r.list.next(0)))
	}
	forBody := min(left/2, excerpt.WireText(r.body))
	if r.list != nil {
		forBody += left / 4
	}
	take := func(value json.RawMessage, most int, first excerpt.First) json.RawMessage {
		cut, gaps := excerpt.Cut(value, "", most, first)
		f.gaps = append(f.gaps, gaps...)
		left -= excerpt.WireText(cut)
		return cut
	}
	f.ours = take(headObject(f.heads), left-forBody, func(string) bool { return true })
	if r.body != nil && r.list != nil {
		f.body = take(r.body, left/2, c.first())
	} else if r.body != nil {
		f.body = take(r.body, left, c.first())
	}
	if r.list != nil {
		items, gaps := r.list.take(left)
		f.items, f.gaps = items, append(f.gaps, gaps...)
	}
	return f
}

// heads are the members that come before an answer.
func heads(r *reply) []own {
	var list []own
	add := func(name string, value any, say func(json.RawMessage) string) {
		list = append(list, own{member{name, encode(value)}, say})
	}
	if len(r.keys) > 0 {
		add("new_keys", keyList(r.keys), unsaid)
	}
	if r.done != "" {
		add("done", r.done, unsaid)
	}
	if len(r.notes) > 0 {
		add("notes", r.notes, func(list json.RawMessage) string {
			var b strings.Builder
			for note := range secret.Elements(list) {
				if text := secret.Unquote(note); !slices.Contains(r.said, text) {
					b.WriteString(text + "\n")
				}
			}
			return b.String()
		})
	}
	list = append(list, r.own...)
	if len(r.failed) > 0 {
		add("failed", r.failed, func(list json.RawMessage) string {
			var b strings.Builder
			for f := range secret.Elements(list) {
				fmt.Fprintf(&b, "failed: %s: %s\n", operation.Word(operation.Lookup(f, "what")), operation.Word(operation.Lookup(f, "why")))
			}
			return b.String()
		})
	}
	return list
}

func headObject(list []own) json.RawMessage {
	top := make([]member, len(list))
	for i, o := range list {
		top[i] = o.member
	}
	return object(top)
}

// lay is the text of a reply.
func (c *call) lay(r *reply, f fitting, leftOut []string, rest operation.Args) string {
	var b strings.Builder
	line := func(text string) {
		if text = strings.TrimSuffix(text, "\n"); text != "" {
			b.WriteString(text + "\n")
		}
	}
	line(keyLines(r.keys))
	line(r.done)
	if r.list != nil {
		line(r.list.head(len(f.items)))
	}
	line(excerpt.Short(r.words, f.most/2))
	for _, o := range f.heads {
		switch value := operation.Lookup(f.ours, o.name); {
		case value == nil:
		case o.say != nil:
			line(o.say(value))
		default:
			line(excerpt.Lines(object([]member{{o.name, value}})))
		}
	}
	for _, gap := range leftOut {
		if gap != more {
			gap = "Left out: " + gap
		}
		line(gap)
	}
	if rest != nil {
		line("rest: " + string(encode(rest)))
	}
	line(r.last)
	if r.plain {
		line(secret.Unquote(operation.Lookup(f.body, "result")))
	} else if r.body != nil {
		line(excerpt.Lines(f.body))
	}
	for _, item := range f.items {
		line(excerpt.Item(item))
	}
	return excerpt.Fold(strings.TrimSuffix(b.String(), "\n"))
}

// compose is the structured content of a reply.
func compose(r *reply, f fitting, leftOut []string, rest operation.Args) json.RawMessage {
	top, _ := members(f.ours)
	if r.list != nil {
		top = append(top, r.list.facts(len(f.items))...)
	}
	if len(leftOut) > 0 {
		top = append(top, member{"left_out", encode(leftOut)})
	}
	if rest != nil {
		top = append(top, member{"rest", encode(rest)})
	}
	body, _ := members(f.body)
	top = append(top, body...)
	if r.list != nil {
		top = append(top, member{"items", array(f.items)})
	}
	return object(top)
}

// array is values as a JSON array.
func array(values []json.RawMessage) json.RawMessage {
	out := []byte{'['}
	for i, value := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, value...)
	}
	return append(out, ']')
}

// clip is a text of at most most bytes, with a mark where it was longer.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-40], "") + fmt.Sprintf("… (of %d characters)", utf8.RuneCountInString(text))
}

// errorOf is the member for an error.
func errorOf(e *proxyclient.Error) own {
	shown := *e
	shown.Message, shown.Hint = clip(e.Message, longest), clip(e.Hint, longest)
	return own{member{"error", encode(&shown)}, unsaid}
}
