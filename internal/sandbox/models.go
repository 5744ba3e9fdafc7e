package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	// paramsSpec gives the types of the model parameters that are not text.
	paramsSpec = "model:str tpm:int rpm:int itpm:int otpm:int max_budget:float budget_duration:str input_cost_per_token:float output_cost_per_token:float " +
		"input_cost_per_second:float output_cost_per_second:float max_file_size_mb:float api_key:str api_base:str api_version:str custom_llm_provider:str " +
		"litellm_credential_name:str organization:str region_name:str use_in_pass_through:bool use_litellm_proxy:bool merge_reasoning_content_in_choices:bool"
	modelInfoSpec = "id:str db_model:bool base_model:str tier:any team_id:str team_public_model_name:str"
)

// paramFlags stand among every model's parameters.
var paramFlags = object{"allow_client_keepalive_override": false, "use_in_pass_through": false, "use_litellm_proxy": false,
	"use_xai_oauth": false, "merge_reasoning_content_in_choices": false}

// configModels are the models of the gateway's configuration file.
func configModels() []object {
	define := func(name, upstream, answer string) object {
		sum := sha256.Sum256([]byte(name + "\n" + upstream + "\n" + answer))
		return object{
			"model_name":     name,
			"litellm_params": object{"model": upstream, "api_key": "fake", "mock_response": answer},
			"model_info":     object{"id": hex.EncodeToString(sum[:]), "db_model": false},
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

// cost is what LiteLLM's price list says about the upstream model.
func cost(model object) object {
	upstream := text(params(model)["model"])
	provider, name, hasProvider := strings.Cut(upstream, "/")
	if !hasProvider {
		provider, name = "openai", upstream
	}
	row := object{}
	for _, key := range []string{name, upstream} {
		if found, is := shapes()["known_models"][key].(object); is {
			row = maps.Clone(found)
			row["key"] = key
			break
		}
	}
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
	for _, model := range c.Models {
		name := text(model["model_name"])
		if seen[name] || c.modelRefusal(name) != "" {
			continue
		}
		seen[name] = true
		out = append(out, model)
	}
	return out
}

func modelCard(model object) object {
	known := cost(model)
	card := object{"id": model["model_name"], "object": "model", "created": 1677610602, "owned_by": "openai"}
	for _, name := range []string{"mode", "max_input_tokens", "max_output_tokens"} {
		if known[name] != nil {
			card[name] = known[name]
		}
	}
	return card
}

func listModels(c *call) *reply {
	cards := []object{}
	for _, model := range c.reachable() {
		cards = append(cards, modelCard(model))
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

// describe is a model as /v1/model/info shows it: parameters in clear, without
// secrets, and the price list's entry.
func (c *call) describe(model object, single bool) object {
	shown := maps.Clone(paramFlags)
	for name, value := range params(model) {
		if name != "api_key" && value != nil {
			shown[name] = value
		}
	}
	about := cost(model)
	about["member_auto_router"], about["pricing_overrides"] = false, []any{}
	maps.Copy(about, infoOf(model))
	if fromDB(model) {
		about["blocked"] = false
	}
	if !single || byID(c.Users, "user_id", c.who.userID) != nil {
		teams := []string{}
		for _, team := range c.Teams {
			if allowed := list(team["models"]); len(allowed) == 0 || slices.Contains(allowed, text(model["model_name"])) {
				teams = append(teams, text(team["team_id"]))
			}
		}
		about["direct_access"] = true
		if c.who.userID != "" {
			about["access_via_team_ids"] = teams
		}
	}
	return object{"model_name": model["model_name"], "litellm_params": shown, "model_info": about}
}

func modelInfo(c *call) *reply {
	if id := c.query.Get("litellm_model_id"); id != "" {
		model := c.modelByID(id)
		if model == nil {
			return detailError(http.StatusBadRequest, fmt.Sprintf("Model id = %s not found on litellm proxy", id))
		}
		return ok(object{"data": []object{c.describe(model, true)}})
	}
	out := []object{}
	for _, model := range c.Models {
		if c.modelRefusal(text(model["model_name"])) == "" {
			out = append(out, c.describe(model, false))
		}
	}
	return ok(object{"data": out})
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
			"tpm", params(model)["tpm"], "rpm", params(model)["rpm"])
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

// stored is a model as the writes answer it: parameters encrypted, and
// db_model false although it is in the database.
func (c *call) stored(model object) object {
	hidden := maps.Clone(paramFlags)
	for name, value := range params(model) {
		if s, is := value.(string); is {
			sum := sha256.Sum256([]byte(s))
			value = base64.URLEncoding.EncodeToString(slices.Concat(sum[:], []byte(s)))
		}
		hidden[name] = value
	}
	about := maps.Clone(infoOf(model))
	about["db_model"], about["member_auto_router"] = false, false
	return object{"model_id": about["id"], "model_name": model["model_name"], "litellm_params": hidden, "model_info": about, "blocked": false,
		"created_at": model["created_at"], "created_by": model["created_by"], "updated_at": model["updated_at"], "updated_by": model["updated_by"]}
}

// readModel checks the body of a model's write.
func (c *call) readModel(paramsWanted string) *reply {
	if bad := c.read("model_name:str litellm_params:dict model_info:dict"); bad != nil {
		return bad
	}
	var problems []any
	if given, is := c.body["litellm_params"].(object); is {
		problems = checkFields(given, paramsWanted, "body", "litellm_params")
	}
	if given, is := c.body["model_info"].(object); is {
		problems = append(problems, checkFields(given, modelInfoSpec, "body", "model_info")...)
		if tier := given["tier"]; tier != nil && tier != "free" && tier != "paid" {
			problems = append(problems, problem("literal_error", "Input should be 'free' or 'paid'", "body", "tier"))
		}
	}
	if problems != nil {
		return invalid(problems...)
	}
	return nil
}

func (c *call) modelsForbidden() *reply {
	if c.who.isAdmin() {
		return nil
	}
	return authError(http.StatusForbidden, pyDict("error", "User does not have permission to make this model call. Your role="+c.who.shownRole()+
		". You can only make model calls if you are a PROXY_ADMIN or if you are a team admin, by specifying a team_id in the model_info."))
}

func newModel(c *call) *reply {
	if bad := c.readModel(strings.Replace(paramsSpec, "model:", "model!:", 1)); bad != nil {
		return bad
	}
	name, named := c.body["model_name"].(string)
	given, has := c.body["litellm_params"].(object)
	if !named || !has {
		return crash()
	}
	if bad := c.modelsForbidden(); bad != nil {
		return bad
	}
	about, _ := c.body["model_info"].(object)
	if about == nil {
		about = object{}
	}
	if text(about["id"]) == "" {
		about["id"] = uuid()
	}
	if c.modelByID(text(about["id"])) != nil {
		return authError(http.StatusInternalServerError, pyDict("error", "Failed to add model to db. Check your server logs for more details."))
	}
	about["db_model"] = true
	now := c.stamp()
	model := object{"model_name": name, "litellm_params": given, "model_info": about,
		"created_at": now, "updated_at": now, "created_by": c.who.name(), "updated_by": c.who.name()}
	c.Models = append(c.Models, model)
	return ok(c.stored(model))
}

// updateModel reads the model's id from model_info and stores nothing else of it.
func updateModel(c *call) *reply {
	if bad := c.readModel(paramsSpec); bad != nil {
		return bad
	}
	about, has := c.body["model_info"].(object)
	if !has {
		return authError(http.StatusBadRequest, "Authentication Error, model_info not provided")
	}
	model := c.modelByID(text(about["id"]))
	if model == nil {
		return authError(http.StatusBadRequest, "Authentication Error, model not found")
	}
	if !fromDB(model) {
		return authError(http.StatusBadRequest, `{'error': "Can't edit model. Model in config. Store model in db via `+"`/model/new`"+`. to edit."}`)
	}
	if bad := c.modelsForbidden(); bad != nil {
		return bad
	}
	delete(c.body, "model_info")
	c.changeModel(model)
	return ok(c.stored(model))
}

func (c *call) changeModel(model object) {
	if name, given := c.body["model_name"].(string); given {
		model["model_name"] = name
	}
	merge := func(field string) {
		changes, _ := c.body[field].(object)
		merged := maps.Clone(model[field].(object))
		for name, value := range changes {
			if value != nil {
				merged[name] = value
			}
		}
		model[field] = merged
	}
	merge("litellm_params")
	merge("model_info")
	model["updated_at"], model["updated_by"] = c.stamp(), c.who.name()
}

func patchModel(c *call) *reply {
	id := c.param["model_id"]
	if bad := c.readModel(paramsSpec); bad != nil {
		return bad
	}
	model := c.modelByID(id)
	if model == nil {
		return fail(http.StatusNotFound, "not_found_error", nil, fmt.Sprintf("Model %s not found on proxy.", id))
	}
	if !fromDB(model) {
		return fail(http.StatusBadRequest, "validation_error", nil, "Cannot edit config-based model. Store model in DB via /model/new first.")
	}
	if bad := c.modelsForbidden(); bad != nil {
		return bad
	}
	c.changeModel(model)
	infoOf(model)["id"], infoOf(model)["db_model"] = id, true
	return ok(c.stored(model))
}

func deleteModel(c *call) *reply {
	if bad := c.read("id!:str"); bad != nil {
		return bad
	}
	id := text(c.body["id"])
	model := c.modelByID(id)
	if model == nil || !fromDB(model) {
		return authError(http.StatusBadRequest, pyDict("error", fmt.Sprintf("Model with id=%s not found in db", id)))
	}
	if bad := c.modelsForbidden(); bad != nil {
		return bad
	}
	c.Models = slices.DeleteFunc(c.Models, func(other object) bool { return infoOf(other)["id"] == id })
	return ok(object{"message": "Model: " + id + " deleted successfully"})
}
