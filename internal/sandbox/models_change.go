package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// stored is a model as the writes answer it: parameters encrypted, and
// db_model false although it is in the database.
func (c *call) stored(model object) object {
	hidden := maps.Clone(paramFlags)
	for name, value := range params(model) {
		if value == nil {
			delete(hidden, name)
			continue
		}
		if s, is := value.(string); is {
			sum := sha256.Sum256([]byte(s))
			value = base64.URLEncoding.EncodeToString(slices.Concat(sum[:], []byte(s)))
		}
		hidden[name] = value
	}
	about := maps.Clone(infoOf(model))
	about["db_model"], about["member_auto_router"] = false, false
	asked, _ := c.body["model_info"].(object)
	for _, name := range []string{"db_model", "member_auto_router"} {
		if asked[name] == true {
			about[name] = true
		}
	}
	return object{"model_id": about["id"], "model_name": model["model_name"], "litellm_params": hidden, "model_info": about, "blocked": model["blocked"] == true,
		"created_at": model["created_at"], "created_by": model["created_by"], "updated_at": model["updated_at"], "updated_by": model["updated_by"]}
}

// readModel checks the body of a model's write; schema is that of the parameters.
func (c *call) readModel(schema string) *reply {
	if bad := c.serverOwned(); bad != nil {
		return bad
	}
	if bad := c.read("model_name:str litellm_params:" + schema + " model_info:ModelInfo blocked:bool litellm_params_to_remove*:tuple"); bad != nil {
		return c.aboutProblems(bad)
	}
	if about, is := c.body["model_info"].(object); is {
		maps.DeleteFunc(about, func(name string, value any) bool { return value == nil || priced(name) }) // prices belong to the parameters
	}
	return c.badParams()
}

func (c *call) modelsForbidden() *reply {
	if c.who.isAdmin() {
		return nil
	}
	return failure(http.StatusForbidden, pyDict("error", "User does not have permission to make this model call. Your role="+c.who.shownRole()+
		". You can only make model calls if you are a PROXY_ADMIN or if you are a team admin, by specifying a team_id in the model_info."))
}

func newModel(c *call) *reply {
	if bad := c.readModel("LiteLLM_Params"); bad != nil {
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
	if about = maps.Clone(about); about == nil {
		about = object{}
	}
	if text(about["id"]) == "" {
		about["id"] = uuid()
	}
	if c.modelByID(text(about["id"])) != nil {
		return failure(http.StatusInternalServerError, pyDict("error", "Failed to add model to db. Check your server logs for more details."))
	}
	about["db_model"] = true
	maps.DeleteFunc(about, func(name string, _ any) bool { return isPrice(name) })
	now := c.stamp()
	model := object{"model_name": name, "blocked": c.body["blocked"] == true, "litellm_params": given, "model_info": about,
		"created_at": now, "updated_at": now, "created_by": c.who.name(), "updated_by": c.who.name()}
	c.Models = append(c.Models, model)
	if slices.ContainsFunc(c.Models, unset) {
		return failure(http.StatusInternalServerError, notServed(text(about["id"])))
	}
	return ok(c.stored(model))
}

// updateModel finds the model by the id in model_info.
func updateModel(c *call) *reply {
	if bad := c.readModel("updateLiteLLMParams"); bad != nil {
		return bad
	}
	about, has := c.body["model_info"].(object)
	if !has {
		return failure(http.StatusBadRequest, "model_info not provided")
	}
	delete(c.body, "blocked")
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
	if _, has := c.body["litellm_params"].(object); !has {
		return failure(http.StatusBadRequest, "litellm_params not provided")
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
			if value != nil && !(field == "model_info" && isPrice(name)) {
				merged[name] = value
			}
		}
		model[field] = merged
	}
	merge("litellm_params")
	merge("model_info")
	for _, name := range list(c.body["litellm_params_to_remove"]) {
		delete(params(model), name)
	}
	if blocked, is := c.body["blocked"].(bool); is {
		model["blocked"] = blocked
	}
	model["updated_at"], model["updated_by"] = c.stamp(), c.who.name()
}

func patchModel(c *call) *reply {
	id := c.param["model_id"]
	if bad := c.readModel("updateLiteLLMParams"); bad != nil {
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
	if bad := c.badRemoval(); bad != nil {
		return bad
	}
	if c.body["model_name"] == "" {
		delete(c.body, "model_name") // POST /model/update stores it
	}
	c.changeModel(model)
	c.removeParams(model)
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
	model["blocked"], model["updated_at"] = blocked, c.stamp()
	return ok(c.stored(model))
}

// makePublic answers with the list it was given, names of no model too; there is
// no hub here.
func makePublic(c *call) *reply {
	if bad := c.read("model_groups!:list"); bad != nil {
		return bad
	}
	return ok(object{"message": "Successfully updated public model groups", "public_model_groups": c.body["model_groups"], "updated_by": c.who.name()})
}
