package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLivePassThrough walks an endpoint through its life.
func TestLivePassThrough(t *testing.T) {
	env, prefix := live(t)
	path := "/" + prefix
	headers := map[string]any{"Authorization": "bearer marked-secret-0123456789", "X-Key": "k"}
	made := do(t, env, passThroughCreate, map[string]any{"path": path, "target": "http://127.0.0.1:9/x", "headers": headers, "cost_per_request": 0.002})
	id := operation.Word(operation.Lookup(made.Body, "id"))
	defer func() { _, _ = run(t.Context(), env, passThroughDelete, argsOf(map[string]any{"endpoint_id": id})) }()
	if _, err := run(t.Context(), env, passThroughCreate, argsOf(map[string]any{"path": path, "target": "http://127.0.0.1:9/y"})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("a second endpoint of the path: %v", err)
	}
	if _, err := run(t.Context(), env, passThroughCreate, argsOf(map[string]any{"path": "/key/info", "target": "http://127.0.0.1:9/y"})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("an endpoint at a route of the gateway: %v", err)
	}
	do(t, env, passThroughUpdate, map[string]any{"endpoint": path, "headers": map[string]any{"X-Two": "2"}, "auth": false})
	do(t, env, passThroughUpdate, map[string]any{"endpoint_id": id, "path": path + "-b", "cost_per_request": 0.003})
	has := do(t, env, passThroughGet, map[string]any{"endpoint": path + "-b"}).Body
	stored := membersOf(operation.Lookup(has, "headers"))
	if len(stored) != 3 || operation.Word(stored["X-Key"]) != "k" || operation.Word(operation.Lookup(has, "auth")) != "false" || numberOf(operation.Lookup(has, "cost_per_request")) != 0.003 {
		t.Errorf("after the updates: %d headers, auth %s", len(stored), operation.Lookup(has, "auth"))
	}
	_, err := run(t.Context(), env, passThroughUpdate, argsOf(map[string]any{"endpoint_id": id, "extra": map[string]any{"guardrails": nil}}))
	if err != nil && !strings.Contains(err.Error(), "guardrails") {
		t.Errorf("clearing guardrails: %v", err)
	}
	do(t, env, passThroughDelete, map[string]any{"endpoint": path + "-b"})
	for _, op := range []*operation.Operation{passThroughGet, passThroughDelete} {
		if _, err := run(t.Context(), env, op, argsOf(map[string]any{"endpoint_id": id})); !operation.IsNotFound(err) {
			t.Errorf("%s of a deleted endpoint: %v", op.Path, err)
		}
	}
}

// TestLiveJWTMappings walks a mapping through its life.
func TestLiveJWTMappings(t *testing.T) {
	env, prefix := live(t)
	do(t, env, keysGenerate, map[string]any{"key_alias": prefix})
	defer func() { do(t, env, keysDelete, map[string]any{"key_aliases": []string{prefix}}) }()
	create := map[string]any{"jwt_claim_name": "sub", "jwt_claim_value": prefix, "key": prefix, "description": "live"}
	id := operation.Word(operation.Lookup(do(t, env, jwtMappingsCreate, create).Body, "id"))
	defer func() { _, _ = run(t.Context(), env, jwtMappingsDelete, argsOf(map[string]any{"id": id})) }()
	if _, err := run(t.Context(), env, jwtMappingsCreate, argsOf(create)); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("a second mapping of the claim: %v", err)
	}
	create["jwt_claim_value"] = prefix + "-b"
	create["key"] = strings.Repeat("a", 64)
	if _, err := run(t.Context(), env, jwtMappingsCreate, argsOf(create)); !operation.IsNotFound(err) {
		t.Errorf("a mapping to no key: %v", err)
	}
	do(t, env, jwtMappingsUpdate, map[string]any{"id": id, "is_active": false, "jwt_issuer": "https://login.example.com"})
	do(t, env, jwtMappingsUpdate, map[string]any{"id": id, "key": prefix, "clear": []string{"description"}})
	has := do(t, env, jwtMappingsGet, map[string]any{"id": id}).Body
	if operation.Word(operation.Lookup(has, "is_active")) != "false" || operation.NoNull(operation.Lookup(has, "description")) != nil {
		t.Errorf("after the updates: %s", has)
	}
	_, err := run(t.Context(), env, jwtMappingsUpdate, argsOf(map[string]any{"id": id, "extra": map[string]any{"jwt_claim_value": "other"}}))
	if proxyclient.CodeOf(err) != proxyclient.CodeNotApplied {
		t.Errorf("another claim: %v", err)
	}
	list, err := operation.Prepare(t.Context(), env, jwtMappingsList, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for item, err := range jwtMappingCollection.All(t.Context(), list, nil) {
		found = found || err == nil && operation.Word(operation.Lookup(item, "id")) == id
	}
	if !found {
		t.Error("the list does not have the mapping")
	}
	do(t, env, jwtMappingsDelete, map[string]any{"id": id})
	if _, err := run(t.Context(), env, jwtMappingsDelete, argsOf(map[string]any{"id": id})); !operation.IsNotFound(err) {
		t.Errorf("deleting it again: %v", err)
	}
}
