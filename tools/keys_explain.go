package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

type keysExplainInput struct {
	Key      pastKey `json:"key" help:"Key, by alias or hash, or the key itself" jsonschema:"required" cli:"arg=1,alias=alias,alias=key-alias"`
	Model    string  `json:"model" help:"Model that the program calls"`
	Customer string  `json:"customer" help:"Customer that the calls name as user, by ID"`
}

var keysExplain = &operation.Operation{
	Path:    "keys explain",
	Summary: "Explain why the gateway refuses a virtual key",
	Help: "Lists what can refuse a chat call, in the gateway's order, and gives the first reason as a verdict. Give {model} to check model access. " +
		"How much of a rate limit is used is unknown.",
	Examples: []string{"keys explain ci --model gpt-4o-mini"},
	Effect:   operation.Read,
	Sends:    []string{"GET /key/list"},
	Default:  true,
	Do:       operation.Rows[keysExplainInput](explainKey),
	Columns: []operation.Column{
		{Name: "check"},
		{Name: "state"},
		{Name: "value"},
		{Name: "limit"},
		{Name: "fix", Drop: 1},
	},
}

// States of a check.
const (
	passes  = "ok"
	refuses = "refuses"
	unknown = "unknown"
)

// keyCheck is one thing that can refuse a call.
type keyCheck struct {
	name, state, value, limit string
	why                       string // the verdict, if it refuses
	fix                       string
}

// explanation collects the checks of one key in the order in which LiteLLM 1.106.2 and 1.110.2
// make them for a chat call. Keys with two faults each showed that order: the first fault is
// the one that the gateway names.
//
//	key unknown → blocked → models of the key → budget of the member → expiry → budget of the
//	key → allowed routes → team blocked → models of the team and the member → models of the
//	user → models of the customer → project → budgets: team, windows, organization, tags,
//	user, member by the team's default, customer → rate limits → model unknown or blocked
//
// Among the rate limits, one that was used up in the last minute can refuse before the models
// are looked at. A model that costs nothing skips all budgets.
type explanation struct {
	call   *operation.Call
	key    json.RawMessage
	model  string
	served *servedModel
	team   *team
	user   json.RawMessage
	checks []keyCheck
}

func (e *explanation) add(c keyCheck) { e.checks = append(e.checks, c) }

func explainKey(ctx context.Context, call *operation.Call, in keysExplainInput) (operation.Result, error) {
	e := &explanation{call: call, model: in.Model}
	found, err := e.find(ctx, string(in.Key))
	if err != nil {
		return operation.Result{}, err
	}
	if found {
		if err := e.read(ctx); err != nil {
			return operation.Result{}, err
		}
		e.ofKey()
		e.ofTeam()
		e.ofUser()
		customer, err := e.ofCustomer(ctx, in.Customer)
		if err != nil {
			return operation.Result{}, err
		}
		e.budgets(ctx, customer)
		e.rates()
		e.ofModel()
	}
	verdict, refused := e.verdict()
	rows := make([]operation.Row, len(e.checks))
	for i, c := range e.checks {
		rows[i] = operation.RowOf("check", c.name, "state", c.state, "value", c.value, "limit", c.limit, "fix", c.fix)
	}
	about := operation.RowOf("verdict", verdict, "refused", refused)
	return operation.Listed(about, rows, len(rows), nil, []string{verdict}), nil
}

// find reads the key, or says that there is none or that it was deleted.
func (e *explanation) find(ctx context.Context, hash string) (bool, error) {
	thing, err := keyCollection.FindID(ctx, e.call, hash)
	at, gone := timeOf(thing.Item, "deleted_at") // a deleted key can be found by its alias
	switch {
	case err == nil && !gone:
		e.key = thing.Item
		e.add(keyCheck{name: "key", state: passes, value: e.name()})
		return true, nil
	case err == nil:
		e.deleted(thing.Item, at)
		return false, nil
	case !operation.IsNotFound(err):
		return false, err
	}
	for item, err := range keyCollection.All(ctx, e.call, url.Values{"status": keyCollection.Deleted["status"], "key_hash": {hash}}) {
		if err != nil {
			break // who may not list deleted keys
		}
		if operation.Word(operation.Lookup(item, "token")) == hash {
			at, _ := timeOf(item, "deleted_at")
			e.deleted(item, at)
			return false, nil
		}
	}
	e.add(keyCheck{name: "key", state: refuses, value: "unknown", why: "the gateway does not know this key", fix: "compare the gateway's address with that of the program; generate a new key"})
	return false, nil
}

