package tools

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var policies = operation.Catalog{
	policiesList, policiesGet, policiesGuardrails, policiesCreate, policiesUpdate, policiesDelete, policiesDeleteAllVersions,
	policiesVersions, policiesVersionCreate, policiesStatusSet, policiesCompare,
	policiesAttachments, policiesAttachmentGet, policiesAttach, policiesDetach, policiesAttachEstimate,
	policiesResolve, policiesTest, policiesTestPipeline, policiesValidate, policiesTemplates, policiesUsage,
}

// The gateway has two families of routes. /policies/* shows and changes what is stored, with
// all versions, and lists the policies of the configuration file. /policy/* shows what is
// loaded, from both, with what is inherited.

// policyPath is the route of one policy version. It does not know the policies of the
// configuration file.
const policyPath = "/policies/{policy_id}"

var (
	// policyVersions is every version of every policy.
	policyVersions = &operation.Collection{What: "policy", Path: "/policies/list", Items: "policies", ID: "policy_id", Name: "policy_name"}
	// policyCollection is the policies in force: each name once.
	policyCollection = policiesIn("production", unpromoted)
	// policyDrafts is the versions that can be changed.
	policyDrafts = policiesIn("draft", undrafted)
	// policyNames is policyCollection by name.
	policyNames = func() *operation.Collection {
		c := policiesIn("production", nil)
		c.ID = "policy_name"
		return c
	}()
	// guardrailNames is guardrailCollection by name.
	guardrailNames = func() *operation.Collection {
		c := *guardrailCollection
		c.ID, c.Also = "guardrail_name", nil
		return &c
	}()
)

// policiesIn returns the versions with a status. The gateway lists the policies of the
// configuration file as production versions.
func policiesIn(status string, explain func(context.Context, *operation.Call, string) error) *operation.Collection {
	c := *policyVersions
	c.Fixed, c.Explain = url.Values{"version_status": {status}}, explain
	return &c
}

// The names of policies and guardrails that must exist.
type (
	existingPolicy     string
	existingPolicies   []string
	existingGuardrails []string
)

// Refers implements [operation.Referring].
func (existingPolicy) Refers() *operation.Collection { return policyNames }

// Refers implements [operation.Referring].
func (existingPolicies) Refers() *operation.Collection { return policyNames }

// Refers implements [operation.Referring].
func (existingGuardrails) Refers() *operation.Collection { return guardrailNames }

// policyName stands for the ID of the version of this policy that is in force.
type policyName string

// Collection returns the list that has the name.
func (policyName) Collection() *operation.Collection { return policyCollection }

// policyDraft stands for the ID of the draft of this policy.
type policyDraft string

// Collection returns the list that has the name.
func (policyDraft) Collection() *operation.Collection { return policyDrafts }

// policyVersion stands for the ID of the only version of this policy.
type policyVersion string

// Collection returns the list that has the name.
func (policyVersion) Collection() *operation.Collection { return policyVersions }

// unpromoted is the error for a policy with versions, none of which is in force.
func unpromoted(ctx context.Context, call *operation.Call, name string) error {
	return versionless(ctx, call, name, "has no production version", "its versions are shown by {op:policies versions} "+name)
}

// undrafted is the error for a policy without a draft.
func undrafted(ctx context.Context, call *operation.Call, name string) error {
	return versionless(ctx, call, name, "has no draft, and other versions cannot be changed", "create one: {op:policies version-create} "+name)
}

func versionless(ctx context.Context, call *operation.Call, name, why, hint string) error {
	for item, err := range policyVersions.All(ctx, call, nil) {
		if err != nil {
			return err
		}
		if operation.Word(operation.Lookup(item, "policy_name")) == name {
			return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "policy " + operation.Shown(name) + " " + why, Hint: hint}
		}
	}
	return nil
}

