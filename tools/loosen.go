package tools

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"litellm-proxy/internal/operation"
)

// limit is a setting that holds a key, a user, a team or another thing back.
type limit struct {
	name, words, unit string
	// at is the name of the setting in what the gateway shows, where it is another.
	at string
	// each is what the members of a limit with several numbers name.
	each string
}

// numbers are the limits that are numbers. The recorded spend is one the other way
// round: less of it leaves more to spend.
var numbers = []limit{
	{name: "max_budget", words: "budget", unit: " US dollars"},
	{name: "max_budget_in_team", words: "budget in the team", unit: " US dollars", at: "max_budget"},
	{name: "max_budget_in_organization", words: "budget in the organization", unit: " US dollars", at: "max_budget"},
	{name: "team_member_budget", words: "budget of each member", unit: " US dollars", at: "team_member_budget_table.max_budget"},
	{name: "team_member_tpm_limit", words: "limit of tokens per minute of each member", at: "team_member_budget_table.tpm_limit"},
	{name: "team_member_rpm_limit", words: "limit of requests per minute of each member", at: "team_member_budget_table.rpm_limit"},
	{name: "tpm_limit", words: "limit of tokens per minute"},
	{name: "rpm_limit", words: "limit of requests per minute"},
	{name: "tpd_limit", words: "limit of tokens per day"},
	{name: "max_parallel_requests", words: "limit of concurrent requests"},
	{name: "itpm", words: "limit of input tokens per minute"},
	{name: "otpm", words: "limit of output tokens per minute"},
	{name: "default_api_key_tpm_limit", words: "limit of tokens per minute for each key"},
	{name: "default_api_key_rpm_limit", words: "limit of requests per minute for each key"},
}

// byModel are the limits with a number for each model or the like, and others the further names in
// an update that lead to the present settings being read.
var (
	byModel = []limit{
		{name: "model_rpm_limit", words: "limit of requests per minute", each: "model"},
		{name: "model_tpm_limit", words: "limit of tokens per minute", each: "model"},
		{name: "model_itpm_limit", words: "limit of input tokens per minute", each: "model"},
		{name: "model_otpm_limit", words: "limit of output tokens per minute", each: "model"},
		{name: "model_max_budget", words: "budget", unit: " US dollars", each: "model"},
		{name: "team_member_model_max_budget", words: "budget of each member", unit: " US dollars", each: "model", at: "team_member_budget_table.model_max_budget"},
		{name: "mcp_rpm_limit", words: "limit of requests per minute", each: "MCP server"},
		{name: "tag_rpm_limit", words: "limit of requests per minute", each: "tag"},
	}
	others = []string{"spend", "budget_duration", "team_member_budget_duration", "duration", "team_member_key_duration", "expires", "models",
		"allowed_models", "budget_id", "budget_limits", "allowed_routes", "metadata", "budget_reset_at",
		"default_team_member_models", "model_names", "access_group_ids", "organization_id", "project_id", "blocked", "model_aliases"}
)

// limits tells whether an update has a limit, takes something out of a team, or names
// another organization or project.
func limits(change operation.Args) bool {
	has := func(l limit) bool { return change[l.name] != nil }
	leaves := func(name string) bool { return change[name] != nil && isUnset(change[name]) }
	return slices.ContainsFunc(numbers, has) || slices.ContainsFunc(byModel, has) ||
		slices.ContainsFunc(slices.Concat(others, restraints, switches, keeps), func(name string) bool { return change[name] != nil }) ||
		leaves("team_id")
}

// modelLists are the settings that name models.
var modelLists = []string{"models", "allowed_models", "default_team_member_models", "model_names"}

// budgetOfBudget says of a budget itself what is said of other things that have one.
var budgetOfBudget = strings.NewReplacer("the budget of budget ", "the limit of budget ", "the budget reset of budget ", "the reset of budget ")

