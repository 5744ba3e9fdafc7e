package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// policy refuses a call that a setting of its key or team forbids.
func (c *call) policy(body object) *reply {
	if c.who.key == nil {
		return nil
	}
	team := c.team()
	metadata, _ := c.who.key["metadata"].(object)
	ofTeam, _ := team["metadata"].(object)
	sent, _ := body["metadata"].(object)
	if ofTeam["require_trace_id"] == true && c.r.Header.Get("X-Litellm-Trace-Id") == "" && c.r.Header.Get("Traceparent") == "" && sent["trace_id"] == nil {
		return fail(http.StatusBadRequest, "bad_request_error", "trace_id", fmt.Sprintf("Team '%s' requires a trace ID on every LLM, MCP and agent request. "+
			"Send an x-litellm-trace-id header. LLM requests can also send a W3C traceparent header or set metadata.trace_id in the body.", text(team["team_id"])))
	}
	if params := list(metadata["enforced_params"]); len(params) > 0 {
		refusal := failure(http.StatusInternalServerError, "Enforced Params is an Enterprise feature. Enforced Params: "+pyList(params)+". "+enterprise)
		refusal.header = map[string]string{"X-Litellm-Response-Cost": "0", "X-Litellm-Key-Spend": c.keySpend().String()}
		return refusal
	}
	return c.notEnforced(team)
}

// notEnforced refuses a call to which a setting applies that the sandbox keeps as the
// real gateway does and does not enforce: a policy must not seem to work that was never
// tried.
func (c *call) notEnforced(team object) *reply {
	for _, of := range []struct {
		whose string
		row   object
	}{{"key", c.who.key}, {"team", team}} {
		settings, _ := of.row["router_settings"].(object)
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			if name != "fallbacks" && !isFalsy(settings[name]) {
				return unsupported("router_settings." + name + " of a " + of.whose)
			}
		}
	}
	return nil
}
