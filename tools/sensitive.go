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
// with how it is, and whom they give a key.

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
		if err != nil {
			return nil, err
		}
		return loosened(call, change, of.What, things, absent), nil
	}}
}

// loosened is what an update loosens of several things. What the gateway does not show
// may be anything.
func loosened(call *operation.Call, change operation.Args, what string, things []operation.Thing, absent []string) (found []string) {
	for _, id := range absent {
		things = append(things, operation.Thing{ID: operation.Encode(id)})
	}
	for _, thing := range things {
		found = append(found, settings{what + " " + thing.Label(), thing.Item, call.Now(), what == tagCollection.What}.loosened(change)...)
	}
	return found
}

// sensitiveKeyUpdate is what an update of a key loosens, and whose key it is.
func sensitiveKeyUpdate(ctx context.Context, call *operation.Call) ([]string, error) {
	change := call.Body()
	powers := slices.ContainsFunc([]string{"allowed_routes", "permissions", "key_type", "duration", "expires"}, func(name string) bool { return change[name] != nil })
	if !limits(change) && !powers {
		return roleOf(ctx, call, "user_id", call.Args().String("user_id"))
	}
	key, err := keyOf(ctx, call)
	if err != nil && !operation.IsNotFound(err) {
		return nil, err
	}
	if key.ID == nil {
		key.ID = operation.Encode(keyHash(call.Args().String("key")))
	}
	found := settings{whose: "key " + key.Label(), item: key.Item, now: call.Now()}.loosened(change)
	user := call.Args().String("user_id")
	if user == "" && powers {
		user = operation.Word(operation.Lookup(key.Item, "user_id"))
	}
	role, err := roleOf(ctx, call, "user_id", user)
	return append(found, role...), err
}

// sensitiveBulkKeys is what an update of several keys loosens.
func sensitiveBulkKeys(ctx context.Context, call *operation.Call) ([]string, error) {
	change := call.Body()
	if !limits(change) {
		return roleOf(ctx, call, "user_id", change.String("user_id"))
	}
	things, absent, err := keyTargets(ctx, call)
	if err != nil {
		return nil, err
	}
	found := loosened(call, change, "key", things, absent)
	role, err := roleOf(ctx, call, "user_id", change.String("user_id"))
	return append(found, role...), err
}

// givesKey is for operations that make a key of the user whom an argument names.
func givesKey(argument string) operation.Consent {
	return operation.Consent{Often: true, Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		return roleOf(ctx, call, argument, call.Body().String(argument))
	}}
}

// regenerates is whose new key it is.
func regenerates(ctx context.Context, call *operation.Call) ([]string, error) {
	key, err := keyOf(ctx, call)
	if err != nil {
		return nil, err
	}
	found, err := roleOf(ctx, call, "", operation.Word(operation.Lookup(key.Item, "user_id")))
	if err != nil {
		return nil, err
	}
	more, err := roleOf(ctx, call, "", call.Body().String("user_id"))
	return append(found, more...), err
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
	}
	return privileged(operation.Name(id), operation.Word(operation.Lookup(body, "user_info.user_role"))), nil
}

func privileged(user, role string) []string {
	if slices.Contains([]string{"", "internal_user", "internal_user_viewer"}, role) {
		return nil
	}
	return []string{"gives a key to user " + user + ", who has the role " + operation.Name(role)}
}

func unknownRole(user string) []string {
	return []string{"gives a key to user " + operation.Name(user) + ", whose role cannot be read"}
}

// resetsSpend is always sensitive: a spent budget can be spent again.
func resetsSpend(ctx context.Context, call *operation.Call) ([]string, error) {
	key, err := keyOf(ctx, call)
	if err != nil {
		return nil, err
	}
	to := "0"
	if value := call.Arg("reset_to"); value != nil {
		to = string(value)
	}
	if spend := dollars(key, "spend"); spend != "" {
		return []string{"resets the spend of key " + key.Label() + " from " + spend + " to " + to}, nil
	}
	return []string{"resets the spend of key " + key.Label() + " to " + to + " US dollars"}, nil
}

