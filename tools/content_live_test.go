package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLivePrompts walks a prompt through versions and environments.
func TestLivePrompts(t *testing.T) {
	env, id := live(t)
	t.Cleanup(func() { do(t, env, promptsDelete, map[string]any{"prompt_id": id}) })
	const text = "---\nmodel: gpt-4o-mini\n---\nUser: Say hello to {{name}}"
	do(t, env, promptsCreate, map[string]any{"prompt_id": id, "dotprompt_content": text})
	if _, err := run(t.Context(), env, promptsCreate, argsOf(map[string]any{"prompt_id": id, "dotprompt_content": text})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("the second create: %v", err)
	}
	do(t, env, promptsCreate, map[string]any{"prompt_id": id, "dotprompt_content": text, "environment": "production", "litellm_params": map[string]any{"api_key": "sk-kept-0123456789"}})
	added := do(t, env, promptsUpdate, map[string]any{"prompt_id": id, "dotprompt_content": text + "!", "environment": "production"})
	if operation.Word(operation.Lookup(added.Body, "prompt_id")) != id+".v2" || operation.Word(operation.Lookup(added.Body, "litellm_params.api_key")) != "sk-kept-0123456789" {
		t.Errorf("prompts update: %s", added.Body)
	}
	do(t, env, promptsPatch, map[string]any{"prompt_id": id + ".v1", "dotprompt_content": text + "?", "environment": "production"})
	for address, want := range map[string]string{id: text + "!", id + ".v1": text + "?", id + ".v2": text + "!"} {
		got := do(t, env, promptsGet, map[string]any{"prompt_id": address, "environment": "production"})
		if operation.Word(operation.Lookup(got.Body, "prompt_spec.litellm_params.dotprompt_content")) != want {
			t.Errorf("%s: %s", address, got.Body)
		}
	}
	if n := len(do(t, env, promptsVersions, map[string]any{"prompt_id": id}).Page.Items); n != 3 {
		t.Errorf("%d versions, want 3", n)
	}
	answer := do(t, env, promptsTest, map[string]any{"prompt_id": id, "prompt_variables": map[string]any{"name": "Ann"}})
	if !strings.Contains(string(operation.Lookup(answer.Body, "choices")), "content") {
		t.Errorf("prompts test: %s", answer.Body)
	}
	do(t, env, promptsDelete, map[string]any{"prompt_id": id, "environment": "production"})
	listed := 0
	for _, item := range do(t, env, promptsList, nil).Page.Items {
		if operation.Word(operation.Lookup(item, "prompt_id")) == id {
			listed++
		}
	}
	if listed != 1 {
		t.Errorf("the prompt is listed %d times, want once", listed)
	}
	for _, op := range []*operation.Operation{promptsGet, promptsVersions, promptsDelete} {
		if _, err := run(t.Context(), env, op, argsOf(map[string]any{"prompt_id": id + "-none"})); !operation.IsNotFound(err) {
			t.Errorf("%s of a missing prompt: %v", op.Path, err)
		}
	}
}

// TestLiveUnusablePrompt: the gateway stores what it cannot read.
func TestLiveUnusablePrompt(t *testing.T) {
	env, id := live(t)
	_, err := run(t.Context(), env, promptsCreate, argsOf(map[string]any{"prompt_id": id, "dotprompt_content": "---\nmodel: [x\n---\nUser: hi"}))
	if err == nil || !strings.Contains(err.Error(), "stored version "+id+".v1 but cannot use it") {
		t.Errorf("prompts create: %v", err)
	}
	if _, err := run(t.Context(), env, promptsDelete, argsOf(map[string]any{"prompt_id": id})); err == nil || !strings.Contains(err.Error(), "does not delete it") {
		t.Errorf("prompts delete: %v", err)
	}
	do(t, env, promptsPatch, map[string]any{"prompt_id": id, "dotprompt_content": "User: hi"})
	do(t, env, promptsDelete, map[string]any{"prompt_id": id})
}

// TestLiveVectorStores registers, changes and deletes vector stores.
func TestLiveVectorStores(t *testing.T) {
	env, id := live(t)
	for _, n := range []string{"-1", "-2"} {
		t.Cleanup(func() { do(t, env, vectorStoresDelete, map[string]any{"vector_store_id": id + n}) })
		do(t, env, vectorStoresCreate, map[string]any{"vector_store_id": id + n, "custom_llm_provider": "bedrock", "vector_store_name": "name of " + id + n,
			"litellm_params": map[string]any{"api_key": "sk-marked"}, "vector_store_metadata": map[string]any{"a": 1}})
	}
	if _, err := run(t.Context(), env, vectorStoresCreate, argsOf(map[string]any{"vector_store_id": id + "-1", "custom_llm_provider": "bedrock"})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("the second create: %v", err)
	}
	do(t, env, vectorStoresUpdate, map[string]any{"name": "name of " + id + "-1", "vector_store_metadata": map[string]any{"b": 2}, "vector_store_description": "d"})
	got := do(t, env, vectorStoresGet, map[string]any{"vector_store_id": id + "-1"})
	if sorted(string(operation.Lookup(got.Body, "vector_store.vector_store_metadata"))) != `{"a":1,"b":2}` || strings.Contains(string(got.Body), "sk-marked") {
		t.Errorf("vector-stores get: %s", got.Body)
	}
	do(t, env, vectorStoresUpdate, map[string]any{"vector_store_id": id + "-1", "clear": []string{"vector_store_description", "vector_store_metadata"}})
	_, err := run(t.Context(), env, vectorStoresUpdate, argsOf(map[string]any{"vector_store_id": id + "-1", "extra": map[string]any{"litellm_params": map[string]any{"api_key": "x"}}}))
	if proxyclient.CodeOf(err) != proxyclient.CodeNotApplied {
		t.Errorf("an update of the parameters: %v", err)
	}
	seen := map[string]int{}
	for page := 1; page < 200; page++ {
		result := do(t, env, vectorStoresList, map[string]any{"page": page, "page_size": 1})
		for _, item := range result.Page.Items {
			seen[operation.Word(operation.Lookup(item, "vector_store_id"))]++
		}
		if result.Page.Next == nil {
			break
		}
	}
	if seen[id+"-1"] != 1 || seen[id+"-2"] != 1 {
		t.Errorf("on the pages: %v", seen)
	}
	for op, args := range map[*operation.Operation]map[string]any{vectorStoresGet: {}, vectorStoresDelete: {}, vectorStoresUpdate: {"vector_store_description": "d"}} {
		args["vector_store_id"] = id + "-none"
		if _, err := run(t.Context(), env, op, argsOf(args)); !operation.IsNotFound(err) {
			t.Errorf("%s of a missing store: %v", op.Path, err)
		}
	}
}

