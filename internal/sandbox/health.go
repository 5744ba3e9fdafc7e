package sandbox

import (
	"net/http"
	"strings"
)

func home(*call) *reply {
	return &reply{status: http.StatusOK, text: true, body: "<!DOCTYPE html>\n<html><head><title>LiteLLM API - Swagger UI</title></head><body></body></html>\n"}
}

func alive(*call) *reply { return ok("I'm alive!") }

func readiness(*call) *reply { return ok(object{"status": "healthy", "db": "connected"}) }

func readinessDetails(*call) *reply { return ok(shapes()["readiness"]) }

func health(c *call) *reply {
	healthy, unhealthy := []object{}, []object{}
	id := c.query.Get("model_id")
	if id != "" && c.modelByID(id) == nil {
		return detailError(http.StatusNotFound, "Model with ID "+id+" not found")
	}
	for _, model := range c.Models {
		if only := c.query.Get("model"); only != "" && model["model_name"] != only {
			continue
		}
		if id != "" && infoOf(model)["id"] != id {
			continue
		}
		entry := object{"model": params(model)["model"], "model_id": infoOf(model)["id"]}
		if mock := text(params(model)["mock_response"]); strings.HasPrefix(mock, "litellm.") {
			entry["error"] = mock + ": this is a mock rate limit error"
			unhealthy = append(unhealthy, entry)
			continue
		}
		healthy = append(healthy, entry)
	}
	answer := ok(object{"healthy_endpoints": healthy, "unhealthy_endpoints": unhealthy, "healthy_count": len(healthy), "unhealthy_count": len(unhealthy)})
	if only := c.query.Get("model"); only != "" {
		c.keepCheck(only, healthy, unhealthy)
		if len(healthy) == 0 {
			answer.status = http.StatusServiceUnavailable
		}
	}
	return answer
}

func cachePing(*call) *reply {
	return fail(http.StatusServiceUnavailable, "cache_ping_error", "cache_ping",
		`{"message": "Cache not initialized. litellm.cache is None", "litellm_cache_params": "{}", "health_check_cache_params": "{}"}`)
}

// openAPI describes the routes there are: paths and methods, no schemas.
func openAPI(c *call) *reply {
	paths := object{}
	for _, route := range c.routes {
		if route.handle == nil || route.pattern == "/" || route.pattern == "/openapi.json" {
			continue
		}
		path := strings.ReplaceAll(route.pattern, ":path}", "}")
		methods, _ := paths[path].(object)
		if methods == nil {
			methods = object{}
			paths[path] = methods
		}
		tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		methods[strings.ToLower(route.method)] = object{
			"tags": []string{tag}, "summary": route.method + " " + path,
			"operationId": strings.Trim(strings.NewReplacer("/", "_", "{", "_", "}", "_").Replace(path), "_") + "_" + strings.ToLower(route.method),
			"responses":   object{"200": object{"description": "Successful Response"}},
		}
	}
	return ok(object{"openapi": "3.1.0", "info": object{"title": "LiteLLM API", "version": Version, "description": "The sandbox of this program, which imitates a LiteLLM gateway."},
		"paths": paths, "components": object{"schemas": object{}, "securitySchemes": object{}}})
}
