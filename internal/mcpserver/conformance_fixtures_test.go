package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// What the official conformance suite expects of every server: tools, resources and
// prompts with these names and answers. Where one notifies or asks its client, it does so as
// the tools of this package do.

const (
	onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
	noSound  = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
)

// fixtures makes s the server that the suite tests.
func fixtures(s *Server) {
	for _, option := range []server.ServerOption{
		server.WithToolCapabilities(true), server.WithResourceCapabilities(true, true), server.WithPromptCapabilities(true),
		server.WithCompletions(), server.WithLogging(), server.WithElicitation(), server.WithRoots(),
	} {
		option(s.mcp)
	}
	s.mcp.EnableSampling()
	contentFixtures(s)
	notifyingFixtures(s)
	askingFixtures(s)
	resourceFixtures(s)
	promptFixtures(s)
	roundFixtures(s)
	statelessFixtures(s)
}

// fixture adds a tool with an answer that is always the same.
func fixture(s *Server, name string, answer func() *mcp.CallToolResult, options ...mcp.ToolOption) {
	s.mcp.AddTool(mcp.NewTool(name, append(options, mcp.WithDescription("Fixture of the conformance suite"))...),
		func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { return answer(), nil })
}

func contents(all ...mcp.Content) func() *mcp.CallToolResult {
	return func() *mcp.CallToolResult { return &mcp.CallToolResult{Content: all} }
}

func contentFixtures(s *Server) {
	text := func(words string) mcp.Content { return mcp.TextContent{Type: "text", Text: words} }
	embedded := func(uri, kind, words string) mcp.Content {
		return mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: uri, MIMEType: kind, Text: words})
	}
	fixture(s, "test_simple_text", contents(text("This is a simple text response for testing.")))
	fixture(s, "test_image_content", contents(mcp.NewImageContent(onePixel, "image/png")))
	fixture(s, "test_audio_content", contents(mcp.NewAudioContent(noSound, "audio/wav")))
	fixture(s, "test_embedded_resource", contents(embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")))
	fixture(s, "test_multiple_content_types", contents(text("Multiple content types test:"), mcp.NewImageContent(onePixel, "image/png"),
		embedded("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`)))
	fixture(s, "test_error_handling", func() *mcp.CallToolResult {
		return mcp.NewToolResultError("This tool intentionally returns an error for testing")
	})
}

func notifyingFixtures(s *Server) {
	add := func(name string, note func(notify func(string, any), token mcp.ProgressToken)) {
		s.mcp.AddTool(mcp.NewTool(name, mcp.WithDescription("Fixture of the conformance suite")),
			func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				var token mcp.ProgressToken
				if request.Params.Meta != nil {
					token = request.Params.Meta.ProgressToken
				}
				if notify := callerOf(ctx).notify; notify != nil {
					note(notify, token)
				}
				return mcp.NewToolResultText("done"), nil
			})
	}
	add("test_tool_with_logging", func(notify func(string, any), _ mcp.ProgressToken) {
		for _, words := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
			notify(string(mcp.MethodNotificationMessage), map[string]any{"level": "info", "logger": "conformance", "data": words})
		}
	})
	add("test_tool_with_progress", func(notify func(string, any), token mcp.ProgressToken) {
		for _, done := range []int{0, 50, 100} {
			if token != nil {
				notify(methodProgress, progressParams{ProgressToken: encode(token), Progress: float64(done), Total: 100})
			}
		}
	})
}

// askingFixtures ask their client: for words of its model, and for what a form holds.
func askingFixtures(s *Server) {
	s.mcp.AddTool(mcp.NewTool("test_sampling", mcp.WithDescription("Fixture of the conformance suite"), mcp.WithString("prompt", mcp.Required())),
		func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			result, err := callerOf(ctx).ask(ctx, string(mcp.MethodSamplingCreateMessage), mcp.CreateMessageParams{MaxTokens: 100,
				Messages: []mcp.SamplingMessage{{Role: mcp.RoleUser, Content: mcp.TextContent{Type: "text", Text: request.GetString("prompt", "")}}}})
			if err != nil {
				return mcp.NewToolResultError(err.Error()), nil
			}
			return mcp.NewToolResultText(fmt.Sprintf("LLM response: %s", result)), nil
		})
	for name, schema := range map[string]string{
		"test_elicitation": `{"type":"object","properties":{"username":{"type":"string","description":"User's response"},
			"email":{"type":"string","description":"User's email address"}},"required":["username","email"]}`,
		"test_elicitation_sep1034_defaults": `{"type":"object","properties":{"name":{"type":"string","default":"John Doe"},
			"age":{"type":"integer","default":30},"score":{"type":"number","default":95.5},
			"status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},"verified":{"type":"boolean","default":true}}}`,
		"test_elicitation_sep1330_enums": `{"type":"object","properties":{"untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
			"titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First"},{"const":"value2","title":"Second"}]},
			"legacyEnum":{"type":"string","enum":["opt1","opt2"],"enumNames":["Option One","Option Two"]},
			"untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2"]}},
			"titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First"},{"const":"value2","title":"Second"}]}}}}`,
	} {
		s.mcp.AddTool(mcp.NewTool(name, mcp.WithDescription("Fixture of the conformance suite"), mcp.WithString("message")),
			func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				result, err := elicited(callerOf(ctx).ask(ctx, string(mcp.MethodElicitationCreate), mcp.ElicitationParams{
					Message: request.GetString("message", "Your data"), RequestedSchema: json.RawMessage(schema)}))
				if err != nil {
					return mcp.NewToolResultError(err.Error()), nil
				}
				return mcp.NewToolResultText(fmt.Sprintf("Elicitation completed: action=%s, content=%v", result.Action, result.Content)), nil
			})
	}
}

