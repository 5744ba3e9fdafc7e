package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// Update declares where the state that an update changes is read. If the input has
// [Replacing], objects in the request are merged with the present ones; see [Call.Change].
type Update struct {
	// Present reads the object as the gateway shows it; nil: see [Call.Merge].
	Present func(context.Context, *Call) (json.RawMessage, error)
	// At is the dotted path of a field in that object, where it is not under its own name,
	// in the budget or in the metadata.
	At map[string]string
	// Subject is the arguments that identify the object.
	Subject []string
	// Answer is the path of the object in the answer to the update; "-": it is not there.
	Answer string
	// Blind is the fields that the gateway never shows.
	Blind []string
	// Holds reports whether a stored value has everything of a requested one, in the
	// gateway's spelling.
	Holds func(asked, stored json.RawMessage) bool
	// Advice returns what to do about a field that the gateway ignores, or "".
	Advice func(field string, asked json.RawMessage) string
}

// Replacing is embedded next to [Clearing] in the input of an update that merges objects.
type Replacing struct {
	Replace []string `json:"replace" help:"Objects to replace rather than merge"`
}

const replaceField = "replace"

// gatewayMembers are the members of metadata in which the gateway keeps settings of its
// own: limits, callbacks, guardrails and the like.
var gatewayMembers = []string{
	"model_rpm_limit", "model_tpm_limit", "model_itpm_limit", "model_otpm_limit", "mcp_rpm_limit", "tag_rpm_limit",
	"rpm_limit_type", "tpm_limit_type", "default_estimated_output_tokens", "default_estimated_output_tokens_per_model",
	"enforced_params", "temp_budget_increase", "temp_budget_expiry", "allowed_vector_store_indexes",
	"enforced_batch_output_expires_after", "enforced_file_expires_after", "throttle_on_budget_exceeded", "budget_fallbacks",
	"enable_prompt_caching", "end_user_budget_id", "require_trace_id", "disable_global_guardrails", "opted_out_global_guardrails",
	"guardrails", "policies", "tags", "team_member_key_duration", "prompts", "logging", "callback_settings",
	"secret_manager_settings", "allowed_passthrough_routes", "denied_passthrough_routes", "soft_budget_alerting_emails",
	"litellm_disabled_callbacks", "disable_fallbacks", "priority", "max_iterations", "max_budget_per_session",
	"allowed_model_region", "scim_active", "scim_metadata", "password_reset_required", "service_account_id", "team_member_budget_id",
}

// OwnMember reports whether the gateway keeps one of its settings in this member of
// metadata.
func OwnMember(name string) bool { return slices.Contains(gatewayMembers, name) }

// Change returns the body of an update: [Call.Body] with each object merged one level with
// the present one, unless {replace} names it. A null member removes that member.
func (c *Call) Change(ctx context.Context) (Args, error) {
	body := c.Body()
	if len(c.merges(body)) == 0 {
		return body, nil
	}
	present, err := c.op.Update.Present(ctx, c)
	return c.Merged(body, present, err)
}

// Merged is [Call.Merge] with an object that was just read. If the caller may not read it,
// fields that need no merging are still changed.
func (c *Call) Merged(body Args, present json.RawMessage, err error) (Args, error) {
	names := c.merges(body)
	switch {
	case IsRefused(err) && len(names) > 0:
		return nil, unreadable(names[0])
	case err != nil && !IsRefused(err):
		return nil, err
	case len(names) == 0:
		return body, nil
	}
	if kept := own(Lookup(present, "metadata")); len(kept) > 0 && c.clears("metadata") {
		settings := NameList(Encode(slices.Sorted(maps.Keys(kept))))
		c.Note("The gateway's own settings in the metadata are kept: " + settings + ". To remove one, set it to null in {metadata}.")
	}
	return c.Merge(body, present), nil
}

// unreadable returns the error for an object that cannot be merged.
func unreadable(field string) error {
	return &proxyclient.Error{Code: proxyclient.CodeForbidden,
		Message: "{" + field + "} is merged with the current value, which this key may not read; nothing was changed",
		Hint:    "to replace it, use {" + replaceField + "} " + field}
}

