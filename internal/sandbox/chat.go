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

// A completion is a call for a chat completion, with what binds it.
type completion struct {
	*call
	body   object
	asked  string // the model, by the name in the request
	limits []limit
	purses []purse
	aside  int // tokens that it may need
}

// refused is the answer to a completion that was looked at: it has an id and is logged.
func (r *completion) refused(answer *reply) *reply {
	if answer.header == nil {
		answer.header = map[string]string{}
	}
	maps.Copy(answer.header, map[string]string{"X-Litellm-Call-Id": uuid(), "X-Litellm-Response-Cost": "0", "X-Litellm-Key-Spend": r.keySpend().String()})
	if model := r.modelNamed(r.alias(r.asked)); model != nil && model["blocked"] != true && r.deploymentOver(model) == nil {
		answer.header["X-Litellm-Model-Id"] = text(infoOf(model)["id"])
	}
	r.logRefusal(answer)
	return answer
}

func (r *completion) logRefusal(answer *reply) {
	r.recordRefusal(r.asked, answer)
	r.tagged(r.Logs[len(r.Logs)-1])
}

// tagged adds to a log row what the request says of itself.
func (r *completion) tagged(row object) {
	row["request_tags"] = r.tags(r.body)
	if id := sessionOf(r.body); id != "" {
		row["session_id"] = id
	}
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
	if customer := c.customerOf(body); customer != "" {
		body["user"] = customer
	}
	asked := text(body["model"])
	r := &completion{call: c, body: body, asked: asked, limits: c.limits(asked, body), purses: c.purses(asked, body)}
	bad := r.unauthorized()
	if bad == nil {
		bad = c.policy(body)
	}
	if bad != nil {
		c.recordRefusal(asked, bad)
		return bad
	}
	r.aside = c.setAside(r.limits, body)
	if bad := c.overRate(r.limits, r.aside); bad != nil {
		return r.refused(bad)
	}
	return r.answer()
}

// unauthorized refuses what the caller may not do, before the request is looked at: by
// limits that are used up, models that are forbidden and budgets that are spent.
func (r *completion) unauthorized() *reply {
	if bad := r.exhausted(r.limits); bad != nil {
		return bad
	}
	if r.who.key != nil {
		r.window("seen:"+text(r.who.key["token"])).Requests++
	}
	names := list(r.body["fallbacks"])
	if r.asked != "" {
		names = append([]string{r.asked}, names...)
	}
	for _, name := range names {
		if kind := r.keyRefusal(name); kind != "" {
			return modelDenied(kind, name)
		}
	}
	if bad := r.keyRefused(); bad != nil {
		return bad
	}
	for _, name := range names {
		if bad := r.deniedModel(name, text(r.body["user"])); bad != nil {
			return bad
		}
	}
	return firstOver(r.purses)
}

// keyRefused looks at what is left of the key after its models: the budget of the member, the
// expiry, the budget of the key, its routes and its team.
func (r *completion) keyRefused() *reply {
	purses := r.keyPurses()
	if len(purses) == 0 {
		return nil
	}
	own := len(purses) - 1
	if bad := firstOver(purses[:own]); bad != nil {
		return bad
	}
	key, _ := r.credential()
	if bad := r.expiredKey(r.who.key, key); bad != nil {
		return bad
	}
	if bad := firstOver(purses[own:]); bad != nil {
		return bad
	}
	return r.routeOrTeam(r.who.key)
}

// answer looks at a request that its caller may make, and answers it, by a fallback where
// the model fails.
func (r *completion) answer() *reply {
	for name := range r.body {
		if strings.HasPrefix(name, "mock_t") { // mock_testing_fallbacks, mock_timeout
			return r.refused(noMocks(name))
		}
	}
	messages, has := r.body["messages"]
	if !has {
		return r.refused(badChat("messages", chatRoute+": Missing required parameter: 'messages'."))
	}
	model, bad := r.chatModel(r.asked, messages)
	if bad != nil {
		return r.refused(bad)
	}
	answer, bad := r.serve(r.body, r.alias(r.asked), model, 0, r.logRefusal)
	if bad == nil {
		return r.complete(answer)
	}
	bad = r.refused(bad)
	if row, sent := r.Logs[len(r.Logs)-1], countPrompt(messages); bad.status == http.StatusTooManyRequests {
		row["prompt_tokens"], row["total_tokens"], row["end_user"] = sent, sent, text(r.body["user"])
	}
	return bad
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

// complete writes the answer of a deployment, and who pays for it.
func (r *completion) complete(by served) *reply {
	body, model, name, group := r.body, by.model, r.asked, r.asked
	if by.fell {
		name, group = upstreamName(model), by.group
	}
	content, isMock := params(model)["mock_response"].(string)
	if !isMock {
		content = "Hello from the sandbox"
	}
	id, created := "chatcmpl-"+uuid(), r.now().Unix()
	used := tokens{mockPrompt, mockCompletion}
	switch {
	case body["stream"] == true: // streams are counted, and what a budget pays for
		used = tokens{countPrompt(body["messages"]), countTokens(content)}
	case counted(append(r.keyPurses(), r.purses...)):
		used.in = countPrompt(body["messages"])
	}
	headers, before := r.left(r.limits, r.aside), r.keySpend()
	spent := r.charge(body, model, r.asked, group, used)
	r.used(r.limits, used.in+used.out)
	row := r.Logs[len(r.Logs)-1]
	row["request_id"] = id
	r.tagged(row)
	maps.Copy(headers, map[string]string{"X-Litellm-Call-Id": uuid(), "X-Litellm-Version": Version, "X-Litellm-Model-Id": text(infoOf(model)["id"]),
		"X-Litellm-Model-Group": group, "X-Litellm-Key-Spend": r.keySpend().String(), "X-Litellm-Attempted-Fallbacks": "0"})
	if by.fell {
		headers["X-Litellm-Attempted-Fallbacks"] = "1"
	}
	if body["stream"] == true {
		headers["X-Litellm-Key-Spend"] = before.String()
		options, _ := body["stream_options"].(object)
		return &reply{status: http.StatusOK, header: headers, events: chunks(id, created, name, content, choicesOf(body), options["include_usage"] == true, used, spent)}
	}
	if spent > 0 {
		headers["X-Litellm-Response-Cost"] = money(spent).String()
		headers["X-Litellm-Key-Spend"] = (before + money(spent)).String()
	}
	choices := []object{}
	for i := range choicesOf(body) {
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
