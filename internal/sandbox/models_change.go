package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
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
	return failure(http.StatusForbidden, pyDict("error", "User does not have permission to make this model call. Your role="+c.who.shownRole()+
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
		return failure(http.StatusInternalServerError, pyDict("error", "Failed to add model to db. Check your server logs for more details."))
	}
	about["db_model"] = true
	now := c.stamp()
	model := object{"model_name": name, "litellm_params": given, "model_info": about,
		"created_at": now, "updated_at": now, "created_by": c.who.name(), "updated_by": c.who.name()}
	c.Models = append(c.Models, model)
	return ok(c.stored(model))
}

// updateModel finds the model by the id in model_info.
func updateModel(c *call) *reply {
	if bad := c.readModel(paramsSpec); bad != nil {
		return bad
	}
	about, has := c.body["model_info"].(object)
	if !has {
		return failure(http.StatusBadRequest, "model_info not provided")
	}
	model := c.modelByID(text(about["id"]))
	if model == nil {
		return failure(http.StatusBadRequest, "model not found")
	}
	if !fromDB(model) {
		return failure(http.StatusBadRequest, `{'error': "Can't edit model. Model in config. Store model in db via `+"`/model/new`"+`. to edit."}`)
	}
	if bad := c.modelsForbidden(); bad != nil {
		return bad
	}
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
		return failure(http.StatusBadRequest, pyDict("error", fmt.Sprintf("Model with id=%s not found in db", id)))
	}
	if bad := c.modelsForbidden(); bad != nil {
		return bad
	}
	c.Models = slices.DeleteFunc(c.Models, func(other object) bool { return infoOf(other)["id"] == id })
	return ok(object{"message": "Model: " + id + " deleted successfully"})
}

func blockModel(c *call) *reply   { return setModelBlocked(c, true) }
func unblockModel(c *call) *reply { return setModelBlocked(c, false) }

func setModelBlocked(c *call, blocked bool) *reply {
	if bad := c.read("model_id!:str"); bad != nil {
		return bad
	}
	id := text(c.body["model_id"])
	model := c.modelByID(id)
	switch {
	case model == nil:
		return fail(http.StatusNotFound, "not_found_error", nil, "Model "+id+" not found on proxy.")
	case !fromDB(model):
		return fail(http.StatusBadRequest, "validation_error", nil, "Cannot edit config-based model. Store model in DB via /model/new first.")
	}
	infoOf(model)["blocked"], model["updated_at"] = blocked, c.stamp()
	answer := c.stored(model)
	answer["blocked"] = blocked
	return ok(answer)
}

// makePublic answers with the list it was given, names of no model too; there is
// no hub here.
func makePublic(c *call) *reply {
	if bad := c.read("model_groups!:list"); bad != nil {
		return bad
	}
	return ok(object{"message": "Successfully updated public model groups", "public_model_groups": c.body["model_groups"], "updated_by": c.who.name()})
}
