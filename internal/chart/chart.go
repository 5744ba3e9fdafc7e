// Package chart draws charts as PNG images.
package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-analyze/charts"

	"litellm-proxy/internal/operation"
)

const (
	// width and height are the size of an image in pixels; one with many names is higher.
	width, height = 1200, 640
	// around is the space for what stands above and below bars with names, row that of
	// one of them.
	around, row = 190, 36
	margin      = 24
	// mostDrawn is how many colors an image has.
	mostDrawn = 8
	// mostDates is how many dates stand below the bars.
	mostDates = 8
	// longest is how many characters of a name are drawn.
	longest = 36
	// small and large are the sizes of text, for names and for the title.
	small, large = 14, 22
)

// PNG draws a chart as an image. It is 1200 pixels wide and readable at half that size.
func PNG(c *operation.Chart) ([]byte, error) {
	c = c.Merged(mostDrawn)
	size := charts.PainterOptions{OutputFormat: charts.ChartOutputPNG, Width: width, Height: height}
	if !c.OverTime {
		size.Height = around + row*max(len(c.Labels), 3)
	}
	p := charts.NewPainter(size)
	title, text := charts.NewFontStyleWithSize(large), charts.NewFontStyleWithSize(small)
	title.FontColor, text.FontColor = charts.ColorBlack, charts.ColorBlack
	if err := p.BarChart(options(c)); err != nil {
		return nil, err
	}
	p.Text(drawable(c.Title), margin, 46, 0, title)
	p.Text(drawable(c.Subtitle), margin, 74, 0, text)
	return p.Bytes()
}

// options is the chart for the library.
func options(c *operation.Chart) charts.BarChartOption {
	values, names, labels := make([][]float64, len(c.Series)), make([]string, len(c.Series)), slices.Clone(c.Labels)
	for i, s := range c.Series {
		values[i], names[i] = slices.Clone(s.Values), drawable(short(s.Name))
		if !c.OverTime {
			slices.Reverse(values[i])
		}
	}
	each := 1
	if c.OverTime {
		each = (len(labels) + mostDates - 1) / mostDates
	}
	for i := range labels {
		if i%each != 0 {
			labels[i] = ""
		}
		labels[i] = drawable(short(labels[i]))
	}
	if !c.OverTime { // the library begins with the lowest bar
		slices.Reverse(labels)
	}
	if len(names) > 1 {
		// The library begins the axis of a stack below 0 unless there is a 0 in it.
		values = append(values, make([]float64, len(labels)))
	}
	text := charts.NewFontStyleWithSize(small)
	o := charts.NewBarChartOptionWithData(values)
	o.Padding = charts.NewBox(margin, 92, 64, 20)
	o.CategoryAxis.Labels, o.CategoryAxis.LabelFontStyle = labels, text
	o.CategoryAxis.LabelCount, o.CategoryAxis.BoundaryGap = len(labels), charts.Ptr(true)
	o.Horizontal, o.StackSeries = !c.OverTime, charts.Ptr(len(names) > 1)
	top, steps := scale(slices.Max(append(c.Totals(), 0)))
	axis := &o.ValueAxis[0]
	axis.Min, axis.Max, axis.LabelCount, axis.RangeValuePaddingScale = charts.Ptr(0.0), charts.Ptr(top), steps+1, charts.Ptr(0.0)
	axis.LabelFontStyle, axis.Title, axis.TitleFontStyle = text, c.Unit, text
	o.ValueFormatter = func(v float64) string { return number(v, top/float64(steps)) }
	o.Legend = charts.LegendOption{Show: charts.Ptr(len(names) > 1), SeriesNames: names, FontStyle: text}
	if len(names) == 1 && !c.OverTime {
		label := &o.SeriesList[0].Label
		label.Show, label.FontStyle = charts.Ptr(true), text
		label.ValueFormatter = func(v float64) string { return number(v, v/10) }
	}
	return o
}

// scale is the end of an axis that values up to most fit on, and how many steps with round
// numbers lead there.
func scale(most float64) (top float64, steps int) {
	if !(most > 0) || math.IsInf(most, 1) {
		return 1, 4
	}
	size := math.Pow(10, math.Floor(math.Log10(most)))
	for _, step := range []float64{0.1, 0.2, 0.25, 0.5, 1, 2, 2.5} {
		if steps = int(math.Ceil(most / (step * size) * (1 - 1e-9))); steps <= 6 {
			return float64(steps) * step * size, steps
		}
	}
	return 10 * size, 5
}

// drawable is a text without the letters that the font does not have, such as Chinese ones.
func drawable(text string) string {
	font := charts.GetDefaultFont()
	return strings.Map(func(r rune) rune {
		if font.Index(r) == 0 {
			return '?'
		}
		return r
	}, text)
}

// number is a value with the digits that tell values a step apart, at least cents.
func number(v, step float64) string {
	digits := 2
	if step > 0 && step < 1 {
		digits = min(1+int(math.Ceil(-math.Log10(step))), 10)
	}
	return grouped(strconv.FormatFloat(v, 'f', digits, 64))
}

// grouped puts commas into a decimal number: 1234.50 is 1,234.50.
func grouped(digits string) string {
	end := len(digits)
	if point := slices.Index([]byte(digits), '.'); point >= 0 {
		end = point
	}
	for at := end - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// short is a name that there is room for.
func short(name string) string {
	if letters := []rune(name); len(letters) > longest {
		return string(letters[:longest-1]) + "…"
	}
	return name
}
