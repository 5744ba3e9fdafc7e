package tools

import "litellm-proxy/internal/operation"

var jwtMappings = operation.Catalog{}
