package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
)

// families are verbs that mean the same. The first one that a group has is meant by those
// that it lacks: "keys create" is keys generate, "teams rm" is teams delete.
var families = [][]string{
	{"list", "ls"},
	{"get", "info", "show", "describe", "view"},
	{"create", "generate", "add", "new", "make"},
	{"update", "set", "edit", "modify", "change"},
	{"rotate", "regenerate", "renew"},
	{"delete", "remove", "rm", "del", "destroy"},
}

// familyOf returns the verbs that mean the same as this one, with itself.
func familyOf(verb string) []string {
	i := slices.IndexFunc(families, func(family []string) bool { return slices.Contains(family, verb) })
	if i < 0 {
		return nil
	}
	return families[i]
}

// verbAliases returns further names of the commands of a group, by name. None of them is the
// name of a command, and none stands for two.
func verbAliases(commands []string) map[string][]string {
	taken := map[string]bool{}
	for _, name := range commands {
		taken[name] = true
	}
	aliases := map[string][]string{}
	add := func(name, alias string) {
		if !taken[alias] {
			taken[alias] = true
			aliases[name] = append(aliases[name], alias)
		}
	}
	for _, family := range families {
		if i := slices.IndexFunc(family, func(verb string) bool { return slices.Contains(commands, verb) }); i >= 0 {
			for _, alias := range family {
				add(family[i], alias)
			}
		}
	}
	for _, name := range commands { // member-add: add-member, member-create
		at := strings.LastIndexByte(name, '-')
		if at < 0 {
			continue
		}
		noun, verb := name[:at], name[at+1:]
		for _, other := range familyOf(verb) {
			add(name, noun+"-"+other)
			add(name, other+"-"+noun)
		}
	}
	return aliases
}

// groupAliases returns further names of the groups: singular nouns, plurals and what the
// resource itself declares.
func groupAliases(resources []*operation.Resource) map[string]string {
	of := map[string]string{}
	for _, r := range resources {
		of[r.Name] = r.Name
	}
	add := func(name, alias string) {
		if _, taken := of[alias]; !taken {
			of[alias] = name
		}
	}
	for _, r := range resources {
		for _, name := range append([]string{r.Name}, r.Also...) {
			add(r.Name, name)
			if r.Summary != "" {
				add(r.Name, otherNumber(name))
			}
		}
	}
	for _, r := range resources {
		delete(of, r.Name)
	}
	return of
}

// otherNumber returns the singular of a plural, and the plural of a singular.
func otherNumber(noun string) string {
	if singular := plural.Singular(noun); singular != noun {
		return singular
	}
	return plural.Of(noun)
}

// nouns finds the resources that the command line may name, and keeps the aliases of all.
func (a *app) nouns() {
	var all []*operation.Resource
	last := ""
	for _, op := range a.Operations {
		if op.Of != nil && op.Of.Name != last {
			last = op.Of.Name
			all = append(all, op.Of)
		}
	}
	for i := range ownResources {
		all = append(all, &ownResources[i])
	}
	a.aliases = groupAliases(all)
	a.named = map[string]bool{}
	for _, arg := range a.Args {
		a.named[arg] = true
		if name, ok := a.aliases[arg]; ok {
			a.named[name] = true
		}
	}
}

// addAliases gives the groups, and the commands of those that the command line may name,
// their further names.
func (a *app) addAliases(root *cobra.Command) {
	of := map[string][]string{}
	for alias, name := range a.aliases {
		of[name] = append(of[name], alias)
	}
	for _, group := range root.Commands() {
		group.Aliases = append(group.Aliases, of[group.Name()]...)
		if !group.HasSubCommands() || !a.named[group.Name()] {
			continue
		}
		var names []string
		for _, c := range group.Commands() {
			names = append(names, c.Name())
		}
		aliases := verbAliases(names)
		for _, c := range group.Commands() {
			c.Aliases = append(c.Aliases, aliases[c.Name()]...)
		}
	}
}
