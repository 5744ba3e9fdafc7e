package sandbox

import "net/http"

func cachePing(*call) *reply {
	return fail(http.StatusServiceUnavailable, "cache_ping_error", "cache_ping",
		`{"message": "Cache not initialized. litellm.cache is None", "litellm_cache_params": "{}", "health_check_cache_params": "{}"}`)
}

const noCache = "503: Cache not initialized. litellm.cache is None"

func cacheUnhealthy(*call) *reply {
	return detail(http.StatusServiceUnavailable, "Service Unhealthy ("+noCache+")")
}

func cacheDelete(*call) *reply {
	return detail(http.StatusInternalServerError, "Cache Delete Failed("+noCache+")")
}
