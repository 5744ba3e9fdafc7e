package ledger

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// Question asks for the spend in a period, grouped by the dimensions in By.
type Question struct {
	By     []string
	Period Period
	// User, Team and Key (a hash) narrow the question to one of them.
	User, Team, Key string
	// Customer narrows it to a customer, by ID.
	Customer string
	// Model narrows it to a model, as its provider names it.
	Model string
}

// Answer is the sums, one for each combination of values that occurs.
type Answer struct {
	By []string
	// Groups are keyed by their values, in an internal form.
	Groups map[string]*Group
	Total  Metrics
	Names  Names
}

// Group is the sum for one combination of values.
type Group struct {
	Values []string // in the order of Question.By
	Metrics
}

// maxGroups bounds an answer.
const maxGroups = 500_000

// Add adds totals to the group with these values. It fails if the answer grows too large.
func (a *Answer) Add(values []string, m Metrics) error {
	if m.isZero() {
		return nil
	}
	id := fmt.Sprintf("%q", values)
	g := a.Groups[id]
	if g == nil {
		if len(a.Groups) == maxGroups {
			return &proxyclient.Error{Code: proxyclient.CodeTooLarge, Message: fmt.Sprintf("the answer has more than %d rows; use a shorter period or fewer dimensions", maxGroups)}
		}
		g = &Group{Values: slices.Clone(values)}
		a.Groups[id] = g
	}
	g.Add(m)
	a.Total.Add(m)
	return nil
}

// dayKey is a key on a day. On one day, a key nearly always has one owner of each kind.
// From that follows what the gateway does not tell, such as which user of which team
// used which model.
type dayKey struct{ day, key string }

// cell is what one table says about a dayKey.
type cell struct {
	total Metrics
	// sums by dimension ("entity", "model", "provider") and value.
	sums map[string]map[string]Metrics
}

type cells map[dayKey]*cell

func (c cells) add(d *dayActivity, dimensions []string) {
	at := func(key string) *cell {
		id := dayKey{d.Date, key}
		if c[id] == nil {
			c[id] = &cell{sums: map[string]map[string]Metrics{}}
		}
		return c[id]
	}
	for key, activity := range d.Breakdown.Keys {
		at(key).total.Add(activity.Metrics)
	}
	for _, dimension := range dimensions {
		for value, part := range d.parts(dimension) {
			for key, activity := range part.Keys {
				one := at(key)
				if one.sums[dimension] == nil {
					one.sums[dimension] = map[string]Metrics{}
				}
				sum := one.sums[dimension][value]
				sum.Add(activity.Metrics)
				one.sums[dimension][value] = sum
			}
		}
	}
}

// complete adds the rest of the total to a dimension: requests that were rejected before
// a model was chosen have no model.
func (c *cell) complete(dimension string) map[string]Metrics {
	rest := c.total
	for _, m := range c.sums[dimension] {
		rest = rest.minus(m)
	}
	sums := c.sums[dimension]
	if !rest.isZero() {
		if sums == nil {
			sums = map[string]Metrics{}
			c.sums[dimension] = sums
		}
		known := sums[none]
		known.Add(rest)
		sums[none] = known
	}
	return sums
}

// clone returns a deep copy.
func (c *cell) clone() *cell {
	out := &cell{total: c.total, sums: map[string]map[string]Metrics{}}
	for dimension, sums := range c.sums {
		out.sums[dimension] = maps.Clone(sums)
	}
	return out
}

// less subtracts what is already known about the cell.
func (c *cell) less(known *cell) {
	c.total = c.total.minus(known.total)
	for dimension, sums := range known.sums {
		for value, m := range sums {
			rest := c.sums[dimension][value].minus(m)
			if rest.isZero() {
				delete(c.sums[dimension], value)
			} else if c.sums[dimension] != nil {
				c.sums[dimension][value] = rest
			}
		}
	}
}

// joint returns the sums for combinations of values. They follow from the sums of each
// dimension only if at most one dimension has several values.
func (c *cell) joint(dimensions []string) (out []Group, ok bool) {
	values, several := make([]string, len(dimensions)), -1
	for i, dimension := range dimensions {
		sums := c.complete(dimension)
		if len(sums) > 1 {
			if several >= 0 {
				return nil, false
			}
			several = i
		}
		for value := range sums {
			values[i] = value
		}
	}
	if several < 0 {
		return []Group{{values, c.total}}, true
	}
	for value, m := range c.sums[dimensions[several]] {
		one := slices.Clone(values)
		one[several] = value
		out = append(out, Group{one, m})
	}
	return out, true
}

// joining works out an answer from several tables, or from one table by several
// dimensions.
type joining struct {
	q          Question
	call       *operation.Call
	tables     []string // the first has every request that is asked for
	dimensions []string // in a cell
	filter     url.Values
	answer     *Answer
	// whole is the tables known to keep unassigned requests.
	whole map[string]bool
}

