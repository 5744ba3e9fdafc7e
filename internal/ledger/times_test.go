package ledger

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

func TestTimes(t *testing.T) {
	for _, tt := range []struct {
		in   TimeInput
		want string // the ends sent, or a part of the error
	}{
		{TimeInput{}, "2026-10-23 00:00:00 2026-11-22 00:00:00"},
		{TimeInput{Period: "today"}, "2026-11-21 00:00:00 2026-11-22 00:00:00"},
		{TimeInput{Period: "1h"}, "2026-11-21 22:59:01 2026-11-21 23:59:01"},
		{TimeInput{Period: "90M"}, "2026-11-21 22:29:01 2026-11-21 23:59:01"},
		{TimeInput{Period: "2026-11-25T14:00..2026-11-25T15:00"}, "2026-11-25 14:00:00 2026-11-25 15:00:00"},
		{TimeInput{Period: "2026-11-25 14:00:05 .. 2026-11-25"}, "2026-11-25 14:00:05 2026-11-26 00:00:00"},
		{TimeInput{Period: "2026-10..2026-11-02T08:00Z"}, "2026-10-01 00:00:00 2026-11-02 08:00:00"},
		{TimeInput{StartDate: "2026-11-20 14:00:00"}, "2026-11-20 14:00:00 2026-11-22 00:00:00"},
		{TimeInput{StartDate: "2026-11-20", EndDate: "2026-11-20t15:00+02:00"}, "2026-11-20 00:00:00 2026-11-20 13:00:00"},
		// It is the next day already in Berlin, and the last day of summer time has 25 hours.
		{TimeInput{Period: "today", TZ: "Europe/Berlin"}, "2026-11-21 23:00:00 2026-11-22 23:00:00"},
		{TimeInput{Period: "2026-10-25", TZ: "Europe/Berlin"}, "2026-10-24 22:00:00 2026-10-25 23:00:00"},
		{TimeInput{Period: "last-month", TZ: "America/New_York"}, "2026-10-01 04:00:00 2026-11-01 04:00:00"},
		{TimeInput{StartDate: "2026-11-20T14:00", EndDate: "2026-11-20T15:00Z", TZ: "Europe/Berlin"}, "2026-11-20 13:00:00 2026-11-20 15:00:00"},
		{TimeInput{Period: "9999"}, "9999-01-01 00:00:00 9999-12-31 23:59:59"},

		{TimeInput{Period: "2026-11-25T14:00"}, "{period}: \"2026-11-25T14:00\" is a single time"},
		{TimeInput{Period: "2026-11-25T15:00..2026-11-25T15:00"}, "is not before"},
		{TimeInput{Period: "2026-11-25..2026-11-24"}, "2026-11-25 is after 2026-11-24"},
		{TimeInput{Period: "2000..2026"}, "ten years"},
		{TimeInput{Period: "h"}, "is not"},
		{TimeInput{Period: "0h"}, "is not"},
		{TimeInput{Period: "+1h"}, "is not"},
		{TimeInput{StartDate: "2026-11-20T25:00"}, "{start_date}: \"2026-11-20T25:00\" is not a day like"},
		{TimeInput{StartDate: "2026-11-20T14:00:00.5"}, "fraction"},
		{TimeInput{EndDate: "2026-11-20"}, "{end_date} needs {start_date}"},
		{TimeInput{TZ: "Mars/X"}, "{tz}: \"Mars/X\" is not a time zone"},
		{TimeInput{TZ: "Local"}, "{tz}"},
	} {
		s, err := tt.in.resolve(saturday)
		got := sent(s.from, time.DateTime) + " " + sent(s.to, time.DateTime)
		if err != nil {
			if got = err.Error(); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
				t.Errorf("%+v: %v is no usage error", tt.in, err)
			}
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %s, want %s", tt.in, got, tt.want)
		}
		if err != nil {
			continue
		}
		again, err := TimeInput{StartDate: s.start(), EndDate: s.end(), TZ: tt.in.TZ}.resolve(saturday)
		if err != nil || !again.from.Equal(s.from) || !again.to.Equal(s.to) {
			t.Errorf("%+v: written out, %s to %s means %s (%v)", tt.in, s.start(), s.end(), again, err)
		}
	}
}

// TestTimesEnd: an end time is exclusive although the gateway's is not.
func TestTimesEnd(t *testing.T) {
	s, err := TimeInput{Period: "2026-11-25T14:00..2026-11-25T15:00"}.resolve(saturday)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"2026-11-25T13:59:59.999+00:00": false, "2026-11-25T14:00:00Z": true, "2026-11-25T14:59:59.999Z": true, "2026-11-25T15:00:00.000+00:00": false, "": true,
	} {
		if got := s.has(json.RawMessage(`{"startTime": "`+at+`"}`), "startTime"); got != want {
			t.Errorf("%s: %t", at, got)
		}
	}
}

// TestDaysOnly: a view of daily totals refuses times of day and names UTC.
func TestDaysOnly(t *testing.T) {
	for _, in := range []PeriodInput{
		{Period: "1h"}, {Period: "2026-11-25T14:00..2026-11-25T15:00"}, {StartDate: "2026-11-25 14:00:00"}, {StartDate: "2026-11-01", EndDate: "2026-11-25T14:00:00Z"},
	} {
		if _, err := in.Resolve(saturday); proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(err.Error(), "UTC") || !strings.Contains(err.Error(), "spend logs") {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

// FuzzTimes: whatever a range says, it begins before it ends.
func FuzzTimes(f *testing.F) {
	for _, seed := range []string{"7d", "1h", "2026-10-01T14:00..2026-10-15", "2026-10-01 14:00:00+02:00..2026-11", ".."} {
		f.Add(seed, int64(1795305540))
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		s, err := parseTimes("period", text, time.Unix(seconds%253402300800, 0).In(berlin))
		if err != nil {
			if proxyclient.CodeOf(err) != proxyclient.CodeUsage {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if !s.from.Before(s.to) {
			t.Fatalf("%q: %s", text, s)
		}
	})
}
