package excerpt

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDeep: what is nested deeper than anybody reads is left out in one piece.
func TestDeep(t *testing.T) {
	const depth = 5000
	value := json.RawMessage(strings.Repeat("[", depth) + `"` + strings.Repeat("x", 50000) + `"` + strings.Repeat("]", depth))
	cut, gaps := Cut(value, "", 16000, func(string) bool { return false })
	if n := strings.Count(string(cut), "["); n != deepest+1 || !json.Valid(cut) {
		t.Errorf("%d levels are shown, want %d: %.200s", n, deepest+1, cut)
	}
	if len(gaps) != 1 || gaps[0].Path != strings.Repeat("[0]", deepest) || gaps[0].Shown != 0 || gaps[0].Total != 1 {
		t.Errorf("gaps: %+v", gaps)
	}
}
