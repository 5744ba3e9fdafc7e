// Package operation declares, prepares, confirms and runs management operations.
//
// An [Operation] is one value: its words, input, effect, request and columns. The
// command line and the MCP server are built from these values; this package knows
// neither.
//
// [Prepare] makes a [Call] from an operation and its arguments, with everything resolved
// once. [Call.Plan] returns the requests that it would send, [Call.Question] words them
// for a person, [Call.Approve] binds the call to what was shown, and [Call.Run] runs it.
package operation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"litellm-proxy/internal/secret"
)

// Effect is what an operation does to the gateway. The zero value is invalid, so that no
// operation forgets to declare it.
type Effect int

const (
	// Read changes nothing and is retried automatically.
	Read Effect = iota + 1
	// Write changes something, and does so again if repeated.
	Write
	// Set changes something to a given state; repeating it changes nothing more.
	Set
	// Destructive removes something for good. It is confirmed.
	Destructive
)

// String returns the effect's name in lower case.
func (e Effect) String() string {
	switch e {
	case Read:
		return "read"
	case Write:
		return "write"
	case Set:
		return "set"
	case Destructive:
		return "destructive"
	}
	return "unknown"
}

// Operation is one management operation, for all surfaces.
type Operation struct {
	// Path is the words of the command: resource and verb, such as "keys list".
	Path string
	// Of describes the resource; package tools sets it.
	Of *Resource
	// Summary is one imperative line with a capital and no final stop.
	Summary string
	// Help is what else a user must know, in a short paragraph. With Summary it is the
	// description of the tool. It names properties as {max_budget}, which each surface
	// replaces with its own form.
	Help string
	// Examples are command lines without the program's name.
	Examples []string
	// Effect is the most that the operation does.
	Effect Effect
	// Consent declares what the operation asks before it runs, beyond what follows from
	// Effect and the arguments.
	Consent Consent
	// Default includes the operation in the toolset "default".
	Default bool
	// People means that the command line can run the operation for each person of a file.
	People bool
	// KeepsKeys means that the operation hands each new key to [Call.Keep]. The command line
	// can write them to a file, and does so if filters select what gets new keys.
	KeepsKeys bool
	// DefaultTeam means that the caller's default team, if there is one, fills {team_id}.
	// It is for operations that create something in a team, never for those that select or
	// delete.
	DefaultTeam bool
	// Identifies are the collections that further fields and parameters refer to, by name.
	// A write must not refer to a missing item.
	Identifies map[string]*Collection
	// Chosen returns the collection whose items a field without one of its own names, if
	// another argument decides that; else nil.
	Chosen func(args Args, field string) *Collection
	// Checks look at a call of a write before it is planned, confirmed or run. They refuse
	// a call that would not do what it says, and note unexpected effects.
	Checks []Check
	// Update declares what an update changes; nil for other operations.
	Update *Update
	// Do sends the requests.
	Do Action
	// Sends is the endpoints that the operation is for, such as "POST /key/delete"; nil if
	// Do tells that itself. See [Operation.Endpoints].
	Sends []string
	// Verify compares the request with the gateway's answer or new state after a write
	// succeeded. An error fails the call; the result is kept.
	Verify func(context.Context, *Call, *Result) error
	// Part leaves a [Call.Note] next to the answer of a read that the gateway may have
	// narrowed to the caller's own items without a word.
	Part func(context.Context, *Call)
	// Columns are the fields that a table shows of the answer, or of each item of a list.
	// Without columns, the answer is shown as it is.
	Columns []Column
	// View is what a person at a terminal gets of one thing; see [Operation.Viewed].
	View *View
	// Done reports a finished write: "created credential {credential_name}". {a|b} is the
	// first of the fields a and b found in the answer, or else in the arguments.
	// {user:user_ids} has the noun for one or several: "user ann", "users ann, bob", "2 users".
	// Secrets in it are masked.
	Done string
	// Returns is the members (dotted) that a complete answer to this write has: the
	// identifiers of what it created. If one is missing, or no text, the outcome is
	// unknown, which is an error.
	Returns []string
	// Reveal is the parts of the answer (dotted, * for each item of a list) that are shown
	// although they are secrets: the key that the operation generates. The caller's own key
	// is masked even there, and a [Result] can conceal them.
	Reveal []string
	// Draws means that the result has a [Chart].
	Draws bool
	// Alarm means that a list has something to worry about in every row, so that a script
	// can ask for an exit status.
	Alarm bool
	// Prose means that a [Result] has its answer also as a text for people, which is the
	// default format; Body has the parts.
	Prose bool
	// Text is the dotted path (* for each item) of what --format text prints, one line
	// each; empty if the operation has no text format.
	Text string

	reflected sync.Once
	fields    []Field // of the input; see Fields
}

