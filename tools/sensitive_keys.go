package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// sensitiveKeyUpdate is what an update of a key loosens, and whose key it is.
func sensitiveKeyUpdate(ctx context.Context, call *operation.Call) ([]string, error) {
	change := call.Body()
	powers := slices.ContainsFunc([]string{"allowed_routes", "permissions", "key_type", "duration", "expires"}, func(name string) bool { return change[name] != nil })
	if !limits(change) && !powers && change["team_id"] == nil && change["user_id"] == nil {
		return nil, nil
	}
	key, err := keyToChange(ctx, call)
	if err != nil {
		return nil, err
	}
	found, err := loosenedKeys(ctx, call, change, []operation.Thing{key}, nil)
	if err != nil {
		return nil, err
	}
	user := call.Args().String("user_id")
	if user == "" && powers {
		user = operation.Word(operation.Lookup(key.Item, "user_id"))
	}
	role, err := roleOf(ctx, call, "user_id", user)
	return append(found, role...), err
}

// unblocksKey is for a key that is blocked: its calls are answered again.
func unblocksKey(ctx context.Context, call *operation.Call) ([]string, error) {
	key, err := keyToChange(ctx, call)
	if err != nil {
		return nil, err
	}
	return settings{whose: "key " + key.Label(), item: key.Item}.unblocked(json.RawMessage("false")), nil
}

// keyToChange is the key that a call names; one that cannot be seen has no settings.
func keyToChange(ctx context.Context, call *operation.Call) (operation.Thing, error) {
	key, err := keyOf(ctx, call)
	if err != nil && !operation.IsNotFound(err) {
		return operation.Thing{}, err
	}
	if key.ID == nil {
		key.ID = operation.Encode(operation.KeyHash(call.Args().String("key")))
	}
	return key, nil
}

// loosenedKeys is what an update loosens of keys, also by another team.
func loosenedKeys(ctx context.Context, call *operation.Call, change operation.Args, keys []operation.Thing, absent []string) ([]string, error) {
	found, err := loosened(ctx, call, change, "key", keys, absent)
	if err != nil {
		return nil, err
	}
	for _, id := range absent {
		keys = append(keys, operation.Thing{ID: operation.Encode(id)})
	}
	found = append(found, givenAway(change, keys)...)
	more, err := moved(ctx, call, keys, change.String("team_id"))
	return append(found, more...), err
}

// givenAway finds keys that leave their users: those users' budgets and limits no longer
// count then.
func givenAway(change operation.Args, keys []operation.Thing) (found []string) {
	to := operation.Word(change["user_id"])
	for _, key := range keys {
		owner := operation.Word(operation.Lookup(key.Item, "user_id"))
		if change["user_id"] == nil || key.Item != nil && (owner == "" || owner == to) {
			continue
		}
		text := "takes key " + key.Label() + " from its user"
		if owner != "" {
			text += " " + operation.Name(owner)
		}
		found = append(found, text+", whose limits no longer count for it")
	}
	return found
}

// sensitiveBulkKeys is what an update of several keys loosens.
func sensitiveBulkKeys(ctx context.Context, call *operation.Call) ([]string, error) {
	change := call.Body()
	if !limits(change) && change["team_id"] == nil && change["user_id"] == nil {
		return nil, nil
	}
	things, absent, err := keyTargets(ctx, call)
	if err != nil {
		return nil, err
	}
	found, err := loosenedKeys(ctx, call, change, things, absent)
	if err != nil {
		return nil, err
	}
	role, err := roleOf(ctx, call, "user_id", change.String("user_id"))
	return append(found, role...), err
}

