package tools

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/internal/operation"
)

var models = operation.Catalog{
	modelsList, modelsInfo, modelsAdd, modelsGet, modelsUpdate, modelsDelete, modelsBlock, modelsUnblock, modelsTest, modelsDeprecations, modelsDiscover, modelsProviders, modelsDoubles, modelsMerge,
}

// modelCollection is the models that the caller may use, by name.
var modelCollection = &operation.Collection{
	What: "model", Path: "/models", Items: "data", ID: "id", Name: "id", Bare: true,
}

type modelsListInput struct {
	TeamID existingTeam `json:"team_id" name:"team" help:"Only models that this team may use"`
}

var modelsList = &operation.Operation{
	Path:     "models list",
	Summary:  "List the models your key may use",
	Help:     "For deployments, providers and prices, use {op:models info}.",
	Examples: []string{"models list", "models list --format json | jq -r '.[].id'"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.List[modelsListInput]{Of: modelCollection},
	Columns: []operation.Column{
		{Name: "id", ID: true},
		{Name: "object"},
		{Name: "owned_by"},
		{Name: "created", Format: operation.Time},
		{Name: "mode", Optional: true},
		{Name: "max_input_tokens", Optional: true},
		{Name: "max_output_tokens", Optional: true},
	},
}

// modelName stands for the ID of the model's one deployment.
type modelName string

// Collection returns the list that has the name.
func (modelName) Collection() *operation.Collection { return deploymentCollection }

var modelColumns = []operation.Column{
	{Name: "public_model", Field: "model_name", ID: true},
	{Name: "upstream_model", Field: "litellm_params.model"},
	{Name: "credential_name", Field: "litellm_params.litellm_credential_name", Optional: true},
	{Name: "created_at", Field: "model_info.created_at", Format: operation.Time, Optional: true},
	{Name: "updated_at", Field: "model_info.updated_at", Format: operation.Time, Drop: 2},
	{Name: "id", Field: "model_info.id", ID: true, Optional: true},
	{Name: "input_cost", Field: "model_info.input_cost_per_token", Format: operation.DollarsPerMillion},
	{Name: "output_cost", Field: "model_info.output_cost_per_token", Format: operation.DollarsPerMillion},
	{Name: "state", Derive: deploymentState, Drop: 1},
}

var modelsInfo = &operation.Operation{
	Path:    "models info",
	Summary: "List the deployments of all models with provider, credential and price",
	Help:    "A wildcard such as openai/* is one deployment. Prices are in US dollars: per million tokens in tables, per token in JSON.",
	Examples: []string{
		"models info",
		"models info --columns public_model,upstream_model,id,input_cost,output_cost",
		"models info --format json",
	},
	Effect:  operation.Read,
	Default: true,
	Do:      operation.List[struct{}]{Of: deploymentCollection},
	Columns: modelColumns,
}

type modelsAddInput struct {
	ModelName     string          `json:"model_name" jsonschema:"required" help:"Name that callers use for the model" cli:"arg=1"`
	LitellmParams operation.Pairs `json:"litellm_params" help:"Provider parameters: model (default model_name), api_key, api_base, litellm_credential_name, rpm and others. os.environ/NAME reads the gateway's environment" cli:"name=param,short=p"`
	ModelInfo     operation.Pairs `json:"model_info" help:"Information to store: description, base_model, mode, prices and others" cli:"name=info,short=i"`
	operation.Extras
}

var modelsAdd = &operation.Operation{
	Path:    "models add",
	Summary: "Add a model (deployment) to the gateway",
	Help:    "A model may have several deployments; the gateway balances calls among them.",
	Examples: []string{
		"models add gpt-4 -p model=openai/gpt-4 -p api_key=@openai.key -p rpm=60",
		`models add gpt-4 -p api_key=sk-123 -p api_base=https://api.openai.com -i description="GPT-4 model"`,
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /model/new"},
	Consent: operation.Consent{Often: true, Sensitive: takesOver},
	Checks:  []operation.Check{idleInfo, reachable(modelPath, "model_id", "model_info", newModelID)},
	Verify:  plainly(notesPrices),
	Default: true,
	Do:      operation.Func[modelsAddInput](addModel),
	Done:    "added model {model_name} (ID {model_id})",
	Returns: []string{"model_id"},
	View:    modelView,
}

func addModel(ctx context.Context, call *operation.Call, in modelsAddInput) (operation.Result, error) {
	fields := call.Body()
	if in.LitellmParams["model"] == nil {
		params := operation.Pairs{"model": operation.Encode(in.ModelName)}
		for name, value := range in.LitellmParams {
			params[name] = value
		}
		fields["litellm_params"] = operation.Encode(params)
	}
	if in.ModelInfo == nil {
		// The gateway fails with a 500 without it.
		fields["model_info"] = json.RawMessage("{}")
	}
	body, err := call.Write(ctx, "POST", "/model/new", fields)
	if id := unserved(err, newModelID(fields)); id != "" {
		err = takeBack(ctx, call, id, err)
	}
	return operation.Result{Body: body}, err
}

// unserved returns the ID of a new deployment that the gateway stored despite its error. The
// gateway cannot serve it, and may not serve later ones either. given is the caller's ID.
func unserved(err error, given string) string {
	e := operation.AsError(err)
	if e == nil || !strings.Contains(e.Message, "Model create was saved to the database") {
		return ""
	}
	_, rest, _ := strings.Cut(e.Message, "the model id(s) ['")
	id, _, named := strings.Cut(rest, "'] are not live")
	if !named || given != "" && id != given {
		return ""
	}
	return id
}

// takeBack deletes a deployment that the gateway cannot serve and adds that to the error.
func takeBack(ctx context.Context, call *operation.Call, id string, err error) error {
	e := operation.AsError(err)
	e.Hint = "in {litellm_params}, model needs a provider, for example openai/gpt-4o, and os.environ/NAME a variable that is set. " +
		"If both are right, look for an older deployment with this fault: it can keep new ones from being served"
	if undo := call.Undo(ctx, "POST", "/model/delete", operation.Args{"id": operation.Encode(id)}); undo != nil {
		e.Message = "the gateway stored the deployment " + operation.Name(id) + " but cannot serve it, and deleting it failed (" + undo.Error() + "): " + e.Message
		e.Hint = "delete it with {op:models delete}: it may keep later models from being served. " + strings.ToUpper(e.Hint[:1]) + e.Hint[1:]
		return err
	}
	e.Message = "the gateway stored the deployment but could not serve it, so it was deleted: " + e.Message
	return err
}

type modelsGetInput struct {
	ID modelName `json:"id" name:"model" help:"Model name, if it has one deployment, or deployment ID" jsonschema:"required" cli:"arg=1,alias=name,alias=model-id"`
}

var modelsGet = &operation.Operation{
	Path:     "models get",
	Summary:  "Show one deployment, by ID or model name",
	Examples: []string{"models get gpt-4", "models get cdaa1589-b969-421a-98be-bce6ca853354"},
	Effect:   operation.Read,
	Sends:    []string{"GET /v2/model/info"},
	Do:       operation.Func[modelsGetInput](getModel),
	Columns:  modelColumns,
	View:     modelView,
}

func getModel(ctx context.Context, call *operation.Call, in modelsGetInput) (operation.Result, error) {
	model, err := deploymentCollection.FindID(ctx, call, string(in.ID))
	return operation.Result{Body: model.Item}, err
}

// modelRef identifies one deployment.
type modelRef struct {
	ModelID modelName `json:"model_id" name:"model" help:"Model name, if it has one deployment, or deployment ID" jsonschema:"required" cli:"arg=1,alias=name"`
}

type modelsUpdateInput struct {
	modelRef
	LitellmParams operation.Pairs `json:"litellm_params" help:"Parameters to change{, as in op:models add}; others are kept" cli:"name=param,short=p"`
	ModelInfo     operation.Pairs `json:"model_info" help:"Information to change; the rest is kept" cli:"name=info,short=i"`
	operation.Extras
}

var modelsUpdate = &operation.Operation{
	Path:    "models update",
	Summary: "Change the parameters or information of a deployment",
	Help:    "Fields you omit are unchanged; null removes a parameter. Models in the gateway's configuration file cannot be changed.",
	Examples: []string{
		`models update cdaa1589-b969-421a-98be-bce6ca853354 -p temperature=0.7 -i description="Updated model"`,
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /model/{model_id}/update"},
	Consent: operation.Consent{Sensitive: sensitiveModelUpdate},
	Checks:  []operation.Check{idleInfo},
	Verify:  plainly(modelChanged),
	Default: true,
	Do:      operation.Func[modelsUpdateInput](updateModel),
	Done:    "updated model {model_name} (ID {model_id})",
	View:    modelView,
}

// newModelID returns the ID that the caller chose for a deployment, or "".
func newModelID(args operation.Args) string {
	return operation.Word(operation.NoNull(operation.Lookup(args["model_info"], "id")))
}

type modelsDeleteInput struct {
	ID modelName `json:"id" name:"model" help:"Model name, if it has one deployment, or deployment ID" jsonschema:"required" cli:"arg=1,alias=name,alias=model-id"`
}

var modelsDelete = &operation.Operation{
	Path:     "models delete",
	Summary:  "Delete one deployment of a model",
	Help:     "Models in the gateway's configuration file cannot be deleted.",
	Examples: []string{"models delete cdaa1589-b969-421a-98be-bce6ca853354", "models delete gpt-4"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /model/delete"},
	Consent:  ask(leaves),
	Default:  true,
	Do:       operation.Func[modelsDeleteInput](deleteModel),
	Done:     "deleted model {id}",
}
