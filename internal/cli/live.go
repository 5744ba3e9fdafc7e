package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// completionTime is how long the shell waits for values from the gateway. Tests wait longer.
var completionTime = 230 * time.Millisecond

const (
	// completionAge is how long they are used again without asking.
	completionAge = time.Minute
	// completionKept is how long they are kept for a gateway that does not answer in time.
	completionKept = 24 * time.Hour
	noFiles        = cobra.ShellCompDirectiveNoFileComp
)

// periods are those of reports.
var periods = []string{"today", "yesterday", "7d", "30d", "this-week", "last-week", "this-month", "last-month"}

// completeField gives the shell the values of an operation's flag, by the field's type:
// its fixed values, or the names in the collection that it refers to.
func (c *call) completeField(cmd *cobra.Command, f operation.Field) {
	if !completing(cmd) {
		return
	}
	if complete := c.completer(f); complete != nil {
		for _, flag := range append([]string{f.Flag}, f.Aliases...) {
			_ = cmd.RegisterFlagCompletionFunc(flag, complete)
		}
	}
}

// completePositional gives the shell the values of the positional arguments.
func (c *call) completePositional(cmd *cobra.Command, fields []operation.Field) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(fields) == 0 {
			return nil, noFiles
		}
		f := fields[min(len(args), len(fields)-1)]
		if len(args) >= len(fields) && f.Kind != operation.KindStrings {
			return nil, noFiles
		}
		complete := c.completer(f)
		if complete == nil {
			return nil, noFiles
		}
		values, directive := complete(cmd, args, begun)
		if f.Kind == operation.KindStrings { // a positional list takes one value per word
			values = slices.DeleteFunc(values, func(value cobra.Completion) bool {
				name, _, _ := strings.Cut(value, "\t")
				return slices.Contains(args, name)
			})
			directive &^= cobra.ShellCompDirectiveNoSpace
		}
		return values, directive
	}
}

// completer returns what completes the values of a field, or nil.
func (c *call) completer(f operation.Field) cobra.CompletionFunc {
	var values func(begun string) []cobra.Completion
	switch of, byID := c.collectionOf(f); {
	case len(f.Enum) > 0:
		values = fixed(f.Enum)
	case f.Kind == operation.KindBoolean:
		return nil
	case of != nil:
		values = func(begun string) []cobra.Completion { return c.names(of, begun, byID) }
	case f.Name == "period":
		values = fixed(periods)
	case f.Kind == operation.KindString && strings.HasSuffix(f.Name, "duration"):
		values = fixed([]string{"1h", "24h", "7d", "30d", "90d", "1mo"})
	case f.File:
		return nil // the shell completes files
	default:
		values = fixed(nil)
	}
	if f.Kind == operation.KindStrings {
		return inList(values)
	}
	return func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return values(begun), noFiles
	}
}

// fixed returns the values that begin so.
func fixed(values []string) func(string) []cobra.Completion {
	return func(begun string) (found []cobra.Completion) {
		for _, value := range values {
			if strings.HasPrefix(value, begun) {
				found = append(found, value)
			}
		}
		return found
	}
}

// inList completes the last value of a list with commas and keeps the others, which are not
// offered again.
func inList(values func(begun string) []cobra.Completion) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) (found []cobra.Completion, _ cobra.ShellCompDirective) {
		at := strings.LastIndexByte(begun, ',') + 1
		typed := strings.Split(begun[:at], ",")
		for _, value := range values(begun[at:]) {
			if name, _, _ := strings.Cut(value, "\t"); !slices.Contains(typed, name) {
				found = append(found, begun[:at]+value)
			}
		}
		return found, noFiles | cobra.ShellCompDirectiveNoSpace
	}
}

// columnNames completes a column: +name adds one, -name removes one.
func columnNames(columns []operation.Column) func(string) []cobra.Completion {
	return func(begun string) (found []cobra.Completion) {
		sign := ""
		if strings.HasPrefix(begun, "+") || strings.HasPrefix(begun, "-") {
			sign = begun[:1]
		}
		for _, column := range columns {
			shown := !column.Optional
			if (sign == "" || (sign == "-") == shown) && strings.HasPrefix(sign+column.Name, begun) {
				found = append(found, sign+column.Name)
			}
		}
		return found
	}
}

// collectionOf returns the list that has the values of a field, or nil; byID means that the
// field takes identifiers only. A field says it by its type; else one that is called like a
// resource means the list of that resource, and a positional argument that of its own.
func (c *call) collectionOf(f operation.Field) (of *operation.Collection, byID bool) {
	switch {
	case f.Collection != nil:
		return f.Collection, false
	case f.Refers != nil:
		return f.Refers, f.Refers.Name != f.Refers.ID
	}
	_, verb, _ := strings.Cut(c.op.Path, " ")
	for _, name := range []string{f.Name, strings.TrimSuffix(f.Name, "s") + "s", strings.TrimSuffix(strings.TrimSuffix(f.Name, "_name"), "_id") + "s"} {
		if list := c.Operations.Find(strings.ReplaceAll(name, "_", "-") + " list"); list != nil && list.Collection() != nil && f.Kind != operation.KindPairs {
			of := list.Collection()
			return of, of.Name != "" && of.Name != of.ID
		}
	}
	if f.Arg == 1 && !slices.Contains(familyOf("create"), verb) {
		if list := c.Operations.Find(c.op.Resource() + " list"); list != nil && list != c.op {
			return list.Collection(), true
		}
	}
	return nil, false
}

