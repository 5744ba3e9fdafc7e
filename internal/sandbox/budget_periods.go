package sandbox

import (
	"fmt"
	"time"
)

// budgetWindows are the budgets of a key or a team for several periods at a time.
func budgetWindows(row object) []object {
	entries, _ := row["budget_limits"].([]any)
	var out []object
	for _, entry := range entries {
		if window, is := entry.(object); is {
			out = append(out, window)
		}
	}
	return out
}

// windowPurses are the budgets of a row for its periods.
func windowPurses(row object, who string) (out []purse) {
	spends, _ := row["window_spends"].(object)
	for _, window := range budgetWindows(row) {
		period := text(window["budget_duration"])
		out = append(out, purse{object{"spend": spends[period]}, window["max_budget"], true,
			fmt.Sprintf("ExceededBudget: %s over %s budget.", who, period) + " Spend=$%.4f, Limit=$%.2f"})
	}
	return out
}

// chargeWindows adds to what was spent in each period.
func chargeWindows(row object, spent float64) {
	for _, window := range budgetWindows(row) {
		period := text(window["budget_duration"])
		spends, _ := or(row["window_spends"], object{}).(object)
		before, _ := number(spends[period])
		spends[period] = money(before + spent)
		row["window_spends"] = spends
	}
}

// resetWindows starts the periods of a row again whose time has come.
func (c *call) resetWindows(row object) {
	for _, window := range budgetWindows(row) {
		at, err := time.Parse(time.RFC3339, text(window["reset_at"]))
		if err != nil || c.now().Before(at) {
			continue
		}
		if spends, is := row["window_spends"].(object); is {
			delete(spends, text(window["budget_duration"]))
		}
		next, _ := resetTime(c.now(), text(window["budget_duration"]))
		if at, err := time.Parse(time.RFC3339, next); err == nil {
			window["reset_at"] = at.Format("2006-01-02T15:04:05+00:00")
		}
	}
}
