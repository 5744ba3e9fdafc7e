package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
)

// spendFilter is embedded in the input of what is asked about spend.
type spendFilter struct {
	UserID string `json:"user_id,omitempty" jsonschema_description:"Only this internal user"`
	User   string `json:"user,omitempty" jsonschema_description:"The same by email" ref:"user_id"`
	TeamID string `json:"team_id,omitempty" jsonschema_description:"Only this team"`
	Team   string `json:"team,omitempty" jsonschema_description:"The same by alias" ref:"team_id"`
	Key    string `json:"key,omitempty" jsonschema_description:"Only this key, or its hash"`
	Alias  string `json:"alias,omitempty" jsonschema_description:"The same by alias" ref:"key" cli:"name=key-alias"`
}

func (f spendFilter) question(by []string, p period) spendQuestion {
	q := spendQuestion{by: unique(by), period: p, user: f.UserID, team: f.TeamID}
	if f.Key != "" {
		q.key = keyHash(f.Key)
	}
	return q
}

var spendSummaryColumns = append(slices.Clone(spendGroupColumns), []Column{
	{Name: "spend", Format: Dollars, Bar: true},
	{Name: "prompt_tokens"},
	{Name: "completion_tokens"},
	{Name: "total_tokens"},
	{Name: "requests"},
	{Name: "successful"},
	{Name: "failed"},
}...)

type spendSummaryInput struct {
	By []string `json:"by,omitempty" jsonschema:"enum=user,enum=team,enum=organization,enum=customer,enum=key,enum=model,enum=provider,enum=tag,enum=day" jsonschema_description:"What to group by, one or several; none: one row"`
	periodInput
	spendFilter
	Limit int `json:"limit,omitempty" jsonschema:"minimum=1" jsonschema_description:"Rows at most, the dearest first; total counts them all (default all)" cli:"alias=top"`
}

var spendSummary = &Operation{
	Path:    "spend summary",
	Summary: "Sum up spend, tokens and requests by user, team, customer, key, model, provider, tag or day",
	Help:    "Needs no licence. US dollars, the dearest first; model is the provider's. By customer, only requests that name one count; by tag, a request counts under each of its tags. What the gateway's daily numbers do not tell apart is refused.",
	Examples: []string{
		"spend summary --by user --period last-month",
		"spend summary --by team --by model --period 2026-10 --format csv > chargeback.csv",
		"spend summary --by day --team research --period 7d",
	},
	Effect:  Read,
	Default: true,
	Do:      Rows[spendSummaryInput](summarizeSpend),
	Columns: spendSummaryColumns,
}

func summarizeSpend(ctx context.Context, env Env, in spendSummaryInput) (Result, error) {
	p, err := in.resolve(env)
	if err != nil {
		return Result{}, err
	}
	q := in.question(in.By, p)
	answer, err := q.ask(ctx, env)
	if err != nil {
		return Result{}, err
	}
	groups := answer.sorted()
	if len(q.by) == 0 && len(groups) == 0 {
		groups = []*spendGroup{{}}
	}
	shown := limited(groups, in.Limit)
	rows := make([]row, len(shown))
	for i, g := range shown {
		rows[i] = append(answer.label(q.by, g.values), g.numbers()...)
	}
	about := row{{"start_date", p.start()}, {"end_date", p.end()}, {"by", q.by}}
	notes := []string{p.String()}
	if slices.Contains(q.by, "tag") {
		// With its several tags a request would count several times.
		notes[0] += "; by tag: no total, for a request counts under each of its tags"
	} else {
		about = append(about, rowMember{"sum", answer.total.numbers()})
		notes[0] += fmt.Sprintf("; in all %s US dollars, %d requests (%d failed)", plain(encode(answer.total.Spend)), answer.total.Requests, answer.total.Failed)
	}
	if slices.Contains(q.by, "customer") {
		notes[0] += "; only requests that name a customer"
	}
	if len(shown) < len(groups) {
		notes = append(notes, fmt.Sprintf("showing %d of %d ({limit})", len(shown), len(groups)))
	}
	return listed(about, rows, len(groups), spendShown(q.by, spendSummaryColumns), notes), nil
}

