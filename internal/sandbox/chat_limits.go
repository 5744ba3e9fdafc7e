package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window counts what somebody did in the current minute.
type window struct {
	Until    time.Time
	Requests int
	Tokens   int
}

func (c *call) window(id string) *window {
	w := c.windows[id]
	if now := c.now(); w == nil || !now.Before(w.Until) {
		w = &window{Until: now.Add(time.Minute)}
		c.windows[id] = w
	}
	return w
}

// A limit is what somebody may do in a minute; a nil number limits nothing.
type limit struct {
	what, id                   string
	requests, tokens, parallel any
	early                      bool // known before the body is read
}

func (l limit) window(c *call) *window { return c.window(l.what + ":" + l.id) }

// limits lists every limit that a request falls under, in the order in which they refuse.
func (c *call) limits(asked string, body object) (out []limit) {
	add := func(l limit) {
		if l.requests != nil || l.tokens != nil || l.parallel != nil {
			out = append(out, l)
		}
	}
	customer, key := text(body["user"]), c.who.key
	var model, keyMetadata, teamMetadata object
	if key != nil {
		own, team := byID(c.Budgets, "budget_id", text(key["budget_id"])), c.team()
		user := byID(c.Users, "user_id", c.who.userID)
		_, member := c.memberBudget()
		keyMetadata, _ = key["metadata"].(object)
		teamMetadata, _ = team["metadata"].(object)
		requests, tokens := or(key["rpm_limit"], own["rpm_limit"]), or(key["tpm_limit"], own["tpm_limit"])
		if keyMetadata["rpm_limit_type"] == "dynamic" { // binds when a deployment fails often
			requests = nil
		}
		if keyMetadata["tpm_limit_type"] == "dynamic" {
			tokens = nil
		}
		add(limit{"api_key", text(key["token"]), requests, tokens, key["max_parallel_requests"], true})
		add(limit{"user", c.who.userID, user["rpm_limit"], user["tpm_limit"], nil, false})
		add(limit{"team", text(key["team_id"]), team["rpm_limit"], team["tpm_limit"], nil, true})
		add(limit{"team_member", text(key["team_id"]) + ":" + c.who.userID, member["rpm_limit"], member["tpm_limit"], nil, true})
	}
	if budget := c.customerBudget(customer); budget != nil {
		add(limit{"end_user", customer, budget["rpm_limit"], budget["tpm_limit"], nil, false})
	}
	tags := c.requestTags(body)
	if key != nil {
		model = object{"name": c.alias(asked), "token": key["token"], "team": key["team_id"]}
		out = append(out, modelLimits(model, keyMetadata, teamMetadata, tags)...)
	}
	for _, name := range tags {
		if tag := byID(c.Tags, "name", name); tag != nil {
			budget := byID(c.Budgets, "budget_id", text(tag["budget_id"]))
			add(limit{"tag", name, budget["rpm_limit"], budget["tpm_limit"], nil, false})
		}
	}
	return out
}

// modelLimits are the limits of a key and its team for one model, and of the key for one
// tag. A key without one for the model has its team's, too.
func modelLimits(model, key, team object, tags []string) (out []limit) {
	of := func(metadata object, field string) any {
		limits, _ := metadata[field].(object)
		return limits[text(model["name"])]
	}
	ownRequests, ownTokens := of(key, "model_rpm_limit"), of(key, "model_tpm_limit")
	teamRequests, teamTokens := of(team, "model_rpm_limit"), of(team, "model_tpm_limit")
	requests, tokens := or(ownRequests, teamRequests), or(ownTokens, teamTokens)
	if requests != nil || tokens != nil {
		out = append(out, limit{"model_per_key", text(model["token"]) + ":" + text(model["name"]), requests, tokens, nil, false})
	}
	perTag, _ := key["tag_rpm_limit"].(object)
	for _, tag := range tags {
		if perTag[tag] != nil {
			out = append(out, limit{"tag_per_key", text(model["token"]) + ":" + tag, perTag[tag], nil, nil, false})
		}
	}
	if ownRequests != nil {
		teamRequests = nil
	}
	if ownTokens != nil {
		teamTokens = nil
	}
	if teamRequests != nil || teamTokens != nil {
		out = append(out, limit{"model_per_team", text(model["team"]) + ":" + text(model["name"]), teamRequests, teamTokens, nil, false})
	}
	return out
}

// tooMany refuses a request over a limit.
func (c *call) tooMany(l limit, kind string, most any, left int) *reply {
	resets := c.now().UTC().Add(time.Minute).Format("2006-01-02 15:04:05") + " UTC"
	n, _ := number(most)
	answer := fail(http.StatusTooManyRequests, "throttling_error", nil, fmt.Sprintf(
		"Rate limit exceeded for %s: %s. Limit type: %s. Current limit: %.0f, Remaining: %d. Limit resets at: %s",
		l.what, l.id, kind, n, max(left, 0), resets))
	answer.header = map[string]string{"Retry-After": "60", "Rate_limit_type": kind, "Reset_at": resets}
	return answer
}

// exhausted refuses a request for a limit that is used up already, of those that need no
// body. It counts nothing. The gateway knows them of a key that it saw in the last minute.
func (c *call) exhausted(limits []limit) *reply {
	if c.who.key == nil || c.window("seen:"+text(c.who.key["token"])).Requests == 0 {
		return nil
	}
	for _, l := range limits {
		if !l.early {
			continue
		}
		if most, is := number(l.requests); is && l.window(c).Requests >= int(most) {
			return c.tooMany(l, "requests", most, int(most)-l.window(c).Requests)
		}
		if most, is := number(l.parallel); is && most < 1 {
			return c.tooMany(l, "max_parallel_requests", most, 0)
		}
	}
	return nil
}