// sensitiveUserUpdate is what an update of a user loosens; with a new password whoever
// has it can sign in.
func sensitiveUserUpdate(ctx context.Context, call *operation.Call) ([]string, error) {
	found, err := loosens(userCollection, "user_id").Sensitive(ctx, call)
	if call.Body()["password"] != nil {
		found = append(found, "sets the user's password")
	}
	return found, err
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
	team, err := teamInfo(ctx, call)
	if err != nil {
		return nil, err
	}
	return loosened(call, change, "team", []operation.Thing{team}, nil), nil
}

// teamInfo is the team of a call with what its list leaves out; an unknown one, and one
// that the key may not see, is without settings.
func teamInfo(ctx context.Context, call *operation.Call) (operation.Thing, error) {
	id := call.Args().String("team_id")
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
				user.Item = m
			}
		}
		if named, ok := call.Named("user_id"); ok {
			user.Name = named.Name
		}
		return settings{whose: "user " + user.Label(), item: user.Item, now: call.Now()}.loosened(change), nil
	}
}

// sensitiveModelUpdate finds a change of the provider, to whom the stored key goes then,
// and limits of the deployment that are loosened.
func sensitiveModelUpdate(ctx context.Context, call *operation.Call) ([]string, error) {
	params := call.Arg("litellm_params")
	change := deploymentLimits(params)
	model, provider := operation.Word(operation.Lookup(params, "model")), operation.Word(operation.Lookup(params, "custom_llm_provider"))
	if model == "" && provider == "" && len(change) == 0 {
		return nil, nil
	}
	things, _, err := deploymentCollection.Targets(ctx, call, "model_id", call.Args().List("model_id"))
	if err != nil {
		return nil, err
	}
	deployment := operation.Thing{ID: call.Arg("model_id")}
	if len(things) > 0 {
		deployment = things[0]
	}
	limits := settings{whose: "deployment " + deployment.Label(), now: call.Now(), sparse: true}
	if deployment.Item != nil {
		limits.item = operation.Encode(deploymentLimits(operation.Lookup(deployment.Item, "litellm_params")))
	}
	found := limits.loosened(change)
	fresh := provider
	if fresh == "" {
		fresh, _, _ = strings.Cut(model, "/")
	}
	if fresh != "" && fresh != providerOf(deployment.Item) {
		found = append(found, "sends what is stored for the deployment to another provider: "+operation.Name(fresh))
	}
	return found, nil
}

// deploymentLimits are the limits among the parameters of a deployment, by the names that
// they have elsewhere.
func deploymentLimits(params json.RawMessage) operation.Args {
	limits := operation.Args{}
	for name, of := range map[string]string{"max_budget": "max_budget", "budget_duration": "budget_duration", "tpm": "tpm_limit", "rpm": "rpm_limit",
		"max_parallel_requests": "max_parallel_requests"} {
		var all operation.Args
		if json.Unmarshal(params, &all) == nil && all[name] != nil {
			limits[of] = all[name]
		}
	}
	return limits
}

// providerOf is the provider of a deployment: the first word of its model, unless it is
// named.
func providerOf(deployment json.RawMessage) string {
	if name := operation.Lookup(deployment, "litellm_params.custom_llm_provider"); name != nil {
		return operation.Word(name)
	}
	provider, _, _ := strings.Cut(operation.Word(operation.Lookup(deployment, "litellm_params.model")), "/")
	return provider
}

// addsCallback names the service that a team's calls go to.
func addsCallback(ctx context.Context, call *operation.Call) ([]string, error) {
	team, err := labeled(ctx, call, teamCollection, "team_id")
	if err != nil {
		return nil, err
	}
	return []string{"sends the calls of " + team + " to " + operation.Name(call.Args().String("callback_name"))}, nil
}

// everyModel finds the name that stands for all models.
func everyModel(_ context.Context, call *operation.Call) ([]string, error) {
	if slices.ContainsFunc(call.Args().List("models"), allModels) {
		return []string{"lets the team use every model"}, nil
	}
	return nil, nil
}
