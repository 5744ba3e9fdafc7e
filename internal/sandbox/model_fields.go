package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// ownParams are parameters that only the gateway's configuration may set; they come in
// families of names.
var ownParams = []string{"anthropic_disable_workload_identity_federation", "anthropic_federation_", "anthropic_identity_", "anthropic_issuer_",
	"anthropic_keycloak_", "anthropic_organization_id", "anthropic_service_account_id", "openai_identity_", "openai_service_account_id", "token_exchange_"}

// notUpdated are members of a model's information that POST /model/update ignores.
var notUpdated = []string{"blocked", "db_model", "member_auto_router", "cost_per_ptu_per_hour", "ptu_count", "ptu_effective_from", "ptu_effective_to", "ptu_shares",
	"team_id", "team_public_model_name", "created_at", "created_by", "updated_at", "updated_by"}

// autoRouter are parameters of deployments that route to others.
var autoRouter = []string{"adaptive_router_config", "auto_router_config", "auto_router_config_path", "auto_router_default_model", "auto_router_embedding_model",
	"auto_router_max_input_chars", "complexity_router_config", "complexity_router_default_model", "quality_router_config", "quality_router_default_model"}

// serverOwned refuses parameters that no request may set, before anything else is
// checked.
func (c *call) serverOwned() *reply {
	var body struct {
		Params map[string]json.RawMessage `json:"litellm_params"`
	}
	if json.NewDecoder(bytes.NewReader(c.raw)).Decode(&body) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(body.Params)) {
		for _, family := range ownParams {
			if name == family || strings.HasSuffix(family, "_") && strings.HasPrefix(name, family) {
				return failure(http.StatusUnauthorized, "Authentication Error, Rejected Request: "+name+" is a server-owned workload identity federation or "+
					"OAuth token exchange parameter and cannot be set in a request body. A proxy admin configures it on the deployment or on a stored credential.")
			}
		}
	}
	return nil
}

// aboutProblems rewrites where problems of a new model's information are: there its
// fields stand alone.
func (c *call) aboutProblems(bad *reply) *reply {
	body, _ := bad.body.(object)
	problems, _ := body["detail"].([]any)
	for _, one := range problems {
		if loc, is := one.(object)["loc"].([]any); is && c.r.Method == http.MethodPost && len(loc) > 2 && loc[1] == "model_info" {
			one.(object)["loc"] = append([]any{"body"}, loc[2:]...)
		}
	}
	return bad
}

// badParams refuses parameters that do not fit the model, and models that the sandbox
// does not have.
func (c *call) badParams() *reply {
	given, _ := c.body["litellm_params"].(object)
	about, _ := c.body["model_info"].(object)
	if c.path == "/model/update" {
		for _, name := range notUpdated {
			delete(about, name)
		}
	}
	var reserved []string
	for _, name := range []string{"cost_per_ptu_per_hour", "ptu_count", "ptu_effective_from", "ptu_effective_to", "ptu_shares"} {
		if about[name] != nil {
			reserved = append(reserved, name)
		}
	}
	if reserved != nil {
		message := "PTU cost attribution is disabled, so " + strings.Join(reserved, ", ") + " cannot be set. Set LITELLM_ENABLE_PTU_COST_ATTRIBUTION=true to enable it."
		if c.r.Method == http.MethodPatch {
			return detail(http.StatusBadRequest, message)
		}
		return failure(http.StatusBadRequest, message)
	}
	if text(about["team_id"]) != "" && c.r.Method == http.MethodPatch {
		return detailError(http.StatusForbidden, enterprise)
	}
	if text(about["team_id"]) != "" {
		return failure(http.StatusForbidden, pyDict("error", enterprise))
	}
	if value := text(given["daily_reset_time"]); value != "" && !isClock(value) {
		return invalid(problem("value_error", "Value error, daily_reset_time must be HH:MM in UTC, got "+pyString(value), "body", "litellm_params", "daily_reset_time"))
	}
	for _, name := range []string{"switchyard_router_config", "access_windows"} {
		if given[name] != nil {
			return unsupported("litellm_params." + name)
		}
		if about[name] != nil {
			return unsupported("model_info." + name)
		}
	}
	return badAutoRouter(given)
}

// badAutoRouter refuses the settings of an automatic router: the sandbox has none, and the
// gateway wants them with its prefix only.
func badAutoRouter(given object) *reply {
	for _, name := range autoRouter {
		if given[name] == nil {
			continue
		}
		model := text(given["model"])
		if strings.HasPrefix(model, "auto_router/") {
			return unsupported("litellm_params." + name)
		}
		return fail(http.StatusBadRequest, "validation_error", "litellm_params.model", fmt.Sprintf("litellm_params.model='%s' does not start with 'auto_router/' but the "+
			"deployment carries auto-router settings (%s), so the router could not load it. Keep the 'auto_router/' prefix; to change the name clients call, "+
			"edit the public model_name instead.", model, name))
	}
	return nil
}

func isClock(s string) bool {
	var hour, minute int
	n, err := fmt.Sscanf(s, "%d:%d", &hour, &minute)
	return n == 2 && err == nil && len(s) == 5 && hour < 24 && minute < 60
}

// hiddenParams are never shown; others whose name has a word of maskedWords are masked.
var (
	hiddenParams = []string{"api_key", "client_secret", "vertex_credentials", "vertex_ai_credentials", "aws_access_key_id", "aws_secret_access_key"}
	maskedWords  = []string{"password", "secret", "key", "token", "auth", "authorization", "cookie", "credential", "credentials", "access", "private",
		"certificate", "fingerprint", "tenancy"}
)

// shownParams are a model's parameters as reads show them. A reference to an environment
// variable is shown as its value, and none is set here; references deeper down stay.
func shownParams(given object) object {
	out := object{}
	for name, value := range given {
		if value != nil && !slices.Contains(hiddenParams, name) && !strings.HasPrefix(text(value), "os.environ/") {
			out[name] = maskParam(name, value)
		}
	}
	return out
}

func maskParam(name string, value any) any {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' })
	secret := name != "litellm_credential_name" && !slices.Contains(words, "cost") &&
		slices.ContainsFunc(words, func(word string) bool { return slices.Contains(maskedWords, word) })
	switch value := value.(type) {
	case object:
		out := object{}
		for inner, member := range value {
			out[inner] = maskParam(inner, member)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			if members, is := item.(object); is {
				out[i] = maskParam("", members)
			} else {
				out[i] = maskParam(name, item)
			}
		}
		return out
	case string:
		if secret && len(value) <= 8 {
			return strings.Repeat("*", len(value))
		}
		if secret {
			return value[:4] + strings.Repeat("*", len(value)-8) + value[len(value)-4:]
		}
	}
	return value
}

// priced are parameters that override the price list.
func priced(name string) bool {
	return strings.Contains(name, "cost_per") && !strings.Contains(name, "ptu") || strings.Contains(name, "token_cost") || strings.HasSuffix(name, "_uplift_multiplier") ||
		strings.Contains(name, "_uplift_multiplier_") || name == "tiered_pricing"
}

// overridePrices puts a model's own prices in place of the list's.
func overridePrices(about, given object) {
	var names []any
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] != nil && priced(name) {
			about[name] = given[name]
			names = append(names, name)
		}
	}
	about["pricing_overrides"] = append([]any{}, names...)
}
