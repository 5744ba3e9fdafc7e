package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// opensMCPServer finds what a new or changed MCP server runs, where it sends what is stored,
// and who may use it. Addresses in the arguments are found without it.
func opensMCPServer(ctx context.Context, call *operation.Call) ([]string, error) {
	s := mcpChange{asked: call.Body(), server: "MCP server " + operation.Name(call.Args().String("server_name"))}
	if call.Operation().Update != nil {
		present, err := presentMCPServer(ctx, call)
		if err != nil {
			return nil, err
		}
		s.present, s.server = present, "MCP server "+operation.Name(operation.Word(operation.LookupAny(present, "server_name|alias|server_id")))
	}
	return slices.Concat(s.runs(), s.redirects(), s.opens(), s.widens()), nil
}

// mcpChange is what is asked of an MCP server, and what it is now; nil: new.
type mcpChange struct {
	asked   operation.Args
	present json.RawMessage
	server  string
}

// value returns a setting as it will be.
func (s mcpChange) value(name string) json.RawMessage {
	if value, given := s.asked[name]; given {
		return value
	}
	return operation.NoNull(operation.Lookup(s.present, name))
}

// changes reports whether one of the settings is asked for and differs.
func (s mcpChange) changes(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return s.asked[name] != nil && !same(s.asked[name], operation.Lookup(s.present, name))
	})
}

// turnsOn reports whether a setting is asked for and is off now.
func (s mcpChange) turnsOn(name string) bool {
	return string(s.asked[name]) == "true" && string(operation.Lookup(s.present, name)) != "true"
}

// runs is the command that the gateway will run.
func (s mcpChange) runs() []string {
	transport := operation.Word(s.value("transport"))
	if s.present == nil {
		transport = mcpTransportOf(s.asked)
	}
	asks := slices.ContainsFunc([]string{"transport", "command", "args", "env", "env_vars"}, func(name string) bool { return s.asked[name] != nil })
	if transport != "stdio" || !asks {
		return nil
	}
	words := append([]string{operation.Word(s.value("command"))}, stringsIn(s.value("args"))...)
	return []string{"runs the command " + operation.Name(strings.Join(words, " ")) + " on the gateway's machine"}
}

// redirects is the new address that gets what is stored.
func (s mcpChange) redirects() []string {
	if s.present == nil || !s.changes("url", "spec_path", "token_url", "token_exchange_endpoint") {
		return nil
	}
	auth := operation.Word(operation.Lookup(s.present, "auth_type"))
	if (auth == "" || auth == "none") && isNone(operation.Lookup(s.present, "static_headers")) {
		return nil
	}
	return []string{"sends the credentials and headers stored for " + s.server + " to a new address"}
}

// opens is who may use the server that may not now.
func (s mcpChange) opens() (found []string) {
	if s.turnsOn("allow_all_keys") {
		found = append(found, "lets every key use "+s.server)
	}
	if s.present != nil && s.turnsOn("available_on_public_internet") {
		found = append(found, "serves "+s.server+" to callers from outside private networks")
	}
	if s.turnsOn("delegate_auth_to_upstream") {
		found = append(found, "lets callers reach "+s.server+" without a key of the gateway")
	}
	if s.turnsOn("oauth_passthrough") {
		found = append(found, "passes the callers' own tokens on to "+s.server)
	}
	groups := without(s.asked.List("mcp_access_groups"), stringsIn(operation.Lookup(s.present, "mcp_access_groups")))
	return append(found, naming("lets keys and teams that have these access groups use "+s.server, groups)...)
}

// widens is the tools that are offered and are not now.
func (s mcpChange) widens() []string {
	had := stringsIn(operation.Lookup(s.present, "allowed_tools"))
	asked, given := s.asked["allowed_tools"]
	switch {
	case !given || len(had) == 0:
		return nil
	case isNone(asked):
		return []string{"offers all tools of " + s.server + ", not only " + operation.NameList(operation.Encode(had))}
	}
	return naming("offers more tools of "+s.server, without(s.asked.List("allowed_tools"), had))
}

// stringsIn returns the texts of a list; of anything else, none.
func stringsIn(list json.RawMessage) (texts []string) {
	_ = json.Unmarshal(list, &texts)
	return texts
}
