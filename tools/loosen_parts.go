package tools

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
)

// expiry compares when a key ends: later, and never, is looser.
func (s settings) expiry(change operation.Args) []string {
	value := change["duration"]
	if value == nil {
		value = change["expires"]
	}
	if value == nil {
		return nil
	}
	present, known := s.present("expires")
	if known && present == nil {
		return nil
	}
	ends, readable := timeOf(s.item, "expires")
	text, until := operation.Word(value), ""
	var after time.Time
	if length, ok := duration(text); ok && change["duration"] != nil {
		after, until = s.now.Add(length), "by "+operation.Name(text)+" from now"
	} else {
		after, _ = timeOf(operation.Encode(operation.Args{"expires": value}), "expires")
		until = "to " + operation.Name(text)
	}
	switch {
	case operation.NoNull(value) == nil, text == "-1":
		return []string{"removes the expiry of " + s.whose}
	case known && readable && !after.IsZero() && !after.After(ends.Add(time.Minute)):
		return nil
	case known && readable:
		return []string{fmt.Sprintf("extends %s, which expires on %s, %s", s.whose, ends.Format("2006-01-02"), until)}
	}
	return []string{"sets the expiry of " + s.whose + "; the present one is not known"}
}

// reset compares when a budget is reset next: sooner, it can be spent again sooner.
func (s settings) reset(value json.RawMessage) []string {
	if value == nil || operation.NoNull(value) == nil {
		return nil
	}
	ends, known := timeOf(s.item, "budget_reset_at")
	after, readable := timeOf(operation.Encode(operation.Args{"at": value}), "at")
	if known && readable && !after.Before(ends) {
		return nil
	}
	return []string{"sets the next budget reset of " + s.whose + " to " + operation.Name(operation.Word(value))}
}

// list compares what may be used: an empty list is everything. One more model by name is
// ordinary; a name that stands for many is not, nor is a route.
func (s settings) list(name string, value json.RawMessage) []string {
	if value == nil {
		return nil
	}
	var to, is []string
	_ = json.Unmarshal(value, &to)
	present, known := s.present(name)
	_ = json.Unmarshal(present, &is)
	if name == "access_group_ids" { // more of them is more
		return naming("lets "+s.whose+" use the models of further access groups", without(to, is))
	}
	if known && (len(is) == 0 && name != "model_names" || slices.ContainsFunc(is, allModels)) {
		return nil
	}
	wider := slices.DeleteFunc(slices.Clone(to), func(entry string) bool {
		return slices.Contains(is, entry) || name != "allowed_routes" && !wildcard(entry) && !slices.Contains(s.groups, entry)
	})
	switch {
	case len(wider) == 0 && (len(to) > 0 || name == "model_names"):
		return nil
	case name == "allowed_routes" && len(to) == 0:
		return []string{"lifts the restriction of " + s.whose + " to some routes"}
	case name == "allowed_routes":
		return []string{"lets " + s.whose + " use more routes: " + operation.NameList(operation.Encode(wider))}
	case len(to) == 0 || slices.ContainsFunc(to, allModels):
		return []string{"lets " + s.whose + " use every model"}
	}
	return []string{"lets " + s.whose + " use more models: " + operation.NameList(operation.Encode(wider))}
}

// without is what is in a list and not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(entry string) bool { return slices.Contains(other, entry) })
}

// allModels tells whether a name stands for every model.
func allModels(name string) bool {
	return slices.Contains([]string{"*", "all-proxy-models"}, name)
}

// wildcard tells whether a name stands for several models: "openai/*", all-team-models.
func wildcard(name string) bool {
	return strings.Contains(name, "*") || strings.HasPrefix(name, "all-") && strings.HasSuffix(name, "-models")
}

// unblocked finds what is blocked and is not to be any more.
func (s settings) unblocked(value json.RawMessage) []string {
	present, known := s.present("blocked")
	if value == nil || operation.Word(value) == "true" || known && operation.Word(present) != "true" {
		return nil
	}
	return []string{"unblocks " + s.whose}
}

// belongs finds what takes a thing from under the limits of another. For another team
// see moved, which compares them.
func (s settings) belongs(change operation.Args) (found []string) {
	for name, what := range map[string]string{"budget_id": "budget", "team_id": "team", "organization_id": "organization", "project_id": "project"} {
		value := change[name]
		if value == nil || name == "team_id" && !isUnset(value) {
			continue
		}
		at := name
		if name == "organization_id" && operation.Lookup(s.item, "org_id") != nil {
			at = "org_id"
		}
		present, known := s.present(at)
		// A customer without a budget is under that of the key or of the gateway.
		known = known && (present != nil || !s.shared)
		switch {
		case known && present == nil && name == "budget_id" && operation.NoNull(operation.Lookup(s.item, "max_budget")) != nil && !isUnset(value):
			found = append(found, fmt.Sprintf("links %s, which has a budget of its own, to budget %s: what it spent is reset with the periods of that budget",
				s.whose, operation.Name(operation.Word(value))))
		case known && (present == nil || operation.Word(present) == operation.Word(value)):
		case operation.NoNull(value) == nil || operation.Word(value) == "":
			found = append(found, fmt.Sprintf("takes %s out of its %s, whose limits no longer hold for it", s.whose, what))
		case present == nil:
			found = append(found, fmt.Sprintf("puts %s under %s %s; the present one is not known", s.whose, what, operation.Name(operation.Word(value))))
		default:
			found = append(found, fmt.Sprintf("changes the %s of %s from %s to %s, whose limits may not be as strict",
				what, s.whose, operation.Name(operation.Word(present)), operation.Name(operation.Word(value))))
		}
	}
	if value := change["budget_limits"]; value != nil {
		if present, known := s.present("budget_limits"); !known || present != nil && !same(present, value) {
			found = append(found, "changes the budgets by period of "+s.whose)
		}
	}
	slices.Sort(found)
	return found
}
