package ledger

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
)

// Period is a range of whole days in UTC, both ends included.
type Period struct{ from, to time.Time }

// PeriodInput is embedded in the input of an operation that covers a period.
type PeriodInput struct {
	Period    string `json:"period" help:"today, yesterday, 7d, this-month, last-month, 2026-10 or 2026-10-01..2026-10-15, in UTC (default 30d)"`
	StartDate string `json:"start_date" help:"First day (YYYY-MM-DD, UTC), instead of period"`
	EndDate   string `json:"end_date" help:"Last day (default today)"`
}

// Refuses says why these operations have no time zone.
func (PeriodInput) Refuses() map[string]string { return map[string]string{"tz": dailyTotals} }

// dailyTotals is why a view of them knows only days in UTC.
const dailyTotals = "the gateway's daily totals are whole days in UTC; for times of day and other time zones, use {op:spend logs}"

// Resolve returns the period that the input means at this time.
func (in PeriodInput) Resolve(now time.Time) (Period, error) {
	switch {
	case in.Period != "" && in.StartDate+in.EndDate != "":
		return Period{}, operation.Usage("{period} and {start_date} both set the period; give one")
	case in.StartDate == "" && in.EndDate != "":
		return Period{}, operation.Usage("{end_date} needs {start_date}; or use {period}")
	case in.StartDate == "":
		return ParsePeriod("period", cmp.Or(in.Period, "30d"), now)
	}
	from, err := parseDay("start_date", in.StartDate)
	if err != nil {
		return Period{}, err
	}
	to := midnight(now)
	if in.EndDate != "" {
		if to, err = parseDay("end_date", in.EndDate); err != nil {
			return Period{}, err
		}
	}
	return between("start_date", from, to)
}

// maxDays bounds a period: more than ten years is a typo.
const maxDays = 3700

// ParsePeriod reads a period such as 7d, last-month or 2026-10. Errors name the argument.
func ParsePeriod(argument, text string, now time.Time) (Period, error) {
	today := midnight(now)
	month := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC)
	// A week begins on Monday.
	week := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	given := strings.TrimSpace(text)
	switch text = strings.ToLower(given); text {
	case "today":
		return Period{today, today}, nil
	case "yesterday":
		return Period{today.AddDate(0, 0, -1), today.AddDate(0, 0, -1)}, nil
	case "this-week":
		return Period{week, today}, nil
	case "last-week":
		return Period{week.AddDate(0, 0, -7), week.AddDate(0, 0, -1)}, nil
	case "this-month":
		return Period{month, today}, nil
	case "last-month":
		return Period{month.AddDate(0, -1, 0), month.AddDate(0, 0, -1)}, nil
	}
	if n := len(text) - 1; n > 0 && (text[n] == 'd' || text[n] == 'w') {
		count, err := strconv.Atoi(text[:n])
		if text[n] == 'w' {
			count = min(count, maxDays) * 7
		}
		if err == nil && count > 0 && count <= maxDays && text[0] != '+' {
			return Period{today.AddDate(0, 0, 1-count), today}, nil
		}
	}
	if from, to, ok := strings.Cut(given, ".."); ok {
		first, err := parseSpan(argument, from)
		if err != nil {
			return Period{}, err
		}
		last, err := parseSpan(argument, to)
		if err != nil {
			return Period{}, err
		}
		return between(argument, first.from, last.to)
	}
	return parseSpan(argument, given)
}

// parseSpan reads a year, a month or a day.
func parseSpan(argument, text string) (Period, error) {
	for _, form := range []struct {
		layout       string
		years, month int
	}{{"2006", 1, 0}, {"2006-01", 0, 1}} {
		if from, err := time.Parse(form.layout, text); err == nil && from.Year() > 0 {
			return Period{from, from.AddDate(form.years, form.month, -1)}, nil
		}
	}
	day, err := parseDay(argument, text)
	return Period{day, day}, err
}

func parseDay(argument, text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err == nil && day.Year() > 0 {
		return day, nil
	}
	_, hours := parseHours(text)
	if _, timed, err := moment(argument, text, time.UTC); hours || timed || err != nil {
		return day, operation.Usage(fmt.Sprintf("{%s}: %q is not a range of whole days: %s", argument, operation.Shown(text), dailyTotals))
	}
	want := "today, yesterday, 7d, 4w, this-week, last-week, this-month, last-month, 2026, 2026-10, 2026-10-01 or FROM..TO"
	if argument == "start_date" || argument == "end_date" {
		want = "a day like 2026-10-01"
	}
	if near := operation.Nearest(text, strings.Split(want, ", ")); near != "" && !strings.ContainsAny(near, "0123456789") {
		want += "; did you mean " + near + "?"
	}
	return day, operation.Usage(fmt.Sprintf("{%s}: %q is not %s", argument, operation.Shown(text), want))
}

func between(argument string, from, to time.Time) (Period, error) {
	p := Period{from, to}
	switch {
	case to.Before(from):
		return p, operation.Usage(fmt.Sprintf("{%s}: %s is after %s", argument, from.Format(time.DateOnly), to.Format(time.DateOnly)))
	case p.Days() > maxDays:
		return p, operation.Usage(fmt.Sprintf("{%s}: %s is more than ten years", argument, operation.Counted(p.Days(), "day")))
	}
	return p, nil
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Start returns the first day as YYYY-MM-DD.
func (p Period) Start() string { return p.from.Format(time.DateOnly) }

// From returns the beginning of the first day.
func (p Period) From() time.Time { return p.from }

// End returns the last day as YYYY-MM-DD.
func (p Period) End() string { return p.to.Format(time.DateOnly) }

// Days returns the number of days.
func (p Period) Days() int { return int(p.to.Sub(p.from)/(24*time.Hour)) + 1 }

// Each yields the days of the period at midnight UTC, in order.
func (p Period) Each() iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for day := p.from; !day.After(p.to) && yield(day); day = day.AddDate(0, 0, 1) {
		}
	}
}

// Before returns the period of the same length that ends the day before this one.
func (p Period) Before() Period {
	return Period{p.from.AddDate(0, 0, -p.Days()), p.from.AddDate(0, 0, -1)}
}

// halves splits a period of several days.
func (p Period) halves() (Period, Period) {
	middle := p.from.AddDate(0, 0, p.Days()/2)
	return Period{p.from, middle.AddDate(0, 0, -1)}, Period{middle, p.to}
}

// String returns the period for a reader, with its time zone.
func (p Period) String() string {
	if p.from.Equal(p.to) {
		return p.Start() + " (UTC)"
	}
	return p.Start() + " to " + p.End() + " (UTC)"
}

// about describes an answer for the period. In its Resolved, the period of args is made
// absolute.
func (p Period) about(args operation.Args) operation.About {
	days := operation.Args{"start_date": operation.Encode(p.Start()), "end_date": operation.Encode(p.End())}
	resolved := maps.Clone(args)
	delete(resolved, "period")
	maps.Copy(resolved, days)
	return operation.About{Members: days, Notes: []string{p.String()}, Resolved: resolved}
}

// Dated prepares the arguments of a List that takes days: start_date and end_date replace
// the period.
func Dated(call *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
	p, err := PeriodInput{args.String("period"), args.String("start_date"), args.String("end_date")}.Resolve(call.Now())
	if err != nil {
		return nil, operation.About{}, err
	}
	about := p.about(args)
	return maps.Clone(about.Resolved), about, nil
}
