package operation

import (
	"regexp"
	"strings"
	"sync"
)

// mention finds {op:keys list}, and {; see op:keys list}, a clause that may be dropped.
var mention = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{([^{}]*?)\bop:([a-z][a-z-]*(?: [a-z][a-z-]*)?)([^{}]*)\}`)
})

// Mentions replaces every mention of an operation in a text by the words of a surface.
//
// A text mentions another operation as {op:keys list}. It may mark the whole clause, as in
// "Type{; see op:guardrails types}": the clause is dropped where name does not offer the
// operation, and elsewhere name says how to reach it.
func Mentions(text string, name func(path string) (words string, offered bool)) string {
	if !strings.Contains(text, "op:") {
		return text
	}
	return mention().ReplaceAllStringFunc(text, func(found string) string {
		part := mention().FindStringSubmatch(found)
		words, offered := name(part[2])
		if !offered && part[1]+part[3] != "" {
			return ""
		}
		return part[1] + words + part[3]
	})
}

// Mentioned lists the paths of the operations that a text mentions.
func Mentioned(text string) (paths []string) {
	Mentions(text, func(path string) (string, bool) {
		paths = append(paths, path)
		return "", true
	})
	return paths
}
