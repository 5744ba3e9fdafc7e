package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
)

// The questions for a person before something is destroyed: the things by name, then
// what follows, with numbers where the gateway tells them.

type question = func(context.Context, *operation.Call) (string, error)

// asksToDelete is the question of an operation that deletes the things that one argument
// names by their identifiers. follows says what follows from it, as sentences. One that
// does not exist is an error before anybody is asked.
func asksToDelete(of *operation.Collection, argument string, follows func([]operation.Thing) string) operation.Consent {
	return operation.Consent{Ask: func(ctx context.Context, call *operation.Call) (string, error) {
		things, absent, err := of.Targets(ctx, call, argument, call.Args().List(argument))
		if err != nil {
			return "", err
		}
		if len(absent) > 0 {
			return "", of.Missing(absent)
		}
		return "Delete " + several(of.What, things) + "? " + follows(things), nil
	}}
}

// several names things of one kind: "team research (0c95…)", "2 teams: a, b".
func several(what string, things []operation.Thing) string {
	labels := make([]string, len(things))
	for i, thing := range things {
		labels[i] = thing.Label()
	}
	if len(things) == 1 {
		return what + " " + labels[0]
	}
	return fmt.Sprintf("%s: %s", operation.Counted(len(things), what), strings.Join(labels, ", "))
}

// does says what things of one kind do: "key ci (1f3a…) stops working.", "2 keys stop
// working: a, b."
func does(what string, things []operation.Thing, one, many string) string {
	if len(things) == 1 {
		return several(what, things) + " " + one + "."
	}
	return strings.Replace(several(what, things), ": ", " "+many+": ", 1) + "."
}

// ask is a question that needs no look.
func ask(words question) operation.Consent { return operation.Consent{Ask: words} }

// says is the same sentence whatever the things are.
func says(sentence string) func([]operation.Thing) string {
	return func([]operation.Thing) string { return sentence }
}

// part is a consequence that a field of the things counts: "2 keys stop working".
type part struct{ field, noun, one, many string }

// affects words the consequences that can be counted: "Its 6 keys stop working and 5
// members lose access." Without the numbers it stands all the same.
func affects(parts ...part) func([]operation.Thing) string {
	return func(things []operation.Thing) string {
		var words []string
		for _, p := range parts {
			switch n, known := total(things, p.field); {
			case !known:
				words = append(words, plural.Of(p.noun)+" "+p.many)
			case n == 1:
				words = append(words, "1 "+p.noun+" "+p.one)
			case n > 1:
				words = append(words, operation.Counted(n, p.noun)+" "+p.many)
			}
		}
		if len(words) == 0 {
			return "It cannot be undone."
		}
		return its(things) + " " + strings.Join(words, " and ") + "."
	}
}

func its(things []operation.Thing) string {
	if len(things) > 1 {
		return "Their"
	}
	return "Its"
}

// total adds up a field of things; it is known when each has it.
func total(things []operation.Thing, field string) (sum int, known bool) {
	for _, thing := range things {
		n, err := strconv.Atoi(string(operation.Lookup(thing.Item, field)))
		if err != nil {
			return 0, false
		}
		sum += n
	}
	return sum, true
}

// dollars is an amount at a dotted path of a thing, in words; "" when there is none.
func dollars(thing operation.Thing, path string) string {
	if n, err := strconv.ParseFloat(string(operation.Lookup(thing.Item, path)), 64); err == nil {
		return amount(n) + " US dollars"
	}
	return ""
}

// amount writes an amount of money without an exponent and without rounding errors.
func amount(n float64) string { return string(operation.Encode(ledger.Dollars(n))) }

// losesSpend says what goes with things that have limits, and of one how much it spent.
func losesSpend(things []operation.Thing) string {
	if len(things) == 1 {
		if spend := dollars(things[0], "spend"); spend != "" {
			return "Its limits and its recorded spend of " + spend + " are lost."
		}
	}
	return its(things) + " limits and recorded spend are lost."
}

// unlimited says of a budget's deletion who is no longer limited.
func unlimited(users, path string) func([]operation.Thing) string {
	return func(things []operation.Thing) string {
		if limit := dollars(things[0], path); limit != "" {
			return users + " are no longer limited to " + limit + "."
		}
		return users + " are no longer limited by it."
	}
}

// labeled is the name of the thing that an argument identifies, with its kind: "team
// research (0c95…)". An unknown one is an error.
func labeled(ctx context.Context, call *operation.Call, of *operation.Collection, argument string) (string, error) {
	things, absent, err := of.Targets(ctx, call, argument, call.Args().List(argument))
	if err != nil {
		return "", err
	}
	if len(absent) > 0 {
		return "", of.Missing(absent)
	}
	return several(of.What, things), nil
}

