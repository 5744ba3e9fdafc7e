package sandbox

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// contains compares without regard to case.
func contains(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// likes is contains as the real gateway's database does it: % and _ stand for other
// characters, and \ takes what follows as it is.
func likes(s, part string) bool {
	if !strings.ContainsAny(part, `\%_`) {
		return contains(s, part)
	}
	var pattern strings.Builder
	pattern.WriteString("(?is)")
	for i := 0; i < len(part); i++ {
		switch {
		case part[i] == '%':
			pattern.WriteString(".*")
		case part[i] == '_':
			pattern.WriteString(".")
		default:
			if part[i] == '\\' && i+1 < len(part) {
				i++
			}
			pattern.WriteString(regexp.QuoteMeta(part[i : i+1]))
		}
	}
	found, err := regexp.MatchString(pattern.String(), s)
	return err == nil && found
}

// unique are the fields of which no two rows of a table have the same value.
var unique = []string{"token", "user_id", "team_id"}

// settled are the fields by which rows that tie are in the order of their unique
// field, by table.
var settled = map[string]struct {
	by     string
	fields []string
}{
	"keys":  {"token", []string{"expires", "last_active", "budget_reset_at", "total_spend", "tpm_limit", "rpm_limit"}},
	"users": {"user_id", []string{"max_budget", "updated_at", "sso_user_id", "status", "key_count"}},
	"teams": {"team_id", []string{"spend", "max_budget", "tpm_limit", "rpm_limit", "updated_at", "members", "models", "keys_count"}},
}

// nullsLast are the fields by which rows without a value are the last in either order.
var nullsLast = map[string][]string{"keys": {"expires", "last_active", "budget_reset_at", "tpm_limit", "rpm_limit"}, "users": {"updated_at", "sso_user_id"}}

// ordered returns the rows of a table in an order, which is kept until something
// changes: who walks a list asks for it page by page. The caller must not modify
// the result. Rows that tie are in the order of the table, as they are in
// PostgreSQL mostly: see [Gateway.ShuffleTies].
func (c *call) ordered(table, field string, ascending bool) []object {
	id := fmt.Sprint(table, " ", field, " ", ascending)
	if rows, kept := c.orders[id]; kept {
		return rows
	}
	rows := slices.Clone(*c.tables()[table])
	tie := settled[table]
	isSettled := slices.Contains(tie.fields, field)
	if isSettled {
		sortRows(rows, tie.by, true)
		sortBy(rows, c.sortValue(table, field), ascending, slices.Contains(nullsLast[table], field))
	} else {
		c.sort(rows, field, ascending)
	}
	if c.orders == nil {
		c.orders = map[string][]object{}
	}
	if !c.shuffled || isSettled || slices.Contains(unique, field) {
		c.orders[id] = rows
	}
	return rows
}

// sortValue returns what a row is sorted by: most often a field, sometimes a count.
func (c *call) sortValue(table, field string) func(object) any {
	switch table + "." + field {
	case "users.key_count":
		keys := countBy(c.Keys, "user_id")
		return func(row object) any { return money(keys[row["user_id"]]) }
	case "teams.keys_count":
		keys := countBy(c.Keys, "team_id")
		return func(row object) any { return money(keys[row["team_id"]]) }
	case "teams.members":
		return func(row object) any { return money(len(membersOf(row))) }
	case "teams.models":
		return func(row object) any { return money(len(list(row["models"]))) }
	}
	return func(row object) any { return row[field] }
}

// sort sorts rows, and shuffles those that tie if the gateway is told to.
func (c *call) sort(rows []object, field string, ascending bool) {
	if c.shuffled {
		c.shuffles++
		rand.New(rand.NewPCG(1, c.shuffles)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	sortRows(rows, field, ascending)
}

// ShuffleTies makes every answer of a list give rows whose sort value is equal
// in another order, as a real gateway may: PostgreSQL promises no order among
// them. So a walk page by page repeats some rows and misses others, unless it
// sorts by token, user_id or team_id.
func (g *Gateway) ShuffleTies(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shuffled, g.data.orders = on, nil
}

// countBy says how many rows have each value of a field.
func countBy(rows []object, field string) map[any]int {
	count := map[any]int{}
	for _, row := range rows {
		count[row[field]]++
	}
	return count
}

// groupBy returns the rows that have each value of a field.
func groupBy(rows []object, field string) map[any][]object {
	groups := map[any][]object{}
	for _, row := range rows {
		groups[row[field]] = append(groups[row[field]], row)
	}
	return groups
}

// sortRows orders as PostgreSQL does: null is greater than everything.
func sortRows(rows []object, field string, ascending bool) {
	sortBy(rows, func(row object) any { return row[field] }, ascending, false)
}

func sortBy(rows []object, value func(object) any, ascending, nullsLast bool) {
	slices.SortStableFunc(rows, func(a, b object) int {
		x, y := value(a), value(b)
		order := compareValues(x, y)
		if !ascending && !(nullsLast && (x == nil || y == nil)) {
			order = -order
		}
		return order
	})
}

func compareValues(a, b any) int {
	if a == nil || b == nil {
		switch {
		case a == nil && b == nil:
			return 0
		case a == nil:
			return 1
		}
		return -1
	}
	x, isNumber := number(a)
	if y, both := number(b); isNumber && both {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(text(a), text(b))
}
