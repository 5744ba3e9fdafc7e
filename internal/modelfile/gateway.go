package modelfile

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"litellm-proxy/internal/secret"
)

// Deployment is a deployment as the gateway shows it: references resolved, some secrets
// left out and others masked.
type Deployment struct {
	ID, Name string
	Params   Value
	Info     Value // what was stored with it, without the price list's entry
	Config   bool  // it stands in the gateway's own configuration
	Blocked  bool
}

// generated are members of model_info that the gateway sets itself.
var generated = []string{"id", "db_model", "created_at", "created_by", "updated_at", "updated_by", "member_auto_router", "blocked", "key",
	"access_via_team_ids", "direct_access", "pricing_overrides", "health_status", "health_checked_at"}

// hidden are parameters that the gateway never shows.
var hidden = words("api_key client_secret vertex_credentials vertex_ai_credentials aws_access_key_id aws_secret_access_key")

// NewDeployment reads an item of /v1/model/info or /v2/model/info.
func NewDeployment(item json.RawMessage) (Deployment, error) {
	v, err := valueOf(item)
	if err != nil {
		return Deployment{}, err
	}
	v = marked("", v)
	d := Deployment{Name: v.Get("model_name").String(), Params: Value{Kind: Map}, Info: Value{Kind: Map}}
	if params := v.Get("litellm_params"); params != nil {
		for _, p := range params.Members {
			if !isDefault(p) {
				d.Params.Members = append(d.Params.Members, p)
			}
		}
	}
	info := v.Get("model_info")
	if info == nil {
		return d, nil
	}
	d.ID = info.Get("id").String()
	d.Config = info.Get("db_model") == nil || info.Get("db_model").Text == "false"
	d.Blocked = info.Get("blocked") != nil && info.Get("blocked").Text == "true"
	for _, m := range info.Members {
		// The entry of the price list follows what was stored, and begins with its key.
		if m.Name == "key" {
			break
		}
		if m.Value.Kind != Null && !slices.Contains(generated, m.Name) && !(isPrice(m.Name) && (!d.Config || d.Params.Get(m.Name) != nil)) {
			d.Info.Members = append(d.Info.Members, m)
		}
	}
	return d, nil
}

// Distinct returns the deployments, each ID once: a configuration that has an entry twice
// makes two deployments of one ID.
func Distinct(deployments []Deployment) (out []Deployment) {
	seen := map[string]bool{}
	for _, d := range deployments {
		if d.ID == "" || !seen[d.ID] {
			out = append(out, d)
		}
		seen[d.ID] = true
	}
	return out
}

// Credential returns the name of the credential that the deployment uses, or "".
func (d Deployment) Credential() string { return d.Params.Get("litellm_credential_name").String() }

// isDefault reports whether a parameter is one that every deployment has.
func isDefault(p Member) bool {
	return p.Value.Kind == Null || p.Value.Text == "false" && p.Value.Kind == Bool &&
		slices.Contains(words("allow_client_keepalive_override use_in_pass_through use_litellm_proxy use_xai_oauth merge_reasoning_content_in_choices"), p.Name)
}

// isMask reports whether the gateway shows a mask in place of a value.
func isMask(v Value) bool { return v.Kind == Text && strings.Contains(v.Text, "****") }

