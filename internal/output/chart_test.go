package output

import (
	"bytes"
	"context"
	"testing"

	"litellm-proxy/internal/operation"
)

func TestChart(t *testing.T) {
	op := &operation.Operation{Path: "spend chart", Draws: true, Do: operation.Endpoint[struct{}]{}}
	for name, c := range map[string]struct {
		chart *operation.Chart
		want  string
		width int
	}{
		"bars": {&operation.Chart{Title: "Spend by key", Unit: "US dollars", Labels: []string{"a\x1b[2J", "模型"}, Series: []operation.Series{{Values: []float64{4, 0.05}}}},
			"Spend by key (US dollars)\n\na\\x1b[2J  ████████████████████████████████████████ 4\n模型      ▌ 0.05\n", 0},
		"stacked": {&operation.Chart{Title: "Spend by day and team", Unit: "US dollars", Labels: []string{"d1", "d2", "d3"}, Series: []operation.Series{
			{Name: "x", Values: []float64{1, 0, 0}}, {Name: "y", Values: []float64{0.5, 0.0001, 0}}, {Name: "z", Values: []float64{0.25, 0, 0}},
			{Name: "v", Values: []float64{0.125, 0, 0}}, {Name: "w", Values: []float64{0.125, 0, 0}}}},
			"Spend by day and team (US dollars)\n█ x   ▓ y   ▒ z   ░ other (2)\n\nd1  ████████████████████▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒░░░░░ 2\nd2  ▏ 0.0001\nd3  0\n", 0},
		"nothing": {&operation.Chart{Title: "Spend by key", Unit: "US dollars", Series: []operation.Series{{}}}, "Spend by key (US dollars)\n\n", 0},
		"narrow": {&operation.Chart{Title: "Spend by user", Unit: "US dollars", Labels: []string{"annabelle@engineering.example.com", "bob"}, Series: []operation.Series{{Values: []float64{1.23456789, 0.5}}}},
			"Spend by user (US dollars)\n\nannabel…  ██████████████ 1.2346\nbob       █████▋ 0.5\n", 31},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Write(context.Background(), &b, op, operation.Result{Body: []byte("{}"), Chart: c.chart}, Options{Format: Chart, Width: c.width}); err != nil {
				t.Fatal(err)
			}
			if b.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), c.want)
			}
		})
	}
}