// settings are those of one thing as the gateway shows them; nil: it does not.
type settings struct {
	whose string
	item  json.RawMessage
	now   time.Time
	// sparse says that the gateway leaves out what is not set.
	sparse bool
	// shared says that a budget of others holds where there is none of its own.
	shared bool
	// groups are names of access groups, which stand for several models.
	groups []string
}

// loosened says what an update loosens, a phrase each.
func (s settings) loosened(change operation.Args) (found []string) {
	for _, l := range numbers {
		if value := change[l.name]; value != nil {
			found = append(found, s.number(l, value)...)
		}
	}
	for _, l := range byModel {
		if value := change[l.name]; value != nil {
			found = append(found, s.models(l, value)...)
		}
	}
	found = append(found, s.spend(change["spend"])...)
	for _, name := range []string{"budget_duration", "team_member_budget_duration"} {
		found = append(found, s.period(name, change[name])...)
	}
	found = append(found, s.expiry(change)...)
	for _, name := range append(modelLists, "allowed_routes", "access_group_ids") {
		found = append(found, s.list(name, change[name])...)
	}
	found = append(found, s.reset(change["budget_reset_at"])...)
	found = append(found, s.belongs(change)...)
	found = append(found, s.unblocked(change["blocked"])...)
	if aliases := change["model_aliases"]; aliases != nil && !isNone(aliases) {
		found = append(found, "sends calls of "+s.whose+" to other models than they name (model_aliases)")
	}
	found = append(found, s.metadata(change)...)
	for i, text := range found {
		found[i] = budgetOfBudget.Replace(text)
	}
	return found
}

// present is the present value of a setting: of the thing itself, else of its budget, else
// in its metadata. It is known to be unset where those that have such a setting do not
// have it.
func (s settings) present(name string) (value json.RawMessage, known bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(s.item, &object) != nil || object == nil {
		return nil, false
	}
	for _, in := range []string{"", "litellm_budget_table.", "budget.", "metadata."} {
		if value := operation.Lookup(s.item, in+name); value != nil {
			return value, true
		}
	}
	if s.sparse {
		return nil, true
	}
	parent, _, nested := strings.Cut(name, ".")
	if _, has := object[parent]; has || nested && object["members_with_roles"] != nil {
		return nil, true
	}
	for _, table := range []string{"litellm_budget_table", "budget"} {
		if _, has := object[table]; has && !slices.Contains([]string{"models", "spend", "expires"}, name) {
			return nil, true
		}
	}
	_, has := object["metadata"]
	return nil, has && slices.ContainsFunc(byModel, func(l limit) bool { return l.name == name })
}

// number compares a limit: more, and none, is looser.
func (s settings) number(l limit, value json.RawMessage) []string {
	at := l.at
	if at == "" {
		at = l.name
	}
	present, known := s.present(at)
	is, err := strconv.ParseFloat(operation.Word(present), 64)
	if known && (present == nil || err != nil) {
		return nil // there is none to loosen
	}
	to, err := strconv.ParseFloat(operation.Word(value), 64)
	set := err == nil && to >= 0
	switch {
	case !known && !set:
		return []string{fmt.Sprintf("removes the %s of %s, if there is one", l.words, s.whose)}
	case !known:
		return []string{fmt.Sprintf("sets the %s of %s to %s%s; the present one is not known", l.words, s.whose, amount(to), l.unit)}
	case !set:
		return []string{fmt.Sprintf("removes the %s of %s, now %s%s", l.words, s.whose, amount(is), l.unit)}
	case to > is:
		return []string{fmt.Sprintf("raises the %s of %s from %s to %s%s", l.words, s.whose, amount(is), amount(to), l.unit)}
	}
	return nil
}

