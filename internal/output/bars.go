package output

import "strings"

// barWidth is how many characters the longest bar has.
const barWidth = 12

// bar is a bar of a table.
func bar(value, most float64) string { return barOf(value, most, barWidth) }

// barOf is a bar of eighths of a character; what is more than nothing is seen.
func barOf(value, most, width float64) string {
	if !(value > 0) || !(most > 0) {
		return ""
	}
	eighths := max(1, int(value/most*width*8+0.5))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return text
}
