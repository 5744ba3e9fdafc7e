package output

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// head is the first byte of a value, or 0.
func head(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// columnCell is the value of a column as a table or CSV shows it.
func columnCell(value json.RawMessage, column operation.Column) string {
	if column.Each == nil || head(bytes.TrimSpace(value)) != '[' {
		return cell(value, column.Format)
	}
	var items []string
	for item := range secret.Elements(value) {
		var words []string
		for _, path := range column.Each {
			if word := cell(operation.LookupAny(item, path), column.Format); word != "" {
				words = append(words, word)
			}
		}
		items = append(items, strings.Join(words, " "))
	}
	return strings.Join(items, ", ")
}

// cell is a value as a table or CSV shows it; "" when it is absent.
func cell(value json.RawMessage, format operation.Format) string {
	value = bytes.TrimSpace(value)
	switch head(value) {
	case 0, 'n':
		return ""
	case '"':
		return formatText(secret.Unquote(value), format)
	case '[':
		return formatArray(value)
	case '{':
		return compact(value)
	case 't', 'f':
		return string(value)
	}
	return formatNumber(string(value), format)
}

func formatText(s string, format operation.Format) string {
	switch format {
	case operation.Time:
		return formatTime(s)
	case operation.Dollars, operation.DollarsPerMillion:
		// A gateway on PostgreSQL sends some decimals as text.
		return formatNumber(s, format)
	}
	return s
}

func formatNumber(s string, format operation.Format) string {
	switch format {
	case operation.Time:
		return formatUnix(s)
	case operation.Dollars:
		return decimal(s, 0)
	case operation.DollarsPerMillion:
		return decimal(s, 6)
	}
	return s
}

// formatArray joins scalars with commas; any other array is compact JSON.
func formatArray(value json.RawMessage) string {
	var words []string
	for v := range secret.Elements(value) {
		switch v[0] {
		case '"':
			words = append(words, secret.Unquote(v))
		case '{', '[':
			return compact(value)
		default:
			words = append(words, string(v))
		}
	}
	return strings.Join(words, ",")
}

func compact(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return string(value)
	}
	return b.String()
}

// formatTime is a time in RFC 3339 and UTC, without fractions of a second. The
// gateway's times have a T or a blank in the middle and end with Z, an offset or
// nothing, which is UTC. Any other text stays as it is.
func formatTime(s string) string {
	if len(s) < len("2006-01-02T15:04:05") || s[10] != ' ' && s[10] != 'T' {
		return s
	}
	t := s[:10] + "T" + s[11:]
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05Z0700"} {
		if at, err := time.Parse(layout, t); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return s
}

// formatUnix is a time from seconds since 1970; a number that is none, such as
// one after the year 9999, stays as it is.
func formatUnix(s string) string {
	const year1, year10000 = -62135596800, 253402300800
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || seconds < year1 || seconds >= year10000 {
		return s
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}

// decimal is the JSON number s times ten to the power of shift, without an
// exponent and without zeros that say nothing. Digits after the fifteenth are
// what a sum of floating-point numbers leaves behind, 0.30000000000000004, and
// are rounded away. What is no number, or absurdly long, stays as it is.
func decimal(s string, shift int) string {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(s[i+1:]); err != nil {
			return s
		}
		mantissa = s[:i]
	}
	sign := ""
	if rest, ok := strings.CutPrefix(mantissa, "-"); ok {
		sign, mantissa = "-", rest
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if whole == "" || strings.Trim(digits, "0123456789") != "" || exponent < -400 || exponent > 400 {
		return s
	}

	// The value is 0.digits times ten to the power of point.
	point := len(whole) + exponent + shift
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	digits = strings.TrimRight(trimmed, "0")
	const precise = 15
	if len(digits) > precise && point <= precise {
		var carried bool
		if digits, carried = round(digits, precise); carried {
			point++
		}
	}
	switch {
	case digits == "":
		return "0"
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits
	case point >= len(digits):
		return sign + digits + strings.Repeat("0", point-len(digits))
	}
	return sign + digits[:point] + "." + digits[point:]
}

// round cuts digits to n, half up, without zeros at the end; carried says that
// there is one digit more at the front.
func round(digits string, n int) (rounded string, carried bool) {
	up := digits[n] >= '5'
	digits = digits[:n]
	if up {
		kept := strings.TrimRight(digits, "9")
		if kept == "" {
			return "1", true
		}
		last := len(kept) - 1
		return kept[:last] + string(kept[last]+1), false
	}
	return strings.TrimRight(digits, "0"), false
}
