package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type modelsDoublesInput struct {
	Model string `json:"model" help:"Only this model"`
}

var modelsDoubles = &operation.Operation{
	Path:     "models doubles",
	Summary:  "List duplicate and shadowed deployments",
	Help:     "identical: the same name, provider model, parameters and information. Keys are hidden, so same_key is known only with a shared credential. shadowed: a name in both the configuration file and the database. prices: one provider model at several prices. wildcard: a pattern matches a model of its own. loop: a fallback or alias leads back to its model. To delete identical ones, use {op:models merge}.",
	Examples: []string{"models doubles", "models doubles --model gpt-4o --format json"},
	Effect:   operation.Read,
	Sends:    []string{"GET /v2/model/info", "GET /router/settings"},
	Alarm:    true,
	Do: operation.Rows[modelsDoublesInput](func(ctx context.Context, call *operation.Call, in modelsDoublesInput) (operation.Result, error) {
		doubles, err := findDoubles(ctx, call, in.Model)
		if err != nil {
			return operation.Result{}, err
		}
		loops, err := findLoops(ctx, call, in.Model)
		doubles = append(doubles, loops...)
		rows := make([]operation.Row, len(doubles))
		for i, d := range doubles {
			rows[i] = d.row()
		}
		var notes []string
		if len(rows) == 0 && err == nil {
			notes, err = []string{"No deployments are duplicate or shadowed."}, knownModel(ctx, call, in.Model)
		}
		if err != nil {
			return operation.Result{}, err
		}
		return operation.Listed(nil, rows, len(rows), nil, notes), nil
	}),
	Columns: []operation.Column{
		{Name: "kind"},
		{Name: "model"},
		{Name: "upstream_model"},
		{Name: "same_key"},
		{Name: "sources"},
		{Name: "ids"},
	},
}

// knownModel refuses the name of a model that has no deployment; "" is all models.
func knownModel(ctx context.Context, call *operation.Call, model string) error {
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil || model == "" || operation.Word(operation.Lookup(item, deploymentCollection.Name)) == model {
			return err
		}
	}
	if model == "" {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeNotFound, Hint: "to see what exists, use {op:models info}",
		Message: fmt.Sprintf("no deployment has the name %q", operation.Shown(model))}
}

// deployed is a deployment as far as the gateway shows it.
type deployed struct {
	id, name, upstream, source string
	credential                 string
	prices                     string
	content                    string // everything that is shown, without what differs anyway
}

// infoThatCounts are the members of model_info that tell deployments apart.
var infoThatCounts = strings.Fields("team_id team_public_model_name access_groups base_model mode tier blocked")

func readDeployed(item json.RawMessage) deployed {
	text := func(path string) string { return operation.Word(operation.NoNull(operation.Lookup(item, path))) }
	d := deployed{id: text("model_info.id"), name: text("model_name"), upstream: text("litellm_params.model"), source: "file",
		credential: text("litellm_params.litellm_credential_name"),
		prices:     text("model_info.input_cost_per_token") + " " + text("model_info.output_cost_per_token")}
	if text("model_info.db_model") == "true" {
		d.source = "database"
	}
	var params operation.Args
	_ = json.Unmarshal(operation.Lookup(item, "litellm_params"), &params)
	about := operation.Args{"prices": operation.Encode(d.prices)}
	for name, value := range params {
		if operation.NoNull(value) != nil && string(value) != "false" {
			about["param "+name] = value
		}
	}
	for _, name := range infoThatCounts {
		if value := operation.NoNull(operation.Lookup(item, "model_info."+name)); value != nil && string(value) != "false" {
			about["info "+name] = value
		}
	}
	d.content = d.name + string(operation.Encode(about))
	return d
}

// double is deployments that have something in common.
type double struct {
	kind string
	of   []deployed // what the configuration file has first, then by ID
}

// sameKey reports whether the deployments use one stored credential; nil if that cannot be
// told.
func (d *double) sameKey() any {
	if slices.ContainsFunc(d.of, func(x deployed) bool { return x.credential == "" || x.credential != d.of[0].credential }) {
		return nil
	}
	return true
}

func (d *double) row() operation.Row {
	var ids, sources, names, upstream []string
	for _, x := range d.of {
		ids, sources, names, upstream = append(ids, x.id), append(sources, x.source), append(names, x.name), append(upstream, x.upstream)
	}
	return operation.RowOf("kind", d.kind, "model", strings.Join(operation.Unique(names), ", "), "upstream_model", strings.Join(operation.Unique(upstream), ", "),
		"same_key", d.sameKey(), "sources", operation.Unique(sources), "ids", slices.DeleteFunc(ids, func(id string) bool { return id == "" }))
}

// findDoubles returns the deployments that repeat or shadow each other, by kind and name.
func findDoubles(ctx context.Context, call *operation.Call, model string) ([]*double, error) {
	var all []deployed
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil {
			return nil, err
		}
		all = append(all, readDeployed(item))
	}
	slices.SortStableFunc(all, func(x, y deployed) int {
		return cmp.Or(-cmp.Compare(x.source, y.source), cmp.Compare(x.id, y.id))
	})
	var doubles []*double
	doubles = append(doubles, grouped("identical", all, func(d deployed) string { return d.content }, nil)...)
	doubles = append(doubles, grouped("shadowed", all, func(d deployed) string { return d.name }, func(d deployed) string { return d.source })...)
	doubles = append(doubles, grouped("prices", all, func(d deployed) string { return d.name + "\x00" + d.upstream }, func(d deployed) string { return d.prices })...)
	for _, wide := range all {
		covered := &double{kind: "wildcard", of: []deployed{wide}}
		for _, x := range all {
			if before, after, many := strings.Cut(wide.name, "*"); many && !wildcard(x.name) && len(x.name) > len(before+after) && strings.HasPrefix(x.name, before) && strings.HasSuffix(x.name, after) {
				covered.of = append(covered.of, x)
			}
		}
		if len(covered.of) > 1 && wide.name != "*" {
			doubles = append(doubles, covered)
		}
	}
	return slices.DeleteFunc(doubles, func(d *double) bool {
		return model != "" && !slices.ContainsFunc(d.of, func(x deployed) bool { return x.name == model })
	}), nil
}

// grouped returns the groups of several deployments with one key. With differs, only groups
// in which it has several values count.
func grouped(kind string, all []deployed, key, differs func(deployed) string) (doubles []*double) {
	groups := map[string]*double{}
	for _, d := range all {
		k := key(d)
		if groups[k] == nil {
			groups[k] = &double{kind: kind}
			doubles = append(doubles, groups[k])
		}
		groups[k].of = append(groups[k].of, d)
	}
	return slices.DeleteFunc(doubles, func(d *double) bool {
		if differs == nil {
			return len(d.of) < 2
		}
		return !slices.ContainsFunc(d.of, func(x deployed) bool { return differs(x) != differs(d.of[0]) })
	})
}
