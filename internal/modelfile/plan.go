package modelfile

import (
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/plural"
)

// Action is what an import does about an entry.
type Action string

// The actions. Kept is an entry that differs from what the gateway has and is not updated.
// Unclear is an entry of which the gateway may or may not have a deployment.
const (
	Create    Action = "create"
	Change    Action = "change"
	Unchanged Action = "unchanged"
	Kept      Action = "differs"
	Unclear   Action = "unclear"
)

// PlannedModel is an entry with what an import does about it.
type PlannedModel struct {
	Model
	Action Action
	ID     string // of the deployment
	Reason string
	// Remove names the parameters that a change removes.
	Remove []string
}

// PlannedCredential is a credential with what an import does about it.
type PlannedCredential struct {
	Credential
	Action Action
	Reason string
	// Remove names the values that a change removes.
	Remove []string
}

// Rules are the choices of an import.
type Rules struct {
	Update bool // change what differs
	ByID   bool // do not match deployments by their content
}

// Compare plans the import of models. Deployments are matched by ID; an entry without an
// ID of its own also matches a deployment that looks the same under another ID. It returns
// the deployments of the same models that no entry describes, too.
func Compare(models []Model, deployments []Deployment, rules Rules) (plan []PlannedModel, others []Deployment) {
	byID := map[string]int{}
	for i, d := range deployments {
		byID[d.ID] = i
	}
	used := map[int]bool{}
	for _, m := range models {
		p := PlannedModel{Model: m, Action: Create, ID: m.ID}
		if i, ok := byID[m.ID]; ok {
			used[i] = true
			p.decide(deployments[i], rules)
		}
		plan = append(plan, p)
	}
	if !rules.ByID {
		matchContent(plan, deployments, used)
	}
	names := map[string]bool{}
	for _, m := range models {
		names[m.Name] = true
	}
	for i, d := range deployments {
		if !used[i] && names[d.Name] {
			others = append(others, d)
		}
	}
	return plan, others
}

// decide plans an entry whose ID the gateway has.
func (p *PlannedModel) decide(d Deployment, rules Rules) {
	differences := p.unlike(d)
	if len(differences) == 0 {
		p.Action = Unchanged
		return
	}
	p.Reason = "differs in " + strings.Join(differences, ", ")
	switch {
	case d.Config:
		p.Action = Kept
		p.Reason += "; it is in the gateway's configuration file, so change it there"
	case !rules.Update:
		p.Action = Kept
	default:
		p.Action = Change
		p.Remove = p.removed(d)
	}
}

// matchContent finds deployments that look like entries under another ID: those of the
// gateway's own configuration, whose IDs are derived from resolved references, and those
// that another program added.
func matchContent(plan []PlannedModel, deployments []Deployment, used map[int]bool) {
	groups := map[string][]int{} // entries by the deployments that look the same
	looks := map[string][]int{}
	var order []string
	for at := range plan {
		if plan[at].Action != Create || plan[at].Given {
			continue
		}
		var same []int
		for i, d := range deployments {
			if !used[i] && (!d.Config || plan[at].References) && len(plan[at].unlike(d)) == 0 {
				same = append(same, i)
			}
		}
		if key := fmt.Sprint(same); len(same) > 0 {
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key], looks[key] = append(groups[key], at), same
		}
	}
	for _, key := range order {
		same := slices.DeleteFunc(slices.Clone(looks[key]), func(i int) bool { return used[i] })
		for n, at := range groups[key] {
			p := &plan[at]
			switch {
			case len(groups[key]) > len(same) && len(same) > 0:
				p.Action = Unclear
				p.Reason = fmt.Sprintf("%s for %d of the gateway's deployments; only their secrets may differ. Give the entries a model_info.id, or use --by-id to create all", plural.Count(len(groups[key]), "entry"), len(same))
			case n < len(same):
				p.Action, p.ID = Unchanged, deployments[same[n]].ID
				p.Reason = "the gateway has it under this ID; secrets were not compared"
			}
		}
		for n := range min(len(groups[key]), len(same)) {
			used[same[n]] = true
		}
	}
}

// CompareCredentials plans the import of credentials.
func CompareCredentials(credentials []Credential, stored []StoredCredential, rules Rules) (plan []PlannedCredential) {
	for _, c := range credentials {
		p := PlannedCredential{Credential: c, Action: Create}
		at := slices.IndexFunc(stored, func(s StoredCredential) bool { return s.Name == c.Name })
		if at >= 0 {
			p.Action = Unchanged
			if differences := c.unlike(stored[at]); len(differences) > 0 {
				p.Action, p.Reason = Kept, "differs in "+strings.Join(differences, ", ")
				switch {
				case stored[at].Config:
					p.Reason += "; it is in the gateway's configuration file, so change it there"
				case rules.Update:
					p.Action, p.Remove = Change, c.removed(stored[at])
				}
			}
		}
		plan = append(plan, p)
	}
	return plan
}

// MissingCredentials returns a finding for each model whose credential neither the file
// nor the gateway has.
func MissingCredentials(models []Model, credentials []Credential, stored []StoredCredential) (findings Findings) {
	for _, m := range models {
		v := m.Params.Get("litellm_credential_name")
		if v == nil || v.String() == "" || isReference(*v) {
			continue
		}
		name := v.String()
		if !slices.ContainsFunc(credentials, func(c Credential) bool { return c.Name == name }) &&
			!slices.ContainsFunc(stored, func(s StoredCredential) bool { return s.Name == name }) {
			findings.add(Error, v.Place, m.Name, "neither the file nor the gateway has the credential %s", name)
		}
	}
	return findings
}

// HasSecrets reports whether the entry has secrets that the gateway does not show.
func (m Model) HasSecrets() bool {
	return slices.ContainsFunc(m.Params.Members, func(p Member) bool {
		return isHidden(p.Name) && p.Value.Kind != Null && !isReference(p.Value)
	})
}

// Unresolved returns a sentence for each reference of the entries with these actions that is
// not set on the gateway: it leaves out a parameter whose variable has no value. Whether a
// secret is set, it does not show.
func Unresolved(plan []PlannedModel, deployments []Deployment, actions ...Action) (faults []string) {
	byID := map[string]Deployment{}
	for _, d := range deployments {
		byID[d.ID] = d
	}
	for _, p := range plan {
		d, ok := byID[p.ID]
		if !ok || !slices.Contains(actions, p.Action) {
			continue
		}
		for _, param := range p.Params.Members {
			if isReference(param.Value) && !isHidden(param.Name) && d.Params.Get(param.Name) == nil {
				faults = append(faults, fmt.Sprintf("%s: %s: the gateway does not use %s, because %s is not set there", p.Place, p.Label(), param.Name,
					strings.TrimPrefix(param.Value.Text, referencePrefix)))
			}
		}
	}
	return faults
}
