package tools

import "litellm-proxy/internal/operation"

var projects = operation.Catalog{projectsList, projectsGet, projectsCreate, projectsUpdate, projectsDelete}

var projectColumns = []operation.Column{
	{Name: "project_alias", ID: true},
	{Name: "project_id", ID: true},
	{Name: "team_id", ID: true},
	{Name: "models"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "blocked"},
	{Name: "description", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
}

var projectsList = &operation.Operation{
	Path:     "projects list",
	Summary:  "List projects: parts of a team with keys and a budget of their own",
	Help:     "A project has the members of its team. Creating them needs LiteLLM Enterprise.",
	Examples: []string{"projects list"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: &operation.Collection{What: "project", Path: "/project/list", ID: "project_id", Name: "project_alias"}},
	Columns:  projectColumns,
}

type projectID struct {
	ProjectID string `json:"project_id" jsonschema:"required,minLength=1" help:"Id of the project" cli:"arg=1"`
}

var projectsGet = &operation.Operation{
	Path:     "projects get",
	Summary:  "Show a project with spend and budget",
	Examples: []string{"projects get 1ed2a0f4-4f0d-4e9f-8a55-0d8f0f3a7a52"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[projectID]{Method: "GET", Path: "/project/info"},
	Columns:  projectColumns,
}

type projectSettings struct {
	Description string `json:"description" help:"What it is for" clear:"null"`
	orgLimits
	Tags       []string `json:"tags" help:"Tags for spend and routing"`
	Guardrails []string `json:"guardrails" help:"Guardrails of every call"`
	Blocked    *bool    `json:"blocked" help:"Calls are refused"`
}

type projectsCreateInput struct {
	ProjectAlias string    `json:"project_alias" jsonschema:"required,minLength=1" help:"Name of the project" cli:"arg=1"`
	TeamID       string    `json:"team_id" jsonschema:"minLength=1" help:"Team of the project"`
	Team         teamAlias `json:"team" jsonschema:"minLength=1" help:"The same by alias" ref:"team_id,required"`
	BudgetID     string    `json:"budget_id" help:"Existing budget to use"`
	projectSettings
	operation.Extras
}

var projectsCreate = &operation.Operation{
	Path:     "projects create",
	Summary:  "Create a project of a team",
	Help:     needsEnterprise,
	Examples: []string{"projects create chatbot --team research --models gpt-4o-mini --max-budget 50"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[projectsCreateInput]{Method: "POST", Path: "/project/new"},
	Columns:  projectColumns,
	Done:     "created project {project_alias} ({project_id})",
}

type projectsUpdateInput struct {
	projectID
	ProjectAlias string    `json:"project_alias" help:"New name"`
	TeamID       string    `json:"team_id" help:"Team to which it shall belong"`
	Team         teamAlias `json:"team" help:"The same by alias" ref:"team_id"`
	projectSettings
	operation.Clearing
	operation.Extras
}

var projectsUpdate = &operation.Operation{
	Path:     "projects update",
	Summary:  "Change limits, models, team or name of a project",
	Help:     "What is not named stays; {clear} removes a limit. " + needsEnterprise,
	Examples: []string{"projects update 1ed2a0f4-4f0d-4e9f-8a55-0d8f0f3a7a52 --max-budget 80"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[projectsUpdateInput]{Method: "POST", Path: "/project/update", Subject: []string{"project_id"}},
	Columns:  projectColumns,
	Done:     "updated project {project_alias} ({project_id})",
}

type projectsDeleteInput struct {
	ProjectIDs []string `json:"project_ids" jsonschema:"required,minItems=1" help:"Ids of the projects" cli:"arg=1"`
}

var projectsDelete = &operation.Operation{
	Path:     "projects delete",
	Summary:  "Delete projects",
	Help:     needsEnterprise,
	Examples: []string{"projects delete 1ed2a0f4-4f0d-4e9f-8a55-0d8f0f3a7a52"},
	Effect:   operation.Destructive,
	Do:       operation.Endpoint[projectsDeleteInput]{Method: "DELETE", Path: "/project/delete", Body: []string{"project_ids"}},
	Done:     "deleted project {project_ids}",
}
