package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// finding collects budgets and notes about them.
type finding struct {
	in       budgetFilter
	found    []*budgetUse
	notes    []string
	problem  error // a list is incomplete
	refused  error // the first list that the caller may not read
	answered int   // lists that were read, at least in part
	counted  bool  // keys holds the keys of all users
	keys     map[string]*userKeys
}

// userKeys counts the keys of a user outside and in teams.
type userKeys struct{ personal, team int }

// walk reads the list of one kind of owner. It skips a list that the caller may not read,
// with a note, and shows the caller's own user if it may not list users.
func (f *finding) walk(ctx context.Context, call *operation.Call, of string) error {
	if of == "member" {
		return f.members(ctx, call)
	}
	for item, err := range owners[of].All(ctx, call, f.in.query(of)) {
		switch code := proxyclient.CodeOf(err); {
		case code == proxyclient.CodeEnterprise, operation.IsRefused(err):
			return f.skip(ctx, call, of, err)
		case code == proxyclient.CodeIncomplete:
			f.problem = cmp.Or(f.problem, err)
		case err != nil:
			return err
		default:
			f.add(of, item)
		}
	}
	f.answered++
	f.counted = f.counted || of == "key" && f.in.TeamID == ""
	if note := owners[of].Narrowed(call); note != "" {
		f.notes = append(f.notes, note)
	}
	return nil
}

func (f *finding) skip(ctx context.Context, call *operation.Call, of string, err error) error {
	if proxyclient.CodeOf(err) == proxyclient.CodeUnauthorized {
		return err // the key itself
	}
	if of == "user" {
		if user, unread := callersUser(ctx, call); unread == nil {
			f.answered++
			f.notes = append(f.notes, "Only your own user is shown; your key may not list all")
			f.add(of, user)
			return nil
		}
	}
	f.refused = cmp.Or(f.refused, err)
	if proxyclient.CodeOf(err) == proxyclient.CodeEnterprise && len(f.in.Of) == 0 {
		return nil // without a license there are none
	}
	f.notes = append(f.notes, fmt.Sprintf("%s are left out: %s", plural.Of(strings.ToUpper(of[:1])+of[1:]), wordsOf[proxyclient.CodeOf(err)]))
	return nil
}

// add adds the budget of an item, if it has one, and counts the keys of users.
func (f *finding) add(of string, item json.RawMessage) {
	if of == "key" {
		f.count(item)
	}
	if b := budgetOf(of, item); b != nil {
		f.keep(b)
	}
}

func (f *finding) count(key json.RawMessage) {
	id := operation.Word(operation.Lookup(key, "user_id"))
	if f.keys[id] == nil {
		f.keys[id] = &userKeys{}
	}
	if operation.Word(operation.Lookup(key, "team_id")) != "" {
		f.keys[id].team++
	} else {
		f.keys[id].personal++
	}
}

// rosters is the teams with the budgets of their members, on one page that administrators
// may read.
var rosters = &operation.Collection{What: "team", Path: "/team/list", ID: "team_id", Name: "team_alias"}

// members reads the budgets of the members of each team: their own, or the team's default.
// Administrators read all of them at once, others their own teams one by one.
func (f *finding) members(ctx context.Context, call *operation.Call) error {
	var err error
	if f.in.TeamID != "" {
		err = f.membersOf(ctx, call, string(f.in.TeamID))
	} else {
		err = f.rosters(ctx, call)
	}
	switch {
	case err == nil:
		f.answered++
		return nil
	case operation.IsRefused(err):
		return f.skip(ctx, call, "member", err)
	case proxyclient.CodeOf(err) == proxyclient.CodeTooLarge:
		f.notes = append(f.notes, "Members are left out: there are too many; use {team}")
		return nil
	}
	return err
}

func (f *finding) rosters(ctx context.Context, call *operation.Call) error {
	for item, err := range rosters.All(ctx, call, nil) {
		if operation.IsRefused(err) {
			return f.ownTeams(ctx, call)
		}
		if err != nil {
			return err
		}
		f.addMembers(teamOf(item, item))
	}
	return nil
}

func (f *finding) ownTeams(ctx context.Context, call *operation.Call) error {
	for item, err := range teamCollection.All(ctx, call, nil) {
		if err != nil {
			return err
		}
		if err := f.membersOf(ctx, call, operation.Word(operation.Lookup(item, "team_id"))); err != nil {
			return err
		}
	}
	return nil
}

