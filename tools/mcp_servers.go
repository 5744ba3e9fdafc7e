package tools

import "litellm-proxy/internal/operation"

var mcpServers = operation.Catalog{}