// names returns names from the gateway. When they do not come in time, or the gateway is away
// or refuses the key, these are the last ones known, or none. Nothing is said then.
func (c *call) names(of *operation.Collection, begun string, byID bool) []cobra.Completion {
	ctx, stop := context.WithTimeout(c.ctx, completionTime)
	defer stop()
	found := make(chan []operation.Suggestion, 2)
	go func() {
		defer close(found)
		c.suggest(ctx, of, begun, byID, found)
	}()
	var values []cobra.Completion
	for {
		select {
		case suggestions, more := <-found:
			if !more {
				return values
			}
			values = nil
			for _, s := range suggestions {
				values = append(values, cobra.CompletionWithDesc(s.Value, s.Help))
			}
		case <-ctx.Done():
			return values
		}
	}
}

// suggest sends names from the cache and, if they are old, those from the gateway.
func (c *call) suggest(ctx context.Context, of *operation.Collection, begun string, byID bool, found chan<- []operation.Suggestion) {
	client := c.quietClient()
	if client == nil {
		return
	}
	search := begun
	if of.Search == "" || byID {
		search = "" // the gateway does not narrow the list: one answer serves all
	}
	send := func(all []operation.Suggestion) {
		found <- slices.DeleteFunc(slices.Clone(all), func(s operation.Suggestion) bool { return !strings.HasPrefix(s.Value, begun) })
	}
	file := c.cacheFile(client, of.Path, search, byID)
	known, fresh := readSuggestions(file)
	send(known)
	if fresh {
		return
	}
	if all, err := of.Suggest(ctx, operation.Env{Client: client, Lenient: true}, search, byID); err == nil {
		send(all)
		writeSuggestions(file, all)
	}
}

// quietClient is the client of this run, or nil. It asks nothing, says nothing, renews no
// session and does not create a sandbox.
func (c *call) quietClient() *proxyclient.Client {
	quiet := &app{ctx: c.ctx, System: c.System, flags: c.flags, demo: c.demo, progress: nil}
	quiet.Stderr, quiet.Terminal, quiet.Stdin = io.Discard, nil, strings.NewReader("")
	quiet.sources = &sources{stdin: quiet.Stdin}
	quiet.flags.debug = false
	quiet.flags.APIKey = typedFlag(c.Args, "api-key", c.flags.APIKey)
	s, err := quiet.settings()
	if err != nil {
		return nil
	}
	if s.Sandbox() {
		path, err := config.SandboxPath(c.Getenv)
		if _, none := os.Stat(path); (err != nil || none != nil) && c.demo == nil {
			return nil
		}
	}
	client, err := quiet.clientFor(s)
	if err != nil {
		return nil
	}
	if s.APIKey == "" && !s.Sandbox() {
		sessions, err := quiet.sessions()
		if err != nil {
			return nil
		}
		if session, err := sessions.Load(client.BaseURL()); err == nil && session != nil {
			quiet.key, client = session.Key, session.Client(client)
		}
	}
	c.key = quiet.key
	return client
}

// typedFlag returns the value of a flag as it was typed: what the shell asks with is masked.
func typedFlag(args []string, flag, value string) string {
	for i, arg := range args {
		if typed, ok := strings.CutPrefix(arg, "--"+flag+"="); ok {
			value = typed
		} else if arg == "--"+flag && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}

// cacheFile is where names of a gateway and a key are kept, or "".
func (c *call) cacheFile(client *proxyclient.Client, path, search string, byID bool) string {
	dir := config.CacheDir(c.Getenv)
	if dir == "" {
		return ""
	}
	kind := "names"
	if byID {
		kind = "ids"
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{client.BaseURL(), c.key, path, search, kind}, "\x00")))
	return filepath.Join(dir, "completion", hex.EncodeToString(sum[:16])+".json")
}

func readSuggestions(file string) (found []operation.Suggestion, fresh bool) {
	info, err := os.Stat(file)
	if err != nil || time.Since(info.ModTime()) > completionKept {
		return nil, false
	}
	b, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(b, &found) != nil {
		return nil, false
	}
	return found, time.Since(info.ModTime()) <= completionAge
}

// writeSuggestions keeps names for the next keystrokes, readable by this user only, and
// removes old ones. A failure costs time only.
func writeSuggestions(file string, found []operation.Suggestion) {
	dir := filepath.Dir(file)
	if file == "" || os.MkdirAll(dir, 0o700) != nil {
		return
	}
	old, _ := os.ReadDir(dir)
	for _, entry := range old {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > completionKept {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
	temporary, err := os.CreateTemp(dir, "new-*") // 0600
	if err != nil {
		return
	}
	b, _ := json.Marshal(found)
	_, err = temporary.Write(b)
	if closed := temporary.Close(); err != nil || closed != nil || os.Rename(temporary.Name(), file) != nil {
		_ = os.Remove(temporary.Name())
	}
}
