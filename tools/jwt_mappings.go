package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
)

var jwtMappings = operation.Catalog{jwtMappingsList, jwtMappingsGet, jwtMappingsCreate, jwtMappingsUpdate, jwtMappingsDelete}

// jwtMappingCollection is the mappings, newest first.
var jwtMappingCollection = &operation.Collection{
	What: "JWT mapping", Path: "/jwt/key/mapping/list", Items: "mappings", Total: "total_count", Pages: "total_pages",
	Page: "page", Size: "size", ID: "id", Name: "jwt_claim_value",
}

var jwtMappingColumns = []operation.Column{
	{Name: "jwt_claim_name"},
	{Name: "jwt_claim_value"},
	{Name: "jwt_issuer"},
	{Name: "description"},
	{Name: "is_active"},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "id", ID: true},
}

type jwtMappingsListInput struct {
	Page operation.PageNumber `json:"page"`
	Size operation.PageSize   `json:"size" name:"page_size" help:"Mappings per page"`
}

var jwtMappingsList = &operation.Operation{
	Path:     "jwt-mappings list",
	Summary:  "List mappings of JWT claims to virtual keys, a page at a time",
	Help:     "A caller with the claim gets the key's models and budget. The gateway does not show the key.",
	Examples: []string{"jwt-mappings list", "jwt-mappings list --all"},
	Effect:   operation.Read,
	Do:       operation.List[jwtMappingsListInput]{Of: jwtMappingCollection},
	Columns:  jwtMappingColumns,
}

type jwtMappingRef struct {
	ID string `json:"id" jsonschema:"required" help:"Mapping ID" cli:"arg=1"`
}

var jwtMappingsGet = &operation.Operation{
	Path:     "jwt-mappings get",
	Summary:  "Show a JWT mapping",
	Examples: []string{"jwt-mappings get 27b6fb40-2081-452e-8e4d-d3f71a44d14d"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[jwtMappingRef]{Method: "GET", Path: "/jwt/key/mapping/info"},
	Columns:  jwtMappingColumns,
}

type jwtMappingsCreateInput struct {
	JWTClaimName  string      `json:"jwt_claim_name" name:"claim" jsonschema:"required" help:"Claim, such as sub or client_id" cli:"arg=1"`
	JWTClaimValue string      `json:"jwt_claim_value" name:"claim_value" jsonschema:"required" help:"Value that the claim must have" cli:"arg=2"`
	Key           existingKey `json:"key" help:"Key that callers get" jsonschema:"required" cli:"alias=key-alias"`
	JWTIssuer     string      `json:"jwt_issuer" name:"issuer" help:"Only JWTs of this issuer (default any)"`
	Description   string      `json:"description" help:"Purpose of the mapping"`
	operation.Extras
}

var jwtMappingsCreate = &operation.Operation{
	Path:     "jwt-mappings create",
	Summary:  "Let callers with a JWT claim use a virtual key",
	Help:     "Takes effect only with JWT authentication enabled (Enterprise).",
	Examples: []string{"jwt-mappings create client_id ci-runner --key ci --issuer https://login.example.com"},
	Effect:   operation.Write,
	Sends:    []string{"POST /jwt/key/mapping/new"},
	Consent: operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		key, err := keyOf(ctx, call)
		return []string{"lets whoever has a JWT with " + claimOf(call.Args()) + " use key " + key.Label()}, err
	}},
	Do: operation.Func[jwtMappingsCreateInput](func(ctx context.Context, call *operation.Call, _ jwtMappingsCreateInput) (operation.Result, error) {
		body, err := call.Write(ctx, "POST", "/jwt/key/mapping/new", withHash(call.Body()))
		return operation.Result{Body: body}, err
	}),
	Columns: jwtMappingColumns,
	Done:    "mapped JWTs with {jwt_claim_name} {jwt_claim_value} to the key ({id})",
	Returns: []string{"id"},
}

// withHash names the key of a request by its hash, which the gateway takes as token.
func withHash(fields operation.Args) operation.Args {
	key := fields.String("key")
	if key == "" {
		return fields
	}
	fields = fields.With("token", operation.KeyHash(key))
	delete(fields, "key")
	return fields
}

