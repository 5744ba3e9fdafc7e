package tools

import (
	"context"

	"litellm-proxy/internal/operation"
)

var cache = operation.Catalog{cachePing, cacheRedisInfo, cacheDelete, cacheFlush, cacheSettings, cacheSettingsUpdate, cacheSettingsTest}

var cachePing = &operation.Operation{
	Path:     "cache ping",
	Summary:  "Test the gateway's cache by writing an entry and reading it back",
	Help:     "Fails if the gateway runs without a cache.",
	Examples: []string{"cache ping"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/cache/ping"},
	Done:     "tested the cache",
}

var cacheRedisInfo = &operation.Operation{
	Path:     "cache redis-info",
	Summary:  "Show Redis server and client details when Redis is the gateway's cache",
	Examples: []string{"cache redis-info"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/cache/redis/info"},
}

type cacheDeleteInput struct {
	Keys operation.Names `json:"keys" jsonschema:"required" help:"Entry names, from an answer's x-litellm-cache-key header" cli:"arg=1"`
}

var cacheDelete = &operation.Operation{
	Path:     "cache delete",
	Summary:  "Delete entries from the gateway's cache",
	Examples: []string{"cache delete 6f3a1c9e"},
	Effect:   operation.Destructive,
	Consent: ask(func(_ context.Context, call *operation.Call) (string, error) {
		noun := "entry "
		if len(call.Args().List("keys")) > 1 {
			noun = "entries "
		}
		return "Delete " + noun + operation.NameList(call.Arg("keys")) + " from the gateway's cache? The same calls cost money again.", nil
	}),
	Do:   operation.Endpoint[cacheDeleteInput]{Method: "POST", Path: "/cache/delete"},
	Done: "deleted {cache entry:keys}",
}

var cacheFlush = &operation.Operation{
	Path:     "cache flush",
	Summary:  "Delete every entry in the gateway's cache",
	Help:     "Entries of other gateways in the same Redis are deleted too.",
	Examples: []string{"cache flush --yes"},
	Effect:   operation.Destructive,
	Consent: operation.Consent{Sweeping: true, Ask: func(context.Context, *operation.Call) (string, error) {
		return "Delete every entry of the gateway's cache? Other gateways that share its Redis lose theirs too, and calls cost money again.", nil
	}},
	Do:   operation.Endpoint[struct{}]{Method: "POST", Path: "/cache/flushall"},
	Done: "flushed the cache",
}
