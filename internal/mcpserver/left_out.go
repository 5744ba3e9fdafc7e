package mcpserver

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

	"litellm-proxy/internal/excerpt"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// mostGaps is how many gaps an answer names.
const mostGaps = 8

// more is how a caller gets more, or less, in one answer.
const more = `full: true returns up to 30 times as much, fields: ["name"] only the fields you name`

// leftOut says what a fitted reply leaves out and which call has it, and returns the
// arguments that read it on.
func (c *call) leftOut(r *reply, f fitting, most int) (said []string, rest operation.Args) {
	if r.list != nil && r.list.remain(len(f.items)) > 0 {
		said = append(said, fmt.Sprintf("items: %d of %d on this page shown, see next", len(f.items), len(r.list.page.Items)-r.list.from))
	}
	if r.list != nil && r.list.next(len(f.items)) != nil && tooLong(c.args) {
		said = append(said, "next: the arguments of this call, which are too long to repeat; give them again beside it")
	}
	for i, gap := range f.gaps {
		if i == mostGaps {
			said = append(said, fmt.Sprintf("and %d more", len(f.gaps)-i))
			break
		}
		said = append(said, gap.String()+c.see(r, gap))
	}
	if len(said) == 0 {
		return nil, nil
	}
	switch {
	case c.ctx.Value(asResource{}) != nil:
		said = append(said, "a resource takes no arguments; the tool "+c.op.Tool()+" takes rest, and "+more)
	case !c.flags[argFull]:
		said = append(said, more)
	}
	if len(f.gaps) == 0 {
		return said, nil
	}
	if c.rereads(r) {
		at := place{From: c.at.From, Most: most, Gaps: excerpt.Digest(f.gaps)}
		return said, c.reading(c.args).With(argCursor, c.token(at, c.args))
	}
	if c.number == "" {
		c.number = rand.Text()
	}
	at := place{Kept: c.number, Write: r.write}
	return said, c.reading(keptArguments).With(argCursor, c.token(at, keptArguments))
}

// rereads reports whether the same call gives the answer again.
func (c *call) rereads(r *reply) bool {
	return !r.isError && c.prepared != nil && c.prepared.Effect() == operation.Read && !c.flags[argDryRun] && len(encode(c.args)) < room
}

// partLists are the tools that list the parts whose names are not those of a resource.
var partLists = map[string]string{"virtual_keys": "keys", "deployments": "models"}

// see names the call that lists a part of a thing: the list of that name, if it can be
// narrowed to the thing.
func (c *call) see(r *reply, gap excerpt.Gap) string {
	part := gap.Path[strings.LastIndexByte(gap.Path, '.')+1:]
	if other := partLists[part]; other != "" {
		part = other
	}
	list := c.s.ops.Find(strings.ReplaceAll(part, "_", "-") + " list")
	things := c.s.ops.Find(c.op.Resource() + " list")
	if gap.Of != excerpt.Items || list == nil || things == nil || things == list || things.Collection() == nil || !c.s.has(list.Tool()) {
		return ""
	}
	id := things.Collection().ID
	if _, narrows := list.Field(id); !narrows {
		return ""
	}
	value := c.identifier(r.body, id)
	if value == "" {
		return ""
	}
	return ", see " + list.Tool() + " " + list.PublicName(id) + "=" + operation.Name(value)
}

// identifier is the identifier of the thing that a call is about: of its arguments, or of
// its answer or a member of that.
func (c *call) identifier(body json.RawMessage, name string) string {
	if c.prepared != nil {
		if value := c.prepared.Args().String(name); value != "" {
			return value
		}
	}
	value := operation.Lookup(body, name)
	for _, within := range secret.Members(body) {
		if value == nil {
			value = operation.Lookup(within, name)
		}
	}
	return operation.Word(value)
}
