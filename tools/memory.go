package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var memory = operation.Catalog{memoryList, memoryGet, memorySet, memoryDelete}

// memoryCollection is the memory entries, last changed first. The gateway tells their number
// and not that of the pages.
var memoryCollection = &operation.Collection{
	What: "memory entry", Listed: "memory list", Path: "/v1/memory", Items: "memories", Total: "total", Page: "page", Size: "page_size", NoTotal: true,
	ID: "key", Name: "key", ByID: "key",
}

const memoryPath = "/v1/memory/{key:path}"

var memoryColumns = []operation.Column{
	{Name: "key", ID: true},
	{Name: "user", Field: "user_id", Names: userCollection},
	{Name: "user_id", Wide: true},
	{Name: "team_id", Wide: true},
	{Name: "updated_at", Format: operation.Time},
	{Name: "updated_by", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "value", Optional: true},
	{Name: "metadata", Optional: true},
}

type memoryListInput struct {
	KeyPrefix string               `json:"key_prefix" help:"Only keys with this prefix" cli:"alias=prefix"`
	Page      operation.PageNumber `json:"page"`
	PageSize  operation.PageSize   `json:"page_size" help:"Entries per page"`
}

var memoryList = &operation.Operation{
	Path:     "memory list",
	Summary:  "List memory entries: texts kept by users and teams for their models",
	Examples: []string{"memory list", "memory list --key-prefix research/ --all --columns key,value"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do:       operation.List[memoryListInput]{Of: memoryCollection},
	Columns:  memoryColumns,
}

type memoryKey struct {
	Key string `json:"key" jsonschema:"required" help:"Key of the entry" cli:"arg=1"`
}

var memoryGet = &operation.Operation{
	Path:     "memory get",
	Summary:  "Show a memory entry with its text",
	Examples: []string{"memory get research/style", "memory get research/style --format text"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[memoryKey]{Method: "GET", Path: memoryPath},
	Columns:  memoryColumns,
	Text:     "value",
}

type memorySetInput struct {
	memoryKey
	Value    operation.Document `json:"value" help:"Text, such as Markdown; required for a new entry"`
	Metadata operation.Object   `json:"metadata" help:"Custom metadata" clear:"null"`
	UserID   existingUser       `json:"user_id" name:"user" help:"Owner of a new entry (default: your user)"`
	TeamID   existingTeam       `json:"team_id" name:"team" help:"Team of a new entry (default: your key's)"`
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var memorySet = &operation.Operation{
	Path:    "memory set",
	Summary: "Create a memory entry, or change its text or metadata",
	Help:    "Fields you omit are unchanged. The owner of an entry cannot be changed.",
	Examples: []string{
		"memory set research/style --value @style.md --team research",
		`memory set research/style --metadata '{"reviewed": true}'`,
	},
	Effect: operation.Set,
	Sends:  []string{"PUT /v1/memory/{key}"},
	Update: memoryUpdate,
	Verify: applied,
	Do: operation.Func[memorySetInput](func(ctx context.Context, call *operation.Call, in memorySetInput) (operation.Result, error) {
		fields := call.Body()
		delete(fields, "key")
		if len(fields) == 0 {
			return operation.Result{}, operation.NothingToChange("value")
		}
		present, err := memoryUpdate.Present(ctx, call)
		switch {
		case operation.IsNotFound(err) && in.Value == "":
			return operation.Result{}, operation.Usage("memory entry " + operation.Name(in.Key) + " does not exist; a new one needs {value}")
		case err != nil && !operation.IsNotFound(err):
			return operation.Result{}, err
		}
		body, err := call.Send(ctx, "PUT", memoryPath, in.Key, call.Merge(fields, present))
		return operation.Result{Body: body}, err
	}),
	Columns: memoryColumns,
	Done:    "set memory entry {key}",
}

var memoryUpdate = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		return call.Read(ctx, proxyclient.Request{Path: memoryPath, Params: map[string]string{"key": call.Args().String("key")}})
	},
	Subject: []string{"key"},
	Advice: func(field string, _ json.RawMessage) string {
		if field == "user_id" || field == "team_id" {
			return "to change the owner of an entry, delete it and set it again"
		}
		return ""
	},
}

var memoryDelete = &operation.Operation{
	Path:     "memory delete",
	Summary:  "Delete a memory entry",
	Examples: []string{"memory delete research/style"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(memoryCollection, "key", says("Its text is lost.")),
	Do:       operation.Endpoint[memoryKey]{Method: "DELETE", Path: memoryPath},
	Done:     "deleted memory entry {key}",
}
