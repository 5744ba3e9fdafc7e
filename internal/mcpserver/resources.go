package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// scheme begins the URI of each resource of this server.
const scheme = "litellm://"

// resource is what a URI stands for: the answer of a read operation, which is called as
// its tool is, with the key of the one who reads. A resource without its tool does not
// exist: nothing can be read that the tools do not show.
type resource struct {
	// kind is the first part of the path.
	kind string
	// variable is the name of what follows it, and of the tool's argument that takes it; ""
	// for a resource without one.
	variable string
	// tool is the name of the operation's tool; "" for the documentation.
	tool string

	title, description, mime string
}

const (
	mimeJSON     = "application/json"
	mimeMarkdown = "text/markdown"
	kindDocs     = "docs"
)

var resources = []*resource{
	{kind: "status", tool: "status", mime: mimeJSON, title: "Gateway status",
		description: "Health and version of the gateway, and what your key may do"},
	{kind: "models", tool: "models_list", mime: mimeJSON, title: "Models",
		description: "Models that your key may use"},
	{kind: "teams", variable: "team", tool: "teams_get", mime: mimeJSON, title: "Team",
		description: "A team with its members, budget and keys, by name or ID"},
	{kind: "users", variable: "user", tool: "users_get", mime: mimeJSON, title: "Internal user",
		description: "An internal user with teams and keys, by email address or ID"},
	{kind: "keys", variable: "key", tool: "keys_info", mime: mimeJSON, title: "Virtual key",
		description: "Limits, spend, owner and state of a virtual key, by alias or hash"},
	{kind: kindDocs, variable: "operation", mime: mimeMarkdown, title: "Tool documentation",
		description: "What a tool does, its arguments and examples, by the tool's name"},
}

// uri is the resource's URI, or its template.
func (r *resource) uri() string {
	if r.variable == "" {
		return scheme + r.kind
	}
	return scheme + r.kind + "/{" + r.variable + "}"
}

// offerResources lists the resources whose tools are offered.
func (s *Server) offerResources() {
	for _, r := range resources {
		switch {
		case r.tool != "" && s.tool(r.tool) == nil:
		case r.variable == "":
			s.mcp.AddResource(mcp.NewResource(r.uri(), r.kind, mcp.WithResourceDescription(r.description),
				mcp.WithMIMEType(r.mime), func(declared *mcp.Resource) { declared.Title = r.title }), s.readResource)
		default:
			s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(r.uri(), r.kind, mcp.WithTemplateDescription(r.description),
				mcp.WithTemplateMIMEType(r.mime), func(declared *mcp.ResourceTemplate) { declared.Title = r.title }), s.readResource)
		}
	}
}

// tool is the offered tool of that name, or nil.
func (s *Server) tool(name string) *tool {
	if i := slices.IndexFunc(s.tools, func(t *tool) bool { return t.op.Tool() == name }); i >= 0 {
		return s.tools[i]
	}
	return nil
}

// address is what a URI names: a kind of resource, and the variable's value as text. The
// value may hold characters that a client did not escape.
func address(uri string) (r *resource, value string) {
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return nil, ""
	}
	kind, rest, _ := strings.Cut(uri[len(scheme):], "/")
	i := slices.IndexFunc(resources, func(r *resource) bool { return r.kind == kind })
	if i < 0 || (resources[i].variable == "") != (rest == "") {
		return nil, ""
	}
	if unescaped, err := url.PathUnescape(rest); err == nil {
		rest = unescaped
	}
	return resources[i], rest
}

// canonical is a URI of this server as the library finds it: with every character
// escaped that a template does not match. Other URIs stay, but for a secret in them.
func canonical(uri string) string {
	r, value := address(uri)
	switch {
	case r == nil:
		return secret.Text(uri) // it is repeated in an error
	case r.variable == "":
		return r.uri()
	}
	escaped := strings.Builder{}
	for _, c := range []byte(value) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			escaped.WriteByte(c)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", c)
		}
	}
	return scheme + r.kind + "/" + escaped.String()
}

// canonicalURI makes the library find a resource whatever its client escaped.
func canonicalURI(_ context.Context, _ any, request *mcp.ReadResourceRequest) {
	request.Params.URI = canonical(request.Params.URI)
}

// readResource answers resources/read.
func (s *Server) readResource(ctx context.Context, request mcp.ReadResourceRequest) (contents []mcp.ResourceContents, err error) {
	defer func() {
		if r := recover(); r != nil {
			contents, err = nil, s.fault("resource", r)
		}
		callerOf(ctx).missing = proxyclient.CodeOf(err) == proxyclient.CodeNotFound
	}()
	r, value := address(request.Params.URI)
	if r == nil { // the template's variable is empty
		return nil, noResource(fmt.Sprintf("there is no resource %q: the name after the slash is missing", request.Params.URI))
	}
	if secret.Text(value) != value || r.kind == "keys" && strings.HasPrefix(value, "sk-") {
		return nil, noResource("a URI must not hold a key: use its alias or hash")
	}
	text := ""
	if r.kind == kindDocs {
		text, err = s.document(value)
	} else {
		text, err = s.answerOf(ctx, r, value)
	}
	if err != nil {
		return nil, err
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: r.mime, Text: text}}, nil
}

// answerOf is the answer of the resource's tool.
func (s *Server) answerOf(ctx context.Context, r *resource, value string) (string, error) {
	t := s.tool(r.tool)
	if !callerOf(ctx).only.has(r.tool) {
		return "", noResource("The request's " + headerToolsets + " leaves out the tool " + r.tool + ", which this resource needs.")
	}
	if r.variable == "" {
		return t.read(ctx, operation.Args{})
	}
	return t.read(ctx, operation.Args{r.variable: encode(value)})
}

// asResource marks the context of a call whose answer is a resource.
type asResource struct{}

// read calls the tool, which must be one that reads, and returns its structured answer.
func (t *tool) read(ctx context.Context, args operation.Args) (string, error) {
	callerOf(ctx).answer.end() // of the call before, if there was one
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.RawArguments = t.op.Tool(), encode(args)
	result, err := t.handle(context.WithValue(ctx, asResource{}, true), request)
	if err != nil {
		return "", err
	}
	structured, _ := result.StructuredContent.(json.RawMessage)
	if !result.IsError {
		return string(structured), nil
	}
	refused := &proxyclient.Error{}
	if json.Unmarshal(operation.Lookup(structured, "error"), refused) != nil || refused.Code == "" {
		return "", errInternal
	}
	text := &strings.Builder{}
	for _, content := range result.Content {
		if part, is := content.(mcp.TextContent); is {
			text.WriteString(part.Text)
		}
	}
	return "", &resourceError{text.String(), refused}
}

// resourceError is why a resource could not be read, in the words of its tool.
type resourceError struct {
	text  string
	cause *proxyclient.Error
}

// noResource is the error of a URI that stands for nothing.
func noResource(text string) error {
	return &resourceError{text, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: text}}
}

// Error implements error.
func (e *resourceError) Error() string { return e.text }

// Unwrap gives the code.
func (e *resourceError) Unwrap() error { return e.cause }
