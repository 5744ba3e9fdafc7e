package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var credentials = operation.Catalog{credentialsList, credentialsCreate, credentialsGet, credentialsUpdate, credentialsDelete}

// credentialCollection is every credential, on one page.
var credentialCollection = &operation.Collection{
	What: "credential", Path: "/credentials", Items: "credentials", ID: "credential_name", Name: "credential_name",
}

var credentialColumns = []operation.Column{
	{Name: "credential_name", ID: true},
	{Name: "custom_llm_provider", Field: "credential_info.custom_llm_provider"},
	{Name: "display_name", Optional: true},
	{Name: "source", Optional: true},
}

var credentialsList = &operation.Operation{
	Path:     "credentials list",
	Summary:  "List the provider credentials stored on the gateway",
	Help:     "The gateway masks their values.",
	Examples: []string{"credentials list", "credentials list --format json"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: credentialCollection},
	Columns:  credentialColumns,
}

type credentialName struct {
	CredentialName string `json:"credential_name" jsonschema:"required" help:"Credential name" cli:"arg=1"`
}

type credentialsCreateInput struct {
	credentialName
	CredentialInfo   operation.Object `json:"credential_info" name:"info" jsonschema:"required" help:"Purpose, for example {\"custom_llm_provider\": \"azure\"}"`
	CredentialValues operation.Object `json:"credential_values" name:"values" jsonschema:"required" help:"Values, for example api_key and api_base. os.environ/NAME reads the gateway's environment"`
	DisplayName      string           `json:"display_name" help:"Display name"`
	operation.Extras
}

var credentialsCreate = &operation.Operation{
	Path:    "credentials create",
	Summary: "Store a provider credential under a name",
	Help:    "Fails if the name is taken.",
	Examples: []string{
		`credentials create azure-prod --info='{"custom_llm_provider": "azure"}' --values='{"api_key": "sk-123", "api_base": "https://prod.azure.openai.com"}'`,
		`credentials create azure-prod --info '{"custom_llm_provider": "azure"}' --values @values.json`,
	},
	Effect:  operation.Write,
	Consent: often,
	Checks:  []operation.Check{reachable("/credentials/{credential_name:path}", "credential_name", "credential_name", argument("credential_name"))},
	Do:      operation.Endpoint[credentialsCreateInput]{Method: "POST", Path: "/credentials"},
	Done:    "created credential {credential_name}",
	Columns: credentialColumns,
}

var credentialsGet = &operation.Operation{
	Path:     "credentials get",
	Summary:  "Show a credential; the gateway masks its values",
	Examples: []string{"credentials get azure-prod"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[credentialName]{Method: "GET", Path: "/credentials/by_name/{credential_name:path}"},
	Columns:  credentialColumns,
}

type credentialsUpdateInput struct {
	credentialName
	CredentialInfo   operation.Object `json:"credential_info" name:"info" help:"Information to change; other members are kept"`
	CredentialValues operation.Object `json:"credential_values" name:"values" help:"Values to change, for example api_key; others are kept"`
	ValuesToDelete   []string         `json:"credential_values_to_delete" name:"delete_values" help:"Names of values to delete"`
	DisplayName      string           `json:"display_name" help:"Display name" clear:"null"`
	operation.Clearing
	operation.Extras
}

var credentialsUpdate = &operation.Operation{
	Path:    "credentials update",
	Summary: "Change the values or information of a credential",
	Help:    "Fields you omit are unchanged. A credential cannot be renamed.",
	Examples: []string{
		"credentials update azure-prod --values @values.json",
		"credentials update azure-prod --delete-values api_base",
		"credentials update azure-prod --clear display_name",
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /credentials/{credential_name}"},
	Consent: operation.Consent{Often: true, Sensitive: sensitiveCredentialUpdate},
	Checks:  []operation.Check{hasValues},
	Update:  credentialUpdate,
	Verify:  applied,
	Do: operation.Func[credentialsUpdateInput](func(ctx context.Context, call *operation.Call, in credentialsUpdateInput) (operation.Result, error) {
		fields := call.Body() // older gateways want credential_name in it too
		if len(fields) == 1 {
			return operation.Result{}, operation.NothingToChange("credential_values", "credential_info", "display_name")
		}
		if in.CredentialInfo == nil {
			// The gateway requires it and keeps the members that are not in it.
			fields["credential_info"] = json.RawMessage("{}")
		}
		if err := credentialExists(ctx, call, in.CredentialName); err != nil {
			return operation.Result{}, err
		}
		body, err := call.Send(ctx, "PATCH", "/credentials/{credential_name:path}", in.CredentialName, fields)
		return operation.Result{Body: body}, err
	}),
	Done: "updated credential {credential_name}",
}

// credentialExists is an error if there is no credential of the name: up to 1.90, gateways
// answer 200 to its update and its deletion. Where it cannot be read, the gateway decides.
func credentialExists(ctx context.Context, call *operation.Call, name string) error {
	_, err := call.Read(ctx, proxyclient.Request{Path: "/credentials/by_name/{credential_name:path}", Params: map[string]string{"credential_name": name}})
	if operation.IsNotFound(err) {
		return missing("credential", name)
	}
	if e := operation.AsError(err); e != nil && e.Status == 0 {
		return err
	}
	return nil
}

// hasValues refuses to delete values that the credential does not have: the gateway
// reports success.
func hasValues(ctx context.Context, call *operation.Call) error {
	names := call.Args().List("credential_values_to_delete")
	if len(names) == 0 {
		return nil
	}
	present, err := credentialUpdate.Present(ctx, call)
	values := membersOf(operation.Lookup(present, "credential_values"))
	if err != nil || len(values) == 0 {
		return nil // the gateway decides
	}
	for _, name := range names {
		if values[name] == nil {
			return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "the credential has no value " + operation.Shown(name) + "; nothing was changed"}
		}
	}
	return nil
}

var credentialsDelete = &operation.Operation{
	Path:     "credentials delete",
	Summary:  "Delete a credential",
	Help:     "Models that use it stop working.",
	Examples: []string{"credentials delete azure-prod"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /credentials/{credential_name}"},
	Consent:  ask(askDeleteCredential),
	Do: operation.Func[credentialName](func(ctx context.Context, call *operation.Call, in credentialName) (operation.Result, error) {
		if err := credentialExists(ctx, call, in.CredentialName); err != nil {
			return operation.Result{}, err
		}
		body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "DELETE", Path: "/credentials/{credential_name:path}",
			Params: map[string]string{"credential_name": in.CredentialName}})
		return operation.Result{Body: body}, err
	}),
	Done: "deleted credential {credential_name}",
}
