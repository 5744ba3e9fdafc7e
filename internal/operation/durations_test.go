package operation

import (
	"errors"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

// TestDurationOf: an age is read as the gateway reads durations, and what is none is refused
// with what to give.
func TestDurationOf(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{"90d": 90 * day, "1w": 7 * day, "36h": 36 * time.Hour, "1mo": 30 * day,
		"0d": -1, "90": -1, "d": -1, "-1d": -1, "1.5d": -1, "90D": -1, " 90d": -1, "99999d": -1, "tomorrow": -1, "": -1} {
		got, err := DurationOf(Args{"unused": Encode(text)}, "unused")
		var usage *proxyclient.Error
		if want < 0 && !errors.As(err, &usage) || want > 0 && (err != nil || got != want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if got, err := DurationOf(Args{}, "unused"); got != 0 || err != nil {
		t.Errorf("absent: %v, %v", got, err)
	}
}
