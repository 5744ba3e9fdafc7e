package modelfile

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The gateway reads YAML 1.1 with PyYAML. The library here follows YAML 1.2 in part, so
// unquoted scalars are resolved by PyYAML's own rules.

// words11 are the unquoted words that are no text.
var words11 = map[string]Kind{
	"": Null, "~": Null, "null": Null, "Null": Null, "NULL": Null,
	"yes": Bool, "Yes": Bool, "YES": Bool, "no": Bool, "No": Bool, "NO": Bool,
	"true": Bool, "True": Bool, "TRUE": Bool, "false": Bool, "False": Bool, "FALSE": Bool,
	"on": Bool, "On": Bool, "ON": Bool, "off": Bool, "Off": Bool, "OFF": Bool,
}

// rules11 are compiled when a scalar may be a number: most starts of the program need none.
var rules11 = sync.OnceValue(func() (r struct{ float, integer, date, clock *regexp.Regexp }) {
	r.float = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|` +
		`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	r.integer = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	r.date = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	r.clock = regexp.MustCompile(`^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.[0-9]*)?` +
		`(?:[ \t]*(?:Z|[-+]([0-9][0-9]?)(?::([0-9]{2}))?))?$`)
	return r
})

// plain resolves an unquoted scalar. The gateway refuses the file where it returns an error.
func plain(s string) (Kind, string, error) {
	if kind, ok := words11[s]; ok {
		return kind, boolean(s), nil
	}
	if s == "=" || s == "<<" {
		return 0, "", fmt.Errorf("an unquoted %s has a meaning of its own in YAML 1.1; put it in quotes", s)
	}
	if !strings.ContainsRune("-+.0123456789", rune(s[0])) {
		return Text, s, nil
	}
	r := rules11()
	switch {
	case r.float.MatchString(s):
		text, err := float(s)
		return Float, text, err
	case r.integer.MatchString(s):
		text, err := integer(s)
		return Int, text, err
	case r.date.MatchString(s) || r.clock.MatchString(s):
		return Date, s, date(s)
	}
	return Text, s, nil
}

// boolean returns JSON's word for a boolean of YAML 1.1.
func boolean(s string) string {
	switch strings.ToLower(s) {
	case "yes", "true", "on":
		return "true"
	case "no", "false", "off":
		return "false"
	}
	return ""
}

// integer returns an integer of YAML 1.1 in decimal digits.
func integer(s string) (string, error) {
	digits := strings.ReplaceAll(s, "_", "")
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimLeft(digits, "+-")
	n, ok := new(big.Int), true
	switch {
	case len(digits) > maxDigits:
		ok = false
	case digits == "0":
	case strings.HasPrefix(digits, "0b"):
		n, ok = n.SetString(digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		n, ok = n.SetString(digits[2:], 16)
	case strings.HasPrefix(digits, "0"):
		n, ok = n.SetString(digits, 8)
	case strings.Contains(digits, ":"):
		for part := range strings.SplitSeq(digits, ":") {
			d, _ := new(big.Int).SetString(part, 10)
			n.Add(n.Mul(n, big.NewInt(60)), d)
		}
	default:
		n, ok = n.SetString(digits, 10)
	}
	if !ok {
		return "", fmt.Errorf("the gateway cannot read the number %s; put it in quotes if it is text", s)
	}
	if negative {
		n.Neg(n)
	}
	return n.String(), nil
}

// maxDigits is how many digits an integer may have: Python reads 4,300, a parameter needs
// a few.
const maxDigits = 300

// float returns a number of YAML 1.1 as JSON writes it.
func float(s string) (string, error) {
	digits := strings.ToLower(strings.ReplaceAll(s, "_", ""))
	sign := 1.0
	if strings.HasPrefix(digits, "-") {
		sign = -1
	}
	digits = strings.TrimLeft(digits, "+-")
	value := 0.0
	switch {
	case digits == ".inf" || digits == ".nan":
		return "", fmt.Errorf("%s cannot be sent to the gateway", s)
	case strings.Contains(digits, ":"):
		for part := range strings.SplitSeq(digits, ":") {
			d, _ := strconv.ParseFloat(part, 64)
			value = value*60 + d
		}
	default:
		value, _ = strconv.ParseFloat(digits, 64)
	}
	if math.IsInf(value, 0) {
		return "", fmt.Errorf("the number %s is too large", s)
	}
	return pyFloat(sign * value), nil
}

// pyFloat writes a number as Python does, which is also JSON.
func pyFloat(f float64) string {
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// date refuses dates and times that there are not: the gateway refuses the file.
func date(s string) error {
	layout, value := "2006-01-02", s
	if m := rules11().clock.FindStringSubmatch(s); m != nil {
		layout, value = "2006-1-2 15:4:5", fmt.Sprintf("%s-%s-%s %s:%s:%s", m[1], strings.TrimPrefix(m[2], "0"), strings.TrimPrefix(m[3], "0"), m[4], m[5], m[6])
		hours, _ := strconv.Atoi(m[7])
		minutes, _ := strconv.Atoi(m[8])
		if hours*60+minutes >= 24*60 {
			value = ""
		}
	}
	if t, err := time.Parse(layout, value); err != nil || t.Year() == 0 {
		return fmt.Errorf("%s is not a date; put it in quotes if it is text", s)
	}
	return nil
}
