package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// Env is what a surface provides for one call.
type Env struct {
	// Client has the caller's credentials.
	Client *proxyclient.Client
	// Progress receives the progress of a long operation; nil if nobody watches. A total
	// of 0 is unknown.
	Progress func(done, total int)
	// Delta receives the text of a streamed answer as it arrives; nil if not streaming.
	Delta func(text string)
	// Keep stores a new key, given the object that has it, as soon as the gateway has made it
	// and before the call goes on; nil if the keys of the result are enough.
	Keep func(holder json.RawMessage) error
	// Hold keeps the process from ending until the function that it returns is called; nil
	// if nothing ends it.
	Hold func() (release func())
	// Now is the clock; nil means the system's.
	Now func() time.Time
	// Profile is the name of the configured profile that the gateway is from, or "".
	Profile string
	// Sensitive are what makes a write sensitive beside its arguments, a phrase each, such as
	// "sends a secret of this server".
	Sensitive []string
	// Team is the name or ID of the team that [Operation.DefaultTeam] is for, or "".
	Team string
	// PageSize is the number of items on a page if the caller names none; 0 is the largest.
	PageSize int
	// CacheDir is the directory for what can be fetched again; "" means memory only.
	CacheDir string
	// Lenient calls, such as those for completions, do not ask whether the gateway is too old
	// for an argument, which it would ignore.
	Lenient bool
	// Identified calls have identifiers in all arguments that name something: they are not
	// looked up, because lists may lack them.
	Identified bool
	// Shared is what the calls of one bulk run look up once; nil for a single call.
	Shared *Shared
}

// Call is one call of one operation, with arguments validated, names resolved and the
// clock read once. Both surfaces, dry runs and confirmation use it. It is not safe for
// concurrent use.
type Call struct {
	op     *Operation
	env    Env
	args   Args // with identifiers in place of names
	named  map[string]Thing
	called map[string]string            // the names that were given in place of identifiers, by identifier
	found  map[string][]json.RawMessage // what look-ups found, by collection and name
	own    map[string]url.Values        // filters of lists that are refused as a whole, by path
	seen   map[string]json.RawMessage   // answers to reads since the last write; see [Call.Read]
	kept   map[string]any               // results since the last write; see [Once]
	now    time.Time
	until  time.Time // {expires}, if given
	effect Effect
	notes  *notes
	walked int  // items of all lists so far, for Progress
	whole  bool // the caller reads all pages

	client   *proxyclient.Client // of the run under way: real, recording or gated
	planning bool
	plan     *Plan
	approved *Plan
	waived   bool
	dangers  *[]string
	promised map[string]string // in a plan's requests: placeholder → identifier
	words    *secret.Words     // hides the caller's key in what is streamed
}

// newCall returns a call that knows nothing yet.
func newCall(env Env, op *Operation, args Args) *Call {
	return &Call{
		op: op, env: env, args: args, client: env.Client, notes: &notes{},
		named: map[string]Thing{}, called: map[string]string{}, found: map[string][]json.RawMessage{}, own: map[string]url.Values{}, seen: map[string]json.RawMessage{}, kept: map[string]any{},
		promised: map[string]string{},
	}
}

// Prepare validates the arguments and resolves the names among them. It sends only
// reads. Errors are of type [*proxyclient.Error] and name arguments as {name}.
func Prepare(ctx context.Context, env Env, op *Operation, args Args) (*Call, error) {
	args, err := op.Canonical(args)
	if err != nil {
		return nil, err
	}
	if err := op.Validate(args); err != nil {
		return nil, err
	}
	c := newCall(env, op, args)
	c.now = c.clock().UTC()
	if err := c.readExpiry(); err != nil {
		return nil, err
	}
	_, unknown := op.undocumented(args)
	for _, note := range unknown {
		c.Note(note)
	}
	if err := c.defaultTeam(ctx); err != nil {
		return nil, proxyclient.Wrap(op.Path, err)
	}
	if err := c.resolve(ctx); err != nil {
		return nil, proxyclient.Wrap(op.Path, err)
	}
	if err := c.checkNewer(ctx); err != nil {
		return nil, proxyclient.Wrap(op.Path, err)
	}
	c.effect = op.EffectFor(c.args)
	if err := c.checkReferences(ctx); err != nil {
		return nil, err
	}
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	c.walked = 0
	return c, nil
}

// Profile returns the name of the profile that the gateway is from, or "".
func (c *Call) Profile() string { return c.env.Profile }

// CacheDir returns the directory for what can be fetched again, or "".
func (c *Call) CacheDir() string { return c.env.CacheDir }

// Operation returns the operation that is called.
func (c *Call) Operation() *Operation { return c.op }

// Args returns the arguments, with identifiers in place of names. Do not change them.
func (c *Call) Args() Args { return c.args }

// Arg returns one argument, or nil if it is absent.
func (c *Call) Arg(name string) json.RawMessage { return c.args[name] }

// Named returns the item whose name was given in place of this argument, if any.
func (c *Call) Named(argument string) (Thing, bool) {
	thing, ok := c.named[argument]
	return thing, ok
}

// Effect returns what the call does with these arguments.
func (c *Call) Effect() Effect { return c.effect }

// Now returns the time when the call was prepared, in UTC, the same for all its requests.
func (c *Call) Now() time.Time { return c.now }

// Client returns the caller's client. In a plan it records writes instead of sending them.
func (c *Call) Client() *proxyclient.Client {
	c.forget() // it may be for a write
	return c.client
}

// Planning reports whether writes are recorded instead of sent.
func (c *Call) Planning() bool { return c.planning }

