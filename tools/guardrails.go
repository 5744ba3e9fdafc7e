package tools

import "litellm-proxy/internal/operation"

var guardrails = operation.Catalog{}
