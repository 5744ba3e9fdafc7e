// Package prompts holds guided workflows for assistants: Markdown files with a
// front matter that names the workflow and its arguments. [All] reads them,
// [Prompt.Render] fills one in.
//
// To add one, write a file beside the others. Tools stand in backticks under
// their names; a test fails when one does not exist.
package prompts

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed *.md
var files embed.FS

// Prompt is one workflow.
type Prompt struct {
	Name        string
	Title       string
	Description string
	Arguments   []Argument

	text string
}

// Argument is what a person says to start a workflow.
type Argument struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Required    bool   `yaml:"required"`
	// Complete says what the value names, so that a client can offer what exists: one of
	// [Kinds]. Values are offered instead where only some make sense or come to mind.
	Complete string   `yaml:"complete"`
	Values   []string `yaml:"values"`
	// List means several values, separated by commas.
	List bool `yaml:"list"`
}

// Kinds are what the value of an argument can name: things of the gateway, a tool, or one
// of the last months.
var Kinds = []string{"team", "user", "key", "model", "credential", "operation", "month"}

// All returns the workflows by name. An error is a fault in an embedded file,
// which the tests rule out.
func All() ([]Prompt, error) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, err
	}
	var all []Prompt
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p, err := parse(content)
		if err != nil {
			return nil, fmt.Errorf("prompts/%s: %w", name, err)
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Prompt) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

var fence = []byte("---\n")

// parse reads a file: front matter between two lines of three dashes, and the
// text.
func parse(content []byte) (Prompt, error) {
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	rest, ok := bytes.CutPrefix(content, fence)
	if !ok {
		return Prompt{}, fmt.Errorf("the front matter is missing")
	}
	front, text, ok := bytes.Cut(rest, append([]byte("\n"), fence...))
	if !ok {
		return Prompt{}, fmt.Errorf("the front matter does not end")
	}
	var matter struct {
		Name        string     `yaml:"name"`
		Title       string     `yaml:"title"`
		Description string     `yaml:"description"`
		Arguments   []Argument `yaml:"arguments"`
	}
	d := yaml.NewDecoder(bytes.NewReader(front))
	d.KnownFields(true)
	if err := d.Decode(&matter); err != nil {
		return Prompt{}, fmt.Errorf("the front matter: %w", err)
	}
	p := Prompt{Name: matter.Name, Title: matter.Title, Description: matter.Description, Arguments: matter.Arguments,
		text: strings.TrimSpace(string(text)) + "\n"}
	if p.Name == "" || p.Title == "" || p.Description == "" {
		return Prompt{}, fmt.Errorf("the front matter needs name, title and description")
	}
	for _, a := range p.Arguments {
		if (a.Complete == "") == (len(a.Values) == 0) || a.Complete != "" && !slices.Contains(Kinds, a.Complete) {
			return Prompt{}, fmt.Errorf("the argument %s needs complete, one of %s, or values", a.Name, strings.Join(Kinds, ", "))
		}
	}
	for _, m := range placeholder().FindAllStringSubmatch(p.text, -1) {
		if !p.takes(m[1]) {
			return Prompt{}, fmt.Errorf("the text uses {{%s}}, which is no argument", m[1])
		}
	}
	return p, nil
}

func (p *Prompt) takes(name string) bool {
	return slices.ContainsFunc(p.Arguments, func(a Argument) bool { return a.Name == name })
}

// Names reports whether the text names a tool.
func (p Prompt) Names(tool string) bool {
	return strings.Contains(p.text, "`"+tool+"`") || strings.Contains(p.text, "`"+tool+" ")
}

// placeholder stands in the text where an argument's value goes.
var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{([a-z_]+)\}\}`) })

// notGiven stands for an argument that was left out.
const notGiven = "(not given)"

// maxValue bounds what one argument puts into a conversation.
const maxValue = 4000

// Render returns the text with the values of the arguments in it, as they are: a
// value is text and never read again. It fails on an argument that is required
// and missing or blank, unknown, or longer than 4,000 characters.
func (p Prompt) Render(values map[string]string) (string, error) {
	var names []string
	for _, a := range p.Arguments {
		names = append(names, a.Name)
		if a.Required && strings.TrimSpace(values[a.Name]) == "" {
			return "", fmt.Errorf("the argument %s is required: %s", a.Name, a.Description)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !p.takes(name) {
			return "", fmt.Errorf("there is no argument %q; there are %s", name, strings.Join(names, ", "))
		}
		if len(values[name]) > maxValue {
			return "", fmt.Errorf("the argument %s is longer than %d characters", name, maxValue)
		}
	}
	return placeholder().ReplaceAllStringFunc(p.text, func(found string) string {
		value := strings.TrimSpace(values[strings.Trim(found, "{}")])
		if value == "" {
			return notGiven
		}
		return value
	}), nil
}
