package tools

var cache = []*Operation{cachePing, cacheRedisInfo, cacheDelete, cacheFlush}

var cachePing = &Operation{
	Path:     "cache ping",
	Summary:  "Test the gateway's cache: it writes an entry and reads it back",
	Help:     "Refused as unsupported where the gateway runs without a cache.",
	Examples: []string{"cache ping"},
	Effect:   Read,
	Do:       Endpoint[struct{}]{Method: "GET", Path: "/cache/ping"},
}

var cacheRedisInfo = &Operation{
	Path:     "cache redis-info",
	Summary:  "Show what Redis says of itself and its clients, where it is the gateway's cache",
	Examples: []string{"cache redis-info"},
	Effect:   Read,
	Do:       Endpoint[struct{}]{Method: "GET", Path: "/cache/redis/info"},
}

type cacheDeleteInput struct {
	Keys []string `json:"keys" jsonschema:"required,minItems=1" jsonschema_description:"Names of entries: an answer has its own in the header x-litellm-cache-key" cli:"arg=1"`
}

var cacheDelete = &Operation{
	Path:     "cache delete",
	Summary:  "Delete entries of the gateway's cache",
	Examples: []string{"cache delete 6f3a1c9e"},
	Effect:   Destructive,
	Do:       Endpoint[cacheDeleteInput]{Method: "POST", Path: "/cache/delete"},
	Done:     "deleted cache entry {keys}",
}

var cacheFlush = &Operation{
	Path:     "cache flush",
	Summary:  "Delete every entry of the gateway's cache",
	Help:     "Also what other gateways keep in the same Redis.",
	Examples: []string{"cache flush --yes"},
	Effect:   Destructive,
	Sweeping: true,
	Do:       Endpoint[struct{}]{Method: "POST", Path: "/cache/flushall"},
	Done:     "flushed the cache",
}