// deleted says that the key was deleted.
func (e *explanation) deleted(key json.RawMessage, at time.Time) {
	e.key = key
	when := ""
	if !at.IsZero() {
		when = " on " + at.Format("2006-01-02 15:04") + " UTC"
	}
	e.add(keyCheck{name: "key", state: refuses, value: "deleted", why: "key " + e.name() + " was deleted" + when, fix: "generate a new key"})
}

// name names the key to people.
func (e *explanation) name() string { return operation.Name(keyName(e.key)) }

// read reads what the key belongs to. What the caller may not see stays unknown.
func (e *explanation) read(ctx context.Context) (err error) {
	if id := e.id("team_id"); id != "" {
		e.team, err = readTeam(ctx, e.call, id)
		if err != nil && !operation.IsNotFound(err) && !operation.IsRefused(err) {
			return err
		}
		if err != nil {
			e.team = nil
			state, why := unknown, ""
			if operation.IsNotFound(err) {
				state, why = refuses, "the team of the key does not exist any more"
			}
			e.add(keyCheck{name: "team", state: state, value: id, why: why, fix: "move the key to another team"})
		}
	}
	if id := e.id("user_id"); id != "" {
		user, err := userCollection.FindID(ctx, e.call, id)
		switch {
		case err == nil:
			e.user = user.Item
		case !operation.IsNotFound(err) && !operation.IsRefused(err):
			return err
		}
	}
	if e.model == "" {
		return nil
	}
	e.served, err = readServed(ctx, e.call, e.target())
	return err
}

// id returns an identifier of the key's, or "".
func (e *explanation) id(field string) string {
	return operation.Word(operation.NoNull(operation.Lookup(e.key, field)))
}

// target is the model that the gateway looks for: aliases of the key stand for others.
func (e *explanation) target() string {
	for name, to := range secret.Members(operation.Lookup(e.key, "aliases")) {
		if string(name) == e.model {
			return operation.Word(to)
		}
	}
	return e.model
}

// verdict is the first refusal, in a sentence.
func (e *explanation) verdict() (string, bool) {
	for _, c := range e.checks {
		if c.state != refuses {
			continue
		}
		text := "Refused: " + c.why + "."
		if c.fix != "" {
			text += " To fix it: " + c.fix + "."
		}
		return text, true
	}
	calls := "calls"
	if e.model != "" {
		calls += " to " + operation.Name(e.model)
	}
	text := "No limit refuses " + calls + " with key " + e.name() + "."
	if slices.ContainsFunc(e.checks, func(c keyCheck) bool { return c.state == unknown }) {
		text += " What is unknown can still refuse."
	}
	return text, false
}

// ofKey adds the checks of the key itself.
func (e *explanation) ofKey() {
	blocked := keyCheck{name: "blocked", state: passes, value: "no"}
	if string(operation.Lookup(e.key, "blocked")) == "true" {
		blocked = keyCheck{name: "blocked", state: refuses, value: "yes", why: "key " + e.name() + " is blocked", fix: "unblock the key"}
	}
	e.add(blocked)
	e.models("models of the key", "key "+e.name()+" may not use", operation.Lookup(e.key, "models"), operation.Lookup(e.key, "access_group_ids"), "add the model to the key's list")
	if m := e.membership(); m != nil && m.Budget != nil {
		if limit, err := money(m.Budget.MaxBudget); err == nil && limit > 0 {
			e.budget("budget of the member", "the member's budget in the team", operation.Encode(operation.RowOf("spend", m.Spend, "max_budget", m.Budget.MaxBudget, "budget_reset_at", m.Budget.ResetAt)),
				"max_budget", false, "raise the member's budget")
		}
	}
	if at, ends := timeOf(e.key, "expires"); ends {
		c := keyCheck{name: "expiry", state: passes, limit: at.Format(time.RFC3339)}
		if !at.After(e.call.Now()) {
			c.state, c.why = refuses, "key "+e.name()+" expired on "+at.Format("2006-01-02 15:04")+" UTC"
			c.fix = "give the key a new duration"
		}
		e.add(c)
	}
	e.budget("budget of the key", "the key's budget", e.key, orTier("max_budget"), false, "raise the key's max_budget, or reset its spend")
	e.routes()
}

