package tools

import "litellm-proxy/internal/operation"

var passThrough = operation.Catalog{}
