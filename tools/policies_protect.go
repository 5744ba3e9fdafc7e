package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// What changes to policies take away, and which requests lose it.

// policyState is what decides what a policy protects.
type policyState struct {
	Name      string          `json:"policy_name"`
	Version   int             `json:"version_number"`
	Status    string          `json:"version_status"`
	Inherit   string          `json:"inherit"`
	Add       []string        `json:"guardrails_add"`
	Remove    []string        `json:"guardrails_remove"`
	Condition policyCondition `json:"condition"`
	Pipeline  json.RawMessage `json:"pipeline"`
}

type policyCondition struct {
	Model string `json:"model"`
}

func stateOf(policy json.RawMessage) (s policyState) {
	_ = json.Unmarshal(policy, &s)
	return s
}

// loosens says what gets weaker when another version takes the place of this one.
func (s policyState) loosens(next policyState) (found []string) {
	name := operation.Name(s.Name)
	found = append(naming("takes guardrails away from policy "+name, without(s.Add, next.Add)),
		naming("makes policy "+name+" skip inherited guardrails", without(next.Remove, s.Remove))...)
	if s.Inherit != "" && s.Inherit != next.Inherit {
		found = append(found, "makes policy "+name+" stop inheriting from "+operation.Name(s.Inherit))
	}
	if next.Condition.Model != "" && next.Condition.Model != s.Condition.Model {
		found = append(found, "limits policy "+name+" to models that match "+operation.Name(next.Condition.Model))
	}
	if !bytes.Equal(operation.NoNull(s.Pipeline), operation.NoNull(next.Pipeline)) {
		found = append(found, "changes what policy "+name+" does when a guardrail fails (pipeline)")
	}
	return found
}

// loosened adds to what gets weaker whose requests the policy checks.
func (s policyState) loosened(ctx context.Context, call *operation.Call, next policyState) ([]string, error) {
	found := s.loosens(next)
	if len(found) == 0 {
		return nil, nil
	}
	protects, err := protected(ctx, call, s.Name)
	found[0] += " (the policy checks " + protects + ")"
	return found, err
}

// overridesPolicy is for a new policy that takes the place of one of the configuration file.
func overridesPolicy(ctx context.Context, call *operation.Call) ([]string, error) {
	present, err := policyNames.FindID(ctx, call, call.Args().String("policy_name"))
	switch e := operation.AsError(err); {
	case err == nil && configured(present.Item):
		return stateOf(present.Item).loosened(ctx, call, stateOf(operation.Encode(call.Body())))
	case err == nil, operation.IsNotFound(err), e != nil && e.Status != 0:
		return nil, nil // the gateway decides
	}
	return nil, err
}

// promotesPolicy compares the version to promote with the one in production.
func promotesPolicy(ctx context.Context, call *operation.Call) ([]string, error) {
	if call.Args().String("version_status") != "production" {
		return nil, nil
	}
	version, err := storedPolicy(ctx, call, call.Args().String("policy_id"))
	if err != nil {
		return nil, err
	}
	next := stateOf(version)
	present, err := policyNames.FindID(ctx, call, next.Name)
	if operation.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return stateOf(present.Item).loosened(ctx, call, next)
}

// most attachments that are named in a question.
const mostAttachments = 5

// protected words the requests that a policy checks: those of its attachments and of the
// policies that inherit from it. Keys, teams and projects that name the policy are not listed
// anywhere.
func protected(ctx context.Context, call *operation.Call, name string) (string, error) {
	heirs, err := heirsOf(ctx, call, name)
	if err != nil {
		return "", err
	}
	var words []string
	for item, err := range attachmentCollection.All(ctx, call, nil) {
		if operation.IsRefused(err) {
			break
		}
		if err != nil {
			return "", err
		}
		if slices.Contains(heirs, operation.Word(operation.Lookup(item, "policy_name"))) {
			words = append(words, requestsOf(item))
		}
	}
	words = operation.Unique(words)
	if slices.Contains(words, "all requests") {
		return "all requests", nil
	}
	if more := len(words) - mostAttachments; more > 0 {
		words = append(words[:mostAttachments], "those of "+operation.Counted(more, "other attachment"))
	}
	return strings.Join(append(words, "keys, teams and projects that name it"), "; "), nil
}

