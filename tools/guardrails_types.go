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

var guardrailsTypes = &operation.Operation{
	Path:     "guardrails types",
	Summary:  "List guardrail types with their modes and required parameters",
	Examples: []string{"guardrails types"},
	Effect:   operation.Read,
	Sends:    []string{"GET /guardrails/ui/add_guardrail_settings", "GET /guardrails/ui/provider_specific_params"},
	Do: operation.Rows[struct{}](func(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
		kinds, err := readGuardrailTypes(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		rows := make([]operation.Row, 0, len(kinds.params))
		for _, name := range slices.Sorted(maps.Keys(kinds.params)) {
			rows = append(rows, operation.RowOf("type", name, "title", kinds.title(name), "modes", kinds.modes(name), "required", kinds.required(name)))
		}
		return operation.Listed(nil, rows, len(rows), nil, nil), nil
	}),
	Columns: []operation.Column{{Name: "type", ID: true}, {Name: "title"}, {Name: "modes"}, {Name: "required"}},
}

type guardrailsTypeGetInput struct {
	Type string `json:"type" jsonschema:"required" help:"Type{, from op:guardrails types}" cli:"arg=1"`
}

var guardrailsTypeGet = &operation.Operation{
	Path:     "guardrails type-get",
	Summary:  "Show the parameters of a guardrail type",
	Examples: []string{"guardrails type-get lakera_v2"},
	Effect:   operation.Read,
	Sends:    []string{"GET /guardrails/ui/add_guardrail_settings", "GET /guardrails/ui/provider_specific_params"},
	Do: operation.Func[guardrailsTypeGetInput](func(ctx context.Context, call *operation.Call, in guardrailsTypeGetInput) (operation.Result, error) {
		kinds, err := readGuardrailTypes(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		params, known := kinds.params[in.Type]
		if !known {
			return operation.Result{}, kinds.unknown(in.Type)
		}
		fields := membersOf(params)
		delete(fields, titleField)
		return operation.Result{Body: operation.Encode(operation.RowOf("type", in.Type, "title", kinds.title(in.Type), "modes", kinds.modes(in.Type), "params", fields))}, nil
	}),
}

// guardrailTypes is the kinds of guardrail of a gateway: their parameters, and when they
// check.
type guardrailTypes struct {
	params   map[string]json.RawMessage
	settings json.RawMessage
}

const titleField = "ui_friendly_name"

func readGuardrailTypes(ctx context.Context, call *operation.Call) (*guardrailTypes, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/guardrails/ui/provider_specific_params"})
	if err != nil {
		return nil, err
	}
	kinds := &guardrailTypes{params: membersOf(body)}
	maps.DeleteFunc(kinds.params, func(_ string, params json.RawMessage) bool { return membersOf(params) == nil })
	if len(kinds.params) == 0 {
		return nil, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no guardrail types"}
	}
	kinds.settings, err = call.Read(ctx, proxyclient.Request{Path: "/guardrails/ui/add_guardrail_settings"})
	return kinds, err
}

func (k *guardrailTypes) title(name string) json.RawMessage {
	return operation.NoNull(operation.Lookup(k.params[name], titleField))
}

// modes returns when a kind checks; what the gateway does not limit may check at any time.
func (k *guardrailTypes) modes(name string) json.RawMessage {
	if modes := membersOf(operation.Lookup(k.settings, "supported_modes_by_provider"))[name]; modes != nil {
		return modes
	}
	return operation.Lookup(k.settings, "supported_modes")
}

// required returns the parameters that a kind cannot be without.
func (k *guardrailTypes) required(name string) []string {
	required := []string{}
	params := membersOf(k.params[name])
	for _, param := range slices.Sorted(maps.Keys(params)) {
		if string(operation.Lookup(params[param], "required")) == "true" {
			required = append(required, param)
		}
	}
	return required
}

func (k *guardrailTypes) unknown(name string) error {
	names := slices.Sorted(maps.Keys(k.params))
	err := &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "this gateway has no guardrail type " + operation.Name(name),
		Hint: "to see what exists, use {op:guardrails types}"}
	if near := operation.Nearest(name, names); near != "" {
		err.Message += "; did you mean " + near + "?"
	} else if i := slices.IndexFunc(names, func(known string) bool { return strings.HasPrefix(known, name) }); i >= 0 {
		err.Message += "; did you mean " + names[i] + "?"
	}
	return err
}
