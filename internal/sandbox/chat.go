package sandbox

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// The mock answers of a real gateway count these tokens whatever they say.
const (
	mockPrompt     = 10
	mockCompletion = 20
)

// tokens are the tokens of a request and of its answer.
type tokens struct{ in, out int }

// countPrompt counts about as the tokenizers do: three tokens for the answer to
// come, three a message and one for its role.
func countPrompt(messages any) int {
	n := 3
	all, _ := messages.([]any)
	n += 4 * len(all)
	eachText(messages, func(s string) { n += countTokens(s) })
	return n
}

func countTokens(s string) (n int) {
	for word := range strings.FieldsSeq(s) {
		n += (len(word) + 5) / 6
	}
	return n
}

func badChat(param any, message string) *reply {
	return fail(http.StatusBadRequest, "invalid_request_error", param, message)
}

func chat(c *call) *reply {
	body := object{}
	if len(bytes.TrimSpace(c.raw)) > 0 {
		decoded, fault := decode(c.raw)
		if fault >= 0 {
			return badChat("request_body", fmt.Sprintf("Invalid JSON payload: at character %d", fault))
		}
		body = decoded.(object) // anything else was refused with the key
	}
	asked, _ := body["model"].(string)
	if customer := c.customerOf(body); customer != "" {
		body["user"] = customer
	}
	refused := func(answer *reply) *reply {
		if answer.header == nil {
			answer.header = map[string]string{}
		}
		maps.Copy(answer.header, map[string]string{"X-Litellm-Call-Id": uuid(), "X-Litellm-Response-Cost": "0", "X-Litellm-Key-Spend": c.keySpend().String()})
		if model := c.modelNamed(c.alias(asked)); model != nil && model["blocked"] != true && c.deploymentOver(model) == nil {
			answer.header["X-Litellm-Model-Id"] = text(infoOf(model)["id"])
		}
		c.recordRefusal(asked, answer)
		c.Logs[len(c.Logs)-1]["request_tags"] = c.tags(body)
		return answer
	}
	limits, purses := c.limits(asked, body), c.purses(asked, body)
	if bad := c.unauthorized(asked, body, limits, purses); bad != nil {
		c.recordRefusal(asked, bad)
		return bad
	}
	if bad := c.policy(body); bad != nil {
		c.recordRefusal(asked, bad)
		return bad
	}
	aside := c.setAside(limits, body)
	if bad := c.overRate(limits, aside); bad != nil {
		return refused(bad)
	}
	for name := range body {
		if strings.HasPrefix(name, "mock_t") { // mock_testing_fallbacks, mock_timeout
			return refused(noMocks(name))
		}
	}
	messages, has := body["messages"]
	if !has {
		return refused(badChat("messages", chatRoute+": Missing required parameter: 'messages'."))
	}
	model, bad := c.chatModel(asked, messages)
	if bad != nil {
		return refused(bad)
	}
	return c.complete(body, asked, model, limits, counted(purses), aside, refused)
}

// unauthorized refuses what the caller may not do, before the request is looked at: by
// limits that are used up, models that are forbidden and budgets that are spent.
func (c *call) unauthorized(asked string, body object, limits []limit, purses []purse) *reply {
	if bad := c.exhausted(limits); bad != nil {
		return bad
	}
	if c.who.key != nil {
		c.window("seen:"+text(c.who.key["token"])).Requests++
	}
	names := list(body["fallbacks"])
	if asked != "" {
		names = append([]string{asked}, names...)
	}
	for _, name := range names {
		if kind := c.keyRefusal(name); kind != "" {
			return modelDenied(kind, name)
		}
	}
	if bad := firstOver(c.keyPurses()); bad != nil {
		return bad
	}
	for _, name := range names {
		if bad := c.deniedModel(name, text(body["user"])); bad != nil {
			return bad
		}
	}
	return firstOver(purses)
}

// noMocks refuses parameters that make a real gateway's calls fail.
func noMocks(name string) *reply {
	message := "Mock testing request params are disabled on this proxy: " + name + ". An admin can enable them by setting " +
		"`general_settings.dangerously_allow_mock_testing_request_params: true` in config.yaml. This setting cannot be changed from the Admin UI or the API."
	answer := badChat(nil, message)
	answer.body.(object)["error"].(object)["provider_specific_fields"] = object{"error": message}
	return answer
}

// keySpend is what the caller's key has spent; of the master key nobody knows.
func (c *call) keySpend() money {
	if c.who.key == nil {
		return 0
	}
	spent, _ := number(c.who.key["spend"])
	return money(spent)
}

// modelNamed is the first deployment of that name, a blocked one only if all are. nil is
// none.
func (c *call) modelNamed(name string) (found object) {
	for _, model := range c.Models {
		if name == "" || model["model_name"] != name {
			continue
		}
		if model["blocked"] != true {
			return model
		}
		if found == nil {
			found = model
		}
	}
	return found
}

// chatRoute stands in messages, whichever of the two paths was called.
const chatRoute = "/chat/completions"

