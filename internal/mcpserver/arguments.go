package mcpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// clientArguments are names that clients add to the arguments of every tool:
// n8n's agents (https://github.com/n8n-io/n8n/issues/21716), Cursor for a tool without
// arguments, SiYuan (https://github.com/siyuan-note/siyuan/issues/17927).
var clientArguments = []string{
	"toolCallId", "sessionId", "action", "chatInput", "tool", // n8n
	"random_string", // Cursor
	"_sessionID",    // SiYuan
}

// parse reads the arguments as they were meant: what the client filled in for what the
// model left out is dropped, and a value whose type alone is off becomes one of that type.
// Text stays text, and nothing inside an object is touched. Everything behind it (the dry
// run, the question, its answer) sees these arguments.
func (c *call) parse() error {
	args, err := c.object()
	if err != nil {
		return proxyclient.Wrap(c.op.Path, err)
	}
	if c.args = args; c.args == nil {
		c.args = operation.Args{}
	}
	c.dropClients()
	if c.args, err = c.op.Canonical(c.args); err != nil {
		return proxyclient.Wrap(c.op.Path, err)
	}
	if err := c.misnamed(); err != nil {
		return proxyclient.Wrap(c.op.Path, err)
	}
	for _, name := range slices.Concat(c.added, c.hidden) {
		value, given := c.args[name]
		delete(c.args, name)
		if !given {
			continue
		}
		if err := c.own(name, value); err != nil {
			return proxyclient.Wrap(c.op.Path, err)
		}
	}
	c.fields = slices.DeleteFunc(c.fields, isBlank)
	c.kept = c.op.KeptNote(c.op.Kept(c.args, c.dropUnset()))
	return proxyclient.Wrap(c.op.Path, c.blank())
}