func claimOf(fields operation.Args) string {
	return operation.Name(fields.String("jwt_claim_name")) + " " + operation.Name(fields.String("jwt_claim_value"))
}

type jwtMappingsUpdateInput struct {
	jwtMappingRef
	Key         existingKey `json:"key" help:"New key that callers get" cli:"alias=key-alias"`
	JWTIssuer   string      `json:"jwt_issuer" name:"issuer" help:"Only JWTs of this issuer" clear:"null"`
	IsActive    bool        `json:"is_active" name:"active" help:"Use the mapping"`
	Description string      `json:"description" help:"Purpose of the mapping" clear:"null"`
	operation.Clearing
	operation.Extras
}

var jwtMappingsUpdate = &operation.Operation{
	Path:     "jwt-mappings update",
	Summary:  "Change the key, issuer or description of a JWT mapping, or switch it off",
	Help:     "Fields you omit are unchanged. The claim cannot be changed.",
	Examples: []string{"jwt-mappings update 27b6fb40-2081-452e-8e4d-d3f71a44d14d --active=false", "jwt-mappings update 27b6fb40-2081-452e-8e4d-d3f71a44d14d --key ci-2"},
	Effect:   operation.Set,
	Sends:    []string{"POST /jwt/key/mapping/update"},
	Consent:  operation.Consent{Sensitive: widensMapping},
	Update: &operation.Update{
		Present: shownAt("/jwt/key/mapping/info", "id", "id", ""), Subject: []string{"id"}, Blind: []string{"token", "key"},
		Advice: func(field string, _ json.RawMessage) string {
			if field == "jwt_claim_name" || field == "jwt_claim_value" {
				return "to change the claim, create another mapping and delete this one"
			}
			return ""
		},
	},
	Verify: applied,
	Do: operation.Func[jwtMappingsUpdateInput](func(ctx context.Context, call *operation.Call, _ jwtMappingsUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) < 2 {
			return operation.Result{}, operation.NothingToChange("key", "is_active")
		}
		body, err := call.Write(ctx, "POST", "/jwt/key/mapping/update", withHash(fields))
		return operation.Result{Body: body}, err
	}),
	Columns: jwtMappingColumns,
	Done:    "updated the mapping of {jwt_claim_name} {jwt_claim_value} ({id})",
}

// widensMapping says what an update lets callers do that they could not.
func widensMapping(ctx context.Context, call *operation.Call) ([]string, error) {
	change := call.Body()
	present, err := call.Operation().Update.Present(ctx, call)
	if err != nil {
		return nil, err
	}
	claim, found := claimOf(membersOf(present)), []string(nil)
	if change["token"] != nil || change["key"] != nil {
		found = append(found, "gives callers with "+claim+" another key")
	}
	if operation.Word(change["is_active"]) == "true" && operation.Word(operation.Lookup(present, "is_active")) == "false" {
		found = append(found, "lets callers with "+claim+" use its key again")
	}
	if change["jwt_issuer"] != nil && !same(change["jwt_issuer"], operation.Lookup(present, "jwt_issuer")) {
		found = append(found, "accepts "+claim+" from another issuer")
	}
	return found, nil
}

var jwtMappingsDelete = &operation.Operation{
	Path:     "jwt-mappings delete",
	Summary:  "Delete a JWT mapping",
	Help:     "The key stays.",
	Examples: []string{"jwt-mappings delete 27b6fb40-2081-452e-8e4d-d3f71a44d14d"},
	Effect:   operation.Destructive,
	Consent: ask(func(ctx context.Context, call *operation.Call) (string, error) {
		present, err := shownAt("/jwt/key/mapping/info", "id", "id", "")(ctx, call)
		if err != nil {
			return "", err
		}
		return "Delete the JWT mapping of " + claimOf(membersOf(present)) + "? Callers with that claim can no longer use its key.", nil
	}),
	Do:   operation.Endpoint[jwtMappingRef]{Method: "POST", Path: "/jwt/key/mapping/delete"},
	Done: "deleted JWT mapping {id}",
}
