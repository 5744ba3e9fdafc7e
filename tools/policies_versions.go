package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// versionsOfOne is the stored versions of one policy.
var versionsOfOne = &operation.Collection{
	What: "policy version", Path: "/policies/name/{policy_name}/versions", Items: "versions", ID: "policy_id", Name: "policy_name",
	Owner: func(ctx context.Context, call *operation.Call) error {
		return withoutVersions(ctx, call, call.Args().String("policy_name"))
	},
}

var policiesVersions = &operation.Operation{
	Path:     "policies versions",
	Summary:  "List the versions of a policy, newest first",
	Examples: []string{"policies versions pii-baseline"},
	Effect:   operation.Read,
	Do:       operation.List[policyNamed]{Of: versionsOfOne},
	Columns:  policyColumns,
}

// withoutVersions is the error for a policy without stored versions. The gateway answers with an
// empty list.
func withoutVersions(ctx context.Context, call *operation.Call, name string) error {
	policy, err := policyNames.FindID(ctx, call, name)
	switch {
	case err == nil && configured(policy.Item):
		return inConfiguration("policy " + operation.Shown(name))
	case err == nil || operation.IsNotFound(err):
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "policy " + operation.Shown(name) + " does not exist", Hint: "{op:policies list} shows what exists"}
	}
	return err
}

// versionsOf returns the stored versions of a policy; none is an error.
func versionsOf(ctx context.Context, call *operation.Call, name string) (versions []json.RawMessage, err error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: versionsOfOne.Path, Params: map[string]string{"policy_name": name}})
	if err != nil {
		return nil, err
	}
	if err := operation.DecodeList(body, "versions", versionsOfOne.Path, &versions); err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, withoutVersions(ctx, call, name)
	}
	return versions, nil
}

type policiesVersionCreateInput struct {
	policyNamed
	SourcePolicyID string `json:"source_policy_id" name:"from" help:"Version to copy, by ID (default: production)"`
}

var policiesVersionCreate = &operation.Operation{
	Path:    "policies version-create",
	Summary: "Create a draft of a policy: a copy of one of its versions",
	Help:    "Change the draft with {op:policies update}, then publish it with {op:policies status-set}.",
	Examples: []string{
		"policies version-create pii-baseline",
		"policies version-create pii-baseline --from 43165439-3c33-4419-a230-88d7a7e80243",
	},
	Effect:  operation.Write,
	Do:      operation.Endpoint[policiesVersionCreateInput]{Method: "POST", Path: "/policies/name/{policy_name}/versions", Fixed: true},
	Columns: policyColumns,
	Done:    "created version {version_number} of policy {policy_name} ({policy_id}), a {version_status}",
	Returns: []string{"policy_id"},
}

// policyMoves is the versions that a change of status applies to.
var policyMoves = func() *operation.Collection {
	c := *policyVersions
	c.Settle, c.Explain = movable, immovable
	return &c
}()

// movedPolicy stands for the ID of the version of this policy whose status can become the
// requested one.
type movedPolicy string

// Collection returns the list that has the name.
func (movedPolicy) Collection() *operation.Collection { return policyMoves }

// statusBefore is the status that a version must have to get another one.
var statusBefore = map[string]string{"published": "draft", "production": "published"}

func movable(_ context.Context, call *operation.Call, items []json.RawMessage) ([]json.RawMessage, error) {
	kept := []json.RawMessage{}
	for _, item := range items {
		if operation.Word(operation.Lookup(item, "version_status")) == statusBefore[call.Args().String("version_status")] {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

func immovable(ctx context.Context, call *operation.Call, name string) error {
	to := call.Args().String("version_status")
	hint := "create a draft: {op:policies version-create} " + name
	if to == "production" {
		hint = "publish a draft first: {op:policies status-set} " + name + " --status published"
	}
	return versionless(ctx, call, name, "has no "+statusBefore[to]+" version, the only kind that can become "+to, hint)
}

type policiesStatusSetInput struct {
	PolicyID      movedPolicy `json:"policy_id" name:"policy" help:"Policy name, if only one version can get the status, or version ID" jsonschema:"required" cli:"arg=1"`
	VersionStatus string      `json:"version_status" name:"status" jsonschema:"required" enum:"published,production" help:"New status"`
}

var policiesStatusSet = &operation.Operation{
	Path:    "policies status-set",
	Summary: "Publish a draft of a policy, or put a published version in force",
	Help:    "A draft becomes published; a published version becomes production and replaces the current one.",
	Examples: []string{
		"policies status-set pii-baseline --status published",
		"policies status-set 43165439-3c33-4419-a230-88d7a7e80243 --status production",
	},
	Effect:  operation.Write,
	Consent: operation.Consent{Sensitive: promotesPolicy},
	Do:      operation.Endpoint[policiesStatusSetInput]{Method: "PUT", Path: policyPath + "/status", Fixed: true},
	Columns: policyColumns,
	Verify:  answered("version_status", asIs("version_status")),
	Done:    "version {version_number} of policy {policy_name} is now in status {version_status}",
}

type policiesCompareInput struct {
	VersionA string `json:"version_a" jsonschema:"required" help:"ID of the first version" cli:"arg=1"`
	VersionB string `json:"version_b" jsonschema:"required" help:"ID of the second version" cli:"arg=2"`
}

var policiesCompare = &operation.Operation{
	Path:     "policies compare",
	Summary:  "Compare two policy versions field by field",
	Examples: []string{"policies compare 43165439-3c33-4419-a230-88d7a7e80243 f9ce5f7d-0a8d-4b96-a0f3-2ea222f0a1c0"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[policiesCompareInput]{Method: "GET", Path: "/policies/compare"},
	Columns: []operation.Column{
		{Name: "version_a", Field: "version_a.policy_id"},
		{Name: "version_b", Field: "version_b.policy_id"},
		{Name: "field_diffs"},
	},
}
