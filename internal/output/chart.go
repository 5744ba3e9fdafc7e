package output

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
)

const (
	// plotWidth is how many characters the longest bar of a chart has, and leastPlot where the
	// terminal is narrow.
	plotWidth, leastPlot = 40, 16
	// leastLabel is what is left of a label there.
	leastLabel = 8
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
	room, figures, totals := 0, 0, c.Totals()
	numbers := make([]string, len(totals))
	for i, label := range c.Labels {
		numbers[i] = rounded(formatNumber(strconv.FormatFloat(totals[i], 'f', 9, 64), operation.Dollars))
		room, figures = max(room, widthOf(visible(label))), max(figures, len(numbers[i]))
	}
	plot := plotWidth
	if o.Width > 0 {
		figures += gap + 1 // the blanks around the bar
		room = max(min(room, o.Width-figures-leastPlot), leastLabel)
		plot = max(min(plot, o.Width-figures-room), 1)
	}
	most := slices.Max(append(slices.Clone(totals), 0))
	for i, label := range c.Labels {
		label = shortened(visible(label), room)
		pad := strings.Repeat(" ", room-widthOf(label))
		drawn := parts(c, i, most, plot)
		if drawn != "" {
			drawn += " "
		}
		fmt.Fprintf(to, "%s%s  %s%s\n", label, pad, drawn, numbers[i])
	}
	return to.finish()
}

// parts is the bar of a label, whose parts add up without a gap.
func parts(c *operation.Chart, label int, most float64, plot int) string {
	if len(c.Series) == 1 {
		return barOf(c.Series[0].Values[label], most, float64(plot))
	}
	var b strings.Builder
	sum, drawn := 0.0, 0
	for i, s := range c.Series {
		sum += s.Values[label]
		if to := int(sum/most*float64(plot) + 0.5); most > 0 && to > drawn {
			b.WriteString(strings.Repeat(string([]rune(fills)[i]), to-drawn))
			drawn = to
		}
	}
	if drawn == 0 && sum > 0 {
		return "▏"
	}
	return b.String()
}