func resourceFixtures(s *Server) {
	add := func(uri, kind string, content mcp.ResourceContents) {
		s.mcp.AddResource(mcp.NewResource(uri, strings.TrimPrefix(uri, "test://"), mcp.WithResourceDescription("Fixture of the conformance suite"), mcp.WithMIMEType(kind)),
			func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
				return []mcp.ResourceContents{content}, nil
			})
	}
	const text, binary = "test://static-text", "test://static-binary"
	add(text, "text/plain", mcp.TextResourceContents{URI: text, MIMEType: "text/plain", Text: "This is the content of the static text resource."})
	add(binary, "image/png", mcp.BlobResourceContents{URI: binary, MIMEType: "image/png", Blob: onePixel})
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate("test://template/{id}/data", "template",
		mcp.WithTemplateDescription("Fixture of the conformance suite"), mcp.WithTemplateMIMEType("application/json")),
		func(_ context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			id := strings.TrimSuffix(strings.TrimPrefix(request.Params.URI, "test://template/"), "/data")
			return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: "application/json",
				Text: fmt.Sprintf(`{"id":%q,"templateTest":true,"data":"Data for ID: %s"}`, id, id)}}, nil
		})
}

func promptFixtures(s *Server) {
	add := func(name string, messages func(arguments map[string]string) []mcp.Content, arguments ...string) {
		options := []mcp.PromptOption{mcp.WithPromptDescription("Fixture of the conformance suite")}
		for _, argument := range arguments {
			options = append(options, mcp.WithArgument(argument, mcp.ArgumentDescription("An argument"), mcp.RequiredArgument()))
		}
		s.mcp.AddPrompt(mcp.NewPrompt(name, options...), func(_ context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			result := &mcp.GetPromptResult{}
			for _, content := range messages(request.Params.Arguments) {
				result.Messages = append(result.Messages, mcp.PromptMessage{Role: mcp.RoleUser, Content: content})
			}
			return result, nil
		})
	}
	text := func(words string) mcp.Content { return mcp.TextContent{Type: "text", Text: words} }
	add("test_simple_prompt", func(map[string]string) []mcp.Content {
		return []mcp.Content{text("This is a simple prompt for testing.")}
	})
	add("test_prompt_with_arguments", func(a map[string]string) []mcp.Content {
		return []mcp.Content{text(fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", a["arg1"], a["arg2"]))}
	}, "arg1", "arg2")
	add("test_prompt_with_embedded_resource", func(a map[string]string) []mcp.Content {
		return []mcp.Content{
			mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: a["resourceUri"], MIMEType: "text/plain", Text: "Embedded resource content for testing."}),
			text("Please process the embedded resource above."),
		}
	}, "resourceUri")
	add("test_prompt_with_image", func(map[string]string) []mcp.Content {
		return []mcp.Content{mcp.NewImageContent(onePixel, "image/png"), text("Please analyze the image above.")}
	})
}