func limited[T any](list []T, limit int) []T {
	if limit > 0 && limit < len(list) {
		return list[:limit]
	}
	return list
}

type spendTopInput struct {
	By []string `json:"by,omitempty" jsonschema:"enum=user,enum=team,enum=organization,enum=customer,enum=key,enum=model,enum=provider,enum=tag,enum=day" jsonschema_description:"Rankings to give, each by itself (default user, team, key, model)"`
	periodInput
	Limit int `json:"limit,omitempty" jsonschema:"minimum=1" jsonschema_description:"Places in each ranking (default 5)"`
}

var spendTop = &Operation{
	Path:     "spend top",
	Summary:  "Show who and what cost most in a period: users, teams, keys, models ranked side by side",
	Help:     "For combinations and full lists use spend summary. The share is that of everything spent.",
	Examples: []string{"spend top --period 7d", "spend top --by user --limit 10 --period last-month"},
	Effect:   Read,
	Default:  true,
	Do:       Rows[spendTopInput](rankSpend),
	Columns: []Column{
		{Name: "by"},
		{Name: "rank"},
		{Name: "name"},
		{Name: "id"},
		{Name: "spend", Format: Dollars, Bar: true},
		{Name: "share_percent"},
		{Name: "requests"},
		{Name: "failed"},
		{Name: "total_tokens"},
	},
}

func rankSpend(ctx context.Context, env Env, in spendTopInput) (Result, error) {
	p, err := in.resolve(env)
	if err != nil {
		return Result{}, err
	}
	by := unique(in.By)
	if len(by) == 0 {
		by = []string{"user", "team", "key", "model"}
	}
	all, err := spendQuestion{period: p}.ask(ctx, env)
	if err != nil {
		return Result{}, err
	}
	var rows []row
	total := 0
	for _, b := range by {
		answer, err := spendQuestion{by: []string{b}, period: p}.ask(ctx, env)
		if err != nil {
			return Result{}, err
		}
		groups := answer.sorted()
		total += len(groups)
		for i, g := range limited(groups, cmp.Or(in.Limit, 5)) {
			id := g.values[0]
			var name any
			if known, ok := answer.names[b][id]; ok {
				name = known
			}
			rows = append(rows, row{{"by", b}, {"rank", i + 1}, {"name", name}, {"id", id}, {"spend", g.Spend},
				{"share_percent", percent(float64(g.Spend), float64(all.total.Spend))},
				{"requests", g.Requests}, {"failed", g.Failed}, {"total_tokens", g.Tokens}})
		}
	}
	about := row{{"start_date", p.start()}, {"end_date", p.end()}, {"sum", all.total.numbers()}}
	note := fmt.Sprintf("%s; in all %s US dollars, %d requests", p, plain(encode(all.total.Spend)), all.total.Requests)
	return listed(about, rows, total, nil, []string{note}), nil
}

// percent is part in percent of whole with two decimals; nil when there is no
// whole.
func percent(part, whole float64) any {
	if whole == 0 {
		return nil
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(part/whole*100, 'f', 2, 64), 64)
	if err != nil {
		return nil
	}
	return rounded
}

type spendCompareInput struct {
	By      []string `json:"by,omitempty" jsonschema:"enum=user,enum=team,enum=organization,enum=customer,enum=key,enum=model,enum=provider,enum=tag,enum=day" jsonschema_description:"What to group by, as in spend summary; none: one row"`
	Period  string   `json:"period,omitempty" jsonschema_description:"today, 7d, this-month, 2026-10 or 2026-10-01..2026-10-15, in UTC (default 7d)"`
	Against string   `json:"against,omitempty" jsonschema_description:"Period to compare with (default: that of the same length just before)"`
	Limit   int      `json:"limit,omitempty" jsonschema:"minimum=1" jsonschema_description:"Rows at most, the largest change first (default all)" cli:"alias=top"`
}

