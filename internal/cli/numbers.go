package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"litellm-proxy/internal/operation"
)

// writtenNumber is a number as people write it: with a currency, a unit, a factor or separators.
var writtenNumber = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[$€]?\s*(-?[\d.,]*\d)\s*([kKmM]?)\s*(?:%|[$€]|(?i:usd|dollars?|tokens?|requests?|days?|d)|)$`)
})

// meantNumber suggests the number that a text probably means: 50 for $50 and 50USD, 10000 for
// 10k, 1000 for 1,000.
func meantNumber(text string, kind operation.Kind) string {
	parts := writtenNumber().FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return ""
	}
	digits := parts[1]
	if whole, rest, ok := strings.Cut(digits, ","); ok && !strings.ContainsAny(rest, ".,") && len(rest) != 3 {
		digits = whole + "." + rest
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
	n *= map[string]float64{"": 1, "k": 1e3, "m": 1e6}[strings.ToLower(parts[2])]
	if err != nil || kind == operation.KindInteger && n != math.Trunc(n) {
		return ""
	}
	return "; did you mean " + strconv.FormatFloat(n, 'f', -1, 64) + "?"
}

// number checks and returns the text of a number as JSON.
func number(text string, kind operation.Kind) (json.RawMessage, error) {
	if kind == operation.KindInteger {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number%s", text, meantNumber(text, kind))
		}
		return strconv.AppendInt(nil, n, 10), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, fmt.Errorf("%q is not a number%s", text, meantNumber(text, kind))
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), nil
	}
	return json.RawMessage(strconv.FormatFloat(f, 'g', -1, 64)), nil
}