// regenerates is whose new key it is, and what it may do more than the old one.
func regenerates(ctx context.Context, call *operation.Call) ([]string, error) {
	key, err := keyOf(ctx, call)
	if err != nil {
		return nil, err
	}
	found, err := loosenedKeys(ctx, call, call.Body(), []operation.Thing{key}, nil)
	if err != nil {
		return nil, err
	}
	for _, user := range []string{operation.Word(operation.Lookup(key.Item, "user_id")), call.Body().String("user_id")} {
		more, err := roleOf(ctx, call, "", user)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// movesKey is for operations that give a key to the team that the arguments name.
func movesKey(ctx context.Context, call *operation.Call) ([]string, error) {
	var key operation.Thing
	var err error
	if call.Args().String("key") == "" {
		who, err := identify(ctx, call)
		if err != nil || who.kind != virtualKey {
			return nil, err
		}
		key = who.own()
	} else if key, err = keyToChange(ctx, call); err != nil {
		return nil, err
	}
	return loosenedKeys(ctx, call, call.Body(), []operation.Thing{key}, nil)
}

// moved finds keys that leave a team for one whose limits are not as strict.
func moved(ctx context.Context, call *operation.Call, keys []operation.Thing, to string) (found []string, err error) {
	if to == "" {
		return nil, nil // see settings.belongs
	}
	teams := map[string]operation.Thing{}
	look := func(id string) operation.Thing {
		if _, read := teams[id]; !read && err == nil {
			teams[id], err = teamInfo(ctx, call, id)
		}
		return teams[id]
	}
	for _, key := range keys {
		from := operation.Word(operation.Lookup(key.Item, "team_id"))
		if owner := operation.Word(operation.Lookup(key.Item, "user_id")); key.Item != nil && from == "" && owner != "" {
			found = append(found, "moves key "+key.Label()+" into a team: the budget of its user "+operation.Name(owner)+" no longer counts for it")
		}
		if key.Item != nil && (from == "" || from == to) {
			continue
		}
		fresh, old := look(to), operation.Thing{}
		if from != "" {
			old = look(from)
		}
		if err != nil {
			return nil, err
		}
		text := "moves key " + key.Label()
		if from != "" {
			text += " from team " + old.Label()
		}
		text += " to team " + fresh.Label() + ", whose limits "
		if old.Item == nil || fresh.Item == nil {
			found = append(found, text+"cannot be compared with those of its present team")
		} else if weaker := weaker(call, key, old, fresh); len(weaker) > 0 {
			found = append(found, text+"are not as strict: "+strings.Join(weaker, ", "))
		}
	}
	return found, nil
}

// weaker names the settings of a team that hold one of its keys back less than those of
// another do.
func weaker(call *operation.Call, key, old, fresh operation.Thing) (names []string) {
	is := settings{whose: "the team", item: old.Item, now: call.Now(), sparse: true}
	at := map[string]string{"budget_duration": "", "metadata": "", "organization_id": "", "budget_limits": "", "model_max_budget": ""}
	for _, l := range numbers {
		if !strings.HasPrefix(l.name, "max_budget_in_") {
			at[l.name] = l.at
		}
	}
	for name, path := range at {
		value := operation.Lookup(fresh.Item, name)
		if value == nil && path != "" {
			value = operation.Lookup(fresh.Item, path)
		}
		if value == nil {
			value = json.RawMessage("null")
		}
		if len(is.loosened(operation.Args{name: value})) > 0 {
			names = append(names, name)
		}
	}
	models := func(thing operation.Thing) (list []string) {
		_ = json.Unmarshal(operation.Lookup(thing.Item, "models"), &list)
		return list
	}
	own, before, after := models(key), models(old), models(fresh)
	inherits := len(own) == 0 || slices.ContainsFunc(own, wildcard)
	every := len(after) == 0 || slices.ContainsFunc(after, allModels)
	if limited := &(team{models: before}); inherits && (len(limited.lacks(after)) > 0 || every && len(limited.lacks([]string{"*"})) > 0) {
		names = append(names, "models")
	}
	if blocked := operation.Lookup(old.Item, "blocked"); string(blocked) == "true" && !same(blocked, operation.Lookup(fresh.Item, "blocked")) {
		names = append(names, "blocked")
	}
	slices.Sort(names)
	return names
}