var spendCompare = &Operation{
	Path:    "spend compare",
	Summary: "Compare the spend of a period with another: the week before, last month",
	Help:    "When the periods differ in length, {against} is scaled to that of {period} for the change. Today is not over.",
	Examples: []string{
		"spend compare --period today --against last-week",
		"spend compare --by team --period this-month --against last-month",
		"spend compare --by model --period 7d",
	},
	Effect:  Read,
	Default: true,
	Do:      Rows[spendCompareInput](compareSpend),
	Columns: spendCompareColumns,
}

var spendCompareColumns = append(slices.Clone(spendGroupColumns), []Column{
	{Name: "spend", Format: Dollars},
	{Name: "spend_before", Format: Dollars},
	{Name: "change", Format: Dollars},
	{Name: "change_percent"},
	{Name: "requests"},
	{Name: "requests_before"},
}...)

func compareSpend(ctx context.Context, env Env, in spendCompareInput) (Result, error) {
	if slices.Contains(in.By, "day") {
		return Result{}, usage("{by}: the days of two periods are not the same; spend summary gives them")
	}
	p, err := parsePeriod("period", cmp.Or(in.Period, "7d"), env.now())
	if err != nil {
		return Result{}, err
	}
	other := p.before()
	if in.Against != "" {
		if other, err = parsePeriod("against", in.Against, env.now()); err != nil {
			return Result{}, err
		}
	}
	by := unique(in.By)
	now, err := spendQuestion{by: by, period: p}.ask(ctx, env)
	if err != nil {
		return Result{}, err
	}
	before, err := spendQuestion{by: by, period: other}.ask(ctx, env)
	if err != nil {
		return Result{}, err
	}
	changes := spendChanges(now, before, float64(p.days())/float64(other.days()))
	if len(in.By) == 0 && len(changes) == 0 {
		changes = []spendChange{{}}
	}
	for of, names := range before.names {
		for id, name := range names {
			now.names.set(of, id, name)
		}
	}
	shown := limited(changes, in.Limit)
	rows := make([]row, len(shown))
	for i, c := range shown {
		rows[i] = append(now.label(by, c.values), row{{"spend", c.now.Spend}, {"spend_before", c.before.Spend},
			{"change", c.change}, {"change_percent", percent(float64(c.change), float64(c.now.Spend-c.change))},
			{"requests", c.now.Requests}, {"requests_before", c.before.Requests}}...)
	}
	about := row{{"start_date", p.start()}, {"end_date", p.end()}, {"before_start_date", other.start()}, {"before_end_date", other.end()}, {"by", by}}
	notes := []string{fmt.Sprintf("%s against %s", p, other)}
	if p.days() != other.days() {
		notes = append(notes, fmt.Sprintf("the change is that from the %d days before scaled to %d", other.days(), p.days()))
	}
	if !slices.Contains(by, "tag") {
		about = append(about, rowMember{"sum", now.total.numbers()}, rowMember{"sum_before", before.total.numbers()})
	}
	if len(shown) < len(changes) {
		notes = append(notes, fmt.Sprintf("showing %d of %d ({limit})", len(shown), len(changes)))
	}
	return listed(about, rows, len(changes), spendShown(by, spendCompareColumns), notes), nil
}

type spendChange struct {
	values      []string
	now, before metrics
	change      dollars // against what was before times the scale
}

// spendChanges puts two answers side by side, the largest change first.
func spendChanges(now, before *spendAnswer, scale float64) []spendChange {
	ids := map[string]*spendChange{}
	for id, g := range now.groups {
		ids[id] = &spendChange{values: g.values, now: g.metrics}
	}
	for id, g := range before.groups {
		if ids[id] == nil {
			ids[id] = &spendChange{values: g.values}
		}
		ids[id].before = g.metrics
	}
	changes := make([]spendChange, 0, len(ids))
	for _, c := range ids {
		c.change = c.now.Spend - c.before.Spend*dollars(scale)
		changes = append(changes, *c)
	}
	slices.SortFunc(changes, func(x, y spendChange) int {
		return cmp.Or(cmp.Compare(max(y.change, -y.change), max(x.change, -x.change)),
			cmp.Compare(y.now.Spend, x.now.Spend), slices.Compare(x.values, y.values))
	})
	return changes
}
