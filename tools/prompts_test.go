package tools

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

const noVersions = `404 {"detail":"No versions found for prompt ID greeting"}`

func version(number, environment, text string) string {
	return `{"prompt_id":"greeting","litellm_params":{"prompt_id":null,"prompt_integration":"dotprompt","api_key":"sk-stored","dotprompt_content":"` + text +
		`"},"prompt_info":{"prompt_type":"db","environment":"` + environment + `","owner":"ann"},"version":` + number + `,"environment":"` + environment + `","created_by":"default_user_id"}`
}

// TestPromptAddresses: the gateway cuts every ID at .v or _v.
func TestPromptAddresses(t *testing.T) {
	for id, want := range map[promptID][3]string{ // base, exact, whole; "" is an error
		"greeting":       {"greeting", "greeting", "greeting"},
		"greeting.v2":    {"greeting", "greeting.v2", ""},
		"greeting.v0":    {"", "", ""},
		"greeting.voice": {"", "", ""},
		"a.v1.v2":        {"", "", ""},
		"chat_voice":     {"chat_voice.v1", "", "chat_voice.v1"},
		"chat_voice.v3":  {"chat_voice.v1", "chat_voice.v3", ""},
		"chat_v2":        {"chat_v2.v1", "", "chat_v2.v1"},
		".v2":            {"", "", ""},
	} {
		for i, address := range []func() (string, error){id.base, id.exact, id.whole} {
			if got, err := address(); got != want[i] || (err == nil) != (want[i] != "") {
				t.Errorf("%s: %q, %v; want %q", id, got, err, want[i])
			}
		}
	}
}

