package tools

import "litellm-proxy/internal/operation"

var calledTools = operation.Catalog{}
