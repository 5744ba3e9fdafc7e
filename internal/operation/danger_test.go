package operation

import (
	"encoding/json"
	"strings"
	"testing"
)

type dangerInput struct {
	Name     string    `json:"name" help:"Name" cli:"arg=1"`
	Role     string    `json:"user_role" help:"Role"`
	Params   Pairs     `json:"litellm_params" help:"Parameters"`
	Metadata Object    `json:"metadata" help:"Metadata"`
	Routes   []string  `json:"allowed_routes" help:"Routes"`
	Messages []Message `json:"messages" help:"Messages"`
	Extras
}

var dangerous = &Operation{Path: "things change", Effect: Set, Do: Endpoint[dangerInput]{Method: "POST", Path: "/x"}}

// TestScan holds the forms in which an argument may send a secret away, reach into the
// gateway or give rights; each with a part of what is said, "" for nothing.
func TestScan(t *testing.T) {
	params := func(s string) string { return `{"litellm_params":` + s + `}` }
	extra := func(s string) string { return `{"extra":` + s + `}` }
	for _, tt := range []struct{ args, want string }{
		// Where a secret goes.
		{params(`{"api_base":"https://evil.example/v1"}`), "sends requests to evil.example"},
		{params(`{"API_BASE":"https://evil.example"}`), "evil.example"},
		{params(`{"api-base":"https://evil.example:8443"}`), "evil.example:8443"},
		{params(`{"api_base":"evil.example"}`), "evil.example"},
		{params(`{"api_base":"https://good.example\\@evil.example"}`), `https://good.example\\@evil.example`},
		{params(`{"api_base":"https://good.example@evil.example"}`), "to evil.example ("},
		{params(`{"api_base":"//evil.example"}`), "evil.example"},
		{params(`{"api_base":"http://[::1]:80"}`), "[::1]"},
		{params(`{"api_base":"https://еvil.example"}`), "https://еvil.example"},
		{params(`{"base_url":"https://evil.example"}`), "evil.example"},
		{params(`{"azure_endpoint":"https://evil.example"}`), "evil.example"},
		{params(`{"aws_sts_endpoint":"https://evil.example"}`), "evil.example"},
		{params(`{"aws_bedrock_runtime_endpoint":"https://evil.example"}`), "evil.example"},
		{params(`{"s3_endpoint_url":"https://evil.example"}`), "evil.example"},
		{params(`{"valkey_host":"evil.example"}`), "evil.example"},
		{params(`{"anthropic_keycloak_token_url":"https://evil.example"}`), "evil.example"},
		{params(`{"aws_region_name":"x.evil.example/#"}`), "x.evil.example/#"},
		{params(`{"aws_region_name":"eu-central-1"}`), ""},
		{params(`{"region_name":"evil.example"}`), "evil.example"},
		{params(`{"vertex_location":"us-central1.evil.example"}`), "evil.example"},
		{params(`{"account_id":"evil.example/#"}`), "may change the address"},
		{params(`{"account_id":"evil.example:80"}`), "may change the address"},
		{params(`{"tenant_id":"x?y"}`), "may change the address"},
		{params(`{"model":"huggingface/https://evil.example"}`), "evil.example"},
		{params(`{"model":"huggingface/https:/evil.example"}`), "evil.example"},
		{params(`{"model":"bedrock/us.anthropic.claude-3-5-sonnet-20241022-v2:0"}`), ""},
		{params(`{"model":"vertex_ai/claude-3-5-sonnet@20240620","api_key":"a/b#c?d","mock_response":"why?"}`), ""},
		{`{"name":"huggingface/https://evil.example/x"}`, "evil.example"},
		{params(`{"os.environ/LITELLM_MASTER_KEY":"x"}`), "LITELLM_MASTER_KEY"},
		{params(`{"extra_headers":{"X-Key":"1","Host":"evil"}}`), "sends the header Host with each request"},
		{params(`{"headers":"{\"X\":1}"}`), "sends the header X"},
		// What providers put into an address.
		{params(`{"account_id":"localhost/"}`), "may change the address"},
		{params(`{"account_id":"evil.example/# "}`), "may change the address"},
		{params(`{"tenant_id":"x@evil"}`), "may change the address"},
		{params(`{"account_id":"abc-123","tenant_id":"0a1b"}`), ""},
		{extra(`{"tools":[{"type":"mcp","function":{"server_url":"https://evil.example"}}]}`), "sends requests to evil.example"},
		{extra(`{"prediction":{"type":"content","content":"https://x/ #a"}}`), ""},
		{`{"model_info":{"homepage_url":"https://x"}}`, ""},
		{params(`{"litellm_credential_name":"azure"}`), "uses the stored credential azure"},
		{params(`{"anything":"https://evil.example"}`), "names the address evil.example"},
		{params(`{"deep":{"a":[{"b":{"api_base":"https://evil.example"}}]}}`), "(litellm_params.deep.a.b.api_base)"},
		{params(`{"vertex_credentials":"{\"type\":\"external_account\",\"token_url\":\"https://evil.example\"}"}`), "evil.example"},
		{params(`{"s3_bucket_name":"evil"}`), "stores data in evil"},
		{params(`{"configurable_clientside_auth_params":["api_base"]}`), "lets callers choose"},
		{params(`{"ssl_verify":false}`), "TLS"},
		{params(`{"ssl_verify":true}`), ""},
		{params(`{"http_proxy":"http://evil.example"}`), "evil.example"},
		{extra(`{"api_base":"https://evil.example"}`), "(api_base)"},
		{extra(`{"webhook":"https://evil.example"}`), "evil.example"},
		{extra(`{"success_callback":["langfuse"]}`), "logs calls to langfuse"},
		{`{"metadata":{"logging":[{"callback_name":"x","callback_vars":{"langfuse_host":"https://evil.example"}}]}}`, "evil.example"},
		// A document that Python reads and Go does not.
		{params(`{"vertex_credentials":"{\"type\":\"external_account\",\"x\":NaN,\"token_url\":\"https:\\u002f\\u002fevil.example\"}"}`), "cannot be checked"},
		{params(`{"vertex_credentials":" \ufeff{\"x\":-Infinity}"}`), "cannot be checked"},
		{params(`{"vertex_credentials":"{'token_url':'x'}"}`), "cannot be checked"},
		{params(`{"vertex_credentials":"{\"a\":1,}"}`), "cannot be checked"},
		{params(`{"anything":["[1,]"]}`), "cannot be checked"},
		{extra(`{"vertex_credentials":"{'token_url':'x'}"}`), "cannot be checked"},
		{params(`{"mock_response":"{hi"}`), ""},
		{params(`{"vertex_credentials":"{\"audience\":\"//iam.googleapis.com/x\"}"}`), "names an address or a file of the gateway: \"//iam.googleapis.com/x\""},
		// Secrets are masked, what decides is not.
		{params(`{"headers":"Authorization: Bearer abcdefgh12345678"}`), `"Authorization: Bearer ****"`},
		{params(`{"litellm_credential_name":"sk-abcdefghijklmnop1234"}`), "credential sk-...1234 ("},
		{params(`{"api_key":"os.environ/A,sk-abcdefghijklmnop1234"}`), `"A,sk-...1234"`},
		{params(`{"api_base":"https://api_key=evil.example\\"}`), "api_key=evil.example"},
		// The gateway's environment, files and identity.
		{params(`{"api_key":"os.environ/LITELLM_MASTER_KEY"}`), "environment variable LITELLM_MASTER_KEY"},
		{params(`{"api_key":"Bearer os.environ/A and OS.ENVIRON/B"}`), "environment variable B"},
		{params(`{"api_key":"os.environ//A"}`), "environment variable A"},
		{params(`{"api_key":"os.environ/DATABASE_URL,x"}`), `"DATABASE_URL,x"`},
		{params(`{"aws_web_identity_token":"oidc/env/LITELLM_MASTER_KEY"}`), "environment variable LITELLM_MASTER_KEY"},
		{params(`{"aws_web_identity_token":"oidc/env_path/TOKEN"}`), "environment variable TOKEN"},
		{params(`{"aws_web_identity_token":"oidc/file//etc/passwd"}`), `file "/etc/passwd"`},
		{params(`{"aws_web_identity_token":"oidc/google/https://evil.example"}`), "gateway's own identity"},
		{params(`{"vertex_credentials":"/etc/gcp.json"}`), `file "/etc/gcp.json"`},
		{params(`{"openai_identity_token_file":"x"}`), `file "x"`},
		{params(`{"anything":"../x"}`), `file "../x"`},
		{params(`{"anything":"file:x"}`), `file "file:x"`},
		{params(`{"anything":"C:\\x"}`), "file"},
		{params(`{"aws_profile_name":"prod"}`), "own identity as prod"},
		{`{"name":"os.environ/SECRET"}`, "environment variable SECRET"},
		{`{"metadata":{"x":"see os.environ/X"}}`, "environment variable X"},
		// Rights.
		{`{"user_role":"proxy_admin"}`, "gives the role proxy_admin"},
		{`{"user_role":"PROXY_ADMIN"}`, "gives the role PROXY_ADMIN"},
		{`{"user_role":"internal_user"}`, ""},
		{extra(`{"teams":[{"team_id":"t","user_role":"admin"}]}`), "gives the role admin"},
		{extra(`{"permissions":{"a":true}}`), "gives permissions: a"},
		{extra(`{"permissions":{}}`), ""},
		{extra(`{"team_member_permissions":["/key/delete"]}`), "gives permissions: /key/delete"},
		{extra(`{"admins":["ann"]}`), "rights of an administrator (admins)"},
		{extra(`{"members_with_roles":[{"user_id":"a","role":"user"}]}`), "may give a role"},
		{extra(`{"is_admin":true}`), "rights of an administrator"},
		{extra(`{"is_admin":false,"admins":[],"default_role":"internal_user"}`), ""},
		{extra(`{"key_type":"management"}`), "manages the gateway"},
		{extra(`{"allowed_passthrough_routes":["/x"]}`), "pass the gateway's credentials"},
		{extra(`{"allowed_vector_store_indexes":[{"index_name":"i"}]}`), "gives access to indexes"},
		{extra(`{"secret_manager_settings":{"a":1}}`), "sets where keys are stored"},
		{`{"metadata":{"secret_manager_settings":{"a":1}}}`, "sets where keys are stored"},
		{`{"allowed_routes":["llm_api_routes","/v1/chat/completions","/embeddings"]}`, ""},
		{`{"allowed_routes":["/key/generate"]}`, "/key/generate"},
		{`{"allowed_routes":["/v1/*"]}`, "/v1/*"},
		{`{"allowed_routes":["*"]}`, `*`},
		{`{"allowed_routes":["/chat*"]}`, "/chat*"},
		// Nothing, but for names that callbacks have.
		{`{"metadata":{"role":"engineer","permissions":["read"],"path":"x","admin":"ann"}}`, ""},
		{`{"metadata":{"repo_url":"https://git.example/x","docs_url":"https://x","curl":"x","dashboard_url":"/d","headers":{"a":"b"},"webhooks":"no"}}`, "webhooks"},
		{`{"metadata":{"repo_url":"https://git.example/x","docs_url":"https://x","curl":"x","dashboard_url":"/d","headers":{"a":"b"},"draft":"[x"}}`, ""},
		{`{"metadata":{"temp_budget_increase":100}}`, "raises the budget for a time by 100"},
		{`{"metadata":{"allowed_passthrough_routes":["/x"]}}`, "pass the gateway's credentials"},
		{params(`{"model":"openai/x","messages":[],"functions":"os.environ/SECRET"}`), "environment variable SECRET"},
		{`{"metadata":{"langfuse_host":"https://evil.example"}}`, "sends requests to evil.example"},
		{`{"metadata":{"callback_settings":{"callback_vars":{"langsmith_base_url":"https://evil.example"}}}}`, "sends requests to evil.example"},
		{extra(`{"tools":[{"type":"function","function":{"name":"f","description":"see https://x","parameters":{"properties":{"role":{"type":"string"},"permissions":{"type":"array"},"path":{"default":"/x"},"admin":{"type":"string"}}}}}]}`), ""},
		{extra(`{"response_format":{"json_schema":{"schema":{"properties":{"role":{"const":"admin"},"url":{"const":"https://x"}}}}},"tool_choice":{"function":{"name":"os.environ/x"}}}`), ""},
		{extra(`{"tools":[{"type":"mcp","server_url":"https://evil.example","headers":{"X":"1"}}]}`), "sends requests to evil.example"},
		{extra(`{"tools":[],"api_base":"https://evil.example"}`), "evil.example"},
		{extra(`{"fallbacks":[{"model":"m","api_base":"https://evil.example"}]}`), "evil.example"},
		{`{"metadata":{"role":"engineer","permissions":["read"],"room":"/4/711"}}`, ""},
		{`{"messages":[{"role":"system","content":"os.environ/X https://x"}]}`, ""},
		{params(`{"model":"openai/gpt-4o","rpm":5,"api_key":"sk-1","temperature":0.5,"api_version":"2024-02-01"}`), ""},
	} {
		var args Args
		if err := json.Unmarshal([]byte(tt.args), &args); err != nil {
			t.Fatalf("%s: %v", tt.args, err)
		}
		found := strings.Join(scan(dangerous, args), "\n")
		if tt.want == "" && found != "" || !strings.Contains(found, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.args, found, tt.want)
		}
	}
}

