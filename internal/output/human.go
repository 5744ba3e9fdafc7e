package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// tableCell is a cell of a table. At a terminal it is for reading.
func (o *out) tableCell(value json.RawMessage, column operation.Column) string {
	text := ""
	switch {
	case o.Terminal:
		text = o.readable(bytes.TrimSpace(value), column)
	case column.Format == operation.Plain && isNumber(value):
		text = decimal(string(bytes.TrimSpace(value)), 0)
	default:
		text = columnCell(value, column)
	}
	if text = visible(text); text != "" {
		return text
	}
	return absent
}

// readable is a value for a person.
func (o *out) readable(value json.RawMessage, column operation.Column) string {
	number := isNumber(value)
	switch text := columnCell(value, column); {
	case column.Format == operation.Time && o.Live:
		return text
	case column.Format == operation.Time && text != "":
		return o.relative(text)
	case column.Format != operation.Plain, number && bytes.ContainsAny(value, ".eE"):
		return rounded(decimal(text, 0))
	case head(value) == '[' && !o.asked(column.Name):
		return shortList(value, column)
	default:
		return text
	}
}

func isNumber(value json.RawMessage) bool {
	c := head(bytes.TrimSpace(value))
	return c == '-' || '0' <= c && c <= '9'
}

// asked reports whether a column was named by the user, who then sees all of it.
func (o *out) asked(name string) bool {
	for _, text := range o.Columns {
		if sign, asked := signed(text); asked == name && sign != removed {
			return true
		}
	}
	return false
}

// relative is a time of [formatTime] as it is from now: "2 hours ago", "in 3 days". Any other
// text stays.
func (o *out) relative(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	switch away := at.Sub(now); {
	case away.Abs() > 100*humanize.Year:
		return text[:len(time.DateOnly)]
	case away > 0:
		return strings.TrimSpace("in " + humanize.CustomRelTime(at, now, "", "", magnitudes))
	}
	return humanize.CustomRelTime(at, now, "ago", "", magnitudes)
}

// magnitudes are the units of relative times: each up to about two of the next.
var magnitudes = []humanize.RelTimeMagnitude{
	{D: 2 * time.Second, Format: "1 second %s", DivBy: 1},
	{D: time.Minute, Format: "%d seconds %s", DivBy: time.Second},
	{D: 2 * time.Minute, Format: "1 minute %s", DivBy: 1},
	{D: time.Hour, Format: "%d minutes %s", DivBy: time.Minute},
	{D: 2 * time.Hour, Format: "1 hour %s", DivBy: 1},
	{D: humanize.Day, Format: "%d hours %s", DivBy: time.Hour},
	{D: 2 * humanize.Day, Format: "1 day %s", DivBy: 1},
	{D: 60 * humanize.Day, Format: "%d days %s", DivBy: humanize.Day},
	{D: 2 * humanize.Year, Format: "%d months %s", DivBy: humanize.Month},
	{D: math.MaxInt64, Format: "%d years %s", DivBy: humanize.Year},
}

const (
	// places is how many decimals an amount has at a terminal, and fewPlaces one of a hundred
	// or more.
	places, fewPlaces = 4, 2
	// figures is how many digits an amount has at least, however small it is.
	figures = 2
)

// rounded is a number of [decimal] with as many decimals as a person reads. What is not zero
// does not become zero.
func rounded(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.Trim(fraction, "0123456789") != "" {
		return s
	}
	keep := places
	if len(strings.TrimPrefix(whole, "-")) > fewPlaces {
		keep = fewPlaces
	}
	if strings.Trim(whole, "-0") == "" {
		keep = max(keep, len(fraction)-len(strings.TrimLeft(fraction, "0"))+figures)
	}
	value, err := strconv.ParseFloat(s, 64)
	if err != nil || keep >= len(fraction) {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(value, 'f', keep, 64), "0"), ".")
}

// listWidth is how many characters the items of a list have at a terminal, after the first.
const listWidth = 24

// shortList is the beginning of a list, and how many items follow.
func shortList(value json.RawMessage, column operation.Column) string {
	var items []string
	for item := range secret.Elements(value) {
		if column.Each == nil && (head(item) == '{' || head(item) == '[') {
			return columnCell(value, column)
		}
		if text := columnCell(json.RawMessage("["+string(item)+"]"), column); text != "" {
			items = append(items, text)
		}
	}
	shown, width := 0, 0
	for i, item := range items {
		width += widthOf(visible(item)) + len(", ")
		if i > 0 && width > listWidth+len(", ") {
			break
		}
		shown++
	}
	text := strings.Join(items[:shown], ", ")
	if rest := len(items) - shown; rest > 0 {
		text += fmt.Sprintf(" +%d", rest)
	}
	return text
}