// keyTargets are the keys that a call names by key, hash and alias; absent are those
// that do not exist.
func keyTargets(ctx context.Context, call *operation.Call) (things []operation.Thing, absent []string, err error) {
	hashes, aliases := keyNames(call.Args().List("keys")).split()
	given := map[string]string{}
	for i, key := range hashes {
		hashes[i] = operation.KeyHash(key)
		given[hashes[i]] = key
	}
	if things, absent, err = keyCollection.Targets(ctx, call, "keys", hashes); err != nil {
		return nil, nil, err
	}
	for i, hash := range absent {
		absent[i] = given[hash]
	}
	for _, alias := range aliases {
		thing, err := keyCollection.Find(ctx, call, alias, "keys")
		switch {
		case err == nil:
			things = append(things, thing)
		case operation.IsNotFound(err):
			absent = append(absent, alias)
		case operation.IsRefused(err):
			things = append(things, operation.Thing{ID: operation.Encode(alias)})
		default:
			return nil, nil, err
		}
	}
	return things, absent, nil
}

// askDeleteKeys leaves out what does not exist, as the operation does. The keys that
// filters match are in the notes of the plan.
func askDeleteKeys(ctx context.Context, call *operation.Call) (string, error) {
	if n, selects, err := countSelected(ctx, call); selects || err != nil {
		return "Delete " + operation.Counted(n, "key") + "? Programs that use them stop working.", err
	}
	things, absent, err := keyTargets(ctx, call)
	if err != nil {
		return "", err
	}
	if len(things) == 0 {
		return "", keyCollection.Missing(absent)
	}
	return "Delete " + several("key", things) + "? " + stopsWorking(things) + skipped(absent), nil
}

// skipped names what does not exist where the rest is done.
func skipped(absent []string) string {
	if len(absent) == 0 {
		return ""
	}
	return " Not found, so skipped: " + operation.NameList(operation.Encode(absent)) + "."
}

// stopsWorking says what the end of keys means, and of one when it was last used.
func stopsWorking(things []operation.Thing) string {
	if len(things) > 1 {
		return "Programs that use them stop working."
	}
	text := "Programs that use it stop working."
	if last, ok := timeOf(things[0].Item, "last_active"); ok {
		text += " It was last used on " + last.Format("2006-01-02") + "."
	}
	return text
}

// keyOf is the key that a call names.
func keyOf(ctx context.Context, call *operation.Call) (operation.Thing, error) {
	hash := operation.KeyHash(call.Args().String("key"))
	things, absent, err := keyCollection.Targets(ctx, call, "key", []string{hash})
	if len(absent) > 0 {
		err = keyCollection.Missing(absent)
	}
	if err != nil {
		return operation.Thing{}, err
	}
	return things[0], nil
}

func askRegenerate(ctx context.Context, call *operation.Call) (string, error) {
	key, err := keyOf(ctx, call)
	if err != nil {
		return "", err
	}
	until := "at once"
	if grace := call.Args().String("grace_period"); grace != "" {
		until = "after " + operation.Name(grace)
	}
	return "Replace key " + key.Label() + " with a new one? The old key stops working " + until + ".", nil
}

// askBulkDeleteUsers leaves out who does not exist, as the operation does.
func askBulkDeleteUsers(ctx context.Context, call *operation.Call) (string, error) {
	things, absent, err := userCollection.Targets(ctx, call, "user_ids", call.Args().List("user_ids"))
	if err != nil {
		return "", err
	}
	if len(things) == 0 {
		return "", userCollection.Missing(absent)
	}
	return "Delete " + several("user", things) + "? " + losesKeys(things) + skipped(absent), nil
}

// losesKeys says how many keys users lose.
func losesKeys(things []operation.Thing) string {
	text := affects(part{"key_count", "key", "stops working", "stop working"})(things)
	return strings.Replace(text, "Its ", "Their ", 1)
}

func askRetire(ctx context.Context, call *operation.Call) (string, error) {
	things, absent, err := userCollection.Targets(ctx, call, "user_id", call.Args().List("user_id"))
	if err != nil {
		return "", err
	}
	if len(absent) > 0 {
		return "", userCollection.Missing(absent)
	}
	who, err := readRetired(ctx, call, call.Args().String("user_id"))
	if err != nil {
		return "", err
	}
	keys := "They have no keys."
	if n := len(who.Keys); n == 1 {
		keys = "Their key stops working: " + who.keys() + "."
	} else if n > 1 {
		keys = "Their " + operation.Counted(n, "key") + " stop working: " + who.keys() + "."
	}
	if spend, err := money(who.Spend); err == nil {
		keys += " They spent " + amount(spend) + " US dollars."
	}
	if string(call.Arg("block_only")) == "true" {
		return "Block the keys of " + several("user", things) + "? " + keys, nil
	}
	return "Block the keys of " + several("user", things) + ", then delete the user and the keys? " + keys, nil
}

