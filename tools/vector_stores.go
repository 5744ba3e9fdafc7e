package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var vectorStores = operation.Catalog{vectorStoresList, vectorStoresGet, vectorStoresCreate, vectorStoresUpdate, vectorStoresDelete}

// vectorStoreCollection is all vector stores. Known gateways send all of them for every page.
var vectorStoreCollection = &operation.Collection{
	What: "vector store", Path: "/vector_store/list", Items: "data", Page: "page", Size: "page_size", NoTotal: true,
	ID: "vector_store_id", Name: "vector_store_name",
}

// vectorStoreName stands for the ID of the vector store with this name.
type vectorStoreName string

// Collection returns the list that has the name.
func (vectorStoreName) Collection() *operation.Collection { return vectorStoreCollection }

var vectorStoreColumns = []operation.Column{
	{Name: "name", Field: "vector_store_name"},
	{Name: "vector_store_id", ID: true, Wide: true},
	{Name: "provider", Field: "custom_llm_provider"},
	{Name: "description", Field: "vector_store_description"},
	{Name: "credential", Field: "litellm_credential_name"},
	{Name: "from_config", Field: "is_config"},
	{Name: "team_id", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "updated_at", Format: operation.Time, Optional: true},
}

type vectorStoresListInput struct {
	Page     operation.PageNumber `json:"page"`
	PageSize operation.PageSize   `json:"page_size" help:"Vector stores per page"`
}

