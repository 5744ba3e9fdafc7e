package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// agentSettings is the settings that create and update share.
type agentSettings struct {
	AgentCard        operation.Object `json:"agent_card_params" name:"card" help:"A2A agent card: url, name, description, skills"`
	LitellmParams    operation.Pairs  `json:"litellm_params" help:"Parameters, such as model or api_key" cli:"name=param,short=p"`
	StaticHeaders    operation.Pairs  `json:"static_headers" help:"Headers to send with each request" clear:"{}"`
	ObjectPermission operation.Object `json:"object_permission" help:"Permissions: models, mcp_servers, agents"`
	KillSwitch       operation.Object `json:"kill_switch" help:"Webhook that shuts the agent down: url, method, headers" clear:"null"`
	Enabled          bool             `json:"enabled" help:"Accept calls to the agent (default true)"`
	TPMLimit         operation.Limit  `json:"tpm_limit" help:"Limit of tokens per minute" clear:"null"`
	RPMLimit         operation.Limit  `json:"rpm_limit" help:"Limit of requests per minute" clear:"null"`
}

type agentsCreateInput struct {
	AgentName string `json:"agent_name" jsonschema:"required" help:"Agent name" cli:"arg=1"`
	agentSettings
	operation.Extras
}

var agentsCreate = &operation.Operation{
	Path:    "agents create",
	Summary: "Add an A2A agent behind the gateway",
	Help:    "The gateway replaces the card's provider, security and interfaces with its own.",
	Examples: []string{
		`agents create translator --card '{"name": "Translator", "url": "https://translator.example.com"}'`,
	},
	Effect:  operation.Write,
	Consent: operation.Consent{Often: true},
	Do:      operation.Endpoint[agentsCreateInput]{Method: "POST", Path: "/v1/agents"},
	Columns: agentColumns,
	Done:    "created agent {agent_name} ({agent_id})",
	Returns: []string{"agent_id"},
}

type agentsUpdateInput struct {
	agentRef
	AgentName string `json:"agent_name" help:"New name"`
	agentSettings
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var agentsUpdate = &operation.Operation{
	Path:    "agents update",
	Summary: "Change an agent's card, parameters, limits or name",
	Help:    "Fields you omit are unchanged. Objects are merged; null removes a field. Secret parameters can be replaced, not removed.",
	Examples: []string{
		"agents update translator --rpm-limit 60",
		"agents update translator --enabled=false",
		`agents update translator --card '{"description": "Translates texts and speech"}'`,
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /v1/agents/{agent_id}"},
	Consent: operation.Consent{Often: true, Sensitive: sensitiveAgentUpdate},
	Update: &operation.Update{
		Subject: []string{"agent_id", "agent_card_params", "litellm_params"},
		Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
			thing, err := agentCollection.FindID(ctx, call, call.Args().String("agent_id"))
			return thing.Item, err
		},
	},
	Verify:  inTurn(applied, agentApplied),
	Do:      operation.Func[agentsUpdateInput](updateAgent),
	Columns: agentColumns,
	Done:    "updated agent {agent_name} ({agent_id})",
}

// redactedParam is what the gateway shows in place of an agent's secrets.
const redactedParam = "REDACTED_BY_LITELM"

// updateAgent merges objects, which the gateway replaces. It keeps the secret parameters
// that are not sent.
func updateAgent(ctx context.Context, call *operation.Call, in agentsUpdateInput) (operation.Result, error) {
	fields := call.Body()
	if len(fields) < 2 {
		return operation.Result{}, operation.NothingToChange("rpm_limit", "agent_card_params")
	}
	present, err := call.Operation().Update.Present(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	fields = call.Merge(fields, present)
	if params := membersOf(fields["litellm_params"]); params != nil {
		delete(params, "is_public") // computed by the gateway
		maps.DeleteFunc(params, func(_ string, value json.RawMessage) bool { return operation.Word(value) == redactedParam })
		fields["litellm_params"] = operation.Encode(params)
	}
	delete(fields, "agent_id")
	body, err := call.Send(ctx, "PATCH", "/v1/agents/{agent_id}", string(in.AgentID), fields)
	return operation.Result{Body: body}, err
}

// ownCard is the members of a card that the gateway sets itself.
var ownCard = []string{"provider", "security", "securitySchemes", "supportedInterfaces", "additionalInterfaces", "preferredTransport", "signatures"}

// agentApplied is the Verify of an update for the card, of which the gateway sets some
// members itself, and the parameters, of which it shows the secrets redacted.
func agentApplied(_ context.Context, call *operation.Call, result *operation.Result) error {
	card, params := membersOf(call.Body()["agent_card_params"]), membersOf(call.Body()["litellm_params"])
	has := membersOf(operation.Lookup(result.Body, "litellm_params"))
	maps.DeleteFunc(card, func(name string, _ json.RawMessage) bool { return slices.Contains(ownCard, name) })
	maps.DeleteFunc(params, func(name string, value json.RawMessage) bool {
		return operation.Word(has[name]) == redactedParam && operation.NoNull(value) != nil
	})
	for _, part := range []struct {
		name       string
		asked, has json.RawMessage
	}{
		{"agent_card_params", operation.Encode(card), operation.Lookup(result.Body, "agent_card_params")},
		{"litellm_params", operation.Encode(params), operation.Encode(has)},
	} {
		if !isNone(part.asked) && !took(part.asked, part.has) {
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the update, but did not store all of " + part.name}
		}
	}
	return nil
}

// sensitiveAgentUpdate finds a new address that gets what is stored for an agent, and an
// agent that is switched on.
func sensitiveAgentUpdate(ctx context.Context, call *operation.Call) ([]string, error) {
	present, err := call.Operation().Update.Present(ctx, call)
	if err != nil {
		return nil, err
	}
	fields, found := call.Body(), []string{}
	agent := "agent " + operation.Name(operation.Word(operation.LookupAny(present, "agent_name|agent_id")))
	if address := operation.Lookup(fields["agent_card_params"], "url"); address != nil && !same(address, operation.Lookup(present, "agent_card_params.url")) {
		found = append(found, "sends the headers and parameters stored for "+agent+" to a new address")
	}
	changed, removed := redirects(membersOf(fields["litellm_params"]), nil)
	found = append(found, naming("changes parameters of "+agent+" that may decide where its stored key goes", append(changed, removed...))...)
	if string(fields["enabled"]) == "true" && string(operation.Lookup(present, "enabled")) == "false" {
		found = append(found, "lets "+agent+" be called again")
	}
	return found, nil
}
