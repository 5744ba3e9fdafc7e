package keycopy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// owners compares the teams and users of the source with the target's: a copy keeps its own
// limits, but is under those of its owner there.
type owners struct {
	source *operation.Call // nil: a file, which does not tell them
	looser map[string]string
	keys   map[string]int // number of keys of each owner that allows more
	failed error
}

// openOwners returns the comparison with the gateway that source reads; nil is a file.
func openOwners(ctx context.Context, source *proxyclient.Client, list *operation.Operation) (*owners, error) {
	o := &owners{looser: map[string]string{}, keys: map[string]int{}}
	if source == nil {
		return o, nil
	}
	var err error
	o.source, err = operation.Prepare(ctx, operation.Env{Client: source, Shared: operation.NewShared()}, list, operation.Args{})
	return o, err
}

// compare counts a key if its team, or without a team its user, allows more on the target.
func (o *owners) compare(ctx context.Context, t *target, want operation.Args) {
	field := "team_id"
	if want[field] == nil {
		field = "user_id"
	}
	id, collection := operation.Word(want[field]), t.refers[field]
	if o.source == nil || o.failed != nil || id == "" || collection == nil {
		return
	}
	name := collection.What + " " + operation.Name(id)
	if _, known := o.looser[name]; !known {
		from, _, err := collection.SharedItem(ctx, o.source, id, "")
		if err != nil {
			o.failed = fmt.Errorf("the source's %s: %w", plural.Of(collection.What), err)
			return
		}
		to, _, err := collection.SharedItem(ctx, t.call, id, "")
		if err != nil {
			o.failed = fmt.Errorf("the target's %s: %w", plural.Of(collection.What), err)
			return
		}
		o.looser[name] = join(looser(ownLimits(from), ownLimits(to)))
	}
	if o.looser[name] != "" {
		o.keys[name]++
	}
}

// ownLimits returns the limits of a team or a user.
func ownLimits(owner []byte) operation.Args {
	out, all := operation.Args{}, limits(owner)
	for _, name := range strings.Fields("max_budget budget_duration budget_limits tpm_limit rpm_limit tpd_limit max_parallel_requests model_max_budget models blocked") {
		if all[name] != nil {
			out[name] = all[name]
		}
	}
	return out
}

// notes names the owners that allow more, and says what could not be compared.
func (o *owners) notes() (notes []string) {
	for _, name := range slices.Sorted(maps.Keys(o.keys)) {
		if len(notes) == mostMissing {
			notes = append(notes, fmt.Sprintf("and %d more", len(o.keys)-mostMissing))
			break
		}
		notes = append(notes, fmt.Sprintf("The target's %s allows more than the source's (%s): it has %s of the source", name, o.looser[name], operation.Counted(o.keys[name], "key")))
	}
	if o.failed != nil {
		notes = append(notes, fmt.Sprintf("The limits of teams and users were not compared: %v", o.failed))
	}
	return notes
}
