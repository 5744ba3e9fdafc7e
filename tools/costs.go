package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var costs = operation.Catalog{
	costDiscount, costDiscountSet, costMargin, costMarginSet, costEstimate, costPredictCache, costUnpriced, costUnpricedSet,
}

// The settings of a price: discounts and margins, by provider. The gateway replaces all of
// them at once.
const (
	discountPath = "/config/cost_discount_config"
	marginPath   = "/config/cost_margin_config"
)

var costDiscount = &operation.Operation{
	Path:     "cost discount",
	Summary:  "Show each provider's discount as a fraction of the price",
	Help:     "0.05 is 5% off. The gateway records the reduced cost.",
	Examples: []string{"cost discount"},
	Effect:   operation.Read,
	Sends:    []string{"GET /config/cost_discount_config"},
	Do: operation.Rows[struct{}](func(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
		return costRows(ctx, call, discountPath, func(value json.RawMessage) operation.Row {
			return operation.RowOf("discount", value)
		})
	}),
	Columns: []operation.Column{{Name: "provider"}, {Name: "discount"}},
}

type costDiscountSetInput struct {
	Provider string  `json:"provider" jsonschema:"required" help:"Provider, or provider and model pattern: vertex_ai/claude-*" cli:"arg=1"`
	Discount float64 `json:"discount" jsonschema:"minimum=0,maximum=1" help:"Discount as a fraction: 0.05 is 5% off" clear:"null" cli:"arg=2"`
	operation.Clearing
}

var costDiscountSet = &operation.Operation{
	Path:     "cost discount-set",
	Summary:  "Set or remove the discount of one provider",
	Help:     "Other providers are unchanged. A model pattern overrides its provider.",
	Examples: []string{"cost discount-set openai 0.05", "cost discount-set vertex_ai --clear discount"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /config/cost_discount_config"},
	Consent:  operation.Consent{Sensitive: lowersCost(discountPath)},
	Verify:   costIs(discountPath),
	Do: operation.Func[costDiscountSetInput](func(ctx context.Context, call *operation.Call, in costDiscountSetInput) (operation.Result, error) {
		result, err := setCost(ctx, call, discountPath)
		if e := operation.AsError(err); e != nil && strings.Contains(in.Provider, "/") && strings.Contains(e.Message, "Invalid provider") {
			e.Hint = "older gateways accept only a provider, not a model pattern"
		}
		return result, err
	}),
	Done: "set the discounts of {provider}",
}

var costMargin = &operation.Operation{
	Path:     "cost margin",
	Summary:  "Show the margin added to the cost of each provider's calls",
	Help:     "percentage is a fraction (0.1 adds 10%); fixed_amount is in US dollars per request. global applies to providers without their own.",
	Examples: []string{"cost margin"},
	Effect:   operation.Read,
	Sends:    []string{"GET /config/cost_margin_config"},
	Do: operation.Rows[struct{}](func(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
		return costRows(ctx, call, marginPath, func(value json.RawMessage) operation.Row {
			m := marginOf(value)
			return operation.RowOf("percentage", m["percentage"], "fixed_amount", m["fixed_amount"])
		})
	}),
	Columns: []operation.Column{{Name: "provider"}, {Name: "percentage"}, {Name: "fixed_amount", Format: operation.Dollars}},
}

type costMarginSetInput struct {
	Provider    string        `json:"provider" jsonschema:"required" help:"Provider, or global for all without their own" cli:"arg=1"`
	Percentage  float64       `json:"percentage" jsonschema:"minimum=0,maximum=10" help:"Fraction of the cost to add: 0.1 adds 10%" clear:"null"`
	FixedAmount operation.USD `json:"fixed_amount" help:"US dollars to add to each request" clear:"null"`
	operation.Clearing
}

var costMarginSet = &operation.Operation{
	Path:     "cost margin-set",
	Summary:  "Set or remove the margin of one provider, or the global one",
	Help:     "Other providers are unchanged. A provider's margin replaces the global one.",
	Examples: []string{"cost margin-set openai --percentage 0.1", "cost margin-set global --fixed-amount 0.001", "cost margin-set openai --clear percentage,fixed_amount"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /config/cost_margin_config"},
	Consent:  operation.Consent{Sensitive: lowersCost(marginPath)},
	Verify:   costIs(marginPath),
	Do: operation.Func[costMarginSetInput](func(ctx context.Context, call *operation.Call, _ costMarginSetInput) (operation.Result, error) {
		return setCost(ctx, call, marginPath)
	}),
	Done: "set the margin of {provider}",
}

// costConfig returns the present discounts or margins by provider.
func costConfig(ctx context.Context, call *operation.Call, path string) (operation.Args, json.RawMessage, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: path})
	if err != nil || call.Planning() && body == nil {
		return nil, body, err
	}
	var values operation.Args
	if json.Unmarshal(operation.Lookup(body, "values"), &values) != nil || values == nil {
		return nil, nil, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no values (" + path + ")"}
	}
	return values, body, nil
}

