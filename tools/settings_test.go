package tools

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// The answers of a real gateway, shortened.
const (
	readiness = `{"status":"healthy","litellm_version":"%"}`
	newUsers  = `{"values":{"user_role":"internal_user","max_budget":5.0,"budget_duration":null,"models":["gpt-4o-mini"],"teams":null},"field_schema":{}}`
	signOn    = `{"values":{"google_client_id":null,"generic_client_id":"cid","generic_client_secret":"MARK***************3456","generic_scope":"openid","role_mappings":null,"generic_token_endpoint":null},"provenance":{}}`
	routing   = `{"fields":[{"field_name":"routing_strategy","options":["simple-shuffle","least-busy"]}],"current_values":{"routing_strategy":"simple-shuffle","num_retries":0,"model_group_alias":{"fast":"gpt-4o-mini"}}}`
	general   = `[{"field_name":"max_request_size_mb","field_value":null,"source":"unset","editable":true},{"field_name":"store_model_in_db","field_value":true,"source":"config","editable":false},
		{"field_name":"max_response_size_mb","field_value":4,"source":"db","editable":true}]`
)

// settingsEnv is a gateway of a version with these settings.
func settingsEnv(t *testing.T, version string) (*stored, operation.Env) {
	t.Helper()
	s := &stored{answers: map[string]string{
		"GET /health/readiness/details":        strings.Replace(readiness, "%", version, 1),
		"GET /get/internal_user_settings":      newUsers,
		"PATCH /update/internal_user_settings": `{"status":"success"}`,
		"GET /get/sso_settings":                signOn,
		"PATCH /update/sso_settings":           `{"status":"success"}`,
		"GET /router/settings":                 routing,
		"POST /config/update":                  `{"message":"Config updated successfully"}`,
		"GET /config/list":                     general,
		"POST /config/field/update":            `{"param_name":"general_settings","param_value":{"master_key":"sk-0123456789abcdef01"}}`,
		"POST /config/field/delete":            `{"param_name":"general_settings","param_value":{}}`,
	}}
	return s, envOf(t, s)
}

// TestSettingsMerge: a gateway that replaces settings gets those that were not named too,
// never a masked secret, and one that keeps them only what was named.
func TestSettingsMerge(t *testing.T) {
	for _, tt := range []struct {
		op            *operation.Operation
		version, args string
		sent, err     string
	}{
		{op: settingsInternalUsersUpdate, args: `{"max_budget":10}`, sent: `{"max_budget":10,"models":["gpt-4o-mini"],"user_role":"internal_user"}`},
		{op: settingsInternalUsersUpdate, args: `{"clear":["max_budget"]}`, sent: `{"max_budget":null,"models":["gpt-4o-mini"],"user_role":"internal_user"}`},
		{op: settingsInternalUsersUpdate, args: `{}`, err: "nothing to change"},
		{op: settingsInternalUsersUpdate, args: `{"extra":{"max_budgett":1}}`, err: "did you mean {max_budget}"},
		{op: settingsInternalUsersUpdate, args: `{"extra":{"nothing_like_it":false}}`, err: "nothing_like_it is not one of the internal user settings"},
		{op: settingsSSOUpdate, version: "1.110.2", args: `{"generic_scope":"openid email"}`, sent: `{"generic_scope":"openid email"}`},
		{op: settingsSSOUpdate, version: "1.106.2", args: `{"generic_scope":"openid email"}`, err: "LiteLLM 1.106.2 replaces all SSO settings and shows generic_client_secret masked"},
		{op: settingsSSOUpdate, version: "1.106.2", args: `{"generic_scope":"openid email","generic_client_secret":"s3cret"}`,
			sent: `{"generic_client_id":"cid","generic_client_secret":"s3cret","generic_scope":"openid email"}`},
		{op: settingsSSOUpdate, version: "1.106.2", args: `{"clear":["generic_client_secret"]}`, sent: `{"generic_client_id":"cid","generic_client_secret":null,"generic_scope":"openid"}`},
		{op: settingsRouterUpdate, args: `{"model_group_alias":{"slow":"claude-haiku"}}`, sent: `{"router_settings":{"model_group_alias":{"fast":"gpt-4o-mini","slow":"claude-haiku"}}}`},
		{op: settingsRouterUpdate, args: `{"model_group_alias":{"slow":"claude-haiku"},"replace":["model_group_alias"]}`, sent: `{"router_settings":{"model_group_alias":{"slow":"claude-haiku"}}}`},
		{op: settingsRouterUpdate, args: `{"routing_strategy":"bogus"}`, err: "bogus is not one of simple-shuffle, least-busy"},
		{op: settingsGeneralUpdate, args: `{"max_request_size_mb":5}`, sent: `{"config_type":"general_settings","field_name":"max_request_size_mb","field_value":5}`},
		{op: settingsGeneralUpdate, args: `{"max_request_size_mb":5,"extra":{"store_model_in_db":false}}`, err: "store_model_in_db is set in the gateway's configuration file"},
	} {
		s, env := settingsEnv(t, tt.version)
		_, err := run(t.Context(), env, tt.op, givenIn(t, tt.args))
		sent := ""
		for _, request := range s.sent {
			sent += request[strings.Index(request, "{"):]
		}
		if code := proxyclient.CodeOf(err); sent != tt.sent || tt.err != "" && !strings.Contains(err.Error(), tt.err) || tt.err == "" && err != nil && code != proxyclient.CodeNotApplied {
			t.Errorf("%s %s sent %s, want %s; %v, want %q", tt.op.Path, tt.args, sent, tt.sent, err, tt.err)
		}
		if err == nil && tt.sent != "" {
			t.Errorf("%s %s: the gateway shows the old values, and the call says nothing of it", tt.op.Path, tt.args)
		}
	}
}

