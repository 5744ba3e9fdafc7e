package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// keyRef names one key.
type keyRef struct {
	Key   string   `json:"key" jsonschema:"minLength=1" help:"The key (sk-...) or its 64-digit hash" cli:"arg=1"`
	Alias keyAlias `json:"alias" jsonschema:"minLength=1" help:"The same by alias" ref:"key,required"`
}

type keysUpdateInput struct {
	keyRef
	KeyAlias  string   `json:"key_alias" help:"New alias; must be unique" clear:"null"`
	MaxBudget *float64 `json:"max_budget" jsonschema:"minimum=0" help:"Most that the key may spend, in US dollars" clear:"null"`
	keyLimits
	Spend *float64 `json:"spend" jsonschema:"minimum=0" help:"Amount counted as already spent, in US dollars" cli:"name=initial-spend"`
	operation.Clearing
	operation.Extras
}

var keysUpdate = &operation.Operation{
	Path:    "keys update",
	Summary: "Change limits, owner, models or alias of a virtual key",
	Help:    "What is not named stays; {clear} removes a limit, for duration the expiry.",
	Examples: []string{
		"keys update --alias ci --max-budget 50 --budget-duration 30d",
		"keys update --alias ci --clear max_budget,duration",
		"keys update 88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b --key-alias nightly",
	},
	Effect:  operation.Set,
	Default: true,
	Do:      operation.Endpoint[keysUpdateInput]{Method: "POST", Path: "/key/update", Subject: []string{"key"}},
	Columns: keyColumns,
	Done:    "updated key {key_alias} {key_name} (token {token})",
}

var keysBlock = &operation.Operation{
	Path:     "keys block",
	Summary:  "Block a virtual key: its calls are refused until it is unblocked",
	Examples: []string{"keys block --alias ci"},
	Effect:   operation.Set,
	Default:  true,
	Do:       operation.Endpoint[keyRef]{Method: "POST", Path: "/key/block", Fixed: true},
	Columns:  keyColumns,
	Done:     "blocked key {key_alias} {key_name} (token {token})",
}

var keysUnblock = &operation.Operation{
	Path:     "keys unblock",
	Summary:  "Unblock a virtual key",
	Examples: []string{"keys unblock --alias ci"},
	Effect:   operation.Set,
	Default:  true,
	Do:       operation.Endpoint[keyRef]{Method: "POST", Path: "/key/unblock", Fixed: true},
	Columns:  keyColumns,
	Done:     "unblocked key {key_alias} {key_name} (token {token})",
}

type keysResetSpendInput struct {
	keyRef
	ResetTo float64 `json:"reset_to" jsonschema:"minimum=0" help:"Spend afterwards, in US dollars (default 0); at most the present spend"`
}

var keysResetSpend = &operation.Operation{
	Path:     "keys reset-spend",
	Summary:  "Set the spend of a virtual key back",
	Help:     "The spend until then is lost from the key, not from the spend logs.",
	Examples: []string{"keys reset-spend --alias ci"},
	Effect:   operation.Set,
	Do: operation.Func[keysResetSpendInput](func(ctx context.Context, call *operation.Call, in keysResetSpendInput) (operation.Result, error) {
		to := call.Arg("reset_to")
		if to == nil {
			to = json.RawMessage("0")
		}
		// The hash, since a path is written into logs.
		body, err := call.Send(ctx, "POST", "/key/{key}/reset_spend", keyHash(in.Key), operation.Args{"reset_to": to})
		return operation.Result{Body: body}, err
	}),
	Done: "reset the spend of key {key_hash} from {previous_spend} to {spend} US dollars",
}

type keysAliasesInput struct {
	Page   int       `json:"page" jsonschema:"minimum=1" help:"Page number, from 1"`
	Size   int       `json:"size" jsonschema:"minimum=1,maximum=100" help:"Aliases on a page (the gateway's default is 50)"`
	Search string    `json:"search" help:"Only aliases that contain this text"`
	TeamID string    `json:"team_id" help:"Only aliases of this team's keys"`
	Team   teamAlias `json:"team" help:"The same by alias" ref:"team_id"`
}

var keysAliases = &operation.Operation{
	Path:     "keys aliases",
	Summary:  "List the aliases of virtual keys, a page at a time",
	Help:     "For the keys themselves use keys list.",
	Examples: []string{"keys aliases --search ci", "keys aliases --team research --all --format jsonl"},
	Effect:   operation.Read,
	Do: operation.List[keysAliasesInput]{Of: &operation.Collection{
		What: "key alias", Path: "/key/aliases", Items: "aliases", Total: "total_count", Pages: "total_pages", Page: "page", Size: "size",
		ID: "key_alias",
	}},
}

