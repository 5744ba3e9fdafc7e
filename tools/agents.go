package tools

import "litellm-proxy/internal/operation"

var agents = operation.Catalog{}
