package tools

import (
	"encoding/json"
	"strconv"
	"time"

	"litellm-proxy/internal/operation"
)

// The states of keys, users, teams and whatever else has a budget or can be blocked. The
// gateway refuses calls in each but the first.
const (
	stateActive     = "active"
	stateOverBudget = "over budget"
	stateExpired    = "expired"
	stateBlocked    = "blocked"
	stateDeleted    = "deleted"
)

// stateColumn says whether an item can be used.
var stateColumn = operation.Column{Name: "state", Derive: itemState}

// itemState is the reason why the gateway refuses calls of a key, user, team, customer,
// project, tag or organization, as far as the item itself tells: the one that lasts longest
// counts. It is nil for an item that has neither spend nor a mark, such as a bare hash.
func itemState(item json.RawMessage, now time.Time) json.RawMessage {
	has := func(name string) bool { return operation.NoNull(operation.Lookup(item, name)) != nil }
	state := stateActive
	switch {
	case has("deleted_at"):
		state = stateDeleted
	case string(operation.Lookup(item, "blocked")) == "true":
		state = stateBlocked
	case expiredAt(item, now):
		state = stateExpired
	case limitUsed(item):
		state = stateOverBudget
	case !has("spend") && operation.Lookup(item, "blocked") == nil:
		return nil
	}
	return operation.Encode(state)
}

// deploymentState says whether the gateway sends calls to a deployment.
func deploymentState(item json.RawMessage, _ time.Time) json.RawMessage {
	if string(operation.LookupAny(item, "model_info.blocked|blocked")) == "true" {
		return operation.Encode(stateBlocked)
	}
	return operation.Encode(stateActive)
}

// expiredAt reports whether an item has an expiry that is over.
func expiredAt(item json.RawMessage, now time.Time) bool {
	expires, ok := timeOf(item, "expires")
	return ok && !expires.After(now)
}

// limitUsed reports whether the recorded spend has reached the limit.
func limitUsed(item json.RawMessage) bool {
	spend, err := strconv.ParseFloat(operation.Word(operation.Lookup(item, "spend")), 64)
	limit, none := strconv.ParseFloat(operation.Word(operation.LookupAny(item, orTier("max_budget"))), 64)
	return err == nil && none == nil && spend >= limit
}
