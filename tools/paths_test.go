package tools

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// routed are the paths with parameters that operations use, with a method that changes
// nothing here: nothing has the name that the test asks for.
var routed = map[string]string{
	"/v1/agents/{agent_id}": "GET", "/v1/agents/{agent_id}/kill_switch": "POST",
	"/v1/mcp/server/{server_id}": "GET", "/v1/mcp/server/{server_id}/pin": "DELETE", "/v1/mcp/toolset/{toolset_id}": "GET",
	"/v1/mcp/server/{server_id}/approve": "PUT", "/v1/mcp/server/{server_id}/reject": "PUT",
	"/access_group/{access_group}/info": "GET", "/access_group/{access_group}/update": "PUT", "/access_group/{access_group}/delete": "DELETE",
	"/access_group/{access_group}/budget": "GET", "/fallback/{model}": "GET", "/model/{model_id}/update": "PATCH",
	"/credentials/by_name/{credential_name:path}": "GET", "/credentials/{credential_name:path}": "DELETE",
	"/key/{key:path}/regenerate": "POST", "/key/{key:path}/reset_spend": "POST",
	"/team/{team_id:path}/callback": "GET", "/team/{team_id:path}/callback/{callback_name}": "DELETE",
	"/audit/{id}": "GET", "/guardrails/{guardrail_id}": "GET", "/guardrails/usage/detail/{guardrail_id}": "GET",
	"/guardrails/submissions/{guardrail_id}": "GET", "/guardrails/submissions/{guardrail_id}/approve": "POST", "/guardrails/submissions/{guardrail_id}/reject": "POST",
	"/v1/memory/{key:path}": "GET", "/prompts/{prompt_id}": "DELETE", "/prompts/{prompt_id}/info": "GET", "/prompts/{prompt_id}/versions": "GET", "/search_tools/{search_tool_id}": "GET",
	"/v1/tool/{tool_name:path}/detail": "GET", "/v1/tool/{tool_name:path}/logs": "GET", "/v1/tool/{tool_name:path}/overrides": "DELETE",
	"/policies/{policy_id}": "GET", "/policies/{policy_id}/status": "PUT", "/policies/attachments/{attachment_id}": "GET", "/policy/info/{policy_name}": "GET",
	"/policies/name/{policy_name}/versions": "GET", "/policies/name/{policy_name}/all-versions": "DELETE",
	"/config/pass_through_endpoint/{endpoint_id}": "POST", "/health/deployment_warnings/{warning_id}": "PATCH", "/spend/logs/ui/{request_id}": "GET",
	"/team/{team_id}/member/{user_id}/reset_spend": "POST", "/team/{team_id}/member/{user_id}/reset_budget": "POST",
}

var inSource = regexp.MustCompile("\"(/[a-z_/]*\\{[^\" ]*)\"")

// TestPathParameters holds that every path with a parameter is among those that
// TestPathParametersLive tries.
func TestPathParameters(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range inSource.FindAllStringSubmatch(string(source), -1) {
			known := false
			for path := range routed {
				known = known || strings.HasPrefix(path, found[1])
			}
			if !known {
				t.Errorf("%s: is %s routed with a slash in its parameters? Add it to routed", file, found[1])
			}
		}
	}
}

// TestPathParametersLive holds what the paths declare against a real gateway: {name} with a
// slash leads to no route, {name:path} does.
func TestPathParametersLive(t *testing.T) {
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to a gateway that tests may fill and empty")
	}
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	for template, method := range routed {
		for _, one := range parameter.FindAllString(template, -1) {
			path := strings.Replace(template, one, "no%2Fsuch", 1)
			path = parameter.ReplaceAllString(path, "none")
			request, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(url, "/")+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+key)
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body := make([]byte, 200)
			n, _ := response.Body.Read(body)
			_ = response.Body.Close()
			lost := strings.Contains(string(body[:n]), `{"detail":"Not Found"}`) || response.StatusCode == http.StatusMethodNotAllowed
			if slashes := strings.HasSuffix(one, ":path}"); lost == slashes {
				t.Errorf("%s %s: status %d %s; %s is declared with slashes: %v", method, path, response.StatusCode, body[:n], one, slashes)
			}
		}
	}
}
