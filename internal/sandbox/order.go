package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// contains compares without regard to case.
func contains(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// sortRows orders as PostgreSQL does: null is greater than everything.
func sortRows(rows []object, field string, ascending bool) {
	slices.SortStableFunc(rows, func(a, b object) int {
		order := compareValues(a[field], b[field])
		if !ascending {
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
