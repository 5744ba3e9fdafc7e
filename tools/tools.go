// Package tools declares every management operation of a LiteLLM gateway, once.
//
// To add an operation, declare one [operation.Operation] in the file of its resource and
// add its name to the catalog at the top of that file (see credentials.go). Its flags,
// tool, help, completion and tests follow from the value.
package tools

import (
	"context"
	"slices"
	"sync"

	"litellm-proxy/internal/operation"
)

// All returns every operation, in the order of the help and the documentation.
func All() operation.Catalog { return slices.Clone(all()) }

// declared returns the operations for which endpoints are declared: all but those that reach
// any. It is a variable set by init because an operation that All lists cannot call All.
var declared func() operation.Catalog

func init() {
	declared = func() operation.Catalog {
		return slices.DeleteFunc(All(), func(op *operation.Operation) bool { return op.Resource() == "api" || op.Resource() == "http" })
	}
}

// all adds to each write what all of them do.
var all = sync.OnceValue(func() operation.Catalog {
	ops := slices.Concat(models, modelGroups, accessGroups, fallbacks, credentials, keys, keyReviews, users, teams,
		organizations, projects, customers, budgets, providerBudgets, tags, spend, subscriptions, costs,
		guardrails, policies, prompts, mcpServers, mcpToolsets, agents, vectorStores, searchTools, memory, calledTools,
		passThrough, jwtMappings, auditLogs, callbacks, gatewaySettings, health, cache, encryption, utilities, chat, api, raw, whoami, status)
	of := resourceOf()
	for _, op := range ops {
		op.Of = of[op.Resource()]
		if op.Update != nil {
			op.Update.Holds = took
		}
		if op.Effect != operation.Read {
			op.Verify = inTurn(op.Verify, notesReset)
			op.Identifies = identifies
			op.Checks = append([]operation.Check{knownModels}, op.Checks...)
		}
	}
	return ops
})

// inTurn verifies a write in two ways; the first may be nil.
func inTurn(first, second func(context.Context, *operation.Call, *operation.Result) error) func(context.Context, *operation.Call, *operation.Result) error {
	if first == nil {
		return second
	}
	return func(ctx context.Context, call *operation.Call, result *operation.Result) error {
		if err := first(ctx, call, result); err != nil {
			return err
		}
		return second(ctx, call, result)
	}
}
