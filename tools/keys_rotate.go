package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// A rotation without a license takes three writes. Each leaves a state that the next run
// recognizes:
//
//  1. The old key is renamed, because aliases are unique, and remembers its alias in its
//     metadata (rotating_alias). It works as before.
//  2. The new key is made with that alias and the hash of the old key (rotated_from).
//  3. The old key gets its expiry, or is blocked, and rotated_to instead of rotating_alias.
//
// If the second write fails, the first is undone. The old key never stops before the new one
// exists.
const (
	rotatingAlias = "rotating_alias"
	rotatedFrom   = "rotated_from"
	rotatedTo     = "rotated_to"
)

// rotationCollection is the keys by alias. A key that is being rotated keeps its alias until
// the new key has it.
var rotationCollection = func() *operation.Collection {
	both := *keyCollection
	both.Also, both.Search = []string{"metadata." + rotatingAlias}, "search"
	return &both
}()

// keyToRotate stands for the hash of the key with this alias.
type keyToRotate string

// Collection returns the list that has the alias.
func (keyToRotate) Collection() *operation.Collection { return rotationCollection }

type keysRotateInput struct {
	Key   keyToRotate `json:"key" help:"Key, by alias or hash, or the key itself" cli:"arg=1,alias=alias,alias=key-alias"`
	Grace string      `json:"grace" help:"Time that the old key keeps working, such as 24h; 0 blocks it at once (default 24h)"`
	All   bool        `json:"all" help:"Rotate all keys that match the filters"`
	keyAge
	Expect operation.Limit `json:"expect" help:"Number of keys that the filters must match"`
}

var keysRotate = &operation.Operation{
	Path:    "keys rotate",
	Summary: "Replace a virtual key with a new one, keeping its settings",
	Help: "The new key takes alias, owner, limits, spend and metadata; an expiry starts again with the same length. The old key is renamed and stops after {grace}. " +
		"If interrupted, run it again: it finishes. With a license, the gateway's own rotation is used.",
	Examples: []string{
		"keys rotate ci",
		"keys rotate ci --grace 0",
		"keys rotate --all --older-than 90d --dry-run",
	},
	Effect:    operation.Destructive,
	Sends:     []string{"POST /key/generate", "POST /key/update", "POST /key/{key}/regenerate"},
	Consent:   operation.Consent{Ask: askRotate, Sensitive: rotates, Count: countRotating},
	Default:   true,
	Checks:    []operation.Check{rotationGiven},
	Do:        operation.Func[keysRotateInput](rotateKeys),
	Columns:   shownOnce(rotatedColumns),
	Reveal:    []string{"key", "rotated.*.key"},
	KeepsKeys: true,
}

var rotatedColumns = []operation.Column{
	{Name: "key_alias", ID: true},
	{Name: "token", ID: true},
	{Name: "expires", Format: operation.Time},
	{Name: "old_key_alias"},
	{Name: "old_token", ID: true},
	{Name: "old_key_stops", Format: operation.Time},
}

// rotatedKey is the outcome of one rotation.
type rotatedKey struct {
	Key      string          `json:"key,omitempty"`
	Alias    string          `json:"key_alias,omitempty"`
	Token    string          `json:"token,omitempty"`
	UserID   json.RawMessage `json:"user_id,omitempty"`
	TeamID   json.RawMessage `json:"team_id,omitempty"`
	Expires  json.RawMessage `json:"expires,omitempty"`
	OldAlias string          `json:"old_key_alias,omitempty"`
	OldToken string          `json:"old_token"`
	OldStops string          `json:"old_key_stops,omitempty"`
}

// name names the new key.
func (k *rotatedKey) name() string { return cmp.Or(k.Alias, k.Token) }

// rotationGiven refuses a call that names no key, or both a key and filters.
func rotationGiven(_ context.Context, call *operation.Call) error {
	args := call.Args()
	all := string(args["all"]) == "true"
	switch {
	case all && args["key"] != nil:
		return operation.Usage("give either {key} or {all}; nothing was sent")
	case !all && args["key"] == nil:
		return operation.Usage("name the key with {key}, or give {all} and {older_than}")
	case !all && (args["expect"] != nil || filtersKeys(args)):
		return operation.Usage("filters and {expect} need {all}")
	case all && args["older_than"] == nil:
		return operation.Usage("{all} needs {older_than}, such as 90d")
	}
	if _, err := operation.DurationOf(args, "older_than"); err != nil {
		return err
	}
	_, err := graceOf(args)
	return err
}

// defaultGrace is how long a rotated key works by default: a day to change the programs.
const defaultGrace = 24 * time.Hour

