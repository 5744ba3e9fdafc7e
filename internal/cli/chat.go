package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/chat"
	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// chatCommands is "chat", beside the operation "chat completions".
func chatCommands() []local {
	return []local{{path: "chat", summary: "Chat with a model", writes: true, bind: bindChat}}
}

// chatRun is one run of "chat": the gateway of a conversation.
type chatRun struct {
	*app
	client            *proxyclient.Client
	complete, models  *operation.Operation
	session           string
	system, maxTokens string
	temperature       string
}

func bindChat(a *app, cmd *cobra.Command) {
	c := &chatRun{app: a, complete: a.Operations.Find("chat completions"), models: a.Operations.Find("models list")}
	cmd.Use = "chat [<model>]"
	cmd.Long = `Chat with a model. The answer is shown while it is generated, and every message is sent
with the conversation so far. Each answer costs money and is charged to the key.

At a terminal, /help lists the commands, Ctrl-C stops an answer and Ctrl-D ends the chat.
Without <model>, choose one from a list. Without a terminal, each line of standard input
is a message, answers go to standard output, and the first failure ends the chat.

Nothing is stored on this machine. The gateway logs the requests under a session ID,
which spend session shows. Parameters that you omit are not sent.`
	cmd.Example = `  litellm-proxy chat gpt-4o-mini
  litellm-proxy chat gpt-4o-mini -s "Answer in one sentence" -t 0.2
  echo "Hello, how are you?" | litellm-proxy chat gpt-4o-mini`
	f := cmd.Flags()
	f.StringVarP(&c.temperature, "temperature", "t", "", "Sampling temperature from 0 to 2 (a `number`; default: the model's)")
	f.StringVar(&c.maxTokens, "max-tokens", "", "Limit of tokens to generate for an answer, a whole `number`")
	f.StringVarP(&c.system, "system", "s", "", "System prompt, a `text`")
	cmd.Args = nil
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	// A misspelled command is the fault, not its flags.
	misspelled := c.misspelled(cmd, a.after("chat"))
	cmd.FParseErrWhitelist.UnknownFlags = misspelled
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		e := operation.AsError(a.flagError(cmd, err))
		if strings.HasSuffix(err.Error(), "-m") || strings.Contains(err.Error(), "--message") {
			e.Hint = "to send one message, run " + program + " chat completions <model> -m user:…"
		}
		return e
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if misspelled || len(args) == 1 && cmd.ArgsLenAtDash() != 0 && c.misspelled(cmd, args[0]) {
			err := operation.AsError(a.group(cmd, args))
			err.Hint = "to chat with a model of that name, run " + program + " chat -- " + args[0]
			return err
		}
		return c.run(cmd.Context(), args)
	}
}

// after returns the argument behind the first that is a word, or "".
func (a *app) after(word string) string {
	if i := slices.Index(a.Args, word); i >= 0 && i+1 < len(a.Args) {
		return a.Args[i+1]
	}
	return ""
}

// misspelled reports whether a word is more likely a command than a model.
func (c *chatRun) misspelled(cmd *cobra.Command, word string) bool {
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	return word != "" && !strings.HasPrefix(word, "-") && len(cmd.SuggestionsFor(word)) > 0
}

func (c *chatRun) run(ctx context.Context, args []string) (err error) {
	model := ""
	switch {
	case len(args) > 1:
		return usageError(fmt.Sprintf("chat takes one model; remove %q, or put the message into standard input", args[1]))
	case len(args) == 1:
		model = args[0]
	case c.Terminal == nil:
		return usageError("chat needs a model: litellm-proxy chat <model>")
	}
	c.op = c.complete
	arguments, err := c.arguments(model, []chat.Message{{Role: "user", Content: "-"}})
	if err != nil {
		return err
	}
	if arguments["model"] = operation.Encode("-"); model != "" {
		arguments["model"] = operation.Encode(model)
	}
	if err := c.complete.Validate(arguments); err != nil {
		operation.AsError(err).Hint = "see " + program + " chat --help"
		return err
	}
	if c.client, err = c.app.client(); err != nil {
		return err
	}
	if err := c.guard(ctx); err != nil {
		return err
	}
	c.client = c.client.WithChangedBy(config.Person(c.Getenv, os.Hostname))
	person, end := c.person()
	defer end()
	if model == "" {
		if model, err = c.choose(ctx, person); err != nil {
			return err
		}
	}
	c.session = "chat-" + strings.ToLower(rand.Text())
	s := &chat.Session{Gateway: c, Person: person, Model: model, System: c.system, Strict: c.Terminal == nil}
	if c.Terminal != nil {
		person.Say(fmt.Sprintf("Chatting with %s at %s. /help lists the commands, Ctrl-D ends the chat.", model, c.client.BaseURL()))
	}
	err = s.Run(ctx)
	if cost := s.Cost(); cost != "" {
		c.note("%s. Details: %s spend session %s", cost, program, c.session)
	}
	if errors.Is(err, chat.ErrInterrupted) {
		return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "The chat was ended with Ctrl-C", Err: context.Canceled}
	}
	return err
}

