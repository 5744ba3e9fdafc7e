package sheet

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// isFatal reports whether an error is about the gateway or the key, not about a row.
func isFatal(e *proxyclient.Error) bool {
	switch e.Code {
	case proxyclient.CodeUsage, proxyclient.CodeInvalid, proxyclient.CodeNotFound, proxyclient.CodeConflict:
		return false
	}
	return true
}

// Count calls each with what becomes of every row, in order.
func (p *Plan) Count(each func(name string, do bulk.State, reason string)) {
	for _, e := range p.entries {
		each(e.name, e.do, e.reason)
	}
}

// Planned returns what would become of every row.
func (p *Plan) Planned() iter.Seq[bulk.Outcome] {
	return func(yield func(bulk.Outcome) bool) {
		words := map[bulk.State]bulk.State{bulk.Created: "to create", bulk.Changed: "to change"}
		for _, e := range p.entries {
			state := e.do
			if word := words[state]; word != "" {
				state = word
			}
			if !yield(bulk.Outcome{Name: e.name, State: state, ID: e.id, Reason: e.reason}) {
				return
			}
		}
	}
}

// Items returns what is to be done, a row each.
func (p *Plan) Items() iter.Seq[bulk.Item] {
	return func(yield func(bulk.Item) bool) {
		for _, e := range p.entries {
			if !yield(bulk.Item{Name: e.name, Do: func(ctx context.Context) (bulk.Outcome, error) { return p.importer.do(ctx, e) }}) {
				return
			}
		}
	}
}

// do sends what a row needs.
func (i *Importer) do(ctx context.Context, e entry) (bulk.Outcome, error) {
	out := bulk.Outcome{State: e.do, ID: e.id, Reason: e.reason}
	op, args := i.create, e.args
	switch e.do {
	case bulk.Unchanged:
		return out, nil
	case bulk.Failed:
		return out, operation.Usage(e.reason)
	case bulk.Changed:
		op, args = i.update, e.change
	}
	env := i.Env
	env.Progress = nil
	if e.do == bulk.Changed {
		env.Shared = nil // an update reads the item as it is now
	}
	call, err := operation.Prepare(ctx, env, op, args)
	if err != nil {
		return out, err
	}
	call.Waive()
	result, err := call.Run(ctx)
	if err != nil {
		return i.settled(ctx, e, out, err)
	}
	if id := operation.Word(operation.Lookup(result.Body, i.Resource.ID)); id != "" {
		out.ID = id
	}
	if len(result.Failed) > 0 {
		return out, operation.Usage(result.Failed[0].Why)
	}
	return out, nil
}

// settled looks at the gateway after a write whose answer was lost or says that the gateway
// failed, or that it refused because the item exists: an import that was broken off may have
// been at work on it still. If the item is as the row says, the row is done.
func (i *Importer) settled(ctx context.Context, e entry, out bulk.Outcome, failed error) (bulk.Outcome, error) {
	refused := operation.AsError(failed)
	if refused == nil || e.do != bulk.Created || e.id == "" {
		return out, failed
	}
	lost := bulk.StateAfter(failed) == bulk.Unknown || refused.Status >= http.StatusInternalServerError
	if !lost && refused.Status != 400 && refused.Status != 409 {
		return out, failed
	}
	env := i.Env
	env.Progress, env.Shared = nil, nil
	call, err := operation.Prepare(ctx, env, i.update, operation.Args{i.Resource.ID: operation.Encode(e.id)})
	if err != nil {
		return out, failed
	}
	item, err := i.update.Update.Present(ctx, call)
	if err != nil || operation.NoNull(item) == nil {
		return out, failed
	}
	args, err := i.resolved(ctx, e.args)
	if err != nil || len(i.Resource.differing(i.update, args, item)) > 0 {
		return out, failed
	}
	if out.State = bulk.Created; !lost {
		out.State, out.Reason = bulk.Unchanged, "it was created meanwhile"
	}
	return out, nil
}

// complete adds the limits that an item keeps in a budget of its own, out of the list of
// budgets.
func (i *Importer) complete(ctx context.Context, item json.RawMessage) (json.RawMessage, error) {
	return i.Resource.complete(ctx, i.Operations, i.lookup, item)
}

func (r *Resource) complete(ctx context.Context, all operation.Catalog, lookup *operation.Call, item json.RawMessage) (json.RawMessage, error) {
	if r.Budgets == "" || operation.NoNull(operation.Lookup(item, r.Table)) != nil {
		return item, nil
	}
	id := operation.Word(operation.NoNull(operation.Lookup(item, r.Budgets)))
	var members operation.Args
	if json.Unmarshal(item, &members) != nil {
		return item, nil
	}
	members[r.Table] = json.RawMessage(`{"max_budget":null,"budget_duration":null,"tpm_limit":null,"rpm_limit":null}`)
	if id != "" {
		budget, _, err := all.Find("budgets list").Collection().SharedItem(ctx, lookup, id, "")
		if err != nil {
			return nil, err
		}
		if budget != nil {
			members[r.Table] = budget
		}
	}
	return operation.Encode(members), nil
}
