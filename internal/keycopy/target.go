package keycopy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// target is what the gateway that the copies go to has.
type target struct {
	client *proxyclient.Client
	call   *operation.Call // looks things up, each list once
	refers map[string]*operation.Collection

	byToken map[string]*present
	byMark  map[string]*present
	byAlias map[string]*present
	models  map[string]bool // nil: the gateway does not tell
	ahead   time.Duration   // of the target's clock before this machine's

	missing map[string]map[string]int // field → identifier → number of keys that have it
}

// present is a key that the target has.
type present struct {
	token, mark string
	touched     bool // somebody changed or used it after its creation
	expires     time.Time
	packed      json.RawMessage // its limits: there may be many keys
}

// limits returns the settings of the key.
func (p *present) limits() (limits operation.Args) {
	_ = json.Unmarshal(p.packed, &limits)
	return limits
}

// openTarget reads the target's keys and models. list and generate are the operations "keys
// list" and "keys generate".
func openTarget(ctx context.Context, client *proxyclient.Client, list, generate *operation.Operation) (*target, error) {
	t := &target{client: client, refers: map[string]*operation.Collection{}, missing: map[string]map[string]int{},
		byToken: map[string]*present{}, byMark: map[string]*present{}, byAlias: map[string]*present{}}
	for _, f := range generate.Fields() {
		if f.Refers != nil {
			t.refers[f.Name] = f.Refers
		}
	}
	var err error
	t.call, err = operation.Prepare(ctx, operation.Env{Client: client, Shared: operation.NewShared()}, list, operation.Args{})
	if err != nil {
		return nil, err
	}
	for key, err := range Gateway(client, list, func(string) {})(ctx) {
		if err != nil {
			return nil, fmt.Errorf("the keys of the target: %w", err)
		}
		t.add(key)
	}
	if err := t.readModels(ctx); err != nil {
		return nil, err
	}
	return t, t.readClock(ctx)
}

func (t *target) add(key json.RawMessage) {
	p := &present{token: text(key, "token"), mark: text(key, "metadata."+Mark), packed: operation.Encode(limits(key))}
	p.touched = !empty(operation.Lookup(key, "settings_updated_at")) || !empty(operation.Lookup(key, "last_active"))
	p.expires, _ = timeOf(key, "expires")
	alias := strings.Clone(text(key, "key_alias"))
	t.byToken[p.token] = p
	if p.mark != "" {
		t.byMark[p.mark] = p
	}
	if alias != "" {
		t.byAlias[alias] = p
	}
}

// readModels reads the names that a key's models can have. Where the gateway refuses that,
// models are not compared.
func (t *target) readModels(ctx context.Context) error {
	body, err := t.client.JSON(ctx, proxyclient.Request{Path: "/models", Read: true, Method: "GET",
		Query: url.Values{"return_wildcard_routes": {"true"}, "include_model_access_groups": {"true"}}})
	if operation.IsRefused(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the models of the target: %w", err)
	}
	t.models = map[string]bool{"all-team-models": true, "all-proxy-models": true, "no-default-models": true, "*": true}
	for model := range secret.Elements(operation.Lookup(body, "data")) {
		t.models[text(model, "id")] = true
	}
	return nil
}

// readClock compares the target's clock with this machine's: a key's expiry is sent as the
// time that it has left.
func (t *target) readClock(ctx context.Context) error {
	before := time.Now()
	answer, err := t.client.Do(ctx, proxyclient.Request{Method: "GET", Path: "/health/liveliness", Read: true})
	if err != nil {
		return fmt.Errorf("the target: %w", err)
	}
	if at, err := time.Parse(time.RFC1123, answer.Header.Get("Date")); err == nil {
		// The header has whole seconds, rounded down.
		t.ahead = max(at.Add(time.Second).Sub(before), 0)
	}
	return nil
}

// lacks returns what a key needs and the target does not have, in words, and counts it.
func (t *target) lacks(ctx context.Context, want operation.Args) (faults []string, err error) {
	for _, name := range []string{"team_id", "user_id", "organization_id", "budget_id", "project_id"} {
		id := operation.Word(want[name])
		collection := t.refers[name]
		if id == "" || collection == nil {
			continue
		}
		item, _, err := collection.SharedItem(ctx, t.call, id, "")
		switch {
		case refuses(err):
			faults = append(faults, fmt.Sprintf("the target does not list its %s: %v", plural.Of(collection.What), err))
		case err != nil:
			return nil, fmt.Errorf("the %s of the target: %w", plural.Of(collection.What), err)
		case item == nil:
			t.count(name, id)
			faults = append(faults, fmt.Sprintf("the target has no %s %s", collection.What, operation.Name(id)))
		}
	}
	return faults, nil
}

// refuses reports whether the gateway does not give something to this caller, or needs a
// license for it.
func refuses(err error) bool {
	e := operation.AsError(err)
	return operation.IsRefused(err) || e != nil && (e.Status == http.StatusForbidden || e.Code == proxyclient.CodeUnsupported)
}

// lacksModels counts the models of a key that the target does not have. The copy is made: it
// cannot use them.
func (t *target) lacksModels(want operation.Args) {
	var models []string
	if t.models == nil || json.Unmarshal(want["models"], &models) != nil {
		return
	}
	for _, name := range models {
		if !t.models[name] && !strings.Contains(name, "*") {
			t.count("models", name)
		}
	}
}

func (t *target) count(field, id string) {
	if t.missing[field] == nil {
		t.missing[field] = map[string]int{}
	}
	t.missing[field][id]++
}

// tier compares the budget that a key uses with the target's of the same ID.
func (t *target) tier(ctx context.Context, id string, source json.RawMessage) (string, error) {
	item, _, err := t.refers["budget_id"].SharedItem(ctx, t.call, id, "")
	if err != nil || item == nil {
		return "", err // said by lacks
	}
	if source == nil {
		return fmt.Sprintf("the source does not tell the limits of budget %s", operation.Name(id)), nil
	}
	want, got := operation.Args{}, operation.Args{}
	for _, name := range tierLimits {
		for of, from := range map[*operation.Args]json.RawMessage{&want: source, &got: item} {
			if value := operation.Lookup(from, name); !empty(value) {
				(*of)[name] = value
			}
		}
	}
	if faults := looser(want, got); len(faults) > 0 {
		return fmt.Sprintf("budget %s of the target allows more: %s", operation.Name(id), strings.Join(faults, "; ")), nil
	}
	return "", nil
}

// Missing says what keys need and the target does not have, a sentence for each kind.
func (t *target) Missing() (sentences []string) {
	for _, name := range slices.Sorted(maps.Keys(t.missing)) {
		what := "model"
		if c := t.refers[name]; name != "models" && c != nil {
			what = c.What
		}
		ids := slices.Sorted(maps.Keys(t.missing[name]))
		shown := make([]string, 0, len(ids))
		for _, id := range ids[:min(len(ids), mostMissing)] {
			shown = append(shown, fmt.Sprintf("%s (%s)", operation.Name(id), operation.Counted(t.missing[name][id], "key")))
		}
		if more := len(ids) - len(shown); more > 0 {
			shown = append(shown, fmt.Sprintf("and %d more", more))
		}
		sentence := fmt.Sprintf("The target lacks %s: %s", operation.Counted(len(ids), what), strings.Join(shown, ", "))
		if name == "models" {
			sentence += "; the copies cannot use them"
		}
		sentences = append(sentences, sentence)
	}
	return sentences
}

// mostMissing is how many missing things of a kind are named.
const mostMissing = 50