func (f *finding) membersOf(ctx context.Context, call *operation.Call, id string) error {
	t, err := readTeam(ctx, call, id)
	if err == nil {
		f.addMembers(t)
	}
	return err
}

func (f *finding) addMembers(t *team) {
	emails := map[string]string{}
	for _, m := range t.members {
		emails[m.UserID] = m.UserEmail
	}
	team := operation.Word(operation.Lookup(t.item, "team_id"))
	alias := cmp.Or(operation.Word(operation.Lookup(t.item, "team_alias")), team)
	for _, m := range t.memberships {
		limits := t.limitsOf(m)
		limit, err := money(limits.MaxBudget)
		if err != nil {
			continue
		}
		b := &budgetUse{of: "member", id: m.UserID, user: m.UserID, team: team, name: cmp.Or(emails[m.UserID], m.UserID) + " in " + alias, limit: limit, enforced: "yes"}
		b.spend, _ = money(m.Spend)
		if limits.Duration != "" {
			b.duration, b.reset = operation.Encode(limits.Duration), operation.Encode(limits.ResetAt)
		}
		f.keep(b)
	}
}

// query narrows the list of one kind of owner as far as the gateway can.
func (b budgetFilter) query(of string) url.Values {
	q := url.Values{}
	if of == "key" && b.TeamID != "" {
		q.Set("team_id", string(b.TeamID))
	}
	if of == "key" && b.UserID != "" {
		q.Set("user_id", string(b.UserID))
	}
	if of == "user" && b.UserID != "" {
		q.Set("user_ids", string(b.UserID))
	}
	if of == "team" && b.TeamID != "" {
		q.Set(teamCollection.ByID, string(b.TeamID))
	}
	return q
}

// keep adds a budget that the filter keeps.
func (f *finding) keep(b *budgetUse) {
	if f.in.keeps(b) {
		f.found = append(f.found, b)
	}
}

// limitsOf returns the limits of a member's spend: the member's own, or else the team's
// defaults.
func (t *team) limitsOf(m membership) *memberLimits {
	switch {
	case m.Budget != nil && operation.NoNull(m.Budget.MaxBudget) != nil:
		return m.Budget
	case t.defaults != nil:
		return t.defaults
	}
	return &memberLimits{}
}

// judge marks the budgets of users that do not limit all of their keys: the team limits team
// keys.
func (f *finding) judge(ctx context.Context, call *operation.Call) error {
	for _, b := range f.found {
		if b.of != "user" {
			continue
		}
		if !f.counted {
			for key, err := range keyCollection.All(ctx, call, nil) {
				if err != nil && proxyclient.CodeOf(err) != proxyclient.CodeIncomplete {
					return err
				}
				f.count(key)
			}
			f.counted = true
		}
		keys := f.keys[b.id]
		switch {
		case keys == nil || keys.team == 0:
			continue
		case keys.personal == 0:
			b.enforced = "no"
		default:
			b.enforced = "personal keys only"
		}
	}
	return nil
}

// budgetOf returns the budget of an item, its own or the stored one that it refers to,
// or nil.
func budgetOf(of string, item json.RawMessage) *budgetUse {
	field := func(name string) json.RawMessage { return operation.LookupAny(item, orTier(name)) }
	limit, err := strconv.ParseFloat(operation.Word(field("max_budget")), 64)
	if err != nil {
		return nil
	}
	l := owners[of]
	b := &budgetUse{of: of, id: operation.Word(operation.Lookup(item, l.ID)), limit: limit, duration: field("budget_duration"), reset: field("budget_reset_at"), enforced: "yes"}
	b.created, _ = time.Parse(time.RFC3339, operation.Word(operation.Lookup(item, "created_at")))
	switch of {
	case "key":
		b.user, b.team = operation.Word(operation.NoNull(operation.Lookup(item, "user_id"))), operation.Word(operation.NoNull(operation.Lookup(item, "team_id")))
	case "user":
		b.user = b.id
	case "team":
		b.team = b.id
	}
	if name := operation.Lookup(item, l.Name); name != nil {
		b.name = operation.Word(name)
	}
	b.spend, _ = strconv.ParseFloat(operation.Word(operation.Lookup(item, "spend")), 64)
	return b
}
