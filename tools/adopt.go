package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// Tasks of several requests (teams setup, users onboard) can be run again after a failure:
// they keep what exists and fits, and reject what exists and does not before the first
// change.

// adopt looks up a thing by name. It returns the zero Thing if there is none, or if the
// caller may not look. unfit returns what is wrong with the one that exists.
func adopt(ctx context.Context, call *operation.Call, of *operation.Collection, name, hint string, unfit func(item json.RawMessage) []string) (operation.Thing, error) {
	thing, err := of.Find(ctx, call, name, of.ID)
	if operation.IsNotFound(err) || operation.IsRefused(err) {
		return operation.Thing{}, nil
	}
	if err != nil {
		return operation.Thing{}, err
	}
	if why := unfit(thing.Item); len(why) > 0 {
		return operation.Thing{}, &proxyclient.Error{Code: proxyclient.CodeConflict, Hint: hint,
			Message: fmt.Sprintf("the %s alias %s is taken; nothing was changed: %s", of.What, operation.Shown(name), strings.Join(why, ", "))}
	}
	return thing, nil
}

// adoptKey looks up the key with this alias. It must belong to this user and team (nil
// means none), have those of the limits that the call gives, and work. fresh means that
// the user or the team does not exist yet, so no key can be theirs.
func adoptKey(ctx context.Context, call *operation.Call, alias string, user, team json.RawMessage, fresh bool, limits ...string) (operation.Thing, error) {
	if alias == "" {
		return operation.Thing{}, nil
	}
	key, err := adopt(ctx, call, keyCollection, alias, "give another {key_alias}", func(key json.RawMessage) []string {
		if fresh || !owns(key, user, team) {
			return []string{"it belongs to another user or team"}
		}
		return differences(key, call.Args(), false, limits...)
	})
	if err != nil {
		return operation.Thing{}, err
	}
	return key, usable(call, "key", alias, key.Item)
}

func owns(key, user, team json.RawMessage) bool {
	return same(operation.Lookup(key, "user_id"), user) && same(operation.Lookup(key, "team_id"), team)
}

// standingKey returns a key of the user in this team (nil means none) that works. It
// passes over expired keys. If the others are all blocked, it returns an error: a new key
// would get around the block.
func standingKey(ctx context.Context, call *operation.Call, user, team json.RawMessage) (operation.Thing, error) {
	filter := url.Values{"user_id": {operation.Word(user)}}
	if team != nil {
		filter.Set("team_id", operation.Word(team))
	}
	var blocked error
	for key, err := range keyCollection.All(ctx, call, filter) {
		if operation.IsRefused(err) {
			break
		}
		if err != nil {
			return operation.Thing{}, err
		}
		if !owns(key, user, team) || hasExpired(call, key) {
			continue
		}
		id := operation.Lookup(key, keyCollection.ID)
		name := operation.Word(operation.Lookup(key, keyCollection.Name))
		err := usable(call, "key", cmp.Or(name, operation.Word(id)), key)
		if err == nil {
			return operation.Thing{ID: id, Name: cmp.Or(name, operation.Word(operation.Lookup(key, "key_name"))), Item: key}, nil
		}
		blocked = cmp.Or(blocked, err)
	}
	return operation.Thing{}, blocked
}

// usable returns an error if an existing key or team does not work because it is blocked
// or has expired. It says what helps.
func usable(call *operation.Call, what, name string, item json.RawMessage) error {
	why, hint := "", ""
	switch {
	case string(operation.Lookup(item, "blocked")) == "true":
		why, hint = "is blocked", "unblock it with {op:"+what+"s unblock}"
	case hasExpired(call, item):
		why, hint = "has expired", "renew it with {op:keys update} and a new duration"
	default:
		return nil
	}
	if what == "key" {
		hint += ", or give another {key_alias}"
	}
	return &proxyclient.Error{Code: proxyclient.CodeConflict, Hint: hint,
		Message: fmt.Sprintf("%s %s exists but %s; nothing was changed", what, operation.Shown(name), why)}
}

func hasExpired(call *operation.Call, key json.RawMessage) bool {
	expires, ok := timeOf(key, "expires")
	return ok && !expires.After(call.Now())
}

// differences returns the settings in which an item differs from the arguments. With all,
// an argument that is not given means that the setting must be unset.
func differences(item json.RawMessage, args operation.Args, all bool, names ...string) (found []string) {
	for _, name := range names {
		have, want := operation.Lookup(item, name), operation.NoNull(args[name])
		if want == nil && !all || same(have, want) {
			continue
		}
		found = append(found, fmt.Sprintf("%s is %s, not %s", name, settingWords(have), settingWords(want)))
	}
	return found
}

func settingWords(value json.RawMessage) string {
	if isUnset(value) {
		return "unset"
	}
	return operation.Words(value)
}

// isUnset reports whether a setting has no effect: null, an empty list, an empty string.
func isUnset(value json.RawMessage) bool {
	value = operation.NoNull(value)
	return value == nil || string(value) == "[]" || string(value) == `""`
}

// same compares settings by value: numbers in any spelling, lists in any order.
func same(a, b json.RawMessage) bool {
	if isUnset(a) || isUnset(b) {
		return isUnset(a) && isUnset(b)
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	if errX == nil && errY == nil {
		return sameNumber(x, y)
	}
	var v, w []string
	if json.Unmarshal(a, &v) == nil && json.Unmarshal(b, &w) == nil {
		slices.Sort(v)
		slices.Sort(w)
		return slices.Equal(slices.Compact(v), slices.Compact(w))
	}
	return operation.Word(a) == operation.Word(b)
}
