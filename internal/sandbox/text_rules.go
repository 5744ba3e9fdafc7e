package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A textRule changes or refuses what a field of a request says, where the real
// gateway does not simply keep it: most often an empty text.
type textRule func(c *call, body object, field string) *reply

// textRules are the rules by path and field.
var textRules = map[string]map[string]textRule{
	"/key/generate": {"budget_id": empty(func() *reply {
		return failure(http.StatusInternalServerError, pyDict("error", "Internal Server Error."))
	}), "organization_id": emptyIsNull, "project_id": emptyIsNull, "max_budget": emptyIsNull},
	"/key/update": {"budget_id": empty(func() *reply {
		return failure(http.StatusBadRequest, "Foreign key constraint failed on the field: `LiteLLM_VerificationToken_budget_id_fkey (index)`")
	}), "project_id": empty(func() *reply {
		return failure(http.StatusNotFound, pyDict("error", "Project not found, project_id="))
	}), "organization_id": emptyIsNull, "max_budget": emptyIsNull, "duration": emptyIsAbsent},
	"/user/new": {"user_id": blankUser, "max_budget": emptyIsNull, "budget_duration": period(failureDict),
		"team_id": empty(unsupportedEmpty("team_id"))},
	"/user/update": {"max_budget": emptyIsNull, "budget_duration": period(failureDict)},
	"/team/new": {"team_member_budget_duration": period(failureDict), "organization_id": empty(func() *reply {
		return failure(http.StatusBadRequest, "Organization not found for organization_id=")
	})},
	"/team/update":        {"team_member_budget_duration": period(failureDict)},
	"/team/member_add":    {"budget_duration": period(detailError), "member": namelessMember},
	"/team/member_update": {"budget_duration": period(detailError)},
	"/customer/new":       {"budget_id": empty(noBudgetOfCustomer), "budget_duration": period(failureDict), "default_model": knownModel},
	"/customer/update":    {"budget_id": empty(noBudgetOfCustomer)},
	"/budget/new":         {"budget_id": empty(unsupportedEmpty("budget_id"))},
	"/tag/new":            {"budget_id": budgetOfTag},
	"/tag/update":         {"budget_id": budgetOfTag, "budget_duration": periodOfTag},
	"/credentials":        {"credential_values": empty(noCredentialValues)},
	"/model/new":          {"litellm_params": namelessModel, "model_info": modelOwner},
}

// readTexts applies the rules of the route to the body.
func (c *call) readTexts(body object) *reply {
	rules := textRules[c.path]
	for _, field := range slices.Sorted(maps.Keys(rules)) {
		if _, given := body[field]; !given {
			continue
		}
		if bad := rules[field](c, body, field); bad != nil {
			return bad
		}
	}
	return nil
}

// empty refuses an empty text.
func empty(refuse func() *reply) textRule {
	return func(_ *call, body object, field string) *reply {
		if body[field] == "" {
			return refuse()
		}
		return nil
	}
}

// unsupportedEmpty refuses what the real gateway takes for a name.
func unsupportedEmpty(field string) func() *reply {
	return func() *reply {
		return fail(http.StatusNotImplemented, "sandbox_not_implemented", field, "the sandbox does not implement an empty "+field)
	}
}

func emptyIsNull(_ *call, body object, field string) *reply {
	if body[field] == "" {
		body[field] = nil
	}
	return nil
}

func emptyIsAbsent(_ *call, body object, field string) *reply {
	if body[field] == "" {
		delete(body, field)
	}
	return nil
}

// period refuses a duration that cannot be read.
func period(refuse func(int, string) *reply) textRule {
	return func(_ *call, body object, field string) *reply {
		if message, is := badBudgetDuration(body[field]); is {
			return refuse(http.StatusBadRequest, message)
		}
		return nil
	}
}

func failureDict(status int, message string) *reply { return failure(status, pyDict("error", message)) }

func blankUser(_ *call, body object, field string) *reply {
	if id, is := body[field].(string); is && strings.TrimSpace(id) == "" {
		return invalid(problem("value_error", "Value error, user_id must not be empty or contain only whitespace", "body", field))
	}
	return nil
}

// namelessMember crashes the real gateway. It stores the member all the same, and then
// answers 500 on /v1/model/info: no scenario sends one.
func namelessMember(_ *call, body object, field string) *reply {
	if member, is := body[field].(object); is && member["user_id"] == "" && text(member["user_email"]) == "" {
		return crash()
	}
	return nil
}

func noBudgetOfCustomer() *reply {
	return failure(http.StatusInternalServerError, "Foreign key constraint failed on the field: `LiteLLM_EndUserTable_budget_id_fkey (index)`")
}

func knownModel(c *call, body object, field string) *reply {
	name, is := body[field].(string)
	if !is || c.modelNamed(name) != nil {
		return nil
	}
	var names []string
	for _, model := range c.Models {
		names = append(names, pyString(text(model["model_name"])))
	}
	slices.Sort(names)
	return failure(http.StatusUnprocessableEntity, pyDict("error", "Default Model not on proxy. Configure via `/model/new` or config.yaml. Default_model="+
		name+", proxy_model_names={"+strings.Join(slices.Compact(names), ", ")+"}"))
}

func budgetOfTag(c *call, body object, field string) *reply {
	id, is := body[field].(string)
	missingTag := c.path == "/tag/update" && byID(c.Tags, "name", text(body["name"])) == nil
	if !is || missingTag || byID(c.Budgets, "budget_id", id) != nil {
		return nil
	}
	return detail(http.StatusInternalServerError, "Foreign key constraint failed on the field: `LiteLLM_TagTable_budget_id_fkey (index)`")
}

func periodOfTag(c *call, body object, field string) *reply {
	if message, is := badBudgetDuration(body[field]); is && byID(c.Tags, "name", text(body["name"])) != nil {
		return detail(http.StatusInternalServerError, "400: "+pyDict("error", message))
	}
	return nil
}

func noCredentialValues() *reply {
	return valueError("Either credential_values or model_id must be set")
}

// namelessModel is stored by the real gateway and never served.
func namelessModel(_ *call, body object, field string) *reply {
	given, _ := body[field].(object)
	if given["model"] != "" {
		return nil
	}
	info, _ := body["model_info"].(object)
	return failure(http.StatusInternalServerError, "Model create was saved to the database, but the model id(s) ["+pyString(or2(text(info["id"]), uuid()))+
		"] are not live in this pod's router after the reload and are not being served by this pod. Other pods reload on their own interval. "+
		"Check server logs for 'Error upserting deployment' or 'Error creating deployment' for the cause.")
}

func modelOwner(c *call, body object, field string) *reply {
	info, _ := body[field].(object)
	if id, is := info["team_id"].(string); is && byID(c.Teams, "team_id", id) == nil {
		return failure(http.StatusBadRequest, pyDict("error", "Team id="+id+" does not exist in db"))
	}
	if info["id"] == "" {
		return unsupportedEmpty("model_info.id")()
	}
	return nil
}