// Progress reports the progress of a long operation; a total of 0 is unknown.
func (c *Call) Progress(done, total int) {
	if c.env.Progress != nil {
		c.env.Progress(done, total)
	}
}

// Whole reports whether the caller reads all pages of a list.
func (c *Call) Whole() bool { return c.whole }

// Streams reports whether the caller reads the answer while it is generated.
func (c *Call) Streams() bool { return c.env.Delta != nil && !c.planning }

// Delta passes on the next text of a streamed answer, without the caller's own key. A
// text that may be the beginning of the key comes with the next one.
func (c *Call) Delta(words string) {
	if !c.Streams() {
		return
	}
	if c.words == nil {
		c.words = c.client.Redactor().Words()
	}
	if words = c.words.Next(words); words != "" {
		c.env.Delta(words)
	}
}

// endDelta passes on what is left of the streamed answer.
func (c *Call) endDelta() {
	if c.words == nil {
		return
	}
	if rest := c.words.Rest(); rest != "" {
		c.env.Delta(rest)
	}
}

// Body returns the arguments as a request body: as they came, with the extra fields, and
// with the values that clear the fields named in {clear}.
func (c *Call) Body() Args {
	body := Args{}
	for name, value := range c.args {
		if name != ExtraField {
			body[name] = value
		}
	}
	c.op.cleared(c.args, body)
	var more Args
	if json.Unmarshal(c.args[ExtraField], &more) == nil {
		maps.Copy(body, more)
	}
	return body
}

// Read sends a request that changes nothing and returns its JSON answer. A call that may
// change something sends the same one once until its next write: its checks, its plan and
// its request look at the same object. Do not change the answer.
func (c *Call) Read(ctx context.Context, r proxyclient.Request) (json.RawMessage, error) {
	asked := fmt.Sprint(r.Method, " ", r.Path, " ", r.Params, " ", r.Query.Encode(), " ", string(r.Body))
	if answer, again := c.seen[asked]; again {
		return answer, nil
	}
	answer, err := c.read(ctx, r)
	if err == nil && c.effect != Read && len(answer) <= mostSeen {
		c.seen[asked] = answer
	}
	return answer, err
}

// forget drops what was read before a write. A plan changes nothing.
func (c *Call) forget() {
	clear(c.seen)
	if !c.planning {
		clear(c.kept)
	}
}

// Once returns what read found, and calls it once until the call's next write: the count,
// the question and the plan of a call look at the same things.
func Once[T any](c *Call, name string, read func() (T, error)) (T, error) {
	if found, again := c.kept[name].(T); again {
		return found, nil
	}
	found, err := read()
	if err == nil {
		c.kept[name] = found
	}
	return found, err
}

// mostSeen is the size of an answer that is worth keeping.
const mostSeen = 4 << 20

// read is [Call.Read] for pages of lists, which are not kept.
func (c *Call) read(ctx context.Context, r proxyclient.Request) (json.RawMessage, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	r.Read = true
	return c.client.JSON(ctx, r)
}

// Write sends a request that changes something, once.
func (c *Call) Write(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	return c.Client().JSON(ctx, proxyclient.Request{Method: method, Path: path, Body: Encode(body)})
}

// Uninterrupted sends a write that an interrupt does not end once it is under way: the
// answer has a new key, which nobody could read again, or it completes what was begun.
func (c *Call) Uninterrupted(ctx context.Context, path string, body any) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "interrupted before it was sent", Err: err}
	}
	if c.env.Hold != nil {
		defer c.env.Hold()()
	}
	return c.Write(context.WithoutCancel(ctx), http.MethodPost, path, body)
}

// Undo sends a request that reverts a write of this call that the gateway left incomplete.
// It is not part of the plan, because it removes only what this call created.
func (c *Call) Undo(ctx context.Context, method, path string, body any) error {
	if c.planning {
		return nil
	}
	c.forget()
	_, err := c.env.Client.JSON(ctx, proxyclient.Request{Method: method, Path: path, Body: Encode(body)})
	return err
}

// Send is Write with a value for the path's only parameter.
func (c *Call) Send(ctx context.Context, method, path, param string, body any) (json.RawMessage, error) {
	_, name, _ := strings.Cut(path, "{")
	name, _, _ = strings.Cut(name, "}")
	name, _, _ = strings.Cut(name, ":")
	return c.Client().JSON(ctx, proxyclient.Request{Method: method, Path: path, Params: map[string]string{name: param}, Body: Encode(body)})
}

// Identifier returns a member of the answer to a write that a later request needs. of
// names its owner, such as "the new team". In a plan, which has no answers, it returns a
// placeholder. If the answer lacks it, the error has [proxyclient.CodeUnknownOutcome].
func (c *Call) Identifier(answer json.RawMessage, path, of string) (json.RawMessage, error) {
	placeholder := "<" + path + " of " + of + ">"
	if c.planning {
		return Encode(placeholder), nil
	}
	id := Lookup(answer, path)
	if !identifies(id) {
		return nil, Lacks(path)
	}
	c.promised[placeholder] = Word(id)
	return id, nil
}

// identifies reports whether a member of an answer can be the identifier of something:
// text that is not blank.
func identifies(id json.RawMessage) bool {
	var text string
	return json.Unmarshal(id, &text) == nil && strings.TrimSpace(text) != ""
}

// Lacks returns the error for an answer to a write without a member that every answer to
// it has. It has [proxyclient.CodeUnknownOutcome].
func Lacks(path string) error {
	return &proxyclient.Error{Code: proxyclient.CodeUnknownOutcome, Sent: true,
		Message: fmt.Sprintf("the gateway's answer has no %s, so the request may or may not have been applied", path),
		Hint:    "check the current state before you try again"}
}
