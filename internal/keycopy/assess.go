package keycopy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// Options are what the person decides about an import.
type Options struct {
	// IncludeExpired copies expired keys too, as expired keys.
	IncludeExpired bool
	// RestartBudgets copies keys with model budgets or budget windows although what they
	// spent in the current period cannot be carried over.
	RestartBudgets bool
	// From is the gateway that the source is, whose teams and users are compared with the
	// target's; nil for a file.
	From *proxyclient.Client
}

// verdict is what is to be done with a key of the source.
type verdict int

const (
	create  verdict = iota + 1
	exists          // the target has a key with this alias, or the copy
	repair          // a copy of an earlier run is less limited than it must be
	expired         // left out
	refused         // cannot be copied as it is
)

// assessment is a verdict with what follows from it.
type assessment struct {
	key     string // hash of the source; "" in a file without it
	mark    string // hash of the key that the source is a copy of, or ""
	alias   string
	verdict verdict
	faults  []string // why it is refused, or in what the existing key is less limited
	want    operation.Args
	spend   json.RawMessage
	expires time.Time // zero: never
	copy    *present  // of exists and repair
	left    []string  // members of the metadata that stay behind
}

// Name names the key to people.
func (a *assessment) Name() string {
	if a.alias != "" {
		return a.alias
	}
	if a.key == "" {
		return "key without a name"
	}
	return "key " + a.key
}

// assess decides about one key. Its error ends the import.
func (c *Copier) assess(ctx context.Context, key json.RawMessage) (*assessment, error) {
	a := &assessment{key: text(key, "token"), alias: text(key, "key_alias"), mark: text(key, "metadata."+Mark), want: limits(key), spend: operation.NoNull(operation.Lookup(key, "spend"))}
	if a.unidentified() {
		return a, nil
	}
	if said := operation.NoNull(operation.Lookup(key, "expires")); said != nil {
		var known bool
		if a.expires, known = timeOf(key, "expires"); !known {
			a.faults = append(a.faults, fmt.Sprintf("expires (%s) is not a date", brief(said)))
		}
	}
	for name, value := range secret.Members(operation.Lookup(key, "metadata")) {
		if encrypted(value) {
			a.left = append(a.left, "metadata."+string(name))
		}
	}
	gone := !a.expires.IsZero() && !a.expires.After(time.Now()) && !c.options.IncludeExpired
	twin := !gone && c.twin(a)
	found := c.present(a, !twin && !gone)
	if twin && (!found || a.verdict == repair) {
		a.faults = append(a.faults, "another key of the source has this alias too; rename one of them")
		a.verdict = refused
		return a, nil
	}
	if found {
		return a, nil
	}
	if gone {
		a.verdict = expired
		return a, nil
	}
	a.faults = append(a.faults, c.uncarried(key, a)...)
	if err := c.lacking(ctx, key, a); err != nil {
		return nil, err
	}
	a.verdict = create
	if len(a.faults) > 0 {
		a.verdict = refused
		return a, nil
	}
	c.target.lacksModels(a.want)
	c.owners.compare(ctx, c.target, a.want)
	return a, nil
}

// unidentified refuses a key that a later import would not know again.
func (a *assessment) unidentified() bool {
	switch {
	case a.key == "" && a.alias == "":
		a.faults = []string{"has neither key_alias nor token, so a second import would copy it again"}
	case strings.HasPrefix(a.key, "sk-"): // a copy shows the token of its source
		a.key, a.faults = "", []string{"token is a key; give its hash, or leave it out"}
	default:
		return false
	}
	a.verdict = refused
	return true
}

// lacking adds what the target lacks of what a key needs, and a budget that allows more there.
func (c *Copier) lacking(ctx context.Context, key json.RawMessage, a *assessment) error {
	lacks, err := c.target.lacks(ctx, a.want)
	if err != nil {
		return err
	}
	a.faults = append(a.faults, lacks...)
	id := operation.Word(a.want["budget_id"])
	if id == "" {
		return nil
	}
	why, err := c.target.tier(ctx, id, operation.NoNull(operation.Lookup(key, "litellm_budget_table")))
	if why != "" {
		a.faults = append(a.faults, why)
	}
	return err
}

// twin reports whether another key of the source came first with the same alias: what the
// target has under it is not this key.
func (c *Copier) twin(a *assessment) bool {
	if a.alias == "" || a.key == "" {
		return false
	}
	first, known := c.aliases[a.alias]
	if !known {
		c.aliases[a.alias] = a.key
	}
	return known && first != a.key
}

