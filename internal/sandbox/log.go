package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// logs are the rows of /spend/logs, oldest first. They are the bulk of the
// state, and few requests want them.
func (c *call) logs() []object {
	if c.store == nil {
		return c.Logs
	}
	rows, err := c.store.readLog(c.store.head)
	c.store.problem = err // becomes the answer
	return append(rows, c.Logs...)
}

// logRow appends a row of the given shape, made of what is known of any request.
func (c *call) logRow(shape string) (row, metadata object) {
	row = maps.Clone(shapes()[shape])
	metadata = maps.Clone(row["metadata"].(object))
	row["metadata"] = metadata
	now, id := c.stamp(), uuid()
	for _, name := range []string{"startTime", "endTime", "completionStartTime", "created_at", "updated_at"} {
		row[name] = now
	}
	row["request_id"], row["litellm_call_id"], row["session_id"] = id, id, uuid()
	row["api_key"], row["user"], row["team_id"] = "litellm_proxy_master_key", c.who.userID, ""
	if key := c.who.key; key != nil {
		row["api_key"], row["team_id"] = key["token"], text(key["team_id"])
		if c.who.session {
			row["api_key"] = key["key_alias"]
		}
		metadata["user_api_key_alias"], metadata["user_api_key_team_id"] = key["key_alias"], key["team_id"]
	}
	metadata["user_api_key"], metadata["user_agent"], metadata["litellm_call_id"] = row["api_key"], c.r.UserAgent(), id
	metadata["user_api_key_user_id"] = c.who.name()
	c.Logs = append(c.Logs, row)
	return row, metadata
}

// record logs an answer.
func (c *call) record(asked string, model object, in, out float64, used tokens) {
	row, metadata := c.logRow("log")
	known := cost(model)
	row["model_group"], row["model"], row["model_id"], row["custom_llm_provider"] = asked, params(model)["model"], infoOf(model)["id"], known["litellm_provider"]
	row["spend"], row["prompt_tokens"], row["completion_tokens"], row["total_tokens"] = money(in+out), used.in, used.out, used.in+used.out
	usage := maps.Clone(metadata["usage_object"].(object))
	usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"] = used.in, used.out, used.in+used.out
	breakdown := maps.Clone(metadata["cost_breakdown"].(object))
	breakdown["input_cost"], breakdown["output_cost"], breakdown["total_cost"], breakdown["original_cost"] = money(in), money(out), money(in+out), money(in+out)
	metadata["usage_object"], metadata["cost_breakdown"] = usage, breakdown
	metadata["model_map_information"] = object{"model_map_key": row["model"], "model_map_value": known}
	metadata["original_model_group"] = asked
}

// recordRefusal logs a refused chat completion. A real gateway logs refusals of
// other routes too.
func (c *call) recordRefusal(asked string, refusal *reply) {
	row, metadata := c.logRow("log_refused")
	row["model"], row["model_id"], row["model_group"], row["custom_llm_provider"] = "unknown-model", "", "", ""
	if model := c.serving(c.alias(asked)); model != nil {
		row["model"], row["model_id"], row["model_group"], row["custom_llm_provider"] = params(model)["model"], infoOf(model)["id"], asked, cost(model)["litellm_provider"]
	}
	problem := maps.Clone(metadata["error_information"].(object))
	body, _ := refusal.body.(object)["error"].(object)
	problem["error_code"], problem["error_message"] = body["code"], body["message"]
	problem["error_class"], problem["normalized_error"] = "ProxyException", fmt.Sprintf("%v_%s", body["code"], strings.ToUpper(text(body["type"])))
	metadata["error_information"] = problem
}

// recordUnauthorized logs a chat completion that was refused for its key.
func (c *call) recordUnauthorized(who identity, refusal *reply) {
	var body struct {
		Model string `json:"model"`
	}
	_ = json.Unmarshal(c.raw, &body)
	key, _ := c.credential()
	if key == "" {
		return
	}
	c.who = who
	c.recordRefusal(body.Model, refusal)
	c.Logs[len(c.Logs)-1]["api_key"] = tokenOf(key)
}

// tags are those of the request and of its user agent, with and without version.
func (c *call) tags(body object) []string {
	agent := c.r.UserAgent()
	name, _, hasVersion := strings.Cut(agent, "/")
	tags := append(c.requestTags(body), "User-Agent: "+name)
	if hasVersion {
		tags = append(tags, "User-Agent: "+agent)
	}
	return tags
}
