package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/config"
	"litellm-proxy/internal/modelfile"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// modelsImport is one run of models import.
type modelsImport struct {
	*bulkRun
	rules          modelfile.Rules
	models, groups string // regular expressions
	// unselected has the names of entries that these leave out: they may describe what the
	// gateway has beside the selected ones.
	unselected map[string]bool

	env         operation.Env
	known       *operation.Shared // what the models look up
	file        *modelfile.File
	plan        []modelfile.PlannedModel
	credentials []modelfile.PlannedCredential
	// unresolved is the error for entries of which the gateway does not use all.
	unresolved error
	// alone is held for writing by a model that is added again because the gateway could not
	// serve it: the fault of one keeps others from being served.
	alone   sync.RWMutex
	mu      sync.Mutex
	added   map[string]bool     // by ID
	earlier map[string]*earlier // what others wait for, by kind and name
}

func (a *app) bindModelsImport(cmd *cobra.Command) {
	cmd.Use, cmd.Args = "import <file>", oneFile
	cmd.Long = `Add the models of a LiteLLM config.yaml (model_list and credential_list) to the gateway.

The file is read as the gateway reads it and checked as a whole; with an error in it, nothing
is sent. References such as os.environ/NAME are sent as references. Other sections are named
and not imported.

An entry is identified by its model_info.id, or else by an ID derived from its content, so a
second run adds only what is missing. An entry without an ID also matches a deployment that
looks the same, such as one of the gateway's own configuration. Entries that differ from the
gateway are reported and changed only with --update. Nothing is deleted.`
	cmd.Example = "  litellm-proxy models import config.yaml --dry-run\n" +
		"  litellm-proxy models import config.yaml --only-models-matching-regex '^openai/' --report added.csv"
	run := &modelsImport{bulkRun: a.bindBulk(cmd)}
	flags := cmd.Flags()
	flags.StringVar(&run.models, "only-models-matching-regex", "", "Only models whose litellm_params.model matches this regular expression")
	flags.StringVar(&run.groups, "only-access-groups-matching-regex", "", "Only models with an access group that matches this regular expression")
	flags.BoolVar(&run.rules.Update, "update", false, "Change models and credentials that differ from the file")
	flags.BoolVar(&run.rules.ByID, "by-id", false, "Match models by ID only, not by content")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return run.start(cmd.Context(), args[0]) }
}

// start plans the import without writing anything, and runs it.
func (m *modelsImport) start(ctx context.Context, path string) error {
	if err := m.check(); err != nil {
		return err
	}
	selects, err := m.filter()
	if err != nil {
		return err
	}
	if m.file, err = m.modelFile(path); err != nil {
		return err
	}
	if m.input = path; path == "-" {
		m.input = ""
	}
	if err := m.checked(path); err != nil {
		return err
	}
	if err := m.choose(selects); err != nil {
		return err
	}
	client, err := m.client()
	if err != nil {
		return err
	}
	m.env = operation.Env{Client: client.WithChangedBy(config.Person(m.Getenv, os.Hostname)), Shared: operation.NewShared()}
	if err := m.compare(ctx); err != nil {
		return err
	}
	m.known, m.added = operation.NewShared(), map[string]bool{}
	err = m.bulkRun.run(ctx, m.bulkPlan())
	if ctx.Err() != nil || err != nil && !errors.Is(err, errFailed) {
		return err
	}
	return errors.Join(err, m.unresolved, m.verify(ctx))
}

// checked reports every finding. With an error, nothing is sent.
func (m *modelsImport) checked(path string) error {
	refused := 0
	for _, f := range m.file.Findings {
		m.note("%s", f)
		if f.Severity != modelfile.Warning {
			refused++
		}
	}
	if refused > 0 {
		return usageError(fmt.Sprintf("%s has %s; nothing was sent", path, operation.Counted(refused, "error")))
	}
	if len(m.file.Models)+len(m.file.Credentials) == 0 {
		return usageError(path + " has no model_list and no credential_list; nothing was sent")
	}
	for _, model := range m.file.Models {
		if err := m.Operations.Find("models add").Validate(model.Args()); err != nil {
			return fmt.Errorf("%s: %s: %w", model.Place, model.Name, err)
		}
	}
	for _, c := range m.file.Credentials {
		if err := m.Operations.Find("credentials create").Validate(c.Args()); err != nil {
			return fmt.Errorf("%s: %s: %w", c.Place, c.Name, err)
		}
	}
	if len(m.file.Sections) > 0 {
		m.note("Not imported: %s.", strings.Join(m.file.Sections, ", "))
	}
	return nil
}

