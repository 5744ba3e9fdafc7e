package tools

import "litellm-proxy/internal/operation"

var searchTools = operation.Catalog{}
