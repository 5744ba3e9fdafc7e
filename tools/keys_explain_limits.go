package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// servedModel is what the gateway has under the name of a model.
type servedModel struct {
	deployments []json.RawMessage
	groups      []string // its access groups
	listed      bool     // the gateway names it among its models
}

// readServed reads the deployments of a model.
func readServed(ctx context.Context, call *operation.Call, name string) (*servedModel, error) {
	s := &servedModel{}
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil {
			return nil, err
		}
		own := operation.Word(operation.Lookup(item, deploymentCollection.Name))
		if own != name && !(strings.Contains(own, "*") && matchesModel(own, name)) {
			continue
		}
		s.deployments = append(s.deployments, item)
		var groups []string
		_ = json.Unmarshal(operation.Lookup(item, "model_info.access_groups"), &groups)
		s.groups = append(s.groups, groups...)
	}
	if len(s.deployments) > 0 {
		return s, nil
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: modelCollection.Path, Query: url.Values{"include_model_access_groups": {"true"}}})
	for model := range secret.Elements(operation.Lookup(body, "data")) {
		s.listed = s.listed || operation.Word(operation.Lookup(model, "id")) == name
	}
	return s, err
}

// matchesModel reports whether a name with a wildcard stands for a model.
func matchesModel(pattern, name string) bool {
	if ok, err := path.Match(pattern, name); err == nil && ok {
		return true
	}
	return strings.HasSuffix(pattern, "*") && strings.HasPrefix(name, strings.TrimSuffix(pattern, "*"))
}

// free reports whether the model costs nothing, so that no budget is looked at.
func (s *servedModel) free() bool {
	return s != nil && len(s.deployments) > 0 && !slices.ContainsFunc(s.deployments, func(item json.RawMessage) bool {
		in, inErr := money(operation.Lookup(item, "model_info.input_cost_per_token"))
		out, outErr := money(operation.Lookup(item, "model_info.output_cost_per_token"))
		return inErr != nil || outErr != nil || in != 0 || out != 0
	})
}

// models adds a list of models. Without a model to look for, it tells the list only.
func (e *explanation) models(name, refusal string, list, more json.RawMessage, fix string) {
	var allowed []string
	_ = json.Unmarshal(list, &allowed)
	if len(allowed) == 0 {
		return
	}
	c := keyCheck{name: name, state: passes, value: e.model, limit: strings.Join(allowed, ", ")}
	switch {
	case e.model == "":
		c.state, c.fix = unknown, "name the model to check it"
	case e.allows(allowed):
	case !setsNothing(more):
		c.state, c.limit = unknown, c.limit+", access groups "+operation.Words(more)
	default:
		c.state, c.why, c.fix = refuses, refusal+" "+operation.Name(e.model)+", only "+brief(allowed), fix
	}
	e.add(c)
}