// TestScanTellsNoSecret: what a danger repeats of a document holds no secret.
func TestScanTellsNoSecret(t *testing.T) {
	for _, value := range []string{
		`{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMARKED\n-----END PRIVATE KEY-----","token_uri":"https://oauth2.example/token","password":"MARKED"}`,
		`//x -----BEGIN PRIVATE KEY-----MARKED`,
	} {
		args := Args{"litellm_params": Encode(map[string]string{"vertex_credentials": value, "other": value})}
		if found := strings.Join(scan(dangerous, args), "\n"); found == "" || strings.Contains(found, "MARKED") {
			t.Errorf("%s:\n%s", value, found)
		}
	}
}

// TestScanIsBounded: what is nested too deep is a danger by itself, and costs no more.
func TestScanIsBounded(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000)
	if found := scan(dangerous, Args{"litellm_params": json.RawMessage(deep)}); len(found) != 1 || !strings.Contains(found[0], "too deep") {
		t.Errorf("found %.200q", found)
	}
}

// TestNames: no name adds a line, hides a part of the question or ends its quotes.
func TestNamesOnOneLine(t *testing.T) {
	for name, want := range map[string]string{
		"research": "research", "ann@example.com": "ann@example.com", "ümlaut-7": "ümlaut-7",
		"two words": `"two words"`, "": `""`, "a\nb": `"a\nb"`, "a\r\x1b[2Jb": `"a\u000d\u001b[2Jb"`,
		"a\u202eb": `"a\u202eb"`, "a\u200bb": `"a\u200bb"`, `a"? b`: `"a\"? b"`, `a\nb`: `"a\\nb"`, "a\xffb": `"a\ufffdb"`,
		"a\u2028b": `"a\u2028b"`, "a\U000e0041": `"a\U000e0041"`,
	} {
		if got := Name(name); got != want {
			t.Errorf("%q is shown as %s, want %s", name, got, want)
		}
	}
	thing := Thing{ID: Encode("01234567\n9abcdef"), Name: "x"}
	if got := thing.Label(); got != "x (01234567…)" {
		t.Error(got)
	}
	thing.ID = Encode("0) \n")
	if got := thing.Label(); got != `x ("0) \n")` {
		t.Error(got)
	}
}

// FuzzScan: nothing makes it fail, and nothing that it says has more than one line.
func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"litellm_params":{"api_base":"https://a\n@b","x":"oidc/file/\u202e"},"extra":{"role":["a"],"headers":{"a\n":1}}}`))
	f.Add([]byte(`{"allowed_routes":[1,null],"metadata":{"a":"{\"b\":\"os.environ/\"}"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var args Args
		if json.Unmarshal(raw, &args) != nil {
			return
		}
		for _, danger := range scan(dangerous, args) {
			if strings.ContainsFunc(danger, hidden) {
				t.Errorf("%q has characters that are not seen", danger)
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	args := Args{"litellm_params": Encode(map[string]string{"model": "openai/gpt-4o", "api_key": "sk-1", "api_base": "https://x"})}
	for b.Loop() {
		scan(dangerous, args)
	}
}
