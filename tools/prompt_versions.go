package tools

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// A prompt has numbered versions in each of its environments. The gateway reads a version
// from the ID: greeting.v2, also greeting_v2. It cuts every ID at ".v" or "_v", so that
// some prompts can be addressed only together with a version.

const (
	promptPath         = "/prompts/{prompt_id}"
	promptVersionsPath = "/prompts/{prompt_id}/versions"
	firstEnvironment   = "development" // of a prompt without one
)

// promptID is the ID of a prompt, with a version or without.
type promptID string

// Rule implements [operation.Ruled].
func (promptID) Rule() operation.Rule { return operation.Rule{Help: "Prompt ID"} }

// split returns the ID without its version, and the version or 0.
func (id promptID) split() (string, int) {
	at := strings.LastIndex(string(id), ".v")
	if at < 1 {
		return string(id), 0
	}
	n, err := strconv.Atoi(string(id[at+2:]))
	if err != nil || n < 1 {
		return string(id), 0
	}
	return string(id[:at]), n
}

// base returns what addresses a prompt where its version does not count.
func (id promptID) base() (string, error) {
	name, _ := id.split()
	switch {
	case strings.Contains(name, ".v"):
		return "", operation.Usage("{prompt_id}: the gateway cannot address " + operation.Name(string(id)) + ": it reads what follows .v as a version number")
	case strings.Contains(name, "_v"):
		return name + ".v1", nil
	}
	return name, nil
}

// exact returns what addresses a version, or the latest one.
func (id promptID) exact() (string, error) {
	name, version := id.split()
	address, err := id.base()
	switch {
	case err != nil:
		return "", err
	case version > 0:
		return string(id), nil
	case address != name:
		return "", &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "{prompt_id}: the gateway reads _v in " + operation.Name(name) + " as a version",
			Hint: "give the version: " + name + ".v1; to see all, use {op:prompts versions}"}
	}
	return name, nil
}

// whole returns what addresses all versions. An ID with a version is an error.
func (id promptID) whole() (string, error) {
	name, version := id.split()
	if version > 0 {
		return "", &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "{prompt_id}: the gateway cannot delete a single version; nothing was deleted",
			Hint: "to delete all versions, give " + name + "; to change one, use {op:prompts patch}"}
	}
	return id.base()
}

// plainPromptID refuses an ID that requests could not use.
func plainPromptID(_ context.Context, call *operation.Call) error {
	id := call.Args().String("prompt_id")
	if !strings.Contains(id, ".v") && !strings.Contains(id, "_v") {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Param: "prompt_id",
		Message: "{prompt_id}: the gateway reads .v and _v as the start of a version number, so requests could not use " + operation.Name(id),
		Hint:    "choose an ID without them; to add a version to a prompt, use {op:prompts update}"}
}

// integrations are where a stored prompt may come from (LiteLLM 1.110.2).
var integrations = []string{"dotprompt", "arize_phoenix", "bitbucket", "generic_prompt_management", "gitlab"}

// knownIntegration refuses a prompt that the gateway would store, although it cannot use it.
func knownIntegration(_ context.Context, call *operation.Call) error {
	name := operation.NoNull(operation.Lookup(call.Arg("litellm_params"), "prompt_integration"))
	if name == nil || slices.Contains(integrations, operation.Word(name)) {
		return nil
	}
	return operation.Usage("{litellm_params}: prompt_integration " + operation.Name(operation.Word(name)) + " is not one of " + strings.Join(integrations, ", "))
}

func environmentQuery(environment string) url.Values {
	if environment == "" {
		return nil
	}
	return url.Values{"environment": {environment}}
}

// environmentOf returns the environment that a write is for.
func environmentOf(args operation.Args) string {
	if given := args.String("environment"); given != "" {
		return given
	}
	return firstEnvironment
}

// promptVersions returns the stored versions of a prompt, newest first; an empty
// environment means all.
func promptVersions(ctx context.Context, call *operation.Call, id promptID, environment string) (versions []json.RawMessage, err error) {
	address, err := id.base()
	if err != nil {
		return nil, err
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: promptVersionsPath, Params: map[string]string{"prompt_id": address}, Query: environmentQuery(environment)})
	if err != nil {
		return nil, err
	}
	return versions, operation.DecodeList(body, "prompts", promptVersionsPath, &versions)
}

