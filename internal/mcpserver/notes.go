package mcpserver

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
)

// say adds a sentence to the notes of the call's answer, whatever that turns out to be: a
// result, a dry run, a refusal or an error. It stands in the text and in the structured
// content. {name} becomes the word of this surface.
func (c *call) say(sentence string) { c.notes = append(c.notes, c.note(sentence)) }

// tell puts the notes of the call into a result that has no notes yet.
func (c *call) tell(result *mcp.CallToolResult) {
	if result == nil || len(c.notes) == 0 || len(result.Content) == 0 {
		return
	}
	text, isText := result.Content[0].(mcp.TextContent)
	structured, _ := result.StructuredContent.(json.RawMessage)
	top, isObject := members(structured)
	if !isText || !isObject {
		return
	}
	text.Text = strings.Join(append(slices.Clone(c.notes), text.Text), "\n")
	notes := c.notes
	var more []string
	if json.Unmarshal(operation.Lookup(structured, "notes"), &more) == nil {
		notes = append(slices.Clone(notes), more...)
		top = slices.DeleteFunc(top, func(m member) bool { return m.name == "notes" })
	}
	result.Content[0] = text
	result.StructuredContent = object(append([]member{{"notes", encode(notes)}}, top...))
}
