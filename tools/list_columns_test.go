package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestListColumns: a default table has names where there are any, and few columns.
func TestListColumns(t *testing.T) {
	for _, op := range All() {
		if !op.Lists() || slices.Contains([]string{"spend summary", "spend chart", "spend compare", "spend session", "health check"}, op.Path) {
			continue // they choose their columns for each answer, or an ID is what is listed
		}
		var shown, all []string
		for _, c := range op.Columns {
			all = append(all, c.Name)
			if !c.Optional && !c.Wide {
				shown = append(shown, c.Name)
			}
		}
		for _, name := range shown {
			thing, isID := strings.CutSuffix(name, "_id")
			names := []string{thing, thing + "_alias", thing + "_name", thing + "_email", "name", "title"}
			if isID && slices.ContainsFunc(names, func(n string) bool { return slices.Contains(all, n) }) {
				t.Errorf("%s shows %s although it has a name", op.Path, name)
			}
		}
		if most := 10; len(shown) > most {
			t.Errorf("%s shows %d columns: %s", op.Path, len(shown), strings.Join(shown, ", "))
		}
	}
	for _, op := range []*operation.Operation{keysList, usersList, teamsList, customersList, projectsList, organizationsList} {
		if !slices.ContainsFunc(op.Columns, func(c operation.Column) bool { return c.Name == "state" && !c.Optional && !c.Wide }) {
			t.Errorf("%s shows no state", op.Path)
		}
	}
}

func TestItemState(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for item, want := range map[string]string{
		`{"spend":0,"blocked":null,"expires":null}`:                                         stateActive,
		`{"spend":0,"expires":"2026-11-26T12:00:01Z"}`:                                      stateActive,
		`{"spend":0,"expires":"2026-11-26T11:59:59.5+00:00"}`:                               stateExpired,
		`{"spend":2,"max_budget":2}`:                                                        stateOverBudget,
		`{"spend":2,"max_budget":null,"litellm_budget_table":{"max_budget":1}}`:             stateOverBudget,
		`{"spend":1,"max_budget":2,"litellm_budget_table":{"max_budget":1}}`:                stateActive,
		`{"spend":2,"max_budget":1,"blocked":true,"expires":"2020-01-01T00:00:00Z"}`:        stateBlocked,
		`{"spend":2,"max_budget":1,"blocked":true,"deleted_at":"2020-01-01T00:00:00.000Z"}`: stateDeleted,
		`{"team_id":"t1"}`: "",
		`"88dc"`:           "",
	} {
		if got := operation.Word(itemState(json.RawMessage(item), now)); got != want {
			t.Errorf("%s is %q, want %q", item, got, want)
		}
	}
}

// joiningGateway has two keys of two teams, with owners, and keeps the paths of requests.
func joiningGateway(t *testing.T, refused bool) (env operation.Env, paths func() []string) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/key/list":
			_, _ = w.Write([]byte(`{"keys":[{"token":"a","team_id":"t1","user_id":"u1","user":{"user_email":"ann@example.com"},"spend":0},
				{"token":"b","team_id":"t2","user_id":"u2","user":null,"spend":0},{"token":"c","team_id":"t3","spend":0}],"total_count":3,"total_pages":1}`))
		case refused:
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error":{"message":"no","code":"403"}}`))
		default:
			_, _ = w.Write([]byte(`{"teams":[{"team_id":"t1","team_alias":"research"},{"team_id":"t2","team_alias":"sk-abcdefghijklmnopqrstuv"}],"total":2,"total_pages":1}`))
		}
	}))
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	return operation.Env{Client: client}, func() []string { return asked }
}

// TestJoinedNames: names cost one more request, only when they are shown, and a refusal
// leaves the identifiers.
func TestJoinedNames(t *testing.T) {
	for _, refused := range []bool{false, true} {
		env, asked := joiningGateway(t, refused)
		result, err := run(t.Context(), env, keysList, parsed(t, `{}`))
		if err != nil || !slices.Equal(asked(), []string{"/key/list", "/user/list"}) { // the second tells whose keys they are
			t.Fatalf("%v, %v", err, asked())
		}
		picker := operation.NewPicker(keysList.Columns)
		at := func(name string) int { return slices.Index(picker.Names(), name) }
		for range 2 { // what is known is not asked again
			picker.Join(t.Context(), result.Joined, result.Page.Items)
		}
		var got []string
		for _, item := range result.Page.Items {
			values := picker.Pick(item)
			got = append(got, operation.Word(values[at("user")])+"/"+operation.Word(values[at("team")])+"/"+operation.Word(values[at("team_id")])+"/"+operation.Word(values[at("state")]))
		}
		want := []string{"ann@example.com/research/t1/active", "u2/sk-...stuv/t2/active", "/t3/t3/active"}
		if refused {
			want = []string{"ann@example.com/t1/t1/active", "u2/t2/t2/active", "/t3/t3/active"}
		}
		if !slices.Equal(got, want) || !slices.Equal(asked(), []string{"/key/list", "/user/list", "/v2/team/list"}) {
			t.Errorf("refused %t: %q, asked %q", refused, got, asked())
		}
	}
}

// TestSingleName: who may not list the teams still sees the name of the one team.
func TestSingleName(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		switch r.URL.Path {
		case "/team/info":
			_, _ = w.Write([]byte(`{"team_id":"t1","team_info":{"team_id":"t1","team_alias":"research"},"keys":[]}`))
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	env := operation.Env{Client: client}
	op := &operation.Operation{Path: "x list", Effect: operation.Read, Do: operation.Rows[struct{}](func(context.Context, *operation.Call, struct{}) (operation.Result, error) {
		return operation.Listed(nil, []operation.Row{operation.RowOf("team_id", "t1")}, 1, nil, nil), nil
	})}
	result, err := run(t.Context(), env, op, parsed(t, `{}`))
	if err != nil {
		t.Fatal(err)
	}
	picker := operation.NewPicker([]operation.Column{{Name: "team", Field: "team_id", Names: teamCollection}})
	picker.Join(t.Context(), result.Joined, result.Page.Items)
	if got := operation.Word(picker.Pick(result.Page.Items[0])[0]); got != "research" || !slices.Equal(asked, []string{"/v2/team/list", "/team/info"}) {
		t.Errorf("%q, asked %q", got, asked)
	}
}