// overRate counts the request against its limits. What it may need of tokens is set aside.
func (c *call) overRate(limits []limit, aside int) *reply {
	for _, counted := range []bool{false, true} {
		for _, l := range limits {
			most, is := number(l.requests)
			if !is {
				continue
			}
			if counted {
				l.window(c).Requests++
			}
			if w := l.window(c); w.Requests > int(most) && !counted {
				return c.tooMany(l, "requests", most, int(most)-w.Requests)
			}
		}
	}
	for _, l := range limits {
		most, is := number(l.requests)
		if w := l.window(c); is && w.Requests > int(most) {
			return c.tooMany(l, "requests", most, int(most)-w.Requests)
		}
		if most, is := number(l.parallel); is && most < 1 {
			return c.tooMany(l, "max_parallel_requests", most, 0)
		}
	}
	for _, l := range limits {
		if most, is := number(l.tokens); is && l.window(c).Tokens+aside > int(most) {
			return c.tooMany(l, "tokens", most, int(most)-l.window(c).Tokens)
		}
	}
	return nil
}

// setAside is how many tokens the gateway expects a request to need: about the letters of
// its prompt, and what it may answer.
func (c *call) setAside(limits []limit, body object) int {
	least := -1
	for _, l := range limits {
		if most, is := number(l.tokens); is && (least < 0 || int(most) < least) {
			least = int(most)
		}
	}
	letters := 0
	eachText(body["messages"], func(s string) { letters += len(s) })
	in := letters / 4
	if letters > 0 {
		in = max(in, 1)
	}
	const most = 1024 // of an answer whose length the request does not limit
	out := max(in, min(most, max(1, least/4)))
	if in == 0 {
		out = 0
	}
	if expected, is := c.expected(c.alias(text(body["model"]))); is {
		out = expected
	}
	for _, field := range []string{"max_tokens", "max_completion_tokens"} {
		if given, is := number(body[field]); is {
			out = int(given)
		}
	}
	return max(1, in+out*max(choicesOf(body), 1))
}

// expected is how many tokens an answer has as the key says, or its team: for the model,
// else for any.
func (c *call) expected(model string) (tokens int, is bool) {
	for _, owner := range []object{c.who.key, c.team()} {
		metadata, _ := owner["metadata"].(object)
		models, _ := metadata["default_estimated_output_tokens_per_model"].(object)
		if n, is := number(or(models[model], metadata["default_estimated_output_tokens"])); is {
			return int(n), true
		}
	}
	return 0, false
}

// customerOf returns the customer of a call, from a header or one of several fields.
func (c *call) customerOf(body object) string {
	for _, name := range []string{"X-Litellm-Customer-Id", "X-Litellm-End-User-Id"} {
		if id := c.r.Header.Get(name); id != "" {
			return id
		}
	}
	ours, _ := body["litellm_metadata"].(object)
	metadata, _ := body["metadata"].(object)
	for _, value := range []any{body["user"], ours["user"], metadata["user_id"], body["safety_identifier"]} {
		if id := text(value); id != "" {
			return id
		}
	}
	return ""
}

// used adds the tokens of an answer to the limits that count them.
func (c *call) used(limits []limit, tokens int) {
	for _, l := range limits {
		if l.tokens != nil {
			l.window(c).Tokens += tokens
		}
	}
}

// left are the headers that tell what is left of each limit.
func (c *call) left(limits []limit, aside int) map[string]string {
	headers := map[string]string{}
	set := func(l limit, kind string, most any, used int) {
		if n, is := number(most); is {
			headers["X-Ratelimit-"+l.what+"-Remaining-"+kind] = strconv.Itoa(int(n) - used)
			headers["X-Ratelimit-"+l.what+"-Limit-"+kind] = strconv.Itoa(int(n))
		}
	}
	for _, l := range limits {
		set(l, "Requests", l.requests, l.window(c).Requests)
		set(l, "Max_parallel_requests", l.parallel, 1)
		set(l, "Tokens", l.tokens, l.window(c).Tokens+aside)
	}
	return headers
}

// eachText calls visit with every text of the messages.
func eachText(messages any, visit func(string)) {
	all, _ := messages.([]any)
	for _, one := range all {
		message, _ := one.(object)
		switch content := message["content"].(type) {
		case string:
			visit(content)
		case []any:
			for _, part := range content {
				fields, _ := part.(object)
				visit(text(fields["text"]))
			}
		}
	}
}

// requestTags are the tags of a request: of its body, its header, its key and its team.
func (c *call) requestTags(body object) []string {
	metadata, _ := body["metadata"].(object)
	tags := list(metadata["tags"])
	tags = append(slices.Clone(tags), list(body["tags"])...)
	for name := range strings.SplitSeq(c.r.Header.Get("X-Litellm-Tags"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			tags = append(tags, name)
		}
	}
	for _, owner := range []object{c.who.key, c.team()} {
		metadata, _ := owner["metadata"].(object)
		tags = append(tags, list(metadata["tags"])...)
	}
	var out []string
	for _, tag := range tags {
		if !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}
