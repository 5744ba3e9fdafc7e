package tools

import "litellm-proxy/internal/operation"

var projects = operation.Catalog{projectsList, projectsGet, projectsCreate, projectsUpdate, projectsDelete}

// projectCollection is all projects at once.
var projectCollection = &operation.Collection{What: "project", Path: "/project/list", ID: "project_id", Name: "project_alias"}

var projectColumns = []operation.Column{
	{Name: "project_alias", ID: true},
	{Name: "project_id", ID: true, Wide: true},
	stateColumn,
	{Name: "team", Field: "team_id", Names: teamCollection},
	{Name: "team_id", ID: true, Wide: true},
	{Name: "models", Drop: 1},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "blocked", Wide: true},
	{Name: "description", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
}

var projectsList = &operation.Operation{
	Path:     "projects list",
	Summary:  "List projects: parts of a team with their own keys and budget",
	Help:     "A project has the members of its team. Creating one needs LiteLLM Enterprise.",
	Examples: []string{"projects list"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: projectCollection},
	Columns:  projectColumns,
}

type projectID struct {
	ProjectID existingProject `json:"project_id" name:"project" jsonschema:"required" cli:"arg=1"`
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
	Description string `json:"description" help:"Purpose of the project" clear:"null"`
	orgLimits
	Tags       []string `json:"tags" help:"Tags for spend and routing" clear:"[]"`
	Guardrails []string `json:"guardrails" help:"Guardrails for every call" clear:"[]"`
	Blocked    bool     `json:"blocked" help:"Reject all calls"`
}

type projectsCreateInput struct {
	ProjectAlias string `json:"project_alias" jsonschema:"required" help:"Project alias" cli:"arg=1"`
	teamTarget
	BudgetID existingBudget `json:"budget_id"`
	projectSettings
	operation.Extras
}

var projectsCreate = &operation.Operation{
	Path:     "projects create",
	Summary:  "Create a project in a team",
	Help:     needsEnterprise,
	Examples: []string{"projects create chatbot --team research --models gpt-4o-mini --max-budget 50"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[projectsCreateInput]{Method: "POST", Path: "/project/new"},
	Columns:  projectColumns,
	Done:     "created project {project_alias} ({project_id})",
	Returns:  []string{"project_id"},
}

type projectsUpdateInput struct {
	projectID
	ProjectAlias string       `json:"project_alias" help:"New alias"`
	TeamID       existingTeam `json:"team_id" name:"team"`
	projectSettings
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var projectsUpdate = &operation.Operation{
	Path:     "projects update",
	Summary:  "Change the limits, models, team or alias of a project",
	Help:     "Fields you omit are unchanged; use {clear} to remove a limit. " + needsEnterprise,
	Examples: []string{"projects update 1ed2a0f4-4f0d-4e9f-8a55-0d8f0f3a7a52 --max-budget 80"},
	Effect:   operation.Set,
	Consent:  loosens(projectCollection, "project_id"),
	Checks:   []operation.Check{ownBudget(projectCollection, "project_id")},
	Update:   projectUpdate,
	Verify:   applied,
	Do:       operation.Endpoint[projectsUpdateInput]{Method: "POST", Path: "/project/update", Subject: []string{"project_id"}},
	Columns:  projectColumns,
	Done:     "updated project {project_alias} ({project_id})",
}

type projectsDeleteInput struct {
	ProjectIDs []existingProject `json:"project_ids" name:"projects" jsonschema:"required" help:"Projects, by alias or ID" cli:"arg=1,alias=project"`
}

var projectsDelete = &operation.Operation{
	Path:     "projects delete",
	Summary:  "Delete projects",
	Help:     needsEnterprise,
	Examples: []string{"projects delete 1ed2a0f4-4f0d-4e9f-8a55-0d8f0f3a7a52"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(projectCollection, "project_ids", says("Its keys stop working.")),
	Do:       operation.Endpoint[projectsDeleteInput]{Method: "DELETE", Path: "/project/delete", Body: []string{"project_ids"}},
	Done:     "deleted {project:project_ids}",
}
