package tools

import (
	"context"

	"litellm-proxy/internal/operation"
)

var coordinationPage = &redisPage{
	settingsPage: settingsPage{what: "coordination Redis settings", path: "/coordination_redis/settings", values: "values", method: "POST", change: "/coordination_redis/settings"},
	field:        "settings", test: "/coordination_redis/settings/test", ok: "healthy",
}

var settingsCoordination = &operation.Operation{
	Path:     "settings coordination-redis",
	Summary:  "Show the Redis connection for sharing limits and spend between gateway processes",
	Examples: []string{"settings coordination-redis"},
	Effect:   operation.Read,
	Do:       coordinationPage.show(),
	Columns: append(coordinationPage.columns("host", "port", "username", "password", "url", "ssl", "startup_nodes", "sentinel_nodes", "service_name"),
		operation.Column{Name: "source"}),
}

type settingsCoordinationInput struct {
	Settings operation.Pairs `json:"settings" help:"Redis settings, such as host, port, password, url or ssl; null removes one" cli:"name=setting,short=s"`
}

var settingsCoordinationUpdate = &operation.Operation{
	Path:     "settings coordination-redis-update",
	Summary:  "Change the Redis connection for sharing limits and spend between gateway processes",
	Help:     "Settings you omit are unchanged. Takes effect after a restart.",
	Examples: []string{"settings coordination-redis-update --setting host=redis.internal --setting port=6379 --setting password=@redis.key"},
	Effect:   operation.Set,
	Sends:    []string{"POST /coordination_redis/settings"},
	Consent: operation.Consent{Sensitive: func(context.Context, *operation.Call) ([]string, error) {
		return []string{"changes where the gateway counts limits and spend"}, nil
	}},
	Update: &operation.Update{Present: coordinationPage.whole, Answer: "-", At: map[string]string{"settings": "values"}},
	Verify: applied,
	Do: operation.Func[settingsCoordinationInput](func(ctx context.Context, call *operation.Call, _ settingsCoordinationInput) (operation.Result, error) {
		return coordinationPage.save(ctx, call)
	}),
	Done: "updated the coordination Redis; restart the gateway to use it",
}

var settingsCoordinationTest = &operation.Operation{
	Path:     "settings coordination-redis-test",
	Summary:  "Test a connection to a coordination Redis without saving it",
	Help:     "Without settings, tests the stored ones.",
	Examples: []string{"settings coordination-redis-test", "settings coordination-redis-test --setting host=redis.internal --setting port=6379"},
	Effect:   operation.Write,
	Sends:    []string{"POST /coordination_redis/settings/test"},
	Consent:  often,
	Do: operation.Func[settingsCoordinationInput](func(ctx context.Context, call *operation.Call, _ settingsCoordinationInput) (operation.Result, error) {
		return coordinationPage.try(ctx, call)
	}),
	Done: "connected to the coordination Redis",
}
