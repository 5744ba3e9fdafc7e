package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const enterprise = "You must be a LiteLLM Enterprise user to use this feature. If you have a license please set `LITELLM_LICENSE` in your env. " +
	"Get a 7 day trial key here: https://www.litellm.ai/enterprise#trial. \nPricing: https://www.litellm.ai/#pricing"

// The gateway's errors come in three families. fail is the first, with the
// type, param and code of OpenAI's errors.
func fail(status int, kind string, param any, message string) *reply {
	return &reply{status: status, body: object{"error": object{
		"message": message, "type": kind, "param": param, "code": strconv.Itoa(status),
	}}}
}

// failure is the commonest form of the first family: the type follows the status.
func failure(status int, message string) *reply {
	kind := "invalid_request_error"
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		kind = "auth_error"
	case status >= http.StatusInternalServerError:
		kind = "internal_server_error"
	}
	return fail(status, kind, nil, message)
}

// detail is the second family: {"detail": "…"} or {"detail": {"error": "…"}}.
func detail(status int, what any) *reply {
	return &reply{status: status, body: object{"detail": what}}
}

func detailError(status int, message string) *reply {
	return detail(status, object{"error": message})
}

// invalid is the third family: what validation found, for a 422.
func invalid(problems ...any) *reply { return detail(http.StatusUnprocessableEntity, problems) }

func problem(kind, message string, loc ...any) any {
	return object{"type": kind, "loc": loc, "msg": message}
}

func missing(loc ...any) any { return problem("missing", "Field required", loc...) }

// valueError is a complaint about the body as a whole.
func valueError(message string) *reply {
	return invalid(problem("value_error", "Value error, "+message, "body"))
}

// crash is the answer to what the gateway did not foresee.
func crash() *reply {
	return &reply{status: http.StatusInternalServerError, body: object{
		"error": object{"message": "Internal server error", "type": "internal_server_error"},
	}}
}

func notImplemented(method, path string) *reply {
	return fail(http.StatusNotImplemented, "sandbox_not_implemented", nil,
		fmt.Sprintf("the sandbox does not implement %s %s", method, path))
}

func negativeBudget(v any) (string, bool) {
	if n, is := number(v); is && n < 0 {
		return "max_budget must be a non-negative finite number. Received: " + money(n).String(), true
	}
	return "", false
}

func badBudgetDuration(v any) (string, bool) {
	s, is := v.(string)
	if !is {
		return "", false
	}
	if _, is := resetTime(time.Now(), s); is {
		return "", false
	}
	return fmt.Sprintf("Invalid budget_duration '%s'. Use a format like '1h', '24h', '7d', or '30d'.", s), true
}

// badLimits refuses a negative budget and a period that cannot be read.
func badLimits(body object) *reply {
	if message, is := negativeBudget(body["max_budget"]); is {
		return failure(http.StatusBadRequest, pyDict("error", message))
	}
	if message, is := badBudgetDuration(body["budget_duration"]); is {
		return failure(http.StatusBadRequest, pyDict("error", message))
	}
	return nil
}