// shortMask is the mask of a short secret: nothing but asterisks, or fewer than four of them
// between four characters and four.
var shortMask = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(.{4})?(\*+)(.{4})?$`) })

// marked is a value of the gateway in which the masks of short secrets have four asterisks,
// as those of long ones.
func marked(name string, v Value) Value {
	for i := range v.Members {
		v.Members[i].Value = marked(v.Members[i].Name, v.Members[i].Value)
	}
	for i := range v.Items {
		v.Items[i] = marked(name, v.Items[i])
	}
	if v.Kind == Text && !isMask(v) && isMasked(name) {
		if m := shortMask().FindStringSubmatch(v.Text); m != nil && (m[1] == "") == (m[3] == "") {
			v.Text = m[1] + "****" + m[3]
		}
	}
	return v
}

// isMasked reports whether the gateway shows a mask in place of a value of this name: it goes
// by the words of the name.
func isMasked(name string) bool {
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' })
	return slices.ContainsFunc(parts, func(part string) bool {
		return slices.Contains(words(`access auth authorization certificate cookie credential credentials fingerprint key password private secret tenancy token`), part)
	})
}

func isHidden(name string) bool { return slices.Contains(hidden, name) || secret.IsField(name) }

// unlike says how an entry differs from a deployment, as far as the gateway shows it; the
// texts name members, never values.
func (m Model) unlike(d Deployment) (differences []string) {
	params, info := m.stored()
	if m.Name != d.Name {
		differences = append(differences, "model_name")
	}
	for _, p := range params.Members {
		shown := d.Params.Get(p.Name)
		if shown == nil && d.Config && m.Params.Get(p.Name) == nil { // a price that stands in model_info there
			shown = d.Info.Get(p.Name)
		}
		switch {
		case p.Value.Kind == Null, isDefault(p), isReference(p.Value):
		case shown == nil && (isHidden(p.Name) || isOff(p)):
		case shown == nil || !alike(d.resolved(p.Value, shown), *shown):
			differences = append(differences, p.Name)
		}
	}
	for _, p := range d.Params.Members {
		if mine := params.Get(p.Name); (mine == nil || mine.Kind == Null) && !isMask(p.Value) {
			differences = append(differences, p.Name)
		}
	}
	for _, p := range info.Members {
		shown := d.Info.Get(p.Name)
		if p.Name == "id" || p.Value.Kind == Null || d.Config && isReference(p.Value) {
			continue
		}
		if shown == nil || !alike(d.resolved(p.Value, shown), *shown) {
			differences = append(differences, "model_info."+p.Name)
		}
	}
	return differences
}

// isOff reports whether a parameter is a default that is written as text.
func isOff(p Member) bool {
	return p.Value.Kind == Text && isDefault(Member{Name: p.Name, Value: Value{Kind: Bool, Text: boolean(p.Value.Text)}})
}

// resolved is a value of a file with what the deployment shows in place of references: the
// gateway resolves those of its own configuration in mappings at any depth.
func (d Deployment) resolved(mine Value, shown *Value) Value {
	switch {
	case !d.Config || shown == nil:
	case isReference(mine):
		return *shown
	case mine.Kind == Map:
		out := Value{Kind: Map}
		for _, m := range mine.Members {
			m.Value = d.resolved(m.Value, shown.Get(m.Name))
			out.Members = append(out.Members, m)
		}
		return out
	case mine.Kind == List && len(mine.Items) == len(shown.Items):
		out := Value{Kind: List}
		for i, item := range mine.Items {
			if item.Kind == Map {
				item = d.resolved(item, &shown.Items[i])
			}
			out.Items = append(out.Items, item)
		}
		return out
	}
	return mine
}

// refers reports whether the gateway would resolve a reference within a value of its own
// configuration.
func refers(v Value) bool {
	return isReference(v) || slices.ContainsFunc(v.Members, func(m Member) bool { return refers(m.Value) }) ||
		slices.ContainsFunc(v.Items, func(item Value) bool { return item.Kind == Map && refers(item) })
}

// removed returns the parameters of a deployment that an entry does not have.
func (m Model) removed(d Deployment) (names []string) {
	params, _ := m.stored()
	for _, p := range d.Params.Members {
		if params.Get(p.Name) == nil {
			names = append(names, p.Name)
		}
	}
	return names
}

// alike compares a value of a file with what the gateway shows of it. The gateway converts
// some texts to numbers and booleans, and masks secrets at any depth.
func alike(mine, shown Value) bool {
	switch {
	case isMask(shown):
		return mine.Kind == Text || mine.Kind == Date || mine.Kind == Int || mine.Kind == Float
	case mine.Kind == Map && shown.Kind == Map:
		if len(mine.Members) != len(shown.Members) {
			return false
		}
		for _, m := range mine.Members {
			if other := shown.Get(m.Name); other == nil || !alike(m.Value, *other) {
				return false
			}
		}
		return true
	case mine.Kind == List && shown.Kind == List:
		if len(mine.Items) != len(shown.Items) {
			return false
		}
		for i := range mine.Items {
			if !alike(mine.Items[i], shown.Items[i]) {
				return false
			}
		}
		return true
	case mine.Kind == List || shown.Kind == List || mine.Kind == Map || shown.Kind == Map:
		return false
	case mine.Kind == Null || shown.Kind == Null:
		return mine.Kind == shown.Kind
	}
	a, errA := strconv.ParseFloat(strings.TrimSpace(mine.Text), 64)
	b, errB := strconv.ParseFloat(shown.Text, 64)
	if errA == nil && errB == nil && (mine.Kind != Text || shown.Kind != Text) {
		return a == b
	}
	if shown.Kind == Bool && mine.Kind == Text {
		return boolean(mine.Text) == shown.Text
	}
	return mine.Text == shown.Text && (mine.Kind == Bool) == (shown.Kind == Bool)
}

// StoredCredential is a credential as the gateway shows it.
type StoredCredential struct {
	Name         string
	Info, Values Value
	Config       bool
}

// NewStoredCredential reads an item of /credentials.
func NewStoredCredential(item json.RawMessage) (StoredCredential, error) {
	v, err := valueOf(item)
	if err != nil {
		return StoredCredential{}, err
	}
	v = marked("", v)
	c := StoredCredential{Name: v.Get("credential_name").String(), Config: v.Get("source").String() == "config", Info: Value{Kind: Map}, Values: Value{Kind: Map}}
	if info := v.Get("credential_info"); info != nil {
		c.Info = *info
	}
	if values := v.Get("credential_values"); values != nil {
		c.Values = *values
	}
	return c, nil
}

// unlike says how a credential differs from the stored one, as far as masks tell.
func (c Credential) unlike(s StoredCredential) (differences []string) {
	compare := func(prefix string, mine, shown Value) {
		for _, m := range mine.Members {
			other := shown.Get(m.Name)
			if s.Config && isReference(m.Value) { // the gateway shows what it stands for
				continue
			}
			if other == nil || !alike(m.Value, *other) || isMask(*other) && !fits(m.Value.Text, other.Text) {
				differences = append(differences, prefix+m.Name)
			}
		}
	}
	compare("credential_info.", c.Info, s.Info)
	compare("credential_values.", c.Values, s.Values)
	for _, name := range c.removed(s) {
		differences = append(differences, "credential_values."+name)
	}
	return differences
}

// removed returns the values of a stored credential that an entry does not have.
func (c Credential) removed(s StoredCredential) (names []string) {
	for _, m := range s.Values.Members {
		if c.Values.Get(m.Name) == nil && m.Value.Kind != Null {
			names = append(names, m.Name)
		}
	}
	return names
}

// fits reports whether a text can be what a mask hides: masks show both ends.
func fits(text, mask string) bool {
	before, rest, _ := strings.Cut(mask, "*")
	after := strings.TrimLeft(rest, "*")
	return strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}
