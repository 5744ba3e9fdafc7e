// Package nearest finds the name that was probably meant.
package nearest

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Name returns the closest of the names, the first of several, or "" if each is limit or
// more letters away. Case does not count.
func Name(name string, names []string, limit int) (near string) {
	for _, one := range names {
		if d := Distance(name, one); d < limit {
			near, limit = one, d
		}
	}
	return near
}

// Distance returns how many letters must be changed, added or removed to make one name of
// the other. Case does not count.
func Distance(a, b string) int {
	return levenshtein.ComputeDistance(strings.ToLower(a), strings.ToLower(b))
}

// Limit is the limit for names that people choose: more letters in a longer name.
func Limit(name string) int { return len(name)/3 + 2 }
