package ledger

import (
	"strings"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

// saturday is the clock of these tests.
var saturday = time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC)

func TestParsePeriod(t *testing.T) {
	for text, want := range map[string]string{
		"today":                  "2026-11-21 (UTC)",
		" Yesterday ":            "2026-11-20 (UTC)",
		"7d":                     "2026-11-15 to 2026-11-21 (UTC)",
		"1d":                     "2026-11-21 (UTC)",
		"2w":                     "2026-11-08 to 2026-11-21 (UTC)",
		"this-week":              "2026-11-16 to 2026-11-21 (UTC)",
		"last-week":              "2026-11-09 to 2026-11-15 (UTC)",
		"this-month":             "2026-11-01 to 2026-11-21 (UTC)",
		"last-month":             "2026-10-01 to 2026-10-31 (UTC)",
		"2026":                   "2026-01-01 to 2026-12-31 (UTC)",
		"2024-02":                "2024-02-01 to 2024-02-29 (UTC)",
		"2026-10-01":             "2026-10-01 (UTC)",
		"2026-10-01..2026-10-15": "2026-10-01 to 2026-10-15 (UTC)",
		"2026-09..2026-10":       "2026-09-01 to 2026-10-31 (UTC)",

		"":                       "is not today",
		"0d":                     "is not",
		"-3d":                    "is not",
		"+3d":                    "is not",
		"99999999999999999999d":  "is not",
		"9999999w":               "is not",
		"2026-13":                "is not",
		"2026-02-30":             "is not",
		"0000":                   "is not",
		"2026-10-15..2026-10-01": "is after",
		"2026-10-15..":           "is not",
		"1990..2026":             "ten years",
		"last month":             "is not",
	} {
		p, err := ParsePeriod("period", text, saturday)
		got := p.String()
		if err != nil {
			got = err.Error()
			if proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(got, "{period}") {
				t.Errorf("%q: %v is no usage error that names the argument", text, err)
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	// Months of different lengths, and a Sunday, which ends a week.
	if p, _ := ParsePeriod("period", "last-month", time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)); p.String() != "2027-02-01 to 2027-02-28 (UTC)" {
		t.Errorf("last-month on 31 March: %s", p)
	}
	if p, _ := ParsePeriod("period", "this-week", time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)); p.String() != "2026-11-16 to 2026-11-22 (UTC)" {
		t.Errorf("this-week on a Sunday: %s", p)
	}
	// It is the next day already in UTC.
	west := time.FixedZone("west", -5*3600)
	if p, _ := ParsePeriod("period", "today", time.Date(2026, 11, 20, 20, 0, 0, 0, west)); p.String() != "2026-11-21 (UTC)" {
		t.Errorf("today in the west: %s", p)
	}
}

func TestPeriodInput(t *testing.T) {
	for _, tt := range []struct {
		in   PeriodInput
		want string
	}{
		{PeriodInput{}, "2026-10-23 to 2026-11-21 (UTC)"},
		{PeriodInput{StartDate: "2026-11-01"}, "2026-11-01 to 2026-11-21 (UTC)"},
		{PeriodInput{StartDate: "2026-11-01", EndDate: "2026-11-02"}, "2026-11-01 to 2026-11-02 (UTC)"},
		{PeriodInput{StartDate: "2026-12-01"}, "is after 2026-11-21"},
		{PeriodInput{EndDate: "2026-11-02"}, "{end_date} needs {start_date}"},
		{PeriodInput{Period: "7d", EndDate: "2026-11-02"}, "{period} and {start_date}"},
		{PeriodInput{StartDate: "7d"}, "{start_date}: \"7d\" is not a day"},
	} {
		p, err := tt.in.Resolve(saturday)
		got := p.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestPeriodParts(t *testing.T) {
	p, err := ParsePeriod("period", "7d", saturday)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Before().String(); got != "2026-11-08 to 2026-11-14 (UTC)" {
		t.Errorf("before: %s", got)
	}
	a, b := p.halves()
	if a.String() != "2026-11-15 to 2026-11-17 (UTC)" || b.String() != "2026-11-18 to 2026-11-21 (UTC)" {
		t.Errorf("halves: %s, %s", a, b)
	}
}

// FuzzPeriod: whatever a period says, it begins before it ends, at midnight, and
// is written in a form that means the same.
func FuzzPeriod(f *testing.F) {
	for _, seed := range []string{"7d", "2026-10", "2026-10-01..2026-10-15", "last-month", "2026", "..", "0001-01-01", "9999-12"} {
		f.Add(seed, int64(1795305540))
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		now := time.Unix(seconds%253402300800, 0)
		p, err := ParsePeriod("period", text, now)
		if err != nil {
			if proxyclient.CodeOf(err) != proxyclient.CodeUsage {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if p.to.Before(p.from) || p.Days() > maxDays || !p.from.Equal(midnight(p.from)) || p.to.Year() > 9999 {
			t.Fatalf("%q: %s", text, p)
		}
		if p.from.Year() <= 0 || p.to.Year() <= 0 {
			return // the clock is
		}
		again, err := ParsePeriod("period", p.Start()+".."+p.End(), now)
		if err != nil || again != p {
			t.Fatalf("%q: %s, written out %s, %v", text, p, again, err)
		}
	})
}
