package sheet

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// Exporter exports one resource as rows that an import takes.
type Exporter struct {
	Resource   *Resource
	Operations operation.Catalog
	Env        operation.Env
	// Generated includes budgets that the gateway made for one key, customer or team.
	Generated bool

	columns []Column
	update  *operation.Operation
	aliases map[string]bool
}

// Exported is what an export wrote and what it left out.
type Exported struct {
	Items     int
	Generated int
	// Secrets are the values that were left out because they hold a secret: "team red:
	// metadata.logging".
	Secrets []string
	// Refused are rows that an import refuses, and why: "team t4 has no team_alias".
	Refused []string
}

// Columns returns the names of the columns of an export.
func (e *Exporter) Columns() []string {
	var names []string
	for _, c := range e.exported() {
		names = append(names, c.Name)
	}
	return names
}

func (e *Exporter) exported() []Column {
	return slices.DeleteFunc(e.Resource.Columns(e.Operations), func(c Column) bool { return !c.exported })
}

// Run writes the items page by page, so that memory does not grow with the list.
func (e *Exporter) Run(ctx context.Context, to *bulk.Writer) (*Exported, error) {
	out := &Exported{}
	r := e.Resource
	e.columns, e.aliases = e.exported(), map[string]bool{}
	var list *operation.Operation
	_, e.update, list = r.operations(e.Operations)
	call, err := operation.Prepare(ctx, e.Env, list, operation.Args{})
	if err != nil {
		return out, err
	}
	// Limits in budgets of their own come from the list of budgets, read once.
	env := e.Env
	env.Shared, env.Progress = operation.NewShared(), nil
	lookup, err := operation.Prepare(ctx, env, list, operation.Args{})
	if err != nil {
		return out, err
	}
	for page, err := range call.Pages(ctx) {
		if err != nil {
			return out, err
		}
		for _, item := range page.Page.Items {
			switch skip := r.skip(item); {
			case skip == "generated" && !e.Generated:
				out.Generated++
				continue
			case skip == "gateway":
				continue
			}
			if item, err = r.complete(ctx, e.Operations, lookup, item); err != nil {
				return out, err
			}
			values, hidden := e.row(item)
			out.Secrets = append(out.Secrets, hidden...)
			if why := e.refused(values); why != "" {
				out.Refused = append(out.Refused, fmt.Sprintf("%s %s %s", r.What, operation.Shown(operation.Word(operation.Lookup(item, r.ID))), why))
			}
			if err := to.Write(values); err != nil {
				return out, err
			}
			out.Items++
		}
	}
	return out, to.Close()
}

// refused says why an import refuses a row, or "".
func (e *Exporter) refused(values []json.RawMessage) string {
	r, args := e.Resource, operation.Args{}
	for i, c := range e.columns {
		if values[i] != nil {
			args[c.Property] = values[i]
		}
	}
	if !r.named(args) {
		return "has no " + operation.Or(r.Needs)
	}
	if r.Name == "budgets" && len(args) == 1 {
		return "has no limit"
	}
	alias := folded(r.Alias, args.String(r.Alias))
	if alias != "" && e.aliases[alias] {
		return "has the " + r.aliasWord() + " of another one, " + operation.Shown(alias)
	}
	e.aliases[alias] = true
	return ""
}

func (r *Resource) skip(item json.RawMessage) string {
	if r.Skip == nil {
		return ""
	}
	return r.Skip(operation.Word(operation.Lookup(item, r.ID)))
}

// row returns the values of an item for the columns, and the names of those with secrets.
func (e *Exporter) row(item json.RawMessage) (values []json.RawMessage, hidden []string) {
	r := e.Resource
	var members operation.Args
	if json.Unmarshal(item, &members) != nil {
		members = operation.Args{}
	}
	if r.Settle != nil {
		r.Settle(members)
		item = operation.Encode(members)
	}
	metadata := operation.Args{}
	_ = json.Unmarshal(members["metadata"], &metadata)
	inside := map[string]bool{} // members of metadata with a column of their own
	for _, name := range r.Own {
		inside[name] = true
	}
	values = make([]json.RawMessage, len(e.columns))
	for i, c := range e.columns {
		if c.Property == "metadata" {
			continue
		}
		value, there := members[c.Property]
		if !there || e.update.Update.At[c.Property] != "" {
			value, _ = e.update.Update.Stored(item, c.Property)
		}
		if metadata[c.Property] != nil {
			inside[c.Property] = true
		}
		values[i] = set(value)
	}
	for i, c := range e.columns {
		if c.Property == "metadata" {
			values[i] = set(without(members["metadata"], inside))
		}
		clean, lost := withoutSecrets(c.Property, values[i])
		if values[i] = set(clean); len(lost) > 0 {
			hidden = append(hidden, fmt.Sprintf("%s %s: %s", r.What, operation.Shown(operation.Word(operation.Lookup(item, r.ID))), strings.Join(lost, ", ")))
		}
	}
	return values, hidden
}

// set returns a value, or nil for one that says that nothing is set.
func set(value json.RawMessage) json.RawMessage {
	if isEmpty(value) || string(value) == "false" {
		return nil
	}
	return value
}

// without returns an object without some of its members.
func without(object json.RawMessage, names map[string]bool) json.RawMessage {
	var members operation.Args
	if json.Unmarshal(object, &members) != nil {
		return object
	}
	maps.DeleteFunc(members, func(name string, value json.RawMessage) bool { return names[name] || operation.NoNull(value) == nil })
	return operation.Encode(members)
}

// withoutSecrets returns a value without the members that hold a secret, and their names. A
// masked secret would be imported as the mask.
func withoutSecrets(name string, value json.RawMessage) (json.RawMessage, []string) {
	alone := func(name string, value json.RawMessage) bool {
		object := operation.Encode(operation.Args{name: value})
		return string(secret.JSON(object)) != string(object)
	}
	if value == nil || plainValue(value) || !alone(name, value) {
		return value, nil
	}
	var members operation.Args
	if json.Unmarshal(value, &members) != nil || members == nil {
		return nil, []string{name}
	}
	var lost []string
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if alone(member, members[member]) {
			lost = append(lost, name+"."+operation.Shown(member))
			delete(members, member)
		}
	}
	if len(lost) == 0 || alone(name, operation.Encode(members)) {
		return nil, []string{name}
	}
	return operation.Encode(members), lost
}

// plainValue reports whether a value is a number or a boolean, which are no secrets.
func plainValue(value json.RawMessage) bool {
	return strings.ContainsAny(string(value[:1]), "-0123456789tf")
}
