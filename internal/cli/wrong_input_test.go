package cli_test

import (
	"strings"
	"testing"
)

// TestWrongInput: one line says what is unknown and what is probably meant.
func TestWrongInput(t *testing.T) {
	for typed, want := range map[string]string{
		"keys generate --budget 5":               `unknown flag --budget for "keys generate"; did you mean --max-budget or --budget-id?`,
		"keys generate --max-budgett 5":          `unknown flag --max-budgett for "keys generate"; did you mean --max-budget?`,
		"keys generate --name ci":                `unknown flag --name for "keys generate"; did you mean the argument <key-alias>?`,
		"keys delete ci --force":                 `unknown flag --force for "keys delete"; did you mean --yes?`,
		"keys list --limit 5 --all":              `give either --all or --limit`,
		"budgets list --limit 5":                 `unknown flag --limit for "budgets list"`,
		"keys generate a b":                      `keys generate takes at most 1 positional argument; remove "b"`,
		"teams invite ann@example.com":           `did you mean`,
		"teams update research ann@x.y":          `teams update takes at most 1 positional argument; remove "ann@x.y"`,
		"users update u ann@x.y":                 `users update takes at most 1 positional argument; use --email ann@x.y`,
		"keys list --json":                       `unknown flag --json for "keys list"; did you mean --format json?`,
		"keys list --verbose":                    `unknown flag --verbose for "keys list"; did you mean --debug?`,
		"teams create --name x":                  `unknown flag --name for "teams create"; did you mean the argument <team-alias>?`,
		"keys revoke ci":                         `unknown command "revoke" for "litellm-proxy keys" (did you mean `,
		"keys disable ci":                        `(did you mean block`,
		"invoice":                                `unknown command "invoice" for "litellm-proxy" (did you mean spend `,
		"kyes list":                              `(did you mean keys?)`,
		"help kyes":                              `(did you mean keys?)`,
		"--read-only keys rm ci":                 `unknown command "rm" for "litellm-proxy keys"`,
		"keys generate --max-budget 50USD":       `--max-budget: "50USD" is not a number; did you mean 50?`,
		"keys generate --max-budget $1,000":      `"$1,000" is not a number; did you mean 1000?`,
		"keys generate --max-budget 50,5":        `did you mean 50.5?`,
		"keys generate --max-budget lots":        `--max-budget: "lots" is not a number`,
		"keys generate --tpm-limit 10k":          `--tpm-limit: "10k" is not a whole number; did you mean 10000?`,
		"keys generate --tpm-limit 1.5":          `--tpm-limit: "1.5" is not a whole number`,
		"spend budgets --min-percent 80%":        `did you mean 80?`,
		"keys generate --metadata foo":           `--metadata: must be a JSON object like {"name": "value"}`,
		"keys generate --max-budget":             `--max-budget needs a value`,
		"keys list -y":                           `unknown flag -y in "-y" for "keys list"`,
		"keys list team=research":                `keys list takes no positional arguments; use --team research`,
		"keys block ci nightly":                  `keys block takes at most 1 positional argument; remove "nightly"`,
		"models list --provider openai":          `unknown flag --provider for "models list"; it is a flag of models discover`,
		"budgets update tier --clear max_bugdet": `"max_bugdet" is not one of max_budget, `,
		"spend summary --period lastmonth":       `did you mean last-month?`,
		"spend summary --by providr":             `did you mean provider?`,
		"keys generate --expires tomorrow":       `"tomorrow" is not a date such as 2027-01-31`,
		"keys generate --duration 30days":        `"30days" is not a duration; did you mean 30d?`,
		"keys block":                             `<key> is required`,
	} {
		status, out, stderr := invoke(nil, "", strings.Fields(typed)...)
		line, _, _ := strings.Cut(stderr, "\n")
		if status != 2 || out != "" || !strings.Contains(line, want) {
			t.Errorf("%s: exit %d, %s; want %s", typed, status, line, want)
		}
	}
}
