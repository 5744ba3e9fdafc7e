package mcpserver

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/prompts"
)

// maxCompletions is the protocol's bound of one answer.
const maxCompletions = 100

// values are what a variable or an argument may be: names that a list operation finds.
// They come from the gateway, with the caller's key, and only if the list is offered as a
// tool: nothing is completed that the tools do not show.
type values struct {
	// tool is the list, and search its argument for a part of the name, if it has one.
	tool, search string
	// size is its argument for the length of the page, if it has one.
	size string
	// fields are where the name stands in an item: the first that is not empty counts.
	fields []string
}

var completed = map[string]values{
	"team":       {tool: "teams_list", search: "search", size: "page_size", fields: []string{"team_alias", "team_id"}},
	"user":       {tool: "users_list", search: "search", size: "page_size", fields: []string{"user_email", "user_id"}},
	"key":        {tool: "keys_list", search: "search", size: "size", fields: []string{"key_alias", "token"}},
	"model":      {tool: "models_list", fields: []string{"id"}},
	"credential": {tool: "credentials_list", fields: []string{"credential_name"}},
}

// completer answers completion/complete. It never fails: a client asks while a person
// types, and nothing to offer is an answer.
type completer struct{ s *Server }

var (
	_ server.PromptCompletionProvider   = completer{}
	_ server.ResourceCompletionProvider = completer{}
)

// CompleteResourceArgument implements [server.ResourceCompletionProvider].
func (c completer) CompleteResourceArgument(ctx context.Context, uri string, argument mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	for _, r := range resources {
		if r.variable != "" && r.uri() == uri && r.variable == argument.Name {
			return c.complete(ctx, prompts.Argument{Complete: r.variable}, argument.Value), nil
		}
	}
	return &mcp.Completion{}, nil
}

// CompletePromptArgument implements [server.PromptCompletionProvider].
func (c completer) CompletePromptArgument(ctx context.Context, name string, argument mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	for _, p := range c.s.guides {
		for _, a := range p.Arguments {
			if p.Name == name && a.Name == argument.Name {
				return c.complete(ctx, a, argument.Value), nil
			}
		}
	}
	return &mcp.Completion{}, nil
}

// complete offers what begins with the typed text, and after that what contains it. Of a
// list with commas it completes the last item.
func (c completer) complete(ctx context.Context, a prompts.Argument, typed string) (offered *mcp.Completion) {
	defer func() {
		if r := recover(); r != nil {
			_ = c.s.fault("completion", r)
			offered = &mcp.Completion{}
		}
	}()
	before := ""
	if at := strings.LastIndexByte(typed, ','); a.List && at >= 0 {
		before, typed = typed[:at+1], strings.TrimLeft(typed[at+1:], " ")
	}
	names, more := a.Values, 0
	switch {
	case len(names) > 0:
	case a.Complete == "operation":
		for _, op := range c.s.ops {
			names = append(names, op.Tool())
		}
	case a.Complete == "month":
		names = months(time.Now().UTC())
	default:
		names, more = c.s.names(ctx, completed[a.Complete], typed)
	}
	matched := matching(names, typed)
	total := len(matched) + more
	matched = matched[:min(len(matched), maxCompletions)]
	for i := range matched {
		matched[i] = before + matched[i]
	}
	return &mcp.Completion{Values: matched, Total: total, HasMore: len(matched) < total}
}

// matching are the names that contain a text, those that begin with it first. Case does
// not count.
func matching(names []string, text string) []string {
	text = strings.ToLower(text)
	var first, rest []string
	for _, name := range names {
		switch at := strings.Index(strings.ToLower(name), text); {
		case at == 0:
			first = append(first, name)
		case at > 0:
			rest = append(rest, name)
		}
	}
	return slices.Concat(first, rest)
}

// months are this month and those before it, the latest first.
func months(now time.Time) []string {
	var names []string
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for i := range 12 {
		names = append(names, first.AddDate(0, -i, 0).Format("2006-01"))
	}
	return names
}

// names are those that the gateway lists for a typed text, from one page, and how many
// more it has. They are none when the gateway does not answer soon or refuses.
func (s *Server) names(ctx context.Context, v values, typed string) (names []string, more int) {
	t := s.tool(v.tool)
	if t == nil || !callerOf(ctx).only.has(v.tool) || secret.Text(typed) != typed {
		return nil, 0
	}
	client, err := callerOf(ctx).client(ctx, s)
	if err != nil || !client.HasKey() {
		return nil, 0
	}
	ctx, cancel := context.WithTimeout(ctx, s.completeWait)
	defer cancel()
	ctx, release := s.answers.Lease(ctx)
	defer release()
	args := operation.Args{}
	if v.search != "" && typed != "" {
		args = args.With(v.search, typed)
	}
	if v.size != "" {
		args = args.With(v.size, maxCompletions)
	}
	call, err := operation.Prepare(ctx, operation.Env{Client: client, Profile: s.profile, Lenient: true}, t.op, args)
	if err != nil {
		return nil, 0
	}
	result, err := call.Run(ctx)
	if err != nil || result.Page == nil {
		return nil, 0
	}
	redactor := client.Redactor()
	for _, item := range result.Page.Items {
		name := ""
		for _, field := range v.fields {
			if name = operation.Word(operation.Lookup(item, field)); name != "" {
				break
			}
		}
		if masked, err := redactor.Text(ctx, name); err == nil && masked == name && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, max(0, result.Page.Total-len(result.Page.Items))
}
