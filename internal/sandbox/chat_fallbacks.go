package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxFallbacks bounds how far a chain of fallbacks is followed.
const maxFallbacks = 5

// A served request has the deployment that answered and the group it belongs to.
type served struct {
	model object
	group string
	fell  bool // after another model failed
}

// mockFailure is how a deployment's mock fails, nil if it answers.
func mockFailure(model object) *reply {
	switch params(model)["mock_response"] {
	case "litellm.RateLimitError":
		return fail(http.StatusTooManyRequests, "throttling_error", nil, "litellm.RateLimitError: this is a mock rate limit error")
	case "litellm.ContextWindowExceededError":
		return fail(http.StatusBadRequest, "invalid_request_error", nil, "litellm.ContextWindowExceededError: litellm.BadRequestError: this is a mock context window exceeded error")
	case "litellm.InternalServerError":
		return fail(http.StatusInternalServerError, "internal_server_error", nil, "litellm.InternalServerError: this is a mock internal server error")
	}
	return nil
}

// deploymentFailure is how a deployment refuses a request, nil if it answers.
func (c *call) deploymentFailure(model, body object) *reply {
	if bad := c.deploymentOver(model); bad != nil {
		return bad
	}
	known := cost(model)
	if body["n"] != nil && !slices.Contains(list(known["supported_openai_params"]), "n") {
		return badChat(nil, fmt.Sprintf("litellm.UnsupportedParamsError: %s does not support parameters: ['n'], for model=%s. "+
			"To drop these, set `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n. \n "+
			"If you want to use these params dynamically send allowed_openai_params=['n'] in your request.",
			known["litellm_provider"], upstreamName(model)))
	}
	return mockFailure(model)
}

// upstreamName is a deployment's model without its provider.
func upstreamName(model object) string {
	return strings.TrimPrefix(text(params(model)["model"]), text(cost(model)["litellm_provider"])+"/")
}

// serve finds a deployment that answers: one of the group, else one of its fallbacks.
// failed is called with each failure that a fallback makes good.
func (c *call) serve(body object, group string, model object, depth int, failed func(*reply)) (served, *reply) {
	bad := c.deploymentFailure(model, body)
	if bad == nil {
		return served{model: model, group: group, fell: depth > 0}, nil
	}
	if body["disable_fallbacks"] == true {
		return served{model: model}, bad
	}
	targets, configured := c.targets(body, group, bad, depth)
	var tried, skipped []string
	last := ""
	for _, target := range targets {
		other := c.serving(target)
		switch {
		case depth >= maxFallbacks || other == nil && c.who.key == nil:
		case c.modelRefusal(target) != "":
			skipped = append(skipped, target)
		case other == nil:
			tried, last = append(tried, target), "litellm.BadRequestError: You passed in model="+target+". There are no healthy deployments for this model."
		default:
			answer, worse := c.serve(body, target, other, depth+1, failed)
			if worse == nil {
				failed(bad)
				return answer, nil
			}
			tried, last = append(tried, target), strings.Split(messageOf(worse), "\n\nLiteLLM:")[0]
		}
	}
	if c.deploymentOver(model) != nil {
		return served{}, bad
	}
	explain(bad, c.unset(group, bad)+outcome(group, targets, configured, tried, skipped, last))
	return served{model: model}, bad
}

// targets are the fallbacks for a failure, and the models that have any.
func (c *call) targets(body object, group string, bad *reply, depth int) (targets, configured []string) {
	if own := list(body["fallbacks"]); len(own) > 0 && depth == 0 {
		return own, own
	}
	if strings.HasPrefix(messageOf(bad), "litellm.ContextWindowExceededError") {
		if targets = c.fallbacksOf(group, "context_window"); len(targets) > 0 {
			return targets, targets
		}
	}
	for _, row := range c.Fallbacks {
		if row["kind"] == "general" && row["model"] != nil {
			configured = append(configured, text(row["model"]))
		}
	}
	for _, owner := range []object{c.who.key, c.team()} {
		settings, _ := owner["router_settings"].(object)
		entries, _ := settings["fallbacks"].([]any)
		for _, entry := range entries {
			entry, _ := entry.(object)
			if models := list(entry[group]); len(models) > 0 {
				return models, configured
			}
		}
	}
	return c.fallbacksOf(group, "general"), configured
}

// outcome says what became of the fallbacks.
func outcome(group string, targets, configured, tried, skipped []string, last string) string {
	lead := "\n\nLiteLLM: model group '" + group + "' failed with the error above"
	if len(targets) == 0 && len(configured) == 0 {
		return lead + ". No fallback was attempted."
	}
	if len(targets) == 0 {
		return lead + " and no fallback model group was found for it, so the request was not retried on another model. Fallbacks are configured for: " +
			strings.Join(configured, ", ") + ". Add a fallbacks entry for that model group (Router fallbacks or proxy router_settings.fallbacks) to retry on another model."
	}
	var said []string
	if tried != nil {
		said = append(said, "Fallback to "+strings.Join(tried, ", ")+" also failed: "+last)
	}
	if skipped != nil {
		them := "it"
		if len(skipped) > 1 {
			them = "them"
		}
		said = append(said, "Fallback to "+strings.Join(skipped, ", ")+" was skipped because the caller is not authorized to call "+them+".")
	}
	return lead + ". " + strings.Join(said, " ")
}

// unset is what the gateway adds for a prompt that is too long while no model has fallbacks
// for that.
func (c *call) unset(group string, bad *reply) string {
	if !strings.HasPrefix(messageOf(bad), "litellm.ContextWindowExceededError") {
		return ""
	}
	var entries []string
	for _, row := range c.Fallbacks {
		switch {
		case row["model"] == nil:
		case row["kind"] == "context_window":
			return ""
		case row["kind"] == "general":
			entries = append(entries, "{"+pyString(text(row["model"]))+": "+pyList(list(row["models"]))+"}")
		}
	}
	general := pyNone
	if entries != nil {
		general = "[" + strings.Join(entries, ", ") + "]"
	}
	return "\nmodel=" + group + ". context_window_fallbacks=None. fallbacks=" + general + ".\n\nSet 'context_window_fallback' - https://docs.litellm.ai/docs/routing#fallbacks"
}

func messageOf(bad *reply) string {
	body, _ := bad.body.(object)
	fields, _ := body["error"].(object)
	return text(fields["message"])
}

// explain appends to the message of a refusal.
func explain(bad *reply, more string) {
	fields := bad.body.(object)["error"].(object)
	fields["message"] = text(fields["message"]) + more
}
