// Package chat is a conversation with a model: its turns, its commands and its cost. It
// knows neither the terminal nor the gateway's API.
package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"litellm-proxy/internal/plural"
)

// Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Answer is what a model answered.
type Answer struct {
	Text string
	// In and Out are the tokens of the request and of the answer, if Counted.
	In, Out int
	Counted bool
	// Cost is in US dollars; nil if the gateway did not tell.
	Cost *float64
	// Cut says that the answer ends at the limit of tokens, not where the model would end it.
	Cut bool
}

// Gateway answers the messages.
type Gateway interface {
	// Complete sends a conversation and hands over the words of the answer as they come.
	// With an error, the answer has what came before it.
	Complete(ctx context.Context, model string, messages []Message, words func(string)) (Answer, error)
	// Models returns the names of the models that the caller may use.
	Models(ctx context.Context) ([]string, error)
}

// Person is who talks to the model.
type Person interface {
	// Read returns the next input. [io.EOF] ends the conversation, and so does
	// [ErrInterrupted] the second time in a row.
	Read(ctx context.Context) (Input, error)
	// Words shows a part of an answer, End its end. An error ends the conversation: nobody
	// reads the answers.
	Words(text string) error
	End() error
	// Say shows a sentence or a list.
	Say(text string)
	// Fail shows an error after which the conversation goes on.
	Fail(err error)
	// Cancelable returns a context that the person can cancel alone.
	Cancelable(ctx context.Context) (context.Context, context.CancelFunc)
}

// Input is a message, or a command if it is one line and commands are allowed.
type Input struct {
	Text string
	// Plain means that the text is a message, whatever it looks like.
	Plain bool
}

// ErrInterrupted is a Ctrl-C at the prompt.
var ErrInterrupted = errors.New("interrupted")

// Session is one conversation.
type Session struct {
	Gateway Gateway
	Person  Person
	// Model and System are the model and the system prompt of the next message.
	Model, System string
	// Strict ends the conversation at the first failure.
	Strict bool

	turns  []Message // without the system prompt
	unsent string    // the message that got no answer, for /retry
	unread bool      // nobody reads the answers
	cost   cost
}

// Run talks until the person ends the conversation. It returns the failure that ended a
// strict one, and [ErrInterrupted] if the person ended it so.
func (s *Session) Run(ctx context.Context) error {
	interrupted := false
	for {
		in, err := s.Person.Read(ctx)
		switch {
		case errors.Is(err, ErrInterrupted) && !interrupted:
			interrupted = true
			s.Person.Say("Press Ctrl-C again or Ctrl-D to end the chat.")
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		interrupted = false
		if strings.TrimSpace(in.Text) == "" {
			continue
		}
		done, err := s.handle(ctx, in)
		if done || s.unread || err != nil && (s.Strict || ctx.Err() != nil) {
			return err
		}
		if err != nil {
			s.Person.Fail(err)
		}
	}
}

// handle runs a command or sends a message, and reports whether the conversation is over.
func (s *Session) handle(ctx context.Context, in Input) (done bool, err error) {
	name, argument, is := "", "", false
	if !in.Plain {
		name, argument, is = command(in.Text)
	}
	if !is {
		text := in.Text
		if !in.Plain {
			text = unescaped(text)
		}
		return false, s.send(ctx, text)
	}
	if name == "/exit" || name == "/quit" {
		return true, nil
	}
	return false, s.run(ctx, name, argument)
}

// send sends a message and keeps the turn if it was answered.
func (s *Session) send(ctx context.Context, text string) error {
	turns := append(slices.Clone(s.turns), Message{"user", text})
	messages := turns
	if s.System != "" {
		messages = append([]Message{{"system", s.System}}, turns...)
	}
	asking, stop := s.Person.Cancelable(ctx)
	defer stop()
	shown := false
	var lost error
	answer, err := s.Gateway.Complete(asking, s.Model, messages, func(words string) {
		shown = true
		if lost == nil {
			if lost = s.Person.Words(words); lost != nil {
				stop()
			}
		}
	})
	if shown && lost == nil {
		lost = s.Person.End()
	}
	s.cost.add(answer, err == nil || answer.Text != "")
	if s.unread = lost != nil; s.unread {
		return lost
	}
	canceled := stopped(ctx, asking)
	if s.unsent = text; answer.Text != "" && (err == nil || canceled) {
		s.turns, s.unsent = append(turns, Message{"assistant", answer.Text}), ""
	}
	switch {
	case canceled && !shown: // the line has the ^C
		s.Person.Say("\nStopped. /retry asks again.")
		return nil
	case canceled:
		s.Person.Say("Stopped. /retry asks again.")
		return nil
	case err == nil && answer.Cut:
		s.Person.Say("The answer was cut at the limit of tokens.")
	case err == nil && answer.Text == "":
		s.Person.Say("The answer has no text.")
	}
	return err
}

// stopped reports whether the person canceled the answer alone.
func stopped(ctx, asking context.Context) bool { return asking.Err() != nil && ctx.Err() == nil }

// retry asks for another answer to the last message.
func (s *Session) retry(ctx context.Context) error {
	text, before := s.unsent, s.turns
	if n := len(s.turns); text == "" && n >= 2 && s.turns[n-2].Role == "user" {
		text = s.turns[n-2].Content
		s.turns = s.turns[:n-2]
	}
	if text == "" {
		s.Person.Say("There is no message to send again.")
		return nil
	}
	err := s.send(ctx, text)
	if len(s.turns) < len(before) { // without a new answer, the old one stays
		s.turns, s.unsent = before, ""
	}
	return err
}

// Messages returns the conversation so far, with the system prompt.
func (s *Session) Messages() []Message {
	out := []Message{}
	if s.System != "" {
		out = append(out, Message{"system", s.System})
	}
	return append(out, s.turns...)
}

// Cost describes what the conversation cost, as far as the gateway told, or returns "" if
// nothing was answered.
func (s *Session) Cost() string { return s.cost.String() }

// cost adds up answers.
type cost struct {
	answers, in, out, counted, priced int
	dollars                           float64
}

func (c *cost) add(a Answer, came bool) {
	if !came {
		return
	}
	c.answers++
	if a.Counted {
		c.counted++
		c.in, c.out = c.in+a.In, c.out+a.Out
	}
	if a.Cost != nil {
		c.priced++
		c.dollars += *a.Cost
	}
}

// String implements [fmt.Stringer].
func (c *cost) String() string {
	if c.answers == 0 {
		return ""
	}
	text := plural.Count(c.answers, "answer")
	switch {
	case c.counted == 0:
		text += "; tokens unknown"
	default:
		text += fmt.Sprintf("; %s in, %d out", plural.Count(c.in, "token"), c.out)
	}
	switch {
	case c.priced == 0:
		return text + "; cost unknown"
	case c.priced < c.answers:
		return text + fmt.Sprintf("; at least %s US dollars (cost of %d unknown)", amount(c.dollars), c.answers-c.priced)
	}
	return text + "; " + amount(c.dollars) + " US dollars"
}
