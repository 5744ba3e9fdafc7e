package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// warningCollection is the gateway's warnings about its own configuration.
var warningCollection = &operation.Collection{
	What: "warning", Listed: "health warnings", Path: "/health/deployment_warnings", Items: "warnings", ID: "id", Name: "id",
}

var healthWarnings = &operation.Operation{
	Path:     "health warnings",
	Summary:  "List the gateway's warnings about its configuration and license",
	Examples: []string{"health warnings"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: warningCollection},
	Columns: []operation.Column{
		{Name: "id", ID: true},
		{Name: "severity"},
		{Name: "ignored_by", Field: "ignore.ignored_by|ignore.env_var"},
		{Name: "ignored_at", Field: "ignore.ignored_at", Format: operation.Time},
		{Name: "ignored_until", Field: "ignore.ignored_until", Format: operation.Time},
	},
}

type healthWarningIgnoreInput struct {
	WarningID     string          `json:"warning_id" jsonschema:"required" help:"Warning, such as no_redis{ (op:health warnings)}" cli:"arg=1"`
	Ignored       *bool           `json:"ignored" help:"false shows the warning again (default true)"`
	SnoozeSeconds operation.Count `json:"snooze_seconds" jsonschema:"maximum=2592000" help:"Seconds to ignore the warning, at most 30 days (default forever)"`
	operation.Extras
}

var healthWarningIgnore = &operation.Operation{
	Path:     "health warning-ignore",
	Summary:  "Ignore a gateway warning for all admins, or show it again",
	Examples: []string{"health warning-ignore no_redis --snooze-seconds 86400", "health warning-ignore no_redis --ignored=false"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /health/deployment_warnings/{warning_id}"},
	Consent: operation.Consent{Sensitive: func(_ context.Context, call *operation.Call) ([]string, error) {
		if operation.Word(call.Arg("ignored")) == "false" {
			return nil, nil
		}
		return []string{"hides the warning " + operation.Name(call.Args().String("warning_id")) + " from every admin"}, nil
	}},
	Do: operation.Func[healthWarningIgnoreInput](ignoreWarning),
}

func ignoreWarning(ctx context.Context, call *operation.Call, in healthWarningIgnoreInput) (operation.Result, error) {
	fields := call.Body()
	delete(fields, "warning_id")
	ignored := in.Ignored == nil || *in.Ignored
	if !ignored && in.SnoozeSeconds > 0 {
		return operation.Result{}, operation.Usage("{snooze_seconds} applies only when ignoring a warning; omit it with {ignored}=false")
	}
	fields["ignored"] = operation.Encode(ignored)
	body, err := call.Send(ctx, "PATCH", "/health/deployment_warnings/{warning_id}", in.WarningID, fields)
	if err != nil || call.Planning() {
		return operation.Result{Body: body}, err
	}
	has := operation.NoNull(operation.Lookup(body, "ignore"))
	if (has != nil) != ignored {
		return operation.Result{Body: body}, &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the request, but the warning is unchanged"}
	}
	return operation.Result{Body: body, Done: warningDone(in.WarningID, has)}, nil
}

func warningDone(id string, ignore json.RawMessage) string {
	until := operation.NoNull(operation.Lookup(ignore, "ignored_until"))
	switch {
	case ignore == nil:
		return "warning " + operation.Shown(id) + " is shown again"
	case until == nil:
		return "warning " + operation.Shown(id) + " is ignored"
	}
	return "warning " + operation.Shown(id) + " is ignored until " + operation.Word(until)
}
