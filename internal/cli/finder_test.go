package cli_test

import (
	"slices"
	"strings"
	"testing"
)

// TestHelpSearch: a task in the words of a person finds its command among the first three.
// Of several commands, separated by |, one is enough.
func TestHelpSearch(t *testing.T) {
	for task, want := range map[string]string{
		"why is my key refused":                       "keys info|keys explain",
		"rotate leaked key":                           "keys rotate|keys regenerate",
		"my key was stolen":                           "keys block|keys rotate|keys regenerate",
		"who spent most":                              "spend top",
		"who overspent and on which model":            "spend top",
		"rotate a leaked key without a license":       "keys rotate",
		"move a person to another team":               "users move",
		"csv for accounting":                          "spend summary",
		"chargeback per team":                         "spend summary",
		"cron alert":                                  "spend budgets",
		"test a provider's model before use":          "models test|health test-connection",
		"which keys are blocked":                      "keys list",
		"blocked keys":                                "keys list",
		"turn on tab completion":                      "completion install",
		"give a key access to a model":                "keys model-add",
		"what models are available":                   "models list",
		"see the request logs":                        "spend logs",
		"fallback when a model fails":                 "fallbacks get|fallbacks set",
		"connect to the gateway for the first time":   "login",
		"how much did team research spend last month": "spend summary",
		"customer bill":                               "customers get|spend report",
		"invoice for a customer":                      "spend report|customers get",
		"unused keys":                                 "keys unused",
		"keys that expire soon":                       "keys expiring",
		"raise a budget":                              "budgets update|keys update|teams update",
		"who is over budget":                          "spend budgets",
		"how much of the budget is used":              "spend budgets",
		"new employee":                                "users onboard|users create",
		"onboard five people":                         "users onboard",
		"give a colleague access":                     "users onboard",
		"employee left the company":                   "users retire",
		"offboard a person":                           "users retire",
		"add a member to a team":                      "teams member-add",
		"remove somebody from a team":                 "teams member-remove",
		"move a key to another team":                  "keys move",
		"block a customer":                            "customers block",
		"unlock a team":                               "teams unblock",
		"revoke a key":                                "keys block|keys delete",
		"create a key with a limit":                   "keys generate",
		"add a model":                                 "models add",
		"is the gateway healthy":                      "status|health check|health readiness|health details",
		"test a model":                                "models test",
		"store an openai api key":                     "credentials create|models add",
		"what happens when a model fails":             "fallbacks set|fallbacks get",
		"failed requests by day":                      "spend errors",
		"compare this month with last month":          "spend compare",
		"spend by team":                               "spend summary|spend top",
		"chart of the cost":                           "spend chart",
		"who changed a key":                           "audit list|audit get",
		"mask pii":                                    "guardrails create|guardrails apply",
		"set up claude or cursor":                     "mcp install",
		"connect an mcp server":                       "mcp-servers add",
		"send logs to langfuse":                       "callbacks add",
		"empty the cache":                             "cache flush|cache delete",
		"count tokens":                                "utils token-count",
		"why does the connection not work":            "doctor",
		"sign in with sso":                            "login",
		"switch to another gateway profile":           "config use",
		"price of a request":                          "cost estimate|spend calculate",
		"import users from csv":                       "users import",
		"quota of a provider":                         "provider-budgets list",
		"reset the spend of a user":                   "users reset-spend",
		"who am I":                                    "whoami|status",
		"requests of one session":                     "spend session",
		"delete a team":                               "teams delete",
		"limit a customer":                            "customers create|customers update",
		"call an endpoint that has no command":        "api read|api search|api write|http request",
	} {
		status, out, stderr := invoke(nil, "", append([]string{"help", "search"}, strings.Fields(task)...)...)
		var first []string
		for line := range strings.Lines(out) {
			path, _, _ := strings.Cut(strings.TrimPrefix(line, "  "), "  ")
			if path == "" {
				continue // the rest of a summary
			}
			if first = append(first, path); len(first) == 3 {
				break
			}
		}
		if status != 0 || !slices.ContainsFunc(strings.Split(want, "|"), func(path string) bool { return slices.Contains(first, path) }) {
			t.Errorf("%s: want %s, got %q (exit %d) %s", task, want, first, status, stderr)
		}
	}
	for task, want := range map[string]string{
		"customer bill": "customers get", "invoice for a customer": "customers get", "fallback when a model fails": "fallbacks get",
		"delete a customer": "customers delete", "remove a member from a team": "teams member-remove", "employee left": "users retire",
	} {
		if _, out, _ := invoke(nil, "", append([]string{"help", "search"}, strings.Fields(task)...)...); !strings.HasPrefix(out, "  "+want+" ") {
			t.Errorf("%s: want %s first, got\n%s", task, want, out)
		}
	}
	if status, out, stderr := invoke(nil, "", "help", "search", "zzqqxx"); status == 0 || out != "" || !strings.Contains(stderr, "no command fits") {
		t.Errorf("nothing fits: exit %d, %q, %s", status, out, stderr)
	}
}
