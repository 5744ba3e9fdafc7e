package mcpserver

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
)

// Headers with which a client, or a proxy before the server, narrows what the operator
// offers to the requests that carry them. They never widen it.
const (
	headerToolsets = "X-MCP-Toolsets"
	headerReadOnly = "X-MCP-Readonly"
)

// narrowed are the tools that the headers of a request leave; nil: all that are offered.
type narrowed map[string]bool

func (n narrowed) has(tool string) bool { return n == nil || n[tool] }

// and is what both leave.
func (n narrowed) and(other narrowed) narrowed {
	switch {
	case n == nil:
		return other
	case other == nil:
		return n
	}
	both := narrowed{}
	for tool := range n {
		if other[tool] {
			both[tool] = true
		}
	}
	return both
}

// narrow reads the headers of a request.
func (s *Server) narrow(h http.Header) (narrowed, *refusal) {
	toolsets, err := s.toolsetsOf(h)
	if err != nil {
		return nil, err
	}
	readOnly := false
	if value := strings.TrimSpace(h.Get(headerReadOnly)); value != "" {
		var err error
		if readOnly, err = strconv.ParseBool(strings.ToLower(value)); err != nil {
			return nil, badRequest("%s must be true or false.", headerReadOnly)
		}
	}
	if len(toolsets) == 0 && !readOnly {
		return nil, nil
	}
	left := narrowed{}
	for _, t := range s.tools {
		named := len(toolsets) == 0 || slices.ContainsFunc(toolsets, func(name string) bool { return inToolset(t.op, name) })
		if named && (!readOnly || t.op.Effect == operation.Read) {
			left[t.op.Tool()] = true
		}
	}
	if len(left) == 0 {
		return nil, badRequest("%s and %s leave no tool that this server offers.", headerToolsets, headerReadOnly)
	}
	return left, nil
}

// toolsetsOf are the toolsets that a request names.
func (s *Server) toolsetsOf(h http.Header) ([]string, *refusal) {
	var toolsets []string
	offered := map[string]bool{}
	for _, t := range s.tools {
		offered[t.op.Resource()] = true
	}
	for name := range strings.SplitSeq(strings.Join(h.Values(headerToolsets), ","), ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			continue
		case name != "all" && name != "default" && !offered[toolset(name)]:
			names := append([]string{"all", "default"}, slices.Sorted(maps.Keys(offered))...)
			return nil, badRequest("%s: this server offers no toolset %s%s.", headerToolsets, quoted(name), strings.TrimSuffix(orNearest(name, "toolsets", names), "?"))
		}
		toolsets = append(toolsets, name)
	}
	return toolsets, nil
}

// toolset is the resource that the name of a toolset stands for.
func toolset(name string) string { return strings.ReplaceAll(name, "_", "-") }

// inToolset tells whether an operation belongs to a toolset.
func inToolset(op *operation.Operation, name string) bool {
	return name == "all" || name == "default" && op.Default || op.Resource() == toolset(name)
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, text: usage(format, args...).Message}
}

// narrowTools is the library's filter of the tools that a request may list and call.
func narrowTools(ctx context.Context, tools []mcp.Tool) []mcp.Tool {
	only := callerOf(ctx).only
	if only == nil {
		return tools
	}
	return slices.DeleteFunc(slices.Clone(tools), func(t mcp.Tool) bool { return !only.has(t.Name) })
}

// narrowResources takes resources out of a list whose tools a request may not call.
func narrowResources(ctx context.Context, _ any, _ *mcp.ListResourcesRequest, result *mcp.ListResourcesResult) {
	only := callerOf(ctx).only
	result.Resources = slices.DeleteFunc(result.Resources, func(r mcp.Resource) bool { return !only.reads(r.URI) })
}

// narrowTemplates does that for templates.
func narrowTemplates(ctx context.Context, _ any, _ *mcp.ListResourceTemplatesRequest, result *mcp.ListResourceTemplatesResult) {
	only := callerOf(ctx).only
	result.ResourceTemplates = slices.DeleteFunc(result.ResourceTemplates, func(r mcp.ResourceTemplate) bool {
		return r.URITemplate != nil && !only.reads(r.URITemplate.Raw())
	})
}

// reads tells whether what is left holds the tool behind a resource.
func (n narrowed) reads(uri string) bool {
	r, _ := address(uri)
	return r == nil || r.tool == "" || n.has(r.tool)
}
