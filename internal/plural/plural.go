// Package plural words counts: 1 key, 2 keys.
package plural

import (
	"fmt"
	"strings"
)

// Count returns a number with its noun in the right number: "1 key", "2 policies".
func Count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %s", n, Of(noun))
}

// Of returns the plural of a noun: "keys", "policies", "addresses".
func Of(noun string) string {
	stem, ends := strings.CutSuffix(noun, "y")
	if ends && stem != "" && !strings.ContainsAny(stem[len(stem)-1:], "aeiou") {
		return stem + "ies"
	}
	if strings.HasSuffix(noun, "s") {
		return noun + "es"
	}
	return noun + "s"
}

// Singular returns the noun of which a word is the plural: "key" for keys, "policy" for
// policies. Any other word is returned unchanged.
func Singular(word string) string {
	if stem, ok := strings.CutSuffix(word, "ies"); ok {
		return stem + "y"
	}
	if stem, ok := strings.CutSuffix(word, "s"); ok && !strings.HasSuffix(stem, "s") && !strings.HasSuffix(stem, "u") {
		return stem
	}
	return word
}
