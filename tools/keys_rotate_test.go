package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// cutWire loses writes: before they reach the gateway, or on their way back.
type cutWire struct {
	gateway  http.Handler
	mu       sync.Mutex
	writes   int
	cut      int  // the write that is lost; 0: none
	answered bool // the gateway got it
	dead     bool // nothing gets through after it
}

func (w *cutWire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	if r.Method == http.MethodPost {
		w.writes++
	}
	at := r.Method == http.MethodPost && w.writes == w.cut
	lost, answered := at || w.dead && w.cut > 0 && w.writes >= w.cut, w.answered
	w.mu.Unlock()
	switch {
	case at && answered:
		w.gateway.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case lost:
		panic(http.ErrAbortHandler)
	}
	w.gateway.ServeHTTP(rw, r)
}

func (w *cutWire) set(cut int, answered, dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes, w.cut, w.answered, w.dead = 0, cut, answered, dead
}

// allKeys returns the keys of a gateway by their aliases.
func allKeys(t *testing.T, env operation.Env) map[string]json.RawMessage {
	t.Helper()
	keys := map[string]json.RawMessage{}
	for _, item := range do(t, env, keysList, nil).Page.Items {
		keys[operation.Word(operation.Lookup(item, "key_alias"))] = item
	}
	return keys
}

// TestRotateInterrupted: cut after every request and run again, a rotation finishes with two
// keys: the new one and the old one, which never stopped before.
func TestRotateInterrupted(t *testing.T) {
	for _, alias := range []string{"ci", ""} {
		for cut := range 4 {
			for _, answered := range []bool{false, true} {
				for _, dead := range []bool{false, true} {
					t.Run(fmt.Sprintf("%q cut %d answered %v dead %v", alias, cut, answered, dead), func(t *testing.T) {
						rotateCut(t, alias, cut, answered, dead)
					})
				}
			}
		}
	}
}

func rotateCut(t *testing.T, alias string, cut int, answered, dead bool) {
	wire := &cutWire{gateway: sandbox.New()}
	server := httptest.NewServer(wire)
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: sandbox.MasterKey, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	env := operation.Env{Client: client}
	settings := map[string]any{"max_budget": 5, "spend": 1.5, "duration": "30d", "models": []string{"gpt-4o-mini"}, "metadata": map[string]any{"team": "x"},
		"model_rpm_limit": map[string]any{"gpt-4o-mini": 3}}
	if alias != "" {
		settings["key_alias"] = alias
	}
	old := operation.Word(operation.Lookup(do(t, env, keysGenerate, settings).Body, "token"))
	name := map[string]any{"key": old}
	if alias != "" {
		name = map[string]any{"alias": alias}
	}
	wire.set(cut, answered, dead)
	first, err := run(t.Context(), env, keysRotate, argsOf(name))
	wire.set(0, false, false)
	if cut == 3 && answered && !dead && (err != nil || len(first.Failed) > 0) {
		t.Errorf("the last request was applied, but the run says %v %v", err, first.Failed)
	}
	for _, key := range do(t, env, keysList, nil).Page.Items {
		expires, _ := timeOf(key, "expires")
		if string(operation.Lookup(key, "blocked")) == "true" || expires.Before(time.Now().Add(23*time.Hour)) {
			t.Errorf("after the cut (%v), a key does not work: %s", err, key)
		}
	}
	if n := len(do(t, env, keysList, nil).Page.Items); n > 2 {
		t.Errorf("after the cut there are %d keys", n)
	}
	if err == nil && cut == 0 || len(rotatedKeys(t, env)) == 2 && !rotating(rotatedKeys(t, env)[old]) {
		checkRotated(t, env, alias, old)
		return
	}
	if result, err := run(t.Context(), env, keysRotate, argsOf(name)); err != nil || len(result.Failed) > 0 {
		t.Fatalf("run again: %v %v", err, result.Failed)
	}
	checkRotated(t, env, alias, old)
}

// TestRotateKeepsKey: an interrupt while the gateway makes the new key does not lose it, and
// the next run finishes.
func TestRotateKeepsKey(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	gateway, held := sandbox.New(), 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if held > 0 && r.URL.Path == "/key/generate" {
			interrupt()
		}
		gateway.ServeHTTP(w, r)
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: sandbox.MasterKey, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	env := operation.Env{Client: client, Hold: func() func() { held++; return func() {} }}
	old := operation.Word(operation.Lookup(do(t, env, keysGenerate, map[string]any{"key_alias": "ci", "max_budget": 5, "spend": 1.5, "duration": "30d",
		"models": []string{"gpt-4o-mini"}, "metadata": map[string]any{"team": "x"}, "model_rpm_limit": map[string]any{"gpt-4o-mini": 3}}).Body, "token"))
	result, err := run(ctx, env, keysRotate, argsOf(map[string]any{"key": "ci"}))
	if err != nil || len(result.Failed) != 1 || len(keysRotate.NewKeys(result)) != 1 {
		t.Fatalf("%v, failed %v, new keys %v", err, result.Failed, keysRotate.NewKeys(result))
	}
	do(t, env, keysRotate, map[string]any{"key": "ci"})
	checkRotated(t, env, "ci", old)
}

// rotatedKeys returns all keys by their hashes.
func rotatedKeys(t *testing.T, env operation.Env) map[string]json.RawMessage {
	t.Helper()
	keys := map[string]json.RawMessage{}
	for _, item := range do(t, env, keysList, nil).Page.Items {
		keys[operation.Word(operation.Lookup(item, "token"))] = item
	}
	return keys
}

