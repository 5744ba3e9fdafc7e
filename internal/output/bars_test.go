package output

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

var barred = &operation.Operation{Path: "spend summary", Do: operation.Rows[struct{}](nil), Columns: []operation.Column{
	{Name: "user_id"}, {Name: "team_id"}, {Name: "spend", Format: operation.Dollars, Bar: true}, {Name: "requests"},
}}

// TestBars: bars stand in a terminal's table and nowhere else, and the columns
// are those that the answer names.
func TestBars(t *testing.T) {
	page := &operation.Page{Total: 3, Columns: []string{"user_id", "spend", "requests"}, Items: []json.RawMessage{
		json.RawMessage(`{"user_id": "ann", "spend": 4e-05, "requests": 4}`),
		json.RawMessage(`{"user_id": "bob", "spend": 0.00001, "requests": 2}`),
		json.RawMessage(`{"user_id": "cy", "spend": 0, "requests": 1}`),
	}}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{}, "USER_ID  SPEND (USD)  REQUESTS\nann          0.00004         4\nbob          0.00001         2\ncy                 0         1\n"},
		{Options{Terminal: true}, "USER_ID  SPEND (USD)                REQUESTS\nann          0.00004  ████████████         4\nbob          0.00001  ███                  2\ncy                 0                       1\n"},
		{Options{Terminal: true, Format: CSV}, "user_id,spend,requests\nann,0.00004,4\nbob,0.00001,2\ncy,0,1\n"},
		{Options{Columns: []string{"team_id", "spend"}, NoHeader: true}, "-  0.00004\n-  0.00001\n-        0\n"},
	} {
		var b strings.Builder
		if err := Write(t.Context(), &b, barred, operation.Result{Body: json.RawMessage(`{}`), Page: page}, tt.o); err != nil {
			t.Fatal(err)
		}
		if b.String() != tt.want {
			t.Errorf("%+v:\n%s\nwant\n%s", tt.o, b.String(), tt.want)
		}
	}
}

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		value, most float64
		want        string
	}{
		{12, 12, "████████████"}, {1e-9, 12, "▏"}, {0, 12, ""}, {-1, 12, ""}, {1, 0, ""}, {math.NaN(), 1, ""}, {6.5, 12, "██████▌"},
	} {
		if got := bar(tt.value, tt.most); got != tt.want {
			t.Errorf("bar(%v, %v) is %q, want %q", tt.value, tt.most, got, tt.want)
		}
	}
}
