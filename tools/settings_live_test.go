package tools

import (
	"encoding/json"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// restored shows settings and changes some of them back when the test is over.
func restored(t *testing.T, env operation.Env, p *settingsPage, update *operation.Operation, names ...string) {
	t.Helper()
	call, err := operation.Prepare(t.Context(), env, update, operation.Args{})
	if err != nil {
		t.Fatal(err)
	}
	present, err := p.present(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	args, cleared := map[string]any{}, []string{}
	for _, name := range names {
		if value := membersOf(present)[name]; !isUnset(value) {
			args[name] = value
		} else if f, _ := update.Field(name); f.Cleared != "" {
			cleared = append(cleared, name)
		}
		if f, _ := update.Field(name); f.Kind == operation.KindObject {
			args["replace"] = []string{name}
		}
	}
	args["clear"] = cleared
	if len(cleared) == 0 {
		delete(args, "clear")
	}
	t.Cleanup(func() { do(t, env, update, args) })
}

// TestLiveSettings changes settings one by one: the others stay. All are restored.
func TestLiveSettings(t *testing.T) {
	env, prefix := live(t)
	show := func(op *operation.Operation, path string) string {
		return operation.Word(operation.Lookup(do(t, env, op, nil).Body, path))
	}
	restored(t, env, internalUserPage, settingsInternalUsersUpdate, "user_role", "max_budget", "models")
	do(t, env, settingsInternalUsersUpdate, map[string]any{"max_budget": 12, "models": []string{"gpt-4o-mini"}})
	do(t, env, settingsInternalUsersUpdate, map[string]any{"user_role": "internal_user"})
	if got := show(settingsInternalUsers, "values.max_budget"); got != "12.0" {
		t.Errorf("the default budget is %s after another default was changed", got)
	}
	do(t, env, settingsInternalUsersUpdate, map[string]any{"clear": []string{"max_budget"}})
	if got := show(settingsInternalUsers, "values.models"); got != `["gpt-4o-mini"]` {
		t.Errorf("the default models are %s after the budget was cleared", got)
	}
	if _, err := run(t.Context(), env, settingsInternalUsersUpdate, argsOf(map[string]any{"teams": []string{prefix}})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid && !operation.IsNotFound(err) {
		t.Errorf("a default team that does not exist: %v", err)
	}
	restored(t, env, defaultTeamPage, settingsDefaultTeamUpdate, "rpm_limit", "max_budget")
	do(t, env, settingsDefaultTeamUpdate, map[string]any{"rpm_limit": 7})
	do(t, env, settingsDefaultTeamUpdate, map[string]any{"max_budget": 7})
	if got := show(settingsDefaultTeam, "values.rpm_limit"); got != "7" {
		t.Errorf("the default limit is %s after another default was changed", got)
	}
}

// TestLiveSettingsRouter changes what the router does and merges its aliases.
func TestLiveSettingsRouter(t *testing.T) {
	env, prefix := live(t)
	restored(t, env, routerPage, settingsRouterUpdate, "num_retries", "model_group_alias")
	do(t, env, settingsRouterUpdate, map[string]any{"num_retries": 2, "model_group_alias": map[string]any{prefix + "-a": "gpt-4o-mini"}})
	do(t, env, settingsRouterUpdate, map[string]any{"model_group_alias": map[string]any{prefix + "-b": "gpt-4o-mini"}})
	aliases := membersOf(operation.Lookup(do(t, env, settingsRouter, nil).Body, "current_values.model_group_alias"))
	if aliases[prefix+"-a"] == nil || aliases[prefix+"-b"] == nil {
		t.Errorf("the aliases are %s", aliases)
	}
	for args, want := range map[string]string{`{"routing_strategy":"bogus"}`: "is not one of simple-shuffle", `{"extra":{"num_retriess":1}}`: "num_retriess", `{"extra":{"set_verbose":null}}`: "kept set_verbose"} {
		var given operation.Args
		_ = json.Unmarshal([]byte(args), &given)
		if _, err := run(t.Context(), env, settingsRouterUpdate, given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	if fields := do(t, env, settingsRouterFields, nil).Page; len(fields.Items) < 10 {
		t.Errorf("%d router fields", len(fields.Items))
	}
}

// TestLiveSettingsGeneral sets and resets settings that the gateway lists and one that it
// does not list.
func TestLiveSettingsGeneral(t *testing.T) {
	env, _ := live(t)
	t.Cleanup(func() {
		do(t, env, settingsGeneralReset, map[string]any{"field_names": []string{"max_response_size_mb", "alerting_threshold"}})
	})
	do(t, env, settingsGeneralUpdate, map[string]any{"max_response_size_mb": 77, "extra": map[string]any{"alerting_threshold": 333}})
	for name, want := range map[string]string{"max_response_size_mb": "77", "alerting_threshold": "333"} {
		if got := operation.Word(operation.Lookup(do(t, env, settingsGeneralGet, map[string]any{"field_name": name}).Body, "field_value")); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	do(t, env, settingsGeneralReset, map[string]any{"field_names": []string{"max_response_size_mb", "alerting_threshold"}})
	if got := operation.Word(operation.Lookup(do(t, env, settingsGeneralGet, map[string]any{"field_name": "alerting_threshold"}).Body, "field_value")); got != "null" && got != "" {
		t.Errorf("alerting_threshold is %s after it was reset", got)
	}
	for extra, want := range map[string]proxyclient.Code{"store_model_in_db": proxyclient.CodeUsage, "no_such_setting": proxyclient.CodeNotFound} {
		args := map[string]any{"max_response_size_mb": 78, "extra": map[string]any{extra: true}}
		if _, err := run(t.Context(), env, settingsGeneralUpdate, argsOf(args)); proxyclient.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", extra, err, want)
		}
	}
}

// TestLiveSettingsSSO changes how people sign in. No answer shows the client secret.
func TestLiveSettingsSSO(t *testing.T) {
	env, prefix := live(t)
	clear := func() {
		do(t, env, settingsSSOUpdate, map[string]any{"clear": []string{"generic_client_id", "generic_client_secret", "generic_userinfo_endpoint"}})
	}
	if id := operation.Lookup(do(t, env, settingsSSO, nil).Body, "values.generic_client_id"); operation.NoNull(id) != nil {
		t.Skip("the gateway has single sign-on")
	}
	t.Cleanup(clear)
	do(t, env, settingsSSOUpdate, map[string]any{"generic_client_id": prefix, "generic_client_secret": prefix + "-secret"})
	_, err := run(t.Context(), env, settingsSSOUpdate, argsOf(map[string]any{"generic_userinfo_endpoint": "https://idp.example.com/me"}))
	if version, _ := env.Client.Version(t.Context()); proxyclient.Older(version, "1.110") != (proxyclient.CodeOf(err) == proxyclient.CodeUsage) {
		t.Errorf("LiteLLM %s, a change without the stored secret: %v", version, err)
	}
	shown := do(t, env, settingsSSO, nil)
	if got := operation.Word(operation.Lookup(shown.Body, "values.generic_client_secret")); !masked(got) {
		t.Errorf("the client secret is %q", got)
	}
	if got := operation.Word(operation.Lookup(shown.Body, "values.generic_client_id")); got != prefix {
		t.Errorf("the client ID is %q", got)
	}
}

// TestLiveSettingsFeatures tunes features of the gateway. Settings that are omitted stay.
func TestLiveSettingsFeatures(t *testing.T) {
	env, _ := live(t)
	for _, tt := range []struct {
		page          *settingsPage
		show, update  *operation.Operation
		first, second map[string]any
		stays         string
	}{
		{semanticFilterPage, settingsSemanticFilter, settingsSemanticFilterUpdate, map[string]any{"top_k": 7}, map[string]any{"similarity_threshold": 0.5}, "top_k"},
		{toolSearchPage, settingsToolSearch, settingsToolSearchUpdate, map[string]any{"top_k": 7}, map[string]any{"similarity_threshold": 0.5}, "top_k"},
		{webSearchPage, settingsWebSearch, settingsWebSearchUpdate, map[string]any{"max_agentic_loops": 7}, map[string]any{"enabled_providers": []string{"openai"}}, "max_agentic_loops"},
	} {
		restored(t, env, tt.page, tt.update, "top_k", "similarity_threshold", "max_agentic_loops", "enabled_providers")
		do(t, env, tt.update, tt.first)
		do(t, env, tt.update, tt.second)
		if got := operation.Word(operation.Lookup(do(t, env, tt.show, nil).Body, "values."+tt.stays)); got != "7" {
			t.Errorf("%s: %s is %s after another field was changed", tt.update.Path, tt.stays, got)
		}
	}
	_, err := run(t.Context(), env, settingsBackgroundChatUpdate, argsOf(map[string]any{"enabled": false}))
	if version, _ := env.Client.Version(t.Context()); proxyclient.Older(version, "1.110") != (proxyclient.CodeOf(err) == proxyclient.CodeUnsupported) {
		t.Errorf("LiteLLM %s, background chat: %v", version, err)
	}
}

// TestLiveSettingsEmailEvents turns one event over and back.
func TestLiveSettingsEmailEvents(t *testing.T) {
	env, _ := live(t)
	enabled := func() (on bool) {
		for _, item := range do(t, env, settingsEmailEvents, nil).Page.Items {
			if operation.Word(operation.Lookup(item, "event")) == "Virtual Key Rotated" {
				on = string(operation.Lookup(item, "enabled")) == "true"
			}
		}
		return on
	}
	turn := func(on bool) {
		argument := map[bool]string{true: "enable", false: "disable"}[on]
		do(t, env, settingsEmailEventsUpdate, map[string]any{argument: []string{"virtual key rotated"}})
	}
	was := enabled()
	t.Cleanup(func() { turn(was) })
	if turn(!was); enabled() == was {
		t.Error("the event was not turned over")
	}
	if _, err := run(t.Context(), env, settingsEmailEventsUpdate, argsOf(map[string]any{"enable": []string{"nope"}})); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("an unknown event: %v", err)
	}
}

// TestLiveSettingsUI changes what the admin UI shows. Nobody is shut out by a list of IP
// addresses without the caller's.
func TestLiveSettingsUI(t *testing.T) {
	env, _ := live(t)
	restored(t, env, themePage, settingsThemeUpdate, "logo_url", "favicon_url")
	do(t, env, settingsThemeUpdate, map[string]any{"logo_url": "https://example.com/logo.png"})
	do(t, env, settingsThemeUpdate, map[string]any{"favicon_url": "https://example.com/logo.ico"})
	if got := operation.Word(operation.Lookup(do(t, env, settingsTheme, nil).Body, "values.logo_url")); got != "https://example.com/logo.png" {
		t.Errorf("the logo is %q after the icon was changed", got)
	}
	restored(t, env, uiPage, settingsUIUpdate, "enable_chat_ui")
	do(t, env, settingsUIUpdate, map[string]any{"enable_chat_ui": false})
	if _, err := run(t.Context(), env, settingsUIUpdate, argsOf(map[string]any{"extra": map[string]any{"enable_chat_uix": false}})); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("a setting that does not exist: %v", err)
	}
	for ip, want := range map[string]string{"203.0.113.7": "shut you out", "10.0.0.0/8": "is not an IP address"} {
		if operation.NoNull(operation.Lookup(do(t, env, settingsAllowedIPs, nil).Body, "data")) != nil {
			continue // there is a list
		}
		if _, err := run(t.Context(), env, settingsAllowedIPAdd, argsOf(map[string]any{"ip": ip})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", ip, err, want)
		}
	}
}