// TestSettingsGeneral changes one setting after the other, and says what it did.
func TestSettingsGeneral(t *testing.T) {
	s, env := settingsEnv(t, "1.110.2")
	s.after = map[string]string{"GET /config/list": strings.Replace(general, `"field_value":null`, `"field_value":5`, 1)}
	result := do(t, env, settingsGeneralUpdate, map[string]any{"max_request_size_mb": 5, "max_response_size_mb": 4})
	if string(result.Body) != `{"updated":["max_request_size_mb","max_response_size_mb"]}` || len(s.sent) != 2 {
		t.Errorf("%s, sent %q", result.Body, s.sent)
	}
	result = do(t, env, settingsGeneralReset, map[string]any{"field_names": []string{"max_response_size_mb"}})
	if string(result.Body) != `{"reset":["max_response_size_mb"]}` {
		t.Errorf("%s", result.Body)
	}
	for op, args := range map[*operation.Operation]string{settingsGeneralGet: `{"field_name":"max_request_sizemb"}`, settingsGeneralReset: `{"field_names":["max_request_sizemb"]}`} {
		s.answers["GET /config/field/info"] = `{"detail":{"error":"Invalid field=max_request_sizemb passed in."}}`
		s.status = map[string]int{"GET /config/field/info": 400}
		_, err := run(t.Context(), env, op, givenIn(t, args))
		if e := operation.AsError(err); !operation.IsNotFound(err) || !strings.Contains(e.Hint, "max_request_size_mb") {
			t.Errorf("%s: %v", op.Path, err)
		}
	}
}

