package tools

import (
	"context"
	"net/url"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var modelsBlock = &operation.Operation{
	Path:     "models block",
	Summary:  "Block one deployment: calls to it are rejected until you unblock it",
	Help:     "Models in the gateway's configuration file cannot be blocked.",
	Examples: []string{"models block gpt-4"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[modelRef]{Method: "POST", Path: "/model/block", Fixed: true},
	Verify:   plainly(blockedIs("true")),
	Done:     "blocked model {model_name} (ID {model_id})",
	View:     modelView,
}

var modelsUnblock = &operation.Operation{
	Path:     "models unblock",
	Summary:  "Unblock one deployment",
	Examples: []string{"models unblock gpt-4"},
	Effect:   operation.Set,
	Consent:  unblocks(deploymentCollection, "model_id"),
	Do:       operation.Endpoint[modelRef]{Method: "POST", Path: "/model/unblock", Fixed: true},
	Verify:   plainly(blockedIs("false")),
	Done:     "unblocked model {model_name} (ID {model_id})",
	View:     modelView,
}

type modelsTestInput struct {
	Model operation.Text `json:"model" jsonschema:"required" help:"Model name, for all its deployments, or deployment ID" cli:"arg=1,alias=name,alias=model-id"`
}

var modelsTest = &operation.Operation{
	Path:     "models test",
	Summary:  "Make a short real call to a model and report whether its provider answers",
	Help:     "The call is billed. To test every model, use {op:health check}.",
	Examples: []string{"models test gpt-4o-mini"},
	Effect:   operation.Write,
	Default:  true,
	Sends:    []string{"GET /health"},
	Do:       operation.Func[modelsTestInput](testModel),
}

// modelTest is the answer of models test.
type modelTest struct {
	Deployments []deploymentTest `json:"deployments"`
	Healthy     int              `json:"healthy"`
	Unhealthy   int              `json:"unhealthy"`
}

type deploymentTest struct {
	Model   string `json:"model"`
	ModelID string `json:"model_id"`
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
}

// testModel asks the gateway for the health of deployments, which it learns by calling
// them. The gateway answers 503 if one is unhealthy and if none has that name.
func testModel(ctx context.Context, call *operation.Call, in modelsTestInput) (operation.Result, error) {
	query := url.Values{"model": {string(in.Model)}}
	if _, err := deploymentCollection.FindID(ctx, call, string(in.Model)); err == nil {
		query = url.Values{"model_id": {string(in.Model)}}
	}
	// Not as a read: a retry would be another billed call.
	body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "GET", Path: "/health", Query: query})
	if e := operation.AsError(err); e != nil && e.Status == 503 && operation.Lookup(e.Body, "unhealthy_endpoints") != nil {
		body, err = e.Body, nil
	}
	if err != nil || call.Planning() {
		return operation.Result{}, err
	}
	out := modelTest{Deployments: []deploymentTest{}}
	var failed []operation.Failure
	for _, list := range []string{"healthy_endpoints", "unhealthy_endpoints"} {
		var endpoints []deploymentTest
		if err := operation.DecodeList(body, list, "/health", &endpoints); err != nil {
			return operation.Result{}, err
		}
		for _, d := range endpoints {
			d.OK = list == "healthy_endpoints"
			if d.OK {
				out.Healthy++
			} else {
				out.Unhealthy++
				d.Error, _, _ = strings.Cut(d.Error, "\nstack trace")
				failed = append(failed, operation.Failure{What: strings.TrimSpace(d.Model + " " + d.ModelID), Why: d.Error})
			}
			out.Deployments = append(out.Deployments, d)
		}
	}
	if len(out.Deployments) == 0 {
		if err := servedBy(ctx, call, string(in.Model)); err != nil {
			return operation.Result{}, err
		}
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "no model has the name or ID " + operation.Shown(string(in.Model))}
	}
	return operation.Result{Body: operation.Encode(out), Failed: failed}, nil
}

type modelsDeprecationsInput struct {
	WarnWithinDays operation.Limit `json:"warn_within_days" help:"Days ahead that count as imminent (default 30)"`
}

var modelsDeprecations = &operation.Operation{
	Path:     "models deprecations",
	Summary:  "List models deprecated or soon retired by their providers",
	Examples: []string{"models deprecations --warn-within-days 90"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[modelsDeprecationsInput]{Method: "GET", Path: "/v1/model/deprecations"},
}