var policyColumns = []operation.Column{
	{Name: "policy_name", ID: true},
	{Name: "policy_id", ID: true, Wide: true},
	{Name: "version_number"},
	{Name: "version_status"},
	{Name: "inherit"},
	{Name: "guardrails_add"},
	{Name: "guardrails_remove"},
	{Name: "model", Field: "condition.model"},
	{Name: "description", Optional: true},
	{Name: "definition_location", Optional: true},
	{Name: "updated_at", Format: operation.Time, Optional: true},
}

type policiesListInput struct {
	VersionStatus string `json:"version_status" name:"status" enum:"draft,published,production" help:"Only versions with this status"`
}

var policiesList = &operation.Operation{
	Path:     "policies list",
	Summary:  "List policies: named sets of guardrails, in all versions",
	Help:     "Only attached production versions are in force.",
	Examples: []string{"policies list", "policies list --status production"},
	Effect:   operation.Read,
	Do:       operation.List[policiesListInput]{Of: policyVersions},
	Columns:  policyColumns,
}

type policyRef struct {
	PolicyID policyName `json:"policy_id" name:"policy" help:"Policy name, for the production version, or version ID" jsonschema:"required" cli:"arg=1"`
}

var policiesGet = &operation.Operation{
	Path:     "policies get",
	Summary:  "Show a version of a policy",
	Examples: []string{"policies get pii-baseline", "policies get 43165439-3c33-4419-a230-88d7a7e80243"},
	Effect:   operation.Read,
	Sends:    []string{"GET /policies/{policy_id}"},
	Do: operation.Func[policyRef](func(ctx context.Context, call *operation.Call, in policyRef) (operation.Result, error) {
		body, err := readPolicy(ctx, call, string(in.PolicyID))
		return operation.Result{Body: body}, err
	}),
	Columns: policyColumns,
}

// readPolicy returns the policy version with this ID. The ID of a policy of the configuration
// file is its name, which only the list knows.
func readPolicy(ctx context.Context, call *operation.Call, id string) (json.RawMessage, error) {
	if !outOfReach(policyPath, "policy_id", id) {
		body, err := call.Read(ctx, proxyclient.Request{Path: policyPath, Params: map[string]string{"policy_id": id}})
		if !operation.IsNotFound(err) {
			return body, err
		}
	}
	thing, err := policyVersions.FindID(ctx, call, id)
	if operation.IsNotFound(err) {
		return nil, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "no policy version has the ID " + operation.Shown(id),
			Hint: "to give the name of a policy, use {policy}; {op:policies list} shows the IDs"}
	}
	return thing.Item, err
}

// storedPolicy is readPolicy for a change, which a policy of the configuration file refuses.
func storedPolicy(ctx context.Context, call *operation.Call, id string) (json.RawMessage, error) {
	policy, err := readPolicy(ctx, call, id)
	if err == nil && configured(policy) {
		err = inConfiguration("policy " + operation.Word(operation.Lookup(policy, "policy_name")))
	}
	return policy, err
}

// configured reports whether a policy or an attachment is from the configuration file.
func configured(item json.RawMessage) bool {
	return operation.Word(operation.Lookup(item, "definition_location")) == "config"
}

func inConfiguration(what string) error {
	return &proxyclient.Error{Code: proxyclient.CodeInvalid, Message: what + " is defined in the gateway's configuration file; nothing was sent", Hint: "change it in that file"}
}

type policyNamed struct {
	PolicyName string `json:"policy_name" jsonschema:"required" help:"Policy name" cli:"arg=1"`
}

