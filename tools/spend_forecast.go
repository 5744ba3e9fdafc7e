package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

type spendForecastInput struct {
	budgetFilter
	Days  days            `json:"days" help:"Days whose spend sets the pace, with today (default 7)"`
	Soon  string          `json:"soon" help:"Only budgets that run out within this time and before their reset, such as 14d or 36h"`
	Limit operation.Count `json:"limit" help:"Maximum rows, most urgent first (default all)"`
}

var spendForecast = &operation.Operation{
	Path:     "spend forecast",
	Summary:  "Forecast when each budget runs out at the current pace",
	Help:     "Most urgent first, in US dollars. The pace is the average daily spend of the last {days}, or since a younger key, user or team was created. Where the daily totals cannot tell the pace, the outlook is unknown.",
	Examples: []string{"spend forecast", "spend forecast --team research --days 14", "spend forecast --soon 14d --exit-code"},
	Effect:   operation.Read,
	Sends: append(slices.Clone(spendBudgets.Sends), "GET /user/daily/activity", "GET /team/daily/activity",
		"GET /organization/daily/activity", "GET /customer/daily/activity"),
	Part:  ownPart,
	Alarm: true,
	Do:    operation.Rows[spendForecastInput](forecastBudgets),
	Columns: []operation.Column{
		{Name: "of"},
		{Name: "name", Field: "name|id"},
		{Name: "id", Optional: true},
		{Name: "spend", Format: operation.Dollars},
		{Name: "max_budget", Format: operation.Dollars},
		{Name: "pace_per_day", Format: operation.Dollars, Drop: 2},
		{Name: "outlook"},
		{Name: "runs_out_at", Format: operation.Time, Optional: true},
		{Name: "budget_reset_at", Format: operation.Time, Drop: 3},
		{Name: "enforced", Optional: true},
	},
}

func forecastBudgets(ctx context.Context, call *operation.Call, in spendForecastInput) (operation.Result, error) {
	soon, err := operation.DurationOf(call.Args(), "soon")
	if err != nil {
		return operation.Result{}, err
	}
	days := int(cmp.Or(in.Days, 7))
	period, err := ledger.ParsePeriod("days", strconv.Itoa(days)+"d", call.Now())
	if err != nil {
		return operation.Result{}, err
	}
	f, err := findBudgets(ctx, call, in.budgetFilter)
	if err != nil {
		return operation.Result{}, err
	}
	p := &paces{in: in.budgetFilter, period: period, spent: map[string]map[string]ledger.Dollars{}}
	var forecasts []*forecast
	for _, b := range f.found {
		if err := p.read(ctx, call, b.of); err != nil {
			return operation.Result{}, err
		}
		fc := &forecast{budgetUse: b}
		fc.pace, fc.known = p.of(b, call.Now())
		fc.foresee(call.Now())
		if soon == 0 || fc.within(soon, call.Now()) {
			forecasts = append(forecasts, fc)
		}
	}
	slices.SortStableFunc(forecasts, compareForecasts)
	shown, cut := limited(forecasts, in.Limit)
	rows := make([]operation.Row, len(shown))
	for i, fc := range shown {
		rows[i] = fc.row()
	}
	notes := append(f.notes, p.notes...)
	notes = append(notes, fmt.Sprintf("Pace: average daily spend from %s until now. The forecast assumes that it continues", period.Start()))
	about := operation.RowOf("at", call.Now().Format(time.RFC3339), "start_date", period.Start(), "end_date", period.End(), "notes", notes)
	return operation.Listed(about, rows, len(forecasts), nil, append(slices.Clip(notes), cut...)), f.problem
}

// paces is what the owners of budgets spent in a period, by kind of owner and ID.
type paces struct {
	in     budgetFilter
	period ledger.Period
	spent  map[string]map[string]ledger.Dollars
	notes  []string
}

// read reads the spend of one kind of owner, once. It leaves out what the gateway's daily
// totals do not tell to this caller, with a note.
func (p *paces) read(ctx context.Context, call *operation.Call, of string) error {
	if _, known := p.spent[of]; known {
		return nil
	}
	q := ledger.Question{By: []string{of}, Period: p.period, User: string(p.in.UserID), Team: string(p.in.TeamID)}
	if of == "member" {
		q.By = []string{"team", "user"}
	}
	if of != "member" && of != "key" {
		q.User, q.Team = "", "" // the whole spend of the owner counts
	}
	answer, err := q.Ask(ctx, call)
	code := proxyclient.CodeOf(err)
	switch {
	case code == proxyclient.CodeUnsupported, code == proxyclient.CodeEnterprise, operation.IsRefused(err):
		p.spent[of] = nil
		p.notes = append(p.notes, fmt.Sprintf("The pace of %s is unknown: %s", plural.Of(of), strings.TrimSuffix(operation.AsError(err).Message, ".")))
		return nil
	case err != nil:
		return err
	}
	p.spent[of] = map[string]ledger.Dollars{}
	for _, g := range answer.Groups {
		p.spent[of][strings.Join(g.Values, "\x00")] += g.Spend
	}
	return nil
}

// of returns the daily spend of a budget's owner, if it is known.
func (p *paces) of(b *budgetUse, now time.Time) (float64, bool) {
	spent, id := p.spent[b.of], b.id
	if b.of == "member" {
		id = b.team + "\x00" + b.user
	}
	passed := now.Sub(p.period.From())
	if age := now.Sub(b.created); !b.created.IsZero() && age < passed {
		passed = age
	}
	passed = max(passed, 24*time.Hour) // an hour says nothing about a day
	return float64(spent[id]) / (float64(passed) / float64(24*time.Hour)), spent != nil
}
