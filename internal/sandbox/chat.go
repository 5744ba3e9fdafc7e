package sandbox

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window counts what a key or a team did in the current minute.
type window struct {
	Until    time.Time
	Requests int
	Tokens   int
}

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
	for _, one := range all {
		message, _ := one.(object)
		n += 4
		switch content := message["content"].(type) {
		case string:
			n += countTokens(content)
		case []any:
			for _, part := range content {
				fields, _ := part.(object)
				n += countTokens(text(fields["text"]))
			}
		}
	}
	return n
}

func countTokens(s string) (n int) {
	for word := range strings.FieldsSeq(s) {
		n += (len(word) + 5) / 6
	}
	return n
}

// modelRefusal is the error type with which the caller may not use the model:
// its key, then its team, then its user can forbid it. "" means it may.
func (c *call) modelRefusal(name string) string {
	if c.who.key == nil || c.who.isAdmin() && len(list(c.who.key["models"])) == 0 {
		return ""
	}
	allowed := list(c.who.key["models"])
	if !allows(allowed, name) {
		return "key_model_access_denied"
	}
	team := byID(c.Teams, "team_id", text(c.who.key["team_id"]))
	if team != nil && !allows(list(team["models"]), name) {
		return "team_model_access_denied"
	}
	if user := byID(c.Users, "user_id", c.who.userID); team == nil && user != nil && !allows(list(user["models"]), name) {
		return "user_model_access_denied"
	}
	return ""
}

func allows(allowed []string, name string) bool {
	for _, one := range allowed {
		switch {
		case one == name, one == "*", one == "all-proxy-models", one == "all-team-models":
			return true
		case strings.HasSuffix(one, "*") && strings.HasPrefix(name, strings.TrimSuffix(one, "*")):
			return true
		}
	}
	return len(allowed) == 0
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
	asked, named := body["model"].(string)
	denied := func(answer *reply) *reply {
		c.recordRefusal(asked, answer)
		return answer
	}
	refused := func(answer *reply) *reply {
		if answer.header == nil {
			answer.header = map[string]string{}
		}
		maps.Copy(answer.header, map[string]string{"X-Litellm-Call-Id": uuid(), "X-Litellm-Response-Cost": "0", "X-Litellm-Key-Spend": c.keySpend().String()})
		if model := c.modelNamed(c.alias(asked)); model != nil {
			answer.header["X-Litellm-Model-Id"] = text(infoOf(model)["id"])
		}
		c.recordRefusal(asked, answer)
		c.Logs[len(c.Logs)-1]["request_tags"] = c.tags(body)
		return answer
	}
	if named {
		if kind := c.modelRefusal(c.alias(asked)); kind != "" {
			return denied(fail(http.StatusForbidden, kind, "model", fmt.Sprintf("The requested model '%s' is not available for this API key, "+
				"or the model name is invalid. Check the models available to you and try again.", asked)))
		}
	}
	if bad := c.overBudget(text(body["user"])); bad != nil {
		return denied(bad)
	}
	if bad := c.overRate(); bad != nil {
		if message := bad.body.(object)["error"].(object)["message"].(string); strings.Contains(message, "Limit type: requests") {
			return denied(bad) // with the key, before the call has an id
		}
		return refused(bad)
	}
	messages, has := body["messages"]
	if !has {
		return refused(badChat("messages", chatRoute+": Missing required parameter: 'messages'."))
	}
	model, bad := c.chatModel(asked, messages)
	if bad != nil {
		return refused(bad)
	}
	return c.complete(body, asked, model, refused)
}

// keySpend is what the caller's key has spent; of the master key nobody knows.
func (c *call) keySpend() money {
	if c.who.key == nil {
		return 0
	}
	spent, _ := number(c.who.key["spend"])
	return money(spent)
}

// alias resolves a model name by the key's own aliases.
func (c *call) alias(name string) string {
	if c.who.key != nil {
		if aliases, is := c.who.key["aliases"].(object); is {
			return or2(text(aliases[name]), name)
		}
	}
	return name
}

