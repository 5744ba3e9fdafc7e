package mcpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// objection is the answer to a message that is not run, or nil. The library would answer
// with the names of its own types, or run what it did not understand.
func (s *Server) objection(m *incoming) *fault {
	switch {
	case m.fault != nil:
		return m.fault
	case !m.request():
		return nil
	}
	if why := s.misshapen(m); why != "" {
		return m.refuse(mcp.INVALID_PARAMS, "Invalid params: "+why+".")
	}
	return nil
}

// misshapen says what keeps a request from being read as the protocol has it, or "".
func (s *Server) misshapen(m *incoming) string {
	if m.misfit != "" {
		return m.misfit
	}
	if m.Params.Cursor != "" && strings.HasSuffix(m.Method, "/list") {
		return fmt.Sprintf("the cursor %s is unknown. %s returns everything at once; leave cursor out", quoted(m.Params.Cursor), m.Method)
	}
	if m.is(mcp.MethodPromptsGet) {
		if why := s.promptFault(m); why != "" {
			return why
		}
	}
	if why := guideFault(m); why != "" {
		return why
	}
	if number := outOfRange(m.content); number != "" {
		return "the number " + number + " is out of range"
	}
	return ""
}

// promptFault says what is wrong with the arguments of a prompt, or "". A prompt that
// is not one of ours is the library's.
func (s *Server) promptFault(m *incoming) string {
	values := map[string]string{}
	if !isNull(m.Params.Arguments) && json.Unmarshal(m.Params.Arguments, &values) != nil {
		return "the arguments of a prompt must be strings"
	}
	for _, p := range s.guides {
		if p.Name == m.Params.Name {
			if _, err := p.Render(values); err != nil {
				return "prompt " + p.Name + ": " + strings.TrimSuffix(err.Error(), ".")
			}
		}
	}
	return ""
}

// quoted quotes what a client sent, without secrets and cut where it is long.
func quoted(text string) string {
	text = secret.Text(text)
	if len(text) > 80 {
		text = strings.ToValidUTF8(text[:80], "") + "…"
	}
	return strconv.Quote(text)
}

// objectionWords are code and text for an error of the library: ours where it has its own
// words, and the code of the protocol where the library knows none.
func (s *Server) objectionWords(m *incoming, code int, text string) (int, string) {
	switch {
	case code == mcp.METHOD_NOT_FOUND && strings.Contains(text, server.ErrRemovedInProtocolVersion.Error()):
		text = fmt.Sprintf("The method %s is not part of protocol version %s.", quoted(m.Method), m.protocol())
	case code == mcp.METHOD_NOT_FOUND && strings.Contains(text, server.ErrRequiresModernProtocol.Error()):
		text = fmt.Sprintf("The method %s needs protocol version %s, named in _meta.", quoted(m.Method), mcp.ProtocolVersion20260728)
	case code == mcp.METHOD_NOT_FOUND:
		text = fmt.Sprintf("This server does not have the method %s.", quoted(m.Method))
	case strings.HasSuffix(text, server.ErrToolNotFound.Error()) && m.caller != nil && !m.caller.only.has(m.Params.Name) && s.has(m.Params.Name):
		text = fmt.Sprintf("The request's headers %s and %s leave out the tool %s.", headerToolsets, headerReadOnly, m.Params.Name)
	case strings.HasSuffix(text, server.ErrToolNotFound.Error()):
		text = fmt.Sprintf("There is no tool %s%s. List the tools with tools/list; whoever runs this server selects them with --toolsets, --tools and --read-only.", quoted(m.Params.Name), s.nearTool(m.Params.Name))
	case strings.HasSuffix(text, server.ErrPromptNotFound.Error()):
		text = fmt.Sprintf("There is no prompt %s. The prompts are %s.", quoted(m.Params.Name), strings.Join(s.guideNames(), ", "))
	case strings.HasSuffix(text, server.ErrResourceNotFound.Error()):
		text = fmt.Sprintf("There is no resource %s. List them with resources/list and resources/templates/list.", quoted(m.Params.URI))
	case m.caller != nil && m.caller.missing && mcp.IsModernProtocol(m.protocol()):
		code = mcp.INVALID_PARAMS
	case m.caller != nil && m.caller.missing:
		code = mcp.RESOURCE_NOT_FOUND
	}
	return code, text
}

// nearTool is a question after the tool that was meant, or "".
func (s *Server) nearTool(name string) string {
	if near := nearest.Name(name, s.Tools(), nearest.Limit(name)); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}

func (s *Server) guideNames() []string {
	names := make([]string, len(s.guides))
	for i, p := range s.guides {
		names[i] = p.Name
	}
	return names
}

// outOfRange is the first number that no program can hold as one, such as 1e999 or
// 1e-9999999.
func outOfRange(document []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if number, is := token.(json.Number); is {
			if !operation.IsNumber(string(number)) {
				return string(number[:min(len(number), 40)])
			}
		}
	}
}