// routes adds the routes that the key may call.
func (e *explanation) routes() {
	var routes []string
	_ = json.Unmarshal(operation.Lookup(e.key, "allowed_routes"), &routes)
	if len(routes) == 0 {
		return
	}
	c := keyCheck{name: "routes of the key", state: passes, value: "/chat/completions", limit: strings.Join(routes, ", ")}
	if !slices.ContainsFunc(routes, allowsChat) {
		c.state, c.why = refuses, "key "+e.name()+" may only call "+c.limit+", not /chat/completions"
		c.fix = "change the key's allowed_routes"
	}
	e.add(c)
}

// allowsChat reports whether one of a key's allowed routes is that of chat calls.
func allowsChat(route string) bool {
	start, pattern := strings.CutSuffix(route, "*")
	chat := func(path string) bool { return route == path || pattern && strings.HasPrefix(path, start) }
	return slices.Contains([]string{"openai_routes", "llm_api_routes"}, route) || chat("/chat/completions") || chat("/v1/chat/completions")
}

// membership is the place of the key's user in its team, or nil.
func (e *explanation) membership() *membership {
	if e.team == nil || e.id("user_id") == "" {
		return nil
	}
	for _, m := range e.team.memberships {
		if m.UserID == e.id("user_id") {
			return &m
		}
	}
	return nil
}

// ofTeam adds the state and the models of the team.
func (e *explanation) ofTeam() {
	if e.team == nil {
		return
	}
	c := keyCheck{name: "team", state: passes, value: e.team.label()}
	if string(operation.Lookup(e.team.item, "blocked")) == "true" {
		c.state, c.why, c.fix = refuses, "the team of the key, "+e.team.label()+", is blocked", "unblock the team"
	}
	e.add(c)
	if _, free := e.teamAlias(); !free {
		e.models("models of the team", "team "+e.team.label()+" may not use", operation.Encode(e.team.models), operation.Lookup(e.key, "access_group_ids"), "add the model to the team's list")
	}
	if m := e.membership(); m != nil && m.Budget != nil && len(m.Budget.AllowedModels) > 0 {
		e.models("models of the member", "the member of the team may not use", operation.Encode(m.Budget.AllowedModels), nil, "change the member's allowed_models")
	}
}

// teamAlias reports whether the team has an alias of this name, which it may always use.
func (e *explanation) teamAlias() (string, bool) {
	for name, to := range secret.Members(operation.Lookup(e.team.item, "litellm_model_table.model_aliases")) {
		if string(name) == e.model {
			return operation.Word(to), true
		}
	}
	return "", false
}

// ofUser adds the models of the user, who limits personal keys only.
func (e *explanation) ofUser() {
	switch {
	case e.id("team_id") != "" || e.id("user_id") == "":
	case e.user == nil:
		e.add(keyCheck{name: "user", state: unknown, value: e.id("user_id")})
	default:
		e.models("models of the user", "the user of the key may not use", operation.Lookup(e.user, "models"), nil, "change the user's models")
	}
}

// ofCustomer adds the state and the models of the customer that the calls name.
func (e *explanation) ofCustomer(ctx context.Context, id string) (json.RawMessage, error) {
	if id == "" {
		return nil, nil
	}
	customer, err := customerCollection.FindID(ctx, e.call, id)
	switch {
	case operation.IsNotFound(err):
		return nil, nil // a new one has no limits
	case operation.IsRefused(err):
		e.add(keyCheck{name: "customer", state: unknown, value: id})
		return nil, nil
	case err != nil:
		return nil, err
	}
	c := keyCheck{name: "customer", state: passes, value: id}
	if string(operation.Lookup(customer.Item, "blocked")) == "true" {
		c.state, c.value, c.fix = unknown, id+" (blocked)", "unblock the customer; without the enterprise hook blocked_user_check, the gateway does not refuse its calls"
	}
	e.add(c)
	e.models("models of the customer", "customer "+operation.Name(id)+" may not use", operation.Lookup(customer.Item, "models"), nil, "change the customer's models")
	return customer.Item, nil
}

// dollarsOf writes how much of a budget is used.
func dollarsOf(spend, limit float64) string {
	return fmt.Sprintf("%s of %s US dollars", amount(spend), amount(limit))
}
