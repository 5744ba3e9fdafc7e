package output

import (
	"slices"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"litellm-proxy/internal/operation"
)

// barWidth is how many characters the longest bar has.
const barWidth = 12

// drawBars puts a column of bars behind each column that has them. Rows of fewer
// than two numbers have nothing to compare.
func drawBars(columns []operation.Column, header []string, align []tw.Align, rows [][]string) ([]string, []tw.Align, [][]string) {
	if len(rows) < 2 {
		return header, align, rows
	}
	for i, c := range slices.Backward(columns) {
		if !c.Bar {
			continue
		}
		header = slices.Insert(header, i+1, "")
		align = slices.Insert(align, i+1, tw.AlignLeft)
		values, most := make([]float64, len(rows)), 0.0
		for r, row := range rows {
			values[r], _ = strconv.ParseFloat(row[i], 64)
			most = max(most, values[r])
		}
		for r, row := range rows {
			rows[r] = slices.Insert(row, i+1, bar(values[r], most))
		}
	}
	return header, align, rows
}

// bar is a bar of eighths of a character; what is more than nothing is seen.
func bar(value, most float64) string {
	if !(value > 0) || !(most > 0) {
		return ""
	}
	eighths := max(1, int(value/most*barWidth*8+0.5))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return text
}
