package tools

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// keyAge selects the keys to rotate together.
type keyAge struct {
	OlderThan string `json:"older_than" help:"Only keys at least this old, such as 90d"`
	ownerFilter
	Search string `json:"search" help:"Only keys whose alias contains this text"`
}

// rotationFilters are the arguments that select keys to rotate.
var rotationFilters = []string{"older_than", "user_id", "user", "team_id", "team", "search"}

// filtersKeys reports whether a rotation has a filter.
func filtersKeys(args operation.Args) bool {
	return slices.ContainsFunc(rotationFilters, func(name string) bool { return args[name] != nil })
}

// countRotating implements the count of [operation.Consent].
func countRotating(ctx context.Context, call *operation.Call) (int, bool, error) {
	if string(call.Arg("all")) != "true" {
		return 0, false, nil
	}
	keys, err := rotatable(ctx, call)
	return len(keys), true, err
}

// rotatable returns the keys that the filters of a call match.
func rotatable(ctx context.Context, call *operation.Call) ([]operation.Thing, error) {
	return operation.Once(call, "keys to rotate", func() (found []operation.Thing, err error) {
		args, filter := call.Args(), url.Values{}
		age, err := operation.DurationOf(args, "older_than")
		if err != nil {
			return nil, err
		}
		for _, name := range []string{"user_id", "team_id"} {
			if value := args.String(name); value != "" {
				filter.Set(name, value)
			}
		}
		if search := args.String("search"); search != "" {
			filter.Set("search", operation.Unpattern(search))
		}
		for key, err := range keyCollection.All(ctx, call, filter) {
			if err != nil {
				return nil, err
			}
			made, known := timeOf(key, "created_at")
			expires, ends := timeOf(key, "expires")
			hash := operation.Word(operation.Lookup(key, "token"))
			switch {
			case !known || call.Now().Sub(made) < age || !keyMatches(key, args, call.Now()):
			case operation.Lookup(key, "metadata."+rotatedTo) != nil, hash == call.Client().KeyHash():
			case string(operation.Lookup(key, "blocked")) == "true", ends && !expires.After(call.Now()):
			default:
				found = append(found, operation.Thing{ID: operation.Encode(hash), Name: operation.Word(operation.NoNull(operation.LookupAny(key, "metadata."+rotatingAlias+"|key_alias"))), Item: key})
			}
		}
		return found, nil
	})
}

// rotateSelected rotates the keys that the filters match, and goes on after a failure.
func rotateSelected(ctx context.Context, call *operation.Call, in keysRotateInput, grace time.Duration) (operation.Result, error) {
	keys, err := rotatable(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	if n := len(keys); call.Arg("expect") != nil && n != int(in.Expect) {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeUsage,
			Message: fmt.Sprintf("the filters match %s, but {expect} is %d; nothing was changed", operation.Counted(n, "key"), in.Expect),
			Hint:    "preview the keys with a dry run"}
	}
	if call.Planning() {
		noteSelected(call, keys)
	}
	out := struct {
		Rotated []rotatedKey `json:"rotated"`
	}{[]rotatedKey{}}
	native := licensed(ctx, call)
	parts := operation.NewParts(call, "rotated", "")
	for i, key := range keys {
		if ctx.Err() != nil {
			parts.Report("key "+key.Label(), "not tried")
			continue
		}
		made, err := rotateOne(ctx, call, key, grace, native)
		if made != nil {
			out.Rotated = append(out.Rotated, *made)
		}
		parts.Try("key "+key.Label(), func() error { return err })
		call.Progress(i+1, len(keys))
	}
	if len(keys) == 0 {
		return operation.Result{Body: operation.Encode(out), Done: "no key matches; nothing was rotated"}, nil
	}
	result, err := parts.Result(operation.Encode(out))
	for _, made := range out.Rotated {
		if made.Key == "" && !call.Planning() {
			result.Notes = append(result.Notes, fmt.Sprintf("Key %s: %s", operation.Name(made.name()), madeBefore))
		}
	}
	if n := len(result.Failed); n > 0 {
		with := ""
		if call.Arg("expect") != nil {
			with = fmt.Sprintf(" with {expect} %d", n)
		}
		result.Notes = append(result.Notes, "Keys that were not rotated still work. Run the same command again"+with+": it finishes")
	}
	return result, err
}

// rotateOne rotates one of several keys. It returns what was made even if the rest failed.
func rotateOne(ctx context.Context, call *operation.Call, key operation.Thing, grace time.Duration, native bool) (*rotatedKey, error) {
	if native {
		result, err := regenerate(ctx, call, key, grace)
		if err != nil {
			return nil, err
		}
		made := &rotatedKey{Key: operation.Word(operation.Lookup(result.Body, "key")), Alias: key.Name, OldToken: operation.Word(key.ID)}
		made.Token = operation.KeyHash(made.Key)
		return made, call.Keep(operation.Encode(made))
	}
	r, err := planRotation(ctx, call, key, grace)
	if err != nil {
		return nil, err
	}
	steps := operation.NewSteps(call)
	if err := r.run(ctx, steps); err != nil {
		return nil, err
	}
	return &r.out, steps.Err()
}
