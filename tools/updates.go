package tools

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// Updates read the current state from here, and advise what to do if the gateway ignores
// a field.

// shownAt returns a reader of the object with the ID in an argument.
func shownAt(path, parameter, argument, member string) func(context.Context, *operation.Call) (json.RawMessage, error) {
	return func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		id := call.Args().String(argument)
		if argument == "key" {
			id = operation.KeyHash(id) // queries are logged
		}
		body, err := call.Read(ctx, proxyclient.Request{Path: path, Query: url.Values{parameter: {id}}})
		return operation.Lookup(body, member), err
	}
}

var keyUpdate = &operation.Update{
	Present: shownAt("/key/info", "key", "key", "info"),
	At:      map[string]string{"duration": "expires"},
	Subject: []string{"key"},
	Advice:  metadataAdvice,
}

// metadataAdvice is for a setting in the metadata that was to be cleared.
func metadataAdvice(field string, asked json.RawMessage) string {
	if operation.OwnMember(field) && isNone(asked) {
		return "to remove " + field + ", set it to null in {metadata}"
	}
	return ""
}

var teamUpdate = &operation.Update{
	Present: shownAt("/team/info", "team_id", "team_id", "team_info"),
	Subject: []string{"team_id"},
	Answer:  "data",
	At: map[string]string{
		"model_aliases":                "litellm_model_table.model_aliases",
		"team_member_budget":           "team_member_budget_table.max_budget",
		"team_member_budget_duration":  "team_member_budget_table.budget_duration",
		"team_member_rpm_limit":        "team_member_budget_table.rpm_limit",
		"team_member_tpm_limit":        "team_member_budget_table.tpm_limit",
		"team_member_model_max_budget": "team_member_budget_table.model_max_budget",
	},
	Advice: metadataAdvice,
}

var userUpdate = &operation.Update{
	Present: shownAt("/user/info", "user_id", "user_id", "user_info"),
	Subject: []string{"user_id"},
	Answer:  "data",
	Blind:   []string{"password"},
	Advice: func(field string, asked json.RawMessage) string {
		switch {
		case field == "metadata":
			return "the gateway cannot empty a user's metadata; keep at least one member"
		case field == "models":
			return "to allow every model, set {models} to all-proxy-models"
		case field == "teams":
			return "to change the teams of a user, use {op:teams member-add} and {op:teams member-remove}"
		case isNone(asked) && (field == "policies" || !operation.OwnMember(field)):
			return "the gateway cannot clear this field of a user; set another value"
		}
		return metadataAdvice(field, asked)
	},
}

var customerUpdate = &operation.Update{
	Present: shownAt("/customer/info", "end_user_id", "user_id", ""),
	Subject: []string{"user_id"},
	Advice: func(field string, asked json.RawMessage) string {
		switch field {
		case "max_budget", "budget_duration", "soft_budget", "tpm_limit", "rpm_limit", "max_parallel_requests", "model_max_budget":
			return "use {op:budgets create} to make a budget with that limit, then assign it with {budget_id}"
		}
		if isNone(asked) {
			return "the gateway cannot clear this field of a customer; delete the customer and create it again"
		}
		return ""
	},
}

var budgetUpdate = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		id := call.Args().String("budget_id")
		body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/budget/info", Body: operation.Encode(map[string][]string{"budgets": {id}})})
		if err != nil {
			return nil, err
		}
		result, err := first(body, "/budget/info", "budget", id)
		return result.Body, err
	},
	Subject: []string{"budget_id"},
}

var tagUpdate = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		name := call.Args().String("name")
		body, err := readTag(ctx, call, name)
		return operation.Args(membersOf(body))[name], err
	},
	Subject: []string{"name"},
	Answer:  "tag",
	Blind:   []string{"spend"},
	At:      map[string]string{"budget_id": "litellm_budget_table.budget_id"},
	Advice: func(field string, asked json.RawMessage) string {
		if field == "budget_id" && isNone(asked) {
			return "the gateway cannot detach a tag from its budget; clear the tag's limits instead"
		}
		return ""
	},
}

func membersOf(object json.RawMessage) (members map[string]json.RawMessage) {
	_ = json.Unmarshal(object, &members)
	return members
}

var projectUpdate = &operation.Update{Present: shownAt("/project/info", "project_id", "project_id", ""), Subject: []string{"project_id"}}

var organizationUpdate = &operation.Update{
	Present: shownAt("/organization/info", "organization_id", "organization_id", ""), Subject: []string{"organization_id"},
}

// memberUpdate returns where the membership of the user in user_id is read.
func memberUpdate(path, parameter, list, budget string) *operation.Update {
	return &operation.Update{
		Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
			body, err := call.Read(ctx, proxyclient.Request{Path: path, Query: url.Values{parameter: {call.Args().String(parameter)}}})
			return membershipOf(call.Body(), body, list, budget), err
		},
		Subject: []string{parameter, "user_id"},
		Answer:  "-", // it repeats the request
		At:      map[string]string{budget: "litellm_budget_table.max_budget", "role": "role"},
	}
}

// membershipOf returns the membership of a user, with its role. A member with the team's
// member limits has only those that are as asked: the gateway makes no copy of them if
// nothing in it would differ.
func membershipOf(asked operation.Args, body json.RawMessage, list, budget string) json.RawMessage {
	user := asked.String("user_id")
	find := func(path string) (members operation.Args) {
		var rows []json.RawMessage
		_ = json.Unmarshal(operation.Lookup(body, path), &rows)
		for _, row := range rows {
			if operation.Word(operation.Lookup(row, "user_id")) == user {
				_ = json.Unmarshal(row, &members)
			}
		}
		return members
	}
	membership := find(list)
	if membership == nil {
		membership = operation.Args{}
	}
	if role := membership["user_role"]; role != nil {
		membership["role"] = role
	} else if in := find("team_info.members_with_roles"); in != nil {
		membership["role"] = in["role"]
	}
	all := operation.Lookup(body, "team_info.metadata."+memberBudget)
	if own := membership["budget_id"]; all != nil && own != nil && same(own, all) {
		limits := membersOf(membership["litellm_budget_table"])
		maps.DeleteFunc(limits, func(name string, _ json.RawMessage) bool {
			if name == "max_budget" {
				name = budget
			}
			return isNone(asked[name])
		})
		membership["litellm_budget_table"] = operation.Encode(limits)
	}
	return operation.Encode(membership)
}

var credentialUpdate = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		return call.Read(ctx, proxyclient.Request{Path: "/credentials/by_name/{credential_name:path}",
			Params: map[string]string{"credential_name": call.Args().String("credential_name")}})
	},
	Subject: []string{"credential_name"},
	Answer:  "-",
	Blind:   []string{"model_id"},
	Advice: func(field string, _ json.RawMessage) string {
		if field == "credential_values" {
			return "to remove a value, name it in {credential_values_to_delete}"
		}
		return ""
	},
}