type keysServiceAccountInput struct {
	TeamID         string           `json:"team_id" jsonschema:"minLength=1" help:"Team that the key belongs to"`
	Team           teamAlias        `json:"team" jsonschema:"minLength=1" help:"The same by alias" ref:"team_id,required"`
	KeyAlias       string           `json:"key_alias" help:"Name of the key, which becomes the service account's id; must be unique"`
	Models         []string         `json:"models" help:"Models that the key may use; none given: those of the team"`
	MaxBudget      *float64         `json:"max_budget" jsonschema:"minimum=0" help:"Most that the key may spend, in US dollars"`
	BudgetDuration string           `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo"`
	Duration       string           `json:"duration" help:"Key expires after this time, for example 90d; not given: never"`
	RPMLimit       *int             `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most"`
	TPMLimit       *int             `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most"`
	Metadata       operation.Object `json:"metadata" help:"Anything to keep with the key"`
	operation.Extras
}

var keysServiceAccount = &operation.Operation{
	Path:     "keys service-account",
	Summary:  "Generate a key of a team that belongs to no user",
	Help:     "It outlives the members of the team. The key itself is in the answer's field key and is never shown again.",
	Examples: []string{"keys service-account --team research --key-alias nightly-batch --max-budget 100"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[keysServiceAccountInput]{Method: "POST", Path: "/key/service-account/generate"},
	Columns:  keyColumns,
	Done:     "generated service account key {key_alias} {key_name} (token {token})",
	Reveal:   []string{"key"},
}

type keysRegenerateInput struct {
	keyRef
	GracePeriod string `json:"grace_period" help:"The old key works this long beside the new one, for example 24h; not given: not at all"`
	NewKey      string `json:"new_key" help:"The new key, sk- and 16 or more characters; not given: the gateway makes one"`
	Duration    string `json:"duration" help:"New key expires after this time, for example 90d"`
	operation.Extras
}

var keysRegenerate = &operation.Operation{
	Path:     "keys regenerate",
	Summary:  "Replace a virtual key by a new one with the same limits, owner and spend",
	Help:     "Programs that use the old key are refused from then on. Needs LiteLLM Enterprise; without it generate a key and delete the old one.",
	Examples: []string{"keys regenerate --alias ci --grace-period 24h"},
	Effect:   operation.Destructive,
	Do: operation.Func[keysRegenerateInput](func(ctx context.Context, call *operation.Call, in keysRegenerateInput) (operation.Result, error) {
		fields := call.Body()
		delete(fields, "key")
		body, err := call.Send(ctx, "POST", "/key/{key}/regenerate", keyHash(in.Key), fields)
		return operation.Result{Body: body}, err
	}),
	Done:   "regenerated key {key_alias} {key_name}",
	Reveal: []string{"key"},
}

var keysHealth = &operation.Operation{
	Path:     "keys health",
	Summary:  "Check the caller's own key and the logging that is set up for it",
	Help:     "Sends a test log to the key's logging callbacks. To see what a key may do use status.",
	Examples: []string{"keys health"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "POST", Path: "/key/health"},
}

type keysBulkUpdateInput struct {
	Keys       []string  `json:"keys" help:"Keys (sk-...) or their 64-digit hashes"`
	KeyAliases []string  `json:"key_aliases" help:"Aliases of keys"`
	MaxBudget  *float64  `json:"max_budget" jsonschema:"minimum=0" help:"Most that each key may spend, in US dollars" clear:"null"`
	BudgetID   string    `json:"budget_id" help:"Existing budget to use for each key" clear:"null"`
	TeamID     string    `json:"team_id" help:"Team that the keys shall belong to" clear:"null"`
	Team       teamAlias `json:"team" help:"The same by alias" ref:"team_id"`
	Tags       []string  `json:"tags" help:"Tags for spend and routing (Enterprise)"`
	operation.Clearing
	operation.Extras
}

var keysBulkUpdate = &operation.Operation{
	Path:     "keys bulk-update",
	Summary:  "Change budget, team or tags of several virtual keys alike",
	Help:     "What cannot be changed is reported and the rest changed. For other settings use keys update.",
	Examples: []string{"keys bulk-update --key-aliases ci,nightly --max-budget 20"},
	Effect:   operation.Set,
	Do:       operation.Func[keysBulkUpdateInput](bulkUpdateKeys),
}

func bulkUpdateKeys(ctx context.Context, call *operation.Call, in keysBulkUpdateInput) (operation.Result, error) {
	if len(in.Keys)+len(in.KeyAliases) == 0 {
		return operation.Result{}, operation.Usage("name what to change: {keys} or {key_aliases}")
	}
	change := call.Body()
	delete(change, "keys")
	delete(change, "key_aliases")
	if len(change) == 0 {
		return operation.Result{}, operation.Usage("name what to change, for example {max_budget}")
	}
	parts := operation.NewParts(call, "updated", "")
	named, err := in.hashes(ctx, call, parts)
	if err != nil {
		return operation.Result{}, err
	}
	items := []operation.Args{}
	for _, hash := range slices.Sorted(maps.Keys(named)) {
		items = append(items, change.With("key", hash))
	}
	if len(items) == 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "none of these keys exists"}
	}
	body, err := call.Write(ctx, "POST", "/key/bulk_update", map[string]any{"keys": items})
	if err != nil {
		return operation.Result{}, err
	}
	var failed []struct {
		Key    string
		Reason string `json:"failed_reason"`
	}
	_ = json.Unmarshal(operation.Lookup(body, "failed_updates"), &failed)
	for _, f := range failed {
		parts.Report(cmp.Or(named[f.Key], f.Key), cmp.Or(f.Reason, "the gateway gives no reason"))
		delete(named, f.Key)
	}
	for _, what := range slices.Sorted(maps.Values(named)) {
		parts.Report(what, "")
	}
	return parts.Result(body)
}

