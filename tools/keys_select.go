package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// keySelection selects keys by filters: those of keys list, and age.
type keySelection struct {
	ownerFilter
	OrganizationID existingOrganization `json:"organization_id" name:"organization" help:"Only this organization"`
	Search         string               `json:"search" help:"Only keys whose alias contains this text"`
	Status         string               `json:"status" enum:"active,blocked,expired,revoked" help:"Only keys in this state; revoked means blocked"`
	Unused         string               `json:"unused" help:"Only keys not used for this time, such as 90d"`
	Expired        bool                 `json:"expired" help:"Only expired keys"`
	Expect         operation.Limit      `json:"expect" help:"Number of keys that the filters must match"`
}

// selectors are the arguments that select keys.
var selectors = []string{"user_id", "user", "team_id", "team", "organization_id", "organization", "search", "status", "unused", "expired"}

// selectsKeys reports whether the arguments select keys by filters.
func selectsKeys(args operation.Args) bool {
	return slices.ContainsFunc(selectors, func(name string) bool { return args[name] != nil && string(args[name]) != "false" })
}

// countSelected implements the count of [operation.Consent].
func countSelected(ctx context.Context, call *operation.Call) (int, bool, error) {
	if !selectsKeys(call.Args()) {
		return 0, false, nil
	}
	things, err := selectedKeys(ctx, call)
	return len(things), true, err
}

// oneWay refuses a call that both names keys and selects some, counts keys that it names,
// or has a filter that filters nothing.
func oneWay(_ context.Context, call *operation.Call) error {
	args := call.Args()
	for _, name := range selectors {
		if string(args[name]) == `""` {
			return operation.Usage("{" + name + "} is empty; nothing was sent")
		}
	}
	if _, err := operation.DurationOf(args, "unused"); err != nil {
		return err
	}
	selects := selectsKeys(args)
	switch {
	case selects && args["keys"] != nil:
		return operation.Usage("give either {keys} or filters; nothing was sent")
	case !selects && args["expect"] != nil:
		return operation.Usage("{expect} counts the keys that filters match; give a filter")
	}
	return nil
}

// selectedKeys returns the keys that the filters of a call match, and notes those that are
// left out.
func selectedKeys(ctx context.Context, call *operation.Call) ([]operation.Thing, error) {
	type selection struct {
		things []operation.Thing
		notes  []string
	}
	found, err := operation.Once(call, "selected keys", func() (s selection, err error) {
		s.things, s.notes, err = findSelected(ctx, call)
		return s, err
	})
	for _, said := range found.notes {
		call.Note(said)
	}
	return found.things, err
}

// findSelected reads the keys that the filters match. The gateway's answer is checked
// against the filters: an older gateway ignores those that it does not know. The caller's
// own key is left out, and for {unused} keys whose last use the gateway does not tell.
func findSelected(ctx context.Context, call *operation.Call) (things []operation.Thing, notes []string, err error) {
	args, filter, own, untold := call.Args(), url.Values{}, call.Client().KeyHash(), 0
	for _, name := range []string{"user_id", "team_id", "organization_id", "status"} {
		if value := args.String(name); value != "" {
			filter.Set(name, value)
		}
	}
	if filter.Get("status") == "blocked" {
		filter.Set("status", "revoked") // the gateway's word
	}
	if search := args.String("search"); search != "" {
		filter.Set("search", operation.Unpattern(search))
	}
	for key, err := range keyCollection.All(ctx, call, filter) {
		switch {
		case err != nil:
			return nil, nil, err
		case !keyMatches(key, args, call.Now()):
		case operation.Word(operation.Lookup(key, "token")) == own && own != "":
			notes = append(notes, "Left out your own key, which matches; to delete it, name it")
		case args["unused"] != nil && useUntold(key):
			untold++
		default:
			things = append(things, keyThing(key))
		}
	}
	if untold > 0 {
		notes = append(notes, "Left out "+operation.Counted(untold, "key")+" with unknown last use")
	}
	return things, notes, nil
}

// useUntold reports whether a key was used although the gateway does not tell when: older
// ones have no such time.
func useUntold(key json.RawMessage) bool {
	if _, known := timeOf(key, "last_active"); known {
		return false
	}
	spent := func(field string) bool {
		var n float64
		return json.Unmarshal(operation.Lookup(key, field), &n) == nil && n > 0
	}
	tells := false
	for name := range secret.Fields(key) {
		tells = tells || string(name) == "last_active"
	}
	return !tells || spent("spend") || spent("total_spend")
}

