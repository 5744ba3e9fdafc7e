package tools

import "litellm-proxy/internal/operation"

var mcpToolsets = operation.Catalog{}
