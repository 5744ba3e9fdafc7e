package mcpserver

// say adds a sentence to the notes of the call's answer, whatever that turns out to be: a
// result, a dry run, a refusal or an error. It stands in the text and in the structured
// content. {name} becomes the word of this surface.
func (c *call) say(sentence string) { c.notes = append(c.notes, c.note(sentence)) }
