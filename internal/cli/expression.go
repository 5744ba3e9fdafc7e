package cli

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout bounds one match of a regular expression, which may go back and forth.
const matchTimeout = time.Second

// expression compiles one of Python's regular expressions; an empty one matches everything.
// A match that takes too long is an error.
func expression(flag, text string) (func(string) (bool, error), error) {
	if text == "" {
		return func(string) (bool, error) { return true, nil }, nil
	}
	re, err := regexp2.Compile(fromPython(text), regexp2.None)
	if err != nil {
		return nil, usageError(fmt.Sprintf("--%s: %q is not a regular expression: %v", flag, text, err))
	}
	re.MatchTimeout = matchTimeout
	return func(s string) (bool, error) {
		ok, err := re.MatchString(s)
		if err != nil {
			return false, usageError(fmt.Sprintf("--%s: %q takes too long to match %q; use a simpler one. Nothing was sent", flag, text, s))
		}
		return ok, nil
	}, nil
}

// pythonParts are what Python writes or understands differently than the library, and what
// must be passed over to find it.
var pythonParts = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)\\.|\(\?P<|\(\?P=\w+\)|\{,\d+\}|\[\^?\]?(?:\\.|[^\]\\])*\]`)
})

// fromPython writes a regular expression of Python in the library's notation.
func fromPython(text string) string {
	return pythonParts().ReplaceAllStringFunc(text, func(part string) string {
		switch {
		case part == `\Z`:
			return `\z` // the very end
		case part == "(?P<":
			return "(?<"
		case strings.HasPrefix(part, "(?P="):
			return `\k<` + strings.TrimSuffix(part[len("(?P="):], ")") + ">"
		case part[0] == '{':
			return "{0" + part[1:]
		case part[0] == '[':
			return strings.ReplaceAll(part, "-[", `-\[`) // no subtraction of sets
		}
		return part
	})
}