// blank refuses texts of nothing but white space: as a name, nobody could type it, and as a
// filter, it is none. The body of a raw request may be anything.
func (c *call) blank() error {
	for _, f := range c.op.Fields() {
		value := c.args[f.Name]
		if c.op.Resource() == "http" || f.Kind != operation.KindString && f.Kind != operation.KindStrings {
			continue
		}
		if text := textOf(value); text != "" && isBlank(text) {
			return usage("{%s} is blank", f.Name)
		}
		var list []string
		if json.Unmarshal(value, &list) == nil && slices.ContainsFunc(list, func(text string) bool { return text != "" && isBlank(text) }) {
			return usage("{%s} has a blank item", f.Name)
		}
	}
	return nil
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// object is the arguments as one object; nil: there are none. Some clients send the object
// as a text, and an empty one as null, "" or [].
func (c *call) object() (args operation.Args, err error) {
	raw := bytes.TrimSpace(c.request.Params.RawArguments)
	if len(raw) == 0 && c.request.Params.Arguments != nil {
		// Not from the wire: a call within this process.
		raw = encode(c.request.Params.Arguments)
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		if raw = document(text); raw == nil {
			return nil, usage("the arguments must be a JSON object")
		}
	}
	if err := json.Unmarshal(raw, &args); err == nil || len(raw) == 0 || string(raw) == `""` || isEmptyList(raw) {
		return args, nil
	}
	return nil, usage("the arguments must be a JSON object")
}

func isEmptyList(raw json.RawMessage) bool {
	var list []json.RawMessage
	return json.Unmarshal(raw, &list) == nil && len(list) == 0
}

// dropClients drops the names that the client adds for itself. One that is close to an
// argument of the tool is a misspelling of that.
func (c *call) dropClients() {
	for _, name := range c.s.ignored {
		if _, given := c.args[name]; given && !c.takes(name) && !slices.Contains(c.names(), snake(name)) {
			delete(c.args, name)
		}
	}
}

// snake writes a name as the gateway does: sessionId as session_id.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' && i > 0 {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

func (c *call) takes(name string) bool {
	return c.op.Takes(name) || slices.Contains(c.added, name) || slices.Contains(c.hidden, name)
}

// names are the names of the operation's arguments.
func (c *call) names() (names []string) {
	for _, f := range c.op.Fields() {
		names = append(names, f.Property)
	}
	return names
}

// misnamed refuses a misspelling of one of our own arguments. All others are the
// operation's.
func (c *call) misnamed() error {
	ours := slices.Concat(c.added, c.hidden)
	for _, name := range slices.Sorted(maps.Keys(c.args)) {
		if c.takes(name) || c.op.Refusal(name) != "" {
			continue
		}
		best := nearest.Name(name, slices.Concat(c.names(), ours), nearest.Limit(name))
		if slices.Contains(ours, best) {
			return usage("unknown argument %q (did you mean %q?)", name, best)
		}
	}
	return nil
}

// own takes one of our own arguments.
func (c *call) own(name string, value json.RawMessage) error {
	into, kind := c.valueOf(name)
	switch text := string(value); {
	case text == "null" || text == `""`:
	case into != nil && kind == aText:
		if json.Unmarshal(asText(value), into) != nil {
			return usage("{%s} must be %s", name, kind)
		}
	case into != nil:
		if json.Unmarshal(asTexts(asDocument(value, '[')), into) != nil {
			return usage("{%s} must be %s", name, kind)
		}
	case text == "true" || text == `"true"`:
		c.flags[name] = true
	case text != "false" && text != `"false"`:
		return usage("{%s} must be true or false", name)
	}
	return nil
}

// aText and aList are the kinds of our own arguments that are no booleans.
const (
	aText = "a text"
	aList = `a list of texts, such as ["key_alias"]`
)

// valueOf returns where the value of one of our arguments goes that is no boolean, and what
// it must be.
func (c *call) valueOf(name string) (into any, kind string) {
	switch name {
	case argConfirmProfile:
		return &c.named, aText
	case argFields:
		return &c.fields, aList
	case argCursor:
		return &c.cursor, aText
	}
	return nil, ""
}

// dropUnset gives each value the type of its argument, and drops those that stand for
// none. It returns their names.
func (c *call) dropUnset() (unset []string) {
	for _, f := range c.op.Fields() {
		value, given := c.args[f.Name]
		if !given {
			continue
		}
		value = meant(f.Kind, value)
		c.args[f.Name] = value
		if f.Unset(value) {
			delete(c.args, f.Name)
			unset = append(unset, f.Name)
			if string(value) == `""` && f.Kind == operation.KindString {
				c.empty = append(c.empty, f.Property)
			}
		}
	}
	for _, f := range c.op.Fields() {
		value, given := c.args[f.Name]
		if f.Empty == "" || f.Empty == f.Name || !given || c.args[f.Empty] == nil {
			continue
		}
		if f.Empty = ""; f.Unset(value) {
			delete(c.args, f.Name)
		}
	}
	return unset
}

// meant returns a value as the type of its argument has it, where it can mean nothing
// else.
func meant(kind operation.Kind, value json.RawMessage) json.RawMessage {
	switch kind {
	case operation.KindString:
		return asText(value)
	case operation.KindInteger:
		return whole(asNumber(value))
	case operation.KindNumber:
		return asNumber(value)
	case operation.KindBoolean:
		if text := textOf(value); text == "true" || text == "false" {
			return json.RawMessage(text)
		}
	case operation.KindStrings:
		return asTexts(asDocument(value, '['))
	case operation.KindMessages:
		return asDocument(value, '[')
	case operation.KindObject, operation.KindPairs, operation.KindHeaders:
		return asDocument(value, '{')
	}
	return value
}

// textOf returns the text that a JSON value is, or "".
func textOf(value json.RawMessage) (text string) {
	_ = json.Unmarshal(value, &text)
	return text
}

// asNumber returns the number that a text is.
func asNumber(value json.RawMessage) json.RawMessage {
	if text := textOf(value); operation.IsNumber(text) {
		return json.RawMessage(text)
	}
	return value
}

// whole returns a whole number that is written as a fraction, such as 2.0, as an integer.
func whole(value json.RawMessage) json.RawMessage {
	n, err := strconv.ParseFloat(string(value), 64)
	if err == nil && n == math.Trunc(n) && math.Abs(n) < 1<<53 && bytes.ContainsAny(value, ".eE") {
		return strconv.AppendInt(nil, int64(n), 10)
	}
	return value
}

// asText returns a number as the text of its digits.
func asText(value json.RawMessage) json.RawMessage {
	if operation.IsNumber(string(value)) {
		return encode(string(value))
	}
	return value
}

// asTexts returns a list with its numbers as texts.
func asTexts(value json.RawMessage) json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil || !slices.ContainsFunc(list, func(item json.RawMessage) bool { return operation.IsNumber(string(item)) }) {
		return value
	}
	for i, item := range list {
		list[i] = asText(item)
	}
	return encode(list)
}

// asDocument returns the list or object that a text holds.
func asDocument(value json.RawMessage, first byte) json.RawMessage {
	if raw := document(textOf(value)); raw != nil && raw[0] == first {
		return raw
	}
	return value
}

// document returns the JSON list or object that a text is, or nil.
func document(text string) json.RawMessage {
	raw := []byte(strings.TrimSpace(text))
	if len(raw) == 0 || raw[0] != '[' && raw[0] != '{' || !json.Valid(raw) || outOfRange(raw) != "" {
		return nil
	}
	return raw
}

// describeNoTeam says in a tool's schema what an empty team means where a default team
// would be used.
func (s *Server) describeNoTeam(op *operation.Operation, schema string) string {
	f, ok := op.Field("team_id")
	if !ok || f.Empty == "" || s.team == "" {
		return schema
	}
	help := string(encode(f.Help))
	return strings.Replace(schema, help, string(encode(f.Help+`; "" for none, not the default `+operation.Name(s.team))), 1)
}

// noTeam is what a caller is told that leaves the default team out.
func (c *call) noTeam(env operation.Env) {
	if f, ok := c.op.Field("team_id"); ok && f.Empty != "" && env.Team != "" && string(c.args["team_id"]) == `""` {
		c.say(fmt.Sprintf("Without a team, because {team_id} is empty: the default team %s is not used.", operation.Name(env.Team)))
	}
}
