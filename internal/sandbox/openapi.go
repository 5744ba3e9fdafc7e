package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"

	"litellm-proxy/internal/openapi"
)

func home(*call) *reply {
	return &reply{status: http.StatusOK, text: true, body: "<!DOCTYPE html>\n<html><head><title>LiteLLM API - Swagger UI</title></head><body></body></html>\n"}
}

// openAPI is the real gateway's document, cut to the routes that the sandbox has.
func openAPI(c *call) *reply {
	has := map[*openapi.Endpoint]bool{}
	for _, route := range c.routes {
		if route.handle != nil {
			has[openapi.Known().Match(route.method, strings.ReplaceAll(route.pattern, ":path}", "}"))] = true
		}
	}
	document := openapi.Known().Cut(func(e *openapi.Endpoint) bool { return has[e] })
	document.Version = Version
	body, err := document.OpenAPI("LiteLLM API", "The sandbox of this program, which imitates a LiteLLM gateway.")
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	return ok(json.RawMessage(body))
}
