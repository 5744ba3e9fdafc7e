package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/seek"
	"litellm-proxy/proxyclient"
)

// found is a command that a search found.
type found struct {
	path, summary string
	effect        operation.Effect
	score         float64
}

// The weight of a word by where it stands in a command's help.
const (
	inNoun     = 9.0 // the resource
	inPath     = 6.0
	inSummary  = 5.0
	inResource = 1.4
	inFlag     = 1.5
	inHelp     = 1.0
)

// finder finds commands by the words of a task.
type finder struct {
	seek.Index
	commands []found
}

// finder indexes the commands of the program.
func (a *app) finder() *finder {
	f := &finder{Index: seek.Index{Synonyms: map[string][]string{}, Stop: fillers, Prose: inHelp}}
	for word, others := range taskWords {
		for _, other := range others {
			f.Synonyms[seek.Stem(word)] = append(f.Synonyms[seek.Stem(word)], seek.Stem(other))
		}
	}
	for _, op := range a.Operations {
		if a.readOnly && op.Effect != operation.Read {
			continue
		}
		d := f.add(op.Path, op.Summary, op.Effect)
		d.Add(inHelp, op.Help)
		d.Add(inHelp, strings.Join(op.Examples, " "))
		if op.Of != nil {
			d.Add(inResource, op.Of.Summary)
			d.Add(inHelp, op.Of.Help)
		}
		for _, field := range op.Fields() {
			d.Add(inFlag, field.Flag)
			d.Add(inHelp, field.Help)
		}
	}
	for _, l := range locals() {
		if a.readOnly && l.writes {
			continue
		}
		f.add(l.path, l.summary, operation.Read)
	}
	for path, summary := range map[string]string{
		"mcp": "Serve the commands as MCP tools to AI assistants and editors", "demo": "Walk through the main workflow on a temporary sandbox",
		"completion install": "Set up completion in bash, zsh, fish or PowerShell",
		"version":            "Show the versions of this program and the gateway", "sandbox serve": "Serve the sandbox over HTTP to any client",
	} {
		f.add(path, summary, operation.Read)
	}
	return f
}

func (f *finder) add(path, summary string, effect operation.Effect) *seek.Document {
	f.commands = append(f.commands, found{path: path, summary: summary, effect: effect})
	d := f.New("")
	resource, _, _ := strings.Cut(path, " ")
	d.Add(inNoun, resource)
	d.Title(inPath, path)
	d.Title(inSummary, summary)
	for _, verb := range familyOf(verbOf(path)) {
		d.Add(inPath/2, verb)
	}
	return d
}

// verbOf returns the last word of a path.
func verbOf(path string) string { return path[strings.LastIndexAny(path, " -")+1:] }

// unasked is what is left of the score of a command that changes something when no word asks
// for its verb: reading comes first, and deleting last.
var unasked = map[operation.Effect]float64{operation.Read: 1, operation.Write: 0.9, operation.Set: 0.9, operation.Destructive: 0.4}

// asks returns the stems of the words of a text and of what they may mean.
func (f *finder) asks(text string) map[string]bool {
	stems := map[string]bool{}
	for _, word := range seek.Words(text) {
		stem := seek.Stem(word)
		stems[stem] = true
		for _, other := range f.Synonyms[stem] {
			stems[other] = true
		}
	}
	return stems
}

// find returns the commands that fit the words best, at most limit. Words that no command
// has are replaced by the nearest one, and put into instead.
func (f *finder) find(text string, limit int, instead map[string]string) []found {
	text = phrases.Replace(strings.ToLower(text))
	query, asked := f.Query(text, instead), f.asks(text)
	var hits []found
	for i, c := range f.commands {
		c.score = query.Score(i)
		if !slices.ContainsFunc(append(familyOf(verbOf(c.path)), verbOf(c.path)), func(verb string) bool { return asked[seek.Stem(verb)] }) {
			c.score *= unasked[c.effect]
		}
		if c.score > 0 {
			hits = append(hits, c)
		}
	}
	slices.SortStableFunc(hits, func(x, y found) int {
		return cmp.Or(cmp.Compare(y.score, x.score), strings.Compare(x.path, y.path))
	})
	for i, hit := range hits {
		if i == limit || hit.score < hits[0].score/6 {
			return hits[:i]
		}
	}
	return hits
}

// mean returns what follows a prefix in the paths of the commands that a word may mean, at
// most three.
func (f *finder) mean(word, prefix string) (names []string) {
	instead := map[string]string{}
	hits := f.find(word, len(f.commands), instead)
	if len(instead) > 0 {
		return nil // the word itself is unknown
	}
	best := 0.0
	for _, hit := range hits {
		name, ok := strings.CutPrefix(hit.path, prefix)
		if !ok || hit.score < max(best/2, inHelp) || len(names) == 3 {
			continue
		}
		best = max(best, hit.score)
		names = append(names, name)
	}
	return names
}

// searchTopic is "help search": the commands that fit a task.
func (a *app) searchTopic(b *strings.Builder, _ *cobra.Command, args []string) error {
	words := strings.TrimSpace(strings.Join(args, " "))
	if words == "" {
		return usageError("give the words of a task, for example: " + program + " help search rotate a leaked key")
	}
	instead := map[string]string{}
	hits := a.finder().find(words, 10, instead)
	if len(hits) == 0 {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: fmt.Sprintf("no command fits %q", words), Hint: "try other words, or see " + program + " help"}
	}
	for word, near := range instead {
		if near != "" {
			a.note("No command mentions %q; searched for %q.", word, near)
		}
	}
	width := 0
	for _, hit := range hits {
		width = max(width, len(hit.path))
	}
	for _, hit := range hits {
		hang(b, "  "+hit.path+strings.Repeat(" ", width-len(hit.path)+2), hit.summary)
	}
	return nil
}
