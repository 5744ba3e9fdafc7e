package sheet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
)

// people are the rows of users onboard and teams setup: a person each, with the arguments of
// users onboard.
var people = &Resource{
	Name: "users", What: "user", Create: "users onboard", Alias: "user_email", Needs: []string{"user_email"}, Per: "team_id", Once: []string{"key_alias"},
	Also: map[string]string{"name": "user_alias", "mail": "user_email", "e-mail": "user_email"},
}

// PeopleColumns returns the names of the columns of a file of people.
func PeopleColumns(all operation.Catalog) (names []string) {
	for _, c := range people.Columns(all) {
		names = append(names, c.Name)
	}
	return names
}

// Onboarding gives the people of a file access: user, team membership and key. Running it
// again does only what is missing.
type Onboarding struct {
	Operations operation.Catalog
	Env        operation.Env
	// Common are the arguments of rows that have none of their own.
	Common operation.Args
	// Setup are the arguments of teams setup for teams that do not exist; nil: every team must.
	Setup operation.Args
	// Keep keeps the answer of users onboard with a new key.
	Keep func(answer json.RawMessage) error

	onboard, setup *operation.Operation
	lookup         *operation.Call
	teams          map[string]*newTeam
	people         map[string]*sync.Mutex     // by email: two rows must not create one user twice
	ids            map[string]json.RawMessage // of teams that exist, by the name in the file
}

// newTeam is a team of the file. A team that exists is made already.
type newTeam struct {
	mu   sync.Mutex
	made bool
	args operation.Args
}

// Person is a row of a plan.
type Person struct {
	Name string
	// Steps is what is to be done: "create the user". Empty means nothing.
	Steps []string
	// Key means that the person gets a key.
	Key bool

	args operation.Args
	team *newTeam // nil: none that Setup makes
}

// PeoplePlan is what becomes of the rows.
type PeoplePlan struct {
	Faults []Fault
	Teams  []string // to create
	People []*Person
	Notes  []string
}

// Plan reads the rows and asks the gateway what is missing. It sends no changes.
func (o *Onboarding) Plan(ctx context.Context, rows iter.Seq2[bulk.Row, error]) (*PeoplePlan, error) {
	o.onboard, o.setup = o.Operations.Find("users onboard"), o.Operations.Find("teams setup")
	o.teams, o.people, o.ids = map[string]*newTeam{}, map[string]*sync.Mutex{}, map[string]json.RawMessage{}
	loaded, faults := people.load(o.Operations, rows)
	p := &PeoplePlan{Faults: faults}
	var err error
	if o.lookup, err = operation.Prepare(ctx, o.Env, o.Operations.Find("teams list"), operation.Args{}); err != nil {
		return nil, err
	}
	notes := map[string]bool{}
	for i, row := range loaded {
		if o.Env.Progress != nil {
			o.Env.Progress(i, len(loaded))
		}
		person, err := o.person(ctx, row, p, notes)
		if code := operation.AsError(err); err != nil && (code == nil || isFatal(code)) {
			return nil, err
		}
		if err != nil {
			p.Faults = append(p.Faults, Fault{row.line, unprefixed(plain(err), o.onboard.Path+": ", "not found: ")})
			continue
		}
		p.People = append(p.People, person)
	}
	p.Notes = slices.Sorted(maps.Keys(notes))
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return a.Line - b.Line })
	return p, nil
}

// person finds out what a row needs.
func (o *Onboarding) person(ctx context.Context, row row, p *PeoplePlan, notes map[string]bool) (*Person, error) {
	args := maps.Clone(o.Common)
	if args == nil {
		args = operation.Args{}
	}
	maps.Copy(args, row.args)
	email := args.String("user_email")
	person := &Person{Name: fmt.Sprintf("line %d: %s", row.line, operation.Shown(email)), args: args}
	o.people[strings.ToLower(email)] = &sync.Mutex{}
	if o.Setup != nil {
		var err error
		if person.team, err = o.team(ctx, args, p); err != nil {
			return nil, err
		}
	}
	fresh, asked := person.team != nil && !person.team.made, args
	if fresh {
		asked = maps.Clone(args)
		delete(asked, "team_id")
		if asked.String("key_alias") == "" { // a key outside the team is another one
			asked["key_alias"] = operation.Encode(unusedAlias)
		}
	}
	name := asked.String("team_id")
	if id := o.ids[name]; id != nil && !fresh {
		asked = asked.With("team_id", id)
	}
	call, plan, err := o.planned(ctx, o.onboard, asked)
	if err != nil {
		return nil, err
	}
	if !fresh { // the names are looked up
		person.args = call.Args()
		if name != "" {
			o.ids[name] = person.args["team_id"]
		}
	}
	for _, note := range plan.Notes {
		notes[columnWords(note)] = true
	}
	person.counts(plan, fresh)
	return person, nil
}

