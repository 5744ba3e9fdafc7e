package tools

import (
	"context"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// What follows changes how the whole gateway serves models, so that no script, which runs
// beside others, can do it.

func TestCatchAll(t *testing.T) {
	_, env := newWorld(t, sandbox.New(), sandbox.MasterKey)
	catchAll(t, env, "all")
}

func TestCatchAllLive(t *testing.T) {
	env, prefix := live(t)
	catchAll(t, env, prefix)
}

// catchAll holds that the deployment * is called by its own name only, although it serves
// every other one.
func catchAll(t *testing.T, env operation.Env, prefix string) {
	params := map[string]any{"model": "anthropic/*", "api_key": "f", "mock_response": "hi"}
	do(t, env, modelsAdd, map[string]any{"model_name": "*", "litellm_params": params, "model_info": map[string]any{"id": prefix}})
	t.Cleanup(func() {
		_, _ = run(context.WithoutCancel(t.Context()), env, modelsDelete, argsOf(map[string]any{"id": prefix}))
	})
	for _, op := range []*operation.Operation{modelsDelete, modelsBlock, modelsUnblock} {
		_, err := run(t.Context(), env, op, argsOf(map[string]any{"name": prefix + "-claude"}))
		if proxyclient.CodeOf(err) != proxyclient.CodeInvalid || !strings.Contains(err.Error(), prefix+"-claude is served by the deployment *") {
			t.Errorf("%s of a name that * serves: %v", op.Path, err)
		}
	}
	got := do(t, env, modelsGet, map[string]any{"name": "*"})
	if id := operation.Word(operation.Lookup(got.Body, "model_info.id")); id != prefix {
		t.Errorf("models get of * shows %s", id)
	}
	do(t, env, modelsDelete, map[string]any{"name": "*"})
}

func TestUnservedModel(t *testing.T) {
	_, env := newWorld(t, sandbox.New(), sandbox.MasterKey)
	unservedModel(t, env, "unserved")
}

func TestUnservedModelLive(t *testing.T) {
	env, prefix := live(t)
	unservedModel(t, env, prefix)
}

// unservedModel holds that models add leaves nothing of a model that the gateway stores and
// cannot serve: it would keep later ones from being served.
func unservedModel(t *testing.T, env operation.Env, prefix string) {
	add := func(id, model string) error {
		_, err := run(t.Context(), env, modelsAdd, argsOf(map[string]any{"model_name": id,
			"litellm_params": map[string]any{"model": model}, "model_info": map[string]any{"id": id}}))
		return err
	}
	err := add(prefix+"-a", "os.environ/UNSET_"+strings.ToUpper(strings.ReplaceAll(prefix, "-", "_")))
	if err == nil || !strings.Contains(err.Error(), "could not serve it, so it was deleted:") {
		t.Errorf("a model whose parameter names an unset variable: %v", err)
	}
	if _, err := run(t.Context(), env, modelsGet, argsOf(map[string]any{"id": prefix + "-a"})); !operation.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
	if err := add(prefix+"-b", "openai/gpt-4o"); err != nil {
		t.Errorf("a model after it: %v", err)
	}
	do(t, env, modelsDelete, map[string]any{"id": prefix + "-b"})
}
