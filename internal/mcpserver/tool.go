package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/references"
	"litellm-proxy/proxyclient"
)

// The arguments that this surface adds. Their descriptions are paid for once a
// tool and are short for that; the server's instructions say more.
const (
	argDryRun  = "dry_run"
	argConfirm = "confirm"
	argFull    = "full"

	// argFields is a list of fields and argCursor a text; every tool takes them unseen.
	argFields = "fields"
	argCursor = "cursor"

	// argConfirmProfile is a text; the others are booleans.
	argConfirmProfile = "confirm_profile"
)

var argDescriptions = map[string]string{
	argDryRun:  "Only show the requests",
	argConfirm: "Set to true only after the user agreed",
	argFull:    "Return all fields",

	argConfirmProfile: "Name of the protected profile; set it only after the user agreed",
}

// tool is one operation as a tool.
type tool struct {
	s           *Server
	op          *operation.Operation
	declaration mcp.Tool
	// added are the arguments that are ours and not the operation's; hidden ones
	// are taken and not shown.
	added, hidden []string
}

func (s *Server) newTool(op *operation.Operation) (*tool, error) {
	t := &tool{s: s, op: op}
	add := func(name string, shown bool) {
		switch {
		case op.Takes(name):
		case shown:
			t.added = append(t.added, name)
		default:
			t.hidden = append(t.hidden, name)
		}
	}
	if op.Effect != operation.Read {
		add(argDryRun, !s.crowded)
		// Any write may turn out to need it; it is shown where that is usual.
		add(argConfirm, !s.crowded && s.protected == "" && s.confirm != confirmAlways && s.confirm != confirmNever && op.Asks())
		add(argConfirmProfile, s.protected != "" && s.confirm != confirmAlways)
	}
	add(argFull, !s.crowded && slimmable(op))
	add(argFields, false)
	add(argCursor, false)
	schema, err := addProperties(json.RawMessage(s.describeNoTeam(op, s.words(string(op.Schema())))), t.added)
	if err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", op.Tool(), err)
	}
	t.declaration = mcp.NewToolWithRawSchema(op.Tool(), s.describe(op), schema)
	t.declaration.Title = title(op)
	t.declaration.Annotations = s.annotations(op)
	return t, nil
}

// annotations tell clients what a tool does. A crowded list leaves out what the protocol
// takes for granted.
func (s *Server) annotations(op *operation.Operation) mcp.ToolAnnotation {
	reads, destroys, repeats := op.Effect == operation.Read, op.Effect == operation.Destructive, op.Effect == operation.Read || op.Effect == operation.Set
	hints := mcp.ToolAnnotation{
		ReadOnlyHint: mcp.ToBoolPtr(reads), DestructiveHint: mcp.ToBoolPtr(destroys),
		IdempotentHint: mcp.ToBoolPtr(repeats), OpenWorldHint: mcp.ToBoolPtr(true),
	}
	if !s.crowded {
		return hints
	}
	hints.OpenWorldHint = nil
	switch {
	case reads:
		hints.DestructiveHint, hints.IdempotentHint = nil, nil
	default:
		hints.ReadOnlyHint = nil
		if destroys {
			hints.DestructiveHint = nil
		}
		if !repeats {
			hints.IdempotentHint = nil
		}
	}
	return hints
}

// title is the name for people: "Model groups: list".
func title(op *operation.Operation) string {
	resource, verb, _ := strings.Cut(op.Path, " ")
	resource = strings.ReplaceAll(resource, "-", " ")
	resource = strings.ToUpper(resource[:1]) + resource[1:]
	if verb == "" {
		return resource
	}
	return resource + ": " + strings.ReplaceAll(verb, "-", " ")
}

// slimmable tells whether the answer's items are cut to the columns unless full
// is given.
func slimmable(op *operation.Operation) bool {
	return len(op.Columns) > 0 && (op.Lists() || strings.HasSuffix(op.Path, " list"))
}

// addProperties puts our own properties behind those of a schema, whose order stays. Some
// clients check a call against the schema and do not send what breaks it. So an optional text
// or list may be empty, which means that it is not given, and the schema does not forbid the
// arguments that are taken without being shown. All others are refused by name.
func addProperties(schema json.RawMessage, names []string) (json.RawMessage, error) {
	top, ok := members(schema)
	i := slices.IndexFunc(top, func(m member) bool { return m.name == "properties" })
	if !ok || i < 0 {
		return nil, fmt.Errorf("it is no object with properties")
	}
	properties, ok := members(top[i].value)
	if !ok {
		return nil, fmt.Errorf("its properties are no object")
	}
	var required []string
	_ = json.Unmarshal(operation.Lookup(schema, "required"), &required)
	for j, p := range properties {
		if rules, ok := members(p.value); ok && !slices.Contains(required, p.name) {
			properties[j].value = object(slices.DeleteFunc(rules, func(m member) bool { return m.name == "minLength" || m.name == "minItems" }))
		}
	}
	for _, name := range names {
		kind := "boolean"
		if name == argConfirmProfile {
			kind = "string"
		}
		properties = append(properties, member{name, object([]member{
			{"type", encode(kind)}, {"description", encode(argDescriptions[name])},
		})})
	}
	top[i].value = object(properties)
	return object(slices.DeleteFunc(top, func(m member) bool { return m.name == "additionalProperties" })), nil
}

