package tools

import (
	"context"
	"maps"
	"strconv"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// The price list of all known models (the model cost map), which the gateway loads at its
// start. Its routes are not in the OpenAPI document.

const reloadSchedule = "/schedule/model_cost_map_reload"

var utilsCostMap = &operation.Operation{
	Path:     "utils cost-map",
	Summary:  "Show the source and reload schedule of the gateway's price list",
	Help:     "For the prices, use {op:models discover} or {op:utils model-info}.",
	Examples: []string{"utils cost-map --format table"},
	Effect:   operation.Read,
	Sends:    []string{"GET /model/cost_map/source", "GET /schedule/model_cost_map_reload/status"},
	Do: operation.Func[struct{}](func(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
		source, err := call.Read(ctx, proxyclient.Request{Path: "/model/cost_map/source"})
		if err != nil {
			return operation.Result{}, err
		}
		schedule, err := call.Read(ctx, proxyclient.Request{Path: reloadSchedule + "/status"})
		if err != nil {
			return operation.Result{}, err
		}
		both := membersOf(source)
		if both == nil || membersOf(schedule) == nil {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer is not an object (/model/cost_map/source)"}
		}
		maps.Copy(both, membersOf(schedule))
		return operation.Result{Body: operation.Encode(both)}, nil
	}),
	Columns: []operation.Column{
		{Name: "source"},
		{Name: "url"},
		{Name: "model_count"},
		{Name: "loaded_at", Format: operation.Time},
		{Name: "fallback_reason"},
		{Name: "scheduled"},
		{Name: "interval_hours"},
		{Name: "next_run", Format: operation.Time},
	},
}

// renewsPrices is what both ways to renew the price list are asked about.
func renewsPrices(context.Context, *operation.Call) ([]string, error) {
	return []string{"reloads the prices of all models, which spend and budgets are based on"}, nil
}

var utilsCostMapReload = &operation.Operation{
	Path:     "utils cost-map-reload",
	Summary:  "Reload the gateway's price list from its source",
	Help:     "If that fails, the current prices are kept.",
	Examples: []string{"utils cost-map-reload"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Sensitive: renewsPrices},
	Do:       operation.Endpoint[struct{}]{Method: "POST", Path: "/reload/model_cost_map", Fixed: true},
	Columns:  []operation.Column{{Name: "status"}, {Name: "models_count"}, {Name: "timestamp", Format: operation.Time}},
	Done:     "reloaded the prices of {model:models_count}",
}

type utilsCostMapScheduleInput struct {
	Hours operation.Count `json:"hours" jsonschema:"required" help:"Hours between reloads" cli:"arg=1"`
}

var utilsCostMapSchedule = &operation.Operation{
	Path:     "utils cost-map-schedule",
	Summary:  "Reload the gateway's price list on a schedule",
	Examples: []string{"utils cost-map-schedule 24"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Sensitive: renewsPrices},
	Verify:   scheduled(true),
	Do:       operation.Endpoint[utilsCostMapScheduleInput]{Method: "POST", Path: reloadSchedule, Query: []string{"hours"}, Fixed: true},
	Columns:  []operation.Column{{Name: "status"}, {Name: "interval_hours"}},
	Done:     "the price list is reloaded every {hour:interval_hours}",
}

var utilsCostMapUnschedule = &operation.Operation{
	Path:     "utils cost-map-unschedule",
	Summary:  "Stop the scheduled reload of the gateway's price list",
	Help:     "The current prices are kept.",
	Examples: []string{"utils cost-map-unschedule"},
	Effect:   operation.Set,
	Verify:   scheduled(false),
	Do:       operation.Endpoint[struct{}]{Method: "DELETE", Path: reloadSchedule},
	Done:     "the price list is no longer reloaded on a schedule",
}

// scheduled is the Verify of a change of the schedule.
func scheduled(want bool) func(context.Context, *operation.Call, *operation.Result) error {
	return func(ctx context.Context, call *operation.Call, _ *operation.Result) error {
		body, err := call.Read(ctx, proxyclient.Request{Path: reloadSchedule + "/status"})
		has := operation.Word(operation.Lookup(body, "scheduled"))
		switch {
		case err != nil || has == "":
			call.Note("Could not confirm the schedule: it cannot be read.")
		case has != strconv.FormatBool(want), want && operation.Word(operation.Lookup(body, "interval_hours")) != operation.Word(call.Arg("hours")):
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the request, but its schedule did not change"}
		}
		return nil
	}
}
