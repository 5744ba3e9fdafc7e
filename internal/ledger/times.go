package ledger

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // for machines without a database of time zones

	"litellm-proxy/internal/operation"
)

// TimeInput is embedded in the input of an operation that covers a period of the request
// log, which has times of day.
type TimeInput struct {
	Period    string `json:"period" help:"today, 7d, 1h, 2026-10 or FROM..TO, of days or times (default 30d)"`
	StartDate string `json:"start_date" help:"First day or time (2026-10-01T14:00), instead of period"`
	EndDate   string `json:"end_date" help:"Last day, inclusive, or end time, exclusive (default today)"`
	TZ        string `json:"tz" help:"Time zone such as Europe/Berlin (default UTC)"`
}

// span is a range of time: from is in it, to is not.
type span struct {
	from, to time.Time // in the caller's zone
	timed    bool      // an end is not at midnight
}

// timeForms describes the times that moment reads.
const timeForms = "a day like 2026-10-01 or a time like 2026-10-01T14:00, 2026-10-01 14:00:05 or 2026-10-01T14:00:00+02:00"

// resolve returns the range that the input means at this time.
func (in TimeInput) resolve(now time.Time) (span, error) {
	zone, err := loadZone(in.TZ)
	if err != nil {
		return span{}, err
	}
	now = now.In(zone)
	switch {
	case in.Period != "" && in.StartDate+in.EndDate != "":
		return span{}, operation.Usage("{period} and {start_date} both set the period; give one")
	case in.StartDate == "" && in.EndDate != "":
		return span{}, operation.Usage("{end_date} needs {start_date}; or use {period}")
	case in.StartDate == "":
		return parseTimes("period", cmp.Or(in.Period, "30d"), now)
	}
	from, err := parseEnd("start_date", in.StartDate, zone)
	if err != nil {
		return span{}, err
	}
	to := wholeDays(Period{midnight(wall(now)), midnight(wall(now))}, zone)
	if in.EndDate != "" {
		if to, err = parseEnd("end_date", in.EndDate, zone); err != nil {
			return span{}, err
		}
	}
	return from.until("start_date", to)
}

func loadZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, operation.Usage(fmt.Sprintf("{tz}: %q is not a time zone; give a name such as Europe/Berlin, America/New_York or UTC", operation.Shown(name)))
	}
	return zone, nil
}

// wall returns the time that a clock in the zone of t shows, as if it were UTC: the words
// for days mean the days of that zone.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// wholeDays returns the days of a period in a zone.
func wholeDays(p Period, zone *time.Location) span {
	day := func(t time.Time, after int) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day()+after, 0, 0, 0, 0, zone)
	}
	return span{from: day(p.from, 0), to: day(p.to, 1)}
}

// parseTimes is [ParsePeriod] with hours, minutes and times of day. The zone is now's.
func parseTimes(argument, text string, now time.Time) (span, error) {
	text = strings.TrimSpace(text)
	if length, ok := parseHours(text); ok {
		to := now.Truncate(time.Second).Add(time.Second)
		return span{from: to.Add(-length), to: to, timed: true}, nil
	}
	if from, to, ok := strings.Cut(text, ".."); ok {
		first, err := parseEnd(argument, from, now.Location())
		if err != nil {
			return span{}, err
		}
		last, err := parseEnd(argument, to, now.Location())
		if err != nil {
			return span{}, err
		}
		return first.until(argument, last)
	}
	if _, timed, err := moment(argument, text, now.Location()); timed || err != nil {
		if err == nil {
			err = operation.Usage(fmt.Sprintf("{%s}: %q is a single time; give FROM..TO", argument, operation.Shown(text)))
		}
		return span{}, err
	}
	p, err := ParsePeriod(argument, text, wall(now))
	return wholeDays(p, now.Location()), err
}

// parseHours reads a length of up to ten years in hours or minutes, such as 1h or 90m.
func parseHours(text string) (time.Duration, bool) {
	units := map[byte]time.Duration{'h': time.Hour, 'm': time.Minute}
	if text == "" {
		return 0, false
	}
	number := text[:len(text)-1]
	count, err := strconv.Atoi(number)
	unit := units[text[len(text)-1]|0x20]
	return time.Duration(count) * unit, err == nil && unit > 0 && number[0] != '+' && count > 0 && count <= maxDays*24
}

// parseEnd reads one end of a range: a time, or a day, month or year of the zone.
func parseEnd(argument, text string, zone *time.Location) (span, error) {
	text = strings.TrimSpace(text)
	at, timed, err := moment(argument, text, zone)
	if timed || err != nil {
		return span{from: at, to: at, timed: true}, err
	}
	p, err := parseSpan(argument, text)
	if err != nil {
		return span{}, operation.Usage(fmt.Sprintf("{%s}: %q is not %s", argument, operation.Shown(text), timeForms))
	}
	return wholeDays(p, zone), nil
}

