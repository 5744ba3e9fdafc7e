package tools

import "litellm-proxy/internal/operation"

var api = operation.Catalog{}
