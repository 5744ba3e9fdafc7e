package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// explained is a key with faults, what the gateway answers to its chat, and the verdict.
type explained struct {
	key             map[string]any
	model           string
	answer, verdict string
}

// explainCases are keys with two faults each: the gateway names the first one, and so does the
// verdict.
func explainCases(team, blocked, user, spent string) []explained {
	over := func(more map[string]any) map[string]any {
		more["max_budget"], more["spend"] = 1, 2
		return more
	}
	return []explained{
		{key: map[string]any{"extra": map[string]any{"blocked": true}, "models": []string{"zzz"}}, answer: "blocked", verdict: "is blocked"},
		{key: over(map[string]any{"models": []string{"zzz"}}), answer: "key_model_access_denied", verdict: "may not use gpt-4o-mini, only zzz"},
		{key: over(map[string]any{"duration": "1s"}), answer: "expired_key", verdict: "expired on"},
		{key: over(map[string]any{"allowed_routes": []string{"/models"}}), answer: "budget_exceeded", verdict: "the key's budget is used up (2 of 1 US dollars)"},
		{key: map[string]any{"allowed_routes": []string{"/models"}, "team_id": blocked}, answer: "not allowed to call this route", verdict: "may only call /models"},
		{key: over(map[string]any{"team_id": blocked}), answer: "budget_exceeded", verdict: "the key's budget"},
		{key: map[string]any{"team_id": blocked}, answer: "is blocked", verdict: "the team of the key"},
		{key: map[string]any{"team_id": team, "rpm_limit": 0}, answer: "team_model_access_denied", verdict: "may not use gpt-4o-mini"},
		{key: map[string]any{"user_id": user}, answer: "user_model_access_denied", verdict: "the user of the key may not use"},
		{key: map[string]any{"user_id": spent, "rpm_limit": 0}, answer: "budget_exceeded", verdict: "the user's budget is used up"},
		{key: map[string]any{"rpm_limit": 0}, model: "nosuch", answer: "throttling_error", verdict: "the rate limits of the key allow none"},
		{key: map[string]any{"model_rpm_limit": map[string]any{"gpt-4o-mini": 0}}, answer: "throttling_error", verdict: "allows no requests for the model"},
		{key: map[string]any{"models": []string{"*"}}, model: "nosuch", answer: "Invalid model name", verdict: "the gateway has no model nosuch"},
		{key: map[string]any{"models": []string{"gpt-4o-mini"}, "aliases": map[string]any{"fast": "gpt-4o-mini"}}, model: "fast", verdict: "No limit refuses calls to fast"},
		{key: map[string]any{"allowed_routes": []string{"llm_api_routes"}, "rpm_limit": 1000}, verdict: "What is unknown can still refuse"},
	}
}

