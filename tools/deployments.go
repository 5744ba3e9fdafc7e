package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// deploymentCollection is the deployments of all models, on one page, each once under its
// own name.
var deploymentCollection = &operation.Collection{
	What: "deployment", Listed: "models info", Path: "/v2/model/info", Items: "data", ID: "model_info.id", Name: "model_name", Bare: true,
	Search: "search", ByID: "modelId", Fixed: url.Values{"size": {"100000"}}, Else: servedCollection,
}

// servedCollection is the models that the caller may use, for keys and gateways without
// the list of deployments. It repeats a wildcard deployment once for each model that it
// could serve, under the name of the model.
var servedCollection = &operation.Collection{
	What: "deployment", Listed: "models info", Path: "/v1/model/info", Items: "data", ID: "model_info.id", Name: "model_name", ByID: "litellm_model_id",
}

func init() {
	// Both call what reads them.
	deploymentCollection.Explain = servedBy
	servedCollection.Settle = ownRows
}

// ownRows puts the deployment itself in place of the rows that repeat it.
func ownRows(ctx context.Context, call *operation.Call, rows []json.RawMessage) ([]json.RawMessage, error) {
	times := map[string]int{}
	for _, row := range rows {
		times[operation.Word(operation.Lookup(row, servedCollection.ID))]++
	}
	var own []json.RawMessage
	for _, row := range rows {
		id := operation.Word(operation.Lookup(row, servedCollection.ID))
		switch times[id] {
		case 0:
			continue
		case 1:
			own = append(own, row)
			continue
		}
		times[id] = 0
		body, err := call.Read(ctx, proxyclient.Request{Path: servedCollection.Path, Query: url.Values{servedCollection.ByID: {id}}})
		if err != nil {
			return nil, err
		}
		var found []json.RawMessage
		if err := operation.DecodeList(body, servedCollection.Items, servedCollection.Path, &found); err != nil {
			return nil, err
		}
		own = append(own, found...)
	}
	return own, nil
}

// servedBy returns an error for the name of a model that a wildcard deployment serves:
// the name is not the deployment's own. It returns nil for other names.
func servedBy(ctx context.Context, call *operation.Call, name string) error {
	own, err := server(ctx, call, name)
	if own == "" || err != nil {
		return err
	}
	op := call.Operation()
	_, verb, _ := strings.Cut(op.Path, " ")
	argument := "model"
	if _, ok := op.Field("name"); ok {
		argument = "name"
	}
	hint := fmt.Sprintf("to %s that deployment, use {%s} '%s'", verb, argument, operation.Shown(own))
	if op.Effect != operation.Read {
		hint = "nothing was changed; " + hint
	}
	return &proxyclient.Error{Code: proxyclient.CodeInvalid, Hint: hint,
		Message: operation.Name(name) + " is served by the deployment " + operation.Name(own)}
}

// server returns the name of the wildcard deployment that serves a model, or "". The
// gateway takes the longest pattern that the name begins with. It also adds the provider
// to a name; which one, only its own list of models tells.
func server(ctx context.Context, call *operation.Call, name string) (string, error) {
	best, names, wild := "", map[string]string{}, false
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil {
			return "", err
		}
		own := operation.Word(operation.Lookup(item, deploymentCollection.Name))
		names[operation.Word(operation.Lookup(item, deploymentCollection.ID))] = own
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(own), `\*`, `(?s:.*)`)
		if wildcard(own) && len(own) > len(best) && regexp.MustCompile(pattern).MatchString(name) {
			best = own
		}
		wild = wild || wildcard(own)
	}
	if best != "" || !wild {
		return best, nil
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: servedCollection.Path})
	if operation.IsRefused(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var rows []json.RawMessage
	if err := operation.DecodeList(body, servedCollection.Items, servedCollection.Path, &rows); err != nil {
		return "", err
	}
	for _, row := range rows {
		own := names[operation.Word(operation.Lookup(row, servedCollection.ID))]
		if operation.Word(operation.Lookup(row, servedCollection.Name)) == name && own != "" && own != name {
			return own, nil
		}
	}
	return "", nil
}
