package operation

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"litellm-proxy/internal/secret"
)

func isHeaders(name string) bool { return name == "headers" || strings.HasSuffix(name, "_headers") }

// free tells whether a member stands in what is only kept: names like role and
// permissions mean nothing to the gateway there.
func free(path []string) bool {
	return len(path) > 1 && slices.Contains([]string{"metadata", "model_info", "credential_info", "config"}, path[0])
}

// isBody tells whether a path is that of a request's whole body.
func isBody(path []string) bool {
	return len(path) == 1 && (path[0] == "json" || path[0] == "data" || path[0] == "body")
}

// kept tells whether a member stands in the metadata of a thing: names like repo_url
// mean nothing to the gateway there, but for those of callbacks.
func kept(path []string) bool {
	if len(path) > 1 && isBody(path[:1]) {
		path = path[1:]
	}
	return len(path) > 1 && slices.Contains([]string{"metadata", "model_info", "credential_info"}, path[0]) && !callbackName().MatchString(path[1])
}

// callbackName are the members of metadata that the gateway reads where it logs calls.
var callbackName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)callback|logging|webhook|secret_manager|guardrail|^(langfuse|langsmith|gcs|s3|arize|phoenix|posthog|humanloop|braintrust|weave|wandb|opik|lunary|helicone|datadog|dd|otel|slack|mlflow|azure)_`)
})

// told is a text in a danger: what decides is visible, and secrets are masked.
func told(text string) string { return unmasked(masked(text)) }

// masked masks the words of a text that are secrets by their form. It leaves whole what
// a secret is only taken for by its place: an address may be written so that its host
// stands there.
func masked(text string) string {
	if strings.Contains(text, "-----BEGIN") {
		return "****"
	}
	return wordForm().ReplaceAllStringFunc(text, func(word string) string {
		if kind := bearerForm().FindString(word); kind != "" {
			return kind + "****"
		}
		return secret.Text(word)
	})
}

var (
	wordForm   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+\S+|[A-Za-z0-9_-]+`) })
	bearerForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(?:bearer|basic)\s+`) })
)

// metadataPowers are what the gateway reads in the metadata of a key too.
var metadataPowers = []string{"temp_budget_increase", "allowed_passthrough_routes", "allowed_vector_store_indexes", "secret_manager_settings"}

// power finds what gives a user, a key or a caller more than models: by the names that
// the gateway reads.
func (s *scanner) power(path []string, name string, value json.RawMessage) {
	if NoNull(value) == nil || free(path) && (len(path) > 2 || !slices.Contains(metadataPowers, name)) {
		return
	}
	where := strings.Join(path, ".")
	switch {
	case name == "auto_rotate" && !isNothing(value):
		s.add(where, "lets the gateway replace keys by itself: the old ones stop working")
	case name == "role" && provider(path):
	case name == "user_role" || name == "role" || name == "global_role":
		if role := Word(value); role != "" && !slices.Contains(ordinaryRoles, strings.ToLower(role)) {
			s.add(where, "gives the role %s", told(role))
		}
	case name == "custom_code" && !isNothing(value):
		s.add(where, "runs code on the gateway")
	case name == "key_type" && Word(value) == "management":
		s.add(where, "makes a key that manages the gateway")
	case name == "allowed_routes":
		var routes []string
		_ = json.Unmarshal(value, &routes)
		if more := slices.DeleteFunc(routes, modelRoute); len(more) > 0 {
			s.add(where, "gives access to routes that manage the gateway: %s", NameList(Encode(more)))
		}
	case name == "allowed_passthrough_routes" && !isNothing(value):
		s.add(where, "gives access to routes that pass the gateway's credentials on: %s", NameList(value))
	case name == "secret_manager_settings" && !isNothing(value):
		s.add(where, "sets where keys are stored")
	case name == "router_settings" && !isNothing(value):
		s.add(where, "changes how calls are routed, and so which models they may reach")
	case name == "allowed_vector_store_indexes" && !isNothing(value):
		s.add(where, "gives access to indexes of vector stores")
	case (name == "permissions" || strings.HasSuffix(name, "_permissions") || name == "object_permission") && !isNothing(value):
		s.add(where, "gives permissions: %s", permissions(value))
	case name == "configurable_clientside_auth_params" && !isNothing(value):
		s.add(where, "lets callers choose where the stored key is sent")
	case name == "ssl_verify" && strings.EqualFold(Word(value), "false"):
		s.add(where, "turns off the check of TLS certificates")
	case isRole(path, name) && !isNothing(value) && !slices.Contains(ordinaryRoles, strings.ToLower(Word(value))):
		s.add(where, "may give a role or the rights of an administrator")
	case name == "temp_budget_increase" && !isNothing(value):
		s.add(where, "raises the budget for a time by %s US dollars", visible(Word(value)))
	}
}

// isRole tells whether a name is like that of a role, in what does not describe how a
// provider is called.
func isRole(path []string, name string) bool {
	return !provider(path) && (strings.Contains(name, "admin") || name == "members_with_roles" || name == "roles" ||
		strings.HasSuffix(name, "_role") || strings.HasSuffix(name, "_roles"))
}

// provider tells whether a member stands in what describes how a provider is called.
func provider(path []string) bool {
	return slices.ContainsFunc(path, func(member string) bool { return slices.Contains(connections, member) })
}

// connections are the arguments that say how a provider or a service is called.
var connections = []string{paramsField, "credential_values", "callback_vars"}

// permissions names what a list or an object allows.
func permissions(value json.RawMessage) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil {
		return NameList(value)
	}
	var names []string
	for name := range object {
		names = append(names, told(name))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// isNothing tells whether a value gives nothing: empty, false or 0.
func isNothing(value json.RawMessage) bool {
	return slices.Contains([]string{"", "[]", "{}", `""`, "false", "0"}, strings.Join(strings.Fields(string(value)), ""))
}

// ordinaryRoles may do nothing to others.
var ordinaryRoles = []string{"internal_user", "internal_user_viewer", "user", "customer", "team"}

// modelRoute tells whether a route, or a name for several, calls models and no more.
func modelRoute(route string) bool {
	if slices.Contains([]string{"llm_api_routes", "openai_routes", "anthropic_routes", "google_routes"}, route) {
		return true
	}
	path := strings.TrimPrefix(strings.TrimPrefix(route, "/openai"), "/v1")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return strings.HasPrefix(path, "/") && !strings.ContainsAny(first, "*{.%") && slices.Contains(strings.Fields(
		"chat completions embeddings images audio moderations models responses messages rerank engines"), first)
}