// heirsOf returns a policy and those that inherit from it.
func heirsOf(ctx context.Context, call *operation.Call, name string) ([]string, error) {
	var all []policyState
	for item, err := range policyNames.All(ctx, call, nil) {
		if operation.IsRefused(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, stateOf(item))
	}
	heirs := []string{name}
	for i := 0; i < len(heirs); i++ {
		for _, policy := range all {
			if policy.Inherit == heirs[i] && !slices.Contains(heirs, policy.Name) {
				heirs = append(heirs, policy.Name)
			}
		}
	}
	return heirs, nil
}

// ends says what follows when nothing is in force for a policy any more.
func (s policyState) ends(ctx context.Context, call *operation.Call) (string, error) {
	protects, err := protected(ctx, call, s.Name)
	guardrails := "Its guardrails no longer check "
	if len(s.Add) > 0 {
		guardrails = "Its guardrails (" + operation.NameList(operation.Encode(s.Add)) + ") no longer check "
	}
	return guardrails + protects + ".", err
}

func askDeletePolicy(ctx context.Context, call *operation.Call) (string, error) {
	policy, err := storedPolicy(ctx, call, call.Args().String("policy_id"))
	if err != nil {
		return "", err
	}
	s := stateOf(policy)
	text := "Delete version " + operation.Word(operation.Lookup(policy, "version_number")) + " (" + operation.Name(s.Status) + ") of policy " + operation.Name(s.Name) + "?"
	if s.Status != "production" {
		return text + " It is not in force.", nil
	}
	ends, err := s.ends(ctx, call)
	return text + " " + ends + " No other version takes its place.", err
}

func askDeletePolicyName(ctx context.Context, call *operation.Call) (string, error) {
	versions, err := versionsOf(ctx, call, call.Args().String("policy_name"))
	if err != nil {
		return "", err
	}
	text := "Delete policy " + operation.Name(call.Args().String("policy_name")) + " with " + operation.Counted(len(versions), "version") + "?"
	for _, version := range versions {
		if s := stateOf(version); s.Status == "production" {
			ends, err := s.ends(ctx, call)
			return text + " " + ends, err
		}
	}
	return text + " None is in force.", nil
}

func askDetach(ctx context.Context, call *operation.Call) (string, error) {
	attachment, err := storedAttachment(ctx, call, call.Args().String("attachment_id"))
	if err != nil {
		return "", err
	}
	name := operation.Word(operation.Lookup(attachment, "policy_name"))
	text := "Detach policy " + operation.Name(name) + " from " + requestsOf(attachment) + "?"
	policy, err := policyNames.FindID(ctx, call, name)
	switch e := operation.AsError(err); {
	case operation.IsNotFound(err):
		return text + " The policy has no production version, so nothing changes for them.", nil
	case e != nil && e.Status == 0:
		return "", err
	}
	if s := stateOf(policy.Item); len(s.Add) > 0 {
		return text + " Its guardrails no longer check them: " + operation.NameList(operation.Encode(s.Add)) + ".", nil
	}
	return text + " Its guardrails no longer check them.", nil
}

// replacesDefaults names the default policies that stop applying to the requests of an
// attachment.
func replacesDefaults(ctx context.Context, call *operation.Call) ([]string, error) {
	if string(call.Arg("default")) == "true" {
		return nil, nil
	}
	var names []string
	for item, err := range attachmentCollection.All(ctx, call, nil) {
		if operation.IsRefused(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		name := operation.Word(operation.Lookup(item, "policy_name"))
		if string(operation.Lookup(item, "default")) == "true" && name != call.Args().String("policy_name") {
			names = append(names, name)
		}
	}
	return naming("stops default policies for "+requestsOf(operation.Encode(call.Body())), operation.Unique(names)), nil
}
