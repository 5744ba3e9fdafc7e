package tools

import "litellm-proxy/internal/operation"

var callbacks = operation.Catalog{}
