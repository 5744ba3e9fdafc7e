package ledger

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"litellm-proxy/internal/operation"
)

// Dimensions is the input of an operation that groups spend.
type Dimensions []string

// Rule implements [operation.Ruled].
func (Dimensions) Rule() operation.Rule {
	return operation.Rule{Values: []string{"user", "team", "organization", "customer", "key", "model", "provider", "tag", "day"}}
}

// plainDimensions is the dimensions that are not owners.
var plainDimensions = []string{"model", "provider"}

// Ask answers the question. The error has [proxyclient.CodeUnsupported] if the gateway's
// totals do not determine the answer.
func (q Question) Ask(ctx context.Context, call *operation.Call) (*Answer, error) {
	answers, err := AskAll(ctx, call, q)
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// AskAll answers several questions, in their order. Those that the same request answers
// share it.
func AskAll(ctx context.Context, call *operation.Call, questions ...Question) ([]*Answer, error) {
	answers := make([]*Answer, len(questions))
	shared, order := map[string][]reading{}, []string{}
	for i, q := range questions {
		answers[i] = &Answer{By: q.By, Groups: map[string]*Group{}, Names: Names{}}
		r, j, err := q.plan(call, answers[i])
		if err == nil && j != nil {
			err = j.run(ctx, q.Period)
		}
		if err != nil {
			return nil, err
		}
		if j != nil {
			continue
		}
		request := r.table + "?" + r.filter.Encode() + " " + q.Period.String()
		if shared[request] == nil {
			order = append(order, request)
		}
		shared[request] = append(shared[request], r)
	}
	for _, request := range order {
		if err := readTogether(ctx, call, shared[request]); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// reading is a question that one table answers, by at most one dimension besides day and key.
type reading struct {
	q         Question
	table, of string
	filter    url.Values
	answer    *Answer
}

// readTogether answers questions about the same rows of the same table.
func readTogether(ctx context.Context, call *operation.Call, readings []reading) error {
	one := readings[0]
	_, err := readActivity(ctx, call, one.table, one.q.Period, one.filter, false, func(d *dayActivity) error {
		for _, r := range readings {
			r.answer.Names.learn(r.table, d)
			if err := r.q.count(d, r.of, r.answer); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// plan returns how to answer the question: from one table, or by joining several.
func (q Question) plan(call *operation.Call, answer *Answer) (reading, *joining, error) {
	tables, err := q.tables()
	if err != nil {
		return reading{}, nil, err
	}
	var dimensions []string
	for _, by := range q.By {
		if slices.Contains(plainDimensions, by) {
			dimensions = append(dimensions, by)
		}
	}
	filter := url.Values{}
	if q.Key != "" {
		filter.Set("api_key", q.Key)
	}
	if q.Model != "" {
		filter.Set("model", q.Model)
	}
	owner := q.owner(tables[0])
	if len(tables) == 1 && owner != "" {
		filter.Set(Tables[tables[0]].Filter, owner)
	}
	if len(tables) > 1 || len(dimensions) > 1 || len(dimensions) == 1 && slices.Contains(q.By, tables[0]) {
		if len(tables) > 1 || slices.Contains(q.By, tables[0]) {
			dimensions = append(dimensions, "entity")
		}
		return reading{}, &joining{q: q, call: call, tables: tables, dimensions: dimensions, filter: filter, answer: answer, whole: map[string]bool{}}, nil
	}
	of := ""
	if len(dimensions) == 1 {
		of = dimensions[0]
	} else if slices.Contains(q.By, tables[0]) {
		of = tables[0]
	}
	return reading{q: q, table: tables[0], of: of, filter: filter, answer: answer}, nil, nil
}

// tables returns the tables that the question needs, with the one whose numbers count
// first.
func (q Question) tables() ([]string, error) {
	var tables []string
	for _, of := range append(slices.Clone(q.By), "user", "team", "customer") {
		if _, ok := Tables[of]; !ok || slices.Contains(tables, of) || !slices.Contains(q.By, of) && q.owner(of) == "" {
			continue
		}
		tables = append(tables, of)
	}
	// A partial table has exactly the requests in question. Of the others, the table of
	// users has all requests.
	slices.SortStableFunc(tables, func(a, b string) int { return cmp.Compare(tableRank(a), tableRank(b)) })
	if len(tables) > 1 && Tables[tables[1]].partial {
		return nil, operation.Usage("{by}: the gateway's daily totals cannot combine tag and customer; give one of them, or use {op:spend logs}")
	}
	if tables == nil {
		tables = []string{"user"}
	}
	return tables, nil
}

func tableRank(of string) int {
	switch {
	case Tables[of].partial:
		return 0
	case of == "user":
		return 1
	}
	return 2
}

// owner returns the owner of this kind that the question is narrowed to, or "".
func (q Question) owner(of string) string {
	switch of {
	case "user":
		return q.User
	case "team":
		return q.Team
	case "customer":
		return q.Customer
	}
	return ""
}

// count adds up a day of a page, by at most one dimension besides day and key.
func (q Question) count(d *dayActivity, of string, answer *Answer) error {
	found := map[string]string{"day": d.Date}
	values := make([]string, len(q.By))
	add := func(m Metrics) error {
		for i, by := range q.By {
			values[i] = found[by]
		}
		return answer.Add(values, m)
	}
	rests, rest := map[string]Metrics{}, d.Metrics
	byKey := slices.Contains(q.By, "key")
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

// Automatic reports whether a group has a tag that the gateway adds to every request of a
// client. Such groups come last, because they say nothing about the purpose of a request.
func (a *Answer) Automatic(values []string) bool {
	i := slices.Index(a.By, "tag")
	return i >= 0 && automatic(values[i])
}

// Last returns 1 if only x comes after the others, -1 if only y does, and otherwise 0.
func (a *Answer) Last(x, y []string) int {
	switch last := a.Automatic(x); {
	case last == a.Automatic(y):
		return 0
	case last:
		return 1
	}
	return -1
}

// Sorted returns the groups, highest spend first.
func (a *Answer) Sorted() []*Group {
	groups := make([]*Group, 0, len(a.Groups))
	for _, g := range a.Groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(x, y *Group) int {
		return cmp.Or(a.Last(x.Values, y.Values), cmp.Compare(y.Spend, x.Spend), cmp.Compare(y.Requests, x.Requests), slices.Compare(x.Values, y.Values))
	})
	return groups
}

// columnOf is the columns of a dimension: its identifier, and its display name if there
// is one.
var columnOf = map[string]struct{ id, name string }{
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

// GroupColumns is the columns of all dimensions. None is marked as an ID, because
// identifiers are looked up in spend logs.
var GroupColumns = []operation.Column{
	{Name: "date"},
	{Name: "user_id", Wide: true},
	{Name: "user_email", Unnamed: "user_id"},
	{Name: "team_id", Wide: true},
	{Name: "team_alias", Unnamed: "team_id"},
	{Name: "organization_id", Wide: true},
	{Name: "organization_alias", Unnamed: "organization_id"},
	{Name: "customer_id"},
	{Name: "key_alias", Unnamed: "key"},
	{Name: "key", Wide: true},
	{Name: "model"},
	{Name: "provider"},
	{Name: "tag"},
}

// ShownColumns returns the names of the columns to show for an answer grouped by these
// dimensions.
func ShownColumns(by []string, columns []operation.Column) []string {
	var names []string
	for _, c := range columns {
		group := slices.ContainsFunc(GroupColumns, func(g operation.Column) bool { return g.Name == c.Name })
		asked := slices.ContainsFunc(by, func(b string) bool { return columnOf[b].id == c.Name || columnOf[b].name == c.Name })
		if !c.Optional && (!group || asked) {
			names = append(names, c.Name)
		}
	}
	return names
}

// Label returns the members of a row that identify its group.
func (a *Answer) Label(by, values []string) operation.Row {
	var r operation.Row
	for i, b := range by {
		c, id, name := columnOf[b], any(values[i]), any(nil)
		if c.name == "" {
			r = append(r, operation.Member{Name: c.id, Value: id})
			continue
		}
		id, name = a.Named(b, values[i])
		r = append(r, operation.Member{Name: c.id, Value: id}, operation.Member{Name: c.name, Value: name})
	}
	return r
}

// Named returns the identifier and display name of an owner, or nil for requests without an
// owner.
func (a *Answer) Named(of, id string) (shown, name any) {
	if id == unassigned && of != "key" {
		return nil, "(unassigned)"
	}
	if known, ok := a.Names[of][id]; ok {
		name = known
	}
	return id, name
}

// Numbers returns the totals as members of a row.
func (m Metrics) Numbers() operation.Row {
	return operation.RowOf(
		"spend", m.Spend, "prompt_tokens", m.Prompt, "completion_tokens", m.Completion, "total_tokens", m.Tokens,
		"requests", m.Requests, "successful", m.Successful, "failed", m.Failed,
	)
}