// checkExplain compares verdicts with what the gateway really answers.
func checkExplain(t *testing.T, env operation.Env, prefix string) {
	make := func(op *operation.Operation, args map[string]any, id string) string {
		return operation.Word(operation.Lookup(do(t, env, op, args).Body, id))
	}
	team := make(teamsCreate, map[string]any{"team_alias": prefix + "-team", "models": []string{"zzz"}}, "team_id")
	blocked := make(teamsCreate, map[string]any{"team_alias": prefix + "-blocked", "models": []string{"zzz"}}, "team_id")
	do(t, env, teamsBlock, map[string]any{"team_id": blocked})
	user, spent := prefix+"-user", prefix+"-spent"
	do(t, env, usersCreate, map[string]any{"user_id": user, "models": []string{"zzz"}, "auto_create_key": false})
	do(t, env, usersCreate, map[string]any{"user_id": spent, "max_budget": 0, "auto_create_key": false})
	cases := explainCases(team, blocked, user, spent)
	var keys []string
	t.Cleanup(func() {
		do(t, env, keysDelete, map[string]any{"keys": keys})
		do(t, env, teamsDelete, map[string]any{"team_ids": []string{team, blocked}})
		do(t, env, usersBulkDelete, map[string]any{"user_ids": []string{user, spent}})
	})
	var made []json.RawMessage
	for i, tt := range cases {
		tt.key["key_alias"] = fmt.Sprintf("%s-%d", prefix, i)
		made = append(made, do(t, env, keysGenerate, tt.key).Body)
		keys = append(keys, operation.Word(operation.Lookup(made[i], "token")))
	}
	until(t, "a key has expired", func() bool {
		key, err := keyCollection.FindID(t.Context(), freshCall(t, env), keys[2])
		at, _ := timeOf(key.Item, "expires")
		return err == nil && time.Now().After(at.Add(time.Second))
	})
	for i, tt := range cases {
		model := tt.model
		if model == "" {
			model = "gpt-4o-mini"
		}
		body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"hi"}]}`, model)
		_, err := env.Client.WithKey(operation.Word(operation.Lookup(made[i], "key")), "test").JSON(context.Background(), proxyclient.Request{Method: "POST", Path: "/chat/completions", Body: []byte(body)})
		said := ""
		if e := operation.AsError(err); e != nil {
			said = e.Type + " " + e.Message
		}
		if !strings.Contains(said, tt.answer) || tt.answer == "" && err != nil {
			t.Errorf("%v: the gateway says %q, want %q", tt.key, said, tt.answer)
		}
		result := do(t, env, keysExplain, map[string]any{"key": keys[i], "model": model})
		verdict := operation.Word(result.Page.About["verdict"])
		if !strings.Contains(verdict, tt.verdict) || string(result.Page.About["refused"]) != fmt.Sprint(err != nil) {
			t.Errorf("%v: verdict %q, want %q (%s)", tt.key, verdict, tt.verdict, said)
		}
	}
}

// freshCall is a call that has read nothing yet.
func freshCall(t *testing.T, env operation.Env) *operation.Call {
	t.Helper()
	call, err := operation.Prepare(t.Context(), env, keysList, operation.Args{})
	if err != nil {
		t.Fatal(err)
	}
	return call
}

func TestExplain(t *testing.T) {
	_, env := consentWorld(t)
	checkExplain(t, env, "explain")
}

func TestLiveExplain(t *testing.T) {
	env, prefix := live(t)
	checkExplain(t, env, prefix)
}

// TestExplainGone: an unknown key and a deleted one are verdicts, not errors.
func TestExplainGone(t *testing.T) {
	_, env := consentWorld(t)
	made := do(t, env, keysGenerate, map[string]any{"key_alias": "gone"}).Body
	do(t, env, keysDelete, map[string]any{"key_aliases": []string{"gone"}})
	for _, tt := range []struct {
		args map[string]any
		want string
	}{
		{map[string]any{"alias": "gone"}, "key gone was deleted on"},
		{map[string]any{"key": operation.Lookup(made, "key")}, "key gone was deleted on"},
		{map[string]any{"key": "sk-nobody-has-this-key"}, "the gateway does not know this key"},
	} {
		if verdict := operation.Word(do(t, env, keysExplain, tt.args).Page.About["verdict"]); !strings.Contains(verdict, tt.want) {
			t.Errorf("%v: %q, want %q", tt.args, verdict, tt.want)
		}
	}
}

// TestExplainLists: wildcards and access groups allow a model; without a model the lists are
// shown only.
func TestExplainLists(t *testing.T) {
	e := &explanation{model: "openai/gpt-4o", served: &servedModel{groups: []string{"beta"}}}
	for list, want := range map[string]bool{"openai/*": true, "*": true, "beta": true, "gpt-4o": false, "anthropic/*": false, "all-team-models": true, "openai/gpt-4o": true} {
		if got := e.allows([]string{list}); got != want {
			t.Errorf("%s: %v", list, got)
		}
	}
	for route, want := range map[string]bool{"llm_api_routes": true, "/v1/*": true, "/chat/completions": true, "/models": false, "management_routes": false, "/v1/chat/completions": true} {
		if got := allowsChat(route); got != want {
			t.Errorf("%s: %v", route, got)
		}
	}
	for _, tt := range []struct {
		in, out string
		want    bool
	}{{"0", "0", true}, {"0", "1", false}, {"null", "0", false}} {
		s := &servedModel{deployments: []json.RawMessage{[]byte(fmt.Sprintf(`{"model_info":{"input_cost_per_token":%s,"output_cost_per_token":%s}}`, tt.in, tt.out))}}
		if s.free() != tt.want {
			t.Errorf("%v: free %v", tt, s.free())
		}
	}
}

// TestUnusedNever lists the keys that were never used.
func TestUnusedNever(t *testing.T) {
	_, env := consentWorld(t)
	do(t, env, keysGenerate, map[string]any{"key_alias": "fresh"})
	aliases := func(args map[string]any) (names []string) {
		for _, item := range do(t, env, keysUnused, args).Page.Items {
			names = append(names, operation.Word(operation.Lookup(item, "key_alias")))
		}
		return names
	}
	if got := strings.Join(aliases(map[string]any{"never": true}), " "); !strings.Contains(got, "fresh") {
		t.Errorf("never used: %s", got)
	}
	if got := strings.Join(aliases(map[string]any{"never": true, "days": 1}), " "); strings.Contains(got, "fresh") {
		t.Errorf("never used for a day: %s", got)
	}
}
