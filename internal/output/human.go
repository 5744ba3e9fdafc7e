package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

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

// relative is a time of [formatTime] as its [distance] from now. Any other text stays.
func (o *out) relative(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	return distance(at, now)
}

// units are the units of relative times, each up to about two of the next.
var units = []struct {
	length, below time.Duration
	noun          string
}{
	{time.Second, 90 * time.Second, "second"},
	{time.Minute, 90 * time.Minute, "minute"},
	{time.Hour, 48 * time.Hour, "hour"},
	{day, 60 * day, "day"},
	{30 * day, 2 * year, "month"},
	{year, 100 * year, "year"},
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// distance is a time as a distance from now: "in 3 days", "2 hours ago". A time far away is
// a date.
func distance(at, now time.Time) string {
	d := at.Sub(now)
	if d.Abs() < time.Second {
		return "just now"
	}
	for _, u := range units {
		if d.Abs() >= u.below {
			continue
		}
		count := operation.Counted(int64(math.Round(float64(d.Abs())/float64(u.length))), u.noun)
		if d > 0 {
			return "in " + count
		}
		return count + " ago"
	}
	return at.Format(time.DateOnly)
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
