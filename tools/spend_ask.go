package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// dimensions of spend that are not owners.
var spendDimensions = []string{"model", "provider"}

// ask answers a question about spend.
func (q spendQuestion) ask(ctx context.Context, env Env) (*spendAnswer, error) {
	answer := &spendAnswer{groups: map[string]*spendGroup{}, names: spendNames{}}
	tables, err := q.tables()
	if err != nil {
		return nil, err
	}
	var dimensions []string
	for _, by := range q.by {
		if slices.Contains(spendDimensions, by) {
			dimensions = append(dimensions, by)
		}
	}
	filter := url.Values{}
	if q.key != "" {
		filter.Set("api_key", q.key)
	}
	owner := q.owner(tables[0])
	if len(tables) == 1 && owner != "" {
		filter.Set(activityTables[tables[0]].filter, owner)
	}
	if len(tables) > 1 || len(dimensions) > 1 || len(dimensions) == 1 && slices.Contains(q.by, tables[0]) {
		if len(tables) > 1 || slices.Contains(q.by, tables[0]) {
			dimensions = append(dimensions, "entity")
		}
		j := spendJoin{q: q, env: env, tables: tables, dimensions: dimensions, filter: filter, answer: answer, whole: map[string]bool{}}
		return answer, j.run(ctx, q.period)
	}
	of := ""
	if len(dimensions) == 1 {
		of = dimensions[0]
	} else if slices.Contains(q.by, tables[0]) {
		of = tables[0]
	}
	_, err = readActivity(ctx, env, tables[0], q.period, filter, false, func(d *dayActivity) error {
		answer.names.learn(tables[0], d)
		return q.count(d, of, answer)
	})
	return answer, err
}

// tables are those that the question needs, the one whose numbers count first.
func (q spendQuestion) tables() ([]string, error) {
	var tables []string
	for _, of := range append(slices.Clone(q.by), "user", "team") {
		if _, ok := activityTables[of]; !ok || slices.Contains(tables, of) || !slices.Contains(q.by, of) && q.owner(of) == "" {
			continue
		}
		tables = append(tables, of)
	}
	// A partial table has the requests that are asked for, and of the others that
	// of users has all.
	slices.SortStableFunc(tables, func(a, b string) int { return cmp.Compare(tableRank(a), tableRank(b)) })
	if len(tables) > 1 && activityTables[tables[1]].partial {
		return nil, usage("{by}: the gateway's daily numbers do not tell apart what of a tag is whose customer's: ask for one of the two; spend logs has both")
	}
	if tables == nil {
		tables = []string{"user"}
	}
	return tables, nil
}

func tableRank(of string) int {
	switch {
	case activityTables[of].partial:
		return 0
	case of == "user":
		return 1
	}
	return 2
}

// owner is the one that the question is limited to.
func (q spendQuestion) owner(of string) string {
	switch of {
	case "user":
		return q.user
	case "team":
		return q.team
	}
	return ""
}

// count adds up what a page says of a day, by at most one thing besides day and
// key.
func (q spendQuestion) count(d *dayActivity, of string, answer *spendAnswer) error {
	found := map[string]string{"day": d.Date}
	values := make([]string, len(q.by))
	add := func(m metrics) error {
		for i, by := range q.by {
			values[i] = found[by]
		}
		return answer.add(values, m)
	}
	rests, rest := map[string]metrics{}, d.Metrics
	byKey := slices.Contains(q.by, "key")
	if byKey {
		for key, activity := range d.Breakdown.Keys {
			rests[key] = activity.Metrics
		}
	}
	if of != "" {
		for value, part := range d.parts(of) {
			found[of] = value
			if !byKey {
				rest = rest.minus(part.Metrics)
				if err := add(part.Metrics); err != nil {
					return err
				}
				continue
			}
			for key, activity := range part.Keys {
				found["key"] = key
				rests[key] = rests[key].minus(activity.Metrics)
				if err := add(activity.Metrics); err != nil {
					return err
				}
			}
		}
		found[of] = none
	}
	if !byKey {
		return add(rest)
	}
	for key, rest := range rests {
		found["key"] = key
		if err := add(rest); err != nil {
			return err
		}
	}
	return nil
}

