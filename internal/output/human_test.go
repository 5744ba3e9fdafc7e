package output

import (
	"encoding/json"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
)

// TestReadable: what a person sees of a value at a terminal, and what a pipe gets.
func TestReadable(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	plain, dollars, when := operation.Column{Name: "x"}, operation.Column{Name: "x", Format: operation.Dollars}, operation.Column{Name: "x", Format: operation.Time}
	for _, tt := range []struct {
		value          string
		column         operation.Column
		terminal, pipe string
	}{
		{`0.30000000000000004`, plain, "0.3", "0.3"},
		{`12345678901234567890123`, plain, "12345678901234567890123", "12345678901234567890123"},
		{`33.333333333333336`, plain, "33.3333", "33.3333333333333"},
		{`0.30000000000000004`, dollars, "0.3", "0.3"},
		{`3.6e-6`, dollars, "0.0000036", "0.0000036"},
		{`0.000012345`, dollars, "0.000012", "0.000012345"},
		{`-0.000012345`, dollars, "-0.000012", "-0.000012345"},
		{`0.12345`, dollars, "0.1235", "0.12345"},
		{`0.99999`, dollars, "1", "0.99999"},
		{`12.3456789`, dollars, "12.3457", "12.3456789"},
		{`1234.5678`, dollars, "1234.57", "1234.5678"},
		{`100.0`, dollars, "100", "100"},
		{`"0.5"`, dollars, "0.5", "0.5"},
		{`0`, dollars, "0", "0"},
		{`null`, dollars, "-", "-"},
		{`"2026-11-26T10:00:00Z"`, when, "2 hours ago", "2026-11-26T10:00:00Z"},
		{`"2026-11-29T12:00:00Z"`, when, "in 3 days", "2026-11-29T12:00:00Z"},
		{`"2026-11-27T12:00:00Z"`, when, "in 24 hours", "2026-11-27T12:00:00Z"},
		{`"2026-11-26T11:59:59Z"`, when, "1 second ago", "2026-11-26T11:59:59Z"},
		{`"2026-08-26T12:00:00"`, when, "3 months ago", "2026-08-26T12:00:00Z"},
		{`"9999-01-01T00:00:00Z"`, when, "9999-01-01", "9999-01-01T00:00:00Z"},
		{`"never"`, when, "never", "never"},
		{`["gpt-4o", "claude"]`, plain, "gpt-4o, claude", "gpt-4o,claude"},
		{`["gpt-4o", "claude", "text-embedding-3-large", "o4"]`, plain, "gpt-4o, claude +2", "gpt-4o,claude,text-embedding-3-large,o4"},
		{`["text-embedding-3-large-of-the-long-name", "o4"]`, plain, "text-embedding-3-large-of-the-long-name +1", "text-embedding-3-large-of-the-long-name,o4"},
		{`[]`, plain, "-", "-"},
		{`[{"a":1},{"a":2}]`, plain, `[{"a":1},{"a":2}]`, `[{"a":1},{"a":2}]`},
		{`"2026-11-26T10:00:00Z"`, plain, "2026-11-26T10:00:00Z", "2026-11-26T10:00:00Z"},
	} {
		for terminal, want := range map[bool]string{true: tt.terminal, false: tt.pipe} {
			o := &out{Options: Options{Terminal: terminal, Now: now}}
			if got := o.tableCell(json.RawMessage(tt.value), tt.column); got != want {
				t.Errorf("%s (terminal %v) is shown as %q, want %q", tt.value, terminal, got, want)
			}
		}
	}
	o := &out{Options: Options{Terminal: true, Columns: []string{"+x"}}}
	if got := o.tableCell(json.RawMessage(`["gpt-4o", "claude", "text-embedding-3-large", "o4"]`), plain); got != "gpt-4o,claude,text-embedding-3-large,o4" {
		t.Errorf("a list that was asked for is shown as %q", got)
	}
}