// TestSettingsAreSensitive: what opens the gateway is confirmed, what only tunes it is not.
func TestSettingsAreSensitive(t *testing.T) {
	for _, tt := range []struct {
		op         *operation.Operation
		args, want string
	}{
		{settingsInternalUsersUpdate, `{"user_role":"proxy_admin"}`, "changes what every new user may do: user_role"},
		{settingsDefaultTeamUpdate, `{"models":["m"],"clear":["max_budget"]}`, "changes what every new team may do: max_budget, models"},
		{settingsSSOUpdate, `{"generic_token_endpoint":"https://evil.example/token"}`, "sends requests to evil.example (generic_token_endpoint)"},
		{settingsSSOUpdate, `{"role_mappings":{"roles":{"proxy_admin":["all"]}}}`, "changes who can sign in to the gateway, and how: role_mappings"},
		{settingsRouterUpdate, `{"model_group_alias":{"cheap":"gpt-4o"}}`, "changes how calls are routed, and so which models they may reach: model_group_alias"},
		{settingsRouterUpdate, `{"num_retries":5,"timeout":10}`, ""},
		{settingsGeneralUpdate, `{"extra":{"custom_auth":"os.environ/AUTH"}}`, "reads the gateway's environment variable AUTH (custom_auth)"},
		{settingsGeneralUpdate, `{"extra":{"public_routes":["/key/list"]}}`, "changes general settings of the gateway: public_routes"},
		{settingsGeneralUpdate, `{"max_request_size_mb":5}`, ""},
		{settingsGeneralUpdate, `{"extra":{"disable_requester_ip_address_logging":true}}`, "changes general settings of the gateway: disable_requester_ip_address_logging"},
		{settingsGeneralReset, `{"field_names":["allowed_ips"]}`, "changes general settings of the gateway: allowed_ips"},
	} {
		s, env := settingsEnv(t, "1.110.2")
		s.answers["GET /config/field/info"] = `{"field_name":"x","field_value":null,"source":"db","editable":true}`
		call, err := operation.Prepare(t.Context(), env, tt.op, givenIn(t, tt.args))
		if err != nil {
			t.Errorf("%s %s: %v", tt.op.Path, tt.args, err)
			continue
		}
		found, err := call.Dangers(t.Context())
		if err != nil || tt.want == "" && len(found) > 0 || tt.want != "" && !slices.Contains(found, tt.want) {
			t.Errorf("%s %s: %q, %v; want %q", tt.op.Path, tt.args, found, err, tt.want)
		}
	}
}

// givenIn returns the arguments in a JSON object.
func givenIn(t *testing.T, object string) (args operation.Args) {
	t.Helper()
	if err := json.Unmarshal([]byte(object), &args); err != nil {
		t.Fatal(err)
	}
	return args
}

// TestSettingsAllowedIPs: nobody shuts out everybody, or only themselves.
func TestSettingsAllowedIPs(t *testing.T) {
	for _, tt := range []struct {
		op              *operation.Operation
		has, args, sent string
		err             string
	}{
		{settingsAllowedIPAdd, `null`, `{"ip":"10.0.0.1"}`, `POST /add/allowed_ip {"ip":"10.0.0.1"}`, ""},
		{settingsAllowedIPAdd, `null`, `{"ip":"10.0.0.9"}`, "", "your calls coming from 10.0.0.1"},
		{settingsAllowedIPAdd, `["10.0.0.1"]`, `{"ip":"10.0.0.9"}`, `POST /add/allowed_ip {"ip":"10.0.0.9"}`, ""},
		{settingsAllowedIPAdd, `["10.0.0.1"]`, `{"ip":"10.0.0.0/8"}`, "", "is not an IP address"},
		{settingsAllowedIPDelete, `["10.0.0.1","10.0.0.9"]`, `{"ip":"10.0.0.9"}`, `POST /delete/allowed_ip {"ip":"10.0.0.9"}`, ""},
		{settingsAllowedIPDelete, `["10.0.0.1","10.0.0.9"]`, `{"ip":"10.0.0.1"}`, "", "your calls coming from 10.0.0.1"},
		{settingsAllowedIPDelete, `["10.0.0.1"]`, `{"ip":"10.0.0.1"}`, "", "nobody could call the gateway"},
		{settingsAllowedIPDelete, `["10.0.0.1"]`, `{"ip":"10.0.0.7"}`, "", "is not in the list"},
		{settingsAllowedIPReset, `["10.0.0.1"]`, `{}`, `POST /config/field/delete {"config_type":"general_settings","field_name":"allowed_ips"}`, "still has a list"},
	} {
		s := &stored{answers: map[string]string{"GET /get/allowed_ips": `{"data":` + tt.has + `}`, "GET /v1/mcp/network/client-ip": `{"ip":"10.0.0.1"}`,
			"POST /add/allowed_ip": `{}`, "POST /delete/allowed_ip": `{}`, "POST /config/field/delete": `{}`}}
		_, err := run(t.Context(), envOf(t, s), tt.op, givenIn(t, tt.args))
		if sent := strings.Join(s.sent, ""); sent != tt.sent {
			t.Errorf("%s %s with %s sent %q, want %q", tt.op.Path, tt.args, tt.has, sent, tt.sent)
		}
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s %s with %s: %v, want %q", tt.op.Path, tt.args, tt.has, err, tt.err)
		}
	}
}
