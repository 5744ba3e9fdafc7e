package operation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lengths are the fields for the time that something lasts, and periods those for the time
// after which a budget resets. In a request, the gateway reads any of them as a number and
// a unit. For other texts it answers 500, or stores them and never resets.
var (
	lengths = []string{"duration", "team_member_key_duration", "rotation_interval", "grace_period"}
	periods = []string{"budget_duration", "team_member_budget_duration", "time_period"}
	// budgeted are the fields with budgets inside them.
	budgeted = []string{"model_max_budget", "budget_limits", "team_member_model_max_budget", "fallback_budget_limits"}
)

// formats reports texts that the gateway cannot read, or would read as something else:
// durations, email addresses, and empty items of lists.
func (op *Operation) formats(args Args) (faults []string) {
	if op.Effect == Read {
		return nil
	}
	for _, f := range op.Fields() {
		switch {
		case args[f.Name] == nil:
		case f.Name == durationField && f.Cleared != "" && args.String(f.Name) == "-1" && op.clears([]string{f.Name}):
			faults = append(faults, "{duration}: -1 is not a duration; to remove the expiry, use {clear} duration")
		case f.Kind == KindMessages:
			return nil // the fields of a call to a model are the provider's
		case f.Name == ExtraField:
			var more Args
			_ = json.Unmarshal(args[f.Name], &more)
			for name, value := range more {
				faults = append(faults, durations(name, name, value)...)
				faults = append(faults, emptyItems(name, value)...)
			}
		case f.Kind == KindPairs:
			faults = append(faults, nestedPeriods("{"+f.Name+"} ", args[f.Name])...)
		default:
			faults = append(faults, durations("{"+f.Name+"}", f.Name, args[f.Name])...)
			faults = append(faults, emptyItems("{"+f.Name+"}", args[f.Name])...)
		}
	}
	if op.Effect != Destructive { // what is none can be removed
		faults = append(faults, op.emailFaults(args)...)
	}
	slices.Sort(faults)
	return faults
}

// emptyItems reports a list with an empty text. Most lists restrict something, and without
// that text they would restrict nothing.
func emptyItems(where string, value json.RawMessage) []string {
	var items []string
	if json.Unmarshal(value, &items) != nil || !slices.Contains(items, "") {
		return nil
	}
	return []string{where + " has an empty item"}
}

// durations reports the invalid durations in one field of a request. where names it.
func durations(where, name string, value json.RawMessage) (faults []string) {
	if slices.Contains(budgeted, name) {
		return nestedPeriods(where+" ", value)
	}
	period := slices.Contains(periods, name)
	if !period && !slices.Contains(lengths, name) {
		return nil
	}
	var text string
	if json.Unmarshal(value, &text) != nil || NoNull(value) == nil {
		return nil
	}
	if why := durationFault(text, period); why != "" {
		faults = append(faults, where+why)
	}
	return faults
}

// nestedPeriods reports the invalid periods of budgets inside a value, at any depth.
func nestedPeriods(where string, value json.RawMessage) (faults []string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil {
		for name, member := range object {
			if at := where + Shown(name); slices.Contains(periods, name) {
				faults = append(faults, durations(at, name, member)...)
			} else {
				faults = append(faults, nestedPeriods(at+".", member)...)
			}
		}
		return faults
	}
	var list []json.RawMessage
	_ = json.Unmarshal(value, &list)
	for i, member := range list {
		faults = append(faults, nestedPeriods(where+strconv.Itoa(i)+".", member)...)
	}
	return faults
}

// unitSeconds are the units of a duration. A month is counted by the calendar.
var unitSeconds = map[string]int{"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "mo": 30 * 86400}

const maxYears = 100 // the gateway fails on a date after the year 9999

// durationFault returns the fault of a duration, to be written after its name, or "". A budget
// can reset after one month, and not after several.
func durationFault(text string, period bool) string {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	number, unit := text[:digits], text[digits:]
	seconds, known := unitSeconds[unit]
	switch n, err := strconv.Atoi(number); {
	case text == "":
		return " is empty; give a duration such as 30d"
	case !known || err != nil && number == "":
		return fmt.Sprintf(": %q is not a duration; %s", Shown(text), durationHelp(number, unit, period))
	case err == nil && n == 0:
		return fmt.Sprintf(": %q is zero; give at least 1%s", Shown(text), unit)
	case err != nil || n > maxYears*365*86400/seconds:
		return fmt.Sprintf(": %q is longer than %d years", Shown(text), maxYears)
	case period && unit == "mo" && n > 1:
		return fmt.Sprintf(": %q is not supported; use 1mo or a number of days, such as %dd", Shown(text), 30*n)
	}
	return ""
}

// durationHelp suggests what was probably meant, or names the valid forms.
func durationHelp(number, unit string, period bool) string {
	if unit == "M" {
		unit = "mo"
	}
	unit = strings.ToLower(strings.TrimSpace(unit))
	forms := "use a whole number and a unit: 30s, 30m, 30h, 30d, 2w or 1mo"
	words := map[string]string{"hourly": "1h", "daily": "1d", "weekly": "7d", "monthly": "1mo", "yearly": "365d"}
	if word := words[unit]; number == "" && word != "" {
		return "did you mean " + word + "? " + strings.ToUpper(forms[:1]) + forms[1:]
	}
	if number == "" || len(number) > 6 {
		return forms
	}
	meant := ""
	for _, u := range []struct{ word, unit string }{{"seconds", "s"}, {"minutes", "m"}, {"hours", "h"}, {"days", "d"}, {"weeks", "w"}, {"months", "mo"}, {"years", "y"}} {
		if unit != "" && (strings.HasPrefix(u.word, unit) || u.unit == unit) {
			meant = u.unit
			break
		}
	}
	switch n, _ := strconv.Atoi(number); {
	case meant == "y" && n > 0:
		meant = fmt.Sprintf("%dd", 365*n)
	case meant == "mo" && period && n > 1:
		meant = fmt.Sprintf("%dd", 30*n)
	case meant == "", n == 0:
		return forms
	default:
		meant = number + meant
	}
	return "did you mean " + meant + "? " + strings.ToUpper(forms[:1]) + forms[1:]
}

// DurationOf reads the duration in an argument, such as 90d or 36h; an absent one is 0. Its
// error is for the caller and says what to give.
func DurationOf(args Args, name string) (time.Duration, error) {
	if args[name] == nil {
		return 0, nil
	}
	text := args.String(name)
	if why := durationFault(text, false); why != "" {
		return 0, Usage("{" + name + "}" + why)
	}
	d, _ := Duration(text)
	return d, nil
}

// Duration reads a duration such as 24h as the gateway does, and reports whether it is one. A
// month has 30 days.
func Duration(text string) (time.Duration, bool) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.Atoi(text[:digits])
	return time.Duration(n*unitSeconds[text[digits:]]) * time.Second, err == nil && durationFault(text, false) == ""
}