// costRows lists discounts or margins, a provider each.
func costRows(ctx context.Context, call *operation.Call, path string, row func(json.RawMessage) operation.Row) (operation.Result, error) {
	values, body, err := costConfig(ctx, call, path)
	if err != nil {
		return operation.Result{}, err
	}
	page := &operation.Page{Items: []json.RawMessage{}, Total: len(values)}
	for _, provider := range slices.Sorted(maps.Keys(values)) {
		page.Items = append(page.Items, operation.Encode(append(operation.RowOf("provider", provider), row(values[provider])...)))
	}
	return operation.Result{Body: body, Page: page}, nil
}

// marginOf returns the parts of a margin, which may be written as one number.
func marginOf(value json.RawMessage) operation.Args {
	var parts operation.Args
	if json.Unmarshal(value, &parts) == nil && parts != nil {
		return parts
	}
	if operation.NoNull(value) == nil {
		return operation.Args{}
	}
	return operation.Args{"percentage": value}
}

// priceAsked returns the requested price of a provider, made of the present one and the
// arguments; nil removes it.
func priceAsked(call *operation.Call, path string, present json.RawMessage) json.RawMessage {
	change := call.Body()
	delete(change, "provider")
	if path == discountPath {
		return operation.NoNull(change["discount"])
	}
	parts := marginOf(present)
	for name, value := range change {
		if parts[name] = value; operation.NoNull(value) == nil {
			delete(parts, name)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return operation.Encode(parts)
}

// setCost sends all prices with that of one provider changed.
func setCost(ctx context.Context, call *operation.Call, path string) (operation.Result, error) {
	if len(call.Body()) < 2 {
		if path == discountPath {
			return operation.Result{}, operation.NothingToChange("discount")
		}
		return operation.Result{}, operation.NothingToChange("percentage", "fixed_amount")
	}
	values, _, err := costConfig(ctx, call, path)
	if err != nil {
		return operation.Result{}, err
	}
	provider := call.Args().String("provider")
	values = maps.Clone(values)
	if want := priceAsked(call, path, values[provider]); want != nil {
		values[provider] = want
	} else if values[provider] == nil {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: operation.Name(provider) + " has no " + priceWord(path) + "; nothing was changed",
			Hint: "list them with cost " + priceWord(path)}
	} else {
		delete(values, provider)
	}
	body, err := call.Write(ctx, "PATCH", path, values)
	if err != nil {
		return operation.Result{Body: body}, err
	}
	return operation.Result{Body: body, Done: costDone(call, path, values[provider])}, nil
}

// priceWord is the word for a setting.
func priceWord(path string) string {
	if path == discountPath {
		return "discount"
	}
	return "margin"
}

// costDone says what a provider's price is now.
func costDone(call *operation.Call, path string, value json.RawMessage) string {
	provider := operation.Name(call.Args().String("provider"))
	switch {
	case value == nil:
		return "removed the " + priceWord(path) + " of " + provider
	case path == discountPath:
		return "set the discount of " + provider + " to " + asPercent(numberOf(value))
	}
	return "set the margin of " + provider + " to " + marginWords(value)
}

// marginWords writes a margin: "10% and 0.001 US dollars per request".
func marginWords(value json.RawMessage) string {
	var words []string
	parts := marginOf(value)
	if parts["percentage"] != nil {
		words = append(words, asPercent(numberOf(parts["percentage"])))
	}
	if parts["fixed_amount"] != nil {
		words = append(words, amount(numberOf(parts["fixed_amount"]))+" US dollars per request")
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " and ")
}

// asPercent writes a fraction as a percentage.
func asPercent(fraction float64) string { return strconv.FormatFloat(fraction*100, 'g', 6, 64) + "%" }

// numberOf returns the number in a JSON value, or 0.
func numberOf(value json.RawMessage) float64 {
	n, _ := strconv.ParseFloat(operation.Word(value), 64)
	return n
}

// costIs is the Verify of a changed price: the gateway's answer only repeats the request.
func costIs(path string) func(context.Context, *operation.Call, *operation.Result) error {
	return func(ctx context.Context, call *operation.Call, _ *operation.Result) error {
		values, _, err := costConfig(ctx, call, path)
		if err != nil {
			call.Note("Could not confirm the change: the current values cannot be read.")
			return nil
		}
		has := values[call.Args().String("provider")]
		if want := priceAsked(call, path, has); took(want, has) {
			return nil
		}
		return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true,
			Message: "the gateway accepted the change, but " + operation.Name(call.Args().String("provider")) + " still has " + operation.Shown(operation.Word(has))}
	}
}

// lowersCost finds changes after which calls are recorded at a lower cost, so that budgets
// allow more of them.
func lowersCost(path string) sensitive {
	return func(ctx context.Context, call *operation.Call) ([]string, error) {
		values, _, err := costConfig(ctx, call, path)
		if err != nil {
			return nil, err
		}
		provider := call.Args().String("provider")
		has := values[provider]
		want, lower := priceAsked(call, path, has), false
		if path == discountPath {
			lower = numberOf(want) > numberOf(has)
		} else {
			is, to := marginOf(has), marginOf(want)
			for _, part := range []string{"percentage", "fixed_amount"} {
				lower = lower || numberOf(to[part]) < numberOf(is[part])
			}
			lower = lower || has == nil && provider != "global" && values["global"] != nil
		}
		if !lower {
			return nil, nil
		}
		return []string{"lowers the recorded cost of calls to " + operation.Name(provider) + ", so budgets last longer"}, nil
	}
}
