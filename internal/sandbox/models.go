package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"litellm-proxy/internal/secret"
)

// paramFlags stand among every model's parameters.
var paramFlags = object{"allow_client_keepalive_override": false, "use_in_pass_through": false, "use_litellm_proxy": false,
	"use_xai_oauth": false, "merge_reasoning_content_in_choices": false}

// configModels are the models of the gateway's configuration file.
func configModels() []object {
	define := func(name, upstream, answer string) object {
		return object{
			"model_name":     name,
			"litellm_params": object{"model": upstream, "api_key": "fake", "mock_response": answer},
			"model_info":     object{"id": secret.Hash(name + "\n" + upstream + "\n" + answer), "db_model": false},
		}
	}
	return []object{
		define("gpt-4o-mini", "openai/gpt-4o-mini", "Hello from the mock"),
		define("claude-haiku", "anthropic/claude-3-5-haiku-20241022", "Bonjour from the mock"),
		define("always-fails", "openai/gpt-4o", "litellm.RateLimitError"),
	}
}

func params(model object) object { return model["litellm_params"].(object) }
func infoOf(model object) object { return model["model_info"].(object) }
func fromDB(model object) bool   { return infoOf(model)["db_model"] == true }

func (c *call) modelByID(id string) object {
	for _, model := range c.Models {
		if infoOf(model)["id"] == id {
			return model
		}
	}
	return nil
}

// listed is the price list's entry of the upstream model, which may be empty.
func listed(model object) (row object, provider string) {
	upstream := text(params(model)["model"])
	provider, name, hasProvider := strings.Cut(upstream, "/")
	if !hasProvider {
		provider, name = "openai", upstream
	}
	for _, key := range []string{name, upstream} {
		if found, is := shapes()["known_models"][key].(object); is {
			row = maps.Clone(found)
			row["key"] = key
			return row, provider
		}
	}
	return object{}, provider
}

// cost is what LiteLLM's price list says about the upstream model.
func cost(model object) object {
	upstream := text(params(model)["model"])
	row, provider := listed(model)
	if row["key"] == nil {
		row["key"] = upstream
	}
	row["litellm_provider"] = or(row["litellm_provider"], provider)
	row["supported_openai_params"] = or(row["supported_openai_params"], or(shapes()["openai_params"][provider], shapes()["openai_params"]["openai"]))
	out := view("model_map", row)
	for _, name := range []string{"input_cost_per_token", "output_cost_per_token"} {
		if value := params(model)[name]; value != nil {
			out[name] = value
		}
	}
	return out
}

// reachable returns the models that the caller may use, without repeating a name.
func (c *call) reachable() []object {
	var out []object
	seen := map[string]bool{}
	for _, model := range c.expanded() {
		name := text(model["model_name"])
		if seen[name] || c.modelRefusal(name) != "" {
			continue
		}
		seen[name] = true
		out = append(out, model)
	}
	return out
}

// reachableGroups returns the access groups of the models that the caller may use.
func (c *call) reachableGroups() (groups []string) {
	for _, model := range c.reachable() {
		groups = append(groups, groupsOf(model)...)
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

func modelCard(model object) object {
	known := cost(model)
	card := object{"id": model["model_name"], "object": "model", "created": 1677610602, "owned_by": "openai"}
	if model["of"] != nil { // a wildcard's
		return card
	}
	for _, name := range []string{"mode", "max_input_tokens", "max_output_tokens"} {
		if known[name] != nil {
			card[name] = known[name]
		}
	}
	return card
}

// aliasCards are the names that the caller's team and key have for models it may use.
func (c *call) aliasCards(models []object) (cards []object) {
	if c.who.key == nil {
		return nil
	}
	for _, aliases := range []object{teamAliases(c.team()), keyAliasesOf(c.who.key)} {
		for _, name := range slices.Sorted(maps.Keys(aliases)) {
			if target := byID(models, "id", text(aliases[name])); target != nil && byID(models, "id", name) == nil {
				card := maps.Clone(target)
				card["id"] = name
				cards = append(cards, card)
			}
		}
	}
	return cards
}

func listModels(c *call) *reply {
	cards := []object{}
	for _, model := range c.reachable() {
		cards = append(cards, modelCard(model))
	}
	cards = append(cards, c.aliasCards(cards)...)
	if c.query.Get("include_model_access_groups") == "true" {
		for _, group := range c.reachableGroups() {
			cards = append(cards, object{"id": group, "object": "model", "created": 1677610602, "owned_by": "openai"})
		}
	}
	if c.query.Get("return_wildcard_routes") == "true" {
		for _, model := range c.Models {
			if name := text(model["model_name"]); isWildcard(model) && c.modelRefusal(name) == "" && byID(cards, "id", name) == nil {
				cards = append(cards, object{"id": name, "object": "model", "created": 1677610602, "owned_by": "openai"})
			}
		}
	}
	return ok(object{"data": cards, "object": "list"})
}

func getModel(c *call) *reply {
	for _, model := range c.reachable() {
		if model["model_name"] == c.param["model_id"] {
			return ok(modelCard(model))
		}
	}
	return detail(http.StatusNotFound, fmt.Sprintf("The model `%s` does not exist or is not accessible", c.param["model_id"]))
}

// pricing lists what a model costs; nothing where no price is known.
func pricing(known object) []object {
	costs := object{}
	for name, value := range known {
		if cost, is := number(value); is && strings.Contains(name, "cost") {
			costs[name] = money(cost)
		}
	}
	if len(costs) == 0 {
		return []object{}
	}
	return []object{{"provider": known["litellm_provider"], "costs": costs, "tiered_pricing": []any{}}}
}

func modelGroups(c *call) *reply {
	asked := c.query.Get("model_group")
	out := []object{}
	for _, model := range c.reachable() {
		if asked != "" && model["model_name"] != asked {
			continue
		}
		known := cost(model)
		group := view("model_group", known, "model_group", model["model_name"], "providers", []any{known["litellm_provider"]},
			"tpm", params(model)["tpm"], "rpm", params(model)["rpm"], "deployment_pricing", pricing(known))
		for name, value := range group {
			if strings.HasPrefix(name, "supports_") {
				group[name] = value == true
			}
		}
		if known["mode"] != nil {
			group["supported_reasoning_efforts"] = []any{}
		}
		for _, name := range []string{"max_input_tokens", "max_output_tokens"} {
			if n, is := number(known[name]); is {
				group[name] = money(n)
			}
		}
		out = append(out, group)
	}
	return ok(object{"data": out})
}