// unprefixed returns a text without these words at its beginning.
func unprefixed(text string, words ...string) string {
	for _, word := range words {
		text = strings.TrimPrefix(text, word)
	}
	return text
}

// unusedAlias is an alias that no key has: whoever joins a new team gets a new key.
const unusedAlias = "litellm-proxy: the key of a new team"

// counts words the requests of a plan as steps. fresh means that the team is new too.
func (person *Person) counts(plan *operation.Plan, fresh bool) {
	for _, r := range plan.Requests {
		switch r.Path {
		case "/user/new":
			person.Steps = append(person.Steps, "create the user")
		case "/team/member_add":
			person.Steps = append(person.Steps, "join the team")
		case "/key/generate":
			person.Steps, person.Key = append(person.Steps, "generate a key"), true
		}
	}
	if fresh {
		person.Steps = slices.Insert(person.Steps, max(0, len(person.Steps)-1), "join the new team")
	}
}

// planned returns a call and what it would send.
func (o *Onboarding) planned(ctx context.Context, op *operation.Operation, args operation.Args) (*operation.Call, *operation.Plan, error) {
	env := o.Env
	env.Progress = nil
	call, err := operation.Prepare(ctx, env, op, args)
	if err != nil {
		return nil, nil, err
	}
	plan, err := call.Plan(ctx)
	return call, plan, err
}

// team returns the team of a row, planned once. A team that exists must have the settings
// that are given.
func (o *Onboarding) team(ctx context.Context, args operation.Args, p *PeoplePlan) (*newTeam, error) {
	name, only := args.String("team_id"), o.Setup.String("team_alias")
	switch {
	case name == "" && only == "":
		return nil, operation.Usage("has no team; add a column team, or name the team on the command line")
	case name == "":
		name = only
		args["team_id"] = operation.Encode(only)
	case only != "" && name != only:
		return nil, operation.Usage(fmt.Sprintf("is for team %s, not %s", operation.Shown(name), operation.Shown(only)))
	}
	if t := o.teams[name]; t != nil {
		return t, nil
	}
	t := &newTeam{args: o.Setup.With("team_alias", name)}
	of := o.Operations.Find("teams list").Collection()
	_, err := of.Find(ctx, o.lookup, name, "team_id")
	switch {
	case err == nil:
		t.made = true
		if len(t.args) > 1 { // settings that it must have
			_, _, err = o.planned(ctx, o.setup, t.args)
		}
	case operation.IsNotFound(err):
		_, _, err = o.planned(ctx, o.setup, t.args)
		p.Teams = append(p.Teams, name)
	}
	if err != nil {
		return nil, err
	}
	o.teams[name] = t
	return t, nil
}

// Items returns what is to be done, a person each.
func (o *Onboarding) Items(p *PeoplePlan) iter.Seq[bulk.Item] {
	return func(yield func(bulk.Item) bool) {
		for _, person := range p.People {
			if !yield(bulk.Item{Name: person.Name, Do: func(ctx context.Context) (bulk.Outcome, error) { return o.do(ctx, person) }}) {
				return
			}
		}
	}
}

func (o *Onboarding) do(ctx context.Context, person *Person) (bulk.Outcome, error) {
	lock := o.people[strings.ToLower(person.args.String("user_email"))]
	lock.Lock()
	defer lock.Unlock()
	out := bulk.Outcome{State: bulk.Unchanged}
	if len(person.Steps) == 0 {
		return out, nil
	}
	if err := o.make(ctx, person.team); err != nil {
		return out, err
	}
	env := o.Env
	env.Progress = nil
	call, err := operation.Prepare(ctx, env, o.onboard, person.args)
	if err != nil {
		return out, err
	}
	call.Waive()
	result, err := call.Run(ctx)
	if err != nil || result.Unchanged {
		return out, err
	}
	out.State, out.ID = bulk.Created, operation.Word(operation.Lookup(result.Body, "user_id"))
	if operation.NoNull(operation.Lookup(result.Body, "key")) != nil {
		if err := o.Keep(result.Body); err != nil {
			return out, fmt.Errorf("the key was generated and is lost (%w); delete it with {op:keys delete} %s", err, operation.Word(operation.Lookup(result.Body, "token")))
		}
	}
	if len(result.Failed) > 0 {
		return out, errors.New(result.Failed[0].What + ": " + result.Failed[0].Why)
	}
	return out, nil
}

// make creates a team that does not exist yet, once for all its people.
func (o *Onboarding) make(ctx context.Context, t *newTeam) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made {
		return nil
	}
	env := o.Env
	env.Progress = nil
	call, err := operation.Prepare(ctx, env, o.setup, t.args)
	if err != nil {
		return err
	}
	call.Waive()
	result, err := call.Run(ctx)
	if err == nil && len(result.Failed) > 0 {
		err = errors.New(result.Failed[0].What + ": " + result.Failed[0].Why)
	}
	t.made = err == nil
	return err
}