// present looks for the key or its copy on the target, by alias too if it tells the key, and
// compares them.
func (c *Copier) present(a *assessment, byAlias bool) bool {
	for i, p := range []*present{c.target.byToken[a.key], c.target.byToken[a.mark], c.target.byMark[a.key], c.target.byAlias[a.alias]} {
		if p == nil || i == 3 && !byAlias {
			continue
		}
		a.copy, a.verdict = p, exists
		if p.token == a.key || p.token == a.mark {
			return true // the key itself, or what it was copied from
		}
		a.faults = append(looser(a.want, p.limits()), a.outlives(p.expires)...)
		if len(a.faults) > 0 && a.key != "" && p.mark == a.key && !p.touched {
			a.verdict = repair
		}
		return true
	}
	return false
}

// outlives says that a copy works longer than its source; a zero time is never.
func (a *assessment) outlives(at time.Time) []string {
	if a.expires.IsZero() || !at.IsZero() && (!at.After(a.expires) || !at.After(time.Now())) {
		return nil
	}
	return []string{later}
}

// uncarried returns why a copy of the key would be less limited, or would not be the same.
func (c *Copier) uncarried(key json.RawMessage, a *assessment) (faults []string) {
	for name, value := range secret.Members(key) {
		if !known(string(name)) && !empty(value) && string(value) != "0" {
			faults = append(faults, fmt.Sprintf("%s cannot be carried over: this version does not know it", operation.Name(string(name))))
		}
	}
	if !empty(operation.Lookup(key, "agent_id")) {
		faults = append(faults, "agent_id cannot be carried over: agents are the source's own")
	}
	permission := operation.NoNull(operation.Lookup(key, "object_permission"))
	restricts := permission == nil && !empty(operation.Lookup(key, "object_permission_id"))
	for name, value := range secret.Members(permission) {
		restricts = restricts || !empty(value) && string(name) != "object_permission_id"
	}
	if restricts {
		faults = append(faults, "object_permission cannot be carried over: it names servers and stores of the source")
	}
	if spent, _ := numberOf(a.spend); spent > 0 && !c.options.RestartBudgets {
		for _, name := range []string{"model_max_budget", "budget_limits"} {
			if a.want[name] != nil {
				faults = append(faults, name+" would start again at 0 on the target; to accept that, use --restart-budgets")
			}
		}
	}
	slices.Sort(faults)
	return faults
}

func numberOf(value json.RawMessage) (n float64, ok bool) {
	return n, json.Unmarshal(value, &n) == nil
}

// body is the request for the copy: its settings, its value, the mark, and the time that it
// has left.
func (c *Copier) body(a *assessment, value string) operation.Args {
	body := operation.Args{"key": operation.Encode(value)}
	for name, setting := range a.want {
		body[name] = setting
	}
	if spent, _ := numberOf(a.spend); spent > 0 {
		body["spend"] = a.spend
	}
	if a.key != "" {
		metadata := secret.Object{}
		for name, member := range secret.Members(a.want["metadata"]) {
			metadata = append(metadata, secret.Member{Name: string(name), Value: member})
		}
		body["metadata"] = secret.Encode(append(metadata, secret.Member{Name: Mark, Value: a.key}))
	}
	if !a.expires.IsZero() {
		body["duration"] = operation.Encode(fmt.Sprintf("%ds", c.secondsLeft(a.expires)))
	}
	return body
}

// spare is how much earlier than its source a copy expires at least, beside what the target
// takes to answer.
const spare = 2 * time.Second

// later is the fault of a copy that outlives its source.
const later = "expires later"

// secondsLeft returns the whole seconds until a time by the target's clock, rounded down.
func (c *Copier) secondsLeft(expires time.Time) int {
	left := expires.Sub(time.Now().Add(c.target.ahead + spare + 2*time.Duration(c.slow.Load())))
	return max(int(left/time.Second), 0)
}

// unlike returns in what the target's answer is less limited than what was asked.
func (a *assessment) unlike(answer json.RawMessage) []string {
	faults := looser(a.want, limits(answer))
	at, _ := timeOf(answer, "expires")
	faults = append(faults, a.outlives(at)...)
	if spent, _ := numberOf(a.spend); spent > 0 {
		if got, ok := numberOf(operation.Lookup(answer, "spend")); !ok || got < spent {
			faults = append(faults, "spend is less")
		}
	}
	return faults
}

// unsaid returns the settings that an answer does not mention.
func (a *assessment) unsaid(answer json.RawMessage) bool {
	for name := range a.want {
		if name != "organization_id" && name != "soft_budget" && operation.Lookup(answer, name) == nil {
			return true
		}
	}
	return false
}

func join(faults []string) string { return strings.Join(faults, "; ") }
