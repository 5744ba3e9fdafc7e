package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var emailEventCollection = &operation.Collection{What: "email event", Path: "/email/event_settings", Items: "settings", ID: "event", Name: "event"}

var settingsEmailEvents = &operation.Operation{
	Path:     "settings email-events",
	Summary:  "List the gateway's email events",
	Examples: []string{"settings email-events"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: emailEventCollection},
	Columns:  []operation.Column{{Name: "event", ID: true}, {Name: "enabled"}},
}

// emailEvent is whether the gateway sends email for an event.
type emailEvent struct {
	Event   string `json:"event"`
	Enabled bool   `json:"enabled"`
}

type settingsEmailEventsInput struct {
	Enable  []string `json:"enable" help:"Events to send email for, such as \"Max Budget Alert\""`
	Disable []string `json:"disable" help:"Events to send no email for"`
}

var settingsEmailEventsUpdate = &operation.Operation{
	Path:    "settings email-events-update",
	Summary: "Choose the gateway's email events",
	Help:    "Events you omit are unchanged.",
	Examples: []string{
		`settings email-events-update --enable "Max Budget Alert" --disable "Virtual Key Created"`,
	},
	Effect: operation.Set,
	Sends:  []string{"PATCH /email/event_settings"},
	Verify: func(ctx context.Context, call *operation.Call, _ *operation.Result) error {
		asked, err := chosenEvents(ctx, call)
		if err != nil {
			call.Note("Could not confirm the events: they cannot be read.")
			return nil
		}
		present, _ := emailEvents(ctx, call)
		if open := slices.DeleteFunc(asked, func(e emailEvent) bool { return slices.Contains(present, e) }); len(open) > 0 {
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the update, but did not change " + open[0].Event}
		}
		return nil
	},
	Do: operation.Func[settingsEmailEventsInput](func(ctx context.Context, call *operation.Call, in settingsEmailEventsInput) (operation.Result, error) {
		if len(in.Enable)+len(in.Disable) == 0 {
			return operation.Result{}, operation.NothingToChange("enable", "disable")
		}
		events, err := chosenEvents(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Write(ctx, "PATCH", emailEventCollection.Path, map[string]any{"settings": events})
		return operation.Result{Body: body}, err
	}),
	Done: "updated the email events",
}

// emailEvents reads the present choice.
func emailEvents(ctx context.Context, call *operation.Call) (events []emailEvent, err error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: emailEventCollection.Path})
	if err != nil {
		return nil, err
	}
	_ = json.Unmarshal(operation.Lookup(body, emailEventCollection.Items), &events)
	events = slices.DeleteFunc(events, func(e emailEvent) bool { return e.Event == "" })
	if len(events) == 0 {
		err = &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no list of email events"}
	}
	return events, err
}

// chosenEvents are the events that the call names, in the gateway's spelling.
func chosenEvents(ctx context.Context, call *operation.Call) (chosen []emailEvent, err error) {
	present, err := emailEvents(ctx, call)
	if err != nil {
		return nil, err
	}
	for _, argument := range []string{"enable", "disable"} {
		for _, name := range operation.Unique(call.Args().List(argument)) {
			i := slices.IndexFunc(present, func(e emailEvent) bool { return strings.EqualFold(e.Event, name) })
			if i < 0 {
				var names []string
				for _, e := range present {
					names = append(names, e.Event)
				}
				return nil, operation.Usage("{" + argument + "}: " + operation.Name(name) + " is not one of " + strings.Join(names, ", ") + ". Nothing was sent")
			}
			if slices.ContainsFunc(chosen, func(e emailEvent) bool { return e.Event == present[i].Event }) {
				return nil, operation.Usage("{enable} and {disable} both name " + operation.Name(name) + "; give one")
			}
			chosen = append(chosen, emailEvent{present[i].Event, argument == "enable"})
		}
	}
	return chosen, nil
}

var settingsEmailEventsReset = &operation.Operation{
	Path:     "settings email-events-reset",
	Summary:  "Reset all email events to the gateway's defaults",
	Examples: []string{"settings email-events-reset --yes"},
	Effect:   operation.Destructive,
	Consent: operation.Consent{Sweeping: true, Ask: func(ctx context.Context, call *operation.Call) (string, error) {
		events, err := emailEvents(ctx, call)
		if err != nil {
			return "", err
		}
		on := 0
		for _, e := range events {
			if e.Enabled {
				on++
			}
		}
		return "Reset all email events to the gateway's defaults? The current choice is lost: " + operation.Counted(on, "event") + " enabled.", nil
	}},
	Do:   operation.Endpoint[struct{}]{Method: "POST", Path: "/email/event_settings/reset"},
	Done: "reset the email events to their defaults",
}