// TestPromptWrites: what is sent, and what is refused before.
func TestPromptWrites(t *testing.T) {
	versions := `{"prompts":[` + version("3", "production", "three") + "," + version("2", "development", "two") + "," + version("1", "development", "one") + `]}`
	for _, tt := range []struct {
		op         *operation.Operation
		args       map[string]any
		want, sent string // an error, or the request
	}{
		{promptsCreate, map[string]any{"prompt_id": "new", "dotprompt_content": "User: hi"}, "",
			`POST /prompts {"litellm_params":{"dotprompt_content":"User: hi","prompt_integration":"dotprompt"},"prompt_id":"new","prompt_info":{"environment":"development","prompt_type":"db"}}`},
		{promptsCreate, map[string]any{"prompt_id": "greeting", "dotprompt_content": "x"}, "exists in development", ""},
		{promptsCreate, map[string]any{"prompt_id": "new"}, "has no text", ""},
		{promptsCreate, map[string]any{"prompt_id": "new_voice", "dotprompt_content": "x"}, "reads .v and _v", ""},
		{promptsCreate, map[string]any{"prompt_id": "a/b", "dotprompt_content": "x"}, "cannot carry a/b", ""},
		{promptsCreate, map[string]any{"prompt_id": "new", "litellm_params": map[string]any{"prompt_integration": "langfuse"}}, "is not one of dotprompt", ""},
		{promptsUpdate, map[string]any{"prompt_id": "greeting", "dotprompt_content": "new"}, "",
			`PUT /prompts/greeting {"litellm_params":{"api_key":"sk-stored","dotprompt_content":"new","prompt_id":null,"prompt_integration":"dotprompt"},"prompt_id":"greeting","prompt_info":{"environment":"development","owner":"ann","prompt_type":"db"}}`},
		{promptsUpdate, map[string]any{"prompt_id": "greeting", "environment": "production", "litellm_params": map[string]any{"api_key": nil}}, "",
			`PUT /prompts/greeting {"litellm_params":{"dotprompt_content":"three","prompt_id":null,"prompt_integration":"dotprompt"},"prompt_id":"greeting","prompt_info":{"environment":"production","owner":"ann","prompt_type":"db"}}`},
		{promptsUpdate, map[string]any{"prompt_id": "greeting", "environment": "staging", "dotprompt_content": "x"}, "does not exist in environment staging", ""},
		{promptsUpdate, map[string]any{"prompt_id": "greeting", "environment": "staging"}, "othing to change", ""},
		{promptsUpdate, map[string]any{"prompt_id": "greeting.v1", "dotprompt_content": "x"}, "a version is added to the prompt", ""},
		{promptsPatch, map[string]any{"prompt_id": "greeting", "dotprompt_content": "new"}, "",
			`PATCH /prompts/greeting.v2 {"litellm_params":{"api_key":"sk-stored","dotprompt_content":"new","prompt_id":null,"prompt_integration":"dotprompt"},"prompt_info":{"environment":"development","owner":"ann","prompt_type":"db"}}`},
		{promptsUpdate, map[string]any{"prompt_id": "greeting", "dotprompt_content": "****bold"}, "",
			`PUT /prompts/greeting {"litellm_params":{"api_key":"sk-stored","dotprompt_content":"****bold","prompt_id":null,"prompt_integration":"dotprompt"},"prompt_id":"greeting","prompt_info":{"environment":"development","owner":"ann","prompt_type":"db"}}`},
		{promptsPatch, map[string]any{"prompt_id": "greeting.v9", "dotprompt_content": "x"}, "does not exist in environment development", ""},
		{promptsDelete, map[string]any{"prompt_id": "greeting.v1"}, "cannot delete a single version", ""},
		{promptsDelete, map[string]any{"prompt_id": "greeting", "environment": "production"}, "", "DELETE /prompts/greeting "},
		{promptsTest, map[string]any{}, "either {prompt_id} or {dotprompt_content}", ""},
		{promptsTest, map[string]any{"prompt_id": "greeting", "dotprompt_content": "x"}, "either {prompt_id} or {dotprompt_content}", ""},
		{promptsTest, map[string]any{"environment": "production", "dotprompt_content": "x"}, "{environment} applies only to a stored prompt", ""},
	} {
		r, env := played(t, map[string]string{
			"GET /prompts/greeting/versions": versions, "GET /prompts/new/versions": noVersions,
			"POST /prompts":              strings.Replace(version("1", "development", "User: hi"), "greeting", "new.v1", 1),
			"PUT /prompts/greeting":      strings.Replace(version("3", "development", "new"), "greeting", "greeting.v3", 1),
			"PATCH /prompts/greeting.v2": strings.Replace(version("2", "development", "new"), "greeting", "greeting.v2", 1),
			"DELETE /prompts/greeting":   `{"message":"Prompt greeting deleted successfully from production"}`,
		})
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

// sorted is a JSON text with the members of its objects in order.
func sorted(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// TestUnusablePrompt: LiteLLM 1.110.2 answers 500 for a text that it cannot read, and
// stores it; it does not delete a prompt that it cannot use.
func TestUnusablePrompt(t *testing.T) {
	bad := `{"prompts":[` + version("1", "development", "---") + `]}`
	answers := map[string]string{"GET /prompts/bad/versions": noVersions, "POST /prompts": `500 {"detail":"Invalid YAML frontmatter: while parsing a flow sequence"}`,
		"DELETE /prompts/bad": `404 {"detail":"Prompt with ID bad not found"}`}
	r, env := played(t, answers)
	call, err := operation.Prepare(t.Context(), env, promptsCreate, argsOf(map[string]any{"prompt_id": "bad", "dotprompt_content": "---"}))
	if err != nil {
		t.Fatal(err)
	}
	call.Waive()
	if _, err := call.Plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(r.asked, "POST /prompts") {
		t.Fatal("the plan sent the request")
	}
	if _, err = call.Run(t.Context()); err == nil || strings.Contains(err.Error(), "stored") {
		t.Errorf("a prompt that was not stored: %v", err)
	}
	answers["GET /prompts/bad/versions"] = bad
	if err := unusable(t.Context(), call, "bad", "development", 0, &proxyclient.Error{Status: 500, Message: "Invalid YAML"}); !strings.Contains(err.Error(), "stored version bad.v1 but cannot use it: Invalid YAML") {
		t.Errorf("a prompt that was stored: %v", err)
	}
	if _, err = run(t.Context(), env, promptsDelete, argsOf(map[string]any{"prompt_id": "bad"})); err == nil || !strings.Contains(err.Error(), "does not delete it") {
		t.Errorf("prompts delete: %v", err)
	}
}

// TestMaskedPrompt: what a gateway masks is not written back.
func TestMaskedPrompt(t *testing.T) {
	masked := strings.ReplaceAll(`{"prompts":[`+version("1", "development", "x")+`]}`, "sk-stored", "sk****ed")
	for _, op := range []*operation.Operation{promptsUpdate, promptsPatch} {
		r, env := played(t, map[string]string{"GET /prompts/greeting/versions": masked})
		_, err := run(t.Context(), env, op, argsOf(map[string]any{"prompt_id": "greeting", "dotprompt_content": "new"}))
		if err == nil || !strings.Contains(err.Error(), "does not show api_key") || len(slices.DeleteFunc(r.asked, func(s string) bool { return strings.HasPrefix(s, "GET ") })) > 0 {
			t.Errorf("%s: %v, after %v", op.Path, err, r.asked)
		}
	}
}
