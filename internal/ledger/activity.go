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
	path   string
	Filter string // the argument that names owners
	// partial: a request may be missing (customer: it named none) or count
	// several times (tag: it had several).
	partial bool
}

var Tables = map[string]activityTable{
	"user":         {path: "/user/daily/activity", Filter: "user_id"},
	"team":         {path: "/team/daily/activity", Filter: "team_ids"},
	"organization": {path: "/organization/daily/activity", Filter: "organization_ids"},
	"customer":     {path: "/customer/daily/activity", Filter: "end_user_ids", partial: true},
	"tag":          {path: "/tag/daily/activity", Filter: "tags", partial: true},
}

// A model is the provider's, openai/gpt-4o. The name that callers used is no part
// of the table's key: where two names lead to one model, all that a key spent on
// it in a day stands under the name that came first (seen on 1.106.2), so that
// nothing can be told by it.

// unassigned is the owner of what has none. Gateways that do not keep it (seen in
// the source of older versions, for teams) leave such requests out of the table.
const unassigned = "Unassigned"

// none is the model of requests that were refused before one was looked at.
const none = "(none)"

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
	}
}

// parts are the sums for one thing that requests differ in.
func (d *dayActivity) parts(dimension string) map[string]activityPart {
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

func (n Names) learn(of string, d *dayActivity) {
	for id, part := range d.Breakdown.Entities {
		n.Set(of, id, part.Metadata.UserEmail+part.Metadata.TeamAlias+part.Metadata.OrganizationAlias)
	}
	for key, activity := range d.Breakdown.Keys {
		n.Set("key", key, activity.Metadata.KeyAlias)
	}
}

// activityRows is how many rows a page has, activityPages how many pages of a
// longer period are worked on at a time.
const ActivityRows, activityPages = 1000, 20

// readActivity walks the pages of a table. With split, a period of several days
// that has too many is not read at all: tooLong.
func readActivity(ctx context.Context, call *operation.Call, of string, p Period, filter url.Values, split bool, emit func(*dayActivity) error) (tooLong bool, err error) {
	query := url.Values{}
	maps.Copy(query, filter)
	query.Set("start_date", p.Start())
	query.Set("end_date", p.End())
	query.Set("page_size", strconv.Itoa(ActivityRows))
	for page := 1; ; page++ {
		query.Set("page", strconv.Itoa(page))
		body, err := call.Read(ctx, proxyclient.Request{Path: Tables[of].path, Query: query})
		if err != nil {
			return false, err
		}
		var answer struct {
			Results  []dayActivity
			Metadata struct {
				Pages int `json:"total_pages"`
			}
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return false, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's daily activity cannot be read: " + err.Error()}
		}
		if split && answer.Metadata.Pages > activityPages && p.Days() > 1 {
			return true, nil
		}
		for i := range answer.Results {
			if err := emit(&answer.Results[i]); err != nil {
				return false, err
			}
		}
		call.Progress(page, max(page, answer.Metadata.Pages))
		if page >= answer.Metadata.Pages {
			return false, nil
		}
	}
}