// sorted are the groups, the dearest first.
func (a *spendAnswer) sorted() []*spendGroup {
	groups := make([]*spendGroup, 0, len(a.groups))
	for _, g := range a.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(x, y *spendGroup) int {
		return cmp.Or(cmp.Compare(y.Spend, x.Spend), cmp.Compare(y.Requests, x.Requests), slices.Compare(x.values, y.values))
	})
	return groups
}

// spendColumn says under which names a thing stands in an answer: its
// identifier, and the name for people where there is one.
var spendColumn = map[string]struct{ id, name string }{
	"user":         {"user_id", "user_email"},
	"team":         {"team_id", "team_alias"},
	"organization": {"organization_id", "organization_alias"},
	"customer":     {"customer_id", ""},
	"key":          {"key", "key_alias"},
	"model":        {"model", ""},
	"provider":     {"provider", ""},
	"tag":          {"tag", ""},
	"day":          {"date", ""},
}

// spendGroupColumns are the columns of everything that spend is asked by. They
// are no place to look an identifier up in: spend logs is.
var spendGroupColumns = []Column{
	{Name: "date"},
	{Name: "user_id"},
	{Name: "user_email"},
	{Name: "team_id"},
	{Name: "team_alias"},
	{Name: "organization_id"},
	{Name: "organization_alias"},
	{Name: "customer_id"},
	{Name: "key_alias"},
	{Name: "key"},
	{Name: "model"},
	{Name: "provider"},
	{Name: "tag"},
}

// spendShown are the columns to show of columns when spend is asked by these.
func spendShown(by []string, columns []Column) []string {
	var names []string
	for _, c := range columns {
		group := slices.ContainsFunc(spendGroupColumns, func(g Column) bool { return g.Name == c.Name })
		asked := slices.ContainsFunc(by, func(b string) bool { return spendColumn[b].id == c.Name || spendColumn[b].name == c.Name })
		if !c.Optional && (!group || asked) {
			names = append(names, c.Name)
		}
	}
	return names
}

// row is an object whose members have an order.
type row []rowMember

type rowMember struct {
	name  string
	value any
}

// MarshalJSON implements [json.Marshaler].
func (r row) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		value := encode(m.value)
		if value == nil {
			value = json.RawMessage("null")
		}
		fmt.Fprintf(&b, "%s:%s", encode(m.name), value)
	}
	return []byte(b.String() + "}"), nil
}

// label are the members of a row that say what it is of.
func (a *spendAnswer) label(by, values []string) row {
	var r row
	for i, b := range by {
		c := spendColumn[b]
		if c.name == "" {
			r = append(r, rowMember{c.id, values[i]})
			continue
		}
		var name any
		if known, ok := a.names[b][values[i]]; ok {
			name = known
		}
		r = append(r, rowMember{c.id, values[i]}, rowMember{c.name, name})
	}
	return r
}

// numbers are the members of a row that say how much.
func (m metrics) numbers() row {
	return row{
		{"spend", m.Spend}, {"prompt_tokens", m.Prompt}, {"completion_tokens", m.Completion}, {"total_tokens", m.Tokens},
		{"requests", m.Requests}, {"successful", m.Successful}, {"failed", m.Failed},
	}
}

// listed is the result of an operation that made its rows: the body has them and
// what they are about.
func listed(about row, rows []row, total int, columns []string, notes []string) Result {
	page := &Page{Items: make([]json.RawMessage, len(rows)), Total: total, Columns: columns, About: Args{}}
	for i, r := range rows {
		page.Items[i] = encode(r)
	}
	for _, m := range about {
		page.About[m.name] = encode(m.value)
	}
	return Result{Body: encode(append(about, rowMember{"items", page.Items})), Page: page, Notes: notes}
}

// unique are the values without repetitions.
func unique(values []string) []string {
	out := []string{}
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
