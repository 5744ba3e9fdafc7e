// Package ledger answers who spent what: by user, team, organization, customer, key,
// model, provider, tag and day, in a period.
//
// The gateway keeps daily totals for each kind of owner. A [Question] that no single
// table answers is worked out from several, and refused if they do not determine the
// answer.
package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// activityTable is one of the gateway's tables of daily totals, for one kind of owner. It
// has a row for each day, owner, key, model and provider. The gateway sends it in pages
// of rows, summed by owner, model, provider and key, and by each of those with a key.
// join.go works out the combinations beyond that.
type activityTable struct {
	Filter string // the query parameter that selects owners
	// partial means that a request may be missing (customer: it named none) or count
	// several times (tag: it had several).
	partial bool
}

// Tables is the tables by kind of owner.
var Tables = map[string]activityTable{
	"user":         {Filter: "user_id"},
	"team":         {Filter: "team_ids"},
	"organization": {Filter: "organization_ids"},
	"customer":     {Filter: "end_user_ids", partial: true},
	"tag":          {Filter: "tags", partial: true},
	"agent":        {Filter: "agent_ids", partial: true},
}

// Models have their provider's name, such as openai/gpt-4o. The tables cannot tell by
// which name callers asked: if two names lead to one model, all of a key's spend on it
// in a day is under the name that came first (seen on 1.106.2).

// automatic reports whether the gateway added a tag by itself: the client's program.
func automatic(tag string) bool { return strings.HasPrefix(tag, "User-Agent: ") }

// unassigned is the owner of requests without one. Older gateways leave such requests out
// of the table of teams.
const unassigned = "Unassigned"

// none is the model of requests that were rejected before a model was chosen.
const none = "(none)"

// Metrics is the totals of some requests.
type Metrics struct {
	Spend      Dollars `json:"spend"`
	Prompt     int64   `json:"prompt_tokens"`
	Completion int64   `json:"completion_tokens"`
	Tokens     int64   `json:"total_tokens"`
	Requests   int64   `json:"api_requests"`
	Successful int64   `json:"successful_requests"`
	Failed     int64   `json:"failed_requests"`
}

// Add adds the totals of further requests.
func (m *Metrics) Add(n Metrics) { m.plus(n, 1) }

func (m *Metrics) plus(n Metrics, sign int64) {
	m.Spend += Dollars(sign) * n.Spend
	m.Prompt += sign * n.Prompt
	m.Completion += sign * n.Completion
	m.Tokens += sign * n.Tokens
	m.Requests += sign * n.Requests
	m.Successful += sign * n.Successful
	m.Failed += sign * n.Failed
}

// minus returns m without n.
func (m Metrics) minus(n Metrics) Metrics {
	m.plus(n, -1)
	return m
}

// isZero tolerates the rounding error of floating-point sums.
func (m Metrics) isZero() bool {
	spend := m.Spend
	m.Spend = 0
	return m == Metrics{} && -1e-9 < spend && spend < 1e-9
}

// Dollars is an amount in US dollars, written without the rounding error of floating-point
// sums.
type Dollars float64

// MarshalJSON implements [json.Marshaler].
func (d Dollars) MarshalJSON() ([]byte, error) {
	digits, err := strconv.ParseFloat(strconv.FormatFloat(float64(d), 'g', 12, 64), 64)
	if err != nil {
		return []byte("0"), err
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(digits, 'f', 12, 64), 64)
	if err != nil || rounded == 0 {
		return []byte("0"), err
	}
	return strconv.AppendFloat(nil, rounded, 'f', -1, 64), nil
}

// dayActivity is the part of a day that is on one page.
type dayActivity struct {
	Date      string
	Metrics   Metrics
	Breakdown struct {
		Entities  map[string]activityPart
		Models    map[string]activityPart
		Providers map[string]activityPart
		Keys      map[string]keyActivity `json:"api_keys"`
	}
}

type activityPart struct {
	Metrics  Metrics
	Metadata struct {
		UserEmail         string `json:"user_email"`
		TeamAlias         string `json:"team_alias"`
		OrganizationAlias string `json:"organization_alias"`
	}
	Keys map[string]keyActivity `json:"api_key_breakdown"`
}

type keyActivity struct {
	Metrics  Metrics
	Metadata struct {
		KeyAlias string `json:"key_alias"`
		Exists   *bool  `json:"key_exists"`
	}
}

