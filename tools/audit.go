package tools

import "litellm-proxy/internal/operation"

var auditLogs = operation.Catalog{}