func checkRotated(t *testing.T, env operation.Env, alias, old string) {
	t.Helper()
	keys := rotatedKeys(t, env)
	if len(keys) != 2 {
		t.Fatalf("%d keys", len(keys))
	}
	made := json.RawMessage(nil)
	for hash, key := range keys {
		if hash != old {
			made = key
		}
	}
	for field, want := range map[string]string{"max_budget": "5", "spend": "1.5", "models": `["gpt-4o-mini"]`, "metadata.team": "x", "metadata.model_rpm_limit": `{"gpt-4o-mini":3}`,
		"metadata.rotated_from": old} {
		if got := operation.Word(operation.Lookup(made, field)); strings.TrimSuffix(got, ".0") != want {
			t.Errorf("the new key has %s %s, want %s", field, got, want)
		}
	}
	if got := operation.Word(operation.NoNull(operation.Lookup(made, "key_alias"))); got != alias {
		t.Errorf("the new key is called %q", got)
	}
	if expires, _ := timeOf(made, "expires"); time.Until(expires) < 29*24*time.Hour {
		t.Errorf("the new key expires %v", expires)
	}
	if expires, ok := timeOf(keys[old], "expires"); !ok || time.Until(expires) > 25*time.Hour || time.Until(expires) < 23*time.Hour {
		t.Errorf("the old key expires %v", expires)
	}
	if rotating(keys[old]) || operation.Lookup(keys[old], "metadata."+rotatedTo) == nil {
		t.Errorf("the old key has the marks %s", operation.Lookup(keys[old], "metadata"))
	}
}

// TestRotateRefused: if the gateway refuses the new key, the old one is as before.
func TestRotateRefused(t *testing.T) {
	gateway := sandbox.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/key/generate" && r.Header.Get("Litellm-Changed-By") == "refused" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error": {"message": "no more keys", "type": "auth_error", "code": "403"}}`))
			return
		}
		gateway.ServeHTTP(w, r)
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: sandbox.MasterKey, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	env := operation.Env{Client: client}
	do(t, env, keysGenerate, map[string]any{"key_alias": "ci", "metadata": map[string]any{"a": 1}})
	before := operation.Lookup(allKeys(t, env)["ci"], "metadata")
	_, err = run(t.Context(), operation.Env{Client: client.WithChangedBy("refused")}, keysRotate, argsOf(map[string]any{"alias": "ci"}))
	if err == nil || !strings.Contains(err.Error(), "the old key is unchanged") {
		t.Errorf("error %v", err)
	}
	keys := allKeys(t, env)
	if after := operation.Lookup(keys["ci"], "metadata"); len(keys) != 1 || string(after) != string(before) {
		t.Errorf("%d keys, metadata %s, want %s", len(keys), after, before)
	}
}

// TestRotateAll rotates what is old enough, counts it, and keeps each key before the old one
// ends.
func TestRotateAll(t *testing.T) {
	_, env := consentWorld(t)
	for _, alias := range []string{"batch-1", "batch-2", "batch-3"} {
		do(t, env, keysGenerate, map[string]any{"key_alias": alias})
	}
	do(t, env, keysBlock, map[string]any{"alias": "batch-3"})
	env.Now = func() time.Time { return time.Now().Add(91 * 24 * time.Hour) }
	var kept []string
	env.Keep = func(key json.RawMessage) error {
		kept = append(kept, operation.Word(operation.Lookup(key, "key")))
		return nil
	}
	args := map[string]any{"all": true, "older_than": "90d", "search": "batch-"}
	args["expect"] = 3
	if _, err := run(t.Context(), env, keysRotate, argsOf(args)); err == nil || !strings.Contains(err.Error(), "match 2 keys") {
		t.Errorf("error %v", err)
	}
	args["expect"] = 2
	result := do(t, env, keysRotate, args)
	if keys := keysRotate.NewKeys(result); len(keys) != 2 || !slices.Equal(kept, []string{keys[0].Key, keys[1].Key}) || !strings.HasPrefix(keys[0].Key, "sk-") {
		t.Errorf("new keys %v, kept %v", keys, kept)
	}
	for _, wrong := range []map[string]any{{"all": true}, {"alias": "batch-1", "all": true, "older_than": "90d"}, {}, {"alias": "batch-1", "older_than": "90d"},
		{"alias": "batch-1", "grace": "soon"}, {"alias": "batch-1", "grace": ""}, {"all": true, "older_than": "old"}} {
		if _, err := run(t.Context(), env, keysRotate, argsOf(wrong)); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

// TestRotateLicensed uses the gateway's own rotation.
func TestRotateLicensed(t *testing.T) {
	gateway := sandbox.New()
	sent := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/health/license":
			_, _ = w.Write([]byte(`{"has_license": true}`))
		case strings.HasSuffix(r.URL.Path, "/regenerate"):
			body := map[string]any{}
			_ = json.NewDecoder(r.Body).Decode(&body)
			sent = fmt.Sprint(body)
			_, _ = w.Write([]byte(`{"key": "sk-0123456789abcdef0123", "key_alias": "ci"}`))
		default:
			gateway.ServeHTTP(w, r)
		}
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: sandbox.MasterKey, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	env := operation.Env{Client: client}
	do(t, env, keysGenerate, map[string]any{"key_alias": "ci", "duration": "30d"})
	call, err := operation.Prepare(context.Background(), env, keysRotate, argsOf(map[string]any{"alias": "ci", "grace": "2h"}))
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := call.Plan(t.Context()); err != nil || len(plan.Requests) != 1 {
		t.Errorf("plan %v, %v", plan, err)
	}
	result := do(t, env, keysRotate, map[string]any{"alias": "ci", "grace": "2h"})
	if sent != "map[duration:2592000s grace_period:7200s]" || len(keysRotate.NewKeys(result)) != 1 {
		t.Errorf("sent %s, new keys %v", sent, keysRotate.NewKeys(result))
	}
}
