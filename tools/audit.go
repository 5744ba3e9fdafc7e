package tools

import (
	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

var auditLogs = operation.Catalog{auditList, auditGet}

// auditAction is what was done to an object.
type auditAction string

// Rule implements [operation.Ruled].
func (auditAction) Rule() operation.Rule {
	return operation.Rule{Values: []string{"created", "updated", "deleted", "blocked", "unblocked", "rotated", "kill_switch_fired"}}
}

// auditTable is the kind of an object that was changed, in a word for its table.
type auditTable string

// Rule implements [operation.Ruled].
func (auditTable) Rule() operation.Rule {
	return operation.Rule{Values: []string{"agent", "cache", "config", "file", "key", "model", "override", "sso", "team", "tool", "ui", "user"}}
}

// auditTables are the names of the gateway's tables.
var auditTables = map[string]string{
	"agent": "LiteLLM_AgentsTable", "cache": "LiteLLM_CacheConfig", "config": "LiteLLM_Config", "file": "LiteLLM_ManagedFileTable",
	"key": "LiteLLM_VerificationToken", "model": "LiteLLM_ProxyModelTable", "override": "LiteLLM_ConfigOverrides", "sso": "LiteLLM_SSOConfig",
	"team": "LiteLLM_TeamTable", "tool": "LiteLLM_ToolTable", "ui": "LiteLLM_UISettings", "user": "LiteLLM_UserTable",
}

// auditField is a field that the audit log can be sorted by.
type auditField string

// Rule implements [operation.Ruled].
func (auditField) Rule() operation.Rule {
	return operation.Rule{Values: []string{"updated_at", "changed_by", "action", "table_name", "object_id"}}
}

type auditListInput struct {
	ledger.TimeInput
	ChangedBy       string               `json:"changed_by" help:"Only changes by this user ID"`
	ChangedByAPIKey string               `json:"changed_by_api_key" help:"Only changes made with this key, by hash" cli:"alias=changed-by-key"`
	Action          auditAction          `json:"action" help:"Only changes of this kind"`
	TableName       auditTable           `json:"table_name" help:"Only changes to objects of this kind" cli:"alias=table"`
	ObjectID        string               `json:"object_id" help:"Only changes to the object with this ID"`
	ObjectTeamID    pastTeam             `json:"object_team_id" name:"team" help:"Only changes to this team or its keys" cli:"alias=team-id"`
	ObjectKeyHash   pastKey              `json:"object_key_hash" name:"key" help:"Only changes to this key" cli:"alias=key-alias"`
	Search          string               `json:"search" help:"Only changes with this ID, object ID, user ID or key hash"`
	SortBy          auditField           `json:"sort_by" help:"Field to sort by (default updated_at)"`
	SortOrder       operation.SortOrder  `json:"sort_order" help:"Sort order (default desc)"`
	Page            operation.PageNumber `json:"page"`
	PageSize        operation.PageSize   `json:"page_size" help:"Changes per page"`
}

var auditColumns = []operation.Column{
	{Name: "time", Field: "updated_at", Format: operation.Time},
	{Name: "id", ID: true},
	{Name: "changed_by"},
	{Name: "action"},
	{Name: "table_name"},
	{Name: "object_id", ID: true},
	{Name: "changed_by_api_key", Optional: true},
	{Name: "before_value", Optional: true},
	{Name: "updated_values", Optional: true},
}

// changeColumns are those of one change.
var changeColumns = append(auditColumns[:6:6], operation.Column{Name: "changed_by_api_key"}, operation.Column{Name: "before_value"}, operation.Column{Name: "updated_values"})

// auditTimes is how the audit log takes times: an exact time, not only a day.
var auditTimes = ledger.Log{Field: "updated_at", Layout: "2006-01-02T15:04:05Z"}

// auditPage prepares the arguments of the audit log. A key is looked for by its hash, a kind
// by its table.
func auditPage(call *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
	for _, name := range []string{"object_key_hash", "changed_by_api_key"} {
		if key := args.String(name); key != "" {
			args = args.With(name, operation.KeyHash(key)) // queries are logged
		}
	}
	sent, about, err := auditTimes.Timed(call, args)
	if kind := args.String("table_name"); err == nil && kind != "" {
		sent = sent.With("table_name", auditTables[kind])
	}
	return sent, about, err
}

var auditList = &operation.Operation{
	Path:    "audit list",
	Summary: "List changes on the gateway and who made them, newest first, a page at a time",
	Help:    "The gateway keeps an audit log only with LiteLLM Enterprise. For the values before and after, use {op:audit get}.",
	Examples: []string{
		"audit list --period 7d",
		"audit list --action deleted --table-name key --period today",
		"audit list --team research --period last-month --all --format csv",
	},
	Effect: operation.Read,
	Do: operation.List[auditListInput]{Prepare: auditPage, Of: &operation.Collection{
		What: "change", Path: "/audit", Items: "audit_logs", Total: "total", Pages: "total_pages", Page: "page", Size: "page_size",
		ID: "id", Sort: "sort_by", Order: "sort_order", Unique: "updated_at", Latest: true,
		Empty: "No changes were found. A gateway without LiteLLM Enterprise, or with store_audit_logs off, records none.",
	}},
	Columns: auditColumns,
}

type auditGetInput struct {
	ID string `json:"id" jsonschema:"required" help:"ID of the change{, from op:audit list}" cli:"arg=1"`
}

var auditGet = &operation.Operation{
	Path:     "audit get",
	Summary:  "Show one change with the values before and after",
	Examples: []string{"audit get 5d44c392-1e6f-4663-9a34-55c5171bb13a"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[auditGetInput]{Method: "GET", Path: "/audit/{id}"},
	Columns:  changeColumns,
}
