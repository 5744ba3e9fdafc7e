package tools

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var tags = operation.Catalog{tagsList, tagsGet, tagsCreate, tagsUpdate, tagsDelete}

// tagCollection is all tags at once.
var tagCollection = &operation.Collection{What: "tag", Path: "/tag/list", ID: "name", Name: "name"}

var tagColumns = []operation.Column{
	{Name: "name", ID: true},
	{Name: "description"},
	{Name: "models"},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "budget_duration", Field: "litellm_budget_table.budget_duration"},
	{Name: "created_at", Format: operation.Time},
	{Name: "updated_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
}

type tagsListInput struct {
	StartDate string `json:"start_date" help:"Of tags that only requests carried: those used since this day, YYYY-MM-DD"`
	EndDate   string `json:"end_date" help:"And until this day"`
}

var tagsList = &operation.Operation{
	Path:     "tags list",
	Summary:  "List tags: those that were created, and those that requests carried",
	Examples: []string{"tags list"},
	Effect:   operation.Read,
	Do:       operation.List[tagsListInput]{Of: tagCollection},
	Columns:  tagColumns,
}

type tagName struct {
	Name string `json:"name" jsonschema:"required,minLength=1" help:"Name of the tag" cli:"arg=1"`
}

var tagsGet = &operation.Operation{
	Path:     "tags get",
	Summary:  "Show a tag that was created, with its models and budget",
	Examples: []string{"tags get production"},
	Effect:   operation.Read,
	Do: operation.Func[tagName](func(ctx context.Context, call *operation.Call, in tagName) (operation.Result, error) {
		body, err := readTag(ctx, call, in.Name)
		if err != nil {
			return operation.Result{}, err
		}
		if tag := operation.Lookup(body, in.Name); tag != nil {
			body = tag
		}
		return operation.Result{Body: body}, nil
	}),
	Columns: tagColumns,
}

func readTag(ctx context.Context, call *operation.Call, name string) (json.RawMessage, error) {
	return call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/tag/info", Body: operation.Encode(map[string][]string{"names": {name}})})
}

// tagSettings are what create and update share.
type tagSettings struct {
	tagName
	Description    string   `json:"description" help:"What it is for" clear:"null"`
	Models         []string `json:"models" help:"Models (of the gateway's database) to which requests with the tag go" clear:"[]"`
	MaxBudget      *float64 `json:"max_budget" jsonschema:"minimum=0" help:"Most that may be spent under the tag, in US dollars" clear:"null"`
	BudgetDuration string   `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo" clear:"null"`
	SoftBudget     *float64 `json:"soft_budget" jsonschema:"minimum=0" help:"Spend in US dollars at which an alert is sent" clear:"null"`
	TPMLimit       *int     `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most" clear:"null"`
	RPMLimit       *int     `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most" clear:"null"`
}

type tagsCreateInput struct {
	tagSettings
	operation.Extras
}

var tagsCreate = &operation.Operation{
	Path:     "tags create",
	Summary:  "Create a tag, to give it a budget or models",
	Examples: []string{"tags create production --description \"Production traffic\" --max-budget 100 --budget-duration 30d"},
	Effect:   operation.Write,
	Do: operation.Func[tagsCreateInput](func(ctx context.Context, call *operation.Call, _ tagsCreateInput) (operation.Result, error) {
		body, err := call.Write(ctx, "POST", "/tag/new", call.Body())
		if e := operation.AsError(err); e != nil && operation.IsNotFound(err) && strings.Contains(e.Message, "Model") {
			e.Hint = "the tag itself was created; {models} must be models of the gateway's database"
		}
		return operation.Result{Body: body}, err
	}),
	Columns: within("tag", tagColumns),
	Done:    "created tag {name}",
	Returns: []string{"tag.name"},
}

type tagsUpdateInput struct {
	tagSettings
	operation.Clearing
	operation.Extras
}

var tagsUpdate = &operation.Operation{
	Path:     "tags update",
	Summary:  "Change budget, models or description of a tag",
	Help:     "What is not named stays; {clear} removes a limit.",
	Examples: []string{"tags update production --max-budget 200", "tags update production --clear max_budget"},
	Effect:   operation.Set,
	Consent:  loosens(tagCollection, "name"),
	Do: operation.Func[tagsUpdateInput](func(ctx context.Context, call *operation.Call, in tagsUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) < 2 {
			return operation.Result{}, operation.Usage("name what to change")
		}
		// The gateway empties description and models when they are not sent.
		body, err := readTag(ctx, call, in.Name)
		if err != nil {
			return operation.Result{}, err
		}
		tag := operation.Lookup(body, in.Name)
		for _, name := range []string{"description", "models"} {
			if value := operation.Lookup(tag, name); fields[name] == nil && value != nil {
				fields[name] = value
			}
		}
		body, err = call.Write(ctx, "POST", "/tag/update", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: within("tag", tagColumns),
	Done:    "updated tag {name}",
}

var tagsDelete = &operation.Operation{
	Path:     "tags delete",
	Summary:  "Delete a tag with its budget",
	Help:     "Requests may go on carrying it.",
	Examples: []string{"tags delete production"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(tagCollection, "name", unlimited("Requests may go on carrying it, and are not held back", "litellm_budget_table.max_budget")),
	Do:       operation.Endpoint[tagName]{Method: "POST", Path: "/tag/delete"},
	Done:     "deleted tag {name}",
}
