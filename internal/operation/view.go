package operation

import (
	"strings"

	"litellm-proxy/internal/plural"
)

// View is the short view of one thing that a person at a terminal gets. An operation
// without one gets a view of its columns, or else of the members of its answer.
//
// Columns of the names in [Limits] are shown together: the budget with the part used and
// the next reset, rates, the expiry. They also tell what is wrong with the thing.
type View struct {
	// What is the noun for the thing, such as "key"; empty means the operation's resource.
	What string
	// Facts are the labeled values, in order; nil means the operation's columns, the
	// optional ones too. Without a value a fact is left out.
	Facts []Column
	// None is what to show for a fact without a value, by the fact's name.
	None map[string]string
	// Lists are the things that belong to the thing, such as the members of a team.
	Lists []ViewList
	// Raw means that the answer is shown as JSON at a terminal too.
	Raw bool
}

// ViewList is a list in a [View].
type ViewList struct {
	// Name is the heading.
	Name string
	// Field is the dotted path of the list in the answer.
	Field string
	// Columns are those of each item. A limit's columns are shown as in the facts.
	Columns []Column
	// Join is a second list in the answer, whose items have the same value in the member
	// On. Columns name its members below "joined".
	Join, On string
}

// Limits are the names of the columns that a view shows together.
const (
	LimitSpend    = "spend"
	LimitBudget   = "max_budget"
	LimitSoft     = "soft_budget"
	LimitDuration = "budget_duration"
	LimitReset    = "budget_reset_at"
	LimitTokens   = "tpm_limit"
	LimitRequests = "rpm_limit"
	LimitParallel = "max_parallel_requests"
	LimitExpiry   = "expires"
	LimitBlocked  = "blocked"
)

// Limits returns the columns of all limits of an object at a dotted path, or of the budget
// that it uses; "" is the answer itself.
func Limits(at string) []Column {
	if at != "" {
		at += "."
	}
	var columns []Column
	for _, name := range []string{LimitSpend, LimitBudget, LimitSoft, LimitDuration, LimitReset, LimitTokens, LimitRequests, LimitParallel, LimitExpiry, LimitBlocked} {
		columns = append(columns, Column{Name: name, Field: at + name + "|" + at + "litellm_budget_table." + name})
	}
	return columns
}

// Viewed reports whether a person at a terminal gets a view of the answer.
func (op *Operation) Viewed() bool {
	return !op.Lists() && !op.Prose && !op.Draws && (op.View == nil || !op.View.Raw)
}

// What returns the noun for the thing that the operation shows or changes: "key".
func (op *Operation) What() string {
	if op.View != nil && op.View.What != "" {
		return op.View.What
	}
	return plural.Singular(strings.ReplaceAll(op.Resource(), "-", " "))
}