// models compares limits by model.
func (s settings) models(l limit, value json.RawMessage) (found []string) {
	present, known := s.present(cmp.Or(l.at, l.name))
	var is, to map[string]json.RawMessage
	_ = json.Unmarshal(present, &is)
	if json.Unmarshal(value, &to); !known {
		return []string{fmt.Sprintf("sets the %s of %s for each %s; the present one is not known", l.words, s.whose, l.each)}
	}
	names := make([]string, 0, len(is))
	for name := range is {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		a, b := modelLimit(is[name]), modelLimit(to[name])
		of := fmt.Sprintf("%s of %s for %s %s", l.words, s.whose, l.each, operation.Name(name))
		switch {
		case to[name] == nil || operation.NoNull(to[name]) == nil:
			found = append(found, "removes the "+of)
		case same(is[name], to[name]):
		case a == nil || b == nil || b.period != a.period:
			found = append(found, "changes the "+of)
		case b.amount > a.amount:
			found = append(found, fmt.Sprintf("raises the %s from %s to %s%s", of, amount(a.amount), amount(b.amount), l.unit))
		}
	}
	return found
}

type modelAmount struct {
	amount float64
	period string
}

// modelLimit reads a number, or a budget with its period; nil: neither.
func modelLimit(value json.RawMessage) *modelAmount {
	if n, err := strconv.ParseFloat(operation.Word(value), 64); err == nil && n >= 0 {
		return &modelAmount{amount: n}
	}
	for _, names := range [][2]string{{"budget_limit", "time_period"}, {"max_budget", "budget_duration"}} {
		if n, err := strconv.ParseFloat(operation.Word(operation.Lookup(value, names[0])), 64); err == nil && n >= 0 {
			return &modelAmount{n, operation.Word(operation.Lookup(value, names[1]))}
		}
	}
	return nil
}

// spend compares the recorded spend: less of it leaves more of the budget.
func (s settings) spend(value json.RawMessage) []string {
	if value == nil {
		return nil
	}
	present, _ := s.present("spend")
	is, errIs := strconv.ParseFloat(operation.Word(present), 64)
	to, errTo := strconv.ParseFloat(operation.Word(value), 64)
	switch {
	case errIs == nil && errTo == nil && to >= is:
		return nil
	case errIs == nil && errTo == nil:
		return []string{fmt.Sprintf("resets the spend of %s from %s to %s US dollars", s.whose, amount(is), amount(to))}
	}
	return []string{"sets the recorded spend of " + s.whose + " to " + operation.Name(operation.Word(value)) + " US dollars"}
}

// period compares how often a budget is reset. A longer period is looser too: the
// gateway lets it end with a day, a week or a month, which may be sooner.
func (s settings) period(name string, value json.RawMessage) []string {
	if value == nil {
		return nil
	}
	at := name
	if rest, ok := strings.CutPrefix(name, "team_member_"); ok {
		at = "team_member_budget_table." + rest
	}
	present, known := s.present(at)
	is, to := operation.Word(present), operation.Word(value)
	if known && present == nil {
		// Of a budget that was for good it makes one for each period.
		budget, _ := s.present(strings.Replace(at, "budget_duration", "max_budget", 1))
		if budget == nil || operation.NoNull(value) == nil {
			return nil
		}
		return []string{fmt.Sprintf("makes the budget of %s reset every %s", s.whose, operation.Name(to))}
	}
	if known {
		if is == to {
			return nil
		}
		return []string{fmt.Sprintf("changes the budget reset of %s from every %s to %s", s.whose, operation.Name(is), every(value))}
	}
	return []string{fmt.Sprintf("sets the budget reset of %s to %s; the present one is not known", s.whose, every(value))}
}

func every(value json.RawMessage) string {
	if operation.NoNull(value) == nil {
		return "never"
	}
	return "every " + operation.Name(operation.Word(value))
}

var durationForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+)(s|m|h|d|w|mo|y)$`) })

// duration reads the gateway's spelling of a duration: 30s, 24h, 7d, 1mo.
func duration(text string) (time.Duration, bool) {
	m := durationForm().FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	const day = 24 * time.Hour
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day, "mo": 30 * day, "y": 365 * day}[m[2]]
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n > int64(200*365*day/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}
