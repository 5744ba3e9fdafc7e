package tools

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// After an update, the request is compared with the gateway's new state, because the gateway
// silently ignores some fields. State missing from the answer is read.

// applied is the Verify of an update.
func applied(ctx context.Context, call *operation.Call, result *operation.Result) error {
	update := call.Operation().Update
	asked := call.Body()
	for _, name := range update.Subject {
		delete(asked, name)
	}
	var answer json.RawMessage
	if update.Answer != "-" {
		answer = operation.Lookup(result.Body, update.Answer)
	}
	blind := []string{}
	for name := range asked {
		if slices.Contains(update.Blind, name) {
			blind = append(blind, name)
			delete(asked, name)
		}
	}
	if slices.Sort(blind); len(blind) > 0 {
		call.Note("The gateway does not show " + strings.Join(blind, ", ") + ", so the new value could not be confirmed.")
	}
	open := stayed(call, asked, answer, true)
	if len(open) == 0 {
		return nil
	}
	present, err := update.Present(ctx, call)
	if err != nil {
		call.Note("Could not confirm " + strings.Join(open, ", ") + ": the current values cannot be read.")
		return nil
	}
	return notApplied(call, asked, present, stayed(call, asked, present, false))
}

// stayed returns the fields whose requested values an object lacks. A field missing from an
// answer counts as unchanged.
func stayed(call *operation.Call, asked operation.Args, object json.RawMessage, answer bool) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		has, told := call.Operation().Update.Stored(object, name)
		if !told && answer || !holds(call, asked, name, has, object) {
			names = append(names, name)
		}
	}
	return names
}

// holds reports whether a field has the requested value.
func holds(call *operation.Call, asked operation.Args, name string, has, object json.RawMessage) bool {
	want := asked[name]
	switch {
	case name == "duration":
		return expiresAfter(call, operation.Word(want), has)
	case name == "expires":
		return near(want, has, clockSkew)
	case name == "credential_values_to_delete":
		return len(without(asked.List(name), slices.Collect(maps.Keys(membersOf(operation.Lookup(object, "credential_values")))))) == len(asked.List(name))
	case name == "object_permission":
		return isNone(want) || has != nil || operation.Lookup(object, "object_permission_id") != nil
	case isNone(want):
		return isNone(has) || string(want) == "{}" && call.Replaces(name) && replaced(asked, name, want, has, operation.OwnMember)
	case call.Replaces(name):
		return replaced(asked, name, want, has, immutable)
	case name == "metadata":
		return took(beside(want, asked), has)
	}
	// A list such as policies may be in the metadata although there is a field of its own.
	inside := operation.Lookup(object, "metadata."+name)
	return took(want, has) || inside != nil && took(want, inside)
}

// immutable reports whether the gateway keeps this member of metadata whatever replaces it.
func immutable(name string) bool { return name == memberBudget || name == "service_account_id" }

// replaced reports whether an object has exactly the requested members and the kept ones.
func replaced(asked operation.Args, name string, want, has json.RawMessage, kept func(string) bool) bool {
	var to, is operation.Args
	_, _ = json.Unmarshal(want, &to), json.Unmarshal(has, &is)
	for member := range is {
		if name == "metadata" && (kept(member) || asked[member] != nil) {
			continue
		}
		if _, given := to[member]; !given {
			return false
		}
	}
	return isNone(want) || took(want, has)
}

// beside removes from metadata the members that the update sets beside it.
func beside(metadata json.RawMessage, asked operation.Args) json.RawMessage {
	var members operation.Args
	_ = json.Unmarshal(metadata, &members)
	maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool { return asked[name] != nil })
	return operation.Encode(members)
}

// took reports whether a stored value has everything that was asked, in the gateway's
// spelling: numbers, times and lists are compared by value, objects by the members that
// were given, and null is the same as absent. What the gateway masks or encrypts counts as
// stored.
func took(want, has json.RawMessage) bool {
	if isNone(want) || operation.Word(want) == "false" {
		if operation.NoNull(want) != nil && masked(operation.Word(has)) {
			return true // an empty text is masked, too
		}
		return isNone(has) || operation.Word(want) == "false" && operation.Word(has) == "false"
	}
	var asked, stored operation.Args
	if json.Unmarshal(want, &asked) == nil {
		if !isNone(has) && json.Unmarshal(has, &stored) != nil {
			return false
		}
		for name, value := range asked {
			if !took(value, stored[name]) {
				return false
			}
		}
		return true
	}
	if isNone(has) {
		return false
	}
	var items, kept []json.RawMessage
	if json.Unmarshal(want, &items) == nil && !same(want, has) {
		return json.Unmarshal(has, &kept) == nil && len(items) == len(kept) &&
			!slices.ContainsFunc(items, func(item json.RawMessage) bool {
				return !slices.ContainsFunc(kept, func(k json.RawMessage) bool { return took(item, k) })
			})
	}
	return same(want, has) || alike(operation.Word(want), operation.Word(has))
}

