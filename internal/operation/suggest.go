package operation

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"strings"

	"litellm-proxy/internal/secret"
)

// Suggestion is a value that an argument may take, with a word about it.
type Suggestion struct {
	Value string `json:"value"`
	Help  string `json:"help,omitempty"`
}

// Suggest returns names of items that begin with a text, and the identifiers that do, from
// one page. byID returns identifiers for all of them. The gateway narrows the list where it
// can, so that names beyond the first page are found.
func (c *Collection) Suggest(ctx context.Context, env Env, begun string, byID bool) ([]Suggestion, error) {
	if strings.Contains(c.Path, "{") || c.Path == "" || c.ID == "" && c.Name == "" {
		return nil, nil
	}
	call := newCall(env, &Operation{Path: "completion", Effect: Read}, nil)
	call.effect = Read
	filter := url.Values{}
	if begun != "" && !byID {
		maps.Copy(filter, narrow(c.Search, begun))
		maps.Copy(filter, c.Partly)
	}
	if c.Size != "" && c.Search != "" && !byID {
		filter.Set(c.Size, suggested) // the next letter narrows it
	}
	for page, err := range c.Walk(ctx, call, nil, filter) {
		if err != nil {
			return nil, err
		}
		return c.suggestions(page.Items, begun, byID), nil
	}
	return nil, nil
}

// suggested is how many items are asked for where the gateway narrows the list: a short page
// comes sooner.
const suggested = "25"

// suggestions returns what fits of the items. Nothing that looks like a secret is in it.
func (c *Collection) suggestions(items []json.RawMessage, begun string, byID bool) (found []Suggestion) {
	seen := map[string]bool{"": true}
	add := func(value, help string) {
		if seen[value] || !hasPrefixFold(value, begun) || secret.Text(value) != value || strings.ContainsAny(value, "\t\n\r") {
			return
		}
		seen[value] = true
		if secret.Text(help) != help || help == value {
			help = ""
		}
		found = append(found, Suggestion{value, strings.Join(strings.Fields(help), " ")})
	}
	for _, item := range items {
		id, name := Word(Lookup(item, c.ID)), Word(NoNull(Lookup(item, c.Name)))
		if len(item) > 0 && item[0] != '{' {
			id, name = Word(item), ""
		}
		if !byID {
			add(name, "")
		}
		if byID || name == "" || begun != "" {
			add(id, name)
		}
	}
	return found
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}
