package mcpserver

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/prompts"
)

const (
	serverTitle       = "LiteLLM proxy"
	serverDescription = "Manages a LiteLLM gateway: models, virtual keys, users, teams, budgets and spend"
)

// iconSVG is two arrows, one each way. It is small because a server names itself in each
// result of 2026-07-28.
const iconSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#14b" d="M0 0h16v16H0z"/>` +
	`<path fill="none" stroke="#fff" d="M3 5h9.5M10 2.5 12.5 5 10 7.5M13 11H3.5M6 8.5 3.5 11 6 13.5"/></svg>`

func serverIcon() mcp.Icon {
	return mcp.Icon{Src: "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(iconSVG)), MIMEType: "image/svg+xml", Sizes: []string{"any"}}
}

// listsLast is how long a client may keep the lists of this server. They depend on its
// flags, so they are the same until it starts again.
const listsLast = time.Hour

// guideOptions are those for what helps a person and a client beside the tools: prompts,
// resources, completion, log messages, and how the server presents itself. The lists
// never change while it runs.
func (s *Server) guideOptions() []server.ServerOption {
	options := []server.ServerOption{
		server.WithTitle(serverTitle),
		server.WithDescription(serverDescription),
		server.WithIcons(serverIcon()),
		server.WithPromptCapabilities(false),
		server.WithPromptHandlerMiddleware(s.recoverPrompt),
		server.WithResourceCapabilities(false, false),
		server.WithHooks(&server.Hooks{
			OnBeforeReadResource:         []server.OnBeforeReadResourceFunc{canonicalURI},
			OnAfterListResources:         []server.OnAfterListResourcesFunc{narrowResources},
			OnAfterListResourceTemplates: []server.OnAfterListResourceTemplatesFunc{narrowTemplates},
			OnAfterInitialize: []server.OnAfterInitializeFunc{func(context.Context, any, *mcp.InitializeRequest, *mcp.InitializeResult) {
				s.watch.Metrics.Session()
			}},
		}),
		server.WithCompletions(),
		server.WithPromptCompletionProvider(completer{s}),
		server.WithResourceCompletionProvider(completer{s}),
		server.WithLogging(),
	}
	for _, list := range []mcp.MCPMethod{mcp.MethodToolsList, mcp.MethodPromptsList, mcp.MethodResourcesList, mcp.MethodResourcesTemplatesList, mcp.MethodServerDiscover} {
		options = append(options, server.WithMethodCacheHints(list, listsLast.Milliseconds(), mcp.CacheScopePrivate))
	}
	return options
}

// offerPrompts adds the guided workflows. They are offered whatever the toolsets are: a
// workflow says itself which tools it needs.
func (s *Server) offerPrompts() {
	for _, p := range s.guides {
		declaration := mcp.Prompt{Name: p.Name, Title: p.Title, Description: p.Description}
		for _, a := range p.Arguments {
			declaration.Arguments = append(declaration.Arguments, mcp.PromptArgument{
				Name: a.Name, Description: a.Description, Required: a.Required,
			})
		}
		s.mcp.AddPrompt(declaration, func(ctx context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			text, err := p.Render(request.Params.Arguments)
			if err != nil {
				return nil, err
			}
			return mcp.NewGetPromptResult(p.Description, []mcp.PromptMessage{
				mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(text+s.lacking(ctx, p))),
			}), nil
		})
	}
}

// lacking says which tools of a workflow the caller does not have, or "".
func (s *Server) lacking(ctx context.Context, p prompts.Prompt) string {
	var names []string
	for _, op := range s.ops {
		if p.Names(op.Tool()) && (s.tool(op.Tool()) == nil || !callerOf(ctx).only.has(op.Tool())) {
			names = append(names, op.Tool())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "\nThis server does not offer " + strings.Join(names, ", ") + ". Before you begin, say which steps are not possible here. " +
		"Whoever runs the server selects the tools with --toolsets, --tools and --read-only.\n"
}

// guideFault says what is wrong with the parameters of a request for a resource, a
// completion or log messages, or "". The library would answer with its own types.
func guideFault(m *incoming) string {
	switch {
	case m.is(mcp.MethodResourcesRead) && m.Params.URI == "":
		return "params.uri is missing"
	case m.is(mcp.MethodSetLogLevel) && !mcp.IsModernProtocol(m.protocol()) && !slices.Contains(logLevels, mcp.LoggingLevel(m.Params.Level)):
		return fmt.Sprintf("params.level is %s, not one of %s", quoted(m.Params.Level), joined(logLevels))
	case m.is(mcp.MethodCompletionComplete):
		return completionFault(m.content)
	}
	return ""
}

// completionFault says what is wrong with a request for a completion, or "".
func completionFault(content []byte) string {
	var request struct {
		Params struct {
			Ref struct {
				Type string `json:"type"`
				Name string `json:"name"`
				URI  string `json:"uri"`
			} `json:"ref"`
			Argument struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"argument"`
			Context struct {
				Arguments map[string]string `json:"arguments"`
			} `json:"context"`
		} `json:"params"`
	}
	if why := misfit(json.Unmarshal(content, &request)); why != "" {
		return why
	}
	switch params := request.Params; {
	case params.Ref.Type != "ref/prompt" && params.Ref.Type != "ref/resource":
		return "params.ref.type must be ref/prompt or ref/resource"
	case params.Argument.Name == "":
		return "params.argument.name is missing"
	}
	return ""
}