var vectorStoresList = &operation.Operation{
	Path:     "vector-stores list",
	Summary:  "List the vector stores available to requests",
	Examples: []string{"vector-stores list", "vector-stores list --format json"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do:       operation.List[vectorStoresListInput]{Of: vectorStoreCollection},
	Columns:  vectorStoreColumns,
}

// vectorStoreRef identifies one vector store.
type vectorStoreRef struct {
	VectorStoreID vectorStoreName `json:"vector_store_id" name:"vector_store" jsonschema:"required" cli:"arg=1,alias=name"`
}

var vectorStoresGet = &operation.Operation{
	Path:     "vector-stores get",
	Summary:  "Show a vector store",
	Examples: []string{"vector-stores get T37J8R4WTM", "vector-stores get handbook --format table"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[vectorStoreRef]{Method: "POST", Path: "/vector_store/info"},
	Columns:  within("vector_store", vectorStoreColumns),
}

// existingCredential is the name of a stored credential.
type existingCredential string

// Refers implements [operation.Referring].
func (existingCredential) Refers() *operation.Collection { return credentialCollection }

type vectorStoresCreateInput struct {
	VectorStoreID          string             `json:"vector_store_id" jsonschema:"required" help:"ID of the store at its provider" cli:"arg=1"`
	CustomLLMProvider      string             `json:"custom_llm_provider" name:"provider" jsonschema:"required" help:"Provider, such as bedrock, openai or pg_vector"`
	VectorStoreName        string             `json:"vector_store_name" name:"name" help:"Name"`
	VectorStoreDescription string             `json:"vector_store_description" name:"description" help:"Purpose"`
	LitellmCredentialName  existingCredential `json:"litellm_credential_name" name:"credential" help:"Stored credential for the provider"`
	LitellmParams          operation.Pairs    `json:"litellm_params" help:"Provider parameters, such as api_key or aws_region_name" cli:"name=param,short=p"`
	VectorStoreMetadata    operation.Object   `json:"vector_store_metadata" name:"metadata" help:"Custom metadata"`
	operation.Extras
}

var vectorStoresCreate = &operation.Operation{
	Path:    "vector-stores create",
	Summary: "Register a provider's vector store for use in requests",
	Help:    "The gateway does not check the provider or its parameters. The store belongs to your key's team, if it has one.",
	Examples: []string{
		"vector-stores create T37J8R4WTM --provider bedrock --name handbook --credential aws-prod",
		"vector-stores create vs_6871 --provider openai -p api_key=@openai.key",
	},
	Effect:  operation.Write,
	Consent: often,
	Checks:  []operation.Check{ownStore},
	Do:      operation.Endpoint[vectorStoresCreateInput]{Method: "POST", Path: "/vector_store/new"},
	Columns: within("vector_store", vectorStoreColumns),
	Done:    "created vector store {vector_store_id}",
	Returns: []string{"vector_store.vector_store_id"},
}

// ownStore refuses an owner, which the gateway ignores.
func ownStore(_ context.Context, call *operation.Call) error {
	for _, name := range []string{"team_id", "user_id"} {
		if call.Body()[name] != nil {
			return operation.Usage(name + ": the gateway takes it from the key that creates the vector store; use a key of that owner")
		}
	}
	return nil
}

type vectorStoresUpdateInput struct {
	vectorStoreRef
	VectorStoreName        string           `json:"vector_store_name" name:"new_name" help:"New name" clear:"null"`
	VectorStoreDescription string           `json:"vector_store_description" name:"description" help:"New purpose" clear:"null"`
	CustomLLMProvider      string           `json:"custom_llm_provider" name:"provider" help:"New provider"`
	VectorStoreMetadata    operation.Object `json:"vector_store_metadata" name:"metadata" help:"Custom metadata" clear:"{}"`
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var vectorStoresUpdate = &operation.Operation{
	Path:    "vector-stores update",
	Summary: "Change the name, description, provider or metadata of a vector store",
	Help:    "Fields you omit are unchanged. To change parameters or the credential, delete the store and create it again.",
	Examples: []string{
		"vector-stores update T37J8R4WTM --description \"Employee handbook\"",
		"vector-stores update handbook --clear vector_store_description",
	},
	Effect:  operation.Set,
	Consent: operation.Consent{Sensitive: movesStore},
	Update:  vectorStoreUpdate,
	Verify:  applied,
	Do:      operation.Endpoint[vectorStoresUpdateInput]{Method: "POST", Path: "/vector_store/update", Subject: []string{"vector_store_id"}},
	Columns: within("vector_store", vectorStoreColumns),
	Done:    "updated vector store {vector_store_id}",
}

var vectorStoreUpdate = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/vector_store/info",
			Body: operation.Encode(map[string]string{"vector_store_id": call.Args().String("vector_store_id")})})
		return operation.Lookup(body, "vector_store"), err
	},
	Subject: []string{"vector_store_id"},
	Answer:  "vector_store",
	Advice: func(field string, _ json.RawMessage) string {
		switch field {
		case "litellm_params", "litellm_credential_name", "team_id", "user_id":
			return "the gateway cannot change " + field + "; delete the vector store and create it again"
		}
		return ""
	},
}

// movesStore finds a change of the provider, which gets what is stored for the old one.
func movesStore(ctx context.Context, call *operation.Call) ([]string, error) {
	provider := call.Args().String("custom_llm_provider")
	if provider == "" {
		return nil, nil
	}
	present, err := vectorStoreUpdate.Present(ctx, call)
	if e := operation.AsError(err); err != nil && (e == nil || e.Status == 0) {
		return nil, err
	}
	if operation.Word(operation.Lookup(present, "custom_llm_provider")) == provider {
		return nil, nil
	}
	return []string{"sends what is stored for the vector store to another provider: " + operation.Name(provider)}, nil
}

var vectorStoresDelete = &operation.Operation{
	Path:     "vector-stores delete",
	Summary:  "Delete a vector store; its documents stay at the provider",
	Examples: []string{"vector-stores delete T37J8R4WTM", "vector-stores delete handbook"},
	Effect:   operation.Destructive,
	Consent: asksToDelete(vectorStoreCollection, "vector_store_id",
		says("Requests, keys and teams that name it no longer search it. Its documents stay at the provider.")),
	Do:   operation.Endpoint[vectorStoreRef]{Method: "POST", Path: "/vector_store/delete"},
	Done: "deleted vector store {vector_store_id}",
}
