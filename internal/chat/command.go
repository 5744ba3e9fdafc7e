package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/plural"
)

// Help explains the commands of a conversation.
const Help = `/help          show this help
/model NAME    use another model
/models        list the models
/system TEXT   set the system prompt; /system alone removes it
/retry         ask for another answer to the last message
/clear         forget the conversation
/history       show the conversation
/cost          show tokens and cost
/save FILE     save the conversation as JSON to a new file
/load FILE     continue a saved conversation
/exit          end the chat (also Ctrl-D)

Anything else is a message, also /other words. To send a message that looks like a
command, double its slash: //help. Ctrl-C stops an answer. A line that ends with \
continues on the next line; """ begins and ends a message of several lines.`

// What follows a command: nothing, at most one word, one word, or any text.
const (
	alone = iota
	maybeWord
	oneWord
	anyText
)

var commands = map[string]int{
	"/help": alone, "/exit": alone, "/quit": alone, "/clear": alone, "/models": alone, "/cost": alone, "/retry": alone,
	"/history": alone, "/model": maybeWord, "/save": oneWord, "/load": oneWord, "/system": anyText,
}

// command splits a line into a command and its argument. A line that is not exactly a
// command is a message: "/quick question", "/help me", "/save the whales".
func command(line string) (name, argument string, is bool) {
	line = strings.TrimSpace(line)
	if strings.Contains(line, "\n") {
		return "", "", false
	}
	name, argument, _ = strings.Cut(line, " ")
	argument = strings.TrimSpace(argument)
	form, known := commands[name]
	words := len(strings.Fields(argument))
	switch {
	case !known, form == alone && words > 0, form == maybeWord && words > 1, form == oneWord && words != 1:
		return "", "", false
	}
	return name, argument, true
}

// unescaped removes the slash that makes a message of what would be a command.
func unescaped(text string) string {
	if rest, ok := strings.CutPrefix(text, "/"); ok {
		if _, _, is := command(rest); is {
			return rest
		}
	}
	return text
}

// run runs a command.
func (s *Session) run(ctx context.Context, name, argument string) error {
	say := s.Person.Say
	switch name {
	case "/help":
		say(Help)
	case "/retry":
		return s.retry(ctx)
	case "/clear":
		s.turns, s.unsent = nil, ""
		say("The conversation is forgotten.")
	case "/cost":
		if text := s.Cost(); text != "" {
			say(text)
		} else {
			say("Nothing was answered yet.")
		}
	case "/system":
		if s.System = argument; argument == "" {
			say("No system prompt is set.")
		} else {
			say("The system prompt is set.")
		}
	case "/history":
		say(s.history())
	case "/save":
		return s.save(argument)
	case "/load":
		return s.load(argument)
	case "/model", "/models":
		return s.models(ctx, argument)
	}
	return nil
}

// models lists the models, or selects one.
func (s *Session) models(ctx context.Context, name string) error {
	asking, stop := s.Person.Cancelable(ctx)
	defer stop()
	names, err := s.Gateway.Models(asking)
	switch {
	case stopped(ctx, asking):
		return nil
	case name == "" && err != nil:
		return err
	case name == "":
		for i, n := range names {
			if n == s.Model {
				names[i] += "  (in use)"
			}
		}
		s.Person.Say(strings.Join(names, "\n"))
		return nil
	}
	s.Model = name
	text := "The next message goes to " + name + "."
	if err == nil && !slices.Contains(names, name) {
		text += " The gateway does not list a model of that name."
	}
	s.Person.Say(text)
	return nil
}

// history is the conversation for a reader.
func (s *Session) history() string {
	lines := []string{}
	for _, m := range s.Messages() {
		lines = append(lines, m.Role+": "+m.Content)
	}
	if len(lines) == 0 {
		return "The conversation is empty."
	}
	return strings.Join(lines, "\n")
}

// maxSaved is the size of a file that is loaded.
const maxSaved = 64 << 20

// load replaces the conversation by a saved one.
func (s *Session) load(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var messages []Message
	if err := json.NewDecoder(io.LimitReader(f, maxSaved)).Decode(&messages); err != nil {
		return fmt.Errorf("%s is not a saved conversation: %w", name, err)
	}
	system := ""
	var turns []Message
	for i, m := range messages {
		switch {
		case m.Role == "system" && i == 0:
			system = m.Content
		case m.Role == "user" || m.Role == "assistant" || m.Role == "system":
			turns = append(turns, m)
		default:
			return fmt.Errorf("%s is not a saved conversation: message %d has the role %q", name, i+1, m.Role)
		}
	}
	s.System, s.turns, s.unsent = system, turns, ""
	s.Person.Say(fmt.Sprintf("Loaded %s from %s.", plural.Count(len(messages), "message"), name))
	return nil
}

// save writes the conversation to a new file that only its owner can read.
func (s *Session) save(name string) error {
	b, err := json.MarshalIndent(s.Messages(), "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; choose another name", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	s.Person.Say(fmt.Sprintf("Saved %s to %s.", plural.Count(len(s.Messages()), "message"), name))
	return nil
}

// amount writes a sum without an exponent, and without the digits that adding makes up.
func amount(n float64) string {
	n, _ = strconv.ParseFloat(strconv.FormatFloat(n, 'g', 12, 64), 64)
	return strconv.FormatFloat(n, 'f', -1, 64)
}
