package tools

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

var keys = operation.Catalog{
	keysList, keysGenerate, keysInfo, keysUpdate, keysModelAdd, keysModelRemove, keysDelete, keysBlock, keysUnblock, keysMove, keysResetSpend, keysAliases,
	keysServiceAccount, keysRotate, keysExplain, keysRegenerate, keysBulkUpdate, keysHealth,
}

// keyCollection is the virtual keys that the caller may list.
var keyCollection = &operation.Collection{
	What: "key", Path: "/key/list", Items: "keys", Total: "total_count", Pages: "total_pages", Page: "page", Size: "size",
	ID: "token", Name: "key_alias", Version: "deleted_at", Search: "key_alias", Partly: url.Values{"substring_matching": {"true"}}, IDWord: "hash", ByID: "key_hash", Form: keyForm, Escapes: []string{"search"}, Sort: "sort_by", Order: "sort_order", Unique: "token",
	Fixed: url.Values{"return_full_object": {"true"}}, Deleted: url.Values{"status": {"deleted"}},
}

// keyForm returns the hash of a text that is a key or a hash by its form.
func keyForm(text string) (hash string, is bool) {
	hash = operation.KeyHash(text)
	return hash, hash != text || hashForm(text)
}

// keyNames are virtual keys, each by alias or hash, or itself. A missing one does not stop
// the others, so the operation looks them up, not [operation.Prepare].
type keyNames []string

// Rule implements [operation.Ruled].
func (keyNames) Rule() operation.Rule {
	return operation.Rule{Help: "Keys, by alias or hash, or the keys themselves"}
}

// split returns those that are keys or hashes by their form, and the aliases.
func (k keyNames) split() (ids, aliases []string) {
	for _, name := range k {
		if _, is := keyForm(name); is {
			ids = append(ids, name)
		} else {
			aliases = append(aliases, name)
		}
	}
	return ids, aliases
}

