package tools

import (
	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
)

type spendByUserInput struct {
	ledger.PeriodInput
	UserID existingUser       `json:"user_id" name:"user" help:"Only this user"`
	Model  string             `json:"model" help:"Only this model, as its provider names it"`
	Offset operation.Limit    `json:"offset" help:"Users to skip, from the highest spend"`
	Limit  operation.PageSize `json:"limit" name:"page_size" help:"Users per page"`
}

var spendByUser = &operation.Operation{
	Path:     "spend by-user",
	Summary:  "List users by spend, a page at a time",
	Help:     "Fast even with many users; needs LiteLLM 1.108 or later. Requests without a user have no ID. For older gateways and other dimensions, use {op:spend summary} by user.",
	Examples: []string{"spend by-user --period this-month --page-size 10", "spend by-user --period last-month --all --format csv"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do: operation.List[spendByUserInput]{Prepare: ledger.Dated, Of: &operation.Collection{
		What: "user", Path: "/user/daily/activity/aggregated/users", Items: "users", Total: "total_users",
		Page: "offset", Size: "limit", Offset: true,
	}},
	Columns: []operation.Column{
		{Name: "user", Field: "user_email|user_id"},
		{Name: "user_id", ID: true, Wide: true},
		{Name: "user_email", ID: true, Wide: true},
		{Name: "user_alias", Optional: true},
		{Name: "spend", Format: operation.Dollars, Bar: true},
		{Name: "total_tokens", Drop: 1},
		{Name: "requests", Field: "api_requests"},
		{Name: "successful", Field: "successful_requests"},
		{Name: "failed", Field: "failed_requests"},
	},
}
