package tools

import "litellm-proxy/internal/operation"

var vectorStores = operation.Catalog{}
