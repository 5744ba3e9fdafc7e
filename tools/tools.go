// Package tools declares every management operation of a LiteLLM gateway, once.
//
// To add an operation, add one value to the file of its resource and its name to
// the list of that resource (see keys.go). Its flags, its tool, its help, its
// completion and its place in the tests follow from the value.
package tools

import (
	"slices"

	"litellm-proxy/internal/operation"
)

// All returns every operation, in the order in which help and documentation show
// them.
func All() operation.Catalog {
	return slices.Concat(models, modelGroups, accessGroups, fallbacks, credentials, keys, keyReviews, users, teams,
		organizations, projects, customers, budgets, providerBudgets, tags, spend, health, cache, chat, raw, status)
}
