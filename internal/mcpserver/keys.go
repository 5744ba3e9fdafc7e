package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"litellm-proxy/proxyclient"
)

const (
	// pathKeyCheck answers 200 for every key that may use it and 401 for a key that
	// the gateway does not know. Keys over budget get 422 and keys limited to other
	// routes 403: the gateway knows both.
	pathKeyCheck = "/v1/models"

	checkWait   = 10 * time.Second // for the gateway's answer
	checksAtOne = 8                // requests to the gateway at the same time
	checksWait  = 1200             // keys that wait for one of those: 1,000 clients at once
	askersWait  = 4096             // requests that wait for a check; those of one key, half
	maxVerdicts = 4096             // keys remembered
)

// keyring remembers which keys the gateway accepts. It holds keyed hashes, never a
// key.
type keyring struct {
	client         *proxyclient.Client
	accepted, rest time.Duration // how long a verdict stands, for known keys and others
	lane           *lanes
	askers         *quota // requests that wait, by key

	mu       sync.Mutex
	verdicts map[string]*verdict
}

// verdict is what the gateway said of one key.
type verdict struct {
	done    chan struct{} // closed when the rest is set
	refused *refusal
	until   time.Time
}

// refusal is an HTTP answer that ends a request.
type refusal struct {
	status int
	text   string
	retry  string // Retry-After in seconds
	allow  string // Allow
}

var (
	refuseUnknown = &refusal{status: http.StatusUnauthorized,
		text: "The gateway does not accept this key. Send a valid LiteLLM virtual key in the header Authorization: Bearer sk-..."}
	refuseExpired = &refusal{status: http.StatusUnauthorized,
		text: "This key has expired. Send another LiteLLM virtual key in the header Authorization: Bearer sk-..."}
	refuseBusy = &refusal{status: http.StatusServiceUnavailable, retry: "1",
		text: "Too many new keys are being checked. Try again in a second."}
	refuseUnchecked = &refusal{status: http.StatusServiceUnavailable, retry: "5",
		text: "The key cannot be checked because the gateway does not answer properly. Try again in a few seconds."}
	refuseGone = &refusal{status: http.StatusServiceUnavailable, retry: "1", text: "The request was canceled."}
)

func newKeyring(client *proxyclient.Client) *keyring {
	return &keyring{client: client, accepted: time.Minute, rest: 10 * time.Second,
		lane: newLanes(checksAtOne, checksWait), askers: newQuota(askersWait, false), verdicts: map[string]*verdict{}}
}

// ask returns nil when the gateway knows the key. Requests with the same key share
// one check, and its result for a while.
func (k *keyring) ask(ctx context.Context, hash, key string) *refusal {
	k.mu.Lock()
	v := k.verdicts[hash]
	if v != nil && v.finished() && time.Now().After(v.until) {
		v = nil
	}
	if v == nil {
		turn := k.lane.enter("")
		if turn == nil {
			k.mu.Unlock()
			return refuseBusy
		}
		v = &verdict{done: make(chan struct{})}
		k.makeRoom()
		k.verdicts[hash] = v
		go k.settle(v, turn, hash, key)
	}
	k.mu.Unlock()
	if v.finished() {
		return v.refused
	}
	if !k.askers.take(hash) {
		return refuseBusy
	}
	defer k.askers.give(hash)
	select {
	case <-v.done:
		return v.refused
	case <-ctx.Done():
		return refuseGone
	}
}

func (v *verdict) finished() bool {
	select {
	case <-v.done:
		return true
	default:
		return false
	}
}

// settle checks the key of a new verdict. The check goes on when its client leaves:
// others may wait for it, and the next request finds the result.
func (k *keyring) settle(v *verdict, turn *turn, hash, key string) {
	defer turn.leave()
	ctx, cancel := context.WithTimeout(context.Background(), checkWait)
	defer cancel()
	v.refused = refuseUnchecked
	if turn.wait(ctx) == nil {
		v.refused = checkKey(ctx, k.client, key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch v.refused {
	case nil:
		v.until = time.Now().Add(k.accepted)
	case refuseUnchecked:
		if k.verdicts[hash] == v {
			delete(k.verdicts, hash)
		}
	default:
		v.until = time.Now().Add(k.rest)
	}
	close(v.done)
}

// makeRoom forgets what is out of date when too much is remembered, then the
// refused keys, then all: a key that is forgotten is checked again.
func (k *keyring) makeRoom() {
	for _, old := range []func(*verdict) bool{
		func(v *verdict) bool { return time.Now().After(v.until) },
		func(v *verdict) bool { return v.refused != nil },
		func(*verdict) bool { return true },
	} {
		if len(k.verdicts) < maxVerdicts {
			return
		}
		for hash, v := range k.verdicts {
			if v.finished() && old(v) {
				delete(k.verdicts, hash)
			}
		}
	}
}

// checkKey asks the gateway about a key. Only a key that it does not know is
// refused: what a blocked or exhausted key may do, each call says better.
func checkKey(ctx context.Context, client *proxyclient.Client, key string) *refusal {
	_, err := client.WithKey(key, keyFromRequest).Do(ctx, proxyclient.Request{Method: http.MethodGet, Path: pathKeyCheck, Read: true})
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*proxyclient.Error](err)
	if !ok {
		return refuseUnchecked
	}
	switch e.Status {
	case 0:
		if e.Code == proxyclient.CodeUsage { // a key of blanks or control characters
			return refuseUnknown
		}
	case http.StatusUnauthorized:
		switch {
		case e.Code == proxyclient.CodeForbidden || strings.Contains(e.Message, "Key is blocked"):
			return nil
		case e.Type == "expired_key":
			return refuseExpired
		}
		return refuseUnknown
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		// The gateway speaks JSON; what stands before it and refuses everybody
		// usually does not.
		if json.Valid(e.Body) {
			return nil
		}
	}
	return refuseUnchecked
}