var policiesGuardrails = &operation.Operation{
	Path:     "policies guardrails",
	Summary:  "Show a policy's guardrails in force, including inherited ones",
	Examples: []string{"policies guardrails pii-baseline"},
	Effect:   operation.Read,
	Sends:    []string{"GET /policy/info/{policy_name}"},
	Do: operation.Func[policyNamed](func(ctx context.Context, call *operation.Call, in policyNamed) (operation.Result, error) {
		// /policies/{policy_id}/resolved-guardrails loses what is inherited from the configuration
		// file, and answers for the production version whatever version is asked for.
		body, err := call.Read(ctx, proxyclient.Request{Path: "/policy/info/{policy_name}", Params: map[string]string{"policy_name": in.PolicyName}})
		if operation.IsNotFound(err) {
			err = unloaded(ctx, call, in.PolicyName, err)
		}
		if err != nil {
			return operation.Result{}, err
		}
		return operation.Result{Body: body}, notesLost(ctx, call, operation.Args{"names": operation.Lookup(body, "resolved_guardrails")}.List("names"))
	}),
	Columns: []operation.Column{
		{Name: "policy_name", ID: true},
		{Name: "resolved_guardrails"},
		{Name: "inheritance_chain"},
		{Name: "guardrails_add", Field: "guardrails.add"},
		{Name: "guardrails_remove", Field: "guardrails.remove"},
	},
}

// unloaded explains why the gateway has not loaded a policy that it stores.
func unloaded(ctx context.Context, call *operation.Call, name string, missing error) error {
	if _, err := policyNames.FindID(ctx, call, name); err == nil {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "the gateway has not loaded policy " + operation.Shown(name) + " yet",
			Hint: "it reloads policies regularly; try again in a minute"}
	}
	if err := unpromoted(ctx, call, name); err != nil {
		return err
	}
	return missing
}

// notesLost notes the guardrails of policies that the gateway does not have: nothing runs for
// them.
func notesLost(ctx context.Context, call *operation.Call, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, absent, err := guardrailNames.Targets(ctx, call, "", names)
	if len(absent) > 0 {
		call.Note("The gateway has no guardrail " + operation.NameList(operation.Encode(absent)) + ", so nothing runs for it.")
	}
	return err
}

// policyContent is what a version of a policy says.
type policyContent struct {
	Description      string             `json:"description" help:"Purpose of the policy" clear:"\"\""`
	GuardrailsAdd    existingGuardrails `json:"guardrails_add" help:"Guardrails to run" clear:"[]" cli:"alias=guardrails"`
	Inherit          existingPolicy     `json:"inherit" help:"Policy to inherit guardrails from" clear:"\"\""`
	GuardrailsRemove existingGuardrails `json:"guardrails_remove" help:"Inherited guardrails to skip" clear:"[]"`
	Condition        operation.Object   `json:"condition" help:"Model filter, as a regex: {\"model\": \"gpt-4.*\"}" clear:"{\"model\":null}"`
	Pipeline         operation.Object   `json:"pipeline" help:"Order of guardrails: {mode, steps: [{guardrail, on_pass, on_fail}]}"`
}

type policiesCreateInput struct {
	policyNamed
	policyContent
	operation.Extras
}

var policiesCreate = &operation.Operation{
	Path:     "policies create",
	Summary:  "Create a policy: a named set of guardrails",
	Help:     "To put it in force, use {op:policies attach} or name it in a key or team.",
	Examples: []string{"policies create pii-baseline --guardrails-add pii-mask,secrets", "policies create strict --inherit pii-baseline --guardrails-add toxicity"},
	Effect:   operation.Write,
	Consent:  operation.Consent{Sensitive: overridesPolicy},
	Checks:   []operation.Check{modelCondition, reachable("/policy/info/{policy_name}", "policy_name", "policy_name", argument("policy_name"))},
	Do:       operation.Endpoint[policiesCreateInput]{Method: "POST", Path: "/policies"},
	Columns:  policyColumns,
	Done:     "created policy {policy_name} ({policy_id}), version {version_number}, in {version_status}",
	Returns:  []string{"policy_id"},
}

// modelCondition refuses conditions that the gateway ignores: it knows only the model, and a
// misspelled member would make the policy apply to every model.
func modelCondition(_ context.Context, call *operation.Call) error {
	for _, name := range slices.Sorted(maps.Keys(membersOf(call.Arg("condition")))) {
		if name != "model" {
			return operation.Usage("{condition} takes only the member model, not " + operation.Shown(name))
		}
	}
	return nil
}

type policiesUpdateInput struct {
	PolicyID policyDraft `json:"policy_id" name:"policy" help:"Policy name, for its draft, or version ID" jsonschema:"required" cli:"arg=1"`
	policyContent
	operation.Clearing
	operation.Extras
}

