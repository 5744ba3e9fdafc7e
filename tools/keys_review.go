package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// keyReviews is the lists of keys to clean up.
var keyReviews = operation.Catalog{keysUnused, keysExpiring}

type keysUnusedInput struct {
	Days  days            `json:"days" help:"Minimum days without use (default 30, or 0 with {never})"`
	Never bool            `json:"never" help:"Only keys that were never used"`
	Limit operation.Count `json:"limit" help:"Maximum rows (default all)"`
}

var keysUnused = &operation.Operation{
	Path:     "keys unused",
	Summary:  "List virtual keys without recent use, longest idle first",
	Help:     "Unused keys count from their creation. Expired keys are left out.",
	Alarm:    true,
	Examples: []string{"keys unused", "keys unused --never", "keys unused --days 90 --format csv --columns token,key_alias,user_id"},
	Effect:   operation.Read,
	Sends:    []string{"GET /key/list"},
	Part:     ownPart,
	Default:  true,
	Do:       operation.Rows[keysUnusedInput](unusedKeys),
	Columns: reviewColumns(
		operation.Column{Name: "idle_days"},
		operation.Column{Name: "last_active", Format: operation.Time, Drop: 1},
		operation.Column{Name: "created_at", Format: operation.Time, Drop: 2},
		operation.Column{Name: "spend", Format: operation.Dollars},
		operation.Column{Name: "blocked", Optional: true},
		operation.Column{Name: "expires", Format: operation.Time, Optional: true},
	),
}

type keysExpiringInput struct {
	Days    days            `json:"days" help:"Only keys that expire within this many days (default 30)"`
	Expired bool            `json:"expired" help:"Include expired keys"`
	Limit   operation.Count `json:"limit" help:"Maximum rows (default all)"`
}

var keysExpiring = &operation.Operation{
	Path:     "keys expiring",
	Summary:  "List virtual keys about to expire, soonest first",
	Alarm:    true,
	Examples: []string{"keys expiring --days 7", "keys expiring --expired", "keys expiring --days 7 --exit-code"},
	Effect:   operation.Read,
	Sends:    []string{"GET /key/list"},
	Part:     ownPart,
	Default:  true,
	Do:       operation.Rows[keysExpiringInput](expiringKeys),
	Columns: reviewColumns(
		operation.Column{Name: "days_left", Drop: 1},
		operation.Column{Name: "expires", Format: operation.Time},
		operation.Column{Name: "last_active", Format: operation.Time, Drop: 2},
		operation.Column{Name: "spend", Format: operation.Dollars, Optional: true},
		operation.Column{Name: "blocked", Optional: true},
	),
}

// reviewColumns is the columns of a review: whose key it is, and more.
func reviewColumns(more ...operation.Column) []operation.Column {
	return append([]operation.Column{
		{Name: "key_alias", Unnamed: "key_name"},
		{Name: "key_name", Wide: true},
		{Name: "token", Wide: true},
		{Name: "user", Field: "user_email|user_id"},
		{Name: "user_id", Wide: true},
		{Name: "team", Field: "team_id", Names: teamCollection},
		{Name: "team_id", Wide: true},
	}, more...)
}

// withOwner asks for the owner of each key in the same request, for the email address.
var withOwner = url.Values{"expand": {"user"}}

// reviewed is the fields of a key that a review shows.
var reviewed = strings.Fields("key_alias key_name token user_id team_id spend blocked last_active created_at expires")

type reviewedKey struct {
	days int
	row  operation.Row
}

// reviewKeys walks all keys; judge returns whether to show a key, and its number of
// days. If the list is incomplete, it returns the keys it got with the error.
func reviewKeys(ctx context.Context, call *operation.Call, days string, limit operation.Count, judge func(key json.RawMessage) (int, bool)) (operation.Result, error) {
	var found []reviewedKey
	var incomplete error
	for key, err := range keyCollection.All(ctx, call, withOwner) {
		if proxyclient.CodeOf(err) == proxyclient.CodeIncomplete {
			incomplete = err
			break
		}
		if err != nil {
			return operation.Result{}, err
		}
		n, ok := judge(key)
		if !ok {
			continue
		}
		r := operation.RowOf(days, n)
		for _, name := range reviewed {
			r = append(r, operation.Member{Name: name, Value: operation.Lookup(key, name)})
		}
		r = append(r, operation.Member{Name: "user_email", Value: operation.Lookup(key, "user.user_email")})
		found = append(found, reviewedKey{n, r})
	}
	slices.SortStableFunc(found, func(x, y reviewedKey) int {
		if days == "days_left" {
			return cmp.Compare(x.days, y.days)
		}
		return cmp.Compare(y.days, x.days)
	})
	shown, cut := limited(found, limit)
	rows := make([]operation.Row, len(shown))
	for i, k := range shown {
		rows[i] = k.row
	}
	return operation.Listed(operation.RowOf("at", call.Now().Format(time.RFC3339)), rows, len(found), nil, cut), incomplete
}

func unusedKeys(ctx context.Context, call *operation.Call, in keysUnusedInput) (operation.Result, error) {
	now, least, untold := call.Now(), int(cmp.Or(in.Days, 30)), 0
	if in.Never {
		least = int(in.Days)
	}
	result, err := reviewKeys(ctx, call, "idle_days", in.Limit, func(key json.RawMessage) (int, bool) {
		if expires, ok := timeOf(key, "expires"); ok && expires.Before(now) {
			return 0, false
		}
		if _, used := timeOf(key, "last_active"); in.Never && used {
			return 0, false
		}
		last, ok := lastUse(key)
		idle := max(wholeDays(now.Sub(last)), 0) // clocks differ
		if in.Never && useUntold(key) {
			untold++
			return 0, false
		}
		return idle, ok && idle >= least
	})
	if untold > 0 {
		result.Notes = append(result.Notes, "Left out "+operation.Counted(untold, "key")+" with unknown last use")
	}
	return result, err
}

func expiringKeys(ctx context.Context, call *operation.Call, in keysExpiringInput) (operation.Result, error) {
	now, most := call.Now(), time.Duration(cmp.Or(in.Days, 30))*24*time.Hour
	return reviewKeys(ctx, call, "days_left", in.Limit, func(key json.RawMessage) (int, bool) {
		expires, ok := timeOf(key, "expires")
		left := expires.Sub(now)
		return wholeDays(left), ok && left <= most && (left > 0 || in.Expired)
	})
}

// wholeDays rounds down, also before zero.
func wholeDays(d time.Duration) int {
	const day = 24 * time.Hour
	n := int(d / day)
	if d < 0 && d%day != 0 {
		n--
	}
	return n
}

// timeOf reads one of the gateway's times. Without a zone it is UTC.
func timeOf(item json.RawMessage, field string) (time.Time, bool) {
	text := strings.Replace(operation.Word(operation.Lookup(item, field)), " ", "T", 1)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
