package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"litellm-proxy/proxyclient"
)

// A field tagged ref:"team_id" (or ref:"team_id,required") takes the name that people use where the API
// wants an identifier: before the operation runs, the name is looked up and the
// argument team_id takes its place. Giving both is a mistake; an ambiguous name
// lists its candidates and nothing is sent. The field's own name says which
// directory is searched.

// directory is where names of one kind are looked up.
type directory struct {
	what   string // for messages: "team"
	Path   string // GET
	filter string // query parameter that narrows the list, perhaps to partial matches
	items  string // dotted path of the list
	name   string // dotted path of the name in an item
	id     string // dotted path of the identifier
	fold   bool   // names differ by more than case
	query  url.Values
}

var Directories = map[string]directory{
	"team": {what: "team", Path: "/v2/team/list", filter: "team_alias", items: "teams", name: "team_alias", id: "team_id",
		query: url.Values{"page_size": {"100"}}},
	"user": {what: "user", Path: "/user/list", filter: "user_email", items: "users", name: "user_email", id: "user_id", fold: true,
		query: url.Values{"page_size": {"100"}}},
	"organization": {what: "organization", Path: "/organization/list", filter: "org_alias", items: "", name: "organization_alias", id: "organization_id"},
	"alias": {what: "key", Path: "/key/list", filter: "key_alias", items: "keys", name: "key_alias", id: "token",
		query: url.Values{"return_full_object": {"true"}, "size": {"100"}}},
	"name": {what: "model", Path: "/v1/model/info", items: "data", name: "model_name", id: "model_info.id"},
}

// resolve replaces names by identifiers in the arguments.
func (op *Operation) resolve(ctx context.Context, env Env, args Args) (Args, error) {
	for _, f := range op.Fields() {
		value, given := args[f.Name]
		if f.RefRequired && !given && args[f.Ref] == nil {
			return nil, Usage(fmt.Sprintf("{%s} or {%s} is required", f.Ref, f.Name))
		}
		if f.Ref == "" || !given {
			continue
		}
		if _, both := args[f.Ref]; both {
			return nil, Usage(fmt.Sprintf("{%s} and {%s} both name it: give one", f.Name, f.Ref))
		}
		id, err := Directories[f.Name].Find(ctx, env, Word(value), f.Ref)
		if err != nil {
			return nil, err
		}
		if target, _ := op.Field(f.Ref); target.Kind == KindStrings {
			id = Encode([]json.RawMessage{id})
		}
		args = maps.Clone(args)
		delete(args, f.Name)
		args[f.Ref] = id
	}
	return args, nil
}

// find returns the identifier of the one thing with this name.
func (d directory) Find(ctx context.Context, env Env, name, ref string) (json.RawMessage, error) {
	r := proxyclient.Request{Path: d.Path, Query: url.Values{}}
	maps.Copy(r.Query, d.query)
	if d.filter != "" {
		r.Query.Set(d.filter, name)
	}
	body, err := env.Read(ctx, r)
	if err != nil {
		return nil, proxyclient.Wrap("look up "+d.what+" "+Shown(name), err)
	}
	list := body
	if d.items != "" {
		list = Lookup(body, d.items)
	}
	var items, found []json.RawMessage
	if err := json.Unmarshal(list, &items); err != nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer to " + d.Path + " has no list"}
	}
	for _, item := range items {
		if got := Word(Lookup(item, d.name)); got == name || d.fold && strings.EqualFold(got, name) {
			found = append(found, item)
		}
	}
	switch len(found) {
	case 0:
		return nil, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: fmt.Sprintf("no %s is called %q", d.what, Shown(name)),
			Hint: fmt.Sprintf("nothing was changed; an identifier goes into {%s}", ref)}
	case 1:
		return Lookup(found[0], d.id), nil
	}
	return nil, Ambiguous(d.what, name, ref, found, d.id)
}

// ambiguous lists the things that share a name.
func Ambiguous(what, name, ref string, found []json.RawMessage, id string) error {
	var candidates strings.Builder
	for _, item := range found {
		fmt.Fprintf(&candidates, "\n  %s", Word(Lookup(item, id)))
	}
	return &proxyclient.Error{Code: proxyclient.CodeInvalid,
		Message: fmt.Sprintf("%d %ss are called %q:%s", len(found), what, Shown(name), candidates.String()),
		Hint:    fmt.Sprintf("nothing was changed; name one with {%s}", ref)}
}
