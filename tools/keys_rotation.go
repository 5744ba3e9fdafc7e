package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// rotation is the rotation of one key, from the state in which its last run left it.
type rotation struct {
	call    *operation.Call
	old     operation.Thing
	alias   string // of the new key
	renamed string // alias of the old key, then
	made    string // hash of the new key, if an earlier run made it
	grace   time.Duration
	begun   bool // an earlier run renamed the old key
	out     rotatedKey
}

// planRotation finds out what is left to do for a key. A key that a rotation made leads to
// the old one, if that is not finished.
func planRotation(ctx context.Context, call *operation.Call, key operation.Thing, grace time.Duration) (*rotation, error) {
	if from := operation.Word(operation.Lookup(key.Item, "metadata."+rotatedFrom)); from != "" {
		old, err := keyCollection.FindID(ctx, call, from)
		if err == nil && rotating(old.Item) {
			r, err := planRotation(ctx, call, old, grace)
			return r, err
		}
		if err != nil && !operation.IsNotFound(err) {
			return nil, err
		}
	}
	if to := operation.Word(operation.Lookup(key.Item, "metadata."+rotatedTo)); to != "" {
		return nil, &proxyclient.Error{Code: proxyclient.CodeInvalid, Message: "key " + key.Label() + " was rotated already; its new key has the hash " + operation.Shown(to),
			Hint: "rotate the new key instead"}
	}
	r := &rotation{call: call, old: key, grace: grace, begun: rotating(key.Item)}
	hash := operation.Word(key.ID)
	if !r.begun {
		r.alias = operation.Word(operation.NoNull(operation.Lookup(key.Item, "key_alias")))
		if err := r.rename(ctx); err != nil {
			return nil, err
		}
	} else {
		r.alias = operation.Word(operation.Lookup(key.Item, "metadata."+rotatingAlias))
		r.renamed = operation.Word(operation.NoNull(operation.Lookup(key.Item, "key_alias")))
		made, err := successor(ctx, call, r.alias, hash)
		if err != nil {
			return nil, err
		}
		r.made = made
	}
	r.out = rotatedKey{Alias: r.alias, UserID: operation.NoNull(operation.Lookup(key.Item, "user_id")), TeamID: operation.NoNull(operation.Lookup(key.Item, "team_id")),
		OldAlias: r.renamed, OldToken: hash, Token: r.made}
	return r, nil
}

// rotating reports whether a rotation of a key has begun.
func rotating(key json.RawMessage) bool {
	return operation.Lookup(key, "metadata."+rotatingAlias) != nil
}