// call is one call of a tool.
type call struct {
	*tool
	caller  *caller
	request mcp.CallToolRequest
	client  *proxyclient.Client
	args    operation.Args
	// prepared is the call itself, once its arguments are known to be good.
	prepared *operation.Call
	flags    map[string]bool // the added arguments
	named    string          // the argument confirm_profile
	fields   []string        // the argument fields
	cursor   string          // the argument cursor
	at       place           // the place that cursor names
	number   string          // of what is kept of the answer, see rests
	fresh    []operation.NewKey
	notes    []string        // see say
	kept     string          // what an update keeps although it was named
	empty    []string        // texts that were empty
	conceal  bool            // the answer holds no new key
	done     string          // what a write did, as a sentence
	ctx      context.Context // ends what takes long in making the result
	trail    *trail          // what is told of the call
	secrets  []references.Secret
	clock    *clock
	watched  *progress // nil: nobody is told
}

// handle is the tool's handler. It runs again from the top when a client answers
// a question, and does nothing before that is settled.
func (t *tool) handle(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	c := &call{tool: t, caller: callerOf(ctx), request: request, flags: map[string]bool{}}
	c.trail = c.follow(ctx)
	ended := "internal error" // unless the call comes to its end
	defer func() { c.trail.end(ended) }()
	// The gateway's answers are in memory until the result has left the process.
	ctx, release := t.s.answers.Lease(ctx)
	c.caller.answer.hold(release)
	c.ctx = ctx
	working, over := c.begin(ctx)
	defer over()
	result, outcome := c.do(working)
	ended = outcome
	if c.trail.effect() != operation.Read && !c.flags[argDryRun] {
		c.tellOutcome(ctx, result, outcome)
	}
	c.hideKey(result)
	return result, nil
}

// hideKey masks the caller's own key in what is told of a call, such as a name that holds
// it. An answer of the gateway is masked where it is read.
func (c *call) hideKey(result *mcp.CallToolResult) {
	if c.client == nil || result == nil || !result.IsError {
		return
	}
	own := c.client.Redactor()
	for i, content := range result.Content {
		if text, is := content.(mcp.TextContent); is {
			text.Text = string(own.Binary([]byte(text.Text)))
			result.Content[i] = text
		}
	}
	if structured, is := result.StructuredContent.(json.RawMessage); is {
		result.StructuredContent = json.RawMessage(own.Binary(structured))
	}
}

// do runs the call; the text is for the log.
func (c *call) do(ctx context.Context) (*mcp.CallToolResult, string) {
	if broken := c.s.broken; broken != nil {
		return c.refuse(broken), outcome(broken)
	}
	if err := c.parse(); err != nil {
		return c.failed(err), outcome(err)
	}
	if err := c.locate(); err != nil {
		return c.failed(proxyclient.Wrap(c.op.Path, err)), outcome(err)
	}
	if result, err := c.continued(); err != nil {
		return c.failed(proxyclient.Wrap(c.op.Path, err)), outcome(err)
	} else if result != nil {
		return result, "read on"
	}
	p := c.progress()
	defer p.end()
	c.watched = p
	if err := c.prepare(ctx, p); err != nil {
		return c.failed(err), outcome(err)
	}
	if c.flags[argDryRun] {
		return c.dryRun(ctx)
	}
	if c.prepared.Effect() != operation.Read {
		if err := c.tooFast(ctx); err != nil {
			return c.failed(err), "refused: too many writes"
		}
	}
	if result, outcome := c.settle(ctx); result != nil {
		return result, outcome
	}
	return c.run(ctx, p)
}

// prepare gives the call its client, and looks at its arguments with that.
func (c *call) prepare(ctx context.Context, p *progress) error {
	client, err := c.caller.client(ctx, c.s)
	if err != nil {
		return err
	}
	c.client = c.limited(client.WithChangedBy(clientName(ctx)).Observed(c.trail.request))
	if err := c.nameSecrets(); err != nil {
		return err
	}
	env := operation.Env{Client: c.client, Now: c.s.now, Progress: p.step(), Delta: p.words(), Profile: c.s.profile, PageSize: operation.ToolPageSize, Sensitive: c.sensitive(), CacheDir: c.s.cacheDir}
	if !c.caller.remote || c.caller.useOwn {
		env.Team = c.s.team
	}
	if c.prepared, err = operation.Prepare(ctx, env, c.op, c.args); err != nil {
		return proxyclient.Wrap(c.op.Path, err)
	}
	if c.kept != "" {
		c.say(c.kept)
	}
	c.noTeam(env)
	if err := c.checkView(); err != nil {
		return proxyclient.Wrap(c.op.Path, err)
	}
	return c.makesNoKey(ctx)
}

// run sends the call, to which there is consent.
func (c *call) run(ctx context.Context, p *progress) (*mcp.CallToolResult, string) {
	room, err := c.roomForKeys()
	if err != nil {
		return c.failed(err), outcome(err)
	}
	if room != nil {
		defer func() { _ = room.Close() }()
	}
	stop := c.warnSlow(ctx)
	result, err := c.prepared.Run(ctx)
	stop()
	result = c.withoutKeys(result, room)
	c.done = result.Done
	if err != nil {
		return c.partly(result, err), outcome(err)
	}
	if len(result.Failed) > 0 {
		return c.succeeded(result), operation.Counted(len(result.Failed), "part") + " failed"
	}
	return c.succeeded(result), "done"
}

// dryRun shows what the call would send.
func (c *call) dryRun(ctx context.Context) (*mcp.CallToolResult, string) {
	if c.prepared.Effect() == operation.Read {
		// A plan would send it.
		return c.planned(&operation.Plan{}), "dry run"
	}
	plan, err := c.prepared.Plan(ctx)
	if err != nil {
		return c.failed(err), "dry run: " + outcome(err)
	}
	return c.planned(plan), "dry run"
}

// outcome is an error in the log: its code, never its words.
func outcome(err error) string {
	if code := proxyclient.CodeOf(err); code != "" {
		return string(code)
	}
	return "error"
}
