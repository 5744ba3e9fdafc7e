package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// What makes calls sensitive beside their arguments alone: what they change, compared
// with the present state, and the user who gets a key.

type sensitive = func(context.Context, *operation.Call) ([]string, error)

// often is for operations whose arguments alone often make them sensitive.
var often = operation.Consent{Often: true}

// loosens compares an update with the things that an argument names: raising or removing
// a limit is sensitive. It reads only where the update has a limit.
func loosens(of *operation.Collection, argument string) operation.Consent {
	return operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		change := call.Body()
		delete(change, argument)
		if !limits(change) {
			return nil, nil
		}
		things, absent, err := of.Targets(ctx, call, argument, call.Args().List(argument))
		if err == nil && len(things) == 0 && len(absent) > 0 {
			err = of.Missing(absent)
		}
		if err != nil {
			return nil, err
		}
		return loosened(ctx, call, change, of.What, things, absent)
	}}
}

// loosened is what an update loosens of several things. What the gateway does not show
// may be anything.
func loosened(ctx context.Context, call *operation.Call, change operation.Args, what string, things []operation.Thing, absent []string) (found []string, err error) {
	for _, id := range absent {
		things = append(things, operation.Thing{ID: operation.Encode(id)})
	}
	groups, err := addedGroups(ctx, call, change, things)
	for _, thing := range things {
		s := settings{whose: what + " " + thing.Label(), item: thing.Item, now: call.Now(), sparse: what == tagCollection.What, shared: what == customerCollection.What, groups: groups}
		found = append(found, s.loosened(call.Merge(change, thing.Item))...)
	}
	return found, err
}

// addedGroups are the access groups among the models that an update adds: the name of one
// stands for several models.
func addedGroups(ctx context.Context, call *operation.Call, change operation.Args, things []operation.Thing) (names []string, err error) {
	var added []string
	for _, name := range modelLists {
		given := change.List(name)
		for _, thing := range things {
			present := operation.Args{name: operation.Lookup(thing.Item, name)}.List(name)
			given = without(given, present)
		}
		added = append(added, given...)
	}
	if len(added) == 0 {
		return nil, nil
	}
	for item, err := range accessGroupCollection.All(ctx, call, nil) {
		if operation.IsRefused(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if name := operation.Word(operation.Lookup(item, accessGroupCollection.ID)); slices.Contains(added, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// unblocks is for operations that unblock what an argument names.
func unblocks(of *operation.Collection, argument string) operation.Consent {
	return operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		things, _, err := of.Targets(ctx, call, argument, call.Args().List(argument))
		if err != nil {
			return nil, err
		}
		return loosened(ctx, call, operation.Args{"blocked": json.RawMessage("false")}, of.What, things, nil)
	}}
}

// givesKey is for operations that make a key for the user in an argument.
func givesKey(argument string) operation.Consent {
	return operation.Consent{Often: true, Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		return roleOf(ctx, call, argument, call.Body().String(argument))
	}}
}

// onboards is whose key it is, where the person is a user already.
func onboards(ctx context.Context, call *operation.Call) ([]string, error) {
	user, err := userCollection.Find(ctx, call, call.Args().String("user_email"), "user_email")
	switch {
	case operation.IsNotFound(err):
		return nil, nil
	case operation.IsRefused(err):
		return unknownRole(call.Args().String("user_email")), nil
	case err != nil:
		return nil, err
	}
	return privileged(user.Label(), operation.Word(operation.Lookup(user.Item, "user_role"))), nil
}

// administrator is the user whose key is the master key, whatever role the gateway shows.
const administrator = "default_user_id"

// roleOf says whether a key of this user's may do more than call models. An argument
// that was given by email is looked up already.
func roleOf(ctx context.Context, call *operation.Call, argument, id string) ([]string, error) {
	switch {
	case id == "":
		return nil, nil
	case id == administrator:
		return privileged(id, "proxy_admin"), nil
	}
	if thing, named := call.Named(argument); named && operation.Word(thing.ID) == id && thing.Item != nil {
		return privileged(thing.Label(), operation.Word(operation.Lookup(thing.Item, "user_role"))), nil
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {id}}})
	switch e := operation.AsError(err); {
	case operation.IsNotFound(err):
		return nil, nil
	case e != nil && e.Status != 0:
		return unknownRole(id), nil
	case err != nil:
		return nil, err
	case operation.Word(operation.Lookup(body, "user_info.user_id")) != id:
		return unknownRole(id), nil
	}
	return privileged(operation.Name(id), operation.Word(operation.Lookup(body, "user_info.user_role"))), nil
}

func privileged(user, role string) []string {
	if ordinary(role) {
		return nil
	}
	return []string{"gives a key to user " + user + ", who has the role " + operation.Name(role)}
}

// ordinary tells whether a user with this role may do nothing to others.
func ordinary(role string) bool {
	return slices.Contains([]string{"", "internal_user", "internal_user_viewer"}, role)
}

func unknownRole(user string) []string {
	return []string{"gives a key to user " + operation.Name(user) + ", whose role cannot be read"}
}

