package mcpserver

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/references"
	"litellm-proxy/internal/secret"
	"litellm-proxy/prompts"
	"litellm-proxy/proxyclient"
)

// Options says which tools are offered, for which gateway and how carefully.
type Options struct {
	// Operations are those that can be offered as tools.
	Operations operation.Catalog
	// Client is that of the gateway; its own key is used on stdio, over HTTP only
	// with [HTTPOptions.UseOwnKey]. It may be without a key, and nil: then tools
	// are listed, and a call says what is missing.
	Client *proxyclient.Client
	// Credential, if set, gives the key of each call on stdio instead of the client's own.
	Credential Credential
	// Version is this program's, for serverInfo.
	Version string
	// ReadOnly leaves out every operation that can write.
	ReadOnly bool
	// Toolsets are names of resources, "all" or "default". None: "default", unless
	// Tools names some.
	Toolsets []string
	// Tools are offered beside the toolsets, or alone where no toolset is named;
	// ExcludeTools are not, whatever else says so. Both take names of tools or
	// commands.
	Tools, ExcludeTools []string
	// Confirm says what a call that destroys something or is sensitive needs. "always":
	// a person's yes with a tick (elicitation). "auto", also "": a person's yes, or the
	// argument confirm where the client cannot ask. "argument": confirm: true, for
	// clients that nobody watches. "never": nothing.
	Confirm string
	// Profile is the name of the configured profile that the gateway is from, and Team the
	// default team of its own key's calls; "" for none.
	Profile, Team string
	// CacheDir is the directory for what can be fetched again; "": memory only.
	CacheDir string
	// Protected is the name of the protected profile that has this gateway: each write is
	// confirmed with that name, whatever Confirm says. "": none.
	Protected string
	// IgnoreArguments are names that the client adds to the arguments of tools that have
	// none of that name, beside those that known clients add.
	IgnoreArguments []string
	// TimeLimit is how long a call may take, or one request of a call whose client is told
	// of progress; 0: 45 s.
	TimeLimit time.Duration
	// Note is a further line of the instructions: what is particular to this
	// gateway.
	Note string
	// StateKeyFile holds the keys that sign sessions and questions, one a line: the first
	// signs, all verify. "": a random key, with which they end with the process.
	StateKeyFile string
	// Faults name what is wrong with the settings of this server and how to correct it. With
	// one, tools are listed and each call fails with it, and Client is not used.
	Faults []string
	// Log gets a line for each write, and at the level debug for each read; nil: none.
	Log *slog.Logger
	// Watch is what else is told of calls.
	Watch Watch
	// Secrets says where a new key goes. "reveal", also "": into the answer. "file:DIR", over
	// stdio only: into a file in that directory, and its path into the answer. "mask":
	// nowhere; calls that would generate a key are refused.
	Secrets string
	// SecretEnv are names of environment variables, and SecretDir is a directory, whose
	// secrets arguments may name as env:NAME and file:NAME where a secret belongs.
	SecretEnv []string
	SecretDir string
	// MaxWrites is how many calls of a session, or of a key where there is no session, may
	// change something in a minute; 0: any number.
	MaxWrites int
}

// Credential returns the client with the key of a call, or without a key.
type Credential func(context.Context, *proxyclient.Client) (*proxyclient.Client, error)

