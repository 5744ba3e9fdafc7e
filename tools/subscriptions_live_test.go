package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// lacks reports whether the gateway says that it has no such route.
func lacks(err error) bool {
	return proxyclient.CodeOf(err) == proxyclient.CodeUnsupported && strings.Contains(err.Error(), "this gateway is LiteLLM") && strings.Contains(err.Error(), "has no route")
}

// TestLiveSubscriptions walks a fee through its life. Gateways before 1.109 have none.
func TestLiveSubscriptions(t *testing.T) {
	env, prefix := live(t)
	fee := map[string]any{"account_id": prefix, "custom_llm_provider": "chatgpt", "monthly_fee": 200, "currency": "USD", "billing_period_start": "2026-11-05", "label": "live"}
	made, err := run(t.Context(), env, subscriptionsCreate, argsOf(fee))
	if lacks(err) {
		if _, err := run(t.Context(), env, subscriptionsUsage, operation.Args{}); !lacks(err) {
			t.Errorf("usage: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	id := operation.Word(operation.Lookup(made.Body, "subscription_account_id"))
	defer func() {
		_, _ = run(t.Context(), env, subscriptionsDelete, argsOf(map[string]any{"subscription_account_id": id}))
	}()
	if _, err := run(t.Context(), env, subscriptionsCreate, argsOf(fee)); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("a second fee of the account: %v", err)
	}
	do(t, env, subscriptionsUpdate, map[string]any{"account": prefix, "monthly_fee": 250})
	do(t, env, subscriptionsUpdate, map[string]any{"subscription_account_id": id, "clear": []string{"label"}})
	found := false
	for _, item := range do(t, env, subscriptionsUsage, map[string]any{"start_date": "2026-11-01", "end_date": "2026-11-26"}).Page.Items {
		if operation.Word(operation.Lookup(item, "account_id")) == prefix {
			found = numberOf(operation.Lookup(item, "fixed_cost")) == 250 && operation.NoNull(operation.Lookup(item, "fee.label")) == nil
		}
	}
	if !found {
		t.Error("the usage does not have the fee as it was changed")
	}
	do(t, env, subscriptionsDelete, map[string]any{"account": prefix})
	if _, err := run(t.Context(), env, subscriptionsUpdate, argsOf(map[string]any{"subscription_account_id": id, "monthly_fee": 1})); !operation.IsNotFound(err) {
		t.Errorf("an update of a deleted fee: %v", err)
	}
	if _, err := run(t.Context(), env, subscriptionsDelete, argsOf(map[string]any{"subscription_account_id": id})); !operation.IsNotFound(err) {
		t.Errorf("deleting it again: %v", err)
	}
}

// TestLiveWarnings ignores a warning that this gateway does not have, and shows it again.
func TestLiveWarnings(t *testing.T) {
	env, _ := live(t)
	if _, err := run(t.Context(), env, healthWarnings, operation.Args{}); err != nil {
		if !lacks(err) {
			t.Error(err)
		}
		return
	}
	const id = "license_expiry:2001-01-01"
	if done := do(t, env, healthWarningIgnore, map[string]any{"warning_id": id, "snooze_seconds": 60}).Done; !strings.Contains(done, "is ignored until 20") {
		t.Errorf("ignoring: %s", done)
	}
	if done := do(t, env, healthWarningIgnore, map[string]any{"warning_id": id, "ignored": false}).Done; !strings.Contains(done, "is shown again") {
		t.Errorf("showing: %s", done)
	}
	if _, err := run(t.Context(), env, healthWarningIgnore, argsOf(map[string]any{"warning_id": "nosuch"})); !operation.IsNotFound(err) {
		t.Errorf("an unknown warning: %v", err)
	}
}

// TestLiveSpendErrors counts by each dimension.
func TestLiveSpendErrors(t *testing.T) {
	env, _ := live(t)
	for by := range errorGroups {
		if _, err := run(t.Context(), env, spendErrors, argsOf(map[string]any{"by": by, "period": "7d"})); err != nil && !lacks(err) {
			t.Errorf("by %s: %v", by, err)
		}
	}
	if _, err := run(t.Context(), env, spendCaptureRate, argsOf(map[string]any{"period": "7d"})); err != nil && !strings.Contains(err.Error(), "OPENAI_ADMIN_KEY") {
		t.Errorf("capture rate: %v", err)
	}
}

// TestLiveSpendByUser: the gateway's own sums by user are those of spend summary.
func TestLiveSpendByUser(t *testing.T) {
	env, _ := live(t)
	period := argsOf(map[string]any{"start_date": "2026-01-01", "end_date": "2026-01-31"})
	if _, err := run(t.Context(), env, spendByUser, period); err != nil {
		if !lacks(err) {
			t.Error(err)
		}
		return
	}
	sums := map[string]string{}
	for _, item := range do(t, env, spendByUser, map[string]any{"period": "yesterday"}).Page.Items {
		sums[operation.Word(operation.Lookup(item, "user_id"))] = operation.Word(operation.Lookup(item, "api_requests"))
	}
	for _, item := range do(t, env, spendSummary, map[string]any{"by": []string{"user"}, "period": "yesterday"}).Page.Items {
		if id := operation.Word(operation.Lookup(item, "user_id")); id != "null" && sums[id] != operation.Word(operation.Lookup(item, "requests")) {
			t.Errorf("user %s: %s, but %s", id, sums[id], item)
		}
	}
}
