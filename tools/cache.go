package tools

import (
	"context"

	"litellm-proxy/internal/operation"
)

var cache = operation.Catalog{cachePing, cacheRedisInfo, cacheDelete, cacheFlush}

var cachePing = &operation.Operation{
	Path:     "cache ping",
	Summary:  "Test the gateway's cache: it writes an entry and reads it back",
	Help:     "Refused as unsupported where the gateway runs without a cache.",
	Examples: []string{"cache ping"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/cache/ping"},
	Done:     "tested the cache",
}

var cacheRedisInfo = &operation.Operation{
	Path:     "cache redis-info",
	Summary:  "Show what Redis says of itself and its clients, where it is the gateway's cache",
	Examples: []string{"cache redis-info"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/cache/redis/info"},
}

type cacheDeleteInput struct {
	Keys []string `json:"keys" jsonschema:"required,minItems=1" help:"Names of entries: an answer has its own in the header x-litellm-cache-key" cli:"arg=1"`
}

var cacheDelete = &operation.Operation{
	Path:     "cache delete",
	Summary:  "Delete entries of the gateway's cache",
	Examples: []string{"cache delete 6f3a1c9e"},
	Effect:   operation.Destructive,
	Consent: ask(func(_ context.Context, call *operation.Call) (string, error) {
		return "Delete from the gateway's cache: " + operation.Names(call.Arg("keys")) + "? Such calls cost money again.", nil
	}),
	Do:   operation.Endpoint[cacheDeleteInput]{Method: "POST", Path: "/cache/delete"},
	Done: "deleted cache entry {keys}",
}

var cacheFlush = &operation.Operation{
	Path:     "cache flush",
	Summary:  "Delete every entry of the gateway's cache",
	Help:     "Also what other gateways keep in the same Redis.",
	Examples: []string{"cache flush --yes"},
	Effect:   operation.Destructive,
	Consent: operation.Consent{Sweeping: true, Ask: func(context.Context, *operation.Call) (string, error) {
		return "Delete every entry of the gateway's cache? Other gateways that share its Redis lose theirs too, and calls cost money again.", nil
	}},
	Do:   operation.Endpoint[struct{}]{Method: "POST", Path: "/cache/flushall"},
	Done: "flushed the cache",
}
