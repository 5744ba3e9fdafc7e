package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// attachmentPath is the route of one attachment. It does not know those of the configuration
// file.
const attachmentPath = "/policies/attachments/{attachment_id}"

// attachmentCollection is every attachment of a policy to requests.
var attachmentCollection = &operation.Collection{
	What: "attachment", Path: "/policies/attachments/list", Items: "attachments", ID: "attachment_id", Name: "policy_name", Explain: unattached,
}

// unattached is the error for a policy without attachments.
func unattached(_ context.Context, _ *operation.Call, name string) error {
	return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "policy " + operation.Shown(name) + " has no attachment",
		Hint: "nothing was changed; {op:policies attachments} lists them"}
}

// attachedPolicy stands for the ID of the only attachment of this policy.
type attachedPolicy string

// Collection returns the list that has the name.
func (attachedPolicy) Collection() *operation.Collection { return attachmentCollection }

var attachmentColumns = []operation.Column{
	{Name: "policy_name", ID: true},
	{Name: "attachment_id", ID: true, Wide: true},
	{Name: "scope"},
	{Name: "teams"},
	{Name: "keys"},
	{Name: "models"},
	{Name: "tags"},
	{Name: "priority"},
	{Name: "default"},
	{Name: "definition_location", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
}

var policiesAttachments = &operation.Operation{
	Path:     "policies attachments",
	Summary:  "List where policies are attached: teams, keys, models, tags or all requests",
	Help:     "An attachment applies to requests that match every field.",
	Examples: []string{"policies attachments"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: attachmentCollection},
	Columns:  attachmentColumns,
}

type attachmentID struct {
	AttachmentID attachedPolicy `json:"attachment_id" name:"attachment" help:"Policy name, if it has one attachment, or attachment ID" jsonschema:"required" cli:"arg=1,alias=policy"`
}

var policiesAttachmentGet = &operation.Operation{
	Path:     "policies attachment-get",
	Summary:  "Show one attachment of a policy",
	Examples: []string{"policies attachment-get 5208340a-9c4d-450c-9dfd-941355745325"},
	Effect:   operation.Read,
	Sends:    []string{"GET /policies/attachments/{attachment_id}"},
	Do: operation.Func[attachmentID](func(ctx context.Context, call *operation.Call, in attachmentID) (operation.Result, error) {
		body, err := readAttachment(ctx, call, string(in.AttachmentID))
		return operation.Result{Body: body}, err
	}),
	Columns: attachmentColumns,
}

// readAttachment returns the attachment with this ID, from the list if it is one of the
// configuration file.
func readAttachment(ctx context.Context, call *operation.Call, id string) (json.RawMessage, error) {
	if !outOfReach(attachmentPath, "attachment_id", id) {
		body, err := call.Read(ctx, proxyclient.Request{Path: attachmentPath, Params: map[string]string{"attachment_id": id}})
		if !operation.IsNotFound(err) {
			return body, err
		}
	}
	thing, err := attachmentCollection.FindID(ctx, call, id)
	return thing.Item, err
}

// attachmentScope is the requests that an attachment applies to.
type attachmentScope struct {
	Scope  string   `json:"scope" enum:"*" help:"Scope: * for all requests"`
	Teams  []string `json:"teams" help:"Team aliases; a trailing * matches any ending"`
	Keys   []string `json:"keys" help:"Key aliases; trailing * allowed"`
	Models []string `json:"models" help:"Models; trailing * allowed"`
	Tags   []string `json:"tags" help:"Key or team tags; trailing * allowed"`
}

type policiesAttachInput struct {
	PolicyName existingPolicy `json:"policy_name" jsonschema:"required" help:"Policy name" cli:"arg=1"`
	attachmentScope
	Priority int  `json:"priority" help:"Order; lower runs first"`
	Default  bool `json:"default" help:"Apply only to requests that no other attachment matches"`
	operation.Extras
}

var policiesAttach = &operation.Operation{
	Path:    "policies attach",
	Summary: "Attach a policy to teams, keys, models, tags or all requests",
	Help:    "It applies to requests that match every field you give.",
	Examples: []string{
		"policies attach pii-baseline --scope '*'",
		"policies attach hipaa --teams health,health-* --models gpt-4o",
	},
	Sends:  []string{"POST /policies/attachments"},
	Effect: operation.Write,
	Consent: operation.Consent{Sensitive: replacesDefaults, Ask: func(_ context.Context, call *operation.Call) (string, error) {
		return "Attach policy " + operation.Name(call.Args().String("policy_name")) + " to " + requestsOf(operation.Encode(call.Body())) + "?", nil
	}},
	Checks: []operation.Check{hasScope, newAttachment},
	Do: operation.Func[policiesAttachInput](func(ctx context.Context, call *operation.Call, _ policiesAttachInput) (operation.Result, error) {
		body, err := call.Write(ctx, "POST", "/policies/attachments", call.Body())
		if err != nil || call.Planning() {
			return operation.Result{Body: body}, err
		}
		return operation.Result{Body: body, Done: "attached policy " + operation.Name(call.Args().String("policy_name")) + " to " +
			requestsOf(body) + " (" + operation.Word(operation.Lookup(body, "attachment_id")) + ")"}, nil
	}),
	Columns: attachmentColumns,
	Returns: []string{"attachment_id"},
}

// scopeFields are the fields that narrow an attachment.
var scopeFields = []string{"teams", "keys", "models", "tags"}

// hasScope refuses an attachment without a scope, which the gateway takes for one to all
// requests, and one with a scope that makes it ignore the other fields.
func hasScope(_ context.Context, call *operation.Call) error {
	args, narrowed := call.Args(), false
	for _, field := range scopeFields {
		narrowed = narrowed || len(args.List(field)) > 0
	}
	switch global := args.String("scope") != ""; {
	case global && narrowed:
		return operation.Usage("{scope} * attaches to all requests, so the gateway would ignore {teams}, {keys}, {models} and {tags}; give one or the other")
	case !global && !narrowed:
		return operation.Usage("give what to attach the policy to: {teams}, {keys}, {models} or {tags}, or {scope} * for all requests")
	}
	return nil
}

// newAttachment refuses a second attachment to the same requests.
func newAttachment(ctx context.Context, call *operation.Call) error {
	body := call.Body()
	for item, err := range attachmentCollection.All(ctx, call, nil) {
		if operation.IsRefused(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if sameAttachment(body, item) {
			return &proxyclient.Error{Code: proxyclient.CodeConflict,
				Message: "policy " + operation.Shown(body.String("policy_name")) + " is already attached to " + requestsOf(item) + " (" + operation.Word(operation.Lookup(item, "attachment_id")) + ")",
				Hint:    "nothing was changed; to attach it with another priority, detach it first: {op:policies detach}"}
		}
	}
	return nil
}

func sameAttachment(body operation.Args, item json.RawMessage) bool {
	has := operation.Args(membersOf(item))
	same := body.String("policy_name") == has.String("policy_name") && body.String("scope") == has.String("scope") &&
		(string(body["default"]) == "true") == (string(has["default"]) == "true")
	for _, field := range scopeFields {
		a, b := body.List(field), has.List(field)
		slices.Sort(a)
		slices.Sort(b)
		same = same && slices.Equal(slices.Compact(a), slices.Compact(b))
	}
	return same
}

// requestsOf words the requests that an attachment applies to.
func requestsOf(attachment json.RawMessage) string {
	has := operation.Args(membersOf(attachment))
	words := "requests"
	for i, lead := range []string{" of team", " with key", " to model", " with tag"} {
		names := has.List(scopeFields[i])
		if len(names) == 0 {
			continue
		}
		if len(names) > 1 {
			lead += "s"
		}
		words += lead + " " + operation.NameList(has[scopeFields[i]])
	}
	if words == "requests" || has.String("scope") == "*" {
		words = "all requests"
	}
	if string(has["default"]) == "true" {
		words += " that no other attachment matches"
	}
	return words
}

var policiesDetach = &operation.Operation{
	Path:     "policies detach",
	Summary:  "Delete an attachment of a policy",
	Examples: []string{"policies detach 5208340a-9c4d-450c-9dfd-941355745325", "policies detach hipaa"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /policies/attachments/{attachment_id}"},
	Consent:  ask(askDetach),
	Do: operation.Func[attachmentID](func(ctx context.Context, call *operation.Call, in attachmentID) (operation.Result, error) {
		attachment, err := storedAttachment(ctx, call, string(in.AttachmentID))
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "DELETE", Path: attachmentPath, Params: map[string]string{"attachment_id": string(in.AttachmentID)}})
		if err != nil {
			return operation.Result{}, err
		}
		return operation.Result{Body: body, Done: "detached policy " + operation.Name(operation.Word(operation.Lookup(attachment, "policy_name"))) + " from " + requestsOf(attachment)}, nil
	}),
}

func storedAttachment(ctx context.Context, call *operation.Call, id string) (json.RawMessage, error) {
	attachment, err := readAttachment(ctx, call, id)
	if err == nil && configured(attachment) {
		err = inConfiguration("attachment " + operation.Shown(id))
	}
	return attachment, err
}

type policiesAttachEstimateInput struct {
	PolicyName string `json:"policy_name" jsonschema:"required" help:"Policy name" cli:"arg=1"`
	attachmentScope
}

var policiesAttachEstimate = &operation.Operation{
	Path:     "policies attach-estimate",
	Summary:  "Estimate how many keys and teams an attachment would affect",
	Help:     "Counts keys and teams that match any field, except models. -1 means all.",
	Examples: []string{"policies attach-estimate hipaa --teams health-*"},
	Effect:   operation.Read,
	Sends:    []string{"POST /policies/attachments/estimate-impact"},
	Do: operation.Func[policiesAttachEstimateInput](func(ctx context.Context, call *operation.Call, _ policiesAttachEstimateInput) (operation.Result, error) {
		if err := hasScope(ctx, call); err != nil {
			return operation.Result{}, err
		}
		body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/policies/attachments/estimate-impact", Body: operation.Encode(call.Body())})
		notesEstimate(call)
		return operation.Result{Body: body}, err
	}),
}

// notesEstimate notes where the gateway counts something else than the requests to which the
// attachment would apply.
func notesEstimate(call *operation.Call) {
	var given []string
	for _, field := range scopeFields {
		if len(call.Args().List(field)) > 0 {
			given = append(given, field)
		}
	}
	switch {
	case len(given) == 1 && given[0] == "models":
		call.Note("The gateway does not count by model, so the numbers are 0.")
	case len(given) > 1:
		call.Note("The attachment would apply only where " + strings.Join(given, " and ") + " match together, so the numbers are an upper bound.")
	}
}
