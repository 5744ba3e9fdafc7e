package keycopy

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// Copier copies the keys of a source to a target.
type Copier struct {
	source  Source
	target  *target
	vault   Vault
	options Options
	slow    atomic.Int64 // nanoseconds that answers to writes take
	owners  *owners
	aliases map[string]string // alias → hash of the source's first key that has it
}

// Catalog is the operations that a copier uses.
type Catalog struct{ List, Generate *operation.Operation }

// New returns a copier. It reads the target's keys and models. vault may be nil for a plan.
func New(ctx context.Context, source Source, client *proxyclient.Client, ops Catalog, vault Vault, o Options) (*Copier, error) {
	t, err := openTarget(ctx, client, ops.List, ops.Generate)
	if err != nil {
		return nil, err
	}
	who, err := openOwners(ctx, o.From, ops.List)
	if err != nil {
		return nil, err
	}
	return &Copier{owners: who, source: source, target: t, vault: vault, options: o, aliases: map[string]string{}}, nil
}

// Plan is what an import is going to do.
type Plan struct {
	// Create, Exists, Refused and Expired count keys; Replace counts copies of an earlier run
	// that are less limited than they must be.
	Create, Exists, Refused, Replace, Expired int
	// Names are the names of the first keys to create, and Replaced of the first to replace.
	Names, Replaced []string
	// Notes are what the target lacks, and what stays behind.
	Notes []string

	looser []string       // existing copies that allow more than the source
	left   map[string]int // how many keys leave a setting behind
}

// named is how many keys a plan names.
const named = 5

// Plan reads the source once and assesses each key. each receives the outcome that a dry run
// expects.
func (c *Copier) Plan(ctx context.Context, each func(bulk.Outcome)) (*Plan, error) {
	p := &Plan{left: map[string]int{}}
	for key, err := range c.source(ctx) {
		if err != nil {
			return nil, err
		}
		a, err := c.assess(ctx, key)
		if err != nil {
			return nil, err
		}
		each(p.add(a))
	}
	p.Notes = append(append(c.target.Missing(), c.owners.notes()...), p.stays()...)
	return p, nil
}

// add counts a key and returns the outcome that a dry run expects.
func (p *Plan) add(a *assessment) bulk.Outcome {
	out := bulk.Outcome{Name: a.Name(), Reason: join(a.faults)}
	switch a.verdict {
	case create:
		if p.Create++; len(p.Names) < named {
			p.Names = append(p.Names, a.Name())
		}
		for _, name := range a.left {
			p.left[name]++
		}
		out.State = bulk.Created
	case exists:
		p.Exists++
		out.State, out.ID = bulk.Unchanged, a.copy.token
		if len(a.faults) > 0 {
			p.looser = append(p.looser, a.Name())
		}
	case repair:
		if p.Replace++; len(p.Replaced) < named {
			p.Replaced = append(p.Replaced, a.Name())
		}
		out.State, out.ID = bulk.Changed, a.copy.token
	case expired:
		p.Expired++
		out.State, out.Reason = bulk.Unchanged, "expired"
	case refused:
		p.Refused++
		out.State = bulk.Failed
	}
	return out
}

// stays are the notes about copies that stay less limited, and settings that stay behind.
func (p *Plan) stays() (notes []string) {
	if n := len(p.looser); n > 0 {
		said := fmt.Sprintf("%s of the target allow more than the source: ", operation.Counted(n, "existing key")) + strings.Join(p.looser[:min(n, mostMissing)], ", ")
		if n > mostMissing {
			said += fmt.Sprintf(" and %d more", n-mostMissing)
		}
		notes = append(notes, said+"; they stay unchanged, see --report for the settings")
	}
	for _, name := range slices.Sorted(maps.Keys(p.left)) {
		notes = append(notes, fmt.Sprintf("%s of %s stays behind: the source encrypted it; set it again on the target", name, operation.Counted(p.left[name], "key")))
	}
	return notes
}

