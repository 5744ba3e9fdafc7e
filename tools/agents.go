package tools

import (
	"context"
	"net/http"
	"net/url"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var agents = operation.Catalog{
	agentsList, agentsGet, agentsCreate, agentsUpdate, agentsDelete, agentsHealth, agentsMakePublic, agentsKillSwitch,
}

// agentCollection is the A2A agents that the caller may use. Names are unique.
var agentCollection = &operation.Collection{
	What: "agent", Path: "/v1/agents", ID: "agent_id", Name: "agent_name", Also: []string{"agent_id"},
}

// agentName stands for the ID of the agent with this name.
type agentName string

// Collection returns the list that has the name.
func (agentName) Collection() *operation.Collection { return agentCollection }

// agentRef identifies one agent.
type agentRef struct {
	AgentID agentName `json:"agent_id" name:"agent" help:"Agent name or ID" jsonschema:"required" cli:"arg=1"`
}

var agentColumns = []operation.Column{
	{Name: "agent_name", ID: true},
	{Name: "agent_id", ID: true, Wide: true},
	{Name: "url", Field: "agent_card_params.url"},
	{Name: "enabled"},
	{Name: "public", Field: "litellm_params.is_public"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "tpm_limit"},
	{Name: "rpm_limit"},
	{Name: "description", Field: "agent_card_params.description", Optional: true},
	{Name: "execution_mode", Optional: true},
	{Name: "keys", Optional: true, Each: []string{"key_alias"}},
	{Name: "created_at", Format: operation.Time, Optional: true},
}

var agentsList = &operation.Operation{
	Path:     "agents list",
	Summary:  "List the A2A agents behind the gateway with spend and limits",
	Examples: []string{"agents list"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: agentCollection},
	Columns:  agentColumns,
}

var agentsGet = &operation.Operation{
	Path:     "agents get",
	Summary:  "Show an agent with its card, parameters, limits and keys",
	Examples: []string{"agents get translator"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[agentRef]{Method: "GET", Path: "/v1/agents/{agent_id}"},
	Columns:  agentColumns,
}

var agentsDelete = &operation.Operation{
	Path:     "agents delete",
	Summary:  "Delete an agent",
	Examples: []string{"agents delete translator"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(agentCollection, "agent_id", says("Calls to it fail.")),
	Do:       operation.Endpoint[agentRef]{Method: "DELETE", Path: "/v1/agents/{agent_id}"},
	Done:     "deleted agent {agent_id}",
}

var agentsHealth = &operation.Operation{
	Path:     "agents health",
	Summary:  "Check which agents answer at their card's address",
	Help:     "Any answer below HTTP 500 counts.",
	Examples: []string{"agents health"},
	Effect:   operation.Read,
	Sends:    []string{"GET /v1/agents"},
	Do:       operation.Rows[struct{}](agentHealth),
	Columns:  []operation.Column{{Name: "status"}, {Name: "agent_name", ID: true}, {Name: "agent_id", ID: true, Wide: true}, {Name: "url"}},
}

// agentHealth compares all agents with those that the gateway found healthy: it leaves out
// the others.
func agentHealth(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
	healthy := map[string]bool{}
	for agent, err := range agentCollection.All(ctx, call, url.Values{"health_check": {"true"}}) {
		if err != nil {
			return operation.Result{}, err
		}
		healthy[operation.Word(operation.Lookup(agent, "agent_id"))] = true
	}
	rows := []operation.Row{}
	for agent, err := range agentCollection.All(ctx, call, nil) {
		if err != nil {
			return operation.Result{}, err
		}
		id, address := operation.Word(operation.Lookup(agent, "agent_id")), operation.Word(operation.Lookup(agent, "agent_card_params.url"))
		status := "unhealthy"
		switch {
		case address == "":
			status = "no address"
		case healthy[id]:
			status = "healthy"
		}
		rows = append(rows, operation.RowOf("status", status, "agent_name", operation.Lookup(agent, "agent_name"), "agent_id", id, "url", address))
	}
	return operation.Listed(nil, rows, len(rows), nil, nil), nil
}

type agentsMakePublicInput struct {
	Agents []string `json:"agents" help:"Names or IDs of all agents to show" cli:"arg=1"`
	None   bool     `json:"none" help:"Show no agents"`
}

var agentsMakePublic = &operation.Operation{
	Path:     "agents make-public",
	Summary:  "Set which agents the gateway's public hub shows",
	Help:     "Agents you omit are no longer shown.",
	Examples: []string{"agents make-public translator", "agents make-public --none"},
	Effect:   operation.Set,
	Sends:    []string{"POST /v1/agents/make_public", "POST /v1/agents/{agent_id}/make_public"},
	Consent: operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		return publishes(ctx, call, agentCollection, "agents", "litellm_params.is_public")
	}},
	Do: operation.Func[agentsMakePublicInput](func(ctx context.Context, call *operation.Call, in agentsMakePublicInput) (operation.Result, error) {
		return makePublic(ctx, call, agentCollection, "agents", "/v1/agents/make_public", "agent_ids", in.Agents, in.None)
	}),
}

var agentsKillSwitch = &operation.Operation{
	Path:     "agents kill-switch",
	Summary:  "Shut an agent down: call its kill-switch webhook",
	Help:     "The agent stays enabled on the gateway; to refuse calls to it, use {op:agents update}.",
	Examples: []string{"agents kill-switch translator"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /v1/agents/{agent_id}/kill_switch"},
	Consent:  ask(askKillSwitch),
	Do:       operation.Func[agentRef](fireKillSwitch),
	Columns:  []operation.Column{{Name: "status_code"}, {Name: "method"}, {Name: "url"}, {Name: "response_body"}},
	Done:     "fired the kill switch of agent {agent_id}: HTTP {status_code}",
}

func askKillSwitch(ctx context.Context, call *operation.Call) (string, error) {
	agent, err := labeled(ctx, call, agentCollection, "agent_id")
	if err != nil {
		return "", err
	}
	thing, err := agentCollection.FindID(ctx, call, call.Args().String("agent_id"))
	if address := operation.Word(operation.Lookup(thing.Item, "kill_switch.url")); err == nil && address != "" {
		return "Fire the kill switch of " + agent + "? The gateway calls " + operation.Name(address) + ", which shuts the agent down.", nil
	}
	return "Fire the kill switch of " + agent + "? It has none that your key can see, so this may fail.", err
}

// fireKillSwitch reports a webhook that failed, which the gateway answers with a 502.
func fireKillSwitch(ctx context.Context, call *operation.Call, in agentRef) (operation.Result, error) {
	body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "POST", Path: "/v1/agents/{agent_id}/kill_switch", Params: map[string]string{"agent_id": string(in.AgentID)}})
	e := operation.AsError(err)
	if e == nil || e.Status != http.StatusBadGateway || operation.Lookup(e.Body, "detail.agent_id") == nil {
		return operation.Result{Body: body}, err
	}
	outcome := operation.Lookup(e.Body, "detail")
	why := operation.Word(operation.NoNull(operation.Lookup(outcome, "error")))
	if status := operation.Word(operation.NoNull(operation.Lookup(outcome, "status_code"))); status != "" {
		why = "HTTP " + status + " " + operation.Shown(operation.Word(operation.NoNull(operation.Lookup(outcome, "response_body"))))
	}
	return operation.Result{Body: outcome, Failed: []operation.Failure{{What: "webhook " + operation.Shown(operation.Word(operation.Lookup(outcome, "url"))), Why: why}}}, nil
}
