package operation

import (
	"fmt"
	"testing"
)

// TestManyParts: the sentence about many things names the first ones and counts the rest.
func TestManyParts(t *testing.T) {
	for _, tt := range []struct {
		n          int
		verb, want string
	}{
		{2, "deleted", "deleted n0, n1"},
		{2, "created 2:", "created 2: n0, n1"},
		{10, "deleted", "deleted n0, n1, n2, n3, n4, n5, n6, n7, n8, n9"},
		{120, "deleted", "deleted 120: n0, n1, n2, n3, n4 and 115 more"},
		{120, "created 120:", "created 120: n0, n1, n2, n3, n4 and 115 more"},
	} {
		parts := NewParts(nil, tt.verb, "")
		for i := range tt.n {
			parts.Report(fmt.Sprintf("n%d", i), "")
		}
		result, err := parts.Result(nil)
		if err != nil || result.Done != tt.want {
			t.Errorf("%q, %v; want %q", result.Done, err, tt.want)
		}
	}
}
