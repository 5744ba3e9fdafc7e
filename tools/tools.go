// Package tools declares every management operation of a LiteLLM gateway, once.
//
// To add an operation, declare one [operation.Operation] in the file of its resource and
// add its name to the catalog at the top of that file (see credentials.go). Its flags,
// tool, help, completion and tests follow from the value.
package tools

import (
	"slices"

	"litellm-proxy/internal/operation"
)

// All returns every operation, in the order of the help and the documentation.
func All() operation.Catalog {
	return slices.Concat(models, modelGroups, accessGroups, fallbacks, credentials, keys, keyReviews, users, teams,
		organizations, projects, customers, budgets, providerBudgets, tags, spend, health, cache, chat, raw, status)
}
