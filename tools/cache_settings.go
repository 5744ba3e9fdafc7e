package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// A redisPage is settings of a connection to Redis. The gateway replaces them, but keeps
// the stored secrets as long as the address stays.
type redisPage struct {
	settingsPage
	// field is the member of a request with the settings, test the route that tries them,
	// and ok the status of its answer when they work.
	field, test, ok string
}

// redacted is what the gateway shows in place of a secret.
const redacted = "***REDACTED***"

// redisAddress is the settings to which the gateway binds the stored secrets.
var redisAddress = []string{"host", "port", "url", "redis_startup_nodes", "startup_nodes", "sentinel_nodes", "service_name"}

// merged returns the settings to send: the present ones without secrets, changed.
func (p *redisPage) merged(ctx context.Context, call *operation.Call) (operation.Args, error) {
	present, err := p.present(ctx, call)
	if err != nil {
		return nil, err
	}
	is, change := membersOf(present), membersOf(call.Arg(p.field))
	settings, hidden := operation.Args{}, []string{}
	for name, value := range is {
		switch {
		case operation.Word(value) == redacted:
			hidden = append(hidden, name)
		case name != "redis_type": // which the gateway derives
			settings[name] = value
		}
	}
	for name, value := range change {
		if settings[name] = value; operation.NoNull(value) == nil && !slices.Contains(hidden, name) {
			delete(settings, name)
		}
	}
	slices.Sort(hidden)
	if lost := without(hidden, slices.Collect(maps.Keys(change))); len(lost) > 0 && moves(change, is) {
		call.Note("The gateway keeps stored secrets only for the same address, so it drops " + strings.Join(lost, ", ") + ". Give them again if the new address needs them.")
	}
	return settings, nil
}

// moves reports whether a change leads to another address.
func moves(change, is map[string]json.RawMessage) bool {
	return slices.ContainsFunc(redisAddress, func(name string) bool {
		value, given := change[name]
		return given && !took(value, is[name])
	})
}

// save is the action that changes the settings.
func (p *redisPage) save(ctx context.Context, call *operation.Call) (operation.Result, error) {
	if len(membersOf(call.Arg(p.field))) == 0 {
		return operation.Result{}, operation.NothingToChange(p.field)
	}
	settings, err := p.merged(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	body, err := call.Write(ctx, p.method, p.change, operation.Args{p.field: operation.Encode(settings)})
	if e := operation.AsError(err); e != nil && e.Status >= 500 {
		if present, failed := p.present(ctx, call); failed == nil && took(call.Arg(p.field), present) {
			e.Message += "; the gateway stored the settings anyway"
			e.Hint = "change them again, so that the gateway does not start with them"
		}
	}
	return operation.Result{Body: body}, err
}

// try is the action that tests the settings, with changes if any are given.
func (p *redisPage) try(ctx context.Context, call *operation.Call) (operation.Result, error) {
	settings, err := p.merged(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	if len(settings) == 0 {
		return operation.Result{}, operation.Usage("no " + p.what + " are stored; give the ones to test with {" + p.field + "}")
	}
	body, err := call.Write(ctx, "POST", p.test, operation.Args{p.field: operation.Encode(settings)})
	result := operation.Result{Body: body}
	if err == nil && !call.Planning() && operation.Word(operation.Lookup(body, "status")) != p.ok {
		why := operation.Shown(operation.Word(operation.LookupAny(body, "message|error")))
		result.Failed = []operation.Failure{{What: "the " + p.what, Why: why}}
	}
	return result, err
}

var cachePage = &redisPage{
	settingsPage: settingsPage{what: "cache settings", path: "/cache/settings", values: "current_values", method: "POST", change: "/cache/settings"},
	field:        "cache_settings", test: "/cache/settings/test", ok: "success",
}

var cacheSettings = &operation.Operation{
	Path:     "cache settings",
	Summary:  "Show the response cache settings",
	Help:     "The answer's fields member describes every setting.",
	Examples: []string{"cache settings"},
	Effect:   operation.Read,
	Do:       cachePage.show(),
	Columns: cachePage.columns("type", "redis_type", "host", "port", "db", "username", "password", "url", "ssl", "namespace", "ttl",
		"redis_startup_nodes", "sentinel_nodes", "service_name", "similarity_threshold"),
}

type cacheSettingsInput struct {
	CacheSettings operation.Pairs `json:"cache_settings" help:"Cache settings, such as type, host, port, password or ttl; null removes one" cli:"name=setting,short=s"`
}

var cacheSettingsUpdate = &operation.Operation{
	Path:    "cache settings-update",
	Summary: "Change the response cache settings and switch caching on",
	Help:    "Settings you omit are unchanged. The gateway cannot switch caching off again.",
	Examples: []string{
		"cache settings-update --setting type=redis --setting host=redis.internal --setting port=6379 --setting password=@redis.key",
		"cache settings-update --setting ttl=600",
	},
	Effect: operation.Set,
	Sends:  []string{"POST /cache/settings"},
	Consent: operation.Consent{Sensitive: func(_ context.Context, call *operation.Call) ([]string, error) {
		return []string{"changes where the answers to all calls are stored, and serves callers from there"}, nil
	}},
	Checks: []operation.Check{cacheType},
	Update: &operation.Update{Present: cachePage.whole, Answer: "-", At: map[string]string{"cache_settings": "current_values"}},
	Verify: applied,
	Do: operation.Func[cacheSettingsInput](func(ctx context.Context, call *operation.Call, _ cacheSettingsInput) (operation.Result, error) {
		return cachePage.save(ctx, call)
	}),
	Done: "updated the cache settings",
}

// whole reads the answer that has the settings in it.
func (p *redisPage) whole(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	return call.Read(ctx, proxyclient.Request{Path: p.path})
}

// cacheTypes are the kinds of caches. The gateway stores another one and fails.
var cacheTypes = []string{"local", "redis", "redis-semantic", "valkey-semantic", "s3", "qdrant-semantic", "azure-blob", "gcs"}

// cacheType refuses settings without a kind of cache, and an unknown one.
func cacheType(ctx context.Context, call *operation.Call) error {
	change := membersOf(call.Arg("cache_settings"))
	if len(change) == 0 {
		return nil // nothing to change
	}
	kind, given := change["type"]
	if !given {
		present, err := cachePage.present(ctx, call)
		if err != nil {
			return err
		}
		kind = membersOf(present)["type"]
	}
	types := strings.Join(cacheTypes, ", ") + ". Nothing was sent"
	switch name := operation.Word(kind); {
	case operation.NoNull(kind) == nil:
		return operation.Usage("{cache_settings} needs a type: one of " + types)
	case !slices.Contains(cacheTypes, name):
		return operation.Usage("{cache_settings}: the type " + operation.Name(name) + " is not one of " + types)
	}
	return nil
}

var cacheSettingsTest = &operation.Operation{
	Path:    "cache settings-test",
	Summary: "Test a connection to a Redis cache without saving it",
	Help:    "Without settings, tests the stored ones.",
	Examples: []string{
		"cache settings-test",
		"cache settings-test --setting type=redis --setting host=redis.internal --setting port=6379",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /cache/settings/test"},
	Consent: often,
	Do: operation.Func[cacheSettingsInput](func(ctx context.Context, call *operation.Call, _ cacheSettingsInput) (operation.Result, error) {
		return cachePage.try(ctx, call)
	}),
	Done: "connected to the cache",
}