// parts returns the sums by one dimension.
func (d *dayActivity) parts(dimension string) map[string]activityPart {
	switch dimension {
	case "model":
		return d.Breakdown.Models
	case "provider":
		return d.Breakdown.Providers
	}
	return d.Breakdown.Entities
}

// Names is the names that the gateway's answers give for identifiers, by dimension.
type Names map[string]map[string]string

// Set records the name of an identifier. An empty name changes nothing.
func (n Names) Set(of, id, name string) {
	if name == "" {
		return
	}
	if n[of] == nil {
		n[of] = map[string]string{}
	}
	n[of][id] = name
}

// Deleted marks the name of a deleted item.
func Deleted(name string) string { return name + " (deleted)" }

// Unnamed returns the identifiers of a dimension that have no name.
func (a *Answer) Unnamed(of string) []string {
	var ids []string
	i := slices.Index(a.By, of)
	for _, g := range a.Groups {
		if i >= 0 && g.Values[i] != unassigned && a.Names[of][g.Values[i]] == "" {
			ids = append(ids, g.Values[i])
		}
	}
	return operation.Unique(ids)
}

// unattributed is what the gateway has in place of a key for requests without a valid one.
const unattributed = "unattributed"

func (n Names) learn(of string, d *dayActivity) {
	for id, part := range d.Breakdown.Entities {
		n.Set(of, id, part.Metadata.UserEmail+part.Metadata.TeamAlias+part.Metadata.OrganizationAlias)
	}
	for key, activity := range d.Breakdown.Keys {
		name := activity.Metadata.KeyAlias
		if exists := activity.Metadata.Exists; exists != nil && !*exists && name != "" && key != unattributed {
			name = Deleted(name)
		}
		n.Set("key", key, name)
	}
}

// Activity is one of the tables, by day. The path parameter of is the kind of owner.
var Activity = &operation.Collection{
	What: "day", Path: "/{of}/daily/activity", Items: "results", Pages: "metadata.total_pages", Page: "page", Size: "page_size", Most: ActivityRows,
	Split: &operation.Split{By: "date", Join: joinActivity},
}

// joinActivity adds up two parts of a day, or the totals of two pages.
func joinActivity(a, b json.RawMessage) json.RawMessage {
	decode := func(raw json.RawMessage) (value any) {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		_ = d.Decode(&value) // the answer was read as JSON before
		return value
	}
	return operation.Encode(joinValues("", decode(a), decode(b)))
}

// joinValues adds numbers. Other values, and the numbers about paging, are those of one
// page.
func joinValues(name string, a, b any) any {
	switch name {
	case "page", "total_pages":
		return 1
	case "has_more":
		return false
	case "api_key_limit", "total_api_keys", "entity_total_api_keys":
		return a
	}
	switch x := a.(type) {
	case nil:
		return b
	case map[string]any:
		y, _ := b.(map[string]any)
		for name, value := range y {
			x[name] = joinValues(name, x[name], value)
		}
	case json.Number:
		y, _ := b.(json.Number)
		return addNumbers(x, y)
	}
	return a
}

// addNumbers adds whole numbers exactly, others as [Dollars].
func addNumbers(a, b json.Number) any {
	m, errM := a.Int64()
	n, errN := b.Int64()
	if errM == nil && errN == nil {
		return m + n
	}
	x, _ := a.Float64()
	y, _ := b.Float64()
	return Dollars(x + y)
}

// ActivityRows is the size of a page, and activityPages the number of pages of a longer
// period that are processed at a time.
const ActivityRows, activityPages = 1000, 20

// readActivity walks the pages of a table. With split, it returns tooLong instead of
// reading a period of several days that has too many pages.
func readActivity(ctx context.Context, call *operation.Call, of string, p Period, filter url.Values, split bool, emit func(*dayActivity) error) (tooLong bool, err error) {
	query := url.Values{}
	maps.Copy(query, filter)
	query.Set("start_date", p.Start())
	query.Set("end_date", p.End())
	for page, err := range Activity.Walk(ctx, call, map[string]string{"of": of}, query) {
		if err != nil {
			return false, err
		}
		if split && page.Pages > activityPages && p.Days() > 1 {
			return true, nil
		}
		for _, item := range page.Items {
			var day dayActivity
			if err := json.Unmarshal(item, &day); err != nil {
				return false, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "cannot read the gateway's daily activity: " + err.Error()}
			}
			if err := emit(&day); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}
