package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// The gateway accepts any model name. An unknown one is noted, because the model may be added
// later. A model that the team of a key lacks is refused, because the key could never call it.

// The fields that name models: as lists, as the values of an object, and as its keys.
var (
	modelNames  = []string{"models", "allowed_models", "default_team_member_models", "default_model"}
	modelValues = []string{"aliases", "model_aliases"}
	modelKeys   = []string{"model_rpm_limit", "model_tpm_limit", "model_max_budget"}
)

// plainModel reports whether a name is that of a model: not a word of the gateway's own, and
// not a pattern.
func plainModel(name string) bool {
	return name != "" && !strings.Contains(name, "*") && !slices.Contains([]string{"all-proxy-models", "all-team-models", "no-default-models"}, name)
}

// namedModels returns the models that a request names.
func namedModels(body operation.Args) (names []string) {
	for _, field := range modelNames {
		names = append(names, body.List(field)...)
	}
	for _, field := range modelValues {
		var aliases map[string]string
		_ = json.Unmarshal(body[field], &aliases)
		names = append(names, slices.Sorted(maps.Values(aliases))...)
	}
	for _, field := range modelKeys {
		var limits operation.Args
		_ = json.Unmarshal(body[field], &limits)
		maps.DeleteFunc(limits, func(_ string, limit json.RawMessage) bool { return operation.NoNull(limit) == nil }) // it is removed
		names = append(names, slices.Sorted(maps.Keys(limits))...)
	}
	return slices.DeleteFunc(operation.Unique(names), func(name string) bool { return !plainModel(name) })
}

// knownModels notes the models that nothing has, and refuses those outside of the team that
// a key belongs to.
func knownModels(ctx context.Context, call *operation.Call) error {
	body := call.Body()
	names := namedModels(body)
	if len(names) == 0 || strings.HasSuffix(call.Operation().Path, " model-remove") {
		return nil
	}
	all, err := modelsToGrant(ctx, call, true)
	if err != nil || all == nil {
		return err
	}
	team, err := teamOfKey(ctx, call, body)
	if err != nil {
		return err
	}
	outside, err := team.refuses(ctx, call, body.List("models"), all)
	if err != nil {
		return err
	}
	if len(outside) > 0 {
		return &proxyclient.Error{Code: proxyclient.CodeInvalid,
			Message: fmt.Sprintf("team %s may not use %s, so the key could not either", operation.Shown(team.name), operation.NameList(operation.Encode(outside))),
			Hint:    "nothing was sent; the team may use " + strings.Join(team.models, ", ") + "; {op:teams model-add} adds a model"}
	}
	for _, name := range names {
		if covered(name, all) || slices.Contains(team.models, name) || team.aliases[name] != nil || team.own[name] != "" {
			continue
		}
		note := "No model named " + operation.Shown(name) + " is visible to your key"
		if near := nearModel(name, all); near != "" {
			note += "; did you mean " + operation.Shown(near) + "?"
		} else {
			note += "."
		}
		call.Note(note)
	}
	return nil
}

// modelsToGrant returns the names that a list of models may have: of models and wildcards,
// and of access groups. It returns nil if the key may not read them.
func modelsToGrant(ctx context.Context, call *operation.Call, groups bool) ([]string, error) {
	names := []string{}
	filter := url.Values{"return_wildcard_routes": {"true"}}
	if groups {
		filter.Set("include_model_access_groups", "true")
	}
	for model, err := range modelCollection.All(ctx, call, filter) {
		if e := operation.AsError(err); e != nil && (e.Status != 0 || e.Code == proxyclient.CodeBadAnswer) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		names = append(names, operation.Word(operation.Lookup(model, modelCollection.ID)))
	}
	return names, nil
}

// covered reports whether a name is in a list of models, or is one that a wildcard in it
// stands for.
func covered(name string, models []string) bool {
	return slices.ContainsFunc(models, func(model string) bool {
		before, after, pattern := strings.Cut(model, "*")
		return model == name || pattern && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) && len(name) >= len(before)+len(after)
	})
}

// nearModel returns the name that was probably meant, or "".
func nearModel(name string, models []string) string {
	named := slices.DeleteFunc(slices.Clone(models), func(model string) bool { return strings.Contains(model, "*") })
	return nearest.Name(name, named, min(3, len(name)/2))
}

// keyTeam is the team of a key with its models. It has no name if there is none, or if it is
// not shown.
type keyTeam struct {
	name    string
	models  []string
	aliases operation.Args
	open    bool              // it may use more than the list
	own     map[string]string // the aliases of the key itself
}

