package output

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
)

const (
	// plotWidth is how many characters the longest bar of a chart has.
	plotWidth = 40
	// fills are what the parts of a bar are made of.
	fills = "█▓▒░"
)

// chart draws a chart in characters, a bar a line. What its subtitle says is a note of the
// result.
func (o *out) chart(c *operation.Chart) error {
	c = c.Merged(len([]rune(fills)))
	to := o.terminal()
	fmt.Fprintf(to, "%s (%s)\n", visible(c.Title), visible(c.Unit))
	if len(c.Series) > 1 {
		var legend []string
		for i, s := range c.Series {
			legend = append(legend, string([]rune(fills)[i])+" "+visible(s.Name))
		}
		fmt.Fprintf(to, "%s\n", strings.Join(legend, "   "))
	}
	fmt.Fprint(to, "\n")
	room, totals := 0, c.Totals()
	for _, label := range c.Labels {
		room = max(room, widthOf(visible(label)))
	}
	most := slices.Max(append(slices.Clone(totals), 0))
	for i, label := range c.Labels {
		label = visible(label)
		pad := strings.Repeat(" ", room-widthOf(label))
		drawn := parts(c, i, most)
		if drawn != "" {
			drawn += " "
		}
		fmt.Fprintf(to, "%s%s  %s%s\n", label, pad, drawn, formatNumber(strconv.FormatFloat(totals[i], 'f', 9, 64), operation.Dollars))
	}
	return to.finish()
}

// parts is the bar of a label, whose parts add up without a gap.
func parts(c *operation.Chart, label int, most float64) string {
	if len(c.Series) == 1 {
		return barOf(c.Series[0].Values[label], most, plotWidth)
	}
	var b strings.Builder
	sum, drawn := 0.0, 0
	for i, s := range c.Series {
		sum += s.Values[label]
		if to := int(sum/most*plotWidth + 0.5); most > 0 && to > drawn {
			b.WriteString(strings.Repeat(string([]rune(fills)[i]), to-drawn))
			drawn = to
		}
	}
	if drawn == 0 && sum > 0 {
		return "▏"
	}
	return b.String()
}
