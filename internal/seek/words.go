package seek

import (
	"strings"
	"unicode"
)

// Words returns the words of a text in lower case, with those in camelCase apart.
func Words(text string) (found []string) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		start := 0
		runes := []rune(word)
		for i := 1; i < len(runes); i++ {
			if unicode.IsUpper(runes[i]) && unicode.IsLower(runes[i-1]) {
				found = append(found, strings.ToLower(string(runes[start:i])))
				start = i
			}
		}
		found = append(found, strings.ToLower(string(runes[start:])))
	}
	return found
}

// Stem takes from an English word the endings of its forms: keys, blocked, rotating.
func Stem(word string) string {
	if len(word) < 4 {
		return word
	}
	switch {
	case strings.HasSuffix(word, "ies"):
		word = word[:len(word)-3] + "y"
	case strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "xes"), strings.HasSuffix(word, "ches"):
		word = word[:len(word)-2]
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us") && !strings.HasSuffix(word, "is"):
		word = word[:len(word)-1]
	}
	for _, ending := range []string{"ing", "ed"} {
		if rest, ok := strings.CutSuffix(word, ending); ok && len(rest) > 3 && strings.ContainsAny(rest, "aeiouy") {
			word = rest
			if n := len(word); word[n-1] == word[n-2] && !strings.HasSuffix(word, "ll") && !strings.HasSuffix(word, "ss") {
				word = word[:n-1] // getting, stopped
			}
			break
		}
	}
	if rest, ok := strings.CutSuffix(word, "ion"); ok && len(rest) > 4 && strings.HasSuffix(rest, "t") {
		return rest // connection, deprecation
	}
	if strings.HasSuffix(word, "e") && len(word) > 4 {
		word = word[:len(word)-1]
	}
	return word
}
