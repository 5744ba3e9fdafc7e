package modelfile

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"litellm-proxy/internal/nearest"
)

// reason is why a file cannot be read, without its name.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// known are the sections that the gateway reads.
var known = []string{"model_list", "credential_list", "include", "litellm_settings", "general_settings", "router_settings", "environment_variables",
	"callback_settings", "guardrails", "mcp_servers", "mcp_tools", "mcp_semantic_tool_filter", "mcp_aliases", "search_tools", "sandbox_tools", "vector_store_registry", "policies",
	"policy_attachments", "prompts", "plugins", "agents", "agent_list", "assistant_settings", "files_settings", "finetune_settings",
	"default_vertex_config", "pass_through_endpoints", "worker_registry", "litellm_credentials", "default_litellm_params"}

// check reads the sections of models and credentials and names the others.
func (f *File) check(top *Value) {
	for _, m := range top.Members {
		switch {
		case m.Name == "model_list" || m.Name == "credential_list":
			continue
		case !slices.Contains(known, m.Name):
			f.unknownSection(m)
		}
		f.Sections = append(f.Sections, m.Name)
	}
	f.credentials(top.Get("credential_list"))
	f.models(top.Get("model_list"))
}

// unknownSection warns about a section that is probably misspelled. Others may hold anchors.
func (f *File) unknownSection(m Member) {
	if near := nearest.Name(m.Name, known, min(4, len(m.Name)/2)); near != "" {
		f.Findings.add(Warning, m.Place, "", "the gateway does not read the section %s; did you mean %s?", m.Name, near)
	} else if !strings.HasPrefix(m.Name, "x-") && !strings.HasPrefix(m.Name, "_") && !strings.HasPrefix(m.Name, ".") {
		f.Findings.add(Warning, m.Place, "", "the gateway does not read the section %s", m.Name)
	}
}

// list returns the entries of a section. An empty one is none.
func (f *File) list(v *Value, section string) []Value {
	if v == nil || v.Kind == Null {
		return nil
	}
	if v.Kind != List {
		f.Findings.add(Error, v.Place, "", "%s must be a list, not %s", section, v.Kind)
	}
	return v.Items
}

func (f *File) models(section *Value) {
	lines := map[string]Model{}
	for _, entry := range f.list(section, "model_list") {
		m, ok := f.model(entry)
		if !ok {
			continue
		}
		if first, again := lines[m.ID]; again && (m.Given || first.Given) {
			f.Findings.add(Error, m.Info.Get("id").place(m.Place), m.Name, "the ID %s is already used on %s", m.ID, first.Place)
			continue
		} else if again {
			f.Findings.add(Warning, m.Place, m.Name, "this entry is the same as the one on %s, ID included; it is imported once", first.Place)
			continue
		}
		lines[m.ID] = m
		f.Models = append(f.Models, m)
	}
}

// place returns where a value stands, or else another place.
func (v *Value) place(otherwise Place) Place {
	if v == nil || v.Place.Line == 0 {
		return otherwise
	}
	return v.Place
}

// model checks one entry of model_list.
func (f *File) model(entry Value) (Model, bool) {
	m := Model{Place: entry.Place}
	before := f.Findings.Errors()
	if entry.Kind != Map {
		f.Findings.add(Error, entry.Place, "", "an entry of model_list must be a mapping with model_name and litellm_params, not %s", entry.Kind)
		return m, false
	}
	m.Name = f.name(&entry, "model_name")
	fault := func(v *Value, format string, args ...any) {
		f.Findings.add(Error, v.place(entry.Place), m.Name, format, args...)
	}
	params := entry.Get("litellm_params")
	switch {
	case params == nil:
		fault(nil, "the entry has no litellm_params")
	case params.Kind != Map:
		fault(params, "litellm_params must be a mapping, not %s", params.Kind)
	case params.Get("model") == nil:
		fault(params, "litellm_params has no model")
	case params.Get("model").Kind != Text || strings.TrimSpace(params.Get("model").Text) == "":
		fault(params.Get("model"), "litellm_params.model must be text, for example openai/gpt-4o")
	}
	info := entry.Get("model_info")
	switch {
	case info == nil:
		info = &Value{Kind: Map}
	case info.Kind == Null:
		fault(info, "model_info is empty; the gateway does not start with it. Remove it or give it members")
	case info.Kind != Map:
		fault(info, "model_info must be a mapping, not %s", info.Kind)
	}
	if params != nil {
		m.Params = *params
	}
	m.Info = *info
	f.id(&m)
	f.types(m)
	f.unknownMembers(m.Name, entry)
	f.odd(m.Name, "", entry)
	if !m.Given && f.Findings.Errors() == before {
		m.ID = deploymentID(m.Name, m.Params)
	}
	m.References = slices.ContainsFunc(m.Params.Members, func(p Member) bool { return refers(p.Value) })
	return m, f.Findings.Errors() == before
}