// Server is an MCP server for one gateway. It may serve several transports at
// the same time.
type Server struct {
	client *proxyclient.Client
	// credential gives the key of a call on stdio; nil: it is the client's own.
	credential Credential
	confirm    string
	// profile, team, protected and cacheDir are those of the options.
	profile, team, protected string
	cacheDir                 string
	broken                   *proxyclient.Error // the faults of the settings, or nil
	log                      *slog.Logger
	watch                    Watch
	pace                     *pace
	keys                     keyPolicy
	named                    *references.Source
	ops                      operation.Catalog
	offered                  operation.Catalog // chosen among ops by the options
	mcp                      *server.MCPServer
	tools                    []*tool  // in the order of the registry
	ignored                  []string // arguments that clients add
	guides                   []prompts.Prompt
	words                    func(string) string // mentions of operations become tools
	// crowded lists are shown with less; see newTool and annotations.
	crowded bool

	// signer signs what clients must hand back and hashes credentials.
	signer *signer
	// pending are questions that are open, shown the plans of refusals.
	pending questions
	shown   refusals
	// now is the clock of calls; nil: the system's. Tests stop it.
	now func() time.Time
	// Limits; tests shorten them.
	answerWait   time.Duration       // for a person's yes
	glance       time.Duration       // an answer that comes sooner is no person's
	slow         time.Duration       // before a client is told that the gateway is slow
	completeWait time.Duration       // for a completion
	deltaPause   time.Duration       // between two pieces of a streamed answer
	callLimit    time.Duration       // for a call without progress, and for each request of others
	beat         time.Duration       // between two notifications of progress, at most
	heartbeat    time.Duration       // between two signs of life in an event stream
	certInterval time.Duration       // between two looks at the files of the certificate
	maxRequests  int                 // open at the same time over HTTP, streams among them
	grace        time.Duration       // for calls under way at the end
	lastWords    time.Duration       // for those that are ended then
	writeLimit   time.Duration       // for a client to accept one event or answer
	stallLimit   time.Duration       // for a client to accept the next piece of it
	bodyWait     time.Duration       // for a request's body
	answers      *proxyclient.Budget // memory of the answers of all callers
	rests        rests               // of answers that no read gives again
}

// New makes a server. Its errors are the caller's and have
// [proxyclient.CodeUsage].
func New(o Options) (*Server, error) {
	s := &Server{
		client: o.Client, credential: o.Credential, confirm: o.Confirm, profile: o.Profile, team: o.Team, cacheDir: o.CacheDir, protected: o.Protected, log: o.Log, watch: o.Watch, ops: o.Operations,
		answerWait: 5 * time.Minute, glance: time.Second, slow: cmp.Or(o.Watch.Slow, 10*time.Second), completeWait: 3 * time.Second, deltaPause: 100 * time.Millisecond, callLimit: cmp.Or(o.TimeLimit, callLimit), beat: 10 * time.Second, heartbeat: 20 * time.Second, certInterval: certificateInterval,
		maxRequests: 5000, grace: graceWait, lastWords: lastWordsWait,
		writeLimit: 30 * time.Second, stallLimit: 10 * time.Second, bodyWait: 10 * time.Second, answers: newAnswers(),
	}
	s.ignored = slices.Concat(clientArguments, o.IgnoreArguments)
	if s.broken = misconfigured(o.Faults); s.broken != nil {
		s.client, s.credential = nil, nil
	}
	if s.confirm == "" {
		s.confirm = confirmAuto
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if !slices.Contains(confirmModes, s.confirm) {
		return nil, usage("--confirm: %q is not one of %s", o.Confirm, strings.Join(confirmModes, ", "))
	}
	s.pace = newPace(o.MaxWrites)
	s.pending, s.shown = questions{memory: newMemory(), used: &recent[struct{}]{}}, refusals{newMemory()}
	var err error
	if s.signer, err = newSigner(o.StateKeyFile); err != nil {
		return nil, err
	}
	if s.keys, err = newKeyPolicy(o.Secrets); err != nil {
		return nil, err
	}
	if s.named, err = newReferences(o, os.Getenv); err != nil {
		return nil, err
	}
	ops, err := choose(o)
	if err != nil {
		return nil, err
	}
	s.offered, s.words = ops, mentionWords(ops)
	if err := s.offer(o, ops); err != nil {
		return nil, err
	}
	return s, nil
}

// offer makes the protocol's side of the server, with its tools, resources and prompts.
func (s *Server) offer(o Options, ops []*operation.Operation) error {
	version := o.Version
	if version == "" {
		version = "dev"
	}
	var err error
	if s.guides, err = prompts.All(); err != nil {
		return err
	}
	s.mcp = server.NewMCPServer("litellm-proxy", version, append(s.guideOptions(),
		server.WithInstructions(instructions(o, s.confirm, slices.ContainsFunc(ops, func(op *operation.Operation) bool { return op.Tool() == "api_search" }))),
		server.WithToolCapabilities(false),
		server.WithToolHandlerMiddleware(s.recoverTool),
		server.WithToolFilter(narrowTools),
		server.WithLogger(slog.New(slog.DiscardHandler)),
	)...)
	var list []server.ServerTool
	s.crowded = len(ops) > mostTools
	for _, op := range ops {
		t, err := s.newTool(op)
		if err != nil {
			return err
		}
		s.tools = append(s.tools, t)
		list = append(list, server.ServerTool{Tool: t.declaration, Handler: t.handle})
	}
	s.mcp.AddTools(list...)
	s.offerResources()
	s.offerPrompts()
	return nil
}

// choose returns the operations that the options name, in the registry's order.
func choose(o Options) ([]*operation.Operation, error) {
	toolsets := o.Toolsets
	if len(toolsets) == 0 && len(o.Tools) == 0 {
		toolsets = []string{"default"}
	}
	resources := map[string]bool{}
	for _, op := range o.Operations {
		resources[op.Resource()] = true
	}
	chosen := map[*operation.Operation]bool{}
	for _, name := range toolsets {
		name = strings.TrimSpace(name)
		if name != "all" && name != "default" && !resources[toolset(name)] {
			return nil, usage("--toolsets: there is no toolset %q%s", name, orNearest(name, "toolsets", append([]string{"all", "default"}, slices.Sorted(maps.Keys(resources))...)))
		}
		for _, op := range o.Operations {
			if inToolset(op, name) {
				chosen[op] = true
			}
		}
	}
	for _, name := range o.Tools {
		op, err := find(o.Operations, "--tools", name)
		if err != nil {
			return nil, err
		}
		if o.ReadOnly && op.Effect != operation.Read {
			return nil, usage("--tools: %s writes, but this server is read-only", op.Tool())
		}
		chosen[op] = true
	}
	for _, name := range o.ExcludeTools {
		op, err := find(o.Operations, "--exclude-tools", name)
		if err != nil {
			return nil, err
		}
		delete(chosen, op)
	}
	var ops []*operation.Operation
	for _, op := range o.Operations {
		if chosen[op] && (!o.ReadOnly || op.Effect == operation.Read) {
			ops = append(ops, op)
		}
	}
	if len(ops) == 0 {
		return nil, usage("these options leave no tool to offer")
	}
	return ops, nil
}

func find(ops operation.Catalog, flag, name string) (*operation.Operation, error) {
	if op := ops.Find(strings.TrimSpace(name)); op != nil {
		return op, nil
	}
	var names []string
	for _, op := range ops {
		names = append(names, op.Tool())
	}
	slices.Sort(names)
	return nil, usage("%s: there is no tool %q%s", flag, name, orNearest(name, "tools", names))
}

// orNearest suggests the name that was probably meant, or lists them all.
func orNearest(name, what string, names []string) string {
	if near := nearest.Name(name, names, nearest.Limit(name)); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return fmt.Sprintf("; the %s are %s", what, strings.Join(names, ", "))
}

func usage(format string, args ...any) *proxyclient.Error {
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: secret.Text(fmt.Sprintf(format, args...))}
}

