package sheet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
)

// Importer imports one resource.
type Importer struct {
	Resource   *Resource
	Operations operation.Catalog
	// Env is that of every call; the import adds what its calls share.
	Env operation.Env
	// Update changes items that exist and differ.
	Update bool

	create, update, list *operation.Operation
	lookup               *operation.Call // reads the lists that the calls share
}

// entry is a row with what is to become of it.
type entry struct {
	row
	name string
	do   bulk.State // Created, Changed, Unchanged, or Failed for what cannot be done
	// change is the arguments of the update operation.
	change operation.Args
	reason string
	id     string
}

// Plan is what an import does, found out without sending a write.
type Plan struct {
	importer *Importer
	entries  []entry
	// Faults are what is wrong with the file; with one, nothing is to be sent.
	Faults []Fault
	// Notes are what the create operation says about rows, each once, with the number of
	// rows.
	Notes []string
}

// Plan reads a file and compares its rows with what the gateway has. The lists that the
// rows refer to are read once.
func (i *Importer) Plan(ctx context.Context, rows iter.Seq2[bulk.Row, error]) (*Plan, error) {
	r := i.Resource
	i.create, i.update, i.list = r.operations(i.Operations)
	i.Env.Shared = operation.NewShared()
	p := &Plan{importer: i}
	loaded, faults := r.load(i.Operations, rows)
	if p.Faults = faults; len(faults) > 0 || len(loaded) == 0 {
		return p, nil
	}
	var err error
	if i.lookup, err = operation.Prepare(ctx, i.Env, i.list, operation.Args{}); err != nil {
		return nil, err
	}
	notes := map[string]int{}
	for _, row := range loaded {
		e, err := i.entry(ctx, row)
		if err == nil && e.do == bulk.Created {
			err = i.checked(ctx, e, notes)
		}
		if code := operation.AsError(err); err != nil && (code == nil || isFatal(code)) {
			return nil, err
		}
		if err != nil {
			p.Faults = append(p.Faults, Fault{row.line, unprefixed(plain(err), i.create.Path+": ", "not found: ")})
			continue
		}
		p.entries = append(p.entries, e)
	}
	for _, note := range slices.Sorted(maps.Keys(notes)) {
		if n := notes[note]; n > 1 {
			note = fmt.Sprintf("%s (%s)", note, operation.Counted(n, "row"))
		}
		p.Notes = append(p.Notes, note)
	}
	return p, nil
}

// entry compares a row with the gateway.
func (i *Importer) entry(ctx context.Context, row row) (entry, error) {
	r := i.Resource
	e := entry{row: row, name: fmt.Sprintf("line %d: %s", row.line, operation.Shown(r.name(row.args))), do: bulk.Created}
	id, alias := row.args.String(r.ID), row.args.String(r.Alias)
	of := i.list.Collection()
	item, named, err := of.SharedItem(ctx, i.lookup, id, alias)
	if err != nil {
		return e, err
	}
	switch {
	case id != "" && len(named) > 0 && (item == nil || i.Update && !has(named, r.ID, id)):
		return e, operation.Usage(fmt.Sprintf("%s %s is taken by %s %s", r.aliasWord(), operation.Shown(alias), r.What, operation.Word(operation.Lookup(named[0], r.ID))))
	case id == "" && len(named) > 1:
		return e, operation.Usage(fmt.Sprintf("%s have the %s %s; give the %s of one", operation.Counted(len(named), r.What), r.aliasWord(), operation.Shown(alias), r.ID))
	case id == "" && len(named) == 1:
		item = named[0]
	}
	if item == nil {
		if id == "" && r.Derived {
			id, err = i.derive(ctx, alias)
			e.args = r.withID(e.args, operation.Encode(id))
		}
		e.id = id
		return e, err
	}
	e.id = operation.Word(operation.Lookup(item, r.ID))
	item, err = i.complete(ctx, item)
	if err != nil {
		return e, err
	}
	return e, i.compare(ctx, &e, item)
}

// has reports whether one of the items has this ID.
func has(items []json.RawMessage, property, id string) bool {
	return slices.ContainsFunc(items, func(item json.RawMessage) bool { return operation.Word(operation.Lookup(item, property)) == id })
}

// resolved returns arguments with the IDs of the things that an item belongs to.
func (i *Importer) resolved(ctx context.Context, args operation.Args) (operation.Args, error) {
	for _, property := range slices.Sorted(maps.Keys(i.Resource.Joins)) {
		ids := slices.Clone(args.List(property))
		of := i.Operations.Find(i.Resource.Joins[property]).Collection()
		for n, id := range ids {
			item, named, err := of.SharedItem(ctx, i.lookup, id, id)
			switch {
			case err != nil:
				return nil, err
			case item == nil && len(named) == 0:
				return nil, operation.Usage(of.What + " " + operation.Shown(id) + " does not exist")
			case item == nil:
				ids[n] = operation.Word(operation.Lookup(named[0], of.ID))
			}
		}
		if len(ids) > 0 {
			args = args.With(property, ids)
		}
	}
	return args, nil
}

// named reports whether a row says which item it is about.
func (r *Resource) named(args operation.Args) bool {
	return slices.ContainsFunc(r.Needs, func(property string) bool { return args.String(property) != "" })
}

// folded is a value as it is compared with others: letter case does not count in an email
// address.
func folded(property, value string) string {
	if property == "user_email" {
		return strings.ToLower(value)
	}
	return value
}

