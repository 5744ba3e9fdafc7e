package tools

import (
	"context"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var prompts = operation.Catalog{
	promptsList, promptsGet, promptsVersions, promptsCreate, promptsUpdate, promptsPatch, promptsDelete, promptsTest,
}

// promptCollection is the latest version of every prompt in each of its environments.
var promptCollection = &operation.Collection{
	What: "prompt", Path: "/prompts/list", Items: "prompts", ID: "prompt_id", Name: "prompt_id", Version: "environment",
}

var promptColumns = []operation.Column{
	{Name: "prompt_id", ID: true},
	{Name: "version"},
	{Name: "environment"},
	{Name: "integration", Field: "litellm_params.prompt_integration"},
	{Name: "source", Field: "prompt_info.prompt_type"},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "updated_at", Format: operation.Time},
	{Name: "created_by", Optional: true},
	{Name: "dotprompt_content", Field: "litellm_params.dotprompt_content", Optional: true},
}

// inEnvironment is the part of a prompt that a read looks at.
type inEnvironment struct {
	Environment string `json:"environment" help:"Only this environment, such as production"`
}

var promptsList = &operation.Operation{
	Path:     "prompts list",
	Summary:  "List the latest version of each prompt by environment",
	Examples: []string{"prompts list", "prompts list --environment production"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do:       operation.List[inEnvironment]{Of: promptCollection},
	Columns:  append([]operation.Column{promptColumns[0]}, promptColumns[2:]...),
}

type promptRef struct {
	PromptID promptID `json:"prompt_id" jsonschema:"required" cli:"arg=1"`
}

type promptsGetInput struct {
	promptRef
	Environment string `json:"environment" help:"Environment (default: production, else staging, else development)"`
}

var promptsGet = &operation.Operation{
	Path:    "prompts get",
	Summary: "Show a prompt with its text, model and environments",
	Help:    "For an older version, add it to the ID: greeting.v2.",
	Examples: []string{
		"prompts get greeting",
		"prompts get greeting.v2 --environment development --format text > greeting.prompt",
	},
	Effect: operation.Read,
	Sends:  []string{"GET /prompts/{prompt_id}/info"},
	Do: operation.Func[promptsGetInput](func(ctx context.Context, call *operation.Call, in promptsGetInput) (operation.Result, error) {
		body, err := readPrompt(ctx, call, in.PromptID, in.Environment)
		return operation.Result{Body: body}, err
	}),
	Text: "prompt_spec.litellm_params.dotprompt_content",
	Columns: append(within("prompt_spec", promptColumns[:5]),
		operation.Column{Name: "environments"},
		operation.Column{Name: "model", Field: "raw_prompt_template.metadata.model"},
		operation.Column{Name: "content", Field: "raw_prompt_template.content"}),
}

type promptsVersionsInput struct {
	promptRef
	inEnvironment
}

var promptsVersions = &operation.Operation{
	Path:     "prompts versions",
	Summary:  "List the versions of a prompt, newest first",
	Help:     "Prompts from the configuration file have none.",
	Examples: []string{"prompts versions greeting", "prompts versions greeting --environment production --format json"},
	Effect:   operation.Read,
	Do: operation.List[promptsVersionsInput]{
		Of: &operation.Collection{What: "version", Path: "/prompts/{prompt_id}/versions", Items: "prompts"},
		Prepare: func(_ *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
			address, err := promptID(args.String("prompt_id")).base()
			return args.With("prompt_id", address), operation.About{}, err
		},
	},
	Columns: []operation.Column{
		{Name: "version"},
		{Name: "environment"},
		{Name: "integration", Field: "litellm_params.prompt_integration", Optional: true},
		{Name: "created_by"},
		{Name: "created_at", Format: operation.Time},
		{Name: "updated_at", Format: operation.Time},
		{Name: "dotprompt_content", Field: "litellm_params.dotprompt_content", Optional: true},
	},
}

// promptSettings is what create, update and patch store.
type promptSettings struct {
	DotpromptContent operation.Document `json:"dotprompt_content" name:"dotprompt" help:"Prompt in dotprompt format: front matter, then the text"`
	LitellmParams    operation.Pairs    `json:"litellm_params" help:"Parameters, such as prompt_integration, api_base, api_key" cli:"name=param,short=p"`
	Environment      string             `json:"environment" help:"Environment (default development)"`
	operation.Extras
}

type promptsCreateInput struct {
	promptRef
	promptSettings
}

var promptsCreate = &operation.Operation{
	Path:    "prompts create",
	Summary: "Create a prompt: version 1 in an environment",
	Examples: []string{
		"prompts create greeting --dotprompt @greeting.prompt",
		`prompts create greeting --environment production --dotprompt "User: Say hello to {{name}}"`,
		"prompts create greeting -p prompt_integration=arize_phoenix -p api_key=@phoenix.key -p api_base=https://app.phoenix.arize.com",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /prompts"},
	Consent: promptConsent,
	Checks:  []operation.Check{plainPromptID, reachable(promptPath, "prompt_id", "prompt_id", argument("prompt_id")), knownIntegration},
	Do:      operation.Func[promptsCreateInput](createPrompt),
	Columns: promptColumns,
	Done:    "created prompt {prompt_id} in {environment}",
	Returns: []string{"prompt_id"},
}

type promptsUpdateInput struct {
	promptRef
	promptSettings
}

var promptsUpdate = &operation.Operation{
	Path:    "prompts update",
	Summary: "Add a version to a prompt; requests use it from now on",
	Help:    "Fields you omit are copied from the latest version; null removes a parameter.",
	Examples: []string{
		"prompts update greeting --dotprompt @greeting.prompt",
		"prompts update greeting --environment production -p ignore_prompt_manager_model=true",
	},
	Effect:  operation.Write,
	Sends:   []string{"PUT /prompts/{prompt_id}"},
	Consent: promptConsent,
	Checks:  []operation.Check{knownIntegration},
	Do:      operation.Func[promptsUpdateInput](updatePrompt),
	Columns: promptColumns,
	Done:    "added version {prompt_id} in {environment}",
	Returns: []string{"prompt_id"},
}

var promptsPatch = &operation.Operation{
	Path:    "prompts patch",
	Summary: "Change a version of a prompt in place",
	Help:    "Changes the latest version, or the one in the ID: greeting.v2. Fields you omit are unchanged; null removes a parameter. To keep the old text, use {op:prompts update}.",
	Examples: []string{
		"prompts patch greeting --dotprompt @greeting.prompt",
		"prompts patch greeting.v2 --environment production --dotprompt @greeting.prompt",
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /prompts/{prompt_id}"},
	Consent: promptConsent,
	Checks:  []operation.Check{knownIntegration},
	Update:  promptUpdate,
	Verify:  applied,
	Do:      operation.Func[promptsUpdateInput](patchPrompt),
	Columns: promptColumns,
	Done:    "changed prompt {prompt_id} in {environment}",
}

type promptsDeleteInput struct {
	promptRef
	Environment string `json:"environment" help:"Environment to delete from (default: all)"`
}

var promptsDelete = &operation.Operation{
	Path:    "prompts delete",
	Summary: "Delete a prompt with all its versions, in one environment or all",
	Help:    "A single version cannot be deleted.",
	Examples: []string{
		"prompts delete greeting",
		"prompts delete greeting --environment development",
	},
	Effect:  operation.Destructive,
	Sends:   []string{"DELETE /prompts/{prompt_id}"},
	Consent: ask(askDeletePrompt),
	Do:      operation.Func[promptsDeleteInput](deletePrompt),
	Done:    "deleted prompt {prompt_id}",
}

type promptsTestInput struct {
	PromptID            promptID            `json:"prompt_id" cli:"arg=1"`
	Environment         string              `json:"environment" help:"Environment of the prompt"`
	DotpromptContent    operation.Document  `json:"dotprompt_content" name:"dotprompt" help:"Prompt to test instead, in dotprompt format"`
	PromptVariables     operation.Pairs     `json:"prompt_variables" help:"Values of the variables in the text" cli:"name=variable,short=v"`
	ConversationHistory []operation.Message `json:"conversation_history" help:"Messages that replace the prompt's non-system ones" cli:"name=message,short=m"`
	Stream              bool                `json:"stream" help:"Print the answer while it is generated"`
}

var promptsTest = &operation.Operation{
	Path:    "prompts test",
	Summary: "Fill in a prompt and send it to its model",
	Help:    "Give {prompt_id} or {dotprompt_content}. The call is charged to your key.",
	Examples: []string{
		"prompts test greeting -v name=Ann",
		"prompts test --dotprompt @greeting.prompt -v name=Ann -m \"user:Hello\" --stream",
	},
	Effect: operation.Write,
	Sends:  []string{"POST /prompts/test"},
	Do:     operation.Func[promptsTestInput](testPrompt),
	Reveal: []string{"choices"},
	Text:   "choices.*.message.content",
	View:   chatView,
}

func testPrompt(ctx context.Context, call *operation.Call, in promptsTestInput) (operation.Result, error) {
	fields := call.Body()
	switch {
	case (in.PromptID == "") == (in.DotpromptContent == ""):
		return operation.Result{}, operation.Usage("give either {prompt_id} or {dotprompt_content}")
	case in.PromptID == "" && in.Environment != "":
		return operation.Result{}, operation.Usage("{environment} applies only to a stored prompt; give {prompt_id}, or omit {environment}")
	case in.PromptID != "":
		prompt, err := readPrompt(ctx, call, in.PromptID, in.Environment)
		if err != nil {
			return operation.Result{}, err
		}
		fields["dotprompt_content"] = operation.NoNull(operation.Lookup(prompt, "prompt_spec.litellm_params.dotprompt_content"))
		if fields["dotprompt_content"] == nil {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid, Message: "prompt " + operation.Name(string(in.PromptID)) + " has no text in dotprompt format to test"}
		}
	}
	for _, name := range []string{"prompt_id", "environment", "stream"} {
		delete(fields, name)
	}
	// The gateway streams every answer.
	return streamed(ctx, call, proxyclient.Request{Method: "POST", Path: "/prompts/test", Body: operation.Encode(fields), Timeout: chatTimeout})
}

func deletePrompt(ctx context.Context, call *operation.Call, in promptsDeleteInput) (operation.Result, error) {
	address, err := in.PromptID.whole()
	if err != nil {
		return operation.Result{}, err
	}
	body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "DELETE", Path: promptPath,
		Params: map[string]string{"prompt_id": address}, Query: environmentQuery(in.Environment)})
	result := operation.Result{Body: body}
	if in.Environment != "" {
		result.Done = "deleted prompt " + operation.Name(string(in.PromptID)) + " from " + operation.Name(in.Environment)
	}
	if e := operation.AsError(err); operation.IsNotFound(err) && e != nil {
		if versions, _ := promptVersions(ctx, call, in.PromptID, in.Environment); len(versions) > 0 {
			e.Message = "the gateway stores prompt " + operation.Name(string(in.PromptID)) + " but cannot use it, and does not delete it either"
			e.Hint = "correct it with {op:prompts patch}, then delete it"
		}
	}
	return result, err
}

func askDeletePrompt(ctx context.Context, call *operation.Call) (string, error) {
	id, environment := promptID(call.Args().String("prompt_id")), call.Args().String("environment")
	if _, err := id.whole(); err != nil {
		return "", err
	}
	versions, err := promptVersions(ctx, call, id, environment)
	if e := operation.AsError(err); err != nil && (e == nil || e.Status == 0 || operation.IsNotFound(err)) {
		return "", err
	}
	where := "in every environment"
	if environment != "" {
		where = "in " + operation.Name(environment)
	}
	count := "all versions"
	if n := len(versions); n > 0 {
		count = operation.Counted(n, "version")
	}
	return "Delete prompt " + operation.Name(string(id)) + " " + where + " (" + count + ")? Requests that use it fail.", nil
}
