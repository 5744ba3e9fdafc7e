package output

import (
	"strings"

	"github.com/fatih/color"
)

// heading is the style of headers.
var heading = style(color.Bold)

// states are the colors of states, the gravest first.
var states = []struct {
	color *color.Color
	words string // with a blank before and after each
}{
	{style(color.FgRed), " blocked deleted disabled error errored failed failing failure offline refused rejected unhealthy unreachable true "},
	{style(color.FgYellow), " budget degraded expired expiring exceeded limit over pending pending_review skipped unknown unused warning "},
	{style(color.FgGreen), " active approved connected enabled healthy ok online passed ready success successful "},
}

// style is a style that is always in force: whether it is wanted is decided elsewhere.
func style(attribute color.Attribute) *color.Color {
	c := color.New(attribute)
	c.EnableColor()
	return c
}

// isState reports whether the cells of a column of this name are states.
func isState(name string) bool {
	switch name {
	case "state", "status", "health", "blocked", "outcome":
		return true
	}
	return false
}

// inColor is a state in its color, which is that of the gravest word in it.
func inColor(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ' ' || r == ',' || r == '(' || r == ')' })
	for _, state := range states {
		for _, word := range words {
			if strings.Contains(state.words, " "+word+" ") {
				return state.color.Sprint(text)
			}
		}
	}
	return text
}