// brief names the first of many models.
func brief(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// allows reports whether a list of models, wildcards and access groups has the model.
func (e *explanation) allows(list []string) bool {
	target := e.target()
	return slices.ContainsFunc(list, func(one string) bool {
		switch one {
		case target, "*", "all-proxy-models", "all-team-models":
			return true
		}
		return strings.Contains(one, "*") && matchesModel(one, target) || slices.Contains(e.served.groups, one)
	})
}

// budget adds a budget, if it has a limit. exceeds: spend up to the limit is fine.
func (e *explanation) budget(name, whose string, item json.RawMessage, limit string, exceeds bool, fix string) {
	most, err := money(operation.LookupAny(item, limit))
	if err != nil {
		return
	}
	spend, _ := money(operation.Lookup(item, "spend"))
	more, _ := money(operation.Lookup(item, "metadata.temp_budget_increase"))
	c := keyCheck{name: name, state: passes, value: amount(spend) + " US dollars", limit: amount(most) + " US dollars"}
	switch {
	case operation.Lookup(item, "spend") == nil && most > 0: // the gateway does not show it
		c.state, c.value = unknown, ""
	case !spentUp(item, limit, exceeds):
	case more > 0:
		c.state, c.limit = unknown, c.limit+" and "+amount(more)+" for a time"
	case e.served.free():
		c.fix = "none needed: the model is free, so budgets do not count"
	default:
		c.state, c.fix = refuses, fix
		c.why = whose + " is used up (" + dollarsOf(spend, most) + ")"
		if at, ok := timeOf(operation.Encode(operation.RowOf("at", operation.LookupAny(item, orTier("budget_reset_at")))), "at"); ok {
			c.why += "; it resets on " + at.Format("2006-01-02 15:04") + " UTC"
		}
	}
	e.add(c)
}

// budgets adds the budgets of everybody but the key.
func (e *explanation) budgets(ctx context.Context, customer json.RawMessage) {
	if e.team != nil {
		e.budget("budget of the team", "the budget of team "+e.team.label(), e.team.item, "max_budget", true, "raise the team's max_budget")
		e.windows("budget windows of the team", e.team.item)
	}
	e.windows("budget windows of the key", e.key)
	if !setsNothing(operation.Lookup(e.key, "model_max_budget")) {
		e.add(keyCheck{name: "model budgets of the key", state: unknown, limit: string(secret.Compact(operation.Lookup(e.key, "model_max_budget")))})
	}
	e.organization(ctx)
	e.tags(ctx)
	if e.id("team_id") == "" {
		e.budget("budget of the user", "the user's budget", e.user, "max_budget", false, "raise the user's max_budget")
	}
	if m := e.membership(); m != nil && (m.Budget == nil || operation.NoNull(m.Budget.MaxBudget) == nil) {
		l := e.team.limitsOf(*m)
		e.budget("budget of the member", "the member's budget in the team", operation.Encode(operation.RowOf("spend", m.Spend, "max_budget", l.MaxBudget, "budget_reset_at", l.ResetAt)),
			"max_budget", false, "raise the member's budget")
	}
	e.budget("budget of the customer", "the customer's budget", customer, orTier("max_budget"), true, "raise the customer's max_budget")
}

// windows adds budgets by period, whose spend the gateway does not show.
func (e *explanation) windows(name string, item json.RawMessage) {
	var said []string
	for window := range secret.Elements(operation.Lookup(item, "budget_limits")) {
		if most, err := money(operation.Lookup(window, "max_budget")); err == nil {
			said = append(said, amount(most)+" US dollars every "+operation.Word(operation.Lookup(window, "budget_duration")))
		}
	}
	if len(said) > 0 {
		e.add(keyCheck{name: name, state: unknown, limit: strings.Join(said, ", ")})
	}
}

// organization adds the budget of the organization of the key or its team.
func (e *explanation) organization(ctx context.Context) {
	id := operation.Word(operation.LookupAny(e.key, "organization_id|org_id"))
	if id == "" && e.team != nil {
		id = operation.Word(operation.NoNull(operation.Lookup(e.team.item, "organization_id")))
	}
	if id == "" {
		return
	}
	organization, err := organizationCollection.FindID(ctx, e.call, id)
	if err != nil {
		e.add(keyCheck{name: "budget of the organization", state: unknown, value: id})
		return
	}
	e.budget("budget of the organization", "the budget of organization "+organization.Label(), organization.Item, orTier("max_budget"), false, "raise the organization's max_budget")
}

// tags adds the budgets of the key's tags.
func (e *explanation) tags(ctx context.Context) {
	var names []string
	_ = json.Unmarshal(operation.Lookup(e.key, "metadata.tags"), &names)
	for _, name := range names {
		tag, err := tagCollection.FindID(ctx, e.call, name)
		switch {
		case err == nil:
			e.budget("budget of tag "+name, "the budget of tag "+operation.Name(name), tag.Item, orTier("max_budget"), false, "raise the tag's max_budget")
		case !operation.IsNotFound(err):
			e.add(keyCheck{name: "budget of tag " + name, state: unknown})
		}
	}
}

// rates adds the rate limits. How much of them is used is not visible; only 0 refuses for certain.
func (e *explanation) rates() {
	e.rate("rate limits of the key", e.key)
	if m := e.membership(); m != nil {
		l := e.team.limitsOf(*m)
		e.rate("rate limits of the member", operation.Encode(operation.RowOf("rpm_limit", l.RPMLimit, "tpm_limit", l.TPMLimit)))
	}
	if e.team != nil {
		e.rate("rate limits of the team", e.team.item)
	}
	e.rate("rate limits of the user", e.user)
	for _, l := range []struct{ name, at, unit string }{
		{"requests for the model", "model_rpm_limit", "requests per minute"}, {"tokens for the model", "model_tpm_limit", "tokens per minute"},
	} {
		for model, most := range secret.Members(operation.Lookup(e.key, "metadata."+l.at)) {
			if name := string(model); name == e.target() && e.model != "" {
				c := keyCheck{name: l.name, state: unknown, limit: string(most) + " " + l.unit}
				if n, err := money(most); err == nil && n == 0 {
					c.state, c.why, c.fix = refuses, "key "+e.name()+" allows no "+l.name+" ("+c.limit+")", "raise the key's "+l.at
				}
				e.add(c)
			}
		}
	}
}

func (e *explanation) rate(name string, item json.RawMessage) {
	var said []string
	none := false
	for _, l := range []struct{ field, unit string }{{"rpm_limit", "requests per minute"}, {"tpm_limit", "tokens per minute"}, {"tpd_limit", "tokens per day"},
		{"max_parallel_requests", "concurrent requests"}} {
		if most, err := money(operation.LookupAny(item, orTier(l.field))); err == nil {
			said = append(said, amount(most)+" "+l.unit)
			none = none || most == 0
		}
	}
	c := keyCheck{name: name, state: unknown, limit: strings.Join(said, ", ")}
	if none {
		c.state, c.why, c.fix = refuses, "the "+name+" allow none ("+c.limit+")", "raise the limit"
	}
	if len(said) > 0 {
		e.add(c)
	}
}

// ofModel adds whether the gateway serves the model.
func (e *explanation) ofModel() {
	if e.model == "" {
		return
	}
	target := e.target()
	if e.team != nil {
		if to, is := e.teamAlias(); is {
			target = to
		}
	}
	c := keyCheck{name: "model", state: passes, value: target}
	blocked := 0
	for _, item := range e.served.deployments {
		if string(operation.LookupAny(item, "model_info.blocked|blocked")) == "true" {
			blocked++
		}
	}
	switch n := len(e.served.deployments); {
	case n == 0 && target != e.target(), n == 0 && e.served.listed:
		c.state = unknown
	case n == 0:
		c.state, c.why, c.fix = refuses, "the gateway has no model "+operation.Name(target), "add the model, or correct its name"
	case blocked == n:
		c.state, c.why, c.fix = refuses, "model "+operation.Name(target)+" is blocked", "unblock the model"
	default:
		c.limit = operation.Counted(n-blocked, "deployment")
	}
	e.add(c)
}
