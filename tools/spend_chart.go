package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

type spendChartInput struct {
	By ledger.Dimensions `json:"by" help:"Dimension of the bars (default day); day with another one splits each day's bar"`
	ledger.PeriodInput
	spendFilter
	Limit operation.Count `json:"limit" help:"Maximum bars, highest spend first; the rest share one more (default 20). Days are never left out" cli:"alias=top"`
}

var spendChart = &operation.Operation{
	Path:    "spend chart",
	Summary: "Draw spend by day, model, team, key or user as a bar chart",
	Help:    "In US dollars, by whole days in UTC. A long period is drawn by week or month. To get numbers only, use {op:spend summary}.",
	Examples: []string{
		"spend chart --period 30d",
		"spend chart --by model --period last-month --out models.png",
		"spend chart --by day --by team --period this-month --out teams.png",
	},
	Effect:  operation.Read,
	Sends:   []string{"GET /user/daily/activity", "GET /team/daily/activity", "GET /tag/daily/activity", "GET /organization/daily/activity", "GET /customer/daily/activity"},
	Part:    ownPart,
	Draws:   true,
	Do:      operation.Rows[spendChartInput](chartSpend),
	Columns: spendSummaryColumns,
}

// defaultBars is how many bars a chart has that is not over time.
const defaultBars = 20

func chartSpend(ctx context.Context, call *operation.Call, in spendChartInput) (operation.Result, error) {
	by := operation.Unique(in.By)
	if len(by) == 0 {
		by = []string{"day"}
	}
	if i := slices.Index(by, "day"); i > 0 {
		by = slices.Insert(slices.Delete(by, i, i+1), 0, "day")
	}
	if len(by) > 2 || len(by) == 2 && by[0] != "day" {
		return operation.Result{}, operation.Usage("{by}: give one dimension, or day and one more")
	}
	p, err := in.Resolve(call.Now())
	if err != nil {
		return operation.Result{}, err
	}
	answer, err := askSpend(ctx, call, in.question(by, p))
	if err != nil {
		return operation.Result{}, err
	}
	groups := answer.Sorted()
	chart := &operation.Chart{Title: "Spend by " + strings.Join(by, " and "), Unit: "US dollars"}
	if by[0] == "day" {
		slices.SortStableFunc(groups, func(x, y *ledger.Group) int { return strings.Compare(x.Values[0], y.Values[0]) })
		drawDays(chart, answer, groups, p)
	} else {
		drawBars(chart, answer, groups, int(in.Limit))
	}
	result := spendRows(answer, groups, p, 0)
	chart.Subtitle = result.Notes[0]
	result.Chart = chart
	return result, nil
}

// drawBars makes a bar of each group, and one of those that there are too many of.
func drawBars(chart *operation.Chart, answer *ledger.Answer, groups []*ledger.Group, limit int) {
	if limit == 0 {
		limit = defaultBars
	}
	var values []float64
	for i, g := range groups {
		switch {
		case i < limit || len(groups) == limit+1:
			chart.Labels = append(chart.Labels, barName(answer, answer.By[0], g.Values[0]))
			values = append(values, float64(g.Spend))
		case answer.By[0] == "tag": // tags share requests: their sum means nothing
		case i == limit:
			chart.Labels = append(chart.Labels, fmt.Sprintf("other (%d)", len(groups)-limit))
			values = append(values, float64(g.Spend))
		default:
			values[limit] += float64(g.Spend)
		}
	}
	chart.Series = []operation.Series{{Values: values}}
}

// barName is what the value of a dimension is called: its name, or its identifier.
func barName(answer *ledger.Answer, by, value string) string {
	id, name := answer.Named(by, value)
	for _, text := range []any{name, id} {
		if text, is := text.(string); is && text != "" {
			return text
		}
	}
	return "(none)"
}

const (
	// mostDays and mostWeeks are how many bars over time can be told apart.
	mostDays, mostWeeks = 92, 104
)

// drawDays makes a bar of each day of the period, of each week or each month; the groups of
// a second dimension are its parts.
func drawDays(chart *operation.Chart, answer *ledger.Answer, groups []*ledger.Group, p ledger.Period) {
	chart.OverTime = true
	step, begin := barOf(p)
	chart.Title = strings.Replace(chart.Title, "day", step, 1)
	bars := map[time.Time]int{}
	for day := range p.Each() {
		bar := begin(day)
		if _, known := bars[bar]; !known {
			bars[bar] = len(chart.Labels)
			chart.Labels = append(chart.Labels, bar.Format(time.DateOnly))
		}
	}
	parts := map[string]int{}
	for _, g := range groups {
		day, err := time.Parse(time.DateOnly, g.Values[0])
		bar, known := bars[begin(day)]
		if err != nil || !known {
			continue
		}
		id := strings.Join(g.Values[1:], "")
		part, known := parts[id]
		if !known {
			part, parts[id] = len(parts), len(parts)
			chart.Series = append(chart.Series, operation.Series{Values: make([]float64, len(chart.Labels))})
			if len(answer.By) > 1 {
				chart.Series[part].Name = barName(answer, answer.By[1], id)
			}
		}
		chart.Series[part].Values[bar] += float64(g.Spend)
	}
	if len(chart.Series) == 0 {
		chart.Series = []operation.Series{{Values: make([]float64, len(chart.Labels))}}
	}
	slices.SortStableFunc(chart.Series, func(x, y operation.Series) int { return cmp.Compare(sum(y.Values), sum(x.Values)) })
}

// barOf is what a bar over time stands for, and the first day of that of a day.
func barOf(p ledger.Period) (step string, begin func(time.Time) time.Time) {
	switch days := p.Days(); {
	case days > mostWeeks*7:
		return "month", func(day time.Time) time.Time { return day.AddDate(0, 0, 1-day.Day()) }
	case days > mostDays:
		return "week", func(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }
	}
	return "day", func(day time.Time) time.Time { return day }
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