// chatModel is the model that answers, which may be there and refuse.
func (c *call) chatModel(asked string, messages any) (model object, bad *reply) {
	model = c.serving(c.alias(asked))
	if model == nil {
		message := fmt.Sprintf("%s: Invalid model name passed in model=%s. Call `/v1/models` to view available models for your key.", chatRoute, or2(asked, pyNone))
		answer := badChat(nil, message)
		answer.body.(object)["error"].(object)["provider_specific_fields"] = object{"error": message}
		return nil, answer
	}
	if model["blocked"] == true {
		return nil, fail(http.StatusForbidden, "permission_error", nil, "litellm.PermissionDeniedError: Model is blocked")
	}
	if _, isList := messages.([]any); !isList {
		return nil, badChat(nil, fmt.Sprintf("Invalid request format: litellm.APIConnectionError: APIConnectionError: OpenAIException - "+
			"'str' object has no attribute 'get'\n\nLiteLLM: model group '%s' failed with the error above. No fallback was attempted.", asked))
	}
	return model, nil
}

// complete answers a request that nothing speaks against, by a fallback where the model
// fails.
func (c *call) complete(body object, asked string, model object, limits []limit, counted bool, aside int, refused func(*reply) *reply) *reply {
	answer, bad := c.serve(body, c.alias(asked), model, 0, func(failure *reply) {
		c.recordRefusal(asked, failure)
		c.Logs[len(c.Logs)-1]["request_tags"] = c.tags(body)
	})
	if bad != nil {
		bad = refused(bad)
		row, sent := c.Logs[len(c.Logs)-1], countPrompt(body["messages"])
		if bad.status == http.StatusTooManyRequests {
			row["prompt_tokens"], row["total_tokens"], row["end_user"] = sent, sent, text(body["user"])
		}
		return bad
	}
	model, name, group := answer.model, asked, asked
	if answer.fell {
		name, group = upstreamName(model), answer.group
	}
	content, isMock := params(model)["mock_response"].(string)
	if !isMock {
		content = "Hello from the sandbox"
	}
	n := choicesOf(body)
	id := "chatcmpl-" + uuid()
	created := c.now().Unix()
	used := tokens{mockPrompt, mockCompletion}
	switch {
	case body["stream"] == true: // streams are counted, and what a budget pays for
		used = tokens{countPrompt(body["messages"]), countTokens(content)}
	case counted:
		used.in = countPrompt(body["messages"])
	}
	headers := c.left(limits, aside)
	before := c.keySpend()
	spent := c.charge(body, model, asked, group, used)
	c.used(limits, used.in+used.out)
	row := c.Logs[len(c.Logs)-1]
	row["request_id"], row["request_tags"] = id, c.tags(body)
	maps.Copy(headers, map[string]string{"X-Litellm-Call-Id": uuid(), "X-Litellm-Version": Version, "X-Litellm-Model-Id": text(infoOf(model)["id"]),
		"X-Litellm-Model-Group": group, "X-Litellm-Key-Spend": c.keySpend().String(), "X-Litellm-Attempted-Fallbacks": "0"})
	if answer.fell {
		headers["X-Litellm-Attempted-Fallbacks"] = "1"
	}
	if body["stream"] == true {
		headers["X-Litellm-Key-Spend"] = before.String()
		options, _ := body["stream_options"].(object)
		return &reply{status: http.StatusOK, header: headers, events: chunks(id, created, name, content, n, options["include_usage"] == true, used, spent)}
	}
	if spent > 0 {
		headers["X-Litellm-Response-Cost"] = money(spent).String()
		headers["X-Litellm-Key-Spend"] = (before + money(spent)).String()
	}
	choices := []object{}
	for i := range n {
		choices = append(choices, object{"finish_reason": "stop", "index": i, "message": object{"content": content, "role": "assistant"}})
	}
	return &reply{status: http.StatusOK, header: headers, body: object{"id": id, "created": created, "model": name, "object": "chat.completion", "choices": choices,
		"usage": object{"completion_tokens": used.out, "prompt_tokens": used.in, "total_tokens": used.in + used.out}}}
}

// chunks cuts the answer into pieces of three characters, as the mock of the
// real gateway does.
func chunks(id string, created int64, model, content string, n int, usage bool, used tokens, spent float64) []any {
	chunk := func(choices []object) object {
		return object{"id": id, "object": "chat.completion.chunk", "created": created, "model": model, "choices": choices}
	}
	var out []any
	for letters := []rune(content); len(letters) > 0; {
		size := min(3, len(letters))
		piece := string(letters[:size])
		letters = letters[size:]
		choices := []object{}
		for i := range n {
			delta := object{"content": piece}
			if len(out) == 0 || i > 0 {
				delta["role"] = "assistant"
			}
			choices = append(choices, object{"index": i, "delta": delta})
		}
		out = append(out, chunk(choices))
	}
	out = append(out, chunk([]object{{"index": 0, "delta": object{}, "finish_reason": "stop"}})) // of the first choice only
	if usage {
		final := chunk([]object{})
		final["usage"] = object{"completion_tokens": used.out, "prompt_tokens": used.in, "total_tokens": used.in + used.out,
			"completion_tokens_details": object{"reasoning_tokens": 0, "text_tokens": used.out}, "cost": money(spent)}
		out = append(out, final)
	}
	return append(out, "[DONE]")
}

// choicesOf is how many answers were asked for.
func choicesOf(body object) int {
	if given, is := number(body["n"]); is {
		return min(max(int(given), 0), 128)
	}
	return 1
}
