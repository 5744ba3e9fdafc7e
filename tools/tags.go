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
	{Name: "description", Drop: 1},
	{Name: "models"},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "budget_duration", Field: "litellm_budget_table.budget_duration"},
	{Name: "created_at", Format: operation.Time},
	{Name: "updated_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
}

type tagsListInput struct {
	StartDate string `json:"start_date" help:"First day of use (YYYY-MM-DD), for tags that were not created"`
	EndDate   string `json:"end_date" help:"Last day of use"`
}

var tagsList = &operation.Operation{
	Path:     "tags list",
	Summary:  "List tags: created ones and those seen in requests",
	Examples: []string{"tags list"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do:       operation.List[tagsListInput]{Of: tagCollection},
	Columns:  tagColumns,
}

type tagName struct {
	Name string `json:"name" jsonschema:"required" help:"Tag name" cli:"arg=1"`
}

var tagsGet = &operation.Operation{
	Path:     "tags get",
	Summary:  "Show a created tag with its models and budget",
	Examples: []string{"tags get production"},
	Effect:   operation.Read,
	Sends:    []string{"POST /tag/info"},
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

// tagSettings is the settings that create and update share.
type tagSettings struct {
	tagName
	Description string         `json:"description" help:"Purpose of the tag" clear:"null"`
	Models      []string       `json:"models" help:"Models from the gateway's database for tagged requests" clear:"[]"`
	BudgetID    existingBudget `json:"budget_id"`
	alertedBudget
	rates
}

type tagsCreateInput struct {
	tagSettings
	operation.Extras
}

var tagsCreate = &operation.Operation{
	Path:     "tags create",
	Summary:  "Create a tag with a budget or models",
	Examples: []string{"tags create production --description \"Production traffic\" --max-budget 100 --budget-duration 30d"},
	Effect:   operation.Write,
	Sends:    []string{"POST /tag/new"},
	Checks:   []operation.Check{oneBudget},
	Do: operation.Func[tagsCreateInput](func(ctx context.Context, call *operation.Call, _ tagsCreateInput) (operation.Result, error) {
		body, err := call.Write(ctx, "POST", "/tag/new", call.Body())
		if e := operation.AsError(err); e != nil && strings.Contains(e.Message, "Model") && strings.Contains(e.Message, "not found") {
			e.Hint = "the tag was created; {models} must name models in the gateway's database"
		}
		return operation.Result{Body: body}, err
	}),
	Columns: within("tag", tagColumns),
	Done:    "created tag {name}",
	Returns: []string{"tag.name"},
}

type tagsUpdateInput struct {
	tagSettings
	Spend operation.USD `json:"spend" help:"New recorded spend in US dollars; 0 resets it"`
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var tagsUpdate = &operation.Operation{
	Path:     "tags update",
	Summary:  "Change the budget, models or description of a tag",
	Help:     "Fields you omit are unchanged. Use {clear} to remove a limit.",
	Examples: []string{"tags update production --max-budget 200", "tags update production --clear max_budget", "tags update production --spend 0"},
	Effect:   operation.Set,
	Sends:    []string{"POST /tag/update"},
	Consent:  loosens(tagCollection, "name"),
	Checks:   []operation.Check{ownBudget(tagCollection, "name"), notesTagModels},
	Update:   tagUpdate,
	Verify:   applied,
	Do: operation.Func[tagsUpdateInput](func(ctx context.Context, call *operation.Call, _ tagsUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) < 2 {
			return operation.Result{}, operation.NothingToChange("max_budget")
		}
		// The gateway clears description and models that are not sent.
		tag, err := tagUpdate.Present(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		fields = call.Merge(fields, tag)
		for _, name := range []string{"description", "models"} {
			if value := operation.Lookup(tag, name); fields[name] == nil && value != nil {
				fields[name] = value
			}
		}
		body, err := call.Write(ctx, "POST", "/tag/update", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: within("tag", tagColumns),
	Done:    "updated tag {name}",
}

var tagsDelete = &operation.Operation{
	Path:     "tags delete",
	Summary:  "Delete a tag and its budget",
	Help:     "Requests may still carry the tag.",
	Examples: []string{"tags delete production"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(tagCollection, "name", unlimited("Requests that carry it", "litellm_budget_table.max_budget")),
	Do:       operation.Endpoint[tagName]{Method: "POST", Path: "/tag/delete"},
	Done:     "deleted tag {name}",
}

// notesTagModels notes that an update of a tag's models leaves the tags of deployments
// unchanged, which route tagged requests.
func notesTagModels(_ context.Context, call *operation.Call) error {
	if call.Body()["models"] != nil {
		call.Note("Deployments keep their own tags, which decide where tagged requests go. To change those, set the parameter tags with {op:models update}.")
	}
	return nil
}
