package modelfile

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Exported is a gateway's models in the form of a configuration file.
type Exported struct {
	YAML []byte
	// Left names what the gateway does not show and no file told: model and parameter.
	Left []string
	// Unknown counts the models that may have a secret of which the gateway shows nothing.
	Unknown int
}

// Export writes deployments, and credentials unless they are nil. The gateway shows neither
// secrets nor references: they are taken from the file that the models came from, which may
// be nil, and are left out otherwise. The result is read as the same values by YAML 1.1.
func Export(deployments []Deployment, credentials []StoredCredential, from *File) (Exported, error) {
	e := &exporter{from: from}
	deployments = slices.Clone(deployments)
	slices.SortStableFunc(deployments, func(a, b Deployment) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	if from != nil {
		e.pair(deployments)
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for i, d := range deployments {
		list.Content = append(list.Content, e.model(i, d))
	}
	top := &yaml.Node{Kind: yaml.MappingNode}
	if credentials != nil {
		creds := &yaml.Node{Kind: yaml.SequenceNode}
		for _, c := range credentials {
			creds.Content = append(creds.Content, e.credential(c))
		}
		top.Content = append(top.Content, text("credential_list"), creds)
	}
	top.Content = append(top.Content, text("model_list"), list)
	var b bytes.Buffer
	w := yaml.NewEncoder(&b)
	w.SetIndent(2)
	if err := w.Encode(top); err != nil {
		return Exported{}, fmt.Errorf("writing YAML: %w", err)
	}
	e.out.YAML = b.Bytes()
	return e.out, nil
}

type exporter struct {
	from *File
	mate map[int]Model // the entry of the file that belongs to a deployment
	out  Exported
}

// pair finds the entry of the file for each deployment: by ID, else the only one of the
// same name and provider's model that looks the same.
func (e *exporter) pair(deployments []Deployment) {
	e.mate = map[int]Model{}
	used := map[string]bool{}
	for i, d := range deployments {
		if at := slices.IndexFunc(e.from.Models, func(m Model) bool { return m.ID == d.ID }); at >= 0 {
			e.mate[i] = e.from.Models[at]
			used[d.ID] = true
		}
	}
	free := func(d Deployment, same func(Model, Deployment) bool) (found []Model) {
		for _, m := range e.from.Models {
			if !used[m.ID] && m.Name == d.Name && same(m, d) {
				found = append(found, m)
			}
		}
		return found
	}
	sameModel := func(m Model, d Deployment) bool {
		upstream := d.Params.Get("model")
		return upstream != nil && (m.Upstream() == upstream.Text || isReference(*m.Params.Get("model")))
	}
	looks := func(m Model, d Deployment) bool { return sameModel(m, d) && len(m.unlike(d)) == 0 }
	for _, same := range []func(Model, Deployment) bool{looks, sameModel} {
		claims := map[string]int{}
		for i, d := range deployments {
			if _, has := e.mate[i]; !has {
				for _, m := range free(d, same) {
					claims[m.ID]++
				}
			}
		}
		for i, d := range deployments {
			if _, has := e.mate[i]; has {
				continue
			}
			if found := free(d, same); len(found) == 1 && claims[found[0].ID] == 1 {
				e.mate[i] = found[0]
				used[found[0].ID] = true
			}
		}
	}
}

// model writes one entry of model_list.
func (e *exporter) model(i int, d Deployment) *yaml.Node {
	mine, has := e.mate[i]
	params, left := Value{Kind: Map}, []string{}
	keep := func(name string, shown *Value) {
		var file *Value
		if has {
			file = mine.Params.Get(name)
		}
		if d.Config && file != nil && shown != nil {
			referring := referred(*shown, *file)
			shown = &referring
		}
		v, missing := chosen(name, shown, file)
		if left = append(left, missing...); v != nil {
			params.set(Member{Name: name, Value: *v})
		}
	}
	if has {
		for _, p := range mine.Params.Members {
			keep(p.Name, d.Params.Get(p.Name))
		}
	}
	if model := d.Params.Get("model"); params.Get("model") == nil && model != nil {
		keep("model", model)
	}
	for _, p := range byName(d.Params) {
		if params.Get(p.Name) == nil && !slices.Contains(left, p.Name) {
			keep(p.Name, &p.Value)
		}
	}
	info := Value{Kind: Map, Members: []Member{{Name: "id", Value: Value{Kind: Text, Text: d.ID}}}}
	for _, m := range byName(d.Info) {
		if v, missing := chosen(m.Name, &m.Value, nil); v != nil {
			info.set(Member{Name: m.Name, Value: *v})
		} else {
			left = append(left, missing...)
		}
	}
	entry := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
		text("model_name"), text(d.Name), text("litellm_params"), node(params), text("model_info"), node(info)}}
	entry.HeadComment = comment(e.remarks(d, left, has))
	return entry
}

// remarks are the comments on an entry: what is left out of it, and whether it is blocked.
func (e *exporter) remarks(d Deployment, left []string, has bool) (comments []string) {
	for _, name := range left {
		e.out.Left = append(e.out.Left, fmt.Sprintf("%s (ID %s): %s", d.Name, d.ID, name))
	}
	if len(left) > 0 {
		comments = append(comments, "Not shown by the gateway: "+strings.Join(left, ", "))
	}
	if !has && d.Params.Get("litellm_credential_name") == nil {
		e.out.Unknown++
		comments = append(comments, "The gateway does not show api_key and other secrets. Add them if there are any.")
	}
	if d.Blocked {
		comments = append(comments, "Blocked on the gateway.")
	}
	return comments
}