// Merge merges the objects of an update's body with those of the present object.
func (c *Call) Merge(body Args, present json.RawMessage) Args {
	names := c.merges(body)
	if len(names) == 0 || NoNull(present) == nil {
		return body
	}
	body = maps.Clone(body)
	for _, name := range names {
		is, _ := c.op.Update.Stored(present, name)
		if c.clears(name) {
			body[name] = Encode(own(is))
		} else {
			body[name] = merged(is, body[name])
		}
	}
	return body
}

// merges returns the fields of a body that are merged, in order.
func (c *Call) merges(body Args) (names []string) {
	if _, merging := c.op.Field(replaceField); !merging {
		return nil
	}
	for name, value := range body {
		cleared := c.clears(name) && name != "metadata"
		if isObject(value) && name != "object_permission" && !cleared && !slices.Contains(c.args.List(replaceField), name) {
			names = append(names, name) // the gateway merges object permissions itself
		}
	}
	slices.Sort(names)
	return names
}

func (c *Call) clears(name string) bool { return slices.Contains(c.args.List(clearField), name) }

// Replaces reports whether the value of a field takes the place of the present object.
func (c *Call) Replaces(name string) bool {
	return c.clears(name) || slices.Contains(c.args.List(replaceField), name)
}

func isObject(value json.RawMessage) bool {
	var object Args
	return json.Unmarshal(value, &object) == nil && object != nil
}

// merged merges two objects one level: null removes a member.
func merged(is, change json.RawMessage) json.RawMessage {
	out, members := Args{}, Args{}
	_, _ = json.Unmarshal(is, &out), json.Unmarshal(change, &members)
	if out == nil {
		out = Args{}
	}
	for name, value := range members {
		if out[name] = value; NoNull(value) == nil {
			delete(out, name)
		}
	}
	return Encode(out)
}

// own returns the members of metadata that are the gateway's own.
func own(metadata json.RawMessage) Args {
	members := Args{}
	_ = json.Unmarshal(metadata, &members)
	maps.DeleteFunc(members, func(name string, value json.RawMessage) bool { return !OwnMember(name) || NoNull(value) == nil })
	return members
}

// Stored returns the value of a field of an update in an object as the gateway shows it,
// and whether the object tells.
func (u *Update) Stored(object json.RawMessage, field string) (json.RawMessage, bool) {
	if path := u.At[field]; path != "" {
		return member(object, path)
	}
	for _, table := range []string{"", "litellm_budget_table.", "metadata."} {
		if value, told := member(object, table+field); told {
			return value, true
		}
	}
	return nil, false
}

// member returns the value at a dotted path, decoded if it is JSON in a text, and whether
// the last member is there, if only as null.
func member(object json.RawMessage, path string) (json.RawMessage, bool) {
	value := Lookup(object, path)
	if text := ""; json.Unmarshal(value, &text) == nil && isObject(json.RawMessage(text)) {
		value = json.RawMessage(text)
	}
	return value, value != nil || has(object, path)
}

func has(object json.RawMessage, path string) bool {
	for {
		var members map[string]json.RawMessage
		if json.Unmarshal(object, &members) != nil {
			return false
		}
		if value, found := members[path]; found {
			return value != nil
		}
		head, rest, nested := strings.Cut(path, ".")
		if !nested {
			return false
		}
		object, path = members[head], rest
	}
}

// replacements reports faults in {replace}, and objects that would change nothing.
func (op *Operation) replacements(args Args) (faults []string) {
	if _, merges := op.Field(replaceField); !merges {
		return nil
	}
	given := maps.Clone(args)
	var more Args
	if json.Unmarshal(args[ExtraField], &more) == nil {
		maps.Copy(given, more)
	}
	delete(given, ExtraField)
	names := args.List(replaceField)
	for _, name := range names {
		if !isObject(given[name]) {
			faults = append(faults, fmt.Sprintf("{%s} %s needs a value for %s", replaceField, Name(name), op.nameOf(name)))
		}
	}
	for name, value := range given {
		var members Args
		if json.Unmarshal(value, &members) != nil || members == nil || len(members) > 0 || slices.Contains(names, name) {
			continue
		}
		what, way := Name(name), "{"+replaceField+"}"
		if f, declared := op.Field(name); declared {
			if what = "{" + name + "}"; f.Cleared != "" {
				way = "{" + clearField + "}"
			}
		}
		faults = append(faults, fmt.Sprintf("%s is an empty object, which changes nothing; to empty it, use %s %s", what, way, Name(name)))
	}
	slices.Sort(faults)
	return faults
}