// keyThing returns a key with what a question says about it.
func keyThing(key json.RawMessage) operation.Thing {
	about := operation.Args{}
	for _, name := range strings.Fields("user_id team_id last_active created_at expires") {
		if value := operation.NoNull(operation.Lookup(key, name)); value != nil {
			about[name] = value
		}
	}
	return operation.Thing{ID: slices.Clone(operation.Lookup(key, "token")), Name: operation.Word(operation.Lookup(key, "key_alias")), Item: operation.Encode(about)}
}

func keyMatches(key json.RawMessage, args operation.Args, now time.Time) bool {
	is := func(argument, field string) bool {
		want := args.String(argument)
		return want == "" || operation.Word(operation.LookupAny(key, field)) == want
	}
	search := strings.ToLower(args.String("search"))
	expires, ends := timeOf(key, "expires")
	expired, blocked := ends && !expires.After(now), string(operation.Lookup(key, "blocked")) == "true"
	switch {
	case !is("user_id", "user_id"), !is("team_id", "team_id"), !is("organization_id", "organization_id|org_id"):
		return false
	case search != "" && !strings.Contains(strings.ToLower(operation.Word(operation.Lookup(key, "key_alias"))), search):
		return false
	case string(args["expired"]) == "true" && !expired:
		return false
	case args["unused"] != nil && !unusedFor(key, now, args.String("unused")):
		return false
	}
	switch args.String("status") {
	case "active":
		return !expired && !blocked
	case "expired":
		return expired
	case "blocked", "revoked":
		return blocked
	}
	return true
}

// unusedFor reports whether a key was not used for a time such as 90d. A key that was
// never used counts from its creation.
func unusedFor(key json.RawMessage, now time.Time, text string) bool {
	last, known := lastUse(key)
	age, ok := operation.Duration(text)
	return known && ok && now.Sub(last) >= age
}

// lastUse returns when a key was last used, or else created.
func lastUse(key json.RawMessage) (time.Time, bool) {
	if last, ok := timeOf(key, "last_active"); ok {
		return last, true
	}
	return timeOf(key, "created_at")
}

// fewKeys is how many of the selected keys a question names; keyBatch is how many one
// request deletes.
const (
	fewKeys  = 20
	keyBatch = 100
)

// deleteSelected deletes the keys that the filters match, by their hashes.
func deleteSelected(ctx context.Context, call *operation.Call, in keysDeleteInput) (operation.Result, error) {
	things, err := selectedKeys(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	if n := len(things); call.Arg("expect") != nil && n != int(in.Expect) {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeUsage,
			Message: fmt.Sprintf("the filters match %s, but {expect} is %d; nothing was deleted", operation.Counted(n, "key"), in.Expect),
			Hint:    "preview the keys with a dry run"}
	}
	if call.Planning() {
		noteSelected(call, things)
	}
	parts, total := operation.NewParts(call, "deleted", ""), len(things)
	out := deletedKeys{DeletedKeys: []string{}, DeletedKeyAliases: []string{}}
	for batch := range slices.Chunk(things, keyBatch) {
		doomed := doomedKeys{}
		for _, thing := range batch {
			hash := operation.Word(thing.ID)
			doomed.add(hash, "key "+cmp.Or(thing.Name, hash), &out.DeletedKeys, hash)
		}
		if err := ctx.Err(); err != nil {
			doomed.report(parts, err)
			continue
		}
		doomed.remove(ctx, call, parts, "keys")
		call.Progress(len(out.DeletedKeys), total)
	}
	if total == 0 {
		return operation.Result{Body: operation.Encode(out), Done: "no key matches; nothing was deleted"}, nil
	}
	return parts.Result(operation.Encode(out))
}

// noteSelected describes the keys that match: the first ones by name, owner and last use.
func noteSelected(call *operation.Call, things []operation.Thing) {
	for _, thing := range things[:min(len(things), fewKeys)] {
		call.Note("Matches key " + describeKey(thing, call.Now()))
	}
	if more := len(things) - fewKeys; more > 0 {
		call.Note(fmt.Sprintf("Matches %d more", more))
	}
}

func describeKey(thing operation.Thing, now time.Time) string {
	words := []string{thing.Label()}
	for _, owner := range []string{"user", "team"} {
		if id := operation.Word(operation.Lookup(thing.Item, owner+"_id")); id != "" {
			words = append(words, owner+" "+operation.Name(id))
		}
	}
	if len(words) == 1 {
		words = append(words, "no owner")
	}
	if last, ok := timeOf(thing.Item, "last_active"); ok {
		words = append(words, "last used "+last.Format(time.DateOnly))
	} else if made, ok := timeOf(thing.Item, "created_at"); ok {
		words = append(words, "never used, created "+made.Format(time.DateOnly))
	}
	if expires, ok := timeOf(thing.Item, "expires"); ok && !expires.After(now) {
		words = append(words, "expired "+expires.Format(time.DateOnly))
	}
	return strings.Join(words, ", ")
}
