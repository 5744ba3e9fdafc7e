package tools

import (
	"cmp"
	"math"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

// forecast is a budget with its pace and what follows from both.
type forecast struct {
	*budgetUse
	pace    float64 // US dollars per day
	known   bool    // whether the pace is
	outlook string
	runsOut time.Time // zero: not before the reset, or never
	urgency int       // lower comes first
}

// The order of a forecast.
const (
	usedUp = iota
	runsDry
	unforeseen
	lasts
	idle
)

// farAway is when a budget without a reset counts as lasting.
const farAway = 10 * 365 * 24 * time.Hour

// foresee works out when the budget runs out.
func (f *forecast) foresee(now time.Time) {
	reset, err := time.Parse(time.RFC3339, operation.Word(f.reset))
	resets := err == nil
	switch {
	case resets && !reset.After(now):
		f.urgency, f.outlook = unforeseen, "reset is due"
	case f.spend >= f.limit:
		f.urgency, f.outlook = usedUp, "used up, never resets"
		if resets {
			f.outlook = "used up until " + date(reset)
		} else if f.periodic() {
			f.outlook = "used up"
		}
	case !f.known:
		f.urgency, f.outlook = unforeseen, "unknown"
	case f.pace <= 0:
		f.urgency, f.outlook = idle, "no spend"
	default:
		f.runsDown(now, reset, resets)
	}
}

// periodic reports whether the budget has a period, although the gateway may not say when it
// resets.
func (f *forecast) periodic() bool { return operation.NoNull(f.duration) != nil }

// runsDown is foresee for a budget that is being spent.
func (f *forecast) runsDown(now, reset time.Time, resets bool) {
	left := math.Min((f.limit-f.spend)/f.pace*float64(24*time.Hour), float64(farAway))
	at := now.Add(time.Duration(left))
	switch {
	case resets && !at.Before(reset):
		f.urgency, f.outlook = lasts, "lasts until its reset"
	case time.Duration(left) >= farAway:
		f.urgency, f.outlook = lasts, "lasts more than ten years"
	default:
		f.urgency, f.runsOut = runsDry, at
		f.outlook = "runs out on " + date(at)
		if resets {
			f.outlook += ", " + span(reset.Sub(at)) + " before its reset"
		} else if !f.periodic() {
			f.outlook += ", never resets"
		}
	}
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// span writes a time in days, or in hours if it is short.
func span(d time.Duration) string {
	if d < 48*time.Hour {
		return operation.Counted(max(int64(math.Round(d.Hours())), 1), "hour")
	}
	return operation.Counted(int64(math.Round(d.Hours()/24)), "day")
}

// within reports whether the budget is used up, or runs out within this time.
func (f *forecast) within(soon time.Duration, now time.Time) bool {
	return f.urgency == usedUp || f.urgency == runsDry && !f.runsOut.After(now.Add(soon))
}

func compareForecasts(x, y *forecast) int {
	return cmp.Or(cmp.Compare(x.urgency, y.urgency), x.runsOut.Compare(y.runsOut), cmp.Compare(y.used(), x.used()), cmp.Compare(x.of, y.of), cmp.Compare(x.id, y.id))
}

func (f *forecast) row() operation.Row {
	name, pace, runsOut := f.name, any(nil), any(nil)
	if name == nil || name == "" {
		name = f.id
	}
	if f.known {
		pace = ledger.Dollars(f.pace)
	}
	if !f.runsOut.IsZero() {
		runsOut = f.runsOut.UTC().Format(time.RFC3339)
	}
	return operation.RowOf("of", f.of, "name", name, "id", f.id, "spend", ledger.Dollars(f.spend), "max_budget", ledger.Dollars(f.limit),
		"pace_per_day", pace, "outlook", f.outlook, "runs_out_at", runsOut, "budget_reset_at", f.reset, "enforced", f.enforced)
}
