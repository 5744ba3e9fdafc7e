package tools

import (
	"context"
	"strings"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type policiesResolveInput struct {
	TeamAlias string   `json:"team_alias" name:"team" help:"Team alias"`
	KeyAlias  string   `json:"key_alias" name:"key" help:"Key alias"`
	Model     string   `json:"model" help:"Model"`
	Tags      []string `json:"tags" help:"Tags of the key or team"`
	ForceSync bool     `json:"force_sync" help:"Load policies from the database first"`
}

var policiesResolve = &operation.Operation{
	Path:     "policies resolve",
	Summary:  "Show which policies and guardrails a request gets, and why",
	Help:     "Considers attachments, not policies named in the key or team.",
	Examples: []string{"policies resolve --team health --model gpt-4o", "policies resolve --key ci --tags prod"},
	Effect:   operation.Read,
	Sends:    []string{"POST /policies/resolve"},
	Do: operation.Func[policiesResolveInput](func(ctx context.Context, call *operation.Call, in policiesResolveInput) (operation.Result, error) {
		fields := call.Body()
		r := proxyclient.Request{Method: "POST", Path: "/policies/resolve"}
		if in.ForceSync {
			r.Query = map[string][]string{"force_sync": {"true"}}
		}
		delete(fields, "force_sync")
		r.Body = operation.Encode(fields)
		body, err := call.Read(ctx, r)
		if err != nil {
			return operation.Result{}, err
		}
		notesUnknown(ctx, call, teamCollection, "team_alias")
		notesUnknown(ctx, call, keyCollection, "key_alias")
		return operation.Result{Body: body}, notesLost(ctx, call, operation.Args{"names": operation.Lookup(body, "effective_guardrails")}.List("names"))
	}),
	Columns: []operation.Column{
		{Name: "effective_guardrails"},
		{Name: "matched_policies", Each: []string{"policy_name", "matched_via"}},
	},
}

// notesUnknown notes a name that nothing has: the gateway answers for it all the same.
func notesUnknown(ctx context.Context, call *operation.Call, of *operation.Collection, argument string) {
	name := call.Args().String(argument)
	if name == "" {
		return
	}
	if _, err := of.Find(ctx, call, name, argument); operation.IsNotFound(err) {
		call.Note("No " + of.What + " has the alias " + operation.Shown(name) + "; the answer is for a hypothetical one.")
	}
}

type policiesTestInput struct {
	Texts          operation.Names    `json:"texts" jsonschema:"required" help:"Texts to check, each on its own" cli:"arg=1"`
	PolicyNames    existingPolicies   `json:"policy_names" name:"policies" help:"Policies whose guardrails run"`
	GuardrailNames existingGuardrails `json:"guardrail_names" name:"guardrails" help:"Guardrails to run"`
	InputType      string             `json:"input_type" enum:"request,response" help:"Kind of text (default request)"`
	operation.Extras
}

var policiesTest = &operation.Operation{
	Path:     "policies test",
	Summary:  "Run texts through the guardrails of policies",
	Help:     "Guardrail providers may bill the check. Guardrails that cannot check plain text are skipped.",
	Examples: []string{`policies test "My SSN is 123-45-6789" --policies pii-baseline`},
	Effect:   operation.Write,
	Sends:    []string{"POST /utils/test_policies_and_guardrails"},
	Do:       operation.Func[policiesTestInput](testPolicies),
	Done:     "ran the guardrails",
}

// testPolicies wraps each text as the gateway wants its inputs.
func testPolicies(ctx context.Context, call *operation.Call, in policiesTestInput) (operation.Result, error) {
	if len(in.PolicyNames)+len(in.GuardrailNames) == 0 {
		return operation.Result{}, operation.Usage("give {policy_names} or {guardrail_names}")
	}
	fields, inputs := call.Body(), []map[string][]string{}
	for _, text := range in.Texts {
		inputs = append(inputs, map[string][]string{"texts": {text}})
	}
	delete(fields, "texts")
	fields["inputs_list"] = operation.Encode(inputs)
	body, err := call.Write(ctx, "POST", "/utils/test_policies_and_guardrails", fields)
	if err != nil || call.Planning() {
		return operation.Result{Body: body}, err
	}
	var results []struct {
		Errors []struct {
			Name string `json:"guardrail_name"`
		} `json:"guardrail_errors"`
	}
	if err := operation.DecodeList(body, "results", "/utils/test_policies_and_guardrails", &results); err != nil {
		return operation.Result{}, err
	}
	var by []string
	objected := 0
	for _, result := range results {
		for _, e := range result.Errors {
			by = append(by, e.Name)
		}
		if len(result.Errors) > 0 {
			objected++
		}
	}
	done := operation.Counted(len(results), "text") + " checked; no guardrail objected"
	if objected > 0 {
		done = operation.Counted(len(results), "text") + " checked; guardrails objected to " + operation.Counted(objected, "text") + ": " + strings.Join(operation.Unique(by), ", ")
	}
	return operation.Result{Body: body, Done: done}, notesLost(ctx, call, guardrailsOf(ctx, call, in.PolicyNames))
}

// guardrailsOf returns the guardrails of policies, with those they inherit, as far as the
// gateway tells.
func guardrailsOf(ctx context.Context, call *operation.Call, policies []string) (names []string) {
	for _, name := range policies {
		body, err := call.Read(ctx, proxyclient.Request{Path: "/policy/info/{policy_name}", Params: map[string]string{"policy_name": name}})
		switch {
		case err == nil:
			names = append(names, operation.Args{"names": operation.Lookup(body, "resolved_guardrails")}.List("names")...)
		case operation.IsNotFound(err):
			call.Note("The gateway has not loaded policy " + operation.Shown(name) + " yet, so its guardrails did not run.")
		}
	}
	return operation.Unique(names)
}

type policiesTestPipelineInput struct {
	Pipeline     operation.Object    `json:"pipeline" jsonschema:"required" help:"Pipeline: {mode, steps: [{guardrail, on_pass, on_fail}]}"`
	TestMessages []operation.Message `json:"test_messages" jsonschema:"required" help:"Messages to run through the pipeline" cli:"name=message,short=m"`
	operation.Extras
}

var policiesTestPipeline = &operation.Operation{
	Path:     "policies test-pipeline",
	Summary:  "Run messages through a pipeline of guardrails, step by step",
	Help:     "Guardrail providers may bill the check.",
	Examples: []string{`policies test-pipeline --pipeline '{"mode": "pre_call", "steps": [{"guardrail": "pii-mask"}]}' --message "user:My SSN is 123-45-6789"`},
	Effect:   operation.Write,
	Do:       operation.Endpoint[policiesTestPipelineInput]{Method: "POST", Path: "/policies/test-pipeline"},
	Columns: []operation.Column{
		{Name: "terminal_action"},
		{Name: "step_results", Each: []string{"guardrail_name", "outcome", "action_taken"}},
		{Name: "error_message"},
	},
	Done: "the pipeline ends with {terminal_action}",
}

type policiesValidateInput struct {
	Policies operation.Object `json:"policies" jsonschema:"required" help:"Policies by name: {\"strict\": {\"guardrails\": {\"add\": [\"pii\"]}}}" cli:"arg=1"`
}

var policiesValidate = &operation.Operation{
	Path:     "policies validate",
	Summary:  "Check policies written for the gateway's configuration file",
	Help:     "Does not report unknown fields, or unknown guardrails on a gateway without any. Include parent policies.",
	Examples: []string{"policies validate @policies.json"},
	Effect:   operation.Read,
	Sends:    []string{"POST /policy/validate"},
	Do: operation.Func[policiesValidateInput](func(ctx context.Context, call *operation.Call, _ policiesValidateInput) (operation.Result, error) {
		body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/policy/validate", Body: operation.Encode(call.Body())})
		if err != nil {
			return operation.Result{}, err
		}
		var faults []struct {
			Policy string `json:"policy_name"`
			Text   string `json:"message"`
		}
		if err := operation.DecodeList(body, "errors", "/policy/validate", &faults); err != nil {
			return operation.Result{}, err
		}
		var failed []operation.Failure
		for _, f := range faults {
			failed = append(failed, operation.Failure{What: "policy " + f.Policy, Why: f.Text})
		}
		return operation.Result{Body: body, Failed: failed}, nil
	}),
}

var policiesTemplates = &operation.Operation{
	Path:     "policies templates",
	Summary:  "List ready-made policies with the guardrails they need",
	Help:     "Read from GitHub or, offline, from the gateway's own copy.",
	Examples: []string{"policies templates", "policies templates --format json"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: &operation.Collection{What: "template", Path: "/policy/templates", ID: "id", Name: "title"}},
	Columns: []operation.Column{
		{Name: "id", ID: true},
		{Name: "title"},
		{Name: "complexity"},
		{Name: "guardrails"},
		{Name: "description", Optional: true},
		{Name: "tags", Optional: true},
	},
}

var policiesUsage = &operation.Operation{
	Path:     "policies usage",
	Summary:  "Show how many requests each policy checked, and how many failed",
	Examples: []string{"policies usage --period 7d"},
	Effect:   operation.Read,
	Do:       operation.List[ledger.PeriodInput]{Prepare: ledger.Dated, Of: &operation.Collection{What: "row", Path: "/policies/usage/overview", Items: "rows", ID: "id", Name: "name"}},
	Columns: []operation.Column{
		{Name: "id", ID: true},
		{Name: "name", ID: true},
		{Name: "requests", Field: "requestsEvaluated"},
		{Name: "fail_rate", Field: "failRate"},
		{Name: "trend"},
		{Name: "status"},
		{Name: "average_latency", Field: "avgLatency", Optional: true},
	},
}