// Items yields one item for each key of the source that is not left out as expired. fail
// receives an error of the source, after which nothing follows.
func (c *Copier) Items(ctx context.Context, fail func(error)) iter.Seq[bulk.Item] {
	return func(yield func(bulk.Item) bool) {
		for key, err := range c.source(ctx) {
			var a *assessment
			if err == nil {
				a, err = c.assess(ctx, key)
			}
			if err != nil {
				fail(err)
				return
			}
			if a.verdict != expired && !yield(c.item(a)) {
				return
			}
		}
	}
}

func (c *Copier) item(a *assessment) bulk.Item {
	item := bulk.Item{Name: a.Name()}
	switch a.verdict {
	case create:
		item.Do = func(ctx context.Context) (bulk.Outcome, error) { return c.create(ctx, a) }
	case repair:
		item.Do = func(ctx context.Context) (bulk.Outcome, error) { return c.replace(ctx, a) }
	case refused:
		item.Do = func(context.Context) (bulk.Outcome, error) { return bulk.Outcome{}, errors.New(join(a.faults)) }
	default:
		item.Do = func(context.Context) (bulk.Outcome, error) {
			out := bulk.Outcome{State: bulk.Unchanged, ID: a.copy.token}
			if len(a.faults) > 0 {
				out.Reason = "the existing key is less limited: " + join(a.faults)
			}
			return out, nil
		}
	}
	return item
}

// create makes the copy. Its value is in the vault before it is sent.
func (c *Copier) create(ctx context.Context, a *assessment) (bulk.Outcome, error) {
	value, err := c.value(ctx, a)
	if err != nil {
		return bulk.Outcome{}, err
	}
	out := bulk.Outcome{State: bulk.Created, ID: operation.KeyHash(value)}
	answer, err := c.timed(ctx, "/key/generate", c.body(a, value))
	if err != nil {
		if limited(err) {
			return out, err // it is sent again
		}
		if never(err) {
			return out, errors.Join(err, c.vault.Drop(a.key, a.alias))
		}
		// Whatever the answer says, the gateway may have made the key: only when it has none,
		// its value is forgotten.
		made, lost := c.look(ctx, out.ID)
		if lost != nil {
			if operation.IsNotFound(lost) && bulk.StateAfter(err) == bulk.Failed {
				err = errors.Join(err, c.vault.Drop(a.key, a.alias))
			}
			return out, err
		}
		answer = made
	} else if a.unsaid(answer) {
		if answer, err = c.look(ctx, out.ID); err != nil {
			return out, &proxyclient.Error{Code: proxyclient.CodeUnknownOutcome, Sent: true, Message: "the key was created, but its settings could not be checked: " + err.Error()}
		}
	}
	faults := a.unlike(answer)
	if slices.Equal(faults, []string{later}) {
		faults = c.shorten(ctx, a, out.ID, answer)
	}
	if len(faults) == 0 {
		return out, nil
	}
	why := "the target made a copy that is less limited (" + join(faults) + ")"
	if err := c.remove(ctx, a, out.ID); err != nil {
		return out, fmt.Errorf("%s, and it could not be deleted: %w; delete key %s yourself", why, err, out.ID)
	}
	return bulk.Outcome{ID: out.ID}, errors.New(why + "; the copy was deleted")
}

// timed sends a write and notes how long the answer took, on which the expiry depends.
func (c *Copier) timed(ctx context.Context, path string, body operation.Args) (json.RawMessage, error) {
	start := time.Now()
	answer, err := c.target.client.JSON(ctx, proxyclient.Request{Method: "POST", Path: path, Body: operation.Encode(body)})
	took := int64(time.Since(start))
	c.slow.Store(max(took, c.slow.Load()*9/10))
	return answer, err
}