// rename finds a free alias for the old key.
func (r *rotation) rename(ctx context.Context) error {
	if r.alias == "" {
		return nil
	}
	base := r.alias + "-rotated-" + r.call.Now().Format(time.DateOnly)
	for i := 1; ; i++ {
		r.renamed = base
		if i > 1 {
			r.renamed = fmt.Sprintf("%s-%d", base, i)
		}
		_, err := keyCollection.Find(ctx, r.call, r.renamed, "key")
		if operation.IsNotFound(err) || operation.IsRefused(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// successor returns the hash of the key that an earlier run made in place of another, or "".
func successor(ctx context.Context, call *operation.Call, alias, old string) (string, error) {
	filter := url.Values{}
	if alias != "" {
		filter.Set("key_alias", alias)
	}
	for key, err := range keyCollection.All(ctx, call, filter) {
		if err != nil {
			return "", err
		}
		if operation.Word(operation.Lookup(key, "metadata."+rotatedFrom)) == old {
			return operation.Word(operation.Lookup(key, "token")), nil
		}
	}
	return "", nil
}

// name names the new key to people.
func (r *rotation) name() string {
	if r.alias == "" {
		return "for " + operation.Word(r.old.ID)
	}
	return operation.Name(r.alias)
}

// run does what is left. Its error means that nothing was changed, or says what was.
func (r *rotation) run(ctx context.Context, steps *operation.Steps) error {
	hash := operation.Word(r.old.ID)
	if !r.begun {
		body := operation.Args{"key": r.old.ID, "metadata": marked(r.old.Item, operation.Member{Name: rotatingAlias, Value: r.alias})}
		if r.alias != "" {
			body["key_alias"] = operation.Encode(r.renamed)
		}
		if _, err := r.call.Write(ctx, http.MethodPost, "/key/update", body); err != nil {
			return resumable(err)
		}
	}
	if r.made == "" {
		if err := r.make(ctx, steps, hash); err != nil {
			return err
		}
	} else {
		steps.Skip("new key " + r.name() + " exists (token " + r.made + ")")
	}
	steps.Try(r.stopping(), func() error { return r.end(ctx, hash) })
	return nil
}

// end sends the last request. If its answer is lost, the old key tells whether it was applied:
// a run that finds it finished would rotate the new key.
func (r *rotation) end(ctx context.Context, hash string) error {
	_, err := r.call.Uninterrupted(ctx, "/key/update", r.stop())
	if err == nil || !unsure(err) {
		return err
	}
	for key, failed := range keyCollection.All(context.WithoutCancel(ctx), r.call, url.Values{keyCollection.ByID: {hash}}) {
		if failed == nil && operation.Word(operation.Lookup(key, "metadata."+rotatedTo)) == r.made {
			return nil
		}
	}
	return err
}

// unsure reports whether a write that failed may have been applied.
func unsure(err error) bool {
	e := operation.AsError(err)
	return e.Sent || e.Status == 0 || e.Status >= http.StatusInternalServerError
}

// runAgain is the hint for a rotation that stopped in the middle.
const runAgain = "run the same command again: it finishes the rotation"

// resumable says what to do after a request that may have begun a rotation.
func resumable(err error) error {
	if !unsure(err) {
		return err
	}
	e := *operation.AsError(err)
	e.Hint = runAgain
	return &e
}

// make creates the new key. If the gateway refuses, the old key gets its alias back.
func (r *rotation) make(ctx context.Context, steps *operation.Steps, hash string) error {
	body := r.settings()
	answer, err := r.call.Uninterrupted(ctx, "/key/generate", body)
	var token json.RawMessage
	if err == nil {
		token, err = r.call.Identifier(answer, "token", "the new key "+r.name())
	}
	if err == nil && !r.call.Planning() && operation.Word(operation.Lookup(answer, "key")) == "" {
		err = operation.Lacks("key")
	}
	if err != nil {
		return r.restore(ctx, hash, err)
	}
	r.made = operation.Word(token)
	r.out.Token, r.out.Key = r.made, operation.Word(operation.Lookup(answer, "key"))
	r.out.Expires = operation.NoNull(operation.Lookup(answer, "expires"))
	steps.Report("made new key "+r.name()+" (token "+r.made+")", "")
	if r.out.Key != "" {
		if err := r.call.Keep(operation.Encode(r.out)); err != nil {
			steps.Fail("store new key "+r.name(), err)
		}
	}
	return nil
}

// restore undoes a rotation whose new key was not made, or whose value was lost on its way.
func (r *rotation) restore(ctx context.Context, hash string, failed error) error {
	e := *operation.AsError(failed)
	if unsure(failed) {
		made, err := successor(ctx, r.call, r.alias, hash)
		if err == nil && made != "" {
			err = r.call.Undo(ctx, http.MethodPost, "/key/delete", map[string][]string{"keys": {made}})
		}
		if err != nil {
			e.Message += "; the new key may exist, but its value is unknown. The old key still works"
			e.Hint = runAgain
			return &e
		}
	}
	body := operation.Args{"key": r.old.ID, "metadata": marked(r.old.Item)}
	if r.alias != "" {
		body["key_alias"] = operation.Encode(r.alias)
	}
	if err := r.call.Undo(ctx, http.MethodPost, "/key/update", body); err != nil {
		e.Message += "; there is no new key, and the old key, which still works, is now called " + operation.Name(r.renamed)
		e.Hint = runAgain
		return &e
	}
	e.Message += "; the old key is unchanged and there is no new one"
	return &e
}

// settings is the request for the new key: what the gateway documents for a new key, as the
// old one has it.
func (r *rotation) settings() operation.Args {
	key, body := r.old.Item, operation.Args{}
	for _, name := range keysGenerate.Documented() {
		if value := operation.Lookup(key, name); !setsNothing(value) && !slices.Contains(notCopied, name) {
			body[name] = value
		}
	}
	for name, path := range map[string]string{"organization_id": "organization_id|org_id", "budget_id": "budget_id"} {
		if id := operation.LookupAny(key, path); !setsNothing(id) {
			body[name] = id
		}
	}
	if soft := operation.NoNull(operation.Lookup(key, "litellm_budget_table.soft_budget")); soft != nil && alertsOnly(operation.Lookup(key, "litellm_budget_table")) {
		delete(body, "budget_id")
		body["soft_budget"] = soft
	}
	for name, drop := range map[string]string{"object_permission": "object_permission_id", "budget_limits": "reset_at"} {
		if value := body[name]; value != nil {
			body[name] = withoutMember(value, drop)
		}
	}
	if body["auto_rotate"] == nil {
		delete(body, "rotation_interval")
	}
	if spend, err := money(operation.Lookup(key, "spend")); err == nil && spend > 0 {
		body["spend"] = operation.Lookup(key, "spend")
	}
	if length, expires := lifetimeOf(key); expires {
		body["duration"] = operation.Encode(seconds(length))
	}
	if r.alias != "" {
		body["key_alias"] = operation.Encode(r.alias)
	}
	body["metadata"] = marked(key, operation.Member{Name: rotatedFrom, Value: operation.Word(r.old.ID)})
	return body
}

// notCopied are the settings of a key that its successor gets in another way, or not at all: a
// blocked key is replaced by one that works.
var notCopied = []string{"key", "key_alias", "metadata", "duration", "spend", "blocked", "soft_budget", "key_type", "send_invite_email"}

// setsNothing reports whether a setting is empty. 0 is a limit.
func setsNothing(value json.RawMessage) bool {
	return slices.Contains([]string{"", "null", `""`, "[]", "{}", "false"}, strings.TrimSpace(string(value)))
}

// alertsOnly reports whether a budget is the one that the gateway makes for the soft budget
// of one key: it limits nothing.
func alertsOnly(budget json.RawMessage) bool {
	return !slices.ContainsFunc(sharedLimits, func(name string) bool {
		return name != "soft_budget" && !setsNothing(operation.Lookup(budget, name))
	}) && setsNothing(operation.Lookup(budget, "allowed_models"))
}

// withoutMember returns an object, or a list of them, without a member.
func withoutMember(value json.RawMessage, name string) json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		for i := range list {
			list[i] = withoutMember(list[i], name)
		}
		return operation.Encode(list)
	}
	kept := operation.Row{}
	for member, has := range secret.Members(value) {
		if string(member) != name && operation.NoNull(has) != nil {
			kept = append(kept, operation.Member{Name: string(member), Value: has})
		}
	}
	return operation.Encode(kept)
}

// marked returns the metadata of a key with marks in place of those of earlier rotations.
func marked(key json.RawMessage, marks ...operation.Member) json.RawMessage {
	kept := operation.Row{}
	for name, value := range secret.Members(operation.Lookup(key, "metadata")) {
		if !slices.Contains([]string{rotatingAlias, rotatedFrom, rotatedTo}, string(name)) {
			kept = append(kept, operation.Member{Name: string(name), Value: value})
		}
	}
	return operation.Encode(append(kept, marks...))
}

// stop is the last request: it ends the old key.
func (r *rotation) stop() operation.Args {
	body := operation.Args{"key": r.old.ID, "metadata": marked(r.old.Item, operation.Member{Name: rotatedTo, Value: r.made})}
	switch {
	case r.ended() != "":
	case r.grace == 0:
		body["blocked"] = json.RawMessage("true")
	default:
		body["duration"] = operation.Encode(seconds(r.grace))
	}
	if string(operation.Lookup(r.old.Item, "auto_rotate")) == "true" {
		body["auto_rotate"] = json.RawMessage("false")
	}
	return body
}

// ended says why the old key needs no end: it has one already, or an earlier one.
func (r *rotation) ended() string {
	expires, ends := timeOf(r.old.Item, "expires")
	switch {
	case string(operation.Lookup(r.old.Item, "blocked")) == "true":
		return "is blocked"
	case ends && !expires.After(r.call.Now()):
		return "expired " + expires.Format(time.DateOnly)
	case ends && r.grace > 0 && expires.Before(r.call.Now().Add(r.grace)):
		return "expires " + expires.Format("2006-01-02 15:04") + " UTC"
	}
	return ""
}

// stopping says what the last request does.
func (r *rotation) stopping() string {
	old := "old key " + operation.Name(operation.Word(r.old.ID))
	if r.renamed != "" {
		old = "old key " + operation.Name(r.renamed)
	}
	switch ended := r.ended(); {
	case ended != "":
		r.out.OldStops = strings.NewReplacer("is ", "already ", "expired ", "expired on ", "expires ", "on ").Replace(ended)
		return old + " " + ended
	case r.grace == 0:
		r.out.OldStops = "at once"
		return "blocked " + old
	}
	at := r.call.Now().Add(r.grace)
	r.out.OldStops = at.Format(time.RFC3339)
	return old + " expires " + at.Format("2006-01-02 15:04") + " UTC"
}

// madeBefore is for a new key that an earlier run made.
const madeBefore = "An earlier run made the new key, which is shown only once. If it is lost, rotate the key again"

// notes says what the caller must know beside the outcome.
func (r *rotation) notes(steps *operation.Steps) (notes []string) {
	if !r.call.Planning() && r.out.Key == "" {
		notes = append(notes, madeBefore)
	}
	if steps.Err() != nil {
		notes = append(notes, "The old key still works. Run the same command again: it finishes the rotation")
	}
	return notes
}
