package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func alive(*call) *reply            { return ok("I'm alive!") }
func readiness(*call) *reply        { return ok(object{"status": "healthy", "db": "connected"}) }
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

// keepCheck remembers a health check of one model.
func (c *call) keepCheck(model string, healthy, unhealthy []object) {
	status, message := "healthy", any(nil)
	if len(healthy) == 0 {
		status = "unhealthy"
		if len(unhealthy) > 0 {
			message = unhealthy[0]["error"]
		}
	}
	now := c.stamp()
	c.Checks = append(c.Checks, object{"health_check_id": uuid(), "model_name": model, "model_id": nil, "status": status,
		"healthy_count": len(healthy), "unhealthy_count": len(unhealthy), "error_message": message, "response_time_ms": money(1.5),
		"details": nil, "checked_by": c.who.name(), "checked_at": now, "created_at": now})
}

func healthHistory(c *call) *reply {
	limit, offset := 100, 0
	if n, err := strconv.Atoi(c.query.Get("limit")); err == nil {
		limit = n
	}
	if n, err := strconv.Atoi(c.query.Get("offset")); err == nil {
		offset = n
	}
	found := []object{}
	for _, check := range slices.Backward(c.Checks) {
		if c.asksFor("model", text(check["model_name"])) && c.asksFor("status_filter", text(check["status"])) {
			found = append(found, check)
		}
	}
	found = found[min(offset, len(found)):]
	found = found[:min(limit, len(found))]
	return ok(object{"health_checks": found, "total_records": len(found), "limit": limit, "offset": offset})
}

func healthLatest(c *call) *reply {
	latest := object{}
	for _, check := range c.Checks {
		latest[text(check["model_name"])] = check
	}
	return ok(object{"latest_health_checks": latest, "total_models": len(latest)})
}

// healthServices knows no service but the webhook, which answers nothing.
func healthServices(c *call) *reply {
	switch service := c.query.Get("service"); service {
	case "":
		return invalid(missing("query", "service"))
	case "webhook":
		return ok(nil)
	default:
		return failure(http.StatusUnprocessableEntity, pyDict("error", fmt.Sprintf("%q not in proxy config: general_settings. Unable to test this.", service)))
	}
}

func healthLicense(*call) *reply {
	return ok(object{"has_license": false, "license_type": "community", "expiration_date": nil, "allowed_features": []any{},
		"limits": object{"max_users": nil, "max_teams": nil}})
}

func healthBacklog(*call) *reply {
	return ok(object{"in_flight_requests": 1, "admitted_requests": 0, "queued_requests": 0, "rejected_requests": 0})
}

// testConnection succeeds for what has a provider or is a model of the gateway.
func testConnection(c *call) *reply {
	if bad := c.read("litellm_params:dict model_info:dict mode:str"); bad != nil {
		return bad
	}
	asked, _ := c.body["litellm_params"].(object)
	name := text(asked["model"])
	if name == "" {
		return detailError(http.StatusInternalServerError, "Failed to test connection: 'model'")
	}
	if model := c.modelNamed(name); model != nil || strings.Contains(name, "/") {
		if mock := text(params(or(any(model), object{}).(object))["mock_response"]); !strings.HasPrefix(mock, "litellm.") {
			return ok(object{"status": "success", "result": object{"model": name}})
		}
	}
	return ok(object{"status": "error", "result": object{"model": name, "raw_request_typed_dict": nil,
		"error": "litellm.BadRequestError: LLM Provider NOT provided. Pass in the LLM provider you are trying to call. You passed model=" + name + "\nstack trace: Traceback (most recent call last)"}})
}
