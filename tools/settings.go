package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var gatewaySettings = operation.Catalog{
	settingsRouter, settingsRouterFields, settingsRouterUpdate,
	settingsGeneral, settingsGeneralGet, settingsGeneralUpdate, settingsGeneralReset,
	settingsInternalUsers, settingsInternalUsersUpdate, settingsDefaultTeam, settingsDefaultTeamUpdate,
	settingsSSO, settingsSSOUpdate,
	settingsEmailEvents, settingsEmailEventsUpdate, settingsEmailEventsReset,
	settingsSemanticFilter, settingsSemanticFilterUpdate, settingsToolSearch, settingsToolSearchUpdate,
	settingsWebSearch, settingsWebSearchUpdate, settingsBackgroundChat, settingsBackgroundChatUpdate,
	settingsCoordination, settingsCoordinationUpdate, settingsCoordinationTest,
	settingsUI, settingsUIUpdate, settingsTheme, settingsThemeUpdate,
	settingsAllowedIPs, settingsAllowedIPAdd, settingsAllowedIPDelete, settingsAllowedIPReset,
}

// settingsPage is one of the gateway's settings objects: where it is shown, and the request
// that changes it.
type settingsPage struct {
	// what names it in an error, path is the GET that shows it, and values the member of its
	// answer with the values; empty if the answer is the object.
	what, path, values string
	// method and change are the request, and wrap the member of its body for the fields;
	// empty if the body is the fields.
	method, change, wrap string
	// keeps is the first version that keeps fields that are not sent. Older ones lose them,
	// so all are sent: "" for every version.
	keeps string
	// example is a field to name where none was given. open means that the gateway takes
	// more fields than it shows, and refuses unknown ones itself.
	example string
	open    bool
}

// show is the action that shows the settings.
func (p *settingsPage) show() operation.Action {
	return operation.Endpoint[struct{}]{Method: "GET", Path: p.path}
}

// columns are columns for the fields of the settings.
func (p *settingsPage) columns(names ...string) (columns []operation.Column) {
	for _, name := range names {
		c := operation.Column{Name: name}
		if p.values != "" {
			c.Field = p.values + "." + name
		}
		columns = append(columns, c)
	}
	return columns
}

// update declares what a change is merged and compared with.
func (p *settingsPage) update() *operation.Update {
	return &operation.Update{Present: p.present, Answer: "-"}
}

// present reads the present values.
func (p *settingsPage) present(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: p.path})
	if err != nil {
		return nil, err
	}
	values := operation.Lookup(body, p.values)
	if membersOf(values) == nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no " + p.what}
	}
	return values, nil
}

// changes is the action that changes some of the settings.
func changes[In any](p *settingsPage) operation.Func[In] {
	return func(ctx context.Context, call *operation.Call, _ In) (operation.Result, error) {
		fields, err := p.complete(ctx, call, call.Body())
		if err != nil {
			return operation.Result{}, err
		}
		var body any = fields
		if p.wrap != "" {
			body = operation.Args{p.wrap: operation.Encode(fields)}
		}
		answer, err := call.Write(ctx, p.method, p.change, body)
		return operation.Result{Body: answer}, err
	}
}

// complete merges the fields with the present values, and adds those that the gateway would
// lose. One that the gateway shows masked cannot be sent again, so losing it is an error.
func (p *settingsPage) complete(ctx context.Context, call *operation.Call, fields operation.Args) (operation.Args, error) {
	if len(fields) == 0 {
		return nil, operation.NothingToChange(p.example)
	}
	if err := p.known(ctx, call, fields); err != nil {
		return nil, err
	}
	have, loses, err := p.loses(ctx, call)
	if err != nil {
		return nil, err
	}
	if !loses {
		return call.Change(ctx)
	}
	present, err := p.present(ctx, call)
	if err != nil {
		return nil, err
	}
	fields = maps.Clone(call.Merge(fields, present))
	var lost []string
	is := membersOf(present)
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, given := fields[name]; given || operation.NoNull(is[name]) == nil {
			continue
		}
		if masked(operation.Word(is[name])) {
			lost = append(lost, name)
		}
		fields[name] = is[name]
	}
	if len(lost) > 0 {
		return nil, operation.Usage("LiteLLM " + have + " replaces all " + p.what + " and shows " + strings.Join(lost, ", ") +
			" masked, so this change would lose it; give {" + strings.Join(lost, "} and {") + "} too. Nothing was sent")
	}
	return fields, nil
}

// known refuses fields that the settings do not have: the gateway drops them and answers
// that all is well.
func (p *settingsPage) known(ctx context.Context, call *operation.Call, fields operation.Args) error {
	if p.open {
		return nil
	}
	present, err := p.present(ctx, call)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(membersOf(present)))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, is := call.Operation().Field(name); is || slices.Contains(names, name) {
			continue
		}
		near := ""
		if meant := operation.Nearest(name, names); meant != "" {
			near = "; did you mean " + meant
		}
		return operation.Usage(operation.Name(name) + " is not one of the " + p.what + near + ". Nothing was sent")
	}
	return nil
}

// loses reports whether the gateway loses the fields that are not sent, and its version.
func (p *settingsPage) loses(ctx context.Context, call *operation.Call) (have string, loses bool, err error) {
	if p.keeps == "" || p.keeps == always {
		return "", p.keeps == "", nil
	}
	have, err = call.Client().Version(ctx)
	if e := operation.AsError(err); e != nil && e.Status == 0 {
		return "", false, err
	}
	return have, have == "" || proxyclient.Older(have, p.keeps), nil
}

// always is the version for what every gateway does.
const always = "0"

// opens makes a change sensitive if it has another field than the harmless ones: phrase,
// followed by their names.
func opens(phrase string, harmless ...string) operation.Consent {
	return operation.Consent{Sensitive: func(_ context.Context, call *operation.Call) ([]string, error) {
		return naming(phrase, without(slices.Sorted(maps.Keys(call.Body())), append(harmless, "replace"))), nil
	}}
}