// Tools returns the names of the offered tools in the order of the registry.
func (s *Server) Tools() []string {
	names := make([]string, len(s.tools))
	for i, t := range s.tools {
		names[i] = t.op.Tool()
	}
	return names
}

// mostTools is how many tools a request to a model may hold with the providers that bound
// it most.
const mostTools = 128

// Crowded is a warning about more tools than some clients take, with toolsets that fit; ""
// where they fit.
func (s *Server) Crowded() string {
	if len(s.tools) <= mostTools {
		return ""
	}
	count := map[string]int{}
	for _, t := range s.tools {
		count[t.op.Resource()]++
	}
	left, fit := mostTools, []string{}
	for _, resource := range slices.SortedFunc(maps.Keys(count), func(x, y string) int {
		return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y))
	}) {
		if count[resource] <= left {
			fit, left = append(fit, resource), left-count[resource]
		}
	}
	slices.Sort(fit)
	return fmt.Sprintf("%s are offered; some clients and models accept at most %d. These toolsets fit: --toolsets %s", operation.Counted(len(s.tools), "tool"), mostTools, strings.Join(fit, ","))
}

// has tells whether a tool of that name is offered.
func (s *Server) has(name string) bool {
	return slices.ContainsFunc(s.tools, func(t *tool) bool { return t.op.Tool() == name })
}

// ListJSON is the result of tools/list as it is sent.
func (s *Server) ListJSON() ([]byte, error) {
	answer := s.mcp.HandleMessage(context.Background(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	response, ok := answer.(mcp.JSONRPCResponse)
	if !ok {
		return nil, fmt.Errorf("tools/list was answered with %T", answer)
	}
	return json.Marshal(response.Result)
}
