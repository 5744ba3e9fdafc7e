package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// accessGroupPath is the route of an access group. If it cannot carry the name of a group,
// the group is read in the list and changed through its deployments, which name their groups.
const accessGroupPath = "/access_group/{access_group}"

// groupRequest sends a request to the route of an access group.
func groupRequest(ctx context.Context, call *operation.Call, method, what, group string, body any) (operation.Result, error) {
	r := proxyclient.Request{Method: method, Path: accessGroupPath + what, Params: map[string]string{"access_group": group}, Read: method == http.MethodGet}
	if body != nil {
		r.Body = operation.Encode(body)
	}
	answer, err := call.Client().JSON(ctx, r)
	return operation.Result{Body: answer}, err
}

func getAccessGroup(ctx context.Context, call *operation.Call, in accessGroupName) (operation.Result, error) {
	if outOfReach(accessGroupPath, "access_group", in.AccessGroup) {
		group, err := accessGroupCollection.FindID(ctx, call, in.AccessGroup)
		return operation.Result{Body: group.Item}, err
	}
	return groupRequest(ctx, call, http.MethodGet, "/info", in.AccessGroup, nil)
}

func getAccessGroupBudget(ctx context.Context, call *operation.Call, in accessGroupName) (operation.Result, error) {
	if outOfReach(accessGroupPath, "access_group", in.AccessGroup) {
		group, err := accessGroupCollection.FindID(ctx, call, in.AccessGroup)
		if err != nil {
			return operation.Result{}, err
		}
		return operation.Result{Body: operation.Encode(operation.RowOf("access_group", in.AccessGroup,
			"spend", operation.Lookup(group.Item, "spend"), "budget", operation.Lookup(group.Item, "budget")))}, nil
	}
	return groupRequest(ctx, call, http.MethodGet, "/budget", in.AccessGroup, nil)
}

func updateAccessGroup(ctx context.Context, call *operation.Call, in accessGroupModels) (operation.Result, error) {
	if outOfReach(accessGroupPath, "access_group", in.AccessGroup) {
		return regroup(ctx, call, in.AccessGroup, in.ModelNames, in.ModelIDs)
	}
	fields := call.Body()
	delete(fields, "access_group")
	return groupRequest(ctx, call, http.MethodPut, "/update", in.AccessGroup, fields)
}

func deleteAccessGroup(ctx context.Context, call *operation.Call, in accessGroupName) (operation.Result, error) {
	if outOfReach(accessGroupPath, "access_group", in.AccessGroup) {
		return regroup(ctx, call, in.AccessGroup, nil, nil)
	}
	return groupRequest(ctx, call, http.MethodDelete, "/delete", in.AccessGroup, nil)
}

// regroup makes an existing access group have exactly the stored deployments of these
// models and IDs, with a change of each deployment that joins or leaves it.
func regroup(ctx context.Context, call *operation.Call, group string, models, ids []string) (operation.Result, error) {
	if _, err := accessGroupCollection.FindID(ctx, call, group); err != nil {
		return operation.Result{}, err
	}
	groups, changed, members, err := regrouped(ctx, call, group, models, ids)
	if err != nil {
		return operation.Result{}, err
	}
	for _, id := range changed {
		if err := proxyclient.CheckPath(modelPath, "model_id", id); err != nil {
			return operation.Result{}, err
		}
	}
	steps := operation.NewSteps(call)
	for _, id := range changed {
		steps.Try("deployment "+id, func() error {
			info := operation.Args{"id": operation.Encode(id), "db_model": json.RawMessage("true"), "access_groups": operation.Encode(groups[id])}
			_, err := call.Send(ctx, http.MethodPatch, modelPath, id, operation.Args{"model_info": operation.Encode(info)})
			return err
		})
	}
	if models == nil && ids == nil {
		members = len(changed)
	}
	result, err := steps.Result(operation.Encode(operation.RowOf("access_group", group, "models_updated", members)))
	result.Done = ""
	return result, err
}

// regrouped returns the new groups of each deployment that joins or leaves a group, the IDs
// of these in order, and how many members the group has then.
func regrouped(ctx context.Context, call *operation.Call, group string, models, ids []string) (groups map[string][]string, changed []string, members int, err error) {
	missed := slices.Concat(models, ids)
	groups = map[string][]string{}
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil {
			return nil, nil, 0, err
		}
		if string(operation.Lookup(item, "model_info.db_model")) != "true" {
			continue
		}
		id, name := operation.Word(operation.Lookup(item, deploymentCollection.ID)), operation.Word(operation.Lookup(item, deploymentCollection.Name))
		var is []string
		_ = json.Unmarshal(operation.Lookup(item, "model_info.access_groups"), &is)
		in := slices.Contains(models, name) || slices.Contains(ids, id)
		missed = slices.DeleteFunc(missed, func(wanted string) bool { return in && (wanted == name || wanted == id) })
		switch {
		case in:
			members++
			if !slices.Contains(is, group) {
				groups[id], changed = append(is, group), append(changed, id)
			}
		case slices.Contains(is, group):
			groups[id], changed = without(is, []string{group}), append(changed, id)
		}
	}
	if len(missed) > 0 {
		return nil, nil, 0, deploymentCollection.Missing(operation.Unique(missed))
	}
	return groups, changed, members, nil
}