// hashForm reports whether a text has the form of a key's hash: 64 hexadecimal digits.
func hashForm(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// orTier is the path of a limit: the one of the object itself, or else the one of the budget
// that it uses, which the gateway then enforces.
func orTier(name string) string { return name + "|litellm_budget_table." + name }

var keyColumns = []operation.Column{
	{Name: "key_alias", ID: true, Unnamed: "key_name"},
	{Name: "key_name", Wide: true},
	{Name: "token", ID: true, Wide: true},
	stateColumn,
	{Name: "user", Field: "user.user_email|user_id", Drop: 1},
	{Name: "user_id", ID: true, Wide: true},
	{Name: "team", Field: "team_id", Names: teamCollection},
	{Name: "team_id", ID: true, Wide: true},
	{Name: "models", Drop: 3},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: orTier("max_budget"), Format: operation.Dollars},
	{Name: "expires", Format: operation.Time, Drop: 2},
	{Name: "blocked", Optional: true},
	{Name: "organization", Field: "org_id", Names: organizationCollection, Optional: true},
	{Name: "organization_id", Field: "org_id", Optional: true},
	{Name: "budget_id", Optional: true, ID: true},
	{Name: "budget_duration", Field: orTier("budget_duration"), Optional: true},
	{Name: "budget_reset_at", Field: orTier("budget_reset_at"), Format: operation.Time, Optional: true},
	{Name: "tpm_limit", Field: orTier("tpm_limit"), Optional: true},
	{Name: "rpm_limit", Field: orTier("rpm_limit"), Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
	{Name: "last_active", Format: operation.Time, Optional: true},
}

// shownOnce is the column of a new key, for the operations that make one.
func shownOnce(columns []operation.Column) []operation.Column {
	return append([]operation.Column{{Name: "key"}}, columns...)
}

type keysListInput struct {
	Page operation.PageNumber `json:"page"`
	Size operation.PageSize   `json:"size" name:"page_size" help:"Keys per page"`
	ownerFilter
	OrganizationID existingOrganization `json:"organization_id" name:"organization" help:"Only this organization"`

	KeyHash              pastKey             `json:"key_hash" name:"key" help:"Only this key" cli:"alias=key-alias"`
	Search               string              `json:"search" help:"Only keys whose alias contains this text or whose hash it is"`
	Status               string              `json:"status" enum:"active,blocked,expired,deleted,revoked" help:"Only keys in this state; revoked means blocked"`
	SortBy               string              `json:"sort_by" help:"Field to sort by, such as spend, created_at or key_alias"`
	SortOrder            operation.SortOrder `json:"sort_order" help:"Sort order (default desc)"`
	ReturnFullObject     bool                `json:"return_full_object" help:"Return whole key objects (default true), not bare hashes"`
	IncludeTeamKeys      bool                `json:"include_team_keys" help:"Include keys of teams you administer"`
	IncludeCreatedByKeys bool                `json:"include_created_by_keys" help:"Include keys you created for others"`
}

var keysList = &operation.Operation{
	Path:    "keys list",
	Summary: "List virtual keys, a page at a time",
	Help:    "An internal user's key lists only that user's keys. Spend and budgets are in US dollars.",
	Examples: []string{
		"keys list",
		"keys list --team research --sort-by spend",
		"keys list --all --format csv --columns key_alias,spend,max_budget",
	},
	Effect:  operation.Read,
	Part:    ownPart,
	Default: true,
	Do:      operation.List[keysListInput]{Of: keyCollection, Prepare: withOwners},
	Columns: keyColumns,
}

// withOwners asks for the owner of each key in the same request, for the email address. The
// gateway calls blocked keys revoked.
func withOwners(_ *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
	if args.String("status") == "blocked" {
		args = args.With("status", "revoked")
	}
	if string(args["return_full_object"]) != "false" {
		args = args.With("expand", "user")
	}
	return args, operation.About{}, nil
}

// keyLimits is the settings that generate and update share.
type keyLimits struct {
	Models         []string         `json:"models" help:"Models the key may use (if unset: all)" clear:"[]"`
	BudgetDuration budgetPeriod     `json:"budget_duration" clear:"null"`
	Duration       string           `json:"duration" help:"Key expires after this time, such as 7d" clear:"null"`
	Expires        operation.Expiry `json:"expires"`
	TeamID         existingTeam     `json:"team_id" name:"team" clear:"null"`
	UserID         existingUser     `json:"user_id" name:"user" clear:"null"`
	BudgetID       existingBudget   `json:"budget_id" clear:"null"`
	rates
	MaxParallelRequests operation.Limit `json:"max_parallel_requests" help:"Limit of concurrent requests" clear:"null"`

	ModelRPMLimit  operation.Object `json:"model_rpm_limit" help:"Limit of requests per minute per model: {\"gpt-4o\": 10}" clear:"{}"`
	ModelTPMLimit  operation.Object `json:"model_tpm_limit" help:"Limit of tokens per minute per model" clear:"{}"`
	ModelMaxBudget operation.Object `json:"model_max_budget" help:"Budget per model: {\"gpt-4o\": {\"budget_limit\": 5, \"time_period\": \"1d\"}} (Enterprise)" clear:"{}"`
	Tags           []string         `json:"tags" help:"Tags for spend and routing (Enterprise)" clear:"[]"`
	Guardrails     []string         `json:"guardrails" help:"Guardrails for every call (Enterprise)" clear:"[]"`
	Permissions    operation.Object `json:"permissions" help:"Permissions beyond calls: {\"allow_pii_controls\": true}" clear:"{}"`
	AllowedRoutes  []string         `json:"allowed_routes" help:"Allowed routes, such as llm_api_routes or /chat/completions" clear:"[]"`
	Aliases        operation.Object `json:"aliases" help:"Model aliases: {\"fast\": \"gpt-4o-mini\"}" clear:"{}"`
	Metadata       operation.Object `json:"metadata" help:"Custom metadata" clear:"{}"`
}

type keysGenerateInput struct {
	KeyAlias  string        `json:"key_alias" help:"Alias of the key; must be unique" cli:"arg=1,alias=alias"`
	MaxBudget operation.USD `json:"max_budget" help:"Spending limit of the key in US dollars" cli:"alias=spend"`
	keyLimits
	SoftBudget     operation.USD        `json:"soft_budget" help:"Spend in US dollars that triggers an alert"`
	OrganizationID existingOrganization `json:"organization_id" name:"organization" help:"Organization that owns the key (Enterprise)"`
	KeyType        string               `json:"key_type" enum:"default,llm_api,management,read_only" help:"Purpose of the key; sets allowed_routes"`
	Config         operation.Object     `json:"config" help:"Further configuration, as a JSON object"`
	Spend          operation.USD        `json:"spend" name:"initial_spend" help:"Amount already spent, in US dollars; the limit is max_budget"`
	operation.Extras
}

var keysGenerate = &operation.Operation{
	Path:    "keys generate",
	Summary: "Generate a virtual key",
	Help:    "The key is shown only once, in the field key: store it now. Without {models} it may use every model; without {max_budget} it has no limit.",
	Examples: []string{
		"keys generate --models gpt-4o-mini --max-budget 100 --duration 24h --key-alias my-key",
		"keys generate ci --team research --quiet",
	},
	DefaultTeam: true,
	Effect:      operation.Write,
	Consent:     givesKey("user_id"),
	Default:     true,
	Checks:      []operation.Check{wholeRotation, ownSoftBudget, notesTeamKey, notesBlockedTeam, notesSessionTeam},
	Do:          operation.Endpoint[keysGenerateInput]{Method: "POST", Path: "/key/generate"},
	Columns:     shownOnce(keyColumns),
	Done:        "generated key {key_alias} {key_name} (token {token})",
	Reveal:      []string{"key"},
	Returns:     []string{"key", "token"},
	View:        keyView("", "token"),
}

type keysInfoInput struct {
	Key existingKey `json:"key" help:"Key, by alias or hash, or the key itself (default: your own)" cli:"arg=1,alias=alias,alias=key-alias"`
}

var keysInfo = &operation.Operation{
	Path:     "keys info",
	Summary:  "Show a virtual key: limits, spend, owner and state",
	Examples: []string{"keys info --key 88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b", "keys info"},
	Effect:   operation.Read,
	Sends:    []string{"GET /key/info"},
	Default:  true,
	Do:       operation.Func[keysInfoInput](showKey),
	// The answer has the key beside info, and no token within it.
	Columns: append([]operation.Column{{Name: "key", ID: true}},
		within("info", slices.DeleteFunc(slices.Clone(keyColumns), func(c operation.Column) bool { return c.Name == "token" }))...),
	View: keyView("info", "key"),
}

type keysDeleteInput struct {
	Keys keyNames `json:"keys" cli:"arg=1,alias=key-aliases"`
	keySelection
}

var keysDelete = &operation.Operation{
	Path:    "keys delete",
	Summary: "Delete virtual keys by key, hash, alias or filter",
	Help:    "Programs that use them stop working. Missing keys are reported; the rest are deleted. Filters need {expect}, the number of matching keys.",
	Examples: []string{
		"keys delete my-key",
		"keys delete ci nightly",
		"keys delete --unused 90d --team research",
		"keys delete --expired --dry-run",
	},
	Effect:  operation.Destructive,
	Sends:   []string{"POST /key/delete"},
	Consent: operation.Consent{Ask: askDeleteKeys, Count: countSelected},
	Default: true,
	Checks:  []operation.Check{oneWay},
	Do:      operation.Func[keysDeleteInput](deleteKeys),
}

// deletedKeys is the answer of keys delete. The gateway's own answer repeats names that
// never existed; this one does not.
type deletedKeys struct {
	DeletedKeys       []string `json:"deleted_keys"`
	DeletedKeyAliases []string `json:"deleted_key_aliases"`
}

// deleteKeys names keys by their hashes, also those that are given by alias: an alias may
// belong to another key by the time somebody has agreed. Where the caller may not look an
// alias up it is sent, in a request of its own: the gateway ignores the aliases of a
// request that has keys too.
func deleteKeys(ctx context.Context, call *operation.Call, in keysDeleteInput) (operation.Result, error) {
	if selectsKeys(call.Args()) {
		return deleteSelected(ctx, call, in)
	}
	if len(in.Keys) == 0 {
		return operation.Result{}, operation.Usage("nothing to delete: give {keys} or a filter such as {unused}")
	}
	out := deletedKeys{DeletedKeys: []string{}, DeletedKeyAliases: []string{}}
	parts, hashes, aliases := operation.NewParts(call, "deleted", ""), doomedKeys{}, doomedKeys{}
	// GET /key/info would not do: it still answers for some seconds after a deletion.
	ids, names := in.Keys.split()
	for _, key := range ids {
		if _, err := keyCollection.FindID(ctx, call, operation.KeyHash(key)); err != nil && !operation.IsRefused(err) {
			parts.Fail("key "+key, err)
		} else {
			hashes.add(key, "key "+key, &out.DeletedKeys, key)
		}
	}
	for _, alias := range names {
		switch key, err := keyCollection.Find(ctx, call, alias, "keys"); {
		case err == nil:
			hashes.add(operation.Word(key.ID), "key alias "+alias, &out.DeletedKeyAliases, alias)
		case operation.IsRefused(err):
			aliases.add(alias, "key alias "+alias, &out.DeletedKeyAliases, alias)
		default:
			parts.Fail("key alias "+alias, err)
		}
	}
	hashes.remove(ctx, call, parts, "keys")
	aliases.remove(ctx, call, parts, "key_aliases")
	return parts.Result(operation.Encode(out))
}

// doomedKeys are keys to delete with one request: what is sent for each, and what is
// reported when it is done.
type doomedKeys struct {
	sent    []string
	reports []func(*operation.Steps, error)
}

func (d *doomedKeys) add(sent, what string, done *[]string, name string) {
	d.sent = append(d.sent, sent)
	d.reports = append(d.reports, func(parts *operation.Steps, err error) {
		if parts.Try(what, func() error { return err }) {
			*done = append(*done, name)
		}
	})
}

func (d *doomedKeys) remove(ctx context.Context, call *operation.Call, parts *operation.Steps, field string) {
	if len(d.sent) == 0 {
		return
	}
	_, err := call.Write(ctx, "POST", "/key/delete", map[string][]string{field: d.sent})
	d.report(parts, err)
}

func (d *doomedKeys) report(parts *operation.Steps, err error) {
	for _, report := range d.reports {
		report(parts, err)
	}
}

// within returns the columns of an object that is a member of the answer.
func within(member string, columns []operation.Column) []operation.Column {
	out := slices.Clone(columns)
	for i := range out {
		if member == "" {
			break
		}
		out[i] = out[i].Within(member)
	}
	return out
}

// wholeRotation refuses half of a rotation for a new key: the gateway drops it.
func wholeRotation(_ context.Context, call *operation.Call) error {
	body := call.Body()
	rotates, given := string(body["auto_rotate"]) == "true", sets(body, "rotation_interval")
	if rotates == given {
		return nil
	}
	return operation.Usage("a key rotates only with both auto_rotate and rotation_interval")
}