// moment reads a time of day, in the given zone unless the text names another. It returns
// false if the text is not a time of day.
func moment(argument, text string, zone *time.Location) (at time.Time, timed bool, err error) {
	if len(text) < len("2006-01-02T15:04") {
		return at, false, nil
	}
	text = text[:10] + strings.ToUpper(strings.Replace(text[10:], " ", "T", 1))
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		at, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			at, err = time.Parse(layout+"Z07:00", text)
		}
		switch {
		case err != nil:
		case at.Nanosecond() != 0:
			return at, true, operation.Usage(fmt.Sprintf("{%s}: %q has a fraction of a second; the request log takes whole seconds", argument, text))
		default:
			return at.In(zone), true, nil
		}
	}
	return at, false, nil
}

// until returns the range from the start of one to the end of another.
func (s span) until(argument string, last span) (span, error) {
	out := span{from: s.from, to: last.to, timed: s.timed || last.timed}
	switch {
	case !out.from.Before(out.to) && !out.timed:
		return out, operation.Usage(fmt.Sprintf("{%s}: %s is after %s", argument, out.start(), out.end()))
	case !out.from.Before(out.to):
		return out, operation.Usage(fmt.Sprintf("{%s}: %s is not before %s", argument, out.start(), out.end()))
	case out.to.Sub(out.from) > maxDays*24*time.Hour:
		return out, operation.Usage(fmt.Sprintf("{%s}: %s is more than ten years", argument, operation.Counted(int(out.to.Sub(out.from)/(24*time.Hour)), "day")))
	}
	return out, nil
}

// start and end return the ends as arguments that mean the same range again.
func (s span) start() string {
	if s.timed {
		return s.from.Format(time.RFC3339)
	}
	return s.from.Format(time.DateOnly)
}

func (s span) end() string {
	if s.timed {
		return s.to.Format(time.RFC3339)
	}
	return s.to.AddDate(0, 0, -1).Format(time.DateOnly)
}

// String returns the range for a reader, with its zone.
func (s span) String() string {
	if s.start() == s.end() {
		return fmt.Sprintf("%s (%s)", s.start(), s.from.Location())
	}
	return fmt.Sprintf("%s to %s (%s)", s.start(), s.end(), s.from.Location())
}

// has reports whether the time in a field of a row is in the range.
func (s span) has(row json.RawMessage, field string) bool {
	at, err := time.Parse(time.RFC3339, operation.Word(operation.Lookup(row, field)))
	return err != nil || !at.Before(s.from) && at.Before(s.to)
}

// sent formats a time for the gateway: UTC, in whole seconds, in the years that it reads.
func sent(t time.Time, layout string) string {
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	switch t = t.UTC(); {
	case t.Before(first):
		t = first
	case t.After(last):
		t = last
	}
	return t.Format(layout)
}

// Log is a log of the gateway whose rows have a time in Field. It takes times in Layout, in
// UTC.
type Log struct{ Field, Layout string }

// RequestLog is the log of requests.
var RequestLog = Log{"startTime", time.DateTime}

// Timed prepares the arguments of a List that takes times. The gateway counts the end in,
// so a row of that very moment is dropped here. Over all pages the list ends
// no later than the call began, because the log grows while it is read. A single page shows
// the newest, regardless of the local clock.
func (l Log) Timed(call *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
	s, err := TimeInput{args.String("period"), args.String("start_date"), args.String("end_date"), args.String("tz")}.resolve(call.Now())
	if err != nil {
		return nil, operation.About{}, err
	}
	members := operation.Args{"start_date": operation.Encode(s.start()), "end_date": operation.Encode(s.end())}
	resolved := maps.Clone(args)
	delete(resolved, "period")
	maps.Copy(resolved, members)
	about := operation.About{Members: members, Notes: []string{s.String()}, Resolved: resolved,
		Keep: func(row json.RawMessage) bool { return s.has(row, l.Field) }}
	if zone := args["tz"]; zone != nil {
		members["tz"] = zone
	}
	end := s.to
	if now := call.Now().Truncate(time.Second).Add(time.Second); call.Whole() && now.Before(end) {
		end = now
	}
	out := resolved.With("start_date", sent(s.from, l.Layout)).With("end_date", sent(end, l.Layout))
	delete(out, "tz")
	return out, about, nil
}

// Since returns the arguments of [Log.Timed] for what began at this time or later, and
// whether those given name a period by themselves.
func Since(args operation.Args, at time.Time) (since operation.Args, period bool) {
	period = args.String("period")+args.String("start_date") != ""
	since = maps.Clone(args)
	for _, name := range []string{"period", "end_date", "tz"} {
		delete(since, name)
	}
	return since.With("start_date", at.UTC().Format(time.RFC3339)), period
}
