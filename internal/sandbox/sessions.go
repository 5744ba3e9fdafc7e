package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// sessionFields are the members of a log row that the page of a session has.
var sessionFields = strings.Fields(`request_id call_type api_key spend total_tokens prompt_tokens completion_tokens startTime endTime
	completionStartTime model model_id model_group custom_llm_provider api_base user metadata cache_hit cache_key request_tags team_id
	organization_id end_user requester_ip_address session_id status mcp_namespaced_tool_name agent_id`)

// sessionLogs answers with the requests of a session, latest first.
func sessionLogs(c *call) *reply {
	page, size, bad := c.pageOfSize("page_size", 50, 100)
	if bad != nil {
		return bad
	}
	if !c.query.Has("session_id") {
		return invalid(missing("query", "session_id"))
	}
	found := []object{}
	for _, row := range slices.Backward(c.logs()) {
		if row["session_id"] != c.query.Get("session_id") || !c.who.sees() && row["user"] != c.who.userID {
			continue
		}
		short := object{}
		for _, name := range sessionFields {
			short[name] = row[name]
		}
		for _, name := range []string{"startTime", "endTime", "completionStartTime"} { // written so here only
			short[name] = strings.TrimSuffix(text(row[name]), "Z") + "+00:00"
		}
		found = append(found, short)
	}
	cut, pages := pageOf(found, page, size)
	return ok(object{"data": cut, "total": len(found), "page": page, "page_size": size, "total_pages": pages})
}

// requestBodies answers with the bodies of a request, which are not stored.
func requestBodies(c *call) *reply {
	for _, row := range c.logs() {
		if row["request_id"] == c.param["id"] && (c.who.sees() || row["user"] == c.who.userID) {
			return ok(object{"messages": object{}, "response": object{}, "proxy_server_request": object{}})
		}
	}
	if c.who.sees() {
		return ok(nil)
	}
	return detail(http.StatusForbidden, object{"error": "Not authorized to view spend log for request_id=" + c.param["id"]})
}

// sessionOf is the session that a request to a model names.
func sessionOf(body object) string {
	if id := text(body["litellm_session_id"]); id != "" {
		return id
	}
	metadata, _ := body["metadata"].(object)
	return text(metadata["session_id"])
}
