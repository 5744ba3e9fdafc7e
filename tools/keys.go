package tools

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var keys = operation.Catalog{
	keysList, keysGenerate, keysInfo, keysUpdate, keysDelete, keysBlock, keysUnblock, keysMove, keysResetSpend, keysAliases,
	keysServiceAccount, keysRegenerate, keysBulkUpdate, keysHealth,
}

// keyCollection is the virtual keys that the caller may see.
var keyCollection = &operation.Collection{
	What: "key", Path: "/key/list", Items: "keys", Total: "total_count", Pages: "total_pages", Page: "page", Size: "size",
	ID: "token", Name: "key_alias", Search: "key_alias", Sort: "sort_by", Order: "sort_order", Unique: "token",
	Fixed: url.Values{"return_full_object": {"true"}},
}

// keyAlias is the name of a key where its hash is wanted.
type keyAlias string

// Collection is where the alias is looked up.
func (keyAlias) Collection() *operation.Collection { return keyCollection }

var keyColumns = []operation.Column{
	{Name: "key_alias", ID: true},
	{Name: "key_name"},
	{Name: "token", ID: true},
	{Name: "user_id", ID: true},
	{Name: "team_id", ID: true},
	{Name: "models"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Format: operation.Dollars},
	{Name: "expires", Format: operation.Time},
	{Name: "blocked", Optional: true},
	{Name: "organization_id", Field: "org_id", Optional: true},
	{Name: "budget_id", Optional: true},
	{Name: "tpm_limit", Optional: true},
	{Name: "rpm_limit", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
	{Name: "last_active", Format: operation.Time, Optional: true},
}

// shownOnce is the column of a new key, for the operations that make one.
func shownOnce(columns []operation.Column) []operation.Column {
	return append([]operation.Column{{Name: "key"}}, columns...)
}

type keysListInput struct {
	Page                 int               `json:"page" jsonschema:"minimum=1" help:"Page number, from 1"`
	Size                 int               `json:"size" jsonschema:"minimum=1,maximum=100" help:"Keys on a page (the gateway's default is 10)"`
	UserID               string            `json:"user_id" help:"Only keys of this internal user"`
	User                 userEmail         `json:"user" help:"The same by email" ref:"user_id"`
	TeamID               string            `json:"team_id" help:"Only keys of this team"`
	Team                 teamAlias         `json:"team" help:"The same by alias" ref:"team_id"`
	OrganizationID       string            `json:"organization_id" help:"Only keys of this organization"`
	Organization         organizationAlias `json:"organization" help:"The same by alias" ref:"organization_id"`
	KeyHash              string            `json:"key_hash" help:"Only the key with this 64-digit hash (its token)"`
	KeyAlias             string            `json:"key_alias" help:"Only the key with exactly this alias"`
	Search               string            `json:"search" help:"Only keys whose alias contains this text or whose hash it is"`
	Status               string            `json:"status" jsonschema:"enum=active,enum=expired,enum=revoked,enum=deleted" help:"Only keys in this state; revoked means blocked"`
	SortBy               string            `json:"sort_by" help:"Field to sort by, for example spend, created_at or key_alias"`
	SortOrder            string            `json:"sort_order" jsonschema:"enum=asc,enum=desc" help:"Direction of sort_by (the gateway's default is desc)"`
	ReturnFullObject     bool              `json:"return_full_object" help:"Whole key objects (default true); false gives bare hashes"`
	IncludeTeamKeys      bool              `json:"include_team_keys" help:"Also keys of the teams whose admin the caller is"`
	IncludeCreatedByKeys bool              `json:"include_created_by_keys" help:"Also keys that the caller created for others"`
}

var keysList = &operation.Operation{
	Path:    "keys list",
	Summary: "List virtual keys, a page at a time",
	Help:    "A key of an internal user sees its own keys only. Spend and budgets are in US dollars.",
	Examples: []string{
		"keys list",
		"keys list --team-id research --sort-by spend",
		"keys list --all --format csv --columns key_alias,spend,max_budget",
	},
	Effect:  operation.Read,
	Default: true,
	Do:      operation.List[keysListInput]{Of: keyCollection},
	Columns: keyColumns,
}

// keyLimits are the settings of a key that generate and update share.
type keyLimits struct {
	Models              []string         `json:"models" help:"Models that the key may use; an empty list: all" clear:"[]"`
	BudgetDuration      string           `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo" clear:"null"`
	Duration            string           `json:"duration" help:"Key expires after this time: 24h, 7d" clear:"null"`
	TeamID              string           `json:"team_id" help:"Team that the key belongs to" clear:"null"`
	Team                teamAlias        `json:"team" help:"The same by alias" ref:"team_id"`
	UserID              string           `json:"user_id" help:"User that the key belongs to" clear:"null"`
	User                userEmail        `json:"user" help:"The same by email" ref:"user_id"`
	BudgetID            string           `json:"budget_id" help:"Existing budget to use" clear:"null"`
	RPMLimit            *int             `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most" clear:"null"`
	TPMLimit            *int             `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most" clear:"null"`
	MaxParallelRequests *int             `json:"max_parallel_requests" jsonschema:"minimum=0" help:"Concurrent requests at most" clear:"null"`
	ModelRPMLimit       operation.Object `json:"model_rpm_limit" help:"Requests per minute by model: {\"gpt-4o\": 10}"`
	ModelTPMLimit       operation.Object `json:"model_tpm_limit" help:"Tokens per minute by model"`
	ModelMaxBudget      operation.Object `json:"model_max_budget" help:"Budget by model: {\"gpt-4o\": {\"budget_limit\": 5, \"time_period\": \"1d\"}} (Enterprise)"`
	Tags                []string         `json:"tags" help:"Tags for spend and routing (Enterprise)"`
	Guardrails          []string         `json:"guardrails" help:"Guardrails of every call (Enterprise)"`
	Permissions         operation.Object `json:"permissions" help:"What the key may do beside calls: {\"allow_pii_controls\": true}" clear:"{}"`
	AllowedRoutes       []string         `json:"allowed_routes" help:"Only these routes: llm_api_routes, /chat/completions" clear:"[]"`
	Aliases             operation.Object `json:"aliases" help:"Model alias to model name: {\"fast\": \"gpt-4o-mini\"}" clear:"{}"`
	Metadata            operation.Object `json:"metadata" help:"Anything to keep with the key" clear:"{}"`
}

type keysGenerateInput struct {
	KeyAlias  string   `json:"key_alias" help:"Name of the key; must be unique"`
	MaxBudget *float64 `json:"max_budget" jsonschema:"minimum=0" help:"Most that the key may spend, in US dollars" cli:"alias=spend"`
	keyLimits
	SoftBudget     *float64          `json:"soft_budget" jsonschema:"minimum=0" help:"Spend in US dollars at which an alert is sent"`
	OrganizationID string            `json:"organization_id" help:"Organization that the key belongs to (Enterprise)"`
	Organization   organizationAlias `json:"organization" help:"The same by alias" ref:"organization_id"`
	KeyType        string            `json:"key_type" jsonschema:"enum=default,enum=llm_api,enum=management,enum=read_only" help:"What the key is for; sets allowed_routes"`
	Config         operation.Object  `json:"config" help:"Further configuration of the key"`
	Spend          *float64          `json:"spend" jsonschema:"minimum=0" help:"Amount counted as already spent, in US dollars; the limit is max_budget" cli:"name=initial-spend"`
	operation.Extras
}

var keysGenerate = &operation.Operation{
	Path:    "keys generate",
	Summary: "Generate a virtual key",
	Help:    "The key itself is in the answer's field key and is never shown again. Without {models} it may use every model; without {max_budget} it has no limit.",
	Examples: []string{
		"keys generate --models gpt-4o-mini --max-budget 100 --duration 24h --key-alias my-key",
		"keys generate --key-alias ci --team research | jq -r .key",
	},
	Effect:  operation.Write,
	Default: true,
	Do:      operation.Endpoint[keysGenerateInput]{Method: "POST", Path: "/key/generate"},
	Columns: shownOnce(keyColumns),
	Done:    "generated key {key_alias} {key_name} (token {token})",
	Reveal:  []string{"key"},
}

type keysInfoInput struct {
	Key   string   `json:"key" jsonschema:"minLength=1" help:"The key (sk-...) or its 64-digit hash; not given: the caller's own key"`
	Alias keyAlias `json:"alias" jsonschema:"minLength=1" help:"Alias of the key" ref:"key" cli:"alias=key-alias"`
}

var keysInfo = &operation.Operation{
	Path:     "keys info",
	Summary:  "Show a virtual key: limits, spend, owner, state",
	Examples: []string{"keys info --key 88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b", "keys info"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.Endpoint[keysInfoInput]{Method: "GET", Path: "/key/info"},
	// The answer has the key beside info, and no token within it.
	Columns: append([]operation.Column{{Name: "key", ID: true}},
		within("info", slices.DeleteFunc(slices.Clone(keyColumns), func(c operation.Column) bool { return c.Name == "token" }))...),
}

type keysDeleteInput struct {
	Keys       []string `json:"keys" help:"Keys (sk-...) or their 64-digit hashes"`
	KeyAliases []string `json:"key_aliases" help:"Aliases of keys"`
}

var keysDelete = &operation.Operation{
	Path:    "keys delete",
	Summary: "Delete virtual keys by key, hash or alias",
	Help:    "Programs that use them are refused from then on. What does not exist is reported and the rest deleted.",
	Examples: []string{
		"keys delete --key-aliases my-key",
		"keys delete --keys sk-key1,sk-key2 --key-aliases alias1,alias2",
	},
	Effect:  operation.Destructive,
	Default: true,
	Do:      operation.Func[keysDeleteInput](deleteKeys),
}

// deletedKeys is the answer of keys delete: the gateway's own field, which
// repeats names that never existed, without those, and beside it what is
// missing.
type deletedKeys struct {
	DeletedKeys       []string `json:"deleted_keys"`
	DeletedKeyAliases []string `json:"deleted_key_aliases"`
}

// deleteKeys sends one request for keys and one for aliases: the gateway
// ignores the aliases of a request that has both.
func deleteKeys(ctx context.Context, call *operation.Call, in keysDeleteInput) (operation.Result, error) {
	if len(in.Keys)+len(in.KeyAliases) == 0 {
		return operation.Result{}, operation.Usage("name what to delete: {keys} or {key_aliases}")
	}
	out := deletedKeys{DeletedKeys: []string{}, DeletedKeyAliases: []string{}}
	parts := operation.NewParts(call, "deleted")
	remove := func(field, filter, what string, names []string) []string {
		found := []string{}
		for _, name := range names {
			there, err := keyExists(ctx, call, filter, name)
			switch {
			case err != nil && !operation.IsRefused(err):
				parts.Fail(what+" "+name, err)
			case err == nil && !there:
				parts.Fail(what+" "+name, missing(what, name))
			default:
				found = append(found, name)
			}
		}
		if len(found) == 0 {
			return found
		}
		_, err := call.Write(ctx, "POST", "/key/delete", map[string][]string{field: found})
		deleted := []string{}
		for _, name := range found {
			if parts.Try(what+" "+name, func() error { return err }) {
				deleted = append(deleted, name)
			}
		}
		return deleted
	}
	out.DeletedKeys = remove("keys", "key_hash", "key", in.Keys)
	out.DeletedKeyAliases = remove("key_aliases", "key_alias", "key alias", in.KeyAliases)
	return parts.Result(operation.Encode(out))
}

// keyExists looks a key up by its hash or its alias. GET /key/info would not do:
// it still answers for some seconds after a deletion.
func keyExists(ctx context.Context, call *operation.Call, filter, name string) (bool, error) {
	if filter == "key_hash" {
		name = keyHash(name)
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: "/key/list", Query: url.Values{filter: {name}, "size": {"1"}}})
	return string(operation.Lookup(body, "total_count")) != "0", err
}

// keyHash is the identifier under which the gateway keeps a key.
func keyHash(key string) string {
	if !strings.HasPrefix(key, "sk-") {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// within moves columns into a member of the object.
func within(member string, columns []operation.Column) []operation.Column {
	out := slices.Clone(columns)
	for i := range out {
		out[i].Field = member + "." + cmp.Or(out[i].Field, out[i].Name)
	}
	return out
}