// filter compiles the regular expressions. Their syntax is close to Python's.
func (m *modelsImport) filter() (func(modelfile.Model) (bool, error), error) {
	models, err := expression("only-models-matching-regex", m.models)
	if err != nil {
		return nil, err
	}
	groups, err := expression("only-access-groups-matching-regex", m.groups)
	if err != nil {
		return nil, err
	}
	return func(model modelfile.Model) (bool, error) {
		ok, err := models(model.Upstream())
		if !ok || err != nil || m.groups == "" {
			return ok, err
		}
		for _, group := range model.AccessGroups() {
			if ok, err := groups(group); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}, nil
}

// choose drops the models that were not asked for, and the credentials that only they use.
func (m *modelsImport) choose(selects func(modelfile.Model) (bool, error)) error {
	if m.models == "" && m.groups == "" {
		return nil
	}
	all := len(m.file.Models)
	var chosen []modelfile.Model
	m.unselected = map[string]bool{}
	for _, model := range m.file.Models {
		ok, err := selects(model)
		if err != nil {
			return err
		}
		if ok {
			chosen = append(chosen, model)
		} else {
			m.unselected[model.Name] = true
		}
	}
	m.file.Models = chosen
	m.file.Credentials = slices.DeleteFunc(m.file.Credentials, func(c modelfile.Credential) bool {
		return !slices.ContainsFunc(m.file.Models, func(model modelfile.Model) bool { return model.Credential() == c.Name })
	})
	m.note("%d of %s selected", len(m.file.Models), operation.Counted(all, "model"))
	return nil
}

// compare reads what the gateway has, once, and plans.
func (m *modelsImport) compare(ctx context.Context) error {
	deployments, err := m.deployments(ctx, m.env)
	if err != nil {
		return err
	}
	var stored []modelfile.StoredCredential
	uses := slices.ContainsFunc(m.file.Models, func(model modelfile.Model) bool { return model.Credential() != "" })
	if len(m.file.Credentials) > 0 || uses {
		if stored, err = m.storedCredentials(ctx, m.env); err != nil {
			return err
		}
	}
	missing := modelfile.MissingCredentials(m.file.Models, m.file.Credentials, stored)
	for _, f := range missing {
		m.note("%s", f)
	}
	if len(missing) > 0 {
		return &proxyclient.Error{Code: proxyclient.CodeInvalid, Message: "models refer to credentials that do not exist; nothing was sent",
			Hint: "add them to credential_list in the file, or create them with credentials create"}
	}
	var others []modelfile.Deployment
	m.plan, others = modelfile.Compare(m.file.Models, deployments, m.rules)
	others = slices.DeleteFunc(others, func(d modelfile.Deployment) bool { return m.unselected[d.Name] })
	m.credentials = modelfile.CompareCredentials(m.file.Credentials, stored, m.rules)
	m.show(others)
	m.unresolved = m.tell(modelfile.Unresolved(m.plan, deployments, modelfile.Unchanged))
	return nil
}

// tell notes each fault. With one, the command fails.
func (m *modelsImport) tell(faults []string) error {
	for _, fault := range faults {
		m.note("%s", fault)
	}
	if len(faults) > 0 {
		return errFailed
	}
	return nil
}

// maxPlanLines is how many entries of a plan are shown one by one.
const maxPlanLines = 100

// show prints the plan: each entry that is not unchanged, and what the file does not tell.
func (m *modelsImport) show(others []modelfile.Deployment) {
	lines := 0
	line := func(action modelfile.Action, what, id, reason string) {
		if action == modelfile.Unchanged && reason == "" {
			return
		}
		if lines++; lines > maxPlanLines {
			return
		}
		m.note("%-9s %s%s", action, what, m.plain(prefixed("  ", id)+prefixed("  ", reason)))
	}
	for _, c := range m.credentials {
		line(c.Action, "credential "+operation.Shown(c.Name), "", c.Reason)
	}
	secrets := 0
	for _, p := range m.plan {
		line(p.Action, operation.Shown(p.Label()), p.ID, p.Reason)
		if p.Given && p.Action == modelfile.Unchanged && p.HasSecrets() {
			secrets++
		}
	}
	if lines > maxPlanLines {
		m.note("… and %d more", lines-maxPlanLines)
	}
	if secrets > 0 {
		m.note("Secrets that changed in the file are not noticed, because the gateway does not show them (%d unchanged with a secret and an ID). To send one, use models update.", secrets)
	}
	for _, d := range others {
		m.note("The gateway also has a deployment of %s that the file does not describe: %s. It stays.", operation.Shown(d.Name), d.ID)
	}
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// bulkPlan is the plan in the terms of all bulk runs.
func (m *modelsImport) bulkPlan() bulkPlan {
	m.earlier = map[string]*earlier{}
	steps := map[modelfile.Action]*planStep{
		modelfile.Create: {verb: "create"}, modelfile.Change: {verb: "change"}, modelfile.Unchanged: {state: "unchanged"},
		modelfile.Kept: {state: "different", fails: true}, modelfile.Unclear: {state: "unclear", fails: true},
	}
	for _, c := range m.credentials {
		steps[c.Action].add("credential " + c.Name)
		if c.Action == modelfile.Create || c.Action == modelfile.Change {
			m.earlier["credential "+c.Name] = &earlier{done: make(chan struct{})}
		}
	}
	for _, p := range m.plan {
		steps[p.Action].add(p.Name)
		if p.Risky() && p.Action == modelfile.Create {
			m.earlier["model "+p.ID] = &earlier{done: make(chan struct{})}
		}
	}
	p := bulkPlan{what: "item", items: m.items(), planned: m.planned()}
	if steps[modelfile.Kept].count > 0 && !m.rules.Update {
		p.again = "to change what differs, add --update"
	}
	for _, action := range []modelfile.Action{modelfile.Create, modelfile.Change, modelfile.Unchanged, modelfile.Kept, modelfile.Unclear} {
		if steps[action].count > 0 || action == modelfile.Create || action == modelfile.Unchanged {
			p.steps = append(p.steps, *steps[action])
		}
	}
	return p
}

// planned is the report of a dry run.
func (m *modelsImport) planned() iter.Seq[bulk.Outcome] {
	return func(yield func(bulk.Outcome) bool) {
		for _, c := range m.credentials {
			if !yield(bulk.Outcome{Name: "credential " + c.Name, State: bulk.State(c.Action), Reason: c.Reason}) {
				return
			}
		}
		for _, p := range m.plan {
			if !yield(bulk.Outcome{Name: p.Label(), State: bulk.State(p.Action), ID: p.ID, Reason: p.Reason}) {
				return
			}
		}
	}
}

// items are the credentials, the models that the gateway may not be able to serve, and the
// other models.
func (m *modelsImport) items() iter.Seq[bulk.Item] {
	return func(yield func(bulk.Item) bool) {
		for _, c := range m.credentials {
			name := "credential " + c.Name
			if !yield(bulk.Item{Name: name, Ended: m.awaited(name), Do: func(ctx context.Context) (bulk.Outcome, error) { return m.credential(ctx, c) }}) {
				return
			}
		}
		models := slices.Clone(m.plan)
		slices.SortStableFunc(models, func(a, b modelfile.PlannedModel) int { return rank(a) - rank(b) })
		for _, p := range models {
			name := fmt.Sprintf("%s: %s", p.Place, p.Label())
			if !yield(bulk.Item{Name: name, Ended: m.awaited("model " + p.ID), Do: func(ctx context.Context) (bulk.Outcome, error) { return m.model(ctx, p) }}) {
				return
			}
		}
	}
}

// rank puts the risky models first.
func rank(p modelfile.PlannedModel) int {
	if p.Risky() {
		return 0
	}
	return 1
}

// errDiffers is the outcome of what differs and is not to be changed.
func errDiffers(reason string, rules modelfile.Rules) error {
	hint := ""
	if !rules.Update && !strings.Contains(reason, ";") {
		hint = "; use --update to change it"
	}
	return errors.New(reason + hint)
}
