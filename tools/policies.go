package tools

import "litellm-proxy/internal/operation"

var policies = operation.Catalog{}
