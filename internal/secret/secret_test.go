package secret

import (
	"strings"
	"testing"
)

const (
	hash = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"
	long = "sk-ABCDefgh_-123456wxyz"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		long: "sk-...wxyz", "sk-1234": "sk-...", "sk-": "sk-...", "": "", "hunter2": "****", hash: hash,
		"sk-...7OfA": "sk-...7OfA", "sk****et": "sk****et", "sk-0123456789abcdef": "sk-...cdef", "sk-0123456789abcde": "sk-...",
		"sk-0123456789abcdef\"x": "sk-...", "eyJhbGciOiJIUzI1NiJ9.e30.x": "****",
	} {
		if got := Mask(in); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                                                         "",
		"key " + long + ", again " + long:                          "key sk-...wxyz, again sk-...wxyz",
		"x=" + long:                                                "x=sk-...wxyz",
		`\n` + long + ` \u0022` + long:                             `\nsk-...wxyz \u0022sk-...wxyz`,
		"/key/%20" + long + "/regenerate":                          "/key/%20sk-...wxyz/regenerate",
		"risk-assessment-production-model":                         "risk-assessment-production-model",
		"sk-1234 sk-...7OfA " + hash:                               "sk-1234 sk-...7OfA " + hash,
		"Authorization: Bearer " + long:                            "Authorization: Bearer sk-...wxyz",
		"authorization: Basic aHVudGVyMg==\nx: y":                  "authorization: ****\nx: y",
		"Bearer eyJhbGciOi.J9 x":                                   "Bearer **** x",
		"use a Bearer token, Bearer authentication":                "use a Bearer token, Bearer authentication",
		"http://u:hunter2@h/p?key=hunter2&a=b":                     "http://****@h/p?key=****&a=b",
		"postgres://litellm:hunter2@db:5432/x":                     "postgres://****@db:5432/x",
		"/key/info?key=" + hash + "&token=x1":                      "/key/info?key=" + hash + "&token=****",
		"Budget exceeded! Key=my-key (sk-...b-Og)":                 "Budget exceeded! Key=my-key (sk-...b-Og)",
		"Received API Key = sk-...rong, Key Hash (Token) =" + hash: "Received API Key = sk-...rong, Key Hash (Token) =" + hash,
		`{'api_key': 'hunter2', 'n': 1}`:                           `{'api_key': '****', 'n': 1}`,
		`cut {"a": {"password": "hunt`:                             `cut {"a": {"password": "****`,
		`{\"client_secret\": \"hunter2\", \"a\": \"b\"}`:           `{\"client_secret\": \"****\", \"a\": \"b\"}`,
		`{"api_key": "hun\"ter2", "b": "c"`:                        `{"api_key": "****", "b": "c"`,
		"api_key=hunter2&x=1":                                      "api_key=****&x=1",
		"password: must be set":                                    "password: must be set",
		"api_key=os.environ/OPENAI_API_KEY":                        "api_key=os.environ/OPENAI_API_KEY",
		`"max_tokens": "100", "token": "` + hash + `"`:             `"max_tokens": "100", "token": "` + hash + `"`,
		`e {'credential_values': {'x': 'a}"', 'y': 1}, 'z': 2}`:    `e {'credential_values': ****, 'z': 2}`,
		`{\"credential_values\": {\"x\": \"a}\"}, \"z\": 2}`:       `{\"credential_values\": ****, \"z\": 2}`,
		`e {"my_credentials": {"x": ["a`:                           `e {"my_credentials": ****`,
		"AWS_SECRET_ACCESS_KEY=hunter2":                            "AWS_SECRET_ACCESS_KEY=****",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q)\n got %q\nwant %q", in, got, want)
		}
		if once := Text(in); Text(once) != once {
			t.Errorf("twice: %q becomes %q", once, Text(once))
		}
	}
}

