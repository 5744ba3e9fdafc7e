package sandbox

import "time"

// periods are the words for some periods.
var periods = map[string]string{"daily": "1d", "weekly": "7d", "monthly": "30d"}

// resetTime is when a budget of this period starts again: at the next round hour, midnight,
// Monday or first of the month.
func resetTime(now time.Time, duration string) (string, bool) {
	count, unit, wrong := parseDuration(or2(periods[duration], duration))
	if wrong != "" || count == 0 || unit == "mo" && count != 1 {
		return "", false
	}
	now = now.UTC()
	day := now.Truncate(24 * time.Hour)
	if unit == "w" {
		unit, count = "d", 7*count
	}
	var at time.Time
	switch {
	case unit == "mo" || unit == "d" && count == 30:
		at = time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	case unit == "d" && count == 7:
		at = day.AddDate(0, 0, (7-int(day.Weekday()))%7+1)
	case unit == "d":
		at = day.AddDate(0, 0, count)
	case unit == "h":
		at = nextRound(day, now.Hour(), count, time.Hour)
	case unit == "m":
		at = nextRound(now.Truncate(time.Hour), now.Minute(), count, time.Minute)
	default:
		at = nextRound(now.Truncate(time.Minute), now.Second(), count, time.Second)
	}
	if next := day.AddDate(0, 0, 1); unit != "mo" && unit != "d" && at.After(next) { // at most tomorrow
		at = next.Add(at.Sub(next) % (24 * time.Hour))
	}
	return at.Format("2006-01-02T15:04:05Z"), true
}

// nextRound is the next multiple of count, in units counted from start.
func nextRound(start time.Time, at, count int, unit time.Duration) time.Time {
	return start.Add(time.Duration(at-at%count+count) * unit)
}

// resetBudgets starts the budgets again whose time has come, and with a shared one the
// spend of all who share it.
func (c *call) resetBudgets() {
	for _, rows := range [][]object{c.Keys, c.Users, c.Teams} {
		for _, row := range rows {
			if c.due(row) {
				c.restart(row)
			}
			c.resetWindows(row)
		}
	}
	for _, budget := range c.Budgets {
		if !c.due(budget) {
			continue
		}
		for _, rows := range [][]object{c.Keys, c.Customers, c.Memberships, c.Tags} {
			for _, row := range rows {
				if row["budget_id"] == budget["budget_id"] {
					row["spend"] = money(0)
				}
			}
		}
		for _, model := range c.Models {
			ids, _ := model["group_budgets"].(object)
			spends, _ := model["group_spends"].(object)
			for group, id := range ids {
				if id == budget["budget_id"] {
					delete(spends, group)
				}
			}
		}
		c.orders = nil
		budget["budget_reset_at"], _ = resetTime(c.now(), text(budget["budget_duration"]))
	}
}

// due reports whether the budget of a row starts again.
func (c *call) due(row object) bool {
	at, err := time.Parse(time.RFC3339, text(row["budget_reset_at"]))
	return err == nil && !c.now().Before(at)
}

func (c *call) restart(row object) {
	c.orders = nil
	row["spend"] = money(0)
	row["budget_reset_at"], _ = resetTime(c.now(), text(row["budget_duration"]))
}
