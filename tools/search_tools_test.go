package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// searchTool1 is a search tool as LiteLLM 1.110.2 shows it.
const searchTool1 = `{"search_tool_id":"s1","search_tool_name":"web","litellm_params":{"api_key":"tv****77","timeout":5.0,"search_provider":"tavily"},"search_tool_info":{"description":"d"},"is_from_config":false}`

func searchToolAnswers() map[string]string {
	return map[string]string{
		"GET /search_tools/list": `{"search_tools":[` + searchTool1 +
			`,{"search_tool_id":null,"search_tool_name":"fixed","litellm_params":{"search_provider":"tavily"},"search_tool_info":null,"is_from_config":true}]}`,
		"GET /search_tools/s1":                     searchTool1,
		"GET /search_tools/ui/available_providers": `{"providers":[{"provider_name":"tavily","ui_friendly_name":"Tavily"},{"provider_name":"exa_ai","ui_friendly_name":"Exa AI"}]}`,
		"PUT /search_tools/s1":                     `{"search_tool_id":"s1","search_tool_name":"web","litellm_params":{"api_key":"tvly-new","timeout":9.0,"search_provider":"tavily"},"search_tool_info":{"description":"d"}}`,
		"POST /search_tools":                       `{"search_tool_name":"new","litellm_params":{"search_provider":"tavily"},"search_tool_id":"s2"}`,
		"DELETE /search_tools/s1":                  `{"message":"Search tool s1 deleted successfully","search_tool_name":"web"}`,
		"POST /search_tools/test_connection":       `{"status":"error","message":"litellm.APIConnectionError: refused\nTraceback (most recent call last):\n  File x","error_type":"APIConnectionError"}`,
	}
}

// TestSearchToolWrites: the gateway replaces the whole tool, and does not show its key.
func TestSearchToolWrites(t *testing.T) {
	for _, tt := range []struct {
		op         *operation.Operation
		args       map[string]any
		want, sent string
	}{
		{searchToolsCreate, map[string]any{"search_tool_name": "new", "search_provider": "tavily", "litellm_params": map[string]any{"timeout": 5}}, "",
			`POST /search_tools {"search_tool":{"litellm_params":{"search_provider":"tavily","timeout":5},"search_tool_info":{},"search_tool_name":"new"}}`},
		{searchToolsCreate, map[string]any{"search_tool_name": "new", "search_provider": "tavly"}, `search provider tavly does not exist; did you mean "tavily"?`, ""},
		{searchToolsCreate, map[string]any{"search_tool_name": "new", "search_provider": "tavily", "litellm_params": map[string]any{"search_provider": "x"}}, "both set search_provider", ""},
		{searchToolsUpdate, map[string]any{"name": "web", "litellm_params": map[string]any{"timeout": 9}}, "does not show api_key, which would be lost", ""},
		{searchToolsUpdate, map[string]any{"name": "web", "search_tool_name": "other"}, "does not show api_key, which would be lost", ""},
		{searchToolsUpdate, map[string]any{"search_tool_id": "s1", "litellm_params": map[string]any{"timeout": 9, "api_key": "tvly-new"}}, "",
			`PUT /search_tools/s1 {"search_tool":{"litellm_params":{"api_key":"tvly-new","search_provider":"tavily","timeout":9},"search_tool_info":{"description":"d"},"search_tool_name":"web"}}`},
		{searchToolsUpdate, map[string]any{"search_tool_id": "s1", "search_tool_name": "renamed", "litellm_params": map[string]any{"api_key": nil}}, "kept search_tool_name web",
			`PUT /search_tools/s1 {"search_tool":{"litellm_params":{"search_provider":"tavily","timeout":5},"search_tool_info":{"description":"d"},"search_tool_name":"renamed"}}`},
		{searchToolsUpdate, map[string]any{"name": "web"}, "othing to change", ""},
		{searchToolsUpdate, map[string]any{"name": "fixed", "search_tool_info": map[string]any{"a": 1}}, "is defined in the gateway's configuration file", ""},
		{searchToolsDelete, map[string]any{"name": "fixed"}, "is defined in the gateway's configuration file", ""},
		{searchToolsDelete, map[string]any{"name": "web"}, "", "DELETE /search_tools/s1 "},
	} {
		r, env := played(t, searchToolAnswers())
		_, err := run(t.Context(), env, tt.op, argsOf(tt.args))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: %v, want %q", tt.op.Path, tt.args, err, tt.want)
		}
		var writes []string
		for i, asked := range r.asked {
			if !strings.HasPrefix(asked, "GET ") {
				writes = append(writes, asked+" "+sorted(r.bodies[i]))
			}
		}
		if got := strings.Join(writes, "\n"); got != tt.sent {
			t.Errorf("%s %v sent\n%s, want\n%s", tt.op.Path, tt.args, got, tt.sent)
		}
	}
}

// TestSearchToolReads: a tool of the configuration file has no ID; a test that fails is a
// 200.
func TestSearchToolReads(t *testing.T) {
	_, env := played(t, searchToolAnswers())
	got := do(t, env, searchToolsGet, map[string]any{"name": "fixed"})
	if operation.Word(operation.Lookup(got.Body, "search_tool_name")) != "fixed" {
		t.Errorf("search-tools get: %s", got.Body)
	}
	result, err := run(t.Context(), env, searchToolsTest, argsOf(map[string]any{"search_provider": "tavily"}))
	if err != nil || len(result.Failed) != 1 || result.Failed[0].Why != "litellm.APIConnectionError: refused" || result.Done != "" {
		t.Errorf("search-tools test: %+v, %v", result, err)
	}
	if _, err := run(t.Context(), env, searchToolsTest, argsOf(map[string]any{"search_provider": "nope"})); proxyclient.CodeOf(err) != proxyclient.CodeNotFound {
		t.Errorf("an unknown provider: %v", err)
	}
}
