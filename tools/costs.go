package tools

import "litellm-proxy/internal/operation"

var costs = operation.Catalog{}