var policyUpdate = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		return readPolicy(ctx, call, call.Args().String("policy_id"))
	},
	Subject: []string{"policy_id"},
	Advice: func(field string, asked json.RawMessage) string {
		if field == "pipeline" && isNone(asked) {
			return "the gateway cannot remove a pipeline; delete the draft and create one from a version without a pipeline: {op:policies version-create}"
		}
		return ""
	},
}

var policiesUpdate = &operation.Operation{
	Path:     "policies update",
	Summary:  "Change a draft of a policy",
	Help:     "Only drafts can be changed; create one with {op:policies version-create}. Fields you omit are unchanged; lists are replaced.",
	Examples: []string{"policies update pii-baseline --guardrails-add pii-mask,secrets", "policies update pii-baseline --clear inherit"},
	Effect:   operation.Set,
	Checks:   []operation.Check{modelCondition},
	Update:   policyUpdate,
	Verify:   applied,
	Do:       operation.Endpoint[policiesUpdateInput]{Method: "PUT", Path: policyPath, Subject: []string{"policy_id"}},
	Columns:  policyColumns,
	Done:     "updated policy {policy_name}, version {version_number} ({version_status})",
}

type policiesDeleteInput struct {
	PolicyID policyVersion `json:"policy_id" name:"policy" help:"Policy name, if it has only one version, or version ID" jsonschema:"required" cli:"arg=1"`
}

var policiesDelete = &operation.Operation{
	Path:     "policies delete",
	Summary:  "Delete a version of a policy",
	Help:     "To delete the whole policy, use {op:policies delete-all-versions}.",
	Examples: []string{"policies delete 43165439-3c33-4419-a230-88d7a7e80243", "policies delete pii-baseline"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /policies/{policy_id}"},
	Consent:  ask(askDeletePolicy),
	Do: operation.Func[policiesDeleteInput](func(ctx context.Context, call *operation.Call, in policiesDeleteInput) (operation.Result, error) {
		policy, err := storedPolicy(ctx, call, string(in.PolicyID))
		if err != nil {
			return operation.Result{}, err
		}
		return deletePolicies(ctx, call, proxyclient.Request{Path: policyPath, Params: map[string]string{"policy_id": string(in.PolicyID)}},
			"deleted version "+operation.Word(operation.Lookup(policy, "version_number"))+" of policy "+operation.Name(operation.Word(operation.Lookup(policy, "policy_name"))))
	}),
}

// deletePolicies sends a DELETE. The answer may warn that nothing is in force now.
func deletePolicies(ctx context.Context, call *operation.Call, r proxyclient.Request, done string) (operation.Result, error) {
	r.Method = "DELETE"
	body, err := call.Client().JSON(ctx, r)
	if err != nil {
		return operation.Result{}, err
	}
	if warning := operation.Word(operation.Lookup(body, "warning")); warning != "" {
		call.Note(warning)
	}
	return operation.Result{Body: body, Done: done}, nil
}

var policiesDeleteAllVersions = &operation.Operation{
	Path:     "policies delete-all-versions",
	Summary:  "Delete a policy with all its versions",
	Help:     "Its attachments stay but have no effect.",
	Examples: []string{"policies delete-all-versions pii-baseline"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /policies/name/{policy_name}/all-versions"},
	Consent:  ask(askDeletePolicyName),
	Do: operation.Func[policyNamed](func(ctx context.Context, call *operation.Call, in policyNamed) (operation.Result, error) {
		// The gateway reports success for a policy that does not exist.
		if _, err := versionsOf(ctx, call, in.PolicyName); err != nil {
			return operation.Result{}, err
		}
		return deletePolicies(ctx, call, proxyclient.Request{Path: "/policies/name/{policy_name}/all-versions", Params: map[string]string{"policy_name": in.PolicyName}},
			"deleted policy "+operation.Name(in.PolicyName)+" with all versions")
	}),
}
