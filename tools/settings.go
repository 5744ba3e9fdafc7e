package tools

import "litellm-proxy/internal/operation"

var gatewaySettings = operation.Catalog{}
