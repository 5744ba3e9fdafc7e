// Package sheet imports and exports the gateway's collections as rows: users, teams, budgets
// and customers. [Resources] declares each once.
//
// A row of an import is the arguments of the resource's create operation. [Load] reads and
// checks all rows, [Importer.Plan] compares them with what the gateway has, and
// [Plan.Items] creates what is missing; nothing is sent before every row is known to be
// good. Running an import again does only what is missing: a row without an ID gets one that
// follows from its name, so that the gateway itself refuses a second object.
//
// Spend is not imported: what was spent stays with the gateway that counted it.
package sheet

import (
	"cmp"
	"strings"

	"litellm-proxy/internal/operation"
)

// Resource is one collection.
type Resource struct {
	// Name is the word of the commands, What one item.
	Name, What string
	// Create is the operation whose arguments a row has; "" means the resource's own create.
	Create string
	// Per is a property that tells apart rows about the same item.
	Per string
	// Once is properties whose values no two rows share.
	Once []string
	// Also are further names of columns, and the properties that they stand for.
	Also map[string]string
	// ID is the property that identifies an item, Alias the one that people use, or "".
	ID, Alias string
	// Derived means that an item without an ID gets one that follows from its alias.
	Derived bool
	// Needs is the properties of which a row must have one.
	Needs []string
	// Fixed are arguments of every create operation of an import.
	Fixed operation.Args
	// Refused are columns that an import refuses, and why.
	Refused map[string]string
	// More are the fields of the request beyond the flags that an export writes.
	More []string
	// Joins are properties with things that an item belongs to, by ID or name, and the
	// operations that list those. The item may belong to more than the row says.
	Joins map[string]string
	// Budgets is the path of the ID of a budget whose limits belong to the item, and Table
	// the member where they are put. They come from the list of budgets.
	Budgets, Table string
	// Own are members of metadata that mean something on this gateway only.
	Own []string
	// Skip reports what an export leaves out: "" for nothing, "gateway" for the gateway's
	// own items, "generated" for those that the gateway made for another object.
	Skip func(id string) string
	// Settle changes an item before it is exported.
	Settle func(item operation.Args)
}

// Resources are all of them, in the order in which they are imported.
var Resources = []*Resource{
	{
		Name: "budgets", What: "budget", ID: "budget_id", Needs: []string{"budget_id"},
		More: []string{"tpd_limit"},
		Skip: generatedBudget,
	},
	{
		Name: "teams", What: "team", ID: "team_id", Alias: "team_alias", Derived: true, Needs: []string{"team_alias"},
		Refused: map[string]string{
			"duplicate":          "an import finds teams by their alias",
			"members":            "members join with teams member-add, or with the column team of users import",
			"members_with_roles": "members join with teams member-add, or with the column team of users import",
		},
		More:    []string{"blocked", "tpd_limit", "team_member_permissions", "model_max_budget", "router_settings", "policies"},
		Budgets: "metadata.team_member_budget_id", Table: "team_member_budget_table",
		Own: []string{"team_member_budget_id"},
	},
	{
		Name: "users", What: "user", ID: "user_id", Alias: "user_email", Derived: true, Needs: []string{"user_email", "user_id"},
		Fixed: operation.Args{"auto_create_key": operation.Encode(false)},
		Refused: map[string]string{
			"auto_create_key": "users import creates no keys, because nobody would see them; use keys generate",
			"key_alias":       "users import creates no keys; use keys generate",
			"duration":        "users import creates no keys; use keys generate",
			"password":        "a file is no place for it; use users update",
			"spend":           "spend stays with the gateway that counted it",
		},
		More:  []string{"metadata", "max_parallel_requests", "model_max_budget", "sso_user_id", "policies"},
		Joins: map[string]string{"teams": "teams list"},
		Skip: func(id string) string {
			if id == "default_user_id" {
				return "gateway"
			}
			return ""
		},
	},
	{
		Name: "customers", What: "customer", ID: "user_id", Needs: []string{"user_id"},
		Refused: map[string]string{"spend": "spend stays with the gateway that counted it"},
		More:    []string{"blocked", "soft_budget", "max_parallel_requests", "model_max_budget", "tpd_limit"},
		Settle:  ownBudget,
	},
}

// Of returns the resource with this name.
func Of(name string) *Resource {
	for _, r := range Resources {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// generatedBudget recognizes the budgets that the gateway makes for one key, customer or
// team: their IDs are UUIDs, or team-NAME-budget- and 32 hexadecimal digits.
func generatedBudget(id string) string {
	if isUUID(id) {
		return "generated"
	}
	if at := strings.LastIndex(id, "-budget-"); strings.HasPrefix(id, "team-") && at > 0 && isHex(id[at+len("-budget-"):], 32) {
		return "generated"
	}
	return ""
}

// ownBudget shows the limits of a customer in place of a budget that the gateway made for it.
// Those of a budget that somebody named belong to that budget.
func ownBudget(item operation.Args) {
	if isUUID(item.String("budget_id")) {
		item["budget_id"] = operation.Encode(nil)
		return
	}
	delete(item, "litellm_budget_table")
}

func isHex(text string, length int) bool {
	return len(text) == length && strings.Trim(strings.ToLower(text), "0123456789abcdef") == ""
}

func isUUID(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) != 5 {
		return false
	}
	for i, length := range []int{8, 4, 4, 4, 12} {
		if !isHex(parts[i], length) {
			return false
		}
	}
	return true
}

// operations returns the operations that create, change and list the items.
func (r *Resource) operations(all operation.Catalog) (create, update, list *operation.Operation) {
	return all.Find(cmp.Or(r.Create, r.Name+" create")), all.Find(r.Name + " update"), all.Find(r.Name + " list")
}

// IdentityWords names the columns by which an import finds items.
func (r *Resource) IdentityWords(all operation.Catalog) string {
	f := newFinder(r, all)
	id, err := f.find(r.ID)
	alias, missing := f.find(r.Alias)
	if err != nil || missing != nil {
		return id.Name
	}
	return id.Name + ", else by " + alias.Name
}
