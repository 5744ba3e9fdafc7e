package mcpserver

// Headers with which a client narrows what the operator offers.
const (
	headerToolsets = "X-MCP-Toolsets"
	headerReadOnly = "X-MCP-Readonly"
)