func TestIsField(t *testing.T) {
	for _, name := range strings.Fields("api_key apikey apiKey API-Key x-api-key openai_api_key password db_password secret client_secret clientSecret " +
		"aws_secret_access_key aws_session_token vertex_credentials Authorization proxy-authorization master_key private_key access_token refresh_token " +
		"token bot_token api_keys apiKeys API_KEYS accessTokens LANGFUSE_SECRET_KEY SMTP_PASSWORD cookie Set-Cookie auth_value slack_webhook_url hf_token") {
		if !IsField(name) {
			t.Errorf("%s is none", name)
		}
	}
	for _, name := range strings.Fields("key key_name key_alias token_id tokens max_tokens total_tokens prompt_tokens input_cost_per_token output_cost_per_token " +
		"aws_access_key_id aws_region_name credential_name litellm_credential_name credentials credential_values api_base api_version secretary " +
		"time_to_first_token next_page_token model passwordless auth_type") {
		if IsField(name) {
			t.Errorf("%s is one", name)
		}
	}
}

func TestJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{ "b" : 1.10e+5 ,"a":[ 12345678901234567890.0, null,true ]}`: "",
		`"` + long + `"`:                   `"sk-...wxyz"`,
		`12`:                               "",
		`[]`:                               "",
		`{}`:                               "",
		`{"key":"` + long + `", "n": 1.0}`: `{"key":"sk-...wxyz", "n": 1.0}`,
		`{"API-Key" : "hunter2","x":"<&>\u00e9"}`:                   `{"API-Key" : "****","x":"<&>\u00e9"}`,
		`{"api_key":"","password":null,"secret":true}`:              "",
		`{"api_key":"sk****et","token":"sk-...7OfA"}`:               "",
		`{"api_key":"os.environ/OPENAI_API_KEY"}`:                   "",
		`{"token":"` + hash + `","api_key":"` + hash + `"}`:         "",
		`{"password":"` + hash + `"}`:                               `{"password":"****"}`,
		`{"litellm_params":{"api_key":"` + hash + `","model":"x"}}`: `{"litellm_params":{"api_key":"****","model":"x"}}`,
		`{"vertex_credentials": {"type": "x", "a": [1]}, "b": 2}`:   `{"vertex_credentials": "****", "b": 2}`,
		`{"vertex_credentials": {}}`:                                "",
		`{"locations":{"mcp_user_credentials":{"legacy":2}}}`:       "",
		`{"locations":{"a":{"password":"hunter2"},"api_key":"x1"}}`: `{"locations":{"a":{"password":"****"},"api_key":"****"}}`,
		`{"credentials":[{"credential_name":"c"}]}`:                 "",
		`{"credential_values":{"api_base":"https://x","token_x":"hunter2","aws_region_name":"eu","deep":{"z":["hunter2"]},"n":1}}`:              `{"credential_values":{"api_base":"https://x","token_x":"****","aws_region_name":"eu","deep":{"z":["****"]},"n":"****"}}`,
		`{"endpoints":[{"headers":{"X-Key":"hunter2"}}],"mcp_servers":[{"static_headers":{"X-Key":"hunter2"}}],"models":{"headers":{"rpm":1}}}`: `{"endpoints":[{"headers":{"X-Key":"****"}}],"mcp_servers":[{"static_headers":{"X-Key":"****"}}],"models":{"headers":{"rpm":1}}}`,
		`{"headers":{"Authorization":"Bearer hunter2hunter2","Accept":"x"}}`:                                                                    `{"headers":{"Authorization":"****","Accept":"****"}}`,
		`{"max_tokens":"100","input_cost_per_token":"1e-6","total_tokens":3}`:                                                                   "",
		`{"secrets_of":{"secret":["hunter2",{"a":"kept"}]}}`:                                                                                    `{"secrets_of":{"secret":["****",{"a":"****"}]}}`,
		`{"api_keys":{"` + hash + `":{"spend":1}}}`:                                                                                             "",
		`{"model_spend":{"` + long + `":1}}`:                                                                                                    `{"model_spend":{"sk-...wxyz":1}}`,
		`{"request":"{\"api_key\": \"hunter2\"}"}`:                                                                                              `{"request":"{\"api_key\": \"****\"}"}`,
		`{"\u0061pi_key":"hunter2","x":"\u0073k-ABCDefgh_-123456wxyz"}`:                                                                         `{"\u0061pi_key":"****","x":"sk-...wxyz"}`,
		`{"url":"redis://:hunter2@h"}`:                                                                                                          `{"url":"redis://****@h"}`,
		`{"a": ` + long:                                                                                                                         `{"a": sk-...wxyz`,
		`{"api_key": "hunter2"`:                                                                                                                 `{"api_key": "****"`,
	} {
		if want == "" {
			want = in
		}
		if got := string(JSON([]byte(in))); got != want {
			t.Errorf("JSON(%s)\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestKeep(t *testing.T) {
	in := `{"key":"` + long + `","token":"hunter2","keys":[{"key":"` + long + `","api_key":"x1"}],"a":{"key":"` + long + `"},"n":{"v":{"password":"p1"}, "last": 1}}`
	for keep, want := range map[string]string{
		"key":         `{"key":"` + long + `","token":"****","keys":[{"key":"sk-...wxyz","api_key":"****"}],"a":{"key":"sk-...wxyz"},"n":{"v":{"password":"****"}, "last": 1}}`,
		"keys.*.key":  `{"key":"sk-...wxyz","token":"****","keys":[{"key":"` + long + `","api_key":"****"}],"a":{"key":"sk-...wxyz"},"n":{"v":{"password":"****"}, "last": 1}}`,
		"n.v":         `{"key":"sk-...wxyz","token":"****","keys":[{"key":"sk-...wxyz","api_key":"****"}],"a":{"key":"sk-...wxyz"},"n":{"v":{"password":"p1"}, "last": 1}}`,
		"keys.*":      `{"key":"sk-...wxyz","token":"****","keys":[{"key":"` + long + `","api_key":"x1"}],"a":{"key":"sk-...wxyz"},"n":{"v":{"password":"****"}, "last": 1}}`,
		"n.last,n.no": `{"key":"sk-...wxyz","token":"****","keys":[{"key":"sk-...wxyz","api_key":"****"}],"a":{"key":"sk-...wxyz"},"n":{"v":{"password":"****"}, "last": 1}}`,
	} {
		if got := string(JSON([]byte(in), strings.Split(keep, ",")...)); got != want {
			t.Errorf("keep %s\n got %s\nwant %s", keep, got, want)
		}
	}
}

// What is kept may hold any key but the caller's own; what was seen there says
// nothing of the rest.
func TestKeepOwn(t *testing.T) {
	r := Redactor{Own: []string{"sk-mine-0123456789", "31415926"}, Keep: []string{"choices"}}
	for in, want := range map[string]string{
		`{"choices":[{"api_key":"hunter2","text":"sk-mine-0123456789 ` + long + `"}]}`:       `{"choices":[{"api_key":"hunter2","text":"sk-... ` + long + `"}]}`,
		`{"choices":{"sk-mine-0123456789":31415926,"n":1.0},"api_key":"hunter2"}`:            `{"choices":{"sk-...":"****","n":1.0},"api_key":"****"}`,
		`{"choices":"{\"a\":\"\u0073k-mine-0123456789\"}","b":"sk-mine-0123456789"}`:         `{"choices":"{\"a\":\"sk-...\"}","b":"sk-..."}`,
		`{"choices":{"vertex_credentials":{"a":"b"}},"vertex_credentials":{"a":"b"}}`:        `{"choices":{"vertex_credentials":{"a":"b"}},"vertex_credentials":"****"}`,
		`{"choices":{"` + long + `":{"` + long + `":1}},"` + long + `":{"` + long + `x":1}}`: `{"choices":{"` + long + `":{"` + long + `":1}},"sk-...wxyz":{"sk-...xyzx":1}}`,
	} {
		if got, err := r.JSON(t.Context(), []byte(in)); string(got) != want || err != nil {
			t.Errorf("JSON(%s)\n got %s %v\nwant %s", in, got, err, want)
		}
	}
}

// A long list is redacted before it is shown: it must not be what takes the time.
func BenchmarkJSON(b *testing.B) {
	item := `{"token":"` + hash + `","key_name":"sk-...7OfA","key_alias":"a","spend":0.0,"models":["gpt-4o-mini"],"metadata":{"note":"some text: with words"},"litellm_params":{"api_base":"https://host/x?y=z"},"created_at":"2026-11-22T16:13:22.289000Z"}`
	doc := []byte(`{"keys":[` + strings.Repeat(item+",", 9999) + item + `]}`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		JSON(doc, "key")
	}
}
