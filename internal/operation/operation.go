// Package operation is how a management operation is declared, prepared, confirmed
// and run.
//
// An [Operation] is one value: its words, its input, its effect, its request and
// the columns of its answer. Both surfaces are made from these values; this package
// knows neither of them.
//
// [Prepare] makes a [Call] of an operation and its arguments. The call has
// everything that one run needs, resolved once: [Call.Plan] shows the requests it
// would send, [Call.Question] words them for a person, [Call.Approve] binds the call
// to what was shown, and [Call.Run] runs it.
package operation

import (
	"bytes"
	"encoding/json"
	"strings"

	"litellm-proxy/internal/secret"
)

// Effect says what an operation does to the gateway. It has no useful zero
// value: a test refuses an operation that does not say its effect.
type Effect int

const (
	// Read changes nothing; it may be repeated and is retried by itself.
	Read Effect = iota + 1
	// Write changes something, and once more when it is repeated.
	Write
	// Set changes something to a given state: repeating it changes nothing more.
	Set
	// Destructive removes something that cannot be had back. It is confirmed.
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

// Operation is one management operation, for every surface.
type Operation struct {
	// Path is the resource and the verb, "keys list": the words of the command.
	Path string
	// Summary is one line: a capital first, no full stop last.
	Summary string
	// Help is what else a user must know, in at most a short paragraph. With
	// Summary it is the description of the tool. Properties are named as
	// {max_budget} and worded by each surface.
	Help string
	// Examples are command lines without the program's name.
	Examples []string
	// Effect is what the operation does at most.
	Effect Effect
	// Consent declares what the operation asks a person before it runs, beside what
	// follows from Effect and from the arguments.
	Consent Consent
	// Default puts the operation into the toolset "default".
	Default bool
	// Do is how it is done.
	Do Action
	// Columns are the fields that a table shows of the answer, or of each item
	// of a list. With none, the answer is shown as it is.
	Columns []Column
	// Done is what a write says when it is done: "created credential
	// {credential_name}". {a|b} is the first of the fields a and b that the
	// answer has, or else the arguments. Secrets in it are masked.
	Done string
	// Returns are the members (dotted) that a complete answer to this write has: the
	// identifier of what it made, the new key. When one is missing the outcome is
	// unknown, which is an error.
	Returns []string
	// Reveal names the parts of the answer (dotted, * for each item of a list)
	// that are shown although they look like secrets: the new key that the
	// operation makes.
	Reveal []string
	// Text is the dotted path (* for each item) of what --format text prints,
	// a line each; empty: the operation has no such form.
	Text string
}

// Column is one column of a table.
type Column struct {
	// Name is what the user calls it, in --columns and in the CSV header.
	Name string
	// Field is the dotted path in the object, for example
	// "litellm_params.model"; empty: the same as Name.
	Field string
	// Format is how the value is written.
	Format Format
	// Optional columns are shown only when asked for by name.
	Optional bool
	// Bar draws the numbers as bars beside them, where a person's terminal
	// reads the table: decoration, and no part of the answer.
	Bar bool
	// ID marks an identifier that the next command may need; a tool's slim
	// answer keeps it.
	ID bool
}

// Format is how a table writes a value.
type Format int

const (
	// Plain writes text, numbers digit for digit, and lists with commas.
	Plain Format = iota
	// Time writes RFC 3339 in UTC, from the gateway's several spellings or from
	// seconds since 1970.
	Time
	// Dollars writes US dollars without an exponent.
	Dollars
	// DollarsPerMillion writes a price for one token as US dollars for a
	// million of them.
	DollarsPerMillion
)

// Resource is the first word of the path, which is also the name of its toolset.
func (op *Operation) Resource() string {
	resource, _, _ := strings.Cut(op.Path, " ")
	return resource
}

// Tool is the operation's name as an MCP tool: keys_list for "keys list",
// model_groups_list for "model-groups list".
func (op *Operation) Tool() string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(op.Path)
}

// Paged tells whether the operation answers with one page of a longer list.
func (op *Operation) Paged() bool { return op.PageArgument() != "" }

// PageArgument is the name of the argument that pages, or "".
func (op *Operation) PageArgument() string {
	if l, ok := op.Do.(lister); ok {
		return l.collection().Page
	}
	return ""
}

// Lists tells whether the operation answers with a list.
func (op *Operation) Lists() bool {
	_, ok := op.Do.(lister)
	return ok
}

// Args are the arguments of one call under the gateway's names. Absent, null, 0
// and "" are four different things.
type Args map[string]json.RawMessage

// String returns the argument's text, or "" when it is absent or no text.
func (a Args) String(name string) string {
	var s string
	if json.Unmarshal(a[name], &s) != nil {
		return ""
	}
	return s
}

// with returns a copy in which name has a value.
func (a Args) With(name string, value any) Args {
	out := make(Args, len(a)+1)
	for k, v := range a {
		out[k] = v
	}
	out[name] = Encode(value)
	return out
}

// Result is what an operation answers.
type Result struct {
	// Body is the gateway's answer as it came, or for an operation of several
	// requests the object made from their answers. nil when the answer is no
	// JSON.
	Body json.RawMessage
	// Text is an answer that is text, Binary one that is neither text nor JSON.
	Text   []byte
	Binary []byte
	// Page is set for a list.
	Page *Page
	// Streamed says that the words were already given to [Env].Delta.
	Streamed bool
	// Failed lists what could not be done when the rest was: the call as a
	// whole failed then, although it changed something.
	Failed []Failure
	// Done is what a write says it did; empty for a read.
	Done string
	// Notes are said beside the answer: the period that it covers, what a total
	// leaves out.
	Notes []string
}

// Page is the items of a list answer.
type Page struct {
	// Items are the gateway's bytes, one value each.
	Items []json.RawMessage
	// Total is how many there are on all pages, or -1 when the gateway does not
	// tell.
	Total int
	// Next are the arguments that fetch the next page; nil on the last one, and in
	// [Call.Pages], where More says whether another page follows.
	Next Args
	More bool
	// Bare prints the items alone as the JSON answer: the OpenAI-style lists
	// {"data": […]}, which the Python CLI prints so.
	Bare bool
	// About are members that a tool's answer has beside the items; the Body of
	// an operation that makes its answer has them too.
	About Args
	pages int // of the whole list, where the gateway tells
	// Columns are the names of those that a table of this answer shows when
	// none are asked for; nil: all but the optional ones.
	Columns []string
}

// Failure is one part of a call that failed.
type Failure struct {
	// What names the part: "key alias old-key".
	What string `json:"what"`
	// Why is the reason, for a reader.
	Why string `json:"why"`
}

// Catalog is a set of operations, in the order in which help and documentation
// show them.
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

// Finder returns the list of op's resource that shows the identifiers op takes,
// or nil.
func (c Catalog) Finder(op *Operation) *Operation {
	var finder *Operation
	most := 0
	for _, other := range c {
		if other == op || !other.Lists() || other.Resource() != op.Resource() {
			continue
		}
		if n := len(other.Identifiers()); n > most {
			finder, most = other, n
		}
	}
	return finder
}

// Identifiers are the names of the columns that identify an item.
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

// NoNull is a value, or nil for a null.
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
