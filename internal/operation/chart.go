package operation

import (
	"fmt"
	"slices"

	"litellm-proxy/proxyclient"
)

// Chart is numbers to draw as bars: an assistant is shown a picture, the command line
// writes it to a file or draws it in characters.
type Chart struct {
	// Title says what the bars are, Subtitle the period and the total.
	Title, Subtitle string
	// Unit is what the values are counted in, such as US dollars.
	Unit string
	// Labels name the bars, the first one on top. Over time they are days, weeks or
	// months, the first one on the left.
	Labels   []string
	OverTime bool
	// Series are the parts of each bar, the largest first; a single one is the whole
	// bar. Each has a value for each label.
	Series []Series
}

// Series is one part of every bar of a [Chart].
type Series struct {
	Name   string
	Values []float64
}

// Totals returns the length of each bar.
func (c *Chart) Totals() []float64 {
	totals := make([]float64, len(c.Labels))
	for _, s := range c.Series {
		for i, v := range s.Values {
			totals[i] += v
		}
	}
	return totals
}

// Merged returns a chart with at most most series: the last one is the sum of those for
// which there is no place.
func (c *Chart) Merged(most int) *Chart {
	if len(c.Series) <= most {
		return c
	}
	merged := *c
	rest := &Chart{Labels: c.Labels, Series: c.Series[most-1:]}
	merged.Series = append(slices.Clone(c.Series[:most-1]),
		Series{Name: fmt.Sprintf("other (%d)", len(rest.Series)), Values: rest.Totals()})
	return &merged
}

// mask masks secrets in the texts of a chart, and the client's own key.
func (c *Chart) mask(client *proxyclient.Client) {
	if c == nil {
		return
	}
	c.Title, c.Subtitle = withoutKey(client, c.Title), withoutKey(client, c.Subtitle)
	for i := range c.Labels {
		c.Labels[i] = withoutKey(client, c.Labels[i])
	}
	for i := range c.Series {
		c.Series[i].Name = withoutKey(client, c.Series[i].Name)
	}
}
