package tools

import (
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveCosts sets, shows and removes prices; those of other providers stay.
func TestLiveCosts(t *testing.T) {
	env, _ := live(t)
	const provider, other = "aiml", "ai21" // no other test uses them
	restore := func() {
		for _, p := range []string{provider, other} {
			for op, fields := range map[*operation.Operation][]string{costDiscountSet: {"discount"}, costMarginSet: {"percentage", "fixed_amount"}} {
				_, _ = run(t.Context(), env, op, argsOf(map[string]any{"provider": p, "clear": fields}))
			}
		}
	}
	restore()
	defer restore()
	do(t, env, costDiscountSet, map[string]any{"provider": other, "discount": 0.5})
	do(t, env, costDiscountSet, map[string]any{"provider": provider, "discount": 0.05})
	do(t, env, costMarginSet, map[string]any{"provider": provider, "percentage": 0.1})
	do(t, env, costMarginSet, map[string]any{"provider": provider, "fixed_amount": 0.001})
	find := func(op *operation.Operation, provider string) operation.Args {
		for _, item := range do(t, env, op, nil).Page.Items {
			if row := membersOf(item); operation.Word(row["provider"]) == provider {
				return row
			}
		}
		return operation.Args{}
	}
	if a, b := find(costDiscount, provider), find(costDiscount, other); numberOf(a["discount"]) != 0.05 || numberOf(b["discount"]) != 0.5 {
		t.Errorf("discounts %s, %s", a, b)
	}
	if m := find(costMargin, provider); numberOf(m["percentage"]) != 0.1 || numberOf(m["fixed_amount"]) != 0.001 {
		t.Errorf("margin %s", m)
	}
	do(t, env, costDiscountSet, map[string]any{"provider": provider, "clear": []string{"discount"}})
	if len(find(costDiscount, provider)) > 0 || len(find(costDiscount, other)) == 0 {
		t.Error("clearing a discount removed none, or another one")
	}
	for args, want := range map[string]proxyclient.Code{"aiml-nope": proxyclient.CodeInvalid, "openai": proxyclient.CodeNotFound} {
		change := map[string]any{"provider": args, "discount": 0.1}
		if want == proxyclient.CodeNotFound {
			change = map[string]any{"provider": args, "clear": []string{"discount"}}
		}
		if _, err := run(t.Context(), env, costDiscountSet, argsOf(change)); proxyclient.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	estimate := do(t, env, costEstimate, map[string]any{"model": "gpt-4o-mini", "input_tokens": 1000, "output_tokens": 500, "num_requests_per_day": 10})
	if numberOf(operation.Lookup(estimate.Body, "daily_cost")) <= 0 {
		t.Errorf("estimate %s", estimate.Body)
	}
	if _, err := run(t.Context(), env, costEstimate, argsOf(map[string]any{"model": "nosuch", "input_tokens": 1, "output_tokens": 1})); !operation.IsNotFound(err) {
		t.Errorf("estimate of an unknown model: %v", err)
	}
	was := operation.Word(operation.Lookup(do(t, env, costUnpriced, nil).Body, "enabled")) == "true"
	do(t, env, costUnpricedSet, map[string]any{"enabled": was})
}
