package tools

import (
	"reflect"
	"testing"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

func period(t *testing.T, text string) ledger.Period {
	t.Helper()
	p, err := ledger.ParsePeriod("period", text, time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func spentBy(values []string, spend float64) *ledger.Group {
	return &ledger.Group{Values: values, Metrics: ledger.Metrics{Spend: ledger.Dollars(spend)}}
}

// TestChartOverTime: days without spend have a bar too, and long periods fewer bars.
func TestChartOverTime(t *testing.T) {
	answer := &ledger.Answer{By: []string{"day", "team"}, Names: ledger.Names{}}
	answer.Names.Set("team", "t1", "research")
	groups := []*ledger.Group{spentBy([]string{"2026-11-02", "t2"}, 5), spentBy([]string{"2026-11-01", "t1"}, 1), spentBy([]string{"2026-11-02", "t1"}, 2)}
	for _, c := range []struct {
		period, title string
		labels        []string
		series        []operation.Series
	}{
		{"2026-11-01..2026-11-03", "by day", []string{"2026-11-01", "2026-11-02", "2026-11-03"},
			[]operation.Series{{Name: "t2", Values: []float64{0, 5, 0}}, {Name: "research", Values: []float64{1, 2, 0}}}},
		{"2026-08-03..2026-11-08", "by week", []string{
			"2026-08-03", "2026-08-10", "2026-08-17", "2026-08-24", "2026-08-31", "2026-09-07", "2026-09-14", "2026-09-21", "2026-09-28",
			"2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02"},
			[]operation.Series{{Name: "t2", Values: []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}}, {Name: "research", Values: []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2}}}},
	} {
		chart := &operation.Chart{Title: "by day"}
		drawDays(chart, answer, groups, period(t, c.period))
		if !reflect.DeepEqual(chart, &operation.Chart{Title: c.title, OverTime: true, Labels: c.labels, Series: c.series}) {
			t.Errorf("%s: got %+v", c.period, chart)
		}
	}
	chart := &operation.Chart{Title: "by day"}
	drawDays(chart, answer, nil, period(t, "2024-01-01..2026-11-26"))
	if len(chart.Labels) != 35 || chart.Title != "by month" || len(chart.Series) != 1 || len(chart.Series[0].Values) != 35 {
		t.Errorf("three years without spend: %d bars %q, %d series", len(chart.Labels), chart.Title, len(chart.Series))
	}
}

func TestChartOfTheMost(t *testing.T) {
	answer := &ledger.Answer{By: []string{"model"}, Names: ledger.Names{}}
	groups := []*ledger.Group{spentBy([]string{"a"}, 4), spentBy([]string{"b"}, 3), spentBy([]string{"c"}, 2), spentBy([]string{""}, 1)}
	for _, c := range []struct {
		limit  int
		by     string
		labels []string
		values []float64
	}{
		{0, "model", []string{"a", "b", "c", "(none)"}, []float64{4, 3, 2, 1}},
		{2, "model", []string{"a", "b", "other (2)"}, []float64{4, 3, 3}},
		{3, "model", []string{"a", "b", "c", "(none)"}, []float64{4, 3, 2, 1}},
		{2, "tag", []string{"a", "b"}, []float64{4, 3}},
	} {
		chart := &operation.Chart{}
		answer.By[0] = c.by
		drawBars(chart, answer, groups, c.limit)
		if !reflect.DeepEqual(chart.Labels, c.labels) || !reflect.DeepEqual(chart.Series[0].Values, c.values) {
			t.Errorf("limit %d by %s: %v %v", c.limit, c.by, chart.Labels, chart.Series[0].Values)
		}
	}
}
