package cli_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/openapi"
	"litellm-proxy/tools"
)

//go:generate go test . -run TestCoverage -update-coverage

// page writes the coverage page.
func (c *coverage) page() string {
	var b strings.Builder
	own, fields, named, only, out := 0, 0, 0, 0, 0
	for _, e := range c.endpoints {
		if len(e.by) == 0 {
			continue
		}
		own++
		fields += len(e.fields)
		named += len(e.named)
		if e.open {
			only += len(e.fields) - len(e.named)
		} else {
			out += len(e.fields) - len(e.named)
		}
	}
	total := len(c.endpoints)
	fmt.Fprintf(&b, `# Coverage of the gateway's API

This page compares the %d operations of this program with the OpenAPI document of LiteLLM %s. A test writes
it and keeps it up to date: `+"`go generate ./internal/cli`"+`. It also fails if a field that an operation
declares has another type in the document.

| | |
| --- | ---: |
| endpoints that manage the gateway | %d |
| with an operation of their own | %d |
| reached by `+"`api` and `http request`"+` only | %d |
| request fields of the endpoints with an operation | %d |
| declared by an operation | %d |
| sent with `+"`--set` and `--body`"+` only | %d |
| reached by `+"`api` and `http request`"+` only | %d |

Fields are counted at the top level of query and body.

`, len(tools.All()), openapi.Known().Version, total, own, total-own, fields, named, only, out)
	c.tables(&b)
	c.others(&b)
	return b.String()
}

// tables writes a table for each tag.
func (c *coverage) tables(b *strings.Builder) {
	byTag := map[string][]*covered{}
	for _, e := range c.endpoints {
		byTag[e.Tag] = append(byTag[e.Tag], e)
	}
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		title := tag
		if title == "" {
			title = "without a tag"
		}
		fmt.Fprintf(b, "## %s\n\n| endpoint | operation | fields declared | other fields |\n| --- | --- | ---: | --- |\n", title)
		for _, e := range byTag[tag] {
			fmt.Fprintf(b, "| `%s %s` | %s | %s | %s |\n", e.Method, e.Path, e.operations(), e.counts(), e.rest())
		}
		b.WriteString("\n")
	}
}

// operations names what sends the endpoint.
func (e *covered) operations() string {
	var names []string
	for _, op := range e.by {
		if name := "`" + op.Path + "`"; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return "`api`"
	}
	return strings.Join(names, ", ")
}

func (e *covered) counts() string {
	if len(e.by) == 0 || len(e.fields) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", len(e.named), len(e.fields))
}

// rest names the fields that no operation declares.
func (e *covered) rest() string {
	if len(e.by) == 0 {
		return ""
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(e.fields)) {
		if !e.named[name] {
			names = append(names, name)
		}
	}
	if len(names) > 0 && e.open {
		return "`--set`: " + strings.Join(names, ", ")
	}
	return strings.Join(names, ", ")
}

// others writes what the document lacks, and where types differ.
func (c *coverage) others(b *strings.Builder) {
	b.WriteString("## Outside the document\n\nThese operations send requests that the document leaves out.\n\n| operation | request |\n| --- | --- |\n")
	for _, path := range slices.Sorted(maps.Keys(c.unknown)) {
		fmt.Fprintf(b, "| `%s` | `%s` |\n", path, strings.Join(c.unknown[path], "`, `"))
	}
	if len(differing) == 0 {
		return
	}
	b.WriteString("\n## Other types than the document's\n\n| operation | field | reason |\n| --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(differing)) {
		op, field := name[:strings.LastIndexByte(name, ' ')], name[strings.LastIndexByte(name, ' ')+1:]
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", op, field, differing[name])
	}
}
