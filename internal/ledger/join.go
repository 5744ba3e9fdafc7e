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

// spendQuestion is what is asked: how much, for each of the things in by. With
// an owner, only that one's.
type Question struct {
	By     []string
	Period Period
	User   string
	Team   string
	Key    string // a hash
}

// spendAnswer is the sums, one for each combination that occurs.
type Answer struct {
	Groups map[string]*Group
	Total  Metrics
	Names  Names
}

type Group struct {
	Values []string // in the order of by
	Metrics
}

// maxGroups bounds an answer.
const maxGroups = 500_000

func (a *Answer) Add(values []string, m Metrics) error {
	if m.isZero() {
		return nil
	}
	id := fmt.Sprintf("%q", values)
	g := a.Groups[id]
	if g == nil {
		if len(a.Groups) == maxGroups {
			return &proxyclient.Error{Code: proxyclient.CodeTooLarge, Message: fmt.Sprintf("the answer has more than %d rows: ask for a shorter period, or by less", maxGroups)}
		}
		g = &Group{Values: slices.Clone(values)}
		a.Groups[id] = g
	}
	g.Add(m)
	a.Total.Add(m)
	return nil
}

// dayKey is a key on a day. A key has, on one day, nearly always one owner of a
// kind: from that follows what the gateway does not say, such as which user of
// which team used which model.
type dayKey struct{ day, key string }

// cell is what one table says of a dayKey.
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

// complete adds to a dimension what its values leave out of the total: requests
// that were refused before a model was looked at have none.
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

// clone is a cell of its own.
func (c *cell) clone() *cell {
	out := &cell{total: c.total, sums: map[string]map[string]Metrics{}}
	for dimension, sums := range c.sums {
		out.sums[dimension] = maps.Clone(sums)
	}
	return out
}

// less takes away what is known of the cell otherwise.
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

// joint is the sums for combinations of values, when they follow from those of
// each dimension: at most one may have several.
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

// spendJoin works an answer out of several tables, or of one by several
// dimensions.
type joining struct {
	q          Question
	call       *operation.Call
	tables     []string // the first has every request that is asked for
	dimensions []string // in a cell
	filter     url.Values
	answer     *Answer
	// whole are the tables that are seen to keep what is unassigned.
	whole map[string]bool
}

// run reads the tables and adds them up, a part of the period at a time when it
// is long: memory is that of activityPages pages, or of a day.
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

// join adds every cell up in the table that tells it apart: the one whose owners
// may be several, because those of the others are not.
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

// choose is the table to take a cell from.
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

// slice asks for what does not follow from the sums of one table, model by
// model; what is left of a cell then had none.
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
			parts, ok := one.joint(j.dimensions)
			if !ok {
				return j.refuse(id)
			}
			rest.less(one)
			if err := j.add(id, table, parts, read); err != nil {
				return err
			}
		}
	}
	for id, rest := range left {
		if rest.total.isZero() {
			continue
		}
		parts, ok := rest.joint(j.dimensions)
		if !ok {
			return j.refuse(id)
		}
		if err := j.add(id, table, parts, read); err != nil {
			return err
		}
	}
	return nil
}

// add adds parts of a cell of a table to the answer, under the owners that the
// key has in the other tables on that day.
func (j *joining) add(id dayKey, table int, parts []Group, read []cells) error {
	found := map[string]string{"day": id.day, "key": id.key}
	for i, of := range j.tables {
		for owner := range read[i][id].sums["entity"] {
			found[of] = owner // of the table itself, the parts say which
		}
	}
	for _, part := range parts {
		for i, dimension := range j.dimensions {
			if dimension == "entity" {
				dimension = j.tables[table]
			}
			found[dimension] = part.Values[i]
		}
		if j.q.User != "" && found["user"] != j.q.User || j.q.Team != "" && found["team"] != j.q.Team {
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

// refuse is the error where an answer would be a guess.
func (j *joining) refuse(id dayKey) error {
	name := j.answer.Names["key"][id.key]
	if name == "" {
		name = id.key
	}
	return &proxyclient.Error{Code: proxyclient.CodeUnsupported,
		Message: fmt.Sprintf("the gateway's daily numbers do not tell this apart: those of key %s on %s", operation.Shown(name), id.day),
		Hint:    "ask for fewer things in {by}, or for another period; spend logs has every request"}
}