// Column is one column of a table.
type Column struct {
	// Name is the name in --columns and in headers.
	Name string
	// Field is the dotted path in the object, such as "litellm_params.model"; empty means
	// Name. Of alternatives, such as "max_budget|litellm_budget_table.max_budget", the
	// first that has a value counts.
	Field string
	// Format is how the value is shown.
	Format Format
	// Unnamed is the path of what a table at a terminal shows of an item without a value, such
	// as the masked key where there is no alias.
	Unnamed string
	// Optional columns are shown only on request.
	Optional bool
	// Wide columns are left out of tables at a terminal unless they are requested. Pipes,
	// CSV and tools have them: identifiers next to the names that a person reads.
	Wide bool
	// Drop is the order in which columns leave a table that is wider than the terminal: the
	// highest first. 0 keeps the column as long as possible. If no column of the operation
	// sets it, later columns leave before earlier ones and identifiers last.
	Drop int
	// Derive computes the value from the whole item and the clock, such as a state. It
	// replaces Field.
	Derive func(item json.RawMessage, now time.Time) json.RawMessage
	// Names is the collection whose items the value identifies; a list identifies several.
	// The column shows their names, and the identifiers of those not found. See [Joined].
	Names *Collection
	// Bar adds a bar chart to the numbers at a terminal.
	Bar bool
	// Each is what to show of each item of a list: dotted paths, with a blank between their
	// values.
	Each []string
	// ID marks an identifier that the next call may need; a tool's slim answer keeps it.
	ID bool
}

// paths returns the alternatives of Field.
func (c *Column) paths() []string {
	return strings.Split(cmp.Or(c.Field, c.Name), "|")
}

// LookupAny is [Lookup] for a path with alternatives, as [Column.Field] has them.
func LookupAny(body json.RawMessage, paths string) json.RawMessage {
	for path := range strings.SplitSeq(paths, "|") {
		if value := NoNull(Lookup(body, path)); value != nil {
			return value
		}
	}
	return nil
}

// Person returns the column as a table at a terminal shows it; see [Column.Unnamed].
func (c Column) Person() Column {
	if c.Unnamed != "" {
		c.Field = cmp.Or(c.Field, c.Name) + "|" + c.Unnamed
	}
	return c
}

// Within returns the column of an object that is a member of the answer.
func (c Column) Within(member string) Column {
	paths := c.paths()
	for i, path := range paths {
		paths[i] = member + "." + path
	}
	c.Field = strings.Join(paths, "|")
	if derive := c.Derive; derive != nil {
		c.Derive = func(item json.RawMessage, now time.Time) json.RawMessage { return derive(Lookup(item, member), now) }
	}
	return c
}

// Format is how a table shows a value.
type Format int

const (
	// Plain shows text and numbers unchanged, and lists with commas.
	Plain Format = iota
	// Time shows RFC 3339 in UTC. It reads the gateway's various formats and Unix seconds.
	Time
	// Dollars shows US dollars without an exponent.
	Dollars
	// DollarsPerMillion shows a price per token as US dollars per million tokens.
	DollarsPerMillion
	// Limited shows an object that has limits in words, in a [View]; see [Limits].
	Limited
)

// Resource returns the first word of the path, which is also the name of its toolset.
func (op *Operation) Resource() string {
	resource, _, _ := strings.Cut(op.Path, " ")
	return resource
}

// Tool returns the name of the MCP tool: model_groups_list for "model-groups list".
func (op *Operation) Tool() string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(op.Path)
}

// Paged reports whether the operation answers with one page of a longer list.
func (op *Operation) Paged() bool { return op.PageArgument() != "" }

// PageArgument returns the name of the argument that selects the page, or "".
func (op *Operation) PageArgument() string {
	if l, ok := op.Do.(lister); ok {
		return l.collection().Page
	}
	return ""
}

// Collection returns the list that a list operation shows, or nil.
func (op *Operation) Collection() *Collection {
	if l, ok := op.Do.(lister); ok {
		return l.collection()
	}
	return nil
}

// ByID reports whether the whole list is ordered by ID unless another order is given.
func (op *Operation) ByID() bool {
	l, ok := op.Do.(lister)
	return ok && l.collection().Unique != "" && !l.collection().Latest
}

