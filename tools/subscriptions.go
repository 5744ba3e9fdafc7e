package tools

import "litellm-proxy/internal/operation"

var subscriptions = operation.Catalog{}
