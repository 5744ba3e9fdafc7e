package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// membership is what a team keeps of one member.
type membership struct {
	UserID   string          `json:"user_id"`
	BudgetID string          `json:"budget_id"`
	Spend    json.RawMessage `json:"spend"`
	Budget   *memberLimits   `json:"litellm_budget_table"`
}

// memberLimits are the limits of one member, or the team's defaults for members.
type memberLimits struct {
	BudgetID      string          `json:"budget_id"`
	MaxBudget     json.RawMessage `json:"max_budget"`
	Duration      string          `json:"budget_duration"`
	ResetAt       string          `json:"budget_reset_at"`
	TPMLimit      json.RawMessage `json:"tpm_limit"`
	RPMLimit      json.RawMessage `json:"rpm_limit"`
	AllowedModels []string        `json:"allowed_models"`
}

// words describes the limits: "5 US dollars every 30d, 100 tokens per minute".
func (l *memberLimits) words() string {
	if l == nil {
		return "none"
	}
	words := l.rates()
	if limit, err := money(l.MaxBudget); err == nil {
		budget := amount(limit) + " US dollars"
		if l.Duration != "" {
			budget += " every " + operation.Name(l.Duration)
		}
		words = append([]string{budget}, words...)
	}
	if len(l.AllowedModels) > 0 {
		words = append(words, "models "+operation.NameList(operation.Encode(l.AllowedModels)))
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// rates describes the limits per minute.
func (l *memberLimits) rates() (words []string) {
	if n, err := money(l.TPMLimit); err == nil {
		words = append(words, amount(n)+" tokens per minute")
	}
	if n, err := money(l.RPMLimit); err == nil {
		words = append(words, amount(n)+" requests per minute")
	}
	return words
}

// has reports whether a change of one member's limits only repeats these. From
// LiteLLM 1.110 on, the gateway makes no copy of them then.
func (l *memberLimits) has(change operation.Args) bool {
	is := map[string]json.RawMessage{"max_budget_in_team": l.MaxBudget, "budget_duration": operation.Encode(l.Duration), "tpm_limit": l.TPMLimit,
		"rpm_limit": l.RPMLimit, "allowed_models": operation.Encode(l.AllowedModels)}
	for name, value := range change {
		if name != "team_id" && name != "user_id" && name != "role" && !same(value, is[name]) {
			return false
		}
	}
	return true
}

// own reports whether the member has their own limits instead of the team's.
func (t *team) own(m membership) bool {
	return m.BudgetID != "" && (t.defaults == nil || m.BudgetID != t.defaults.BudgetID)
}

// label names the team to a person.
func (t *team) label() string {
	return operation.Thing{ID: operation.Lookup(t.item, "team_id"), Name: operation.Word(operation.Lookup(t.item, "team_alias"))}.Label()
}

// seenTeam returns the team that a call names, for a note. It returns nil if the key may not
// see the team or the team is missing; the call itself then fails.
func seenTeam(ctx context.Context, call *operation.Call) (*team, error) {
	id := call.Body().String("team_id")
	if id == "" {
		return nil, nil
	}
	t, err := readTeam(ctx, call, id)
	if e := operation.AsError(err); e != nil && e.Status != 0 {
		return nil, nil
	}
	return t, err
}

// sets reports whether an update sets a field to a value.
func sets(change operation.Args, name string) bool { return operation.NoNull(change[name]) != nil }

// notesOwnBudget notes the parts of the team's limits that a new member's own budget lacks:
// the reset, and the limits per minute.
func notesOwnBudget(ctx context.Context, call *operation.Call) error {
	change := call.Body()
	if !sets(change, "max_budget_in_team") {
		return nil
	}
	t, err := seenTeam(ctx, call)
	if t == nil || err != nil {
		return err
	}
	_, onboarding := call.Operation().Field("key_alias") // whose budget_duration is the key's
	if onboarding || !sets(change, "budget_duration") {
		noteNeverResets(call, t, !onboarding)
	}
	if t.defaults != nil && len(t.defaults.rates()) > 0 {
		call.Note("The team's member limits (" + strings.Join(t.defaults.rates(), ", ") + ") do not apply to members with their own budget. To set them, use {op:teams member-update}.")
	}
	return nil
}

// notesNewTeam notes that the members' budgets never reset if the new team's does.
func notesNewTeam(_ context.Context, call *operation.Call) error {
	if change := call.Body(); sets(change, "max_budget_in_team") {
		noteNeverResets(call, &team{item: operation.Encode(change)}, false)
	}
	return nil
}

// noteNeverResets notes that the member budget of this call never resets if the team's does.
// here tells whether the call itself can set a period.
func noteNeverResets(call *operation.Call, t *team, here bool) {
	every, whose := operation.Word(operation.Lookup(t.item, "budget_duration")), "the team's budget"
	if t.defaults != nil && t.defaults.Duration != "" {
		every, whose = t.defaults.Duration, "the team's member budget"
	}
	if every == "" {
		return
	}
	how := "To make it reset, use {op:teams member-update} with budget_duration."
	if here {
		how = "{budget_duration} " + operation.Name(every) + " makes it reset."
	}
	call.Note("The member budget of " + operation.Word(call.Arg("max_budget_in_team")) + " US dollars never resets, but " + whose + " resets every " + operation.Name(every) + ". " + how)
}

// notesMemberUpdate notes the side effects of a change to one member's limits.
func notesMemberUpdate(ctx context.Context, call *operation.Call) error {
	change := call.Body()
	t, err := seenTeam(ctx, call)
	if t == nil || err != nil {
		return err
	}
	i := slices.IndexFunc(t.memberships, func(m membership) bool { return m.UserID == call.Args().String("user_id") })
	if i < 0 {
		return nil
	}
	m, limits := t.memberships[i], 0
	for _, name := range []string{"max_budget_in_team", "budget_duration", "tpm_limit", "rpm_limit", "allowed_models", "model_max_budget"} {
		if change[name] != nil {
			limits++
		}
	}
	if limits == 0 {
		return nil
	}
	who := operation.Name(m.UserID)
	if value := change["max_budget_in_team"]; value != nil && !sets(change, "max_budget_in_team") && t.defaults != nil {
		if limit, err := money(t.defaults.MaxBudget); err == nil {
			call.Note("The team's member budget of " + amount(limit) + " US dollars still limits " + who + ".")
		}
	}
	// A member who has the team's limits gets the team's period with the copy.
	forGood := t.own(m) && m.Budget != nil && m.Budget.Duration == "" || !t.own(m) && t.defaults == nil
	if sets(change, "max_budget_in_team") && forGood && !sets(change, "budget_duration") {
		noteNeverResets(call, t, true)
	}
	if t.defaults == nil || t.own(m) || t.defaults.words() == "none" {
		return nil
	}
	if t.defaults.has(change) {
		call.Note(who + " already has these limits from the team. Older gateways copy them, so later changes to the team's limits do not apply.")
		return nil
	}
	call.Note(who + " gets their own limits: a copy of the team's member limits (" + t.defaults.words() +
		") with this change. Later changes to the team's limits do not apply. To undo this, use {op:teams member-reset-budget}.")
	return nil
}

// notesTeamDefault notes the members that a change to the team's member limits does not affect.
func notesTeamDefault(ctx context.Context, call *operation.Call) error {
	change, changed := call.Body(), false
	for name := range change {
		changed = changed || strings.HasPrefix(name, "team_member_") && name != "team_member_permissions" && name != "team_member_key_duration"
	}
	if !changed {
		return nil
	}
	t, err := seenTeam(ctx, call)
	if t == nil || err != nil {
		return err
	}
	if kept := t.keeping(change); len(kept) > 0 {
		verb := "have their own limits and keep them"
		if len(kept) == 1 {
			verb = "has their own limits and keeps them"
		}
		call.Note(fmt.Sprintf("%d of %s %s: %s. To return one to the team's limits, use {op:teams member-reset-budget}.",
			len(kept), operation.Counted(len(t.memberships), "member"), verb, firstOf(kept)))
	}
	return nil
}

// keeping names the members that keep their own limits, with their budgets if a budget
// changes.
func (t *team) keeping(change operation.Args) (kept []string) {
	for _, m := range t.memberships {
		if !t.own(m) || m.Budget == nil {
			continue
		}
		limit, err := money(m.Budget.MaxBudget)
		switch {
		case change["team_member_budget"] == nil || len(change) > 2:
			kept = append(kept, operation.Name(m.UserID)+" ("+m.Budget.words()+")")
		case err == nil:
			kept = append(kept, operation.Name(m.UserID)+" ("+amount(limit)+" US dollars)")
		}
	}
	slices.Sort(kept)
	return kept
}

// maxNamed is how many things a note names.
const maxNamed = 10

// firstOf lists the first names and counts the others.
func firstOf(names []string) string {
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:maxNamed], ", ") + fmt.Sprintf(" and %d more", len(names)-maxNamed)
}

// keepsLimit refuses a call that asks for another limit of someone who is in the team
// already: joining changes nothing for them.
func (t *team) keepsLimit(call *operation.Call, user, name string) error {
	want := call.Arg("max_budget_in_team")
	if operation.NoNull(want) == nil {
		return nil
	}
	is := "none"
	for _, m := range t.memberships {
		if m.UserID != user || m.Budget == nil {
			continue
		}
		if took(want, m.Budget.MaxBudget) {
			return nil
		}
		is = m.Budget.words()
	}
	return &proxyclient.Error{Code: proxyclient.CodeConflict,
		Message: operation.Name(name) + " is in the team already with other limits (" + is + "); nothing was changed",
		Hint:    "omit {max_budget_in_team}, or change it first with {op:teams member-update}"}
}

// keepsLimits is [team.keepsLimit] for those of several people who are in the team.
func (t *team) keepsLimits(call *operation.Call, people []teamMember) error {
	for _, m := range people {
		at := slices.IndexFunc(t.members, m.is)
		if at < 0 {
			continue
		}
		if err := t.keepsLimit(call, t.members[at].UserID, cmp.Or(t.members[at].UserEmail, m.UserEmail, m.UserID)); err != nil {
			return err
		}
	}
	return nil
}
