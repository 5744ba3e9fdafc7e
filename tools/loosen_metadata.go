package tools

import (
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// overBudget lets a key whose budget is spent go on, more slowly.
const overBudget = "throttle_on_budget_exceeded"

// memberBudget names the budget of each member of a team.
const memberBudget = "team_member_budget_id"

// restraints are lists that hold a thing back: an entry that is taken out does no more.
// switches do so when they are off. The gateway keeps both in the metadata.
var (
	restraints = []string{"guardrails", "policies", "enforced_params", "tags"}
	switches   = []string{"disable_global_guardrails", "opted_out_global_guardrails", overBudget, "budget_fallbacks"}
	// keeps hold calls back, whatever their form; most stand in the metadata.
	keeps = []string{memberBudget, "team_member_key_duration", "tpm_limit_type", "rpm_limit_type", "end_user_budget_id",
		"default_estimated_output_tokens", "default_estimated_output_tokens_per_model", "denied_passthrough_routes",
		"enforced_batch_output_expires_after", "enforced_file_expires_after", "allowed_model_region", "logging", "callback_settings"}
	// logs are those that hold nothing back, but say where calls are logged.
	logs = []string{"logging", "callback_settings"}
)

// keptLimits are the limits that the gateway keeps in the metadata of a thing, before and
// after an update. The metadata of the update is merged with the present one already.
type keptLimits struct {
	settings
	object, is, to, change operation.Args
}

// metadata compares those limits.
func (s settings) metadata(change operation.Args) []string {
	k := keptLimits{settings: s, change: change}
	if _ = json.Unmarshal(s.item, &k.object); k.object == nil && change["metadata"] != nil {
		return []string{"changes the metadata of " + s.whose + "; the limits that are in it now are not known"}
	}
	_, _ = json.Unmarshal(k.object["metadata"], &k.is), json.Unmarshal(change["metadata"], &k.to)
	return slices.Concat(k.limits(), k.restraints(), k.switches(), k.keeps())
}

// after is a limit after the update: what that says of it beside the metadata goes into it.
func (k *keptLimits) after(name string) json.RawMessage {
	switch {
	case k.change[name] != nil:
		return k.change[name]
	case k.change["metadata"] == nil:
		return k.is[name]
	case k.to[name] == nil:
		return json.RawMessage("null")
	}
	return k.to[name]
}

func (k *keptLimits) limits() (found []string) {
	kept := settings{whose: k.whose, item: k.object["metadata"], now: k.now, sparse: true}
	stays := func(l limit) bool { return k.change[l.name] != nil || k.is[l.name] == nil }
	for _, l := range byModel {
		if !stays(l) {
			found = append(found, kept.models(l, k.after(l.name))...)
		}
	}
	for _, l := range numbers {
		if !stays(l) {
			found = append(found, kept.number(l, k.after(l.name))...)
		}
	}
	return found
}

func (k *keptLimits) restraints() (found []string) {
	for _, name := range restraints {
		var before, now []string
		_, _ = json.Unmarshal(k.is[name], &before), json.Unmarshal(k.after(name), &now)
		found = append(found, naming("removes "+name+" from "+k.whose, without(before, now))...)
	}
	return found
}

func (k *keptLimits) switches() (found []string) {
	for _, name := range switches {
		switch value := k.after(name); {
		case value == nil, isNone(value), same(value, k.is[name]), same(value, k.object[name]), operation.Word(value) == "false":
		case strings.Contains(name, "budget"):
			found = append(found, "lets "+k.whose+" go on when its budget is spent ("+name+")")
		default:
			found = append(found, "turns off guardrails of "+k.whose+" ("+name+")")
		}
	}
	return found
}

func (k *keptLimits) keeps() (found []string) {
	for _, name := range keeps {
		before, now := k.is[name], k.after(name)
		if own := operation.NoNull(k.object[name]); own != nil { // beside the metadata
			if before, now = own, k.change[name]; now == nil {
				now = own
			}
		}
		// A type of limit that was not set may be looser than the usual one.
		fresh := strings.HasSuffix(name, "_limit_type") && !isUnset(now)
		switch {
		case before == nil && !fresh, same(before, now):
		case name == memberBudget && k.to[name] == nil && k.change[name] == nil: // the gateway keeps it
		case slices.Contains(logs, name):
			found = append(found, "changes where the calls of "+k.whose+" are logged ("+name+")")
		default:
			found = append(found, "changes what limits "+k.whose+" ("+name+")")
		}
	}
	return found
}