// shorten corrects the expiry of a copy whose request took so long that it would outlive its
// source. It returns what is still wrong.
func (c *Copier) shorten(ctx context.Context, a *assessment, token string, answer json.RawMessage) []string {
	at, _ := timeOf(answer, "expires")
	left := max(c.secondsLeft(a.expires)-int(at.Sub(a.expires)/time.Second), 0)
	changed, err := c.timed(ctx, "/key/update", operation.Args{"key": operation.Encode(token), "duration": operation.Encode(fmt.Sprintf("%ds", left))})
	if err != nil {
		return []string{later}
	}
	at, _ = timeOf(changed, "expires")
	return a.outlives(at)
}

// replace deletes a copy of an earlier run that is less limited than it must be, and makes
// it again, with the same value if the vault has it: it may have been handed out.
func (c *Copier) replace(ctx context.Context, a *assessment) (bulk.Outcome, error) {
	if err := c.delete(ctx, a.copy.token); err != nil {
		return bulk.Outcome{ID: a.copy.token}, fmt.Errorf("the copy of an earlier run is less limited (%s), and it could not be deleted: %w", join(a.faults), err)
	}
	out, err := c.create(ctx, a)
	out.State = bulk.Changed
	return out, err
}

// limited reports whether the gateway refused an item for its rate: it is sent again.
func limited(err error) bool { return proxyclient.CodeOf(err) == proxyclient.CodeRateLimited }

// never reports whether a request did nothing for certain: it was not sent, or its sender was
// refused.
func never(err error) bool {
	e := operation.AsError(err)
	return e != nil && e.Status == 0 && !e.Sent || operation.IsRefused(err)
}

// value returns the value for a copy. That of a copy which somebody deleted at the target is
// not used again: it may have been deleted because others know it.
func (c *Copier) value(ctx context.Context, a *assessment) (string, error) {
	value, again, err := c.vault.Value(a.key, a.alias)
	if err != nil || !again || a.verdict != create {
		return value, err
	}
	info, err := c.info(ctx, operation.KeyHash(value))
	if err != nil && !operation.IsNotFound(err) {
		return "", fmt.Errorf("whether the target had the key before could not be read: %w", err)
	}
	if text(info, "status") != deleted {
		return value, nil
	}
	if err := c.vault.Drop(a.key, a.alias); err != nil {
		return "", err
	}
	value, _, err = c.vault.Value(a.key, a.alias)
	return value, err
}

// deleted is the status of a key that the gateway only remembers.
const deleted = "deleted"

// look returns a key that the target has, by its hash.
func (c *Copier) look(ctx context.Context, token string) (json.RawMessage, error) {
	info, err := c.info(ctx, token)
	if err == nil && text(info, "status") == deleted {
		return nil, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "the target has deleted the key"}
	}
	return info, err
}

// info returns what the target knows of a key, also after its deletion.
func (c *Copier) info(ctx context.Context, token string) (json.RawMessage, error) {
	body, err := c.target.client.JSON(ctx, proxyclient.Request{Method: "GET", Path: "/key/info", Query: url.Values{"key": {token}}, Read: true})
	return operation.Lookup(body, "info"), err
}

// remove deletes a copy and its value.
func (c *Copier) remove(ctx context.Context, a *assessment, token string) error {
	if err := c.delete(ctx, token); err != nil {
		return err
	}
	return c.vault.Drop(a.key, a.alias)
}

// delete deletes a copy.
func (c *Copier) delete(ctx context.Context, token string) error {
	_, err := c.target.client.JSON(ctx, proxyclient.Request{Method: "POST", Path: "/key/delete", Body: operation.Encode(map[string][]string{"keys": {token}})})
	if operation.IsNotFound(err) {
		return nil
	}
	return err
}

// newValue returns a new key.
func newValue() string {
	var random [24]byte
	_, _ = rand.Read(random[:])
	return "sk-" + base64.RawURLEncoding.EncodeToString(random[:])
}