// Lists reports whether the operation answers with a list.
func (op *Operation) Lists() bool {
	_, ok := op.Do.(lister)
	return ok
}

// Args is the arguments of one call by the gateway's names. Absent, null, 0 and "" are
// four different things.
type Args map[string]json.RawMessage

// String returns the argument's text, or "" if it is absent or not a text.
func (a Args) String(name string) string {
	var s string
	if json.Unmarshal(a[name], &s) != nil {
		return ""
	}
	return s
}

// With returns a copy in which name has the value, JSON-encoded.
func (a Args) With(name string, value any) Args {
	out := make(Args, len(a)+1)
	for k, v := range a {
		out[k] = v
	}
	out[name] = Encode(value)
	return out
}

// Result is the answer of an operation.
type Result struct {
	// Body is the gateway's answer as it came, or an object made from several answers;
	// nil if the answer is not JSON.
	Body json.RawMessage
	// Text is an answer in text, Binary an answer that is neither text nor JSON.
	Text   []byte
	Binary []byte
	// Chart is what the answer draws, next to its numbers; nil: nothing.
	Chart *Chart
	// Page is set for a list.
	Page *Page
	// Conceal means that nothing in the answer is new: the parts that the operation
	// reveals are masked.
	Conceal bool
	// Streamed means that the text already went to [Env].Delta.
	Streamed bool
	// Failed lists the parts that failed. If it is not empty, the call failed although it
	// changed something.
	Failed []Failure
	// Done is what a write did, in a sentence; empty for a read.
	Done string
	// Unchanged means that everything was there already.
	Unchanged bool
	// Notes are shown next to the answer, such as the period that it covers.
	Notes []string
	// Joined finds the names that columns show in place of identifiers; nil finds none.
	Joined *Joined
}

// Page is one page of a list.
type Page struct {
	// Items are the gateway's bytes, one value each.
	Items []json.RawMessage
	// Total is the number of items on all pages, or -1 if the gateway does not tell.
	Total int
	// Next is the arguments for the next page; nil on the last one. In [Call.Pages] it is
	// always nil, and More reports whether another page follows.
	Next Args
	More bool
	// Bare is [Collection].Bare.
	Bare bool
	// About is the members next to the items in a structured answer. Body has them too if
	// the operation made it.
	About Args
	// Pages is the number of pages, if the gateway tells.
	Pages  int
	capped bool // the gateway stopped counting
	// rest is the answer without the items, of a collection with a Split.
	rest json.RawMessage
	// Columns are the names of the columns to show by default; nil means all but the
	// optional ones.
	Columns []string
}

// Failure is one part of a call that failed.
type Failure struct {
	// What names the part, such as "key alias old-key".
	What string `json:"what"`
	// Why is the reason in words.
	Why string `json:"why"`
}

// Catalog is a set of operations, in the order of the help and the documentation.
type Catalog []*Operation

// Find returns the operation with this path ("keys list") or tool name
// ("keys_list"), or nil.
func (c Catalog) Find(name string) *Operation {
	for _, op := range c {
		if op.Path == name || op.Tool() == name {
			return op
		}
	}
	return nil
}

// Finder returns the list operation that shows the identifiers op takes, or nil. One that
// needs arguments is no such list.
func (c Catalog) Finder(op *Operation) *Operation {
	var finder *Operation
	most := 0
	for _, other := range c {
		if other == op || !other.Lists() || other.Resource() != op.Resource() || slices.ContainsFunc(other.Fields(), func(f Field) bool { return f.Required }) {
			continue
		}
		if n := len(other.Identifiers()); n > most {
			finder, most = other, n
		}
	}
	return finder
}

// Identifiers returns the names of the columns that identify an item.
func (op *Operation) Identifiers() []string {
	var names []string
	for _, c := range op.Columns {
		if c.ID {
			names = append(names, c.Name)
		}
	}
	return names
}

// Lookup is [secret.Lookup].
func Lookup(body json.RawMessage, path string) json.RawMessage { return secret.Lookup(body, path) }

// NoNull returns the value, or nil for a JSON null.
func NoNull(value json.RawMessage) json.RawMessage {
	if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
		return nil
	}
	return value
}

// Encode is [secret.Encode], but for JSON that is absent: that stays nil.
func Encode(value any) json.RawMessage {
	if raw, ok := value.(json.RawMessage); ok {
		return raw
	}
	return secret.Encode(value)
}
