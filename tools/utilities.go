package tools

import "litellm-proxy/internal/operation"

var utilities = operation.Catalog{}