// aliasWord is the word for the alias: alias, email.
func (r *Resource) aliasWord() string { return r.Alias[strings.LastIndexByte(r.Alias, '_')+1:] }

// space is the name space of derived IDs. It must never change.
var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte("litellm-proxy import"))

// derive returns the ID of a new item with this alias: always the same one, so that an item
// is not created twice, however often and whenever an import is broken off. An ID that an
// item with another alias has is passed over: that item was renamed.
func (i *Importer) derive(ctx context.Context, alias string) (string, error) {
	r := i.Resource
	for n := 0; ; n++ {
		id := derived(r.Name, n, folded(r.Alias, alias))
		item, _, err := i.list.Collection().SharedItem(ctx, i.lookup, id, "")
		if err != nil || item == nil {
			return id, err
		}
	}
}

func derived(resource string, n int, alias string) string {
	return uuid.NewSHA1(space, fmt.Appendf(nil, "%s %d %s", resource, n, alias)).String()
}

// checked prepares the call of a new item and drops it: what the operation refuses is told
// before anything is sent.
func (i *Importer) checked(ctx context.Context, e entry, notes map[string]int) error {
	env := i.Env
	env.Progress = nil
	call, err := operation.Prepare(ctx, env, i.create, e.args)
	if err != nil {
		return err
	}
	plan, err := call.Plan(ctx)
	if err != nil {
		return err
	}
	for _, note := range plan.Notes {
		notes[columnWords(note)]++
	}
	return nil
}

// compare sets what becomes of an item that exists.
func (i *Importer) compare(ctx context.Context, e *entry, item json.RawMessage) error {
	e.do = bulk.Unchanged
	args, err := i.resolved(ctx, e.args)
	if err != nil {
		return err
	}
	differing := i.Resource.differing(i.update, args, item)
	if len(differing) == 0 {
		return nil
	}
	var words, fixed []string
	e.change = operation.Args{i.Resource.ID: operation.Encode(e.id)}
	extra := operation.Args{}
	for _, name := range slices.Sorted(maps.Keys(differing)) {
		stored, _ := i.update.Update.Stored(item, name)
		words = append(words, i.difference(name, differing[name], stored)...)
		_, declared := i.update.Field(name)
		switch {
		case i.Resource.Joins[name] != "" || !declared && !slices.Contains(i.update.Documented(), name):
			fixed = append(fixed, name)
		case declared:
			e.change[name] = differing[name]
		default:
			extra[name] = differing[name]
		}
	}
	if len(extra) > 0 {
		e.change[operation.ExtraField] = operation.Encode(extra)
	}
	e.reason = "differs: " + strings.Join(words, ", ")
	if !i.Update {
		return nil
	}
	if len(fixed) > 0 {
		e.do, e.reason = bulk.Failed, fmt.Sprintf("%s; %s cannot change %s", e.reason, i.update.Path, strings.Join(fixed, ", "))
		if slices.Contains(fixed, "teams") {
			e.reason += "; use teams member-add"
		}
		return nil
	}
	e.do = bulk.Changed
	return i.update.Validate(e.change)
}

// difference words how a value differs from the stored one: "max_budget 10 → 20". Of an
// object, it words the members that differ.
func (i *Importer) difference(name string, asked, stored json.RawMessage) (words []string) {
	var members, is operation.Args
	_ = json.Unmarshal(stored, &is)
	if json.Unmarshal(asked, &members) != nil || len(members) == 0 {
		return []string{fmt.Sprintf("%s %s → %s", name, settingWords(name, stored), settingWords(name, asked))}
	}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if !i.update.Update.Holds(members[member], is[member]) {
			words = append(words, fmt.Sprintf("%s.%s %s → %s", name, operation.Shown(member), settingWords(member, is[member]), settingWords(member, members[member])))
		}
	}
	return words
}

// settingWords words a value in a difference.
func settingWords(name string, value json.RawMessage) string {
	text := operation.Words(value)
	switch {
	case isEmpty(value):
		return "unset"
	case operation.IsSecret(name):
		return "(hidden)"
	case len(text) > 60:
		return "…"
	}
	return operation.Shown(text)
}

// differing returns the arguments whose values an item does not have. A property that the
// gateway does not show is taken to be as asked.
func (r *Resource) differing(update *operation.Operation, args operation.Args, item json.RawMessage) operation.Args {
	given, extra := maps.Clone(args), operation.Args{}
	_ = json.Unmarshal(args[operation.ExtraField], &extra)
	maps.Copy(given, extra)
	for name := range r.Fixed {
		delete(given, name)
	}
	delete(given, operation.ExtraField)
	delete(given, r.ID)
	out := operation.Args{}
	for name, asked := range given {
		stored, told := update.Update.Stored(item, name)
		switch {
		case !told || isEmpty(asked) && isEmpty(stored):
		case r.Joins[name] != "" && within(asked, stored):
		case update.Update.Holds(asked, stored):
		default:
			out[name] = asked
		}
	}
	return out
}

// within reports whether a list has all items of another one.
func within(items, list json.RawMessage) bool {
	var some, all []string
	if json.Unmarshal(items, &some) != nil || json.Unmarshal(list, &all) != nil {
		return false
	}
	return !slices.ContainsFunc(some, func(item string) bool { return !slices.Contains(all, item) })
}

// isEmpty reports whether a value says that nothing is set.
func isEmpty(value json.RawMessage) bool {
	switch string(bytes.TrimSpace(value)) {
	case "", "null", `""`, "[]", "{}":
		return true
	}
	return false
}
