package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// storeOf is a vector store as LiteLLM 1.110.2 shows it.
func storeOf(id, metadata string) string {
	return `{"vector_store_id":"` + id + `","custom_llm_provider":"bedrock","vector_store_name":"docs","vector_store_description":null,"vector_store_metadata":` + metadata +
		`,"litellm_credential_name":null,"litellm_params":{"api_key":"REDACTED_BY_LITELM"},"team_id":null,"user_id":"default_user_id"}`
}

// TestVectorStoreUpdate: metadata is merged; what the gateway ignores is an error.
func TestVectorStoreUpdate(t *testing.T) {
	for _, tt := range []struct {
		args       map[string]any
		want, sent string
	}{
		{map[string]any{"vector_store_metadata": map[string]any{"b": 2}}, "", `{"vector_store_id":"v1","vector_store_metadata":{"a":1,"b":2}}`},
		{map[string]any{"clear": []string{"vector_store_description"}}, "", `{"vector_store_description":null,"vector_store_id":"v1"}`},
		{map[string]any{"extra": map[string]any{"litellm_params": map[string]any{"api_key": "sk-new"}}}, "kept litellm_params", ""},
		{map[string]any{"extra": map[string]any{"litellm_credential_name": "aws"}}, "did not store litellm_credential_name", ""},
		{nil, "othing to change", ""},
	} {
		r, env := played(t, map[string]string{"GET /credentials": `{"credentials":[{"credential_name":"aws"}]}`, "POST /vector_store/info": `{"vector_store":` + storeOf("v1", `{"a":1}`) + `}`,
			"POST /vector_store/update": `{"status":"success","vector_store":` + storeOf("v1", `{"a":1,"b":2}`) + `}`})
		args := map[string]any{"vector_store_id": "v1"}
		for name, value := range tt.args {
			args[name] = value
		}
		_, err := run(t.Context(), env, vectorStoresUpdate, argsOf(args))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, want %q", tt.args, err, tt.want)
		}
		for i, asked := range r.asked {
			if asked == "POST /vector_store/update" && tt.sent != "" && sorted(r.bodies[i]) != tt.sent {
				t.Errorf("%v sent %s, want %s", tt.args, r.bodies[i], tt.sent)
			}
		}
	}
}

// TestVectorStoreConsent: another provider gets what is stored for the present one.
func TestVectorStoreConsent(t *testing.T) {
	_, env := played(t, map[string]string{"POST /vector_store/info": `{"vector_store":` + storeOf("v1", "null") + `}`})
	for provider, want := range map[string]int{"bedrock": 0, "openai": 1} {
		call, err := operation.Prepare(t.Context(), env, vectorStoresUpdate, argsOf(map[string]any{"vector_store_id": "v1", "custom_llm_provider": provider}))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := call.Dangers(t.Context()); err != nil || len(found) != want {
			t.Errorf("%s: %q, %v", provider, found, err)
		}
	}
	for op, args := range map[*operation.Operation]string{
		vectorStoresCreate: `{"vector_store_id":"v","custom_llm_provider":"openai","litellm_params":{"api_base":"https://evil.example"}}`,
		promptsCreate:      `{"prompt_id":"p","dotprompt_content":"x","litellm_params":{"api_base":"https://evil.example"}}`,
		promptsPatch:       `{"prompt_id":"p","litellm_params":{"api_key":"os.environ/LITELLM_MASTER_KEY"}}`,
		searchToolsTest:    `{"search_provider":"tavily","litellm_params":{"api_base":"https://evil.example"}}`,
		searchToolsCreate:  `{"search_tool_name":"s","search_provider":"tavily","litellm_params":{"api_key":"os.environ/LITELLM_MASTER_KEY"}}`,
	} {
		_, env := played(t, searchToolAnswers())
		call := prepare(t, env, op.Path, args)
		found, err := call.Dangers(t.Context())
		if text := strings.Join(found, "\n"); err != nil || !strings.Contains(text, "evil.example") && !strings.Contains(text, "LITELLM_MASTER_KEY") {
			t.Errorf("%s: %q, %v", op.Path, found, err)
		}
	}
}

// TestVectorStoreOwner: the gateway ignores an owner.
func TestVectorStoreOwner(t *testing.T) {
	r, env := played(t, map[string]string{"GET /team/info": `{"team_info":{"team_id":"t"}}`, "GET /v2/team/list": `{"teams":[{"team_id":"t"}],"total":1,"page":1,"total_pages":1}`})
	args := map[string]any{"vector_store_id": "v", "custom_llm_provider": "bedrock", "extra": map[string]any{"team_id": "t"}}
	if _, err := run(t.Context(), env, vectorStoresCreate, argsOf(args)); err == nil || !strings.Contains(err.Error(), "takes it from the key") {
		t.Errorf("%v after %v", err, r.asked)
	}
}