// askRemoveMembers names the members with the number of their keys of the team, which
// are deleted.
func askRemoveMembers(ctx context.Context, call *operation.Call) (string, error) {
	team, err := labeled(ctx, call, teamCollection, "team_id")
	if err != nil {
		return "", err
	}
	things, absent, err := userCollection.Targets(ctx, call, "user_ids", call.Args().List("user_ids"))
	if err != nil {
		return "", err
	}
	for _, id := range absent {
		things = append(things, operation.Thing{ID: operation.Encode(id)})
	}
	for _, email := range call.Args().List("user_emails") {
		thing, err := userCollection.Find(ctx, call, email, "user_ids")
		if operation.IsNotFound(err) || operation.IsRefused(err) {
			thing, err = operation.Thing{ID: operation.Encode(email)}, nil
		}
		if err != nil {
			return "", err
		}
		things = append(things, thing)
	}
	if len(things) == 0 {
		return "", operation.Usage("no user to remove: give {user_ids} or {user_emails}")
	}
	return "Remove " + several("user", things) + " from " + team + "? " + teamKeys(ctx, call, things), nil
}

// maxCounted bounds for how many members keys are counted: each is a request.
const maxCounted = 20

func teamKeys(ctx context.Context, call *operation.Call, members []operation.Thing) string {
	n := 0
	for i, member := range members {
		for _, err := range keyCollection.All(ctx, call, url.Values{"team_id": {call.Args().String("team_id")}, "user_id": {operation.Word(member.ID)}}) {
			if n++; err != nil || i >= maxCounted {
				return "Their keys of the team are deleted."
			}
		}
	}
	switch n {
	case 0:
		return "They have no keys of the team."
	case 1:
		return "Their key of the team is deleted."
	}
	return "Their " + operation.Counted(n, "key") + " of the team are deleted."
}

// leaves says of deployments to delete how many others their models have.
func leaves(ctx context.Context, call *operation.Call) (string, error) {
	id := call.Args().String("id")
	things, absent, err := deploymentCollection.Targets(ctx, call, "id", []string{id})
	if err != nil {
		return "", err
	}
	if len(absent) > 0 {
		return "", deploymentCollection.Missing(absent)
	}
	text, name, others := "Delete "+several("deployment", things)+"?", things[0].Name, 0
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil || name == "" {
			return text + " Calls to it fail.", nil
		}
		if operation.Word(operation.Lookup(item, deploymentCollection.Name)) == name && operation.Word(operation.Lookup(item, deploymentCollection.ID)) != id {
			others++
		}
	}
	switch others {
	case 0:
		return text + " Model " + operation.Name(name) + " has no other: calls to it fail.", nil
	}
	return text + " Model " + operation.Name(name) + " keeps " + operation.Counted(others, "other") + ".", nil
}

// askDeleteCredential names the models that use the credential.
func askDeleteCredential(ctx context.Context, call *operation.Call) (string, error) {
	credential, err := labeled(ctx, call, credentialCollection, "credential_name")
	if err != nil {
		return "", err
	}
	text := "Delete " + credential + "?"
	var users []string
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil {
			return text + " Models that use it stop working.", nil
		}
		if operation.Word(operation.Lookup(item, "litellm_params.litellm_credential_name")) == call.Args().String("credential_name") {
			users = append(users, operation.Word(operation.Lookup(item, deploymentCollection.Name)))
		}
	}
	if users = operation.Unique(users); len(users) == 0 {
		return text + " No model uses it.", nil
	}
	if len(users) > 10 {
		return text + " The " + operation.Counted(len(users), "model") + " that use it stop working.", nil
	}
	return text + " These models use it and stop working: " + operation.NameList(operation.Encode(users)) + ".", nil
}

func askDeleteFallbacks(ctx context.Context, call *operation.Call) (string, error) {
	kind := call.Args().String("fallback_type")
	text := "Delete the fallbacks of model " + operation.Name(call.Args().String("model")) + "?"
	if kind != "" {
		text = "Delete the " + operation.Name(kind) + " fallbacks of model " + operation.Name(call.Args().String("model")) + "?"
	}
	body, err := readFallbacks(ctx, call, fallbackRef{Model: call.Args().String("model"), FallbackType: fallbackType(kind)})
	switch e := operation.AsError(err); {
	case operation.IsNotFound(err), e != nil && e.Status == 0:
		return "", err
	case operation.Lookup(body, "fallback_models") != nil:
		return text + " When it fails, calls no longer go to " + operation.NameList(operation.Lookup(body, "fallback_models")) + ".", nil
	}
	return text + " When it fails, calls fail.", nil
}

// losesModels says how many models keys and teams lose with access groups.
func losesModels(things []operation.Thing) string {
	n := 0
	for _, thing := range things {
		var names []string
		if json.Unmarshal(operation.Lookup(thing.Item, "model_names"), &names) != nil {
			return "Keys and teams with it lose its models."
		}
		n += len(names)
	}
	return "Keys and teams with it lose its " + operation.Counted(n, "model") + "."
}
