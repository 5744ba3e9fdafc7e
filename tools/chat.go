package tools

import (
	"context"
	"encoding/json"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var chat = operation.Catalog{chatCompletions}

// chatTimeout is how long a model may take to answer.
const chatTimeout = 10 * time.Minute

type chatInput struct {
	Model            string              `json:"model" jsonschema:"required" help:"Model name" cli:"arg=1"`
	Messages         []operation.Message `json:"messages" jsonschema:"required,minItems=1" help:"Conversation so far" cli:"name=message,short=m"`
	Temperature      *float64            `json:"temperature" jsonschema:"minimum=0,maximum=2" help:"Sampling temperature" cli:"short=t"`
	TopP             *float64            `json:"top_p" jsonschema:"minimum=0,maximum=1" help:"Nucleus sampling probability"`
	N                operation.Count     `json:"n" help:"Number of answers to generate"`
	MaxTokens        operation.Count     `json:"max_tokens" help:"Limit of tokens to generate"`
	PresencePenalty  *float64            `json:"presence_penalty" jsonschema:"minimum=-2,maximum=2" help:"Penalty for tokens already used"`
	FrequencyPenalty *float64            `json:"frequency_penalty" jsonschema:"minimum=-2,maximum=2" help:"Penalty for tokens used often"`
	User             string              `json:"user" help:"ID of the customer (end user) to charge"`
	Stream           bool                `json:"stream" help:"Print the answer while it is generated"`
	operation.Extras
}

var chatCompletions = &operation.Operation{
	Path:    "chat completions",
	Summary: "Send a chat completion request to a model",
	Help:    "The call costs money and is charged to the key.",
	Examples: []string{
		`chat completions gpt-4o-mini -m "user:Hello, how are you?"`,
		`chat completions gpt-4o-mini -m "system:You are a helpful assistant" -m "user:Write a story" --temperature 0.7 --stream`,
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /chat/completions"},
	Consent: operation.Consent{Sensitive: sensitiveChat},
	Do:      operation.Func[chatInput](complete),
	Reveal:  []string{"choices"},
	Text:    "choices.*.message.content",
	View:    chatView,
}

func complete(ctx context.Context, call *operation.Call, in chatInput) (operation.Result, error) {
	r := proxyclient.Request{Method: "POST", Path: "/chat/completions", Body: operation.Encode(call.Body()), Timeout: chatTimeout}
	if !in.Stream {
		body, err := call.Client().JSON(ctx, r)
		return operation.Result{Body: body}, err
	}
	return streamed(ctx, call, r)
}

// streamed sends a request whose answer is a streamed chat completion.
func streamed(ctx context.Context, call *operation.Call, r proxyclient.Request) (operation.Result, error) {
	var answer completion
	err := call.Client().Stream(ctx, r, func(data []byte) error {
		words, err := answer.add(data)
		if err == nil && words != "" {
			call.Delta(words)
		}
		return err
	})
	if answer.Choices == nil {
		return operation.Result{}, err
	}
	return operation.Result{Body: operation.Encode(answer), Streamed: call.Streams()}, err
}

// completion is a streamed chat completion in the shape of one that was not streamed.
type completion struct {
	ID      string          `json:"id"`
	Object  string          `json:"object"`
	Created json.RawMessage `json:"created,omitempty"`
	Model   string          `json:"model"`
	Choices []choice        `json:"choices"`
	Usage   json.RawMessage `json:"usage,omitempty"`
}

type choice struct {
	Index        int             `json:"index"`
	Message      assistantTurn   `json:"message"`
	FinishReason json.RawMessage `json:"finish_reason"`
}

type assistantTurn struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// maxChoices bounds the memory that a stream can take.
const maxChoices = 1024

// add applies one chunk and returns the text it adds to the first choice.
func (c *completion) add(data []byte) (string, error) {
	var chunk struct {
		completion
		Choices []struct {
			Index int `json:"index"`
			Delta struct {
				Role    string `json:"role"`
				Content string `json:"content"`
			} `json:"delta"`
			// Message is the whole answer of a model that cannot stream.
			Message      assistantTurn   `json:"message"`
			FinishReason json.RawMessage `json:"finish_reason"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(data, &chunk); err != nil {
		return "", &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "a part of the streamed answer is not valid JSON"}
	}
	c.Object = "chat.completion"
	if chunk.ID != "" {
		c.ID, c.Model, c.Created = chunk.ID, chunk.Model, chunk.Created
	}
	if chunk.Usage != nil {
		c.Usage = chunk.Usage
	}
	words := ""
	for _, part := range chunk.Choices {
		if part.Index < 0 || part.Index >= maxChoices {
			return words, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the streamed answer has a choice with an invalid index"}
		}
		for len(c.Choices) <= part.Index {
			c.Choices = append(c.Choices, choice{Index: len(c.Choices), Message: assistantTurn{Role: "assistant"}})
		}
		to := &c.Choices[part.Index]
		text := part.Delta.Content + part.Message.Content
		to.Message.Content += text
		if part.Delta.Role != "" {
			to.Message.Role = part.Delta.Role
		}
		if operation.NoNull(part.FinishReason) != nil {
			to.FinishReason = part.FinishReason
		}
		if part.Index == 0 {
			words += text
		}
	}
	return words, nil
}
