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
		d := f.add(op.Path, op.Summary)
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
		f.add(l.path, l.summary)
	}
	for path, summary := range map[string]string{
		"mcp": "Serve the commands as MCP tools to AI assistants and editors", "demo": "Walk through the main workflow on a temporary sandbox",
		"version": "Show the versions of this program and the gateway", "sandbox serve": "Serve the sandbox over HTTP to any client",
	} {
		f.add(path, summary)
	}
	return f
}

func (f *finder) add(path, summary string) *seek.Document {
	f.commands = append(f.commands, found{path: path, summary: summary})
	d := f.New("")
	resource, _, _ := strings.Cut(path, " ")
	d.Add(inNoun, resource)
	d.Title(inPath, path)
	d.Title(inSummary, summary)
	for _, verb := range familyOf(path[strings.LastIndexAny(path, " -")+1:]) {
		d.Add(inPath/2, verb)
	}
	return d
}

// find returns the commands that fit the words best, at most limit. Words that no command
// has are replaced by the nearest one, and put into instead.
func (f *finder) find(text string, limit int, instead map[string]string) []found {
	query := f.Query(phrases.Replace(strings.ToLower(text)), instead)
	var hits []found
	for i, c := range f.commands {
		if c.score = query.Score(i); c.score > 0 {
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