// graceOf returns how long the old key works; 0 blocks it.
func graceOf(args operation.Args) (time.Duration, error) {
	switch {
	case args["grace"] == nil:
		return defaultGrace, nil
	case args.String("grace") == "0":
		return 0, nil
	}
	return operation.DurationOf(args, "grace")
}

// rotateKeys rotates the key of a call, or the keys that its filters match.
func rotateKeys(ctx context.Context, call *operation.Call, in keysRotateInput) (operation.Result, error) {
	grace, err := graceOf(call.Args())
	if err != nil {
		return operation.Result{}, err
	}
	if in.All {
		return rotateSelected(ctx, call, in, grace)
	}
	key, err := keyOf(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	if licensed(ctx, call) {
		result, err := regenerate(ctx, call, key, grace)
		if err == nil {
			if err := call.Keep(result.Body); err != nil {
				result.Failed = append(result.Failed, operation.Failure{What: "store new key " + key.Label(), Why: err.Error()})
			}
		}
		return result, err
	}
	r, err := planRotation(ctx, call, key, grace)
	if err != nil {
		return operation.Result{}, err
	}
	steps := operation.NewSteps(call)
	if err := r.run(ctx, steps); err != nil {
		return operation.Result{}, err
	}
	result, err := steps.Result(operation.Encode(r.out))
	result.Notes = append(result.Notes, r.notes(steps)...)
	return result, err
}

// licensed reports whether the gateway has a license. A caller who may not see that rotates
// as without one.
func licensed(ctx context.Context, call *operation.Call) bool {
	has, err := operation.Once(call, "license", func() (bool, error) {
		body, err := call.Read(ctx, proxyclient.Request{Path: "/health/license"})
		return string(operation.Lookup(body, "has_license")) == "true", err
	})
	return err == nil && has
}

// regenerate is the gateway's own rotation.
func regenerate(ctx context.Context, call *operation.Call, key operation.Thing, grace time.Duration) (operation.Result, error) {
	fields := operation.Args{}
	if grace > 0 {
		fields["grace_period"] = operation.Encode(seconds(grace))
	}
	if length, expires := lifetimeOf(key.Item); expires {
		fields["duration"] = operation.Encode(seconds(length))
	}
	body, err := call.Send(ctx, http.MethodPost, "/key/{key:path}/regenerate", operation.Word(key.ID), fields)
	if err == nil && !call.Planning() && operation.Lookup(body, "key") == nil {
		err = operation.Lacks("key")
	}
	return operation.Result{Body: body, Done: "rotated key " + key.Label() + "; the old key stops " + stops(call.Now(), grace)}, err
}

// seconds writes a duration as the gateway reads it.
func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d/time.Second)) }

// stops says when a key stops that has the grace period.
func stops(now time.Time, grace time.Duration) string {
	if grace == 0 {
		return "at once"
	}
	return "on " + now.Add(grace).Format("2006-01-02 15:04") + " UTC"
}

// lifetimeOf returns how long a key was made to last, and false if it does not expire.
func lifetimeOf(key json.RawMessage) (time.Duration, bool) {
	expires, ends := timeOf(key, "expires")
	made, known := timeOf(key, "created_at")
	if !ends || !known || !expires.After(made) {
		return 0, false
	}
	return expires.Sub(made).Round(time.Second), true
}

// askRotate says what happens to the old key.
func askRotate(ctx context.Context, call *operation.Call) (string, error) {
	grace, err := graceOf(call.Args())
	if err != nil {
		return "", err
	}
	if n, selects, err := countRotating(ctx, call); selects || err != nil {
		return fmt.Sprintf("Rotate %s? Each gets a new key with the same settings; the old ones stop %s.", operation.Counted(n, "key"), stops(call.Now(), grace)), err
	}
	key, err := keyOf(ctx, call)
	if err != nil {
		return "", err
	}
	text := "Rotate key " + key.Label() + "? A new key takes its alias and settings; the old key stops " + stops(call.Now(), grace) + "."
	if last, ok := timeOf(key.Item, "last_active"); ok {
		text += " It was last used on " + last.Format(time.DateOnly) + "."
	}
	return text, nil
}

// rotates is whose new keys they are.
func rotates(ctx context.Context, call *operation.Call) ([]string, error) {
	if string(call.Arg("all")) != "true" {
		key, err := keyOf(ctx, call)
		if err != nil {
			return nil, err
		}
		return roleOf(ctx, call, "", operation.Word(operation.NoNull(operation.Lookup(key.Item, "user_id"))))
	}
	keys, err := rotatable(ctx, call)
	var found []string
	for _, key := range keys {
		if err != nil {
			return nil, err
		}
		var more []string
		more, err = roleOf(ctx, call, "", operation.Word(operation.NoNull(operation.Lookup(key.Item, "user_id"))))
		found = append(found, more...)
	}
	return operation.Unique(found), err
}
