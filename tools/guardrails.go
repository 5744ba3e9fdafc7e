package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var guardrails = operation.Catalog{
	guardrailsList, guardrailsGet, guardrailsCreate, guardrailsUpdate, guardrailsDelete, guardrailsApply, guardrailsTestCode,
	guardrailsTypes, guardrailsTypeGet, guardrailsUsage, guardrailsUsageGet, guardrailsLogs,
	guardrailsSubmissions, guardrailsSubmissionGet, guardrailsRegister, guardrailsApprove, guardrailsReject,
}

// guardrailCollection is all guardrails at once: those of the gateway's database, and those
// of its configuration file, which /guardrails/list alone shows.
var guardrailCollection = &operation.Collection{
	What: "guardrail", Path: "/v2/guardrails/list", Items: "guardrails", ID: "guardrail_id", Name: "guardrail_name", Also: []string{"guardrail_id"},
}

// guardrailName stands for the ID of the guardrail with this name.
type guardrailName string

// Collection returns the list that has the name.
func (guardrailName) Collection() *operation.Collection { return guardrailCollection }

// guardrailRef identifies one guardrail.
type guardrailRef struct {
	GuardrailID guardrailName `json:"guardrail_id" name:"guardrail" help:"Guardrail name or ID" jsonschema:"required" cli:"arg=1"`
}

var guardrailColumns = []operation.Column{
	{Name: "guardrail_name", ID: true},
	{Name: "guardrail_id", ID: true, Wide: true},
	{Name: "type", Field: "litellm_params.guardrail"},
	{Name: "mode", Field: "litellm_params.mode"},
	{Name: "default_on", Field: "litellm_params.default_on"},
	{Name: "description", Field: "guardrail_info.description"},
	{Name: "defined_in", Field: "guardrail_definition_location"},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "updated_at", Format: operation.Time, Optional: true},
}

var guardrailsList = &operation.Operation{
	Path:     "guardrails list",
	Summary:  "List guardrails: checks of requests and answers",
	Help:     "With default_on, a guardrail checks every call; others check calls whose key, team or request names them.",
	Examples: []string{"guardrails list"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do:       operation.List[struct{}]{Of: guardrailCollection},
	Columns:  guardrailColumns,
}

var guardrailsGet = &operation.Operation{
	Path:     "guardrails get",
	Summary:  "Show a guardrail with its parameters",
	Examples: []string{"guardrails get pii-filter"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[guardrailRef]{Method: "GET", Path: "/guardrails/{guardrail_id}"},
	Columns:  guardrailColumns,
}

// guardrailSettings is what create and update share.
type guardrailSettings struct {
	Mode          []string        `json:"mode" help:"Time of the check, such as pre_call or post_call"`
	DefaultOn     *bool           `json:"default_on" help:"Check every call, not only those naming the guardrail"`
	LitellmParams operation.Pairs `json:"litellm_params" help:"Parameters, such as api_key{; see op:guardrails type-get}" cli:"name=param,short=p"`
	GuardrailInfo operation.Pairs `json:"guardrail_info" help:"Custom information, such as description" cli:"name=info,short=i"`
	operation.Extras
}

type guardrailsCreateInput struct {
	GuardrailName string `json:"guardrail_name" jsonschema:"required" help:"Name that keys, teams and requests use" cli:"arg=1"`
	Type          string `json:"type" jsonschema:"required" help:"Type, such as presidio{; see op:guardrails types}"`
	guardrailSettings
}

var guardrailsCreate = &operation.Operation{
	Path:    "guardrails create",
	Summary: "Create a guardrail",
	Help:    "A custom class works only in the gateway's configuration file.",
	Examples: []string{
		`guardrails create no-secrets --type litellm_content_filter --mode pre_call --default-on -p 'blocked_words:=[{"keyword": "project-x", "action": "BLOCK"}]'`,
		"guardrails create injection --type lakera_v2 --mode pre_call -p api_key=@lakera.key",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /guardrails"},
	Consent: often,
	Checks:  []operation.Check{newGuardrail, realSecrets},
	Do: operation.Func[guardrailsCreateInput](func(ctx context.Context, call *operation.Call, _ guardrailsCreateInput) (operation.Result, error) {
		fields, err := guardrailFields(call)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Write(ctx, "POST", "/guardrails", map[string]any{"guardrail": fields})
		if e := operation.AsError(err); e != nil && e.Code == proxyclient.CodeConflict {
			e.Hint = "a submission may have the name: see {op:guardrails submissions}"
		}
		return operation.Result{Body: body}, err
	}),
	Columns: guardrailColumns,
	Done:    "created guardrail {guardrail_name} ({guardrail_id})",
	Returns: []string{"guardrail_id"},
}

type guardrailsUpdateInput struct {
	guardrailRef
	GuardrailName string `json:"guardrail_name" help:"New name"`
	Type          string `json:"type" help:"New type"`
	guardrailSettings
}

var guardrailsUpdate = &operation.Operation{
	Path:    "guardrails update",
	Summary: "Change a guardrail",
	Help:    "Fields you omit are unchanged; null removes a parameter. After a rename, keys and teams that name it lose it.",
	Examples: []string{
		"guardrails update pii-filter --default-on=false",
		"guardrails update pii-filter --mode pre_call,post_call -p presidio_language=de",
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /guardrails/{guardrail_id}"},
	Consent: operation.Consent{Sensitive: weakensGuardrail},
	Checks:  []operation.Check{guardrailInDatabase, realSecrets},
	Update:  guardrailUpdate,
	Verify:  guardrailChanged,
	Do: operation.Func[guardrailsUpdateInput](func(ctx context.Context, call *operation.Call, in guardrailsUpdateInput) (operation.Result, error) {
		fields, err := guardrailChange(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Send(ctx, "PATCH", guardrailPath, string(in.GuardrailID), fields)
		return operation.Result{Body: body}, err
	}),
	Columns: guardrailColumns,
	Done:    "updated guardrail {guardrail_name} ({guardrail_id})",
}

var guardrailsDelete = &operation.Operation{
	Path:     "guardrails delete",
	Summary:  "Delete a guardrail, or a submission by ID",
	Examples: []string{"guardrails delete pii-filter"},
	Effect:   operation.Destructive,
	Consent:  ask(askDeleteGuardrail),
	Checks:   []operation.Check{guardrailInDatabase},
	Do:       operation.Endpoint[guardrailRef]{Method: "DELETE", Path: guardrailPath},
	Done:     "deleted guardrail {guardrail_id}",
}

// guardrailPath is the route of one guardrail.
const guardrailPath = "/guardrails/{guardrail_id}"

// readGuardrail returns the guardrail of a call, or the submission, with its secrets masked.
func readGuardrail(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	return call.Read(ctx, proxyclient.Request{Path: guardrailPath, Params: map[string]string{"guardrail_id": call.Args().String("guardrail_id")}})
}

// guardrailUpdate says where the present state is.
var guardrailUpdate = &operation.Update{Present: readGuardrail, Subject: []string{"guardrail_id"}}

// guardrailLabel names the guardrail of an answer.
func guardrailLabel(item json.RawMessage) string {
	return operation.Thing{ID: operation.Lookup(item, "guardrail_id"), Name: operation.Word(operation.Lookup(item, "guardrail_name"))}.Label()
}
