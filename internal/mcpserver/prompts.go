package mcpserver

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/prompts"
)

// prompts are the guided workflows. They are offered whatever the toolsets are:
// a workflow says itself which tools it needs.
func (s *Server) prompts() ([]server.ServerPrompt, error) {
	all, err := prompts.All()
	if err != nil {
		return nil, err
	}
	var list []server.ServerPrompt
	for _, p := range all {
		declaration := mcp.Prompt{Name: p.Name, Description: p.Description}
		for _, a := range p.Arguments {
			declaration.Arguments = append(declaration.Arguments, mcp.PromptArgument{
				Name: a.Name, Description: a.Description, Required: a.Required,
			})
		}
		list = append(list, server.ServerPrompt{Prompt: declaration, Handler: func(_ context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			text, err := p.Render(request.Params.Arguments)
			if err != nil {
				return nil, err
			}
			return mcp.NewGetPromptResult(p.Description, []mcp.PromptMessage{
				mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(text)),
			}), nil
		}})
	}
	return list, nil
}