// TestLiveSearchTools creates, changes and deletes a search tool.
func TestLiveSearchTools(t *testing.T) {
	env, name := live(t)
	made := do(t, env, searchToolsCreate, map[string]any{"search_tool_name": name, "search_provider": "tavily", "litellm_params": map[string]any{"api_key": "tvly-marked-0123", "timeout": 5}, "search_tool_info": map[string]any{"description": "d"}})
	id := operation.Word(operation.Lookup(made.Body, "search_tool_id"))
	t.Cleanup(func() { do(t, env, searchToolsDelete, map[string]any{"search_tool_id": id}) })
	if _, err := run(t.Context(), env, searchToolsCreate, argsOf(map[string]any{"search_tool_name": name, "search_provider": "tavily"})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("the second create: %v", err)
	}
	if got := do(t, env, searchToolsGet, map[string]any{"name": name}); strings.Contains(string(got.Body), "marked") {
		t.Errorf("search-tools get shows the key: %s", got.Body)
	}
	if _, err := run(t.Context(), env, searchToolsUpdate, argsOf(map[string]any{"name": name, "litellm_params": map[string]any{"timeout": 9}})); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("an update without the key: %v", err)
	}
	do(t, env, searchToolsUpdate, map[string]any{"name": name, "litellm_params": map[string]any{"timeout": 9, "api_key": "tvly-marked-4567"}, "search_tool_info": map[string]any{"b": 1}})
	got := do(t, env, searchToolsGet, map[string]any{"search_tool_id": id})
	if string(operation.Lookup(got.Body, "litellm_params.timeout")) != "9.0" || sorted(string(operation.Lookup(got.Body, "search_tool_info"))) != `{"b":1,"description":"d"}` {
		t.Errorf("search-tools get: %s", got.Body)
	}
	tested, err := run(t.Context(), env, searchToolsTest, argsOf(map[string]any{"search_provider": "tavily", "litellm_params": map[string]any{"api_key": "tvly-x", "api_base": "http://127.0.0.1:9"}}))
	if err != nil || len(tested.Failed) != 1 {
		t.Errorf("search-tools test: %+v, %v", tested, err)
	}
	if n := len(do(t, env, searchToolsProviders, nil).Page.Items); n < 15 {
		t.Errorf("%d providers", n)
	}
	for _, op := range []*operation.Operation{searchToolsGet, searchToolsDelete} {
		if _, err := run(t.Context(), env, op, argsOf(map[string]any{"search_tool_id": "none"})); !operation.IsNotFound(err) {
			t.Errorf("%s of a missing tool: %v", op.Path, err)
		}
	}
}

// TestLiveMemory sets, changes and deletes memory entries.
func TestLiveMemory(t *testing.T) {
	env, prefix := live(t)
	for _, name := range []string{"/a", " b?c%d"} {
		t.Cleanup(func() { do(t, env, memoryDelete, map[string]any{"key": prefix + name}) })
		do(t, env, memorySet, map[string]any{"key": prefix + name, "value": "text", "metadata": map[string]any{"a": 1}})
		do(t, env, memorySet, map[string]any{"key": prefix + name, "metadata": map[string]any{"b": 2}})
		got := do(t, env, memoryGet, map[string]any{"key": prefix + name})
		if operation.Word(operation.Lookup(got.Body, "value")) != "text" || sorted(string(operation.Lookup(got.Body, "metadata"))) != `{"a":1,"b":2}` {
			t.Errorf("memory get: %s", got.Body)
		}
		do(t, env, memorySet, map[string]any{"key": prefix + name, "clear": []string{"metadata"}})
	}
	seen := 0
	for page := 1; page < 10; page++ {
		result := do(t, env, memoryList, map[string]any{"key_prefix": prefix, "page": page, "page_size": 1})
		seen += len(result.Page.Items)
		if result.Page.Next == nil {
			break
		}
	}
	if seen != 2 {
		t.Errorf("%d entries on the pages, want 2", seen)
	}
	for _, op := range []*operation.Operation{memoryGet, memoryDelete} {
		if _, err := run(t.Context(), env, op, argsOf(map[string]any{"key": prefix + "/none"})); !operation.IsNotFound(err) {
			t.Errorf("%s of a missing entry: %v", op.Path, err)
		}
	}
	if _, err := run(t.Context(), env, memorySet, argsOf(map[string]any{"key": prefix + "/none", "metadata": map[string]any{"a": 1}})); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("a new entry without text: %v", err)
	}
}