var promptUpdate = &operation.Update{
	Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		return presentPrompt(ctx, call, promptID(call.Args().String("prompt_id")), environmentOf(call.Args()))
	},
	Subject: []string{"prompt_id"},
	At:      map[string]string{"dotprompt_content": "litellm_params.dotprompt_content"},
}

// presentPrompt returns the version in an ID, or the latest one, in an environment.
func presentPrompt(ctx context.Context, call *operation.Call, id promptID, environment string) (json.RawMessage, error) {
	versions, err := promptVersions(ctx, call, id, "")
	if err != nil {
		return nil, err
	}
	_, version := id.split()
	var others []string
	for _, v := range versions {
		other := operation.Word(operation.Lookup(v, "environment"))
		if other == environment && (version == 0 || versionOf(v) == version) {
			return v, nil
		}
		others = append(others, other)
	}
	slices.Sort(others)
	e := &proxyclient.Error{Code: proxyclient.CodeNotFound, Hint: "to see its versions, use {op:prompts versions}",
		Message: "prompt " + operation.Name(string(id)) + " does not exist in environment " + operation.Name(environment)}
	if !slices.Contains(others, environment) {
		e.Hint = "it exists in " + strings.Join(slices.Compact(others), ", ") + ": give {environment}"
	}
	return nil, e
}

func versionOf(prompt json.RawMessage) int {
	n, _ := strconv.Atoi(string(operation.Lookup(prompt, "version")))
	return n
}

// promptBody returns the settings of a prompt: the given ones over the present ones.
func promptBody(body operation.Args, present json.RawMessage, environment string) (operation.Args, error) {
	change := operation.Args(membersOf(body["litellm_params"]))
	if text := body["dotprompt_content"]; text != nil {
		if change["dotprompt_content"] != nil {
			return nil, operation.Usage("{dotprompt_content} and {litellm_params} both set dotprompt_content; give one")
		}
		change = change.With("dotprompt_content", text)
	}
	params := overlaid(operation.Lookup(present, "litellm_params"), change)
	if params["prompt_integration"] == nil {
		params["prompt_integration"] = operation.Encode("dotprompt")
	}
	if lost := maskedIn(operation.Encode(params)); lost != "" {
		return nil, maskedValue(lost)
	}
	info := overlaid(operation.Lookup(present, "prompt_info"), membersOf(body["prompt_info"]))
	info["environment"] = operation.Encode(environment)
	if operation.NoNull(info["prompt_type"]) == nil {
		info["prompt_type"] = operation.Encode("db")
	}
	fields := operation.Args{}
	for name, value := range body {
		if name != "dotprompt_content" && name != "environment" {
			fields[name] = value
		}
	}
	fields["litellm_params"], fields["prompt_info"] = operation.Encode(params), operation.Encode(info)
	return fields, nil
}

// overlaid returns the members of an object with those of a change; null removes one.
func overlaid(object json.RawMessage, change operation.Args) operation.Args {
	members := operation.Args{}
	maps.Copy(members, membersOf(object))
	for name, value := range change {
		if members[name] = value; operation.NoNull(value) == nil {
			delete(members, name)
		}
	}
	return members
}

// maskedIn returns the first member of an object whose value the gateway masked, or "". The
// text of a prompt may have asterisks of its own.
func maskedIn(object json.RawMessage) string {
	members := membersOf(object)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(contents, name) && masked(operation.Word(members[name])) {
			return name
		}
	}
	return ""
}

// maskedValue is the error for a replacement that would store a masked secret.
func maskedValue(name string) error {
	return &proxyclient.Error{Code: proxyclient.CodeUsage,
		Message: "the gateway replaces all parameters at once and does not show " + operation.Name(name) + ", which would be lost; nothing was changed",
		Hint:    "give " + operation.Name(name) + " again in {litellm_params}; null removes it"}
}

// contents are the parameters that hold the text of a dotprompt.
var contents = []string{"dotprompt_content", "prompt_data", "prompt_file"}

