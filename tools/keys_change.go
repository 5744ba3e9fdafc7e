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

// keyRef identifies one key.
type keyRef struct {
	Key existingKey `json:"key" jsonschema:"required" cli:"arg=1,alias=alias,alias=key-alias"`
}

type keysUpdateInput struct {
	keyRef
	KeyAlias  string        `json:"key_alias" help:"New alias; must be unique" clear:"null"`
	MaxBudget operation.USD `json:"max_budget" help:"Spending limit of the key in US dollars" clear:"null"`
	keyLimits
	Spend operation.USD `json:"spend" name:"initial_spend" help:"Amount already spent, in US dollars"`
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var keysUpdate = &operation.Operation{
	Path:    "keys update",
	Summary: "Change the limits, owner, models or alias of a virtual key",
	Help:    "Fields you omit are unchanged. Objects are merged; null removes a member. Use {clear} to remove limits; clearing duration removes the expiry.",
	Examples: []string{
		"keys update ci --max-budget 50 --budget-duration 30d",
		"keys update ci --clear max_budget,duration",
		"keys update 88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b --key-alias nightly",
	},
	Effect:  operation.Set,
	Consent: operation.Consent{Sensitive: sensitiveKeyUpdate},
	Default: true,
	Checks:  []operation.Check{ownSoftBudget, notesTeamKey, notesBlockedTeam, notesTier},
	Update:  keyUpdate,
	Verify:  applied,
	Do:      operation.Endpoint[keysUpdateInput]{Method: "POST", Path: "/key/update", Subject: []string{"key"}},
	Columns: keyColumns,
	Done:    "updated key {key_alias} {key_name} (token {token})",
	View:    keyView("", "token|key"),
}

var keysBlock = &operation.Operation{
	Path:     "keys block",
	Summary:  "Block a virtual key: its calls are rejected until you unblock it",
	Examples: []string{"keys block ci"},
	Effect:   operation.Set,
	Default:  true,
	Do:       operation.Endpoint[keyRef]{Method: "POST", Path: "/key/block", Fixed: true},
	Columns:  keyColumns,
	Verify:   blockedIs("true"),
	Done:     "blocked key {key_alias} {key_name} (token {token})",
	View:     keyView("", "token"),
}

var keysUnblock = &operation.Operation{
	Path:     "keys unblock",
	Summary:  "Unblock a virtual key",
	Examples: []string{"keys unblock ci"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Sensitive: unblocksKey},
	Default:  true,
	Do:       operation.Endpoint[keyRef]{Method: "POST", Path: "/key/unblock", Fixed: true},
	Columns:  keyColumns,
	Verify:   blockedIs("false"),
	Done:     "unblocked key {key_alias} {key_name} (token {token})",
	View:     keyView("", "token"),
}

type keysResetSpendInput struct {
	keyRef
	resetTo
}

var keysResetSpend = &operation.Operation{
	Path:     "keys reset-spend",
	Summary:  "Reset a key's recorded spend",
	Help:     "What was spent before remains in {op:spend logs}.",
	Examples: []string{"keys reset-spend ci"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /key/{key}/reset_spend"},
	Consent: resets(func(ctx context.Context, call *operation.Call) (string, operation.Thing, error) {
		key, err := keyOf(ctx, call)
		return "key " + key.Label(), key, err
	}),
	Do: operation.Func[keysResetSpendInput](func(ctx context.Context, call *operation.Call, in keysResetSpendInput) (operation.Result, error) {
		// The hash, because paths are logged.
		body, err := call.Send(ctx, "POST", "/key/{key:path}/reset_spend", string(in.Key), operation.Args{"reset_to": in.target(call)})
		return operation.Result{Body: body}, err
	}),
	Done: "reset the spend of key {key_hash} from {previous_spend} to {spend} US dollars",
}

type keysAliasesInput struct {
	Page   operation.PageNumber `json:"page"`
	Size   operation.PageSize   `json:"size" name:"page_size" help:"Aliases per page"`
	Search string               `json:"search" help:"Only aliases that contain this text"`
	TeamID existingTeam         `json:"team_id" name:"team" help:"Only this team"`
}

var keysAliases = &operation.Operation{
	Path:     "keys aliases",
	Summary:  "List the aliases of virtual keys, a page at a time",
	Help:     "For the keys themselves, use {op:keys list}.",
	Examples: []string{"keys aliases --search ci", "keys aliases --team research --all --format jsonl"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do: operation.List[keysAliasesInput]{Of: &operation.Collection{
		What: "key alias", Path: "/key/aliases", Items: "aliases", Total: "total_count", Pages: "total_pages", Page: "page", Size: "size",
		ID: "key_alias", Escapes: []string{"search"},
	}},
}

type keysServiceAccountInput struct {
	teamTarget
	KeyAlias string   `json:"key_alias" help:"Alias of the key, also the service account's ID; must be unique"`
	Models   []string `json:"models" help:"Models the key may use (default: those of the team)"`
	budget
	lifetime
	rates
	Metadata operation.Object `json:"metadata" help:"Custom metadata"`
	operation.Extras
}

var keysServiceAccount = &operation.Operation{
	Path:        "keys service-account",
	Summary:     "Generate a team key without a user",
	Help:        "It outlives the members of the team. The key is shown only once, in the field key: store it now.",
	Examples:    []string{"keys service-account --team research --key-alias nightly-batch --max-budget 100"},
	DefaultTeam: true,
	Effect:      operation.Write,
	Consent:     givesKey("user_id"),
	Checks:      []operation.Check{wholeRotation, ownSoftBudget, notesBlockedTeam},
	Verify:      notesPlainKey,
	Do:          operation.Endpoint[keysServiceAccountInput]{Method: "POST", Path: "/key/service-account/generate"},
	Columns:     shownOnce(keyColumns),
	Done:        "generated service account key {key_alias} {key_name} (token {token})",
	Reveal:      []string{"key"},
	Returns:     []string{"key", "token"},
	View:        keyView("", "token"),
}

type keysRegenerateInput struct {
	keyRef
	GracePeriod string `json:"grace_period" help:"Time that the old key keeps working, such as 24h (default none)"`
	NewKey      string `json:"new_key" help:"New key: sk- and 16 or more characters (default: generated)"`
	lifetime
	operation.Extras
}

var keysRegenerate = &operation.Operation{
	Path:     "keys regenerate",
	Summary:  "Replace a virtual key with a new one, keeping limits, owner and spend",
	Help:     "Programs that use the old key stop working. Needs LiteLLM Enterprise; without it, generate a key and delete the old one.",
	Examples: []string{"keys regenerate ci --grace-period 24h"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /key/{key}/regenerate", "POST /key/regenerate"},
	Consent:  operation.Consent{Ask: askRegenerate, Sensitive: regenerates},
	Do: operation.Func[keysRegenerateInput](func(ctx context.Context, call *operation.Call, in keysRegenerateInput) (operation.Result, error) {
		fields := call.Body()
		delete(fields, "key")
		call.Lifetime(fields)
		body, err := call.Send(ctx, "POST", "/key/{key:path}/regenerate", string(in.Key), fields)
		return operation.Result{Body: body}, err
	}),
	Columns: shownOnce(keyColumns),
	Done:    "regenerated key {key_alias} {key_name}",
	Reveal:  []string{"key"},
	Returns: []string{"key"},
	View:    keyView("", "token|token_id"),
}

var keysHealth = &operation.Operation{
	Path:     "keys health",
	Summary:  "Check your own key and its logging",
	Help:     "Sends a test log to the key's logging callbacks. To see what a key may do, use status.",
	Examples: []string{"keys health"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[struct{}]{Method: "POST", Path: "/key/health", Fixed: true},
	Done:     "tested the key and its logging",
}

type keysBulkUpdateInput struct {
	Keys      keyNames       `json:"keys" cli:"arg=1,alias=key-aliases"`
	MaxBudget operation.USD  `json:"max_budget" help:"Spending limit of each key in US dollars" clear:"null"`
	BudgetID  existingBudget `json:"budget_id" clear:"null"`
	TeamID    existingTeam   `json:"team_id" name:"team" clear:"null"`
	Tags      []string       `json:"tags" help:"Tags for spend and routing (Enterprise)" clear:"[]"`
	operation.Clearing
	operation.Extras
}

var keysBulkUpdate = &operation.Operation{
	Path:     "keys bulk-update",
	Summary:  "Change the budget, team or tags of several virtual keys",
	Help:     "Keys that cannot be changed are reported; the rest are changed. For other settings, use {op:keys update}.",
	Examples: []string{"keys bulk-update ci nightly --max-budget 20"},
	Effect:   operation.Set,
	Sends:    []string{"POST /key/bulk_update"},
	Consent:  operation.Consent{Sensitive: sensitiveBulkKeys},
	Checks:   []operation.Check{notesBlockedTeam},
	Update:   keyUpdate,
	Do:       operation.Func[keysBulkUpdateInput](bulkUpdateKeys),
}

func bulkUpdateKeys(ctx context.Context, call *operation.Call, in keysBulkUpdateInput) (operation.Result, error) {
	if len(in.Keys) == 0 {
		return operation.Result{}, operation.Usage("no key to change: give {keys}")
	}
	change := call.Body()
	delete(change, "keys")
	if len(change) == 0 {
		return operation.Result{}, operation.NothingToChange("max_budget")
	}
	parts := operation.NewParts(call, "updated", "")
	named, err := in.hashes(ctx, call, parts)
	if err != nil {
		return operation.Result{}, err
	}
	items := []operation.Args{}
	for _, hash := range slices.Sorted(maps.Keys(named)) {
		item := change.With("key", hash)
		if change["team_id"] == nil {
			if item, err = keepsTeam(ctx, call, item, hash); err != nil {
				return operation.Result{}, err
			}
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "none of these keys exist"}
	}
	body, err := call.Write(ctx, "POST", "/key/bulk_update", map[string]any{"keys": items})
	if err != nil {
		return operation.Result{}, err
	}
	var failed []struct {
		Key    string
		Reason string `json:"failed_reason"`
	}
	if !call.Planning() && operation.DecodeList(body, "failed_updates", "/key/bulk_update", &failed) != nil {
		return operation.Result{}, operation.Lacks("failed_updates")
	}
	for _, f := range failed {
		parts.Report(cmp.Or(named[f.Key], f.Key), cmp.Or(f.Reason, "the gateway gives no reason"))
		delete(named, f.Key)
	}
	reportUpdated(call, change, body, named, parts)
	return parts.Result(body)
}

// reportUpdated reports the keys that the gateway lists as updated: as failed if their
// answer lacks the change.
func reportUpdated(call *operation.Call, change operation.Args, body json.RawMessage, named map[string]string, parts *operation.Steps) {
	var done []struct {
		Key  string
		Info json.RawMessage `json:"key_info"`
	}
	_ = json.Unmarshal(operation.Lookup(body, "successful_updates"), &done)
	for _, d := range done {
		if why := ignored(call, change, d.Info); why != "" && named[d.Key] != "" {
			parts.Report(named[d.Key], why)
			delete(named, d.Key)
		}
	}
	for _, what := range slices.Sorted(maps.Values(named)) {
		parts.Report(what, "")
	}
}

// keepsTeam adds the present team of a key to its change: older gateways take a key out of
// its team if the change does not name one.
func keepsTeam(ctx context.Context, call *operation.Call, change operation.Args, hash string) (operation.Args, error) {
	key, err := keyCollection.FindID(ctx, call, hash)
	if e := operation.AsError(err); e != nil && e.Status == 0 && e.Code != proxyclient.CodeNotFound {
		return nil, err
	}
	if team := operation.Lookup(key.Item, "team_id"); team != nil {
		change["team_id"] = team
	}
	return change, nil
}

// hashes are the keys under their hashes, as the caller names them. An alias that no key
// has is reported.
func (in keysBulkUpdateInput) hashes(ctx context.Context, call *operation.Call, parts *operation.Steps) (map[string]string, error) {
	named := map[string]string{}
	ids, aliases := in.Keys.split()
	for _, key := range ids {
		named[operation.KeyHash(key)] = "key " + key
	}
	for _, alias := range aliases {
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
	TeamID existingTeam `json:"team_id" name:"team" jsonschema:"required"`
	Models []string     `json:"models" help:"New models of the key; needed if the new team lacks one of its models"`
}

var keysMove = &operation.Operation{
	Path:     "keys move",
	Summary:  "Move a virtual key to another team",
	Help:     "Adds the key's user to the team and changes {models} first, as the gateway requires. Limits and spend stay with the key.",
	Examples: []string{"keys move ci --team research", "keys move ci --team research --models gpt-4o-mini --dry-run"},
	Effect:   operation.Set,
	Sends:    []string{"POST /key/update"},
	Consent:  operation.Consent{Sensitive: movesKey},
	Checks:   []operation.Check{notesTeamKey},
	Do:       operation.Func[keysMoveInput](moveKey),
}

func moveKey(ctx context.Context, call *operation.Call, in keysMoveInput) (operation.Result, error) {
	hash := string(in.Key)
	info, err := call.Read(ctx, proxyclient.Request{Path: "/key/info", Query: url.Values{"key": {hash}}})
	if err != nil {
		return operation.Result{}, err
	}
	team, err := readTeam(ctx, call, string(in.TeamID))
	if err != nil {
		return operation.Result{}, err
	}
	key := operation.Lookup(info, "info")
	alias := strings.TrimSpace(operation.Word(operation.Lookup(key, "key_alias")) + " " + operation.Word(operation.Lookup(key, "key_name")))
	if operation.Word(operation.Lookup(key, "team_id")) == string(in.TeamID) {
		return operation.Result{Body: info, Done: "key " + alias + " already belongs to that team; nothing was changed"}, nil
	}
	models := in.Models
	if models == nil {
		_ = json.Unmarshal(operation.Lookup(key, "models"), &models)
	}
	lacking, err := team.refuses(ctx, call, models, operation.Lookup(key, "aliases"))
	if err != nil {
		return operation.Result{}, err
	}
	if len(lacking) > 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid,
			Message: "the team may not use " + strings.Join(lacking, ", ") + ", which the key may use; nothing was changed",
			Hint:    "give the key new {models}, or add the models to the team first"}
	}
	noteBlocked(call, operation.Thing{ID: operation.Encode(in.TeamID), Item: team.item})
	steps := operation.NewSteps(call)
	if in.Models != nil {
		steps.Write(ctx, "set the models of key "+alias, "POST", "/key/update", operation.Args{"key": operation.Encode(hash), "models": operation.Encode(models)})
	}
	if user := operation.Word(operation.Lookup(key, "user_id")); user != "" && team.members != nil && !slices.Contains(team.memberIDs(), user) {
		steps.Write(ctx, "added user "+user+" to team "+call.Called(string(in.TeamID)), "POST", "/team/member_add", operation.Args{
			"team_id": operation.Encode(in.TeamID), "member": operation.Encode([]teamMember{{UserID: user, Role: "user"}})})
	}
	body := steps.Write(ctx, "moved key "+alias+" to team "+call.Called(string(in.TeamID)), "POST", "/key/update", operation.Args{"key": operation.Encode(hash), "team_id": operation.Encode(in.TeamID)})
	return steps.Result(body)
}
