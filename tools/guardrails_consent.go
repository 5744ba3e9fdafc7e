package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// askDeleteGuardrail says which calls pass unchecked when a guardrail is gone.
func askDeleteGuardrail(ctx context.Context, call *operation.Call) (string, error) {
	item, err := readGuardrail(ctx, call)
	if err != nil {
		return "", err
	}
	text := "Delete guardrail " + guardrailLabel(item) + "?"
	if string(operation.Lookup(item, "litellm_params.default_on")) == "true" {
		text += " It checks every call; calls then pass without it."
	}
	users, err := guardedBy(ctx, call, operation.Word(operation.Lookup(item, "guardrail_name")))
	if err != nil {
		return "", err
	}
	return text + " " + losesGuard(users), nil
}

// losesGuard says what named a guardrail and is no longer checked by it.
func losesGuard(users []string) string {
	switch len(users) {
	case 0:
		return "No key, team, project, model or policy that you can see names it."
	case 1:
		return "Calls of " + users[0] + ", which names it, pass without it."
	}
	return "Calls of these pass without it: " + firstOf(users) + "."
}

// guardedBy returns what names a guardrail, as far as the key may list it.
func guardedBy(ctx context.Context, call *operation.Call, name string) (users []string, err error) {
	return operation.Once(call, "guarded by "+name, func() (users []string, err error) {
		for _, in := range []struct {
			of   *operation.Collection
			path string
		}{{keyCollection, "metadata.guardrails"}, {teamCollection, "metadata.guardrails"}, {projectCollection, "metadata.guardrails"}, {deploymentCollection, "litellm_params.guardrails"}, {policyCollection, "guardrails_add"}} {
			for item, err := range in.of.All(ctx, call, nil) {
				if e := operation.AsError(err); e != nil && (e.Status != 0 || e.Code == proxyclient.CodeBadAnswer) {
					break // the key may not see them
				}
				if err != nil {
					return nil, err
				}
				if slices.Contains((operation.Args{"in": operation.Lookup(item, in.path)}).List("in"), name) {
					thing := operation.Thing{ID: operation.Lookup(item, in.of.ID), Name: operation.Word(operation.Lookup(item, in.of.Name))}
					users = append(users, in.of.What+" "+thing.Label())
				}
			}
		}
		return operation.Unique(users), nil
	})
}

// weakensGuardrail is what an update takes from a guardrail. What a parameter does is known
// to its kind alone, so any other value may let more through.
func weakensGuardrail(ctx context.Context, call *operation.Call) ([]string, error) {
	fields, err := guardrailFields(call)
	if err != nil {
		return nil, nil // the call fails
	}
	item, err := readGuardrail(ctx, call)
	if e := operation.AsError(err); e != nil && e.Status == 0 {
		return nil, err
	}
	whose, present := guardrailLabel(item), membersOf(operation.Lookup(item, "litellm_params"))
	var found []string
	if name := fields["guardrail_name"]; name != nil && !took(name, operation.Lookup(item, "guardrail_name")) {
		users, err := guardedBy(ctx, call, operation.Word(operation.Lookup(item, "guardrail_name")))
		if err != nil {
			return nil, err
		}
		found = append(found, "renames guardrail "+whose+". "+strings.TrimSuffix(losesGuard(users), "."))
	}
	params := membersOf(fields["litellm_params"])
	var others []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		is := present[name]
		switch value := params[name]; {
		case took(value, is):
		case name == "default_on":
			if string(is) == "true" {
				found = append(found, "switches guardrail "+whose+" off for calls that do not name it")
			}
		case name == "guardrail":
			found = append(found, "replaces the checks of guardrail "+whose+" with those of another type: "+operation.Name(operation.Word(value)))
		case name == "mode":
			found = append(found, noLonger(whose, is, value)...)
		default:
			others = append(others, operation.Name(name))
		}
	}
	if len(others) > 0 {
		found = append(found, "changes what guardrail "+whose+" lets through: "+strings.Join(others, ", "))
	}
	return found, nil
}

// noLonger names the times at which a guardrail does not check any more.
func noLonger(whose string, is, to json.RawMessage) []string {
	now := operation.Args{"is": is, "to": to}
	ends := without(now.List("is"), now.List("to"))
	if len(ends) == 0 && len(now.List("to")) > 0 {
		return nil
	}
	if len(ends) == 0 {
		return []string{"changes when guardrail " + whose + " checks"}
	}
	return []string{"ends the checks of guardrail " + whose + " at " + operation.NameList(operation.Encode(ends))}
}