// changesUsers is what an update of users loosens, and what lets somebody else sign in
// as one of them.
func changesUsers(argument string) operation.Consent {
	return operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		found, err := loosens(userCollection, argument).Sensitive(ctx, call)
		change := call.Body()
		if change["password"] != nil {
			found = append(found, "sets the user's password")
		}
		if change["sso_user_id"] != nil {
			found = append(found, "lets another identity sign in as the user (sso_user_id)")
		}
		if err != nil || change["user_email"] == nil {
			return found, err
		}
		things, absent, err := userCollection.Targets(ctx, call, argument, call.Args().List(argument))
		for _, id := range absent {
			things = append(things, operation.Thing{ID: operation.Encode(id)})
		}
		for _, user := range things {
			role := operation.Word(operation.Lookup(user.Item, "user_role"))
			switch {
			case operation.Word(user.ID) == administrator:
				role = "proxy_admin"
			case user.Item == nil:
				found = append(found, "changes the email address of user "+user.Label()+", whose role cannot be read")
				continue
			}
			if !ordinary(role) {
				found = append(found, "changes the email address of user "+user.Label()+", who has the role "+operation.Name(role))
			}
		}
		return found, err
	}}
}

// sensitiveTeamUpdate reads the team itself for the limits of its members, which the
// list does not show.
func sensitiveTeamUpdate(ctx context.Context, call *operation.Call) ([]string, error) {
	change := call.Body()
	delete(change, "team_id")
	ofMembers := false
	for name := range change {
		ofMembers = ofMembers || strings.HasPrefix(name, "team_member_")
	}
	if !ofMembers {
		return loosens(teamCollection, "team_id").Sensitive(ctx, call)
	}
	team, err := teamInfo(ctx, call, call.Args().String("team_id"))
	if err != nil {
		return nil, err
	}
	return loosened(ctx, call, change, "team", []operation.Thing{team}, nil)
}

// teamInfo is a team with what its list leaves out; an unknown one, and one that the key
// may not see, is without settings.
func teamInfo(ctx context.Context, call *operation.Call, id string) (operation.Thing, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/team/info", Query: url.Values{"team_id": {id}}})
	if e := operation.AsError(err); e != nil && e.Status == 0 {
		return operation.Thing{}, err
	}
	item := operation.Lookup(body, "team_info")
	return operation.Thing{ID: operation.Encode(id), Name: operation.Word(operation.Lookup(item, "team_alias")), Item: item}, nil
}

// sensitiveMember compares limits with those of the membership of the user, which the
// object that it belongs to lists.
func sensitiveMember(path, parameter, list string) sensitive {
	return func(ctx context.Context, call *operation.Call) ([]string, error) {
		change := call.Body()
		delete(change, parameter)
		if !limits(change) {
			return nil, nil
		}
		body, err := call.Read(ctx, proxyclient.Request{Path: path, Query: url.Values{parameter: {call.Args().String(parameter)}}})
		if e := operation.AsError(err); e != nil && e.Status == 0 {
			return nil, err
		}
		var memberships []json.RawMessage
		_ = json.Unmarshal(operation.Lookup(body, list), &memberships)
		user := operation.Thing{ID: call.Arg("user_id")}
		for _, m := range memberships {
			if operation.Word(operation.Lookup(m, "user_id")) == call.Args().String("user_id") {
				user.Item = withDefaults(m, operation.Lookup(body, "team_info.team_member_budget_table"))
			}
		}
		if named, ok := call.Named("user_id"); ok {
			user.Name = named.Name
		}
		return loosened(ctx, call, change, "user", []operation.Thing{user}, nil)
	}
}

// withDefaults is a membership with the limits of each member of the team, where it has
// none of its own.
func withDefaults(membership, defaults json.RawMessage) json.RawMessage {
	var of, own, all operation.Args
	_, _ = json.Unmarshal(membership, &of), json.Unmarshal(defaults, &all)
	_ = json.Unmarshal(of["litellm_budget_table"], &own)
	if all == nil || of == nil {
		return membership
	}
	if own == nil {
		own = operation.Args{}
	}
	for name, value := range all {
		if operation.NoNull(own[name]) == nil {
			own[name] = value
		}
	}
	return operation.Encode(of.With("litellm_budget_table", own))
}

// addsCallback names the service that a team's calls go to.
func addsCallback(ctx context.Context, call *operation.Call) ([]string, error) {
	team, err := labeled(ctx, call, teamCollection, "team_id")
	if err != nil {
		return nil, err
	}
	return []string{"sends the calls of " + team + " to " + operation.Name(call.Args().String("callback_name"))}, nil
}

// manyModels finds names that stand for all models or for several.
func manyModels(ctx context.Context, call *operation.Call) ([]string, error) {
	names := call.Args().List("models")
	if slices.ContainsFunc(names, allModels) {
		return []string{"lets the team use every model"}, nil
	}
	groups, err := addedGroups(ctx, call, call.Body(), nil)
	if err != nil {
		return nil, err
	}
	if names = slices.DeleteFunc(names, func(name string) bool { return !wildcard(name) && !slices.Contains(groups, name) }); len(names) > 0 {
		return []string{"lets the team use more models: " + operation.NameList(operation.Encode(names))}, nil
	}
	return nil, nil
}
