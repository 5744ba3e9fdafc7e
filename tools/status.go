package tools

import (
	"cmp"
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var status = operation.Catalog{gatewayStatus}

var gatewayStatus = &operation.Operation{
	Path:    "status",
	Summary: "Show the gateway's health and version, and the permissions of your key",
	Help:    "Run this first when a call is rejected.",
	Examples: []string{
		"status",
		"status --format table",
	},
	Effect:  operation.Read,
	Sends:   []string{"GET /health/readiness", "GET /health/readiness/details"},
	Default: true,
	Do:      operation.Func[struct{}](gateway),
	Columns: []operation.Column{
		{Name: "url"},
		{Name: "url_source"},
		{Name: "profile"},
		{Name: "status"},
		{Name: "database"},
		{Name: "version"},
		{Name: "key", Field: "key.key_alias|key.name"},
		{Name: "key_kind", Field: "key.kind"},
		{Name: "key_source", Field: "key.source"},
		{Name: "key_status", Field: "key.status"},
		{Name: "role", Field: "key.role"},
		{Name: "user", Field: "key.user_email|key.user_id"},
		{Name: "user_id", Field: "key.user_id"},
		{Name: "team", Field: "key.team_id", Names: teamCollection},
		{Name: "team_id", Field: "key.team_id"},
		{Name: "models", Field: "key.models"},
		{Name: "spend", Field: "key.spend", Format: operation.Dollars},
		{Name: "max_budget", Field: "key.max_budget", Format: operation.Dollars},
		{Name: "expires", Field: "key.expires", Format: operation.Time},
	},
	View: &operation.View{What: "key"},
}

// gatewayReport is the answer of status.
type gatewayReport struct {
	URL      string    `json:"url"`
	Source   string    `json:"url_source,omitempty"`
	Profile  string    `json:"profile,omitempty"`
	Status   string    `json:"status"`
	Database string    `json:"database,omitempty"`
	Version  string    `json:"version,omitempty"`
	Key      keyReport `json:"key"`
}

// keyReport is what the gateway says about the caller's own key.
type keyReport struct {
	Name   string          `json:"name,omitempty"`
	Kind   string          `json:"kind,omitempty"`
	Source string          `json:"source,omitempty"`
	Status string          `json:"status"`
	Role   string          `json:"role,omitempty"`
	Alias  json.RawMessage `json:"key_alias,omitempty"`
	UserID json.RawMessage `json:"user_id,omitempty"`
	Email  json.RawMessage `json:"user_email,omitempty"`
	TeamID json.RawMessage `json:"team_id,omitempty"`
	Models []string        `json:"models"`
	Spend  json.RawMessage `json:"spend,omitempty"`
	Budget json.RawMessage `json:"max_budget,omitempty"`
	Expiry json.RawMessage `json:"expires,omitempty"`

	why error // the gateway rejects model calls
}

func gateway(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
	ready, err := call.Read(ctx, proxyclient.Request{Path: "/health/readiness"})
	if err != nil {
		return operation.Result{}, err
	}
	if operation.Word(operation.Lookup(ready, "status")) == "" {
		return operation.Result{}, otherServer("the answer has no status")
	}
	report := gatewayReport{
		URL:      call.Client().BaseURL(),
		Source:   call.Client().BaseURLSource(),
		Profile:  call.Profile(),
		Status:   operation.Word(operation.Lookup(ready, "status")),
		Database: operation.Word(operation.Lookup(ready, "db")),
		Key:      keyReport{Source: call.Client().APIKeySource()},
	}
	if !call.Client().SignedIn() {
		report.Key.Name = call.Client().MaskedKey()
	}
	// What this key may not see is left out.
	version, err := call.Client().Version(ctx)
	if e := operation.AsError(err); e != nil && e.Status == 0 {
		return operation.Result{}, err
	}
	report.Version = version
	// A rejected key fails the call; the report still says what was found.
	err = report.Key.fill(ctx, call)
	if e := operation.AsError(err); e != nil && e.Status == 0 {
		return operation.Result{}, err
	}
	return operation.Result{Body: operation.Encode(report)}, cmp.Or(err, report.Key.why)
}

// fill asks the gateway about the key.
func (k *keyReport) fill(ctx context.Context, call *operation.Call) error {
	for model, err := range modelCollection.All(ctx, call, nil) {
		if err != nil {
			k.Status = "refused"
			if !call.Client().HasKey() {
				k.Status = "missing"
			}
			return err
		}
		k.Models = append(k.Models, operation.Word(operation.Lookup(model, modelCollection.ID)))
	}
	k.Status = "accepted"
	who, err := identify(ctx, call)
	if e := operation.AsError(err); e != nil {
		if e.Status == 0 {
			return err
		}
		return nil // what this key may not see is left out
	}
	own := who.limits(call)
	k.Kind, k.Role, k.Alias = who.kind, who.role(), operation.Lookup(own, "key_alias")
	k.UserID, k.TeamID = operation.Lookup(own, "user_id"), operation.Lookup(own, "team_id")
	k.Email = operation.NoNull(operation.Lookup(who.user, "user_email"))
	k.Spend, k.Budget, k.Expiry = operation.Lookup(own, "spend"), operation.LookupAny(own, orTier("max_budget")), who.expires(call)
	if !who.bound(call) {
		return nil // the limits are those of the team, or of the user
	}
	if status, why := verdict(ctx, call, own, who.user); status != "" {
		k.Status, k.why = status, why
	}
	return nil
}
