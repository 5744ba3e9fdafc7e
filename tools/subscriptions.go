package tools

import (
	"context"
	"encoding/json"
	"net/url"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

var subscriptions = operation.Catalog{subscriptionsUsage, subscriptionsCreate, subscriptionsUpdate, subscriptionsDelete}

// subscriptionCollection is the accounts with a fee or a deployment. The gateway wants a
// period, which is any where only the accounts matter.
var subscriptionCollection = &operation.Collection{
	What: "subscription", Listed: "subscriptions usage", Path: "/subscription_accounts/usage", Items: "accounts",
	ID: "fee.subscription_account_id", Name: "account_id", Fixed: url.Values{"start_date": {"2000-01-01"}, "end_date": {"2000-01-01"}},
}

// subscriptionAccount stands for the ID of the fee of the provider's account.
type subscriptionAccount string

// Collection returns the list that has the account.
func (subscriptionAccount) Collection() *operation.Collection { return subscriptionCollection }

type subscriptionsUsageInput struct{ ledger.PeriodInput }

var subscriptionsUsage = &operation.Operation{
	Path:     "subscriptions usage",
	Summary:  "List provider accounts with a flat fee and their cost in a period",
	Help:     "fixed_cost is the fee for each billing period that begins in the period.",
	Examples: []string{"subscriptions usage --period this-month"},
	Effect:   operation.Read,
	Do:       operation.List[subscriptionsUsageInput]{Of: subscriptionCollection, Prepare: ledger.Dated},
	Columns: []operation.Column{
		{Name: "provider", Field: "custom_llm_provider"},
		{Name: "account_id"},
		{Name: "label", Field: "fee.label"},
		{Name: "monthly_fee", Field: "fee.monthly_fee"},
		{Name: "currency", Field: "fee.currency"},
		{Name: "fixed_cost"},
		{Name: "deployments"},
		{Name: "id", Field: "fee.subscription_account_id", ID: true},
	},
}

var subscriptionColumns = []operation.Column{
	{Name: "provider", Field: "custom_llm_provider"},
	{Name: "account_id"},
	{Name: "label"},
	{Name: "monthly_fee"},
	{Name: "currency"},
	{Name: "billing_period_start"},
	{Name: "subscription_account_id"},
}

type subscriptionsCreateInput struct {
	AccountID          string  `json:"account_id" jsonschema:"required" help:"Account ID at the provider" cli:"arg=1"`
	CustomLLMProvider  string  `json:"custom_llm_provider" name:"provider" jsonschema:"required" help:"Provider with subscriptions, such as chatgpt"`
	MonthlyFee         float64 `json:"monthly_fee" jsonschema:"required,minimum=0" help:"Monthly fee"`
	Currency           string  `json:"currency" jsonschema:"required" help:"Currency code, such as USD"`
	BillingPeriodStart string  `json:"billing_period_start" jsonschema:"required" help:"First day of a billing period (YYYY-MM-DD)"`
	Label              string  `json:"label" help:"Name to show for the account"`
	operation.Extras
}

var subscriptionsCreate = &operation.Operation{
	Path:     "subscriptions create",
	Summary:  "Record the monthly fee of a provider account",
	Help:     "The fee is shown beside metered spend; budgets do not count it.",
	Examples: []string{"subscriptions create acct-1234 --provider chatgpt --monthly-fee 200 --currency USD --billing-period-start 2026-11-05"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[subscriptionsCreateInput]{Method: "POST", Path: "/subscription_accounts/new"},
	Columns:  subscriptionColumns,
	Done:     "recorded the fee of account {account_id} ({subscription_account_id})",
	Returns:  []string{"subscription_account_id"},
}

type subscriptionRef struct {
	SubscriptionAccountID subscriptionAccount `json:"subscription_account_id" name:"account" help:"Account ID at the provider, or ID of the fee" jsonschema:"required" cli:"arg=1,alias=id"`
}

type subscriptionsUpdateInput struct {
	subscriptionRef
	MonthlyFee         float64 `json:"monthly_fee" jsonschema:"minimum=0" help:"Monthly fee"`
	Currency           string  `json:"currency" help:"Currency code, such as USD"`
	BillingPeriodStart string  `json:"billing_period_start" help:"First day of a billing period (YYYY-MM-DD)"`
	Label              string  `json:"label" help:"Name to show for the account" clear:"null"`
	operation.Clearing
	operation.Extras
}

var subscriptionsUpdate = &operation.Operation{
	Path:     "subscriptions update",
	Summary:  "Change the fee, currency, billing period or label of an account",
	Help:     "Fields you omit are unchanged.",
	Examples: []string{"subscriptions update --account acct-1234 --monthly-fee 250"},
	Effect:   operation.Set,
	Update: &operation.Update{
		Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
			id := call.Args().String("subscription_account_id")
			for item, err := range subscriptionCollection.All(ctx, call, nil) {
				if err != nil || operation.Word(operation.Lookup(item, subscriptionCollection.ID)) == id {
					return operation.Lookup(item, "fee"), err
				}
			}
			return nil, missing("subscription", id)
		},
		Subject: []string{"subscription_account_id"},
	},
	Verify:  applied,
	Do:      operation.Endpoint[subscriptionsUpdateInput]{Method: "POST", Path: "/subscription_accounts/update", Subject: []string{"subscription_account_id"}},
	Columns: subscriptionColumns,
	Done:    "updated the fee of account {account_id} ({subscription_account_id})",
}

var subscriptionsDelete = &operation.Operation{
	Path:     "subscriptions delete",
	Summary:  "Delete the recorded fee of an account",
	Examples: []string{"subscriptions delete --account acct-1234"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(subscriptionCollection, "subscription_account_id", says("Its fee is lost, for past periods too.")),
	Do:       operation.Endpoint[subscriptionRef]{Method: "POST", Path: "/subscription_accounts/delete"},
	Done:     "deleted the fee of account {account_id} ({subscription_account_id})",
}
