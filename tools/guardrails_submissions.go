package tools

import (
	"context"
	"encoding/json"
	"maps"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// submissionCollection is the guardrails that teams submitted, whatever became of them.
var submissionCollection = &operation.Collection{
	What: "submission", Path: "/guardrails/submissions", Items: "submissions", ID: "guardrail_id", Name: "guardrail_name", Also: []string{"guardrail_id"},
	Explain: func(_ context.Context, _ *operation.Call, name string) error {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "no submission has the name " + operation.Name(name), Hint: "to see what exists, use {op:guardrails submissions}"}
	},
}

// submissionName stands for the ID of the submission with this name.
type submissionName string

// Collection returns the list that has the name.
func (submissionName) Collection() *operation.Collection { return submissionCollection }

// submissionRef identifies one submission.
type submissionRef struct {
	GuardrailID submissionName `json:"guardrail_id" name:"submission" help:"Name or ID of the submission" jsonschema:"required" cli:"arg=1"`
}

var submissionColumns = []operation.Column{
	{Name: "guardrail_name", ID: true},
	{Name: "guardrail_id", ID: true, Wide: true},
	{Name: "status"},
	{Name: "team_id", ID: true},
	{Name: "mode", Field: "litellm_params.mode"},
	{Name: "api_base", Field: "litellm_params.api_base"},
	{Name: "submitted_by", Field: "submitted_by_email|submitted_by_user_id"},
	{Name: "submitted_at", Format: operation.Time},
	{Name: "reviewed_at", Format: operation.Time, Optional: true},
}

type guardrailsSubmissionsInput struct {
	Status string       `json:"status" enum:"pending_review,active,rejected" help:"Only submissions with this status"`
	TeamID existingTeam `json:"team_id" name:"team" help:"Only this team"`
	Search string       `json:"search" help:"Only with this text in the name or description"`
}

var guardrailsSubmissions = &operation.Operation{
	Path:     "guardrails submissions",
	Summary:  "List guardrails submitted by teams for approval",
	Help:     "A user's key sees only the user's teams.",
	Examples: []string{"guardrails submissions --status pending_review"},
	Effect:   operation.Read,
	Do:       operation.List[guardrailsSubmissionsInput]{Of: submissionCollection},
	Columns:  submissionColumns,
}

var guardrailsSubmissionGet = &operation.Operation{
	Path:     "guardrails submission-get",
	Summary:  "Show a submitted guardrail",
	Examples: []string{"guardrails submission-get team-filter"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[submissionRef]{Method: "GET", Path: submissionPath},
	Columns:  submissionColumns,
}

type guardrailsRegisterInput struct {
	GuardrailName string          `json:"guardrail_name" jsonschema:"required" help:"Guardrail name" cli:"arg=1"`
	TeamID        existingTeam    `json:"team_id" name:"team" help:"Team (default: that of your key)"`
	LitellmParams operation.Pairs `json:"litellm_params" jsonschema:"required" help:"api_base and mode; also api_key, headers and others" cli:"name=param,short=p"`
	GuardrailInfo operation.Pairs `json:"guardrail_info" help:"Custom information, such as description" cli:"name=info,short=i"`
	operation.Extras
}

var guardrailsRegister = &operation.Operation{
	Path:     "guardrails register",
	Summary:  "Submit a team's own guardrail service for approval by an admin",
	Help:     "The service must implement the Generic Guardrail API. It checks calls only after {op:guardrails approve}.",
	Examples: []string{"guardrails register team-filter --team research -p api_base=https://guard.example.com -p mode=pre_call"},
	Effect:   operation.Write,
	Sends:    []string{"POST /guardrails/register"},
	Consent:  often,
	Checks:   []operation.Check{realSecrets},
	Do: operation.Func[guardrailsRegisterInput](func(ctx context.Context, call *operation.Call, in guardrailsRegisterInput) (operation.Result, error) {
		fields := call.Body()
		params := operation.Pairs{"guardrail": operation.Encode("generic_guardrail_api")} // the only kind that may be submitted
		maps.Copy(params, in.LitellmParams)
		fields["litellm_params"] = operation.Encode(params)
		body, err := call.Write(ctx, "POST", "/guardrails/register", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: submissionColumns[:3],
	Done:    "submitted guardrail {guardrail_name} ({guardrail_id}) for approval",
	Returns: []string{"guardrail_id"},
}

var guardrailsApprove = &operation.Operation{
	Path:     "guardrails approve",
	Summary:  "Approve a submitted guardrail, which then checks calls",
	Examples: []string{"guardrails approve team-filter"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Sensitive: sendsToSubmission},
	Verify:   notesInactive,
	Do:       operation.Endpoint[submissionRef]{Method: "POST", Path: submissionPath + "/approve", Fixed: true},
	Done:     "approved guardrail {guardrail_id}",
}

var guardrailsReject = &operation.Operation{
	Path:     "guardrails reject",
	Summary:  "Reject a submitted guardrail",
	Help:     "Its name stays taken until you delete it.",
	Examples: []string{"guardrails reject team-filter"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[submissionRef]{Method: "POST", Path: submissionPath + "/reject", Fixed: true},
	Done:     "rejected guardrail {guardrail_id}",
}

// submissionPath is the route of one submission.
const submissionPath = "/guardrails/submissions/{guardrail_id}"

// sendsToSubmission names where the texts of calls go once a submission is approved.
func sendsToSubmission(ctx context.Context, call *operation.Call) ([]string, error) {
	item, err := call.Read(ctx, proxyclient.Request{Path: submissionPath, Params: map[string]string{"guardrail_id": call.Args().String("guardrail_id")}})
	if e := operation.AsError(err); e != nil && e.Status != 0 {
		return []string{"sends the text of calls to a service that cannot be read"}, nil
	}
	if err != nil {
		return nil, err
	}
	whose := "that name guardrail " + guardrailLabel(item)
	if string(operation.Lookup(item, "litellm_params.default_on")) == "true" {
		whose = "of every key (default_on)"
	}
	return []string{"sends the text of calls " + whose + " to " + operation.Name(operation.Word(operation.Lookup(item, "litellm_params.api_base")))}, nil
}

// notesInactive tells that the gateway could not start an approved guardrail.
func notesInactive(_ context.Context, call *operation.Call, result *operation.Result) error {
	var warning string
	if json.Unmarshal(operation.Lookup(result.Body, "warning"), &warning) == nil && warning != "" {
		call.Note(warning)
	}
	return nil
}
