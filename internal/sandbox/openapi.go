package sandbox

import (
	"net/http"
	"strings"
)

func home(*call) *reply {
	return &reply{status: http.StatusOK, text: true, body: "<!DOCTYPE html>\n<html><head><title>LiteLLM API - Swagger UI</title></head><body></body></html>\n"}
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
