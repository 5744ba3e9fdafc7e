package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"

	"litellm-proxy/internal/operation"
)

var whoami = operation.Catalog{whoAmI}

var whoAmI = &operation.Operation{
	Path:    "whoami",
	Summary: "Show who you are to the gateway: user, role, teams, credential and its limits",
	Help:    "The gateway is asked each time. status also checks its health and your models.",
	Examples: []string{
		"whoami",
		"whoami --format table",
	},
	Effect: operation.Read,
	Sends:  []string{"GET /key/info"},
	Do:     operation.Func[struct{}](identity),
	Columns: []operation.Column{
		{Name: "url"},
		{Name: "url_source", Optional: true},
		{Name: "profile"},
		{Name: "user_id", ID: true},
		{Name: "user_email"},
		{Name: "user_alias", Optional: true},
		{Name: "role"},
		{Name: "teams", Each: []string{"team_alias", "team_id"}},
		{Name: "credential", Field: "credential.kind"},
		{Name: "source", Field: "credential.source"},
		{Name: "key_alias", Field: "credential.key_alias", ID: true},
		{Name: "key", Field: "credential.token", ID: true},
		{Name: "team_id", Field: "credential.team_id", ID: true},
		{Name: "team_alias", Field: "credential.team_alias"},
		{Name: "expires", Field: "credential.expires", Format: operation.Time},
		{Name: "spend", Field: "credential.spend|spend", Format: operation.Dollars},
		{Name: "max_budget", Field: "credential.max_budget|max_budget", Format: operation.Dollars},
	},
	View: whoamiView,
}

// identityReport is the answer of whoami. What the gateway does not tell is left out.
type identityReport struct {
	URL        string           `json:"url"`
	URLSource  string           `json:"url_source,omitempty"`
	Profile    string           `json:"profile,omitempty"`
	UserID     string           `json:"user_id,omitempty"`
	UserEmail  string           `json:"user_email,omitempty"`
	UserAlias  string           `json:"user_alias,omitempty"`
	Role       string           `json:"role,omitempty"`
	Teams      []teamName       `json:"teams,omitempty"`
	Spend      json.RawMessage  `json:"spend,omitempty"`
	MaxBudget  json.RawMessage  `json:"max_budget,omitempty"`
	Credential credentialReport `json:"credential"`
}

type teamName struct {
	TeamID    string `json:"team_id"`
	TeamAlias string `json:"team_alias,omitempty"`
}

// credentialReport is about the key or token.
type credentialReport struct {
	Kind          string          `json:"kind"`
	Name          string          `json:"name,omitempty"`
	Source        string          `json:"source,omitempty"`
	Alias         string          `json:"key_alias,omitempty"`
	Token         string          `json:"token,omitempty"`
	TeamID        string          `json:"team_id,omitempty"`
	TeamAlias     string          `json:"team_alias,omitempty"`
	Expires       json.RawMessage `json:"expires,omitempty"`
	ExpiryAssumed bool            `json:"expiry_assumed,omitempty"`
	Spend         json.RawMessage `json:"spend,omitempty"`
	MaxBudget     json.RawMessage `json:"max_budget,omitempty"`
	Duration      json.RawMessage `json:"budget_duration,omitempty"`
	Models        json.RawMessage `json:"models,omitempty"`
}

func identity(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
	who, err := identify(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	client := call.Client()
	limits := who.limits(call)
	word := func(item json.RawMessage, field string) string { return operation.Word(operation.Lookup(item, field)) }
	report := identityReport{
		URL: client.BaseURL(), URLSource: client.BaseURLSource(), Profile: call.Profile(),
		UserID: who.userID(), UserEmail: word(who.user, "user_email"), UserAlias: word(who.user, "user_alias"), Role: who.role(),
		Spend: operation.NoNull(operation.Lookup(who.user, "spend")), MaxBudget: operation.NoNull(operation.Lookup(who.user, "max_budget")),
		Credential: credentialReport{
			Kind: who.kind, Source: client.APIKeySource(), Alias: word(who.key, "key_alias"), Token: who.hash, TeamID: word(limits, "team_id"),
			Expires: operation.NoNull(who.expires(call)), ExpiryAssumed: client.Session().Assumed && who.kind == signIn,
			Spend: operation.NoNull(operation.Lookup(who.key, "spend")), MaxBudget: operation.NoNull(operation.LookupAny(who.key, orTier("max_budget"))),
			Duration: operation.NoNull(operation.LookupAny(who.key, orTier("budget_duration"))),
		},
	}
	if who.kind != signIn {
		report.Credential.Name = client.MaskedKey()
	}
	if models := operation.Lookup(who.key, "models"); operation.Words(models) != "" {
		report.Credential.Models = models
	}
	err = report.nameTeams(ctx, call, who)
	return operation.Result{Body: operation.Encode(report)}, err
}

// nameTeams adds the teams of the user and the aliases of all teams, as far as the caller
// may read them.
func (r *identityReport) nameTeams(ctx context.Context, call *operation.Call, who *caller) error {
	var ids []string
	_ = json.Unmarshal(operation.Lookup(who.user, "teams"), &ids)
	aliases := map[string]string{r.Credential.TeamID: call.Client().Session().TeamAlias}
	if len(ids) > 0 {
		for team, err := range teamCollection.All(ctx, call, url.Values{"user_id": {r.UserID}}) {
			if err != nil {
				if e := operation.AsError(err); e == nil || e.Status == 0 {
					return err
				}
				break
			}
			aliases[operation.Word(operation.Lookup(team, "team_id"))] = operation.Word(operation.Lookup(team, "team_alias"))
		}
	}
	for _, id := range ids {
		r.Teams = append(r.Teams, teamName{id, aliases[id]})
	}
	own := r.Credential.TeamID
	if own == "" || slices.Contains(ids, own) {
		r.Credential.TeamAlias = aliases[own]
		return nil
	}
	team, err := readTeam(ctx, call, own)
	switch e := operation.AsError(err); {
	case err == nil:
		r.Credential.TeamAlias = operation.Word(operation.Lookup(team.item, "team_alias"))
	case e == nil || e.Status == 0:
		return err
	}
	return nil
}
