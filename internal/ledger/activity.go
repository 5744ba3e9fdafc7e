package ledger

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"strconv"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// The gateway keeps, for users, teams, organizations, customers and tags, a table
// with a row for each day, owner, key, model, provider. It is read in pages of
// rows, added up by the gateway to sums for each owner, model, provider and key,
// and for each of those and a key. What belongs to what beyond that is worked
// out in spend_join.go.

// activityTable is one of these tables.
type activityTable struct {
	Filter string // the argument that names owners
	// partial: a request may be missing (customer: it named none) or count
	// several times (tag: it had several).
	partial bool
}

var Tables = map[string]activityTable{
	"user":         {Filter: "user_id"},
	"team":         {Filter: "team_ids"},
	"organization": {Filter: "organization_ids"},
	"customer":     {Filter: "end_user_ids", partial: true},
	"tag":          {Filter: "tags", partial: true},
}

// A model is the provider's, openai/gpt-4o. The name that callers used is no part
// of the table's key: where two names lead to one model, all that a key spent on
// it in a day stands under the name that came first (seen on 1.106.2), so that
// nothing can be told by it.

// unassigned is the owner of what has none. Gateways that do not keep it (seen in
// the source of older versions, for teams) leave such requests out of the table.
const Unassigned = "Unassigned"

// none is the model of requests that were refused before one was looked at.
const None = "(none)"

// metrics are the numbers of some requests.
type Metrics struct {
	Spend      Dollars `json:"spend"`
	Prompt     int64   `json:"prompt_tokens"`
	Completion int64   `json:"completion_tokens"`
	Tokens     int64   `json:"total_tokens"`
	Requests   int64   `json:"api_requests"`
	Successful int64   `json:"successful_requests"`
	Failed     int64   `json:"failed_requests"`
}

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

// minus is what m has and n has not.
func (m Metrics) minus(n Metrics) Metrics {
	m.plus(n, -1)
	return m
}

// isZero allows for what a difference of floating-point sums leaves behind.
func (m Metrics) isZero() bool {
	spend := m.Spend
	m.Spend = 0
	return m == Metrics{} && -1e-9 < spend && spend < 1e-9
}

// dollars is an amount whose last digits, which are what a sum of floating-point
// numbers leaves behind, are not shown.
type Dollars float64

// MarshalJSON implements [json.Marshaler].
func (d Dollars) MarshalJSON() ([]byte, error) {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(float64(d), 'f', 12, 64), 64)
	if err != nil || rounded == 0 {
		return []byte("0"), err
	}
	return strconv.AppendFloat(nil, rounded, 'f', -1, 64), nil
}

// dayActivity is a day in an answer, as far as it came on one page.
type DayActivity struct {
	Date      string
	Metrics   Metrics
	Breakdown struct {
		Entities  map[string]ActivityPart
		Models    map[string]ActivityPart
		Providers map[string]ActivityPart
		Keys      map[string]KeyActivity `json:"api_keys"`
	}
}

type ActivityPart struct {
	Metrics  Metrics
	Metadata struct {
		UserEmail         string `json:"user_email"`
		TeamAlias         string `json:"team_alias"`
		OrganizationAlias string `json:"organization_alias"`
	}
	Keys map[string]KeyActivity `json:"api_key_breakdown"`
}

type KeyActivity struct {
	Metrics  Metrics
	Metadata struct {
		KeyAlias string `json:"key_alias"`
	}
}

// parts are the sums for one thing that requests differ in.
func (d *DayActivity) parts(dimension string) map[string]ActivityPart {
	switch dimension {
	case "model":
		return d.Breakdown.Models
	case "provider":
		return d.Breakdown.Providers
	}
	return d.Breakdown.Entities
}

// spendNames are the names of what has an identifier, as the answers tell them.
type Names map[string]map[string]string

func (n Names) Set(of, id, name string) {
	if name == "" {
		return
	}
	if n[of] == nil {
		n[of] = map[string]string{}
	}
	n[of][id] = name
}

func (n Names) learn(of string, d *DayActivity) {
	for id, part := range d.Breakdown.Entities {
		n.Set(of, id, part.Metadata.UserEmail+part.Metadata.TeamAlias+part.Metadata.OrganizationAlias)
	}
	for key, activity := range d.Breakdown.Keys {
		n.Set("key", key, activity.Metadata.KeyAlias)
	}
}

// Activity is one of the tables, by the day. of says whose.
var Activity = &operation.Collection{
	What: "day", Path: "/{of}/daily/activity", Items: "results", Pages: "metadata.total_pages", Page: "page", Size: "page_size", Most: ActivityRows,
}

// activityRows is how many rows a page has, activityPages how many pages of a
// longer period are worked on at a time.
const ActivityRows, activityPages = 1000, 20

// readActivity walks the pages of a table. With split, a period of several days
// that has too many is not read at all: tooLong.
func readActivity(ctx context.Context, call *operation.Call, of string, p Period, filter url.Values, split bool, emit func(*DayActivity) error) (tooLong bool, err error) {
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
			var day DayActivity
			if err := json.Unmarshal(item, &day); err != nil {
				return false, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's daily activity cannot be read: " + err.Error()}
			}
			if err := emit(&day); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}
