package tools

import (
	"encoding/json"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// prepared prepares a call and returns the requests that this took.
func prepared(t *testing.T, w *world, env operation.Env, path, args string) (reads []string, err error) {
	t.Helper()
	var given operation.Args
	if err := json.Unmarshal([]byte(args), &given); err != nil {
		t.Fatal(err)
	}
	w.take()
	_, err = operation.Prepare(t.Context(), env, All().Find(path), given)
	return w.take(), err
}

// TestReferences: a write that names what does not exist is refused before anything is
// planned, and so on both surfaces.
func TestReferences(t *testing.T) {
	w, env := consentWorld(t)
	for _, tt := range []struct {
		op, args, want string
		code           proxyclient.Code
	}{
		{"keys generate", `{"team_id":"research","user_id":"ann@example.com"}`, "", ""},
		{"keys generate", `{"team_id":"00000000-0000-4000-8000-000000000001"}`, "team 00000000-0000-4000-8000-000000000001 does not exist", proxyclient.CodeNotFound},
		{"keys generate", `{"budget_id":"tiers"}`, `budget tiers does not exist; did you mean "tier"?`, proxyclient.CodeNotFound},
		{"keys generate", `{"extra":{"project_id":"p"}}`, "project p does not exist", proxyclient.CodeNotFound},
		{"keys bulk-update", `{"key_aliases":["ci"],"budget_id":"none"}`, "budget none does not exist", proxyclient.CodeNotFound},
		{"keys service-account", `{"team_id":"none","key_alias":"x"}`, `no team has the alias or ID "none"`, proxyclient.CodeNotFound},
		{"users create", `{"user_email":"x@example.com","extra":{"budget_id":"none"}}`, "budget none does not exist", proxyclient.CodeNotFound},
		{"models update", `{"model_id":"m1","litellm_params":{"litellm_credential_name":"azur"}}`, `credential azur does not exist; did you mean "azure"?`, proxyclient.CodeNotFound},
		{"access-groups budget-set", `{"access_group":"group","budget_id":"none"}`, "budget none does not exist", proxyclient.CodeNotFound},
		{"keys generate", `{"team_id":"strict","models":["m"]}`, "team strict may not use m, so the key could not either", proxyclient.CodeInvalid},
		{"keys update", `{"alias":"ci","models":["gpt-4o-mini","m"]}`, "may not use m", proxyclient.CodeInvalid},
		{"keys generate", `{"models":["m","nosuch","wild/any","group","openai/*"],"aliases":{"a":"m"}}`, "", ""},
		{"teams update", `{"team":"research","models":["nosuch"]}`, "", ""},
	} {
		reads, err := prepared(t, w, env, tt.op, tt.args)
		if proxyclient.CodeOf(err) != tt.code || tt.want != "" && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v (%s), want %s (%s)", tt.op, tt.args, err, proxyclient.CodeOf(err), tt.want, tt.code)
		}
		for _, r := range reads {
			if !strings.HasPrefix(r, "GET ") {
				t.Errorf("%s %s: sent %s", tt.op, tt.args, r)
			}
		}
	}
}

// TestReferencesCost: each reference takes one request, and what is given by name none
// beside the look-up.
func TestReferencesCost(t *testing.T) {
	w, env := consentWorld(t)
	for args, most := range map[string]int{
		`{"team_id":"strict","budget_id":"tier","models":["gpt-4o-mini"]}`:       3,
		`{"user_id":"root","budget_id":"tier"}`:                                  2,
		`{"team":"strict"}`:                                                      1,
		`{"key_alias":"x","max_budget":1,"extra":{"allowed_cache_controls":[]}}`: 0,
		`{"key_alias":"x","max_budget":1,"extra":{"tpd_limit":5}}`:               1, // the version: 1.83.14 ignores it
	} {
		if reads, err := prepared(t, w, env, "keys generate", args); err != nil || len(reads) > most {
			t.Errorf("%s: %d requests, want %d: %q, %v", args, len(reads), most, reads, err)
		}
	}
}

// TestSharedBudgets: a limit of one thing is not written into the budget of others.
func TestSharedBudgets(t *testing.T) {
	w, env := consentWorld(t)
	for _, write := range []struct{ op, args string }{
		{"customers create", `{"user_id":"shares","budget_id":"tier"}`},
		{"tags create", `{"name":"shares","budget_id":"tier"}`},
	} {
		var args operation.Args
		_ = json.Unmarshal([]byte(write.args), &args)
		if _, err := run(t.Context(), env, All().Find(write.op), args); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		_, _ = run(t.Context(), env, customersDelete, operation.Args{"user_ids": operation.Encode([]string{"shares"})})
		_, _ = run(t.Context(), env, tagsDelete, operation.Args{"name": operation.Encode("shares")})
	}()
	for _, tt := range []struct{ op, args, want string }{
		{"customers update", `{"user_id":"shares","max_budget":9}`, "customer shares shares budget tier with 1 other: tag shares; nothing was sent"},
		{"customers update", `{"user_id":"shares","extra":{"tpm_limit":9}}`, "with 1 other"},
		{"tags update", `{"name":"shares","clear":["max_budget"]}`, "tag shares shares budget tier with 1 other: customer shares"},
		{"tags update", `{"name":"shares","max_budget":9,"budget_id":"other"}`, "{max_budget} would not become a limit of the budget"},
		{"tags update", `{"name":"shares","budget_id":"other"}`, ""},
		{"customers update", `{"user_id":"acme","max_budget":1}`, ""},
		{"budgets update", `{"budget_id":"tier","max_budget":1}`, ""},
	} {
		_, err := prepared(t, w, env, tt.op, tt.args)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %s: %v, want %s", tt.op, tt.args, err, tt.want)
		}
	}
}
