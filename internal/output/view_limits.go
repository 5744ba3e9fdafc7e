package output

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
)

// limits are the values of a thing that belong together: spend and budget, rates, expiry
// and whether it is blocked.
type limits map[string]json.RawMessage

// limitNames are the columns that are limits.
var limitNames = func() map[string]bool {
	names := map[string]bool{}
	for _, c := range operation.Limits("") {
		names[c.Name] = true
	}
	return names
}()

// withLimits adds the limits that stand beside a declared budget.
func withLimits(columns []operation.Column) []operation.Column {
	at := slices.IndexFunc(columns, named(operation.LimitBudget))
	if at < 0 {
		return columns
	}
	var paths []string
	for path := range strings.SplitSeq(cmp.Or(columns[at].Field, columns[at].Name), "|") {
		if before, ok := strings.CutSuffix(path, operation.LimitBudget); ok {
			paths = append(paths, before)
		}
	}
	all := slices.Clone(columns)
	for _, limit := range operation.Limits("") {
		if len(paths) == 0 || limit.Name == operation.LimitSpend || slices.ContainsFunc(columns, named(limit.Name)) {
			continue
		}
		limit.Field = strings.Join(paths, limit.Name+"|") + limit.Name
		all = append(all, limit)
	}
	return all
}

// newLimits returns limits without values for columns among which some are limits. An
// expiry or a spend alone is none: nil.
func newLimits(columns []operation.Column) limits {
	for _, c := range columns {
		switch c.Name {
		case operation.LimitBudget, operation.LimitBlocked, operation.LimitExpiry, operation.LimitRequests, operation.LimitTokens:
			return limits{}
		}
	}
	return nil
}

// take keeps a value that is a limit.
func (l limits) take(name string, value json.RawMessage) bool {
	if l == nil || !limitNames[name] {
		return false
	}
	l[name] = append(json.RawMessage(nil), operation.NoNull(value)...)
	return true
}

// any tells whether one of them has a value.
func (l limits) any() bool {
	for _, value := range l {
		if !empty(value) {
			return true
		}
	}
	return false
}

// number is a limit that is a number, or a text of one.
func (l limits) number(name string) (float64, bool) {
	n, err := strconv.ParseFloat(cell(l[name], operation.Plain), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// time is a limit that is a time.
func (l limits) time(name string) (time.Time, bool) {
	return parseTime(cell(l[name], operation.Time))
}

func parseTime(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

func (l limits) blocked() bool { return string(l[operation.LimitBlocked]) == "true" }

// over tells whether the budget is used up.
func (l limits) over() bool {
	most, limited := l.number(operation.LimitBudget)
	spend, known := l.number(operation.LimitSpend)
	return limited && known && spend >= most && (spend > 0 || most == 0)
}

// exact tells whether all of the budget is used and no more, with which a team still works.
func (l limits) exact() bool {
	most, _ := l.number(operation.LimitBudget)
	spend, _ := l.number(operation.LimitSpend)
	return spend == most
}

func (l limits) expired(now time.Time) bool {
	at, ok := l.time(operation.LimitExpiry)
	return ok && !at.After(now)
}

// problems are the reasons why calls are refused.
func (l limits) problems(what string, now time.Time) []string {
	var problems []string
	if l.blocked() {
		problems = append(problems, "This "+what+" is blocked.")
	}
	if at, _ := l.time(operation.LimitExpiry); l.expired(now) {
		problems = append(problems, "This "+what+" expired "+dated(at, now)+".")
	}
	if l.over() && !(what == "team" && l.exact()) {
		calls := "calls are refused"
		if what == "user" {
			calls = "calls with the user's own keys are refused"
		}
		if at, ok := l.time(operation.LimitReset); ok && at.After(now) {
			calls += " until the budget resets on " + at.Format(time.DateOnly)
		}
		problems = append(problems, "Over budget: "+l.spend()+" spent; "+calls+".")
	}
	return problems
}

// lines are the limits as facts.
func (l limits) lines(now time.Time) []fact {
	var facts []fact
	add := func(label, text string) {
		if text != "" {
			facts = append(facts, fact{label: label, text: text})
		}
	}
	name, spend := "Budget", l.spend()
	if _, limited := l.number(operation.LimitBudget); !limited {
		name = "Spend"
		if _, declared := l[operation.LimitBudget]; declared && spend != "" {
			spend += " (no budget)"
		}
	} else if reset := l.reset(now); reset != "" {
		spend += ", " + reset
	}
	add(name, spend)
	if soft, ok := l.number(operation.LimitSoft); ok {
		add("Alert at", usd(soft))
	}
	add("Rate limits", l.rates())
	if at, ok := l.time(operation.LimitExpiry); ok {
		add("Expires", dated(at, now))
	} else {
		add("Expires", visible(cell(l[operation.LimitExpiry], operation.Time)))
	}
	return facts
}

// limited is an object that has limits, on a line.
func (c *viewCodec) limited(object json.RawMessage) string {
	l := limits{}
	for _, column := range operation.Limits("") {
		if column.Name != operation.LimitSpend {
			l.take(column.Name, operation.Lookup(object, column.Name))
		}
	}
	var words []string
	for _, f := range l.lines(c.now) {
		words = append(words, f.text)
	}
	return strings.Join(words, ", ")
}

// spend is what was spent, of what may be.
func (l limits) spend() string {
	most, limited := l.number(operation.LimitBudget)
	spend, known := l.number(operation.LimitSpend)
	switch {
	case !limited && !known:
		return ""
	case !known:
		return usd(most)
	case !limited:
		return usd(spend)
	case most <= 0:
		return money(spend) + " of " + usd(most)
	}
	return fmt.Sprintf("%s of %s (%s%%)", money(spend), usd(most), percent(spend/most*100))
}

// reset is when the budget starts again.
func (l limits) reset(now time.Time) string {
	at, known := l.time(operation.LimitReset)
	every := visible(cell(l[operation.LimitDuration], operation.Plain))
	switch {
	case known && at.After(now):
		return "resets " + dated(at, now)
	case known:
		return "reset due since " + at.Format(time.DateOnly)
	case every != "":
		return "resets every " + every
	}
	return ""
}

// rates are the limits by the minute.
func (l limits) rates() string {
	var parts []string
	for _, rate := range []struct{ name, unit string }{
		{operation.LimitRequests, "requests/min"}, {operation.LimitTokens, "tokens/min"}, {operation.LimitParallel, "parallel requests"},
	} {
		if text := cell(l[rate.name], operation.Dollars); text != "" {
			parts = append(parts, grouped(visible(text))+" "+rate.unit)
		}
	}
	return strings.Join(parts, ", ")
}

// grouped is a whole number with commas between thousands.
func grouped(number string) string {
	if strings.Trim(number, "0123456789") != "" {
		return number
	}
	for at := len(number) - 3; at > 0; at -= 3 {
		number = number[:at] + "," + number[at:]
	}
	return number
}

// percent is a part of a hundred. What is not all never looks like all.
func percent(p float64) string {
	switch {
	case p > 0 && p < 1:
		return "<1"
	case p > 99 && p < 100:
		return "99"
	}
	return strconv.FormatFloat(p, 'f', 0, 64)
}
