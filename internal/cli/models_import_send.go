package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/modelfile"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// send runs one write of the import through its operation.
func (m *modelsImport) send(ctx context.Context, path string, args operation.Args) (operation.Result, error) {
	env := m.env
	if strings.HasPrefix(path, "models ") {
		env.Shared = m.known // which has the new credentials
	}
	call, err := operation.Prepare(ctx, env, m.Operations.Find(path), args)
	if err != nil {
		return operation.Result{}, err
	}
	call.Waive()
	result, err := call.Run(ctx)
	for _, note := range result.Notes {
		m.note("%s", m.plain(note))
	}
	return result, err
}

// credential creates or changes one credential.
func (m *modelsImport) credential(ctx context.Context, c modelfile.PlannedCredential) (out bulk.Outcome, err error) {
	out.ID = c.Name
	switch c.Action {
	case modelfile.Create:
		out.State = bulk.Created
		_, err = m.send(ctx, "credentials create", c.Args())
		if bulk.StateAfter(err) == bulk.Unknown && m.isStoredCredential(ctx, c) {
			err = nil
		}
	case modelfile.Change:
		out.State = bulk.Changed
		args := operation.Args(c.Args())
		if len(c.Remove) > 0 {
			args["credential_values_to_delete"] = operation.Encode(c.Remove)
		}
		_, err = m.send(ctx, "credentials update", args)
	case modelfile.Unchanged:
		out.State = bulk.Unchanged
	default:
		return out, errDiffers(c.Reason, m.rules)
	}
	return out, err
}

// isStoredCredential reports whether the gateway has a credential by now.
func (m *modelsImport) isStoredCredential(ctx context.Context, c modelfile.PlannedCredential) bool {
	stored, err := m.storedCredentials(ctx, operation.Env{Client: m.env.Client}) // not what was read before
	plan := modelfile.CompareCredentials([]modelfile.Credential{c.Credential}, stored, modelfile.Rules{})
	return err == nil && plan[0].Action == modelfile.Unchanged
}

// model creates or changes one deployment.
func (m *modelsImport) model(ctx context.Context, p modelfile.PlannedModel) (out bulk.Outcome, err error) {
	out.ID = p.ID
	if p.Action == modelfile.Create || p.Action == modelfile.Change {
		if err := m.wait(ctx, p); err != nil {
			return out, err
		}
	}
	switch p.Action {
	case modelfile.Create:
		out.State = bulk.Created
		err := m.create(ctx, p)
		if errors.Is(err, errThere) {
			out.State, out.Reason, err = bulk.Unchanged, errThere.Error(), nil
		}
		m.record(p.ID, err)
		return out, err
	case modelfile.Change:
		out.State = bulk.Changed
		_, err := m.send(ctx, "models update", changed(p))
		m.record(p.ID, err)
		return out, err
	case modelfile.Unchanged:
		out.State = bulk.Unchanged
		return out, nil
	}
	return out, errDiffers(p.Reason, m.rules)
}

// record remembers what was added or changed.
func (m *modelsImport) record(id string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.added[id] = true
	}
}

// earlier is an item for which others wait.
type earlier struct {
	done  chan struct{}
	state bulk.State // after done
}

// awaited returns what lets go on the items that wait for this one, or nil.
func (m *modelsImport) awaited(name string) func(bulk.Outcome) {
	e := m.earlier[name]
	if e == nil {
		return nil
	}
	return func(o bulk.Outcome) {
		e.state = o.State
		close(e.done)
	}
}

// wait waits for the credentials, which models look up, and for the models that the gateway
// may not be able to serve: while it has one, it serves no new one. It returns an error if
// the run ended meanwhile or the model's own credential was not stored.
func (m *modelsImport) wait(ctx context.Context, p modelfile.PlannedModel) error {
	for name, e := range m.earlier {
		if p.Risky() && strings.HasPrefix(name, "model ") {
			continue
		}
		select {
		case <-e.done:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || e.state == bulk.NotTried {
			return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "what it waits for was not stored in time"}
		}
	}
	if e := m.earlier["credential "+p.Credential()]; e != nil && e.state != bulk.Created && e.state != bulk.Changed {
		return fmt.Errorf("not sent, because its credential %s was not stored", p.Credential())
	}
	return nil
}

// changed is an entry as the arguments of models update: parameters that it does not have
// are removed.
func changed(p modelfile.PlannedModel) operation.Args {
	args := operation.Args(p.Args())
	var params map[string]json.RawMessage
	_ = json.Unmarshal(args["litellm_params"], &params) // it was encoded here
	for _, name := range p.Remove {
		params[name] = json.RawMessage("null")
	}
	args["litellm_params"] = operation.Encode(params)
	args["model_id"] = operation.Encode(p.ID)
	args[operation.ExtraField] = operation.Encode(map[string]json.RawMessage{"model_name": args["model_name"]})
	delete(args, "model_name")
	return args
}

// create adds a deployment. One that the gateway cannot serve is deleted again by the
// operation. The fault may be another one's that was under way, so it is added again while
// nothing else is.
func (m *modelsImport) create(ctx context.Context, p modelfile.PlannedModel) error {
	add := func() error {
		_, err := m.send(ctx, "models add", p.Args())
		return err
	}
	if !p.Risky() {
		m.alone.RLock()
		err := add()
		m.alone.RUnlock()
		if !isStored(err) && (!takenBack(err) || m.parallel == 1) {
			return m.settled(ctx, p, err)
		}
	}
	m.alone.Lock()
	defer m.alone.Unlock()
	err := add()
	if isStored(err) {
		if err = m.forget(ctx, p, err); err == nil {
			err = add()
		}
	}
	return unset(m.settled(ctx, p, err), p)
}