// arguments are those of chat completions.
func (c *chatRun) arguments(model string, messages []chat.Message) (operation.Args, error) {
	args := operation.Args{"model": operation.Encode(model), "messages": operation.Encode(messages), "stream": json.RawMessage("true")}
	for _, given := range []struct{ name, text string }{{"temperature", c.temperature}, {"max_tokens", c.maxTokens}} {
		if given.text == "" {
			continue
		}
		f, _ := c.complete.Field(given.name)
		value, err := number(given.text, f.Kind)
		if err != nil {
			return nil, usageError("--" + f.Flag + ": " + err.Error())
		}
		args[given.name] = value
	}
	return args, nil
}

// Complete implements [chat.Gateway].
func (c *chatRun) Complete(ctx context.Context, model string, messages []chat.Message, words func(string)) (chat.Answer, error) {
	args, err := c.arguments(model, messages)
	if err != nil {
		return chat.Answer{}, err
	}
	args[operation.ExtraField] = operation.Encode(map[string]any{
		"stream_options":     map[string]bool{"include_usage": true}, // with it, a stream tells its cost
		"litellm_session_id": c.session,
	})
	prepared, err := operation.Prepare(ctx, operation.Env{Client: c.client, Delta: words}, c.complete, args)
	if err != nil {
		return chat.Answer{}, err
	}
	prepared.Waive()
	result, err := prepared.Run(ctx)
	if err == nil { // an interrupt has no part in it
		c.writes.Store(0)
		c.answers.Add(1)
	}
	return answerOf(result.Body), err
}

// answerOf reads a completion.
func answerOf(body json.RawMessage) chat.Answer {
	var completion struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
			FinishReason string `json:"finish_reason"`
		} `json:"choices"`
		Usage *struct {
			In   int      `json:"prompt_tokens"`
			Out  int      `json:"completion_tokens"`
			Cost *float64 `json:"cost"`
		} `json:"usage"`
	}
	_ = json.Unmarshal(body, &completion)
	var answer chat.Answer
	if len(completion.Choices) > 0 {
		answer.Text = completion.Choices[0].Message.Content
		answer.Cut = completion.Choices[0].FinishReason == "length"
	}
	if u := completion.Usage; u != nil {
		answer.In, answer.Out, answer.Counted, answer.Cost = u.In, u.Out, true, u.Cost
	}
	return answer
}

// Models implements [chat.Gateway].
func (c *chatRun) Models(ctx context.Context) ([]string, error) {
	prepared, err := operation.Prepare(ctx, operation.Env{Client: c.client}, c.models, operation.Args{})
	if err != nil {
		return nil, err
	}
	result, err := prepared.Run(ctx)
	if err != nil || result.Page == nil {
		return nil, err
	}
	var names []string
	for _, item := range result.Page.Items {
		names = append(names, operation.Word(operation.Lookup(item, "id")))
	}
	return names, nil
}

// choose asks for one of the models.
func (c *chatRun) choose(ctx context.Context, person chat.Person) (string, error) {
	names, err := c.Models(ctx)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "your key may use no model, or the gateway has none"}
	}
	var list strings.Builder
	for i, name := range names {
		fmt.Fprintf(&list, "%3d  %s\n", i+1, name)
	}
	person.Say(list.String() + "Model, by number or name:")
	for {
		in, err := person.Read(ctx)
		switch text := strings.TrimSpace(in.Text); {
		case err != nil && ctx.Err() == nil:
			return "", usageError("no model was chosen; nothing was sent")
		case err != nil:
			return "", err
		case slices.Contains(names, text):
			return text, nil
		case text != "":
			if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(names) {
				return names[n-1], nil
			}
			person.Say(fmt.Sprintf("There is no model %q; enter a number from 1 to %d or a name from the list.", text, len(names)))
		}
	}
}
