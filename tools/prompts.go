package tools

import "litellm-proxy/internal/operation"

var prompts = operation.Catalog{}
