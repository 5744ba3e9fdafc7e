package keycopy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// Mark is the member of a copy's metadata with the hash of its source.
const Mark = "imported_from_key"

// limits returns the settings of a key that a copy must have, as /key/generate takes them,
// without those that are empty. It takes a key of a list, a row of a file, or the gateway's
// answer to a new key.
func limits(key json.RawMessage) operation.Args {
	out := operation.Args{}
	for name := range carried {
		if value := operation.Lookup(key, name); !empty(value) {
			out[name] = value
		}
	}
	if id := operation.Lookup(key, "org_id"); !empty(id) {
		out["organization_id"] = id
	}
	if value := out["budget_limits"]; value != nil {
		out["budget_limits"] = windows(value)
	}
	for _, name := range []string{"router_settings", "metadata"} {
		if value := out[name]; value != nil {
			if out[name] = meaning(value, name == "metadata"); empty(out[name]) {
				delete(out, name)
			}
		}
	}
	if out["auto_rotate"] == nil {
		delete(out, "rotation_interval") // the gateway ignores half of a rotation
	}
	if table := operation.NoNull(operation.Lookup(key, "litellm_budget_table")); alertOnly(table) {
		delete(out, "budget_id")
		out["soft_budget"] = operation.Lookup(table, "soft_budget")
	}
	return out
}

// alertOnly reports whether a budget is the one that the gateway makes for the soft budget
// of a single key: it limits nothing.
func alertOnly(budget json.RawMessage) bool {
	if empty(operation.Lookup(budget, "soft_budget")) {
		return false
	}
	return !slices.ContainsFunc(tierLimits, func(name string) bool { return !empty(operation.Lookup(budget, name)) })
}

// tierLimits are the limits of a budget that keys are given.
var tierLimits = strings.Fields("max_budget budget_duration tpm_limit rpm_limit tpd_limit max_parallel_requests model_max_budget allowed_models")

// windows returns budget windows without the times of their next reset, which the target sets.
func windows(value json.RawMessage) json.RawMessage {
	list := []json.RawMessage{}
	for window := range secret.Elements(value) {
		kept := secret.Object{}
		for name, member := range secret.Members(window) {
			if string(name) != "reset_at" && !empty(member) {
				kept = append(kept, secret.Member{Name: string(name), Value: member})
			}
		}
		list = append(list, secret.Encode(kept))
	}
	return secret.Encode(list)
}

// meaning returns an object without what is empty. Of metadata it leaves out the mark of a
// copy, and values that only the gateway that encrypted them can read.
func meaning(value json.RawMessage, metadata bool) json.RawMessage {
	kept := secret.Object{}
	for name, member := range secret.Members(value) {
		switch {
		case !metadata && empty(member), metadata && (string(name) == Mark || encrypted(member)):
		default:
			kept = append(kept, secret.Member{Name: string(name), Value: member})
		}
	}
	return secret.Encode(kept)
}

func encrypted(value json.RawMessage) bool {
	return bytes.Contains(value, []byte("litellm_enc::")) || bytes.Contains(value, []byte(`"v2:gcm:`))
}

// empty reports whether a value sets nothing. 0 is a limit.
func empty(value json.RawMessage) bool {
	switch string(bytes.TrimSpace(value)) {
	case "", "null", `""`, "[]", "{}", "false":
		return true
	}
	return false
}

// looser returns the settings in which a copy is less limited than its source, in words.
func looser(want, got operation.Args) (faults []string) {
	for name, value := range want {
		if why := differs(carried[name], value, got[name]); why != "" {
			faults = append(faults, name+" "+why)
		}
	}
	for name, value := range got {
		if _, is := want[name]; !is && widens(name) {
			faults = append(faults, fmt.Sprintf("%s %s instead of none", name, brief(value)))
		}
	}
	slices.Sort(faults)
	return faults
}

// widens reports whether a setting that the source lacks gives a copy more.
func widens(name string) bool {
	return name == "permissions" || name == "access_group_ids" || name == "config"
}

// differs says how a copy's setting is less limited, or "".
func differs(k kind, want, got json.RawMessage) string {
	ok := got != nil
	switch {
	case !ok:
	case k == number:
		var most, n float64
		ok = json.Unmarshal(want, &most) == nil && json.Unmarshal(got, &n) == nil && n <= most
	case k == names:
		var allowed, list []string
		ok = json.Unmarshal(want, &allowed) == nil && json.Unmarshal(got, &list) == nil && len(list) > 0 &&
			!slices.ContainsFunc(list, func(name string) bool { return !slices.Contains(allowed, name) })
	default:
		ok = equal(want, got)
	}
	if ok {
		return ""
	}
	if got == nil {
		return "is missing"
	}
	return fmt.Sprintf("is %s instead of %s", brief(got), brief(want))
}

// equal compares two JSON values by what they mean. Of two objects, the first one's members
// count: the gateway adds defaults.
func equal(want, got json.RawMessage) bool {
	var a, b any
	return json.Unmarshal(want, &a) == nil && json.Unmarshal(got, &b) == nil && within(a, b)
}

func within(a, b any) bool {
	x, isObject := a.(map[string]any)
	y, both := b.(map[string]any)
	if !isObject || !both {
		return reflect.DeepEqual(a, b)
	}
	for name, value := range x {
		if !within(value, y[name]) {
			return false
		}
	}
	return true
}

// brief shows a value in an error.
func brief(value json.RawMessage) string {
	const most = 60
	shown := []rune(operation.Shown(string(secret.Compact(value))))
	if len(shown) > most {
		return string(shown[:most]) + "…"
	}
	return string(shown)
}