// run reads the tables and adds them up, splitting a long period: it holds at most
// activityPages pages, or one day, in memory.
func (j *joining) run(ctx context.Context, p Period) error {
	read := make([]cells, len(j.tables))
	dimensions := operation.Unique(append(slices.Clone(j.dimensions), "entity", "model"))
	for i, of := range j.tables {
		read[i] = cells{}
		tooLong, err := readActivity(ctx, j.call, of, p, j.filter, true, func(d *dayActivity) error {
			j.answer.Names.learn(of, d)
			if _, ok := d.Breakdown.Entities[unassigned]; ok {
				j.whole[of] = true
			}
			read[i].add(d, dimensions)
			return nil
		})
		if err != nil {
			return err
		}
		if tooLong {
			first, second := p.halves()
			if err := j.run(ctx, first); err != nil {
				return err
			}
			return j.run(ctx, second)
		}
	}
	return j.join(ctx, p, read)
}

// join adds up every cell from the table that determines it: the only one in which the
// key may have several owners that day.
func (j *joining) join(ctx context.Context, p Period, read []cells) error {
	unclear := make([]cells, len(j.tables))
	for id := range read[0] {
		i, err := j.choose(id, read)
		if err != nil {
			return err
		}
		parts, ok := read[i][id].joint(j.dimensions)
		if !ok {
			if unclear[i] == nil {
				unclear[i] = cells{}
			}
			unclear[i][id] = read[i][id]
			continue
		}
		if err := j.add(id, i, parts, read); err != nil {
			return err
		}
	}
	for i := range unclear {
		if err := j.slice(ctx, p, i, unclear[i], read); err != nil {
			return err
		}
	}
	return nil
}

// choose returns the table to take a cell from.
func (j *joining) choose(id dayKey, read []cells) (int, error) {
	several := 0
	first := read[0][id]
	partial := Tables[j.tables[0]].partial
	for i, of := range j.tables {
		c := read[i][id]
		if c == nil {
			c = &cell{total: first.total, sums: map[string]map[string]Metrics{"entity": {unassigned: first.total}}}
			read[i][id] = c
		}
		switch {
		case len(c.sums["entity"]) == 0, !partial && !j.whole[of] && c.total.Requests < first.total.Requests:
			return 0, j.refuse(id)
		case len(c.sums["entity"]) == 1 || i == several:
		case several == 0 && len(first.sums["entity"]) == 1 && !partial:
			several = i
		default:
			return 0, j.refuse(id)
		}
	}
	return several, nil
}

// slice asks model by model for cells that one table does not determine. What then is
// left of a cell had no model.
func (j *joining) slice(ctx context.Context, p Period, table int, unclear cells, read []cells) error {
	models := map[string]bool{}
	for _, c := range unclear {
		for model := range c.sums["model"] {
			if model != none {
				models[model] = true
			}
		}
	}
	left := cells{}
	for id, c := range unclear {
		left[id] = c.clone()
	}
	for model := range models {
		filter := url.Values{"model": {model}}
		maps.Copy(filter, j.filter)
		sliced := cells{}
		if _, err := readActivity(ctx, j.call, j.tables[table], p, filter, false, func(d *dayActivity) error {
			sliced.add(d, j.dimensions)
			return nil
		}); err != nil {
			return err
		}
		for id, rest := range left {
			one := sliced[id]
			if one == nil {
				continue
			}
			// joint completes the cell, so it comes before less.
			if err := j.addCell(id, table, one, read); err != nil {
				return err
			}
			rest.less(one)
		}
	}
	for id, rest := range left {
		if rest.total.isZero() {
			continue
		}
		if err := j.addCell(id, table, rest, read); err != nil {
			return err
		}
	}
	return nil
}

// addCell adds a cell that its dimensions determine.
func (j *joining) addCell(id dayKey, table int, c *cell, read []cells) error {
	parts, ok := c.joint(j.dimensions)
	if !ok {
		return j.refuse(id)
	}
	return j.add(id, table, parts, read)
}

// add adds parts of a cell to the answer, with the owners that the key has in the other
// tables on that day.
func (j *joining) add(id dayKey, table int, parts []Group, read []cells) error {
	found := map[string]string{"day": id.day, "key": id.key}
	for i, of := range j.tables {
		for owner := range read[i][id].sums["entity"] {
			found[of] = owner // the parts override it for their own table
		}
	}
	for _, part := range parts {
		for i, dimension := range j.dimensions {
			if dimension == "entity" {
				dimension = j.tables[table]
			}
			found[dimension] = part.Values[i]
		}
		if j.q.User != "" && found["user"] != j.q.User || j.q.Team != "" && found["team"] != j.q.Team || j.q.Customer != "" && found["customer"] != j.q.Customer {
			continue
		}
		values := make([]string, len(j.q.By))
		for i, by := range j.q.By {
			values[i] = found[by]
		}
		if err := j.answer.Add(values, part.Metrics); err != nil {
			return err
		}
	}
	return nil
}

// refuse returns the error for an answer that would be an estimate.
func (j *joining) refuse(id dayKey) error {
	name := j.answer.Names["key"][id.key]
	if name == "" {
		name = id.key
	}
	return &proxyclient.Error{Code: proxyclient.CodeUnsupported,
		Message: fmt.Sprintf("the gateway's daily totals cannot support this breakdown for key %s on %s", operation.Shown(name), id.day),
		Hint:    "use fewer dimensions in {by} or another period; {op:spend logs} lists every request"}
}