// settled asks the gateway about a deployment whose answer was lost. One that it does not
// list and may be unable to serve keeps it from serving others, so it is deleted.
func (m *modelsImport) settled(ctx context.Context, p modelfile.PlannedModel, lost error) error {
	if lost == nil || bulk.StateAfter(lost) != bulk.Unknown {
		return lost
	}
	switch listed, same, err := m.listed(ctx, p); {
	case err != nil || listed && !same || !listed && !p.Risky():
		return lost
	case listed:
		return nil
	}
	if _, err := m.send(ctx, "models delete", operation.Args{"id": operation.Encode(p.ID)}); err != nil {
		return lost // not stored, or not yet
	}
	return &proxyclient.Error{Code: proxyclient.CodeInternal, Sent: true,
		Message: "the answer was lost, and the gateway stored the deployment but " + notServed}
}

// errThere is the outcome of an entry that the gateway has by now.
var errThere = errors.New("the gateway has it, but did not list it before")

// listed reports whether the gateway lists a deployment by now, and as the entry describes it.
func (m *modelsImport) listed(ctx context.Context, p modelfile.PlannedModel) (listed, same bool, err error) {
	deployments, err := m.deployments(ctx, operation.Env{Client: m.env.Client}) // not what was read before
	if err != nil {
		return false, false, err
	}
	plan, _ := modelfile.Compare([]modelfile.Model{p.Model}, deployments, modelfile.Rules{ByID: true})
	return plan[0].Action != modelfile.Create, plan[0].Action == modelfile.Unchanged, nil
}

// isStored reports whether the gateway refuses a deployment because it has its ID.
func isStored(err error) bool {
	e := operation.AsError(err)
	return e != nil && e.Status == http.StatusInternalServerError && strings.Contains(e.Message, "Failed to add model to db")
}

// forget deletes a deployment that is stored and not listed: the gateway cannot serve it,
// and an import that was killed has left it. One that it lists by now returns errThere.
func (m *modelsImport) forget(ctx context.Context, p modelfile.PlannedModel, refused error) error {
	switch listed, same, err := m.listed(ctx, p); {
	case err != nil:
		return err
	case same:
		return errThere
	case listed:
		return refused // somebody else added it just now
	}
	env := m.env
	env.Identified = true // it is not listed
	call, err := operation.Prepare(ctx, env, m.Operations.Find("models delete"), operation.Args{"id": operation.Encode(p.ID)})
	if err != nil {
		return err
	}
	call.Waive()
	if _, err := call.Run(ctx); err != nil {
		return refused // it is something else
	}
	m.note("%s: %s: the gateway had stored it but did not list it, as after an interrupted import; it is added again", p.Place, operation.Shown(p.Label()))
	return nil
}

// notServed ends or is part of the message about a deployment that was deleted again.
const notServed = "could not serve it, so it was deleted"

// takenBack reports whether models add deleted a deployment because the gateway could not
// serve it.
func takenBack(err error) bool {
	e := operation.AsError(err)
	return e != nil && strings.Contains(e.Message, notServed)
}

// unset names the variable that is probably not set where the gateway cannot serve a
// deployment.
func unset(err error, p modelfile.PlannedModel) error {
	if e := operation.AsError(err); takenBack(err) && strings.HasPrefix(p.Upstream(), "os.environ/") {
		return &proxyclient.Error{Code: e.Code, Status: e.Status, Sent: true,
			Message: "the gateway cannot serve it, because " + strings.TrimPrefix(p.Upstream(), "os.environ/") + " is not set on the gateway; the deployment was removed again"}
	}
	return err
}

// deployments reads all deployments of the gateway.
func (a *app) deployments(ctx context.Context, env operation.Env) (out []modelfile.Deployment, err error) {
	err = a.each(ctx, env, "models info", func(item json.RawMessage) error {
		d, err := modelfile.NewDeployment(item)
		out = append(out, d)
		return err
	})
	return modelfile.Distinct(out), err
}

// storedCredentials reads all credentials of the gateway.
func (a *app) storedCredentials(ctx context.Context, env operation.Env) (out []modelfile.StoredCredential, err error) {
	err = a.each(ctx, env, "credentials list", func(item json.RawMessage) error {
		c, err := modelfile.NewStoredCredential(item)
		out = append(out, c)
		return err
	})
	return out, err
}

// each reads all items of a list.
func (a *app) each(ctx context.Context, env operation.Env, path string, do func(json.RawMessage) error) error {
	call, err := operation.Prepare(ctx, env, a.Operations.Find(path), operation.Args{})
	if err != nil {
		return err
	}
	for result, err := range call.Pages(ctx) {
		if err != nil {
			return err
		}
		for _, item := range result.Page.Items {
			if err := do(item); err != nil {
				return &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: path + ": " + err.Error()}
			}
		}
	}
	return nil
}

// verify reads the deployments once more: what was created or changed is there, and
// references that the gateway could not resolve are named.
func (m *modelsImport) verify(ctx context.Context) error {
	if len(m.added) == 0 {
		return nil
	}
	deployments, err := m.deployments(ctx, operation.Env{Client: m.env.Client}) // not what was read before
	if err != nil {
		return proxyclient.Wrap("checking the result", err)
	}
	faults := modelfile.Unresolved(m.plan, deployments, modelfile.Create, modelfile.Change)
	for _, p := range m.plan {
		if m.added[p.ID] && !slices.ContainsFunc(deployments, func(d modelfile.Deployment) bool { return d.ID == p.ID }) {
			faults = append(faults, fmt.Sprintf("%s: %s: the gateway accepted it but does not list it", p.Place, p.Label()))
		}
	}
	return m.tell(faults)
}