// grants returns what a team may use, as the gateway shows the team.
func (t keyTeam) grants(item json.RawMessage) keyTeam {
	t.open = len(operation.Args{"": operation.Lookup(item, "access_group_ids")}.List("")) > 0
	_ = json.Unmarshal(operation.Lookup(item, "models"), &t.models)
	_ = json.Unmarshal(operation.Lookup(item, "litellm_model_table.model_aliases"), &t.aliases)
	return t
}

// calls adds the aliases of a key.
func (t *keyTeam) calls(aliases json.RawMessage) { _ = json.Unmarshal(aliases, &t.own) }

// outside returns the models that the team may not use, given those that exist.
func (t keyTeam) outside(models, all []string) []string {
	if t.open || len(t.models) == 0 {
		return nil
	}
	for _, name := range t.models {
		// The name of an access group stands for its models.
		if name == "all-proxy-models" || name == "*" || !strings.Contains(name, "*") && !slices.Contains(all, name) {
			return nil
		}
	}
	return slices.DeleteFunc(slices.Clone(models), func(name string) bool {
		return !plainModel(name) || covered(name, t.models) || t.aliases[name] != nil || slices.Contains(models, t.own[name])
	})
}

// refuses is [keyTeam.outside] that tells access groups from models. all is the names that
// may be granted.
func (t keyTeam) refuses(ctx context.Context, call *operation.Call, models, all []string) ([]string, error) {
	if len(t.outside(models, all)) == 0 {
		return nil, nil
	}
	single, err := modelsToGrant(ctx, call, false)
	if err != nil || single == nil {
		return nil, err
	}
	if t.models, err = withoutGroups(ctx, call, t.models, single); err != nil {
		return nil, err
	}
	// An access group stands for models of which the team may have some.
	return slices.DeleteFunc(t.outside(models, single), func(name string) bool { return slices.Contains(all, name) && !slices.Contains(single, name) }), nil
}

// withoutGroups puts the models of access groups in place of their names, as far as the key
// may see them.
func withoutGroups(ctx context.Context, call *operation.Call, names, models []string) ([]string, error) {
	if !slices.ContainsFunc(names, func(name string) bool { return plainModel(name) && !slices.Contains(models, name) }) {
		return names, nil
	}
	out := slices.Clone(names)
	for group, err := range accessGroupCollection.All(ctx, call, nil) {
		if e := operation.AsError(err); e != nil && (e.Status != 0 || e.Code == proxyclient.CodeBadAnswer) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		if at := slices.Index(out, operation.Word(operation.Lookup(group, accessGroupCollection.ID))); at >= 0 {
			var of []string
			_ = json.Unmarshal(operation.Lookup(group, "model_names"), &of)
			out = slices.Replace(out, at, at+1, of...)
		}
	}
	return out, nil
}

// refuses is [team.lacks] that knows wildcards, access groups and aliases; aliases are those
// of the key that is to have the models.
func (t *team) refuses(ctx context.Context, call *operation.Call, models []string, aliases json.RawMessage) ([]string, error) {
	lacking := t.lacks(models)
	if len(lacking) == 0 {
		return nil, nil
	}
	all, err := modelsToGrant(ctx, call, true)
	if err != nil || all == nil {
		return lacking, err
	}
	grants := keyTeam{}.grants(t.item)
	grants.calls(aliases)
	return grants.refuses(ctx, call, models, all)
}

// teamOfKey returns the team to which the key of this call belongs or will belong.
func teamOfKey(ctx context.Context, call *operation.Call, body operation.Args) (keyTeam, error) {
	if call.Operation().Resource() != "keys" || body["models"] == nil {
		return keyTeam{}, nil
	}
	var t keyTeam
	id := body.String("team_id")
	if _, changes := body["team_id"]; !changes && call.Arg("key") != nil {
		key, err := keyToChange(ctx, call)
		if err != nil && !operation.IsRefused(err) {
			return keyTeam{}, err
		}
		id = operation.Word(operation.NoNull(operation.Lookup(key.Item, "team_id")))
		t.calls(operation.Lookup(key.Item, "aliases"))
	}
	t.calls(body["aliases"])
	if id == "" {
		return t, nil
	}
	team, err := teamCollection.FindID(ctx, call, id)
	if e := operation.AsError(err); e != nil && (e.Status != 0 || operation.IsNotFound(err)) {
		return t, nil // the caller may not see it
	}
	t.name = team.Label()
	return t.grants(team.Item), err
}