// masked reports whether the gateway shows a text masked or encrypted.
func masked(text string) bool {
	return strings.HasPrefix(text, "litellm_enc::") || strings.Contains(text, "****") || text == "***REDACTED***" ||
		text != "" && strings.Trim(text, "*") == ""
}

// alike compares texts as the gateway stores them.
func alike(want, has string) bool {
	if masked(has) || strings.TrimSpace(want) == strings.TrimSpace(has) {
		return true
	}
	if strings.Contains(want, "@") {
		return strings.EqualFold(want, has) // email addresses
	}
	x, errX := strconv.ParseFloat(want, 64)
	y, errY := strconv.ParseFloat(has, 64)
	if errX == nil && errY == nil {
		return sameNumber(x, y)
	}
	if near(operation.Encode(want), operation.Encode(has), time.Second) {
		return true
	}
	length, ok := duration(want)
	other, ok2 := duration(has)
	return ok && ok2 && length == other
}

// sameNumber compares numbers. The gateway's database may change the last digits of fractions.
func sameNumber(x, y float64) bool {
	return x == y || x != math.Trunc(x) && math.Abs(x-y) <= 1e-14*math.Abs(x)
}

// near reports whether two times are less than a tolerance apart.
func near(want, has json.RawMessage, tolerance time.Duration) bool {
	times := operation.Encode(map[string]json.RawMessage{"want": want, "has": has})
	a, readable := timeOf(times, "want")
	if day, err := time.Parse(time.DateOnly, operation.Word(want)); err == nil {
		a, readable = day, true
	}
	b, stored := timeOf(times, "has")
	return readable && stored && a.Sub(b).Abs() <= tolerance
}

// clockSkew is how far the gateway's clock may be off.
const clockSkew = 24 * time.Hour

// expiresAfter reports whether a key expires a duration after now.
func expiresAfter(call *operation.Call, length string, expires json.RawMessage) bool {
	if length == "null" || length == "-1" || length == "" {
		return expires == nil || length == ""
	}
	at, readable := timeOf(operation.Encode(map[string]json.RawMessage{"at": expires}), "at")
	after, known := duration(length)
	return readable && (!known || at.Sub(call.Now().Add(after)).Abs() <= clockSkew)
}

// ignored describes, for one of several objects, the fields that the gateway did not change.
func ignored(call *operation.Call, asked operation.Args, object json.RawMessage) string {
	if operation.NoNull(object) == nil {
		return ""
	}
	var lost, phrases []string
	for _, name := range stayed(call, asked, object, false) {
		if has, _ := call.Operation().Update.Stored(object, name); has == nil {
			lost = append(lost, operation.Name(name))
		} else {
			phrases = append(phrases, "kept "+kept(name, has))
		}
	}
	if len(lost) > 0 {
		phrases = append(phrases, "did not store "+strings.Join(lost, ", "))
	}
	if len(phrases) == 0 {
		return ""
	}
	return "the gateway accepted the update, but " + strings.Join(phrases, " and ")
}

// notApplied is the error for fields that the gateway did not change.
func notApplied(call *operation.Call, asked operation.Args, present json.RawMessage, fields []string) error {
	why := ignored(call, asked, present)
	if why == "" {
		return nil
	}
	var hints []string
	for _, name := range fields {
		if advice := call.Operation().Update.Advice; advice != nil {
			hints = append(hints, advice(name, asked[name]))
		}
	}
	hints = slices.DeleteFunc(operation.Unique(hints), func(hint string) bool { return hint == "" })
	return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true,
		Message: why + rest(len(asked)-len(fields)),
		Hint:    strings.Join(hints, "; ")}
}

// kept is a field with its present value, if that can be shown.
func kept(name string, has json.RawMessage) string {
	value := operation.Shown(operation.Word(has))
	if operation.IsSecret(name) || name == "credential_values" || len(value) > 80 {
		return "the old " + operation.Name(name)
	}
	return operation.Name(name) + " " + value
}

func rest(others int) string {
	if others == 0 {
		return ""
	}
	return "; the other changes were made"
}

// answered is the Verify of a write whose answer shows the field that it set.
func answered(field string, value func(*operation.Call) json.RawMessage) func(context.Context, *operation.Call, *operation.Result) error {
	return func(_ context.Context, call *operation.Call, result *operation.Result) error {
		want, has := value(call), operation.Lookup(result.Body, field)
		if has == nil || took(want, has) {
			return nil
		}
		return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true,
			Message: "the gateway accepted the request, but " + field + " is still " + operation.Shown(operation.Word(has))}
	}
}

// blockedIs is the Verify of operations that block and unblock.
func blockedIs(blocked string) func(context.Context, *operation.Call, *operation.Result) error {
	return answered("blocked", func(*operation.Call) json.RawMessage { return json.RawMessage(blocked) })
}

// asIs returns an argument for [answered].
func asIs(name string) func(*operation.Call) json.RawMessage {
	return func(call *operation.Call) json.RawMessage { return call.Arg(name) }
}
