package tools

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// answering is a gateway that gives every request the same answer.
func answering(body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// plainLists are the lists that need no argument.
func plainLists() (ops []*operation.Operation) {
	for _, op := range All() {
		needs := false
		for _, f := range op.Fields() {
			needs = needs || f.Required
		}
		if op.Lists() && !needs {
			ops = append(ops, op)
		}
	}
	return ops
}

// TestAnswersWithoutList: an answer without a list is no empty list, whoever reads it.
func TestAnswersWithoutList(t *testing.T) {
	ops := plainLists()
	if len(ops) < 10 {
		t.Fatalf("only %d lists", len(ops))
	}
	for _, body := range []string{`{"error":"nope"}`, `{}`, `"ok"`, `null`, ``, `5`, `{"keys":null,"users":null,"teams":null,"data":null}`} {
		env := envOf(t, answering(body))
		for _, op := range ops {
			if _, err := run(t.Context(), env, op, operation.Args{}); proxyclient.CodeOf(err) != proxyclient.CodeBadAnswer {
				t.Errorf("%s, answer %q: %v", op.Path, body, err)
			}
		}
		for _, tt := range []struct {
			op   *operation.Operation
			args map[string]any
		}{
			{keysInfo, map[string]any{"alias": "x"}}, {teamsCreate, map[string]any{"team_alias": "x"}}, {usersOnboard, map[string]any{"user_email": "a@example.com"}},
			{usersRetire, map[string]any{"user_id": "x"}}, {healthCheck, nil}, {healthLatest, nil}, {modelsTest, map[string]any{"model": "x"}}, {budgetsGet, map[string]any{"budget_id": "x"}}, {spendGet, map[string]any{"request_id": "x"}}, {keysUnused, nil}, {spendSummary, nil},
			{keysBulkUpdate, map[string]any{"keys": []string{"sk-x"}, "max_budget": 5}},
		} {
			if _, err := run(t.Context(), env, tt.op, argsOf(tt.args)); proxyclient.CodeOf(err) != proxyclient.CodeBadAnswer {
				t.Errorf("%s, answer %q: %v", tt.op.Path, body, err)
			}
		}
		for _, tt := range []struct {
			op   *operation.Operation
			args map[string]any
		}{
			{usersBulkCreate, map[string]any{"user_emails": []string{"a@example.com"}}}, {keysBulkUpdate, map[string]any{"keys": []string{"sk-x"}, "team_id": "00000000-0000-4000-8000-000000000001", "max_budget": 5}},
		} {
			if body == "" {
				continue // the client already says that the outcome is unknown
			}
			if _, err := run(t.Context(), env, tt.op, argsOf(tt.args)); proxyclient.CodeOf(err) != proxyclient.CodeUnknownOutcome {
				t.Errorf("%s, answer %q: %v", tt.op.Path, body, err)
			}
		}
	}
}

// TestEmptyLists: a gateway with nothing on it has every list, the sandbox as the real one.
func TestEmptyLists(t *testing.T) { listsAreThere(t, envOf(t, sandbox.New())) }

// TestLiveEmptyLists is the same on the real gateway.
func TestLiveEmptyLists(t *testing.T) {
	env, _ := live(t)
	listsAreThere(t, env)
}

// listsAreThere accepts a list that the gateway says it does not have: the sandbox lacks
// some, older gateways others.
func listsAreThere(t *testing.T, env operation.Env) {
	for _, op := range plainLists() {
		_, err := run(t.Context(), env, op, operation.Args{})
		absent := slices.Contains([]proxyclient.Code{proxyclient.CodeEnterprise, proxyclient.CodeUnsupported}, proxyclient.CodeOf(err))
		if err != nil && !operation.IsRefused(err) && !absent {
			t.Errorf("%s: %v", op.Path, err)
		}
	}
}

// TestCreatedWithoutIdentifier: what was created has an identifier that is text.
func TestCreatedWithoutIdentifier(t *testing.T) {
	for _, body := range []string{`{"key":"","token":""}`, `{"key":5,"token":6}`, `{"key":{"a":1},"token":"x"}`, `{"key":"sk-x","token":[]}`, `{"key":null,"token":"x"}`} {
		env := envOf(t, answering(body))
		for op, args := range map[*operation.Operation]map[string]any{keysGenerate: {"key_alias": "a"}, keysServiceAccount: {"team_id": "00000000-0000-4000-8000-000000000001", "key_alias": "a"}} {
			if _, err := run(t.Context(), env, op, argsOf(args)); proxyclient.CodeOf(err) != proxyclient.CodeUnknownOutcome {
				t.Errorf("%s, answer %s: %v", op.Path, body, err)
			}
		}
	}
}