// byName returns the members of a map by name: the gateway's database has an order of its
// own, and two exports of the same models should be the same.
func byName(v Value) []Member {
	return slices.SortedStableFunc(slices.Values(v.Members), func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
}

// comment makes comment lines: a name must not end its line.
func comment(sentences []string) string {
	for i, s := range sentences {
		sentences[i] = "# " + strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 {
				return ' '
			}
			return r
		}, s)
	}
	return strings.Join(sentences, "\n")
}

// chosen returns the value of a parameter, given what the gateway shows and what the file
// has, and the names of its parts that neither tells.
func chosen(name string, shown, file *Value) (*Value, []string) {
	switch {
	case file != nil && isReference(*file):
		return file, nil
	case shown == nil && file != nil && isHidden(name):
		return file, nil
	case shown == nil:
		return nil, nil
	}
	return unmasked(name, *shown, file)
}

// referred is a value of the gateway's own configuration with the references that the file
// has in its place.
func referred(shown, file Value) Value {
	switch {
	case isReference(file):
		return file
	case shown.Kind == Map && file.Kind == Map:
		out := Value{Kind: Map}
		for _, m := range shown.Members {
			if mine := file.Get(m.Name); mine != nil {
				m.Value = referred(m.Value, *mine)
			}
			out.Members = append(out.Members, m)
		}
		return out
	case shown.Kind == List && file.Kind == List && len(shown.Items) == len(file.Items):
		out := Value{Kind: List}
		for i, item := range shown.Items {
			out.Items = append(out.Items, referred(item, file.Items[i]))
		}
		return out
	}
	return shown
}

// unmasked fills the masks in a value from the file.
func unmasked(path string, shown Value, file *Value) (*Value, []string) {
	switch {
	case isMask(shown) && file != nil && file.Kind == Text && fits(file.Text, shown.Text):
		return file, nil
	case isMask(shown):
		return nil, []string{path}
	case shown.Kind == Map:
		out, left := Value{Kind: Map}, []string(nil)
		for _, m := range byName(shown) {
			v, missing := unmasked(path+"."+m.Name, m.Value, file.Get(m.Name))
			left = append(left, missing...)
			if v != nil {
				out.set(Member{Name: m.Name, Value: *v})
			}
		}
		return &out, left
	case shown.Kind == List:
		out := Value{Kind: List}
		for i, item := range shown.Items {
			var mine *Value
			if file != nil && len(file.Items) == len(shown.Items) {
				mine = &file.Items[i]
			}
			v, missing := unmasked(path, item, mine)
			if len(missing) > 0 {
				return nil, []string{path} // a list with a gap is another list
			}
			out.Items = append(out.Items, *v)
		}
		return &out, nil
	}
	return &shown, nil
}

// credential writes one entry of credential_list. A value that is not known is null, which
// models import refuses.
func (e *exporter) credential(c StoredCredential) *yaml.Node {
	var file *Credential
	if e.from != nil {
		if at := slices.IndexFunc(e.from.Credentials, func(o Credential) bool { return o.Name == c.Name }); at >= 0 {
			file = &e.from.Credentials[at]
		}
	}
	values, left := Value{Kind: Map}, []string{}
	for _, m := range byName(c.Values) {
		var mine *Value
		if file != nil {
			mine = file.Values.Get(m.Name)
		}
		v, missing := chosen(m.Name, &m.Value, mine)
		if v == nil {
			v = &Value{Kind: Null}
		}
		left = append(left, missing...)
		values.set(Member{Name: m.Name, Value: *v})
	}
	entry := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
		text("credential_name"), text(c.Name), text("credential_info"), node(c.Info), text("credential_values"), node(values)}}
	for _, name := range left {
		e.out.Left = append(e.out.Left, fmt.Sprintf("credential %s: %s", c.Name, name))
	}
	if len(left) > 0 {
		entry.HeadComment = comment([]string{"Not shown by the gateway; fill in before an import: " + strings.Join(left, ", ")})
	}
	return entry
}

// node is a value as a node of YAML 1.1.
func node(v Value) *yaml.Node {
	switch v.Kind {
	case Map:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, m := range v.Members {
			n.Content = append(n.Content, text(m.Name), node(m.Value))
		}
		return n
	case List:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v.Items {
			n.Content = append(n.Content, node(item))
		}
		return n
	case Null:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: v.Text}
	case Int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: v.Text}
	case Float:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: float11(v.Text)}
	}
	return text(v.Text)
}

// float11 writes a number in JSON as YAML 1.1 reads it: with a point and a signed exponent.
func float11(s string) string {
	mantissa, exponent, ok := strings.Cut(strings.ToLower(s), "e")
	if !ok {
		return s
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if !strings.HasPrefix(exponent, "-") && !strings.HasPrefix(exponent, "+") {
		exponent = "+" + exponent
	}
	return mantissa + "e" + exponent
}

// unquoted is text that no YAML reader takes for anything else, apart from single words.
var unquoted = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./*+@()-]*(?:[: ][A-Za-z0-9_./*+@()-]+|://)*$`)
})

// text is a text, in quotes where a reader of YAML 1.1 or 1.2 may take it for something
// else.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
	switch kind, _, err := plain(s); {
	case err != nil || kind != Text || !unquoted().MatchString(s) || len(s) > 200:
	case slices.Contains(words("y n"), strings.ToLower(s)) || words11[strings.ToLower(s)] != 0:
	default:
		n.Style = 0
	}
	return n
}
