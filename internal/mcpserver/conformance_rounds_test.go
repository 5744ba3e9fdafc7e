package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// Fixtures of the 2026-07-28 part of the suite, where a server asks by answering that it
// needs input, and the client calls again with it.

// round is one question of a fixture.
type round struct{ id, method string }

// rounds are the questions of each fixture, all in one answer; those of multi_round come
// one after the other, and the state shows which was the last.
var rounds = map[string][]round{
	"test_input_required_result_elicitation":     {{"user_name", "elicitation/create"}},
	"test_input_required_result_sampling":        {{"capital_question", "sampling/createMessage"}},
	"test_input_required_result_list_roots":      {{"client_roots", "roots/list"}},
	"test_input_required_result_request_state":   {{"confirm", "elicitation/create"}},
	"test_input_required_result_tampered_state":  {{"confirm", "elicitation/create"}},
	"test_input_required_result_capabilities":    {{"user_name", "elicitation/create"}, {"greeting", "sampling/createMessage"}, {"client_roots", "roots/list"}},
	"test_input_required_result_multiple_inputs": {{"user_name", "elicitation/create"}, {"greeting", "sampling/createMessage"}, {"client_roots", "roots/list"}},
	"test_input_required_result_multi_round":     {{"step1", "elicitation/create"}, {"step2", "elicitation/create"}},
	"test_streaming_elicitation":                 {{"user_name", "elicitation/create"}},
	"test_input_required_result_prompt":          {{"user_context", "elicitation/create"}},
}

// roundState is what the fixtures hand their client; it does not bear a change.
func roundState(step string) string { return "state-of-" + step }

// ask adds one question to an answer.
func (r round) ask(b *server.InputRequestBuilder) {
	switch r.method {
	case "elicitation/create":
		b.Elicit(r.id, mcp.ElicitationParams{Message: "Please answer", RequestedSchema: json.RawMessage(`{"type":"object","properties":{"name":{"type":"string"}}}`)})
	case "sampling/createMessage":
		b.Sample(r.id, mcp.CreateMessageParams{MaxTokens: 100, Messages: []mcp.SamplingMessage{
			{Role: mcp.RoleUser, Content: mcp.TextContent{Type: "text", Text: "What is the capital of France?"}}}})
	default:
		b.Roots(r.id)
	}
}

// answered tells whether the client's input holds an answer that can be read.
func (r round) answered(all mcp.InputResponses) bool {
	switch r.method {
	case "elicitation/create":
		return server.ElicitationResponse(all, r.id) != nil
	case "sampling/createMessage":
		return server.SamplingResponse(all, r.id) != nil
	}
	return server.RootsResponse(all, r.id) != nil
}

// next is what a fixture asks next; nil when it has all it needs.
func next(ctx context.Context, name string, p mcp.MultiRoundTripParams) (*server.InputRequestBuilder, error) {
	questions := rounds[name]
	if strings.HasSuffix(name, "multi_round") {
		for i, q := range slices.Backward(questions) {
			if p.RequestState == roundState(q.id) && q.answered(p.InputResponses) {
				questions = questions[i+1:]
				break
			}
		}
		questions = questions[:min(1, len(questions))]
	} else if len(p.InputResponses) > 0 && p.RequestState != "" && p.RequestState != roundState(name) {
		return nil, errors.New("the state is not one of this server")
	}
	if strings.HasSuffix(name, "capabilities") {
		questions = slices.DeleteFunc(slices.Clone(questions), func(q round) bool { return !declared(ctx, q.method) })
	}
	if !slices.ContainsFunc(questions, func(q round) bool { return !q.answered(p.InputResponses) }) {
		return nil, nil
	}
	state := roundState(name)
	if strings.HasSuffix(name, "multi_round") {
		state = roundState(questions[0].id)
	}
	b := server.NewInputRequestBuilder(state)
	for _, q := range questions {
		q.ask(b)
	}
	return b, nil
}

// declared tells whether the client can answer a question.
func declared(ctx context.Context, method string) bool {
	info := server.RequestProtocolInfoFromContext(ctx)
	if info == nil || info.ClientCapabilities == nil {
		return false
	}
	switch method {
	case "elicitation/create":
		return info.ClientCapabilities.Elicitation != nil
	case "sampling/createMessage":
		return info.ClientCapabilities.Sampling != nil
	}
	return info.ClientCapabilities.Roots != nil
}

func roundFixtures(s *Server) {
	const prompt = "test_input_required_result_prompt"
	for name := range rounds {
		if name == prompt {
			continue
		}
		s.mcp.AddTool(mcp.NewTool(name, mcp.WithDescription("Fixture of the conformance suite")),
			func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				b, err := next(ctx, name, request.Params.MultiRoundTripParams)
				switch {
				case err != nil:
					return nil, err
				case b != nil:
					return b.ToolResult(), nil
				}
				return mcp.NewToolResultText("complete: state-ok"), nil
			})
	}
	s.mcp.AddPrompt(mcp.NewPrompt(prompt, mcp.WithPromptDescription("Fixture of the conformance suite")),
		func(ctx context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			b, err := next(ctx, prompt, request.Params.MultiRoundTripParams)
			switch {
			case err != nil:
				return nil, err
			case b != nil:
				return b.PromptResult(), nil
			}
			return &mcp.GetPromptResult{Messages: []mcp.PromptMessage{{Role: mcp.RoleUser, Content: mcp.TextContent{Type: "text", Text: "complete"}}}}, nil
		})
}

// statelessFixtures are for what a client declares with each request.
func statelessFixtures(s *Server) {
	add := func(name string, run func(context.Context, mcp.CallToolRequest) error) {
		s.mcp.AddTool(mcp.NewTool(name, mcp.WithDescription("Fixture of the conformance suite")),
			func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				if err := run(ctx, request); err != nil {
					return nil, err
				}
				return mcp.NewToolResultText("done"), nil
			})
	}
	add("test_missing_capability", func(ctx context.Context, _ mcp.CallToolRequest) error {
		if !declared(ctx, "sampling/createMessage") {
			return mcp.MissingRequiredClientCapabilityError{Capability: "sampling"}
		}
		return nil
	})
	// Nobody asked for a log.
	add("test_logging_tool", func(context.Context, mcp.CallToolRequest) error { return nil })
	add("test_trigger_tool_change", func(context.Context, mcp.CallToolRequest) error {
		fixture(s, "test_changed", contents())
		s.mcp.DeleteTools("test_changed")
		return nil
	})
	add("test_trigger_prompt_change", func(context.Context, mcp.CallToolRequest) error {
		s.mcp.AddPrompt(mcp.NewPrompt("test_changed"), nil)
		s.mcp.DeletePrompts("test_changed")
		return nil
	})
	const schema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
		"$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
		"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},"contactMethod":{"type":"string","enum":["phone","email"]},
			"phone":{"type":"string"},"email":{"type":"string"}},
		"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
		"if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
		"then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false}`
	s.mcp.AddTool(mcp.NewToolWithRawSchema("json_schema_2020_12_tool", "Fixture of the conformance suite", json.RawMessage(schema)),
		func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("done"), nil
		})
}