// modelNamed is the first deployment of that name, nil if there is none.
func (c *call) modelNamed(name string) object {
	for _, model := range c.Models {
		if name != "" && model["model_name"] == name {
			return model
		}
	}
	return nil
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
	if infoOf(model)["blocked"] == true {
		return nil, fail(http.StatusForbidden, "permission_error", nil, "litellm.PermissionDeniedError: Model is blocked")
	}
	if _, isList := messages.([]any); !isList {
		return nil, badChat(nil, fmt.Sprintf("Invalid request format: litellm.APIConnectionError: APIConnectionError: OpenAIException - "+
			"'str' object has no attribute 'get'\n\nLiteLLM: model group '%s' failed with the error above. No fallback was attempted.", asked))
	}
	return model, nil
}

// complete answers a request that nothing speaks against.
func (c *call) complete(body object, asked string, model object, refused func(*reply) *reply) *reply {
	content, isMock := params(model)["mock_response"].(string)
	switch {
	case strings.HasPrefix(content, "litellm.RateLimitError"):
		answer := refused(fail(http.StatusTooManyRequests, "throttling_error", nil, fmt.Sprintf("litellm.RateLimitError: this is a mock rate limit error\n\n"+
			"LiteLLM: model group '%s' failed with the error above. No fallback was attempted.", asked)))
		row, sent := c.Logs[len(c.Logs)-1], countPrompt(body["messages"])
		row["prompt_tokens"], row["total_tokens"], row["end_user"] = sent, sent, text(body["user"])
		return answer
	case body["n"] != nil && !slices.Contains(list(cost(model)["supported_openai_params"]), "n"):
		known := cost(model)
		return refused(badChat(nil, fmt.Sprintf("litellm.UnsupportedParamsError: %s does not support parameters: ['n'], for model=%s. "+
			"To drop these, set `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n. \n "+
			"If you want to use these params dynamically send allowed_openai_params=['n'] in your request.\n\n"+
			"LiteLLM: model group '%s' failed with the error above. No fallback was attempted.",
			known["litellm_provider"], strings.TrimPrefix(text(params(model)["model"]), text(known["litellm_provider"])+"/"), asked)))
	case !isMock:
		content = "Hello from the sandbox"
	}
	n := choicesOf(body)
	id := "chatcmpl-" + uuid()
	created := c.now().Unix()
	used := tokens{mockPrompt, mockCompletion}
	if body["stream"] == true { // only streams are counted
		used = tokens{countPrompt(body["messages"]), countTokens(content)}
	}
	before := c.keySpend()
	spent := c.charge(asked, model, text(body["user"]), used)
	row := c.Logs[len(c.Logs)-1]
	row["request_id"], row["request_tags"] = id, c.tags(body)
	headers := map[string]string{"X-Litellm-Call-Id": uuid(), "X-Litellm-Version": Version, "X-Litellm-Model-Id": text(infoOf(model)["id"]),
		"X-Litellm-Model-Group": asked, "X-Litellm-Key-Spend": c.keySpend().String()}
	if body["stream"] == true {
		headers["X-Litellm-Key-Spend"] = before.String()
		options, _ := body["stream_options"].(object)
		return &reply{status: http.StatusOK, header: headers, events: chunks(id, created, asked, content, n, options["include_usage"] == true, used, spent)}
	}
	if spent > 0 {
		headers["X-Litellm-Response-Cost"] = money(spent).String()
		headers["X-Litellm-Key-Spend"] = (before + money(spent)).String()
	}
	choices := []object{}
	for i := range n {
		choices = append(choices, object{"finish_reason": "stop", "index": i, "message": object{"content": content, "role": "assistant"}})
	}
	return &reply{status: http.StatusOK, header: headers, body: object{"id": id, "created": created, "model": asked, "object": "chat.completion", "choices": choices,
		"usage": object{"completion_tokens": mockCompletion, "prompt_tokens": mockPrompt, "total_tokens": mockPrompt + mockCompletion}}}
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

// overBudget looks at the budgets of the key's team and user and of the customer.
func (c *call) overBudget(customer string) *reply {
	over := func(row object) (spent, limit money, is bool) {
		most, limited := number(row["max_budget"])
		used, _ := number(row["spend"])
		return money(used), money(most), limited && used >= most
	}
	if c.who.key != nil {
		if team := byID(c.Teams, "team_id", text(c.who.key["team_id"])); team != nil {
			if spent, limit, is := over(team); is && limit > 0 { // a team's budget of 0 does not count
				return budgetExceeded(fmt.Sprintf("Budget has been exceeded! Team=%s Current cost: %s, Max budget: %s", team["team_id"], spent, limit))
			}
		} else if user := byID(c.Users, "user_id", c.who.userID); user != nil {
			if spent, limit, is := over(user); is {
				return budgetExceeded(fmt.Sprintf("ExceededBudget: User=%s over budget. Spend=%s, Budget=%s", user["user_id"], spent, limit))
			}
		}
	}
	if row := byID(c.Customers, "user_id", customer); row != nil {
		if budget := byID(c.Budgets, "budget_id", text(row["budget_id"])); budget != nil {
			if spent, limit, is := over(object{"spend": row["spend"], "max_budget": budget["max_budget"]}); is && limit > 0 {
				return budgetExceeded(fmt.Sprintf("ExceededBudget: End User=%s over budget. Spend=%s, Budget=%s", customer, spent, limit))
			}
		}
	}
	return nil
}

// overRate counts the request against the limits of the key and its team.
func (c *call) overRate() *reply {
	if c.who.key == nil {
		return nil
	}
	limited := []struct {
		what, id string
		row      object
	}{
		{"api_key", text(c.who.key["token"]), c.who.key},
		{"team", text(c.who.key["team_id"]), byID(c.Teams, "team_id", text(c.who.key["team_id"]))},
	}
	for _, one := range limited {
		if one.row == nil {
			continue
		}
		w := c.window(one.what + ":" + one.id)
		requests, hasRequests := number(one.row["rpm_limit"])
		tokens, hasTokens := number(one.row["tpm_limit"])
		refuse := func(kind string, limit float64, left int) *reply {
			answer := fail(http.StatusTooManyRequests, "throttling_error", nil, fmt.Sprintf(
				"Rate limit exceeded for %s: %s. Limit type: %s. Current limit: %.0f, Remaining: %d. Limit resets at: %s UTC",
				one.what, one.id, kind, limit, left, w.Until.UTC().Format("2006-01-02 15:04:05")))
			answer.header = map[string]string{"Retry-After": strconv.Itoa(max(1, int(math.Ceil(w.Until.Sub(c.now()).Seconds()))))}
			return answer
		}
		if hasRequests && w.Requests >= int(requests) {
			return refuse("requests", requests, 0)
		}
		if hasTokens && w.Tokens+mockPrompt > int(tokens) {
			return refuse("tokens", tokens, max(int(tokens)-w.Tokens, 0))
		}
		w.Requests++
	}
	return nil
}

func (c *call) window(id string) *window {
	w := c.windows[id]
	if now := c.now(); w == nil || !now.Before(w.Until) {
		w = &window{Until: now.Add(time.Minute)}
		c.windows[id] = w
	}
	return w
}

// charge adds the price of a mock answer to everybody concerned.
func (c *call) charge(asked string, model object, customer string, used tokens) float64 {
	known := cost(model)
	in, _ := number(known["input_cost_per_token"])
	out, _ := number(known["output_cost_per_token"])
	in, out = in*float64(used.in), out*float64(used.out)
	spent := in + out
	add := func(row object, fields ...string) {
		if row == nil {
			return
		}
		for _, field := range fields {
			before, _ := number(row[field])
			row[field] = money(before + spent)
		}
	}
	if key := c.who.key; key != nil {
		add(key, "spend", "total_spend")
		key["last_active"] = c.stamp()
		teamID := text(key["team_id"])
		add(byID(c.Teams, "team_id", teamID), "spend")
		for _, membership := range c.Memberships {
			if membership["team_id"] == teamID && membership["user_id"] == c.who.userID {
				add(membership, "spend", "total_spend")
			}
		}
		for _, name := range []string{"api_key:" + text(key["token"]), "team:" + teamID} {
			c.window(name).Tokens += used.in + used.out
		}
	}
	add(byID(c.Users, "user_id", c.who.userID), "spend")
	add(byID(c.Customers, "user_id", customer), "spend")
	c.record(asked, model, in, out, used)
	c.Logs[len(c.Logs)-1]["end_user"] = customer
	return spent
}

// choicesOf is how many answers were asked for.
func choicesOf(body object) int {
	if given, is := number(body["n"]); is {
		return min(max(int(given), 0), 128)
	}
	return 1
}