func createPrompt(ctx context.Context, call *operation.Call, in promptsCreateInput) (operation.Result, error) {
	environment := environmentOf(call.Args())
	fields, err := promptBody(call.Body(), nil, environment)
	if err != nil {
		return operation.Result{}, err
	}
	params := membersOf(fields["litellm_params"])
	if operation.Word(params["prompt_integration"]) == "dotprompt" && !slices.ContainsFunc(contents, func(name string) bool { return params[name] != nil }) {
		return operation.Result{}, operation.Usage("the prompt has no text: give {dotprompt_content}")
	}
	versions, err := promptVersions(ctx, call, in.PromptID, environment)
	switch {
	case len(versions) > 0:
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeConflict,
			Message: "prompt " + operation.Name(string(in.PromptID)) + " exists in " + operation.Name(environment) + "; nothing was created",
			Hint:    "to add a version, use {op:prompts update}"}
	case err != nil && !operation.IsNotFound(err) && !operation.IsRefused(err):
		return operation.Result{}, err
	}
	body, err := call.Write(ctx, http.MethodPost, "/prompts", fields)
	return operation.Result{Body: body}, unusable(ctx, call, in.PromptID, environment, 0, err)
}

func updatePrompt(ctx context.Context, call *operation.Call, in promptsUpdateInput) (operation.Result, error) {
	present, fields, err := changedPrompt(ctx, call, in.PromptID)
	if err != nil {
		return operation.Result{}, err
	}
	address, err := in.PromptID.whole()
	if err != nil {
		return operation.Result{}, operation.Usage("{prompt_id}: a version is added to the prompt, not to one of its versions; to change a version, use {op:prompts patch}")
	}
	body, err := call.Send(ctx, http.MethodPut, promptPath, address, fields)
	return operation.Result{Body: body}, unusable(ctx, call, in.PromptID, environmentOf(call.Args()), versionOf(present), err)
}

func patchPrompt(ctx context.Context, call *operation.Call, in promptsUpdateInput) (operation.Result, error) {
	present, fields, err := changedPrompt(ctx, call, in.PromptID)
	if err != nil {
		return operation.Result{}, err
	}
	name, _ := in.PromptID.split()
	delete(fields, "prompt_id")
	body, err := call.Client().JSON(ctx, proxyclient.Request{Method: http.MethodPatch, Path: promptPath,
		Params: map[string]string{"prompt_id": name + ".v" + strconv.Itoa(versionOf(present))},
		Query:  environmentQuery(environmentOf(call.Args())), Body: operation.Encode(fields)})
	return operation.Result{Body: body}, err
}

// changedPrompt returns the present version of a prompt and its settings after a change.
func changedPrompt(ctx context.Context, call *operation.Call, id promptID) (json.RawMessage, operation.Args, error) {
	body, environment := call.Body(), environmentOf(call.Args())
	changes := maps.Clone(body)
	delete(changes, "prompt_id")
	delete(changes, "environment")
	if len(changes) == 0 {
		return nil, nil, operation.NothingToChange("dotprompt_content")
	}
	present, err := presentPrompt(ctx, call, id, environment)
	if err != nil {
		return nil, nil, err
	}
	fields, err := promptBody(body, present, environment)
	return present, fields, err
}

// unusable adds to an error that the gateway stored the version nevertheless: it answers
// 500 for one that it cannot read, and keeps it.
func unusable(ctx context.Context, call *operation.Call, id promptID, environment string, before int, err error) error {
	e := operation.AsError(err)
	if e == nil || e.Status < http.StatusInternalServerError || call.Planning() {
		return err
	}
	versions, failed := promptVersions(ctx, call, id, environment)
	if failed != nil || len(versions) == 0 || versionOf(versions[0]) <= before {
		return err
	}
	name, _ := id.split()
	version := name + ".v" + strconv.Itoa(versionOf(versions[0]))
	e.Message = "the gateway stored version " + operation.Name(version) + " but cannot use it: " + e.Message
	e.Hint = "correct it with {op:prompts patch}, for version " + operation.Name(version) + " in environment " + operation.Name(environment)
	return err
}

// readPrompt returns a prompt as requests get it.
func readPrompt(ctx context.Context, call *operation.Call, id promptID, environment string) (json.RawMessage, error) {
	address, err := id.exact()
	if err != nil {
		return nil, err
	}
	return call.Read(ctx, proxyclient.Request{Path: "/prompts/{prompt_id}/info", Params: map[string]string{"prompt_id": address}, Query: environmentQuery(environment)})
}
