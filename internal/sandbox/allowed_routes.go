package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// infoRoutes are what a key of type read_only may call.
var infoRoutes = []string{"/key/info", "/key/health", "/team/info", "/team/list", "/v2/team/list", "/organization/list", "/team/available",
	"/user/info", "/v2/user/info", "/model/info", "/v1/model/info", "/v2/model/info", "/model_group/info", "/health", "/health/services", "/key/list",
	"/models", "/v1/models"}

// inRoutes reports whether a path is one of those that a word of allowed_routes means: a
// group, a path, or a path that ends with *.
func inRoutes(word, path string) bool {
	models := strings.TrimPrefix(path, "/v1")
	isLLM := strings.HasSuffix(path, "/chat/completions") || models == "/models" || strings.HasPrefix(models, "/models/")
	switch word {
	case "openai_routes":
		return isLLM
	case "llm_api_routes":
		return isLLM || slices.Contains([]string{"/model/info", "/v1/model/info", "/model_group/info"}, path)
	case "management_routes":
		return !isLLM
	case "info_routes":
		return slices.Contains(infoRoutes, path)
	}
	start, pattern := strings.CutSuffix(word, "*")
	return word == path || pattern && strings.HasPrefix(path, start)
}

// allowedRoutes keeps a key to the routes that it is for.
func (c *call) allowedRoutes(row object) *reply {
	allowed := list(row["allowed_routes"])
	if len(allowed) == 0 || slices.ContainsFunc(allowed, func(word string) bool { return inRoutes(word, c.path) }) {
		return nil
	}
	return detail(http.StatusForbidden, fmt.Sprintf(
		"Virtual key is not allowed to call this route. Only allowed to call routes: %s. Tried to call route: %s", pyList(allowed), c.path))
}
