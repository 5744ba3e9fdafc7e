package config

import (
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/nearest"
)

// Kind is what a setting of a profile holds.
type Kind int

// The kinds of settings.
const (
	Text Kind = iota
	Boolean
	List
	// Map is a setting whose members are settings: headers.X-Tenant.
	Map
)

// Setting is one setting of a profile.
type Setting struct {
	Name, Help string
	Kind       Kind
	// Values are the only ones allowed; nil: any.
	Values []string
	// Credential marks what is sent to the profile's gateway and nowhere else to prove who
	// calls.
	Credential bool
}

// Settings of a profile, by name.
const (
	BaseURL    = "base_url"
	APIKey     = "api_key"
	KeyHeader  = "key_header"
	CAFile     = "ca_file"
	ClientCert = "client_cert"
	ClientKey  = "client_key"
	Headers    = "headers"
	Team       = "team"
	Format     = "format"
	Confirm    = "mcp.confirm"
	Toolsets   = "mcp.toolsets"
	Protected  = "protected"
)

var settings = []Setting{
	{Name: BaseURL, Help: "Gateway URL"},
	{Name: APIKey, Help: "Key: keystore, env:NAME, file:PATH or exec:COMMAND", Credential: true},
	{Name: KeyHeader, Help: "Header that carries the key"},
	{Name: CAFile, Help: "File with additional CA certificates to trust"},
	{Name: ClientCert, Help: "PEM file of the TLS client certificate", Credential: true},
	{Name: ClientKey, Help: "PEM file of the TLS client key", Credential: true},
	{Name: Headers, Help: "Extra header of every request: headers.NAME", Kind: Map, Credential: true},
	{Name: Team, Help: "Team of new keys, by name or ID"},
	{Name: Format, Help: "Default output format", Values: []string{"table", "json", "jsonl", "yaml", "csv", "text"}},
	{Name: Confirm, Help: "Default of mcp --confirm", Values: []string{"auto", "always", "argument", "never"}},
	{Name: Toolsets, Help: "Default of mcp --toolsets", Kind: List},
	{Name: Protected, Help: "Every change must be confirmed with the profile's name", Kind: Boolean},
}

// ProfileSettings returns the settings that a profile has.
func ProfileSettings() []Setting { return slices.Clone(settings) }

// FindSetting returns the setting with this name; headers.NAME is found as headers. The
// error names the nearest one.
func FindSetting(name string) (Setting, error) {
	base := name
	if member, ok := strings.CutPrefix(name, Headers+"."); ok {
		if member == "" {
			return Setting{}, fmt.Errorf("%s needs the name of a header: %s.X-Tenant", Headers, Headers)
		}
		base = Headers
	}
	var names []string
	for _, s := range settings {
		if s.Name == base {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if name == "current" {
		return Setting{}, fmt.Errorf("current is not a setting of a profile; to change it, use config use NAME")
	}
	return Setting{}, fmt.Errorf("unknown setting %q%s", name, orNearest(name, names))
}

// Check returns an error for a value that the setting cannot have. It does not repeat a
// value that may be a secret.
func (s Setting) Check(value string) error {
	switch {
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("%s must not be empty; to remove it, use config unset %s", s.Name, s.Name)
	case s.Name == APIKey || s.Name == Headers:
		return checkReference(s.Name, value)
	case strings.ContainsAny(value, "\n\r\x00"):
		return fmt.Errorf("%s must be on one line", s.Name)
	case s.Kind == Boolean && value != "true" && value != "false":
		return fmt.Errorf("%s: %q is not true or false", s.Name, value)
	case s.Values != nil && !slices.Contains(s.Values, value):
		return fmt.Errorf("%s: %q is not one of %s", s.Name, value, strings.Join(s.Values, ", "))
	}
	return nil
}

// Profile is the settings of one gateway.
type Profile struct {
	Name string
	// names are the settings that it has, in the order of the file.
	names  []string
	values map[string]string // a list is joined by commas
}

// Names returns the settings that the profile has, in the order of the file.
func (p *Profile) Names() []string { return slices.Clone(p.names) }

// Get returns the value of a setting, or "" if the profile does not have it. A list is
// joined by commas.
func (p *Profile) Get(name string) string { return p.values[name] }

// Protected reports whether changes must be confirmed with the profile's name.
func (p *Profile) Protected() bool { return p.values[Protected] == "true" }

// Headers returns the extra headers by name: literal values and references.
func (p *Profile) Headers() map[string]string {
	all := map[string]string{}
	for _, name := range p.names {
		if header, ok := strings.CutPrefix(name, Headers+"."); ok {
			all[header] = p.values[name]
		}
	}
	return all
}

// Credentials returns in words which credentials the profile has: key, client certificate,
// headers.
func (p *Profile) Credentials() (words []string) {
	if p.values[APIKey] != "" {
		words = append(words, "key")
	}
	if p.values[ClientCert] != "" || p.values[ClientKey] != "" {
		words = append(words, "client certificate")
	}
	if len(p.Headers()) > 0 {
		words = append(words, "headers")
	}
	return words
}

// Shown returns the value of a setting for people: what may be a secret is masked, a
// reference to one is not.
func (p *Profile) Shown(name string) string {
	value := p.values[name]
	if name == BaseURL && strings.Contains(value, "@") {
		return masked // a user name and password, which no gateway URL may have
	}
	if setting, err := FindSetting(name); err == nil && (setting.Name == APIKey || setting.Name == Headers) && value != "" && IsLiteral(value) {
		return masked
	}
	return value
}

// masked stands for a secret.
const masked = "****"

func (p *Profile) set(name, value string) {
	if _, ok := p.values[name]; !ok {
		p.names = append(p.names, name)
	}
	p.values[name] = value
}

// CheckName returns an error for a name that no profile can have.
func CheckName(name string) error {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("-_.", rune(c))) {
			name = ""
			break
		}
	}
	if name == "" || len(name) > 64 {
		return fmt.Errorf("the name of a profile has up to 64 letters, digits, dashes, dots and underscores, and starts with a letter or digit")
	}
	return nil
}

// orNearest suggests the name that was probably meant, or lists them all.
func orNearest(name string, names []string) string {
	switch best := nearest.Name(name, names, nearest.Limit(name)); {
	case best != "":
		return "; did you mean " + best + "?"
	case len(names) == 0:
		return ""
	}
	return "; there are " + strings.Join(names, ", ")
}