// hashes are the keys under their hashes, as the caller names them. An alias that no key
// has is reported.
func (in keysBulkUpdateInput) hashes(ctx context.Context, call *operation.Call, parts *operation.Steps) (map[string]string, error) {
	named := map[string]string{}
	for _, key := range in.Keys {
		named[keyHash(key)] = "key " + key
	}
	for _, alias := range in.KeyAliases {
		key, err := keyCollection.Find(ctx, call, alias, "keys")
		if err != nil && !operation.IsNotFound(err) {
			return nil, err
		}
		if err != nil {
			parts.Report("key alias "+alias, "not found")
		} else {
			named[operation.Word(key.ID)] = "key alias " + alias
		}
	}
	return named, nil
}

type keysMoveInput struct {
	keyRef
	TeamID string    `json:"team_id" jsonschema:"minLength=1" help:"Team that the key shall belong to"`
	Team   teamAlias `json:"team" jsonschema:"minLength=1" help:"The same by alias" ref:"team_id,required"`
	Models []string  `json:"models" help:"Models that the key may use from then on; needed when the new team lacks one of the key's"`
}

var keysMove = &operation.Operation{
	Path:     "keys move",
	Summary:  "Move a virtual key to another team",
	Help:     "The key's user is made a member of the team first, and {models} are changed first, as the gateway wants it. Limits and spend go with the key.",
	Examples: []string{"keys move --alias ci --team research", "keys move --alias ci --team research --models gpt-4o-mini --dry-run"},
	Effect:   operation.Set,
	Default:  true,
	Do:       operation.Func[keysMoveInput](moveKey),
}

func moveKey(ctx context.Context, call *operation.Call, in keysMoveInput) (operation.Result, error) {
	hash := keyHash(in.Key)
	info, err := call.Read(ctx, proxyclient.Request{Path: "/key/info", Query: url.Values{"key": {hash}}})
	if err != nil {
		return operation.Result{}, err
	}
	team, err := readTeam(ctx, call, in.TeamID)
	if err != nil {
		return operation.Result{}, err
	}
	key := operation.Lookup(info, "info")
	alias := strings.TrimSpace(operation.Word(operation.Lookup(key, "key_alias")) + " " + operation.Word(operation.Lookup(key, "key_name")))
	if operation.Word(operation.Lookup(key, "team_id")) == in.TeamID {
		return operation.Result{Body: info, Done: "key " + alias + " is in that team already; nothing was changed"}, nil
	}
	models := in.Models
	if models == nil {
		_ = json.Unmarshal(operation.Lookup(key, "models"), &models)
	}
	if lacking := team.lacks(models); len(lacking) > 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid,
			Message: "the team may not use " + strings.Join(lacking, ", ") + ", which the key may; nothing was changed",
			Hint:    "give {models}, what the key may use from then on, or add the models to the team first"}
	}
	steps := operation.NewSteps(call)
	if in.Models != nil {
		steps.Write(ctx, "set the models of key "+alias, "POST", "/key/update", operation.Args{"key": operation.Encode(hash), "models": operation.Encode(models)})
	}
	if user := operation.Word(operation.Lookup(key, "user_id")); user != "" && team.members != nil && !slices.Contains(team.memberIDs(), user) {
		steps.Write(ctx, "made user "+user+" a member of team "+in.TeamID, "POST", "/team/member_add", operation.Args{
			"team_id": operation.Encode(in.TeamID), "member": operation.Encode([]teamMember{{UserID: user, Role: "user"}})})
	}
	body := steps.Write(ctx, "moved key "+alias+" to team "+in.TeamID, "POST", "/key/update", operation.Args{"key": operation.Encode(hash), "team_id": operation.Encode(in.TeamID)})
	return steps.Result(body)
}