// name reads the name of an entry.
func (f *File) name(entry *Value, member string) string {
	v := entry.Get(member)
	switch {
	case v == nil:
		f.Findings.add(Error, entry.Place, "", "the entry has no %s", member)
	case v.Kind != Text && v.Kind != Date && v.Kind != Null:
		f.Findings.add(Error, v.Place, "", "%s must be text, not %s; put it in quotes", member, v.Kind)
	case strings.TrimSpace(v.Text) == "":
		f.Findings.add(Error, v.Place, "", "%s is empty", member)
	}
	return v.String()
}

// id reads model_info.id.
func (f *File) id(m *Model) {
	id := m.Info.Get("id")
	switch {
	case id == nil:
		return
	case id.Kind == Null:
		f.Findings.add(Warning, id.Place, m.Name, "model_info.id has no value; the gateway drops such an entry of its configuration. Remove id")
		return
	case id.Kind != Text && id.Kind != Int && id.Kind != Date:
		f.Findings.add(Error, id.Place, m.Name, "model_info.id must be text, not %s", id.Kind)
	case strings.TrimSpace(id.Text) == "":
		f.Findings.add(Error, id.Place, m.Name, "model_info.id is empty")
	}
	m.ID, m.Given = id.Text, true
}

// unknownMembers warns about members of an entry that the gateway ignores.
func (f *File) unknownMembers(model string, entry Value) {
	for _, e := range entry.Members {
		switch e.Name {
		case "model_name", "litellm_params", "model_info":
		case "blocked":
			f.Findings.add(Warning, e.Place, model, "blocked is not imported; use models block")
		default:
			f.Findings.add(Warning, e.Place, model, "%s is not part of an entry and is not imported; parameters belong under litellm_params", e.Name)
		}
	}
}

func (f *File) credentials(section *Value) {
	lines := map[string]Place{}
	for _, entry := range f.list(section, "credential_list") {
		if entry.Kind != Map {
			f.Findings.add(Error, entry.Place, "", "an entry of credential_list must be a mapping with credential_name and credential_values, not %s", entry.Kind)
			continue
		}
		before := f.Findings.Errors()
		c := Credential{Name: f.name(&entry, "credential_name"), Place: entry.Place}
		if entry.Get("credential_info") == nil {
			f.Findings.add(Warning, entry.Place, c.Name, "the credential has no credential_info, which the gateway wants in a configuration")
		}
		c.Info = f.mapping(&entry, "credential_info", c.Name)
		c.Values = f.mapping(&entry, "credential_values", c.Name)
		if v := entry.Get("credential_values"); v == nil || v.Kind == Map && len(v.Members) == 0 {
			f.Findings.add(Error, entry.Place, c.Name, "the credential has no credential_values")
		}
		for _, v := range c.Values.Members {
			if v.Value.Kind == Null {
				f.Findings.add(Error, v.Place, c.Name, "credential_values.%s has no value", v.Name)
			}
		}
		if first, again := lines[c.Name]; again && c.Name != "" {
			f.Findings.add(Error, entry.Place, c.Name, "this credential is already defined on %s", first)
		}
		lines[c.Name] = entry.Place
		f.odd(c.Name, "", entry)
		if f.Findings.Errors() == before {
			f.Credentials = append(f.Credentials, c)
		}
	}
}

// mapping returns a member of a credential that must be a mapping; an empty one if it is
// missing or something else.
func (f *File) mapping(entry *Value, member, credential string) Value {
	v := entry.Get(member)
	switch {
	case v == nil:
	case v.Kind != Map:
		f.Findings.add(Error, v.Place, credential, "%s must be a mapping, not %s", member, v.Kind)
	default:
		return *v
	}
	return Value{Kind: Map}
}
