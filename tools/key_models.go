package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

type keyModels struct {
	keyRef
	Models operation.Names `json:"models" jsonschema:"required" help:"Model names"`
}

var keysModelAdd = &operation.Operation{
	Path:     "keys model-add",
	Summary:  "Allow a key to use more models",
	Help:     "Fails for a key without a list: it may already use every model, and a list would restrict it.",
	Examples: []string{"keys model-add ci --models gpt-4o-mini,claude-haiku"},
	Effect:   operation.Set,
	Sends:    []string{"POST /key/update"},
	Consent:  operation.Consent{Sensitive: addsKeyModels},
	Do: operation.Func[keyModels](func(ctx context.Context, call *operation.Call, in keyModels) (operation.Result, error) {
		present, err := modelsOfKey(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		if len(present) == 0 {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid,
				Message: "the key may already use every model, and a list would restrict it; nothing was changed",
				Hint:    "to restrict the key to these models, use {op:keys update} with models"}
		}
		return setKeyModels(ctx, call, present, operation.Unique(slices.Concat(present, in.Models)))
	}),
	Verify:  modelsAre(true),
	Columns: keyColumns,
	Done:    "key {key_alias} {key_name} may use {models}",
	View:    keyView("", "token|key"),
}

var keysModelRemove = &operation.Operation{
	Path:     "keys model-remove",
	Summary:  "Remove models from a key's allowed models",
	Help:     "Fails for a model that is not in the list, and for the last one: a key without a list may use every model.",
	Examples: []string{"keys model-remove ci --models claude-haiku"},
	Effect:   operation.Set,
	Sends:    []string{"POST /key/update"},
	Do: operation.Func[keyModels](func(ctx context.Context, call *operation.Call, in keyModels) (operation.Result, error) {
		present, err := modelsOfKey(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		left, err := fewerModels(present, in.Models, "key", "an empty list allows every model, so the last one cannot be removed")
		if err != nil {
			return operation.Result{}, err
		}
		return setKeyModels(ctx, call, present, left)
	}),
	Verify:  modelsAre(false),
	Columns: keyColumns,
	Done:    "key {key_alias} {key_name} may use {models}",
	View:    keyView("", "token|key"),
}

// fewerModels returns a list without some of its models. All of them must be in it, and one
// must be left: last says why. whose names the owner of the list.
func fewerModels(present, names []string, whose, last string) ([]string, error) {
	for _, name := range names {
		if !slices.Contains(present, name) {
			return nil, notInList(name, whose, present)
		}
	}
	left := without(present, names)
	if len(left) == 0 {
		return nil, &proxyclient.Error{Code: proxyclient.CodeInvalid, Message: last + "; nothing was changed",
			Hint: fmt.Sprintf("replace the list with {op:%[2]s update}, or stop the %[1]s with {op:%[2]s block}", whose, plural.Of(whose))}
	}
	return left, nil
}

// notInList returns the error for a model that is missing in a list. whose names its owner.
func notInList(name, whose string, list []string) error {
	e := &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "model " + operation.Shown(name) + " is not in the " + whose + "'s list; nothing was changed",
		Hint: "the list has " + strings.Join(list, ", ")}
	if len(list) == 0 {
		e.Hint = "the " + whose + " has no list and may use every model"
	}
	return e
}

// modelsOfKey is the list of the key that a call names.
func modelsOfKey(ctx context.Context, call *operation.Call) (models []string, err error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/key/info", Query: url.Values{"key": {operation.KeyHash(call.Args().String("key"))}}})
	_ = json.Unmarshal(operation.Lookup(body, "info.models"), &models)
	return models, err
}

func setKeyModels(ctx context.Context, call *operation.Call, present, models []string) (operation.Result, error) {
	if slices.Equal(present, models) {
		return operation.Result{Body: operation.Encode(map[string]any{"key": operation.KeyHash(call.Args().String("key")), "models": models}),
			Done: "the key already has these models; nothing was changed"}, nil
	}
	body, err := call.Write(ctx, "POST", "/key/update", operation.Args{"key": operation.Encode(operation.KeyHash(call.Args().String("key"))), "models": operation.Encode(models)})
	return operation.Result{Body: body}, err
}

// modelsAre verifies that the list in the answer has all of the models, or none of them.
func modelsAre(has bool) func(context.Context, *operation.Call, *operation.Result) error {
	return func(_ context.Context, call *operation.Call, result *operation.Result) error {
		var list []string
		if json.Unmarshal(operation.Lookup(result.Body, "models"), &list) != nil {
			return operation.Lacks("models")
		}
		for _, name := range call.Args().List("models") {
			if slices.Contains(list, name) != has {
				return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true,
					Message: "the gateway accepted the request, but the list is now " + operation.NameList(operation.Encode(list))}
			}
		}
		return nil
	}
}

// addsKeyModels describes the rights that the longer list adds.
func addsKeyModels(ctx context.Context, call *operation.Call) ([]string, error) {
	key, err := keyToChange(ctx, call)
	if err != nil {
		return nil, err
	}
	present := operation.Args{"models": operation.Lookup(key.Item, "models")}.List("models")
	change := operation.Args{"models": operation.Encode(operation.Unique(slices.Concat(present, call.Args().List("models"))))}
	return loosenedKeys(ctx, call, change, []operation.Thing{key}, nil)
}
