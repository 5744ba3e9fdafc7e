package keycopy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/keycopy"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// gateway is a sandbox whose requests a test can change or refuse.
type gateway struct {
	*proxyclient.Client
	box *sandbox.Gateway
	// before answers a request itself and returns true, or leaves it to the sandbox.
	before func(http.ResponseWriter, *http.Request) bool
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{box: sandbox.New()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.before == nil || !g.before(w, r) {
			g.box.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	var err error
	if g.Client, err = proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: sandbox.MasterKey}); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gateway) post(t *testing.T, path, body string) json.RawMessage {
	t.Helper()
	answer, err := g.JSON(t.Context(), proxyclient.Request{Method: "POST", Path: path, Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s %s: %v", path, body, err)
	}
	return answer
}

var catalog = keycopy.Catalog{List: tools.All().Find("keys list"), Generate: tools.All().Find("keys generate")}

func (g *gateway) keys() keycopy.Source {
	return keycopy.Gateway(g.Client, catalog.List, func(string) {})
}

// all returns the keys of a gateway by alias.
func (g *gateway) all(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	keys := map[string]json.RawMessage{}
	for key, err := range g.keys()(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		keys[operation.Word(operation.Lookup(key, "key_alias"))] = key
	}
	return keys
}

// imported runs an import and returns its outcomes by name.
func imported(t *testing.T, source keycopy.Source, to *gateway, vault keycopy.Vault, o keycopy.Options) (map[string]bulk.Outcome, bulk.Summary) {
	t.Helper()
	copier, err := keycopy.New(t.Context(), source, to.Client, catalog, vault, o)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]bulk.Outcome{}
	items := copier.Items(t.Context(), func(err error) { t.Error(err) })
	summary := bulk.Run(t.Context(), items, bulk.Options{}, func(o bulk.Outcome) { outcomes[o.Name] = o })
	return outcomes, summary
}

func fileVault(t *testing.T, path string) keycopy.Vault {
	t.Helper()
	vault, err := keycopy.OpenFile(path, "https://gw.example")
	if err != nil {
		t.Fatal(err)
	}
	return vault
}

// made yields n keys.
func made(n int) keycopy.Source {
	return func(context.Context) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) {
			for i := range n {
				if !yield(fmt.Appendf(nil, `{"token": "%064x", "key_alias": "k%d", "max_budget": %d, "metadata": {"n": %d}}`, i+1, i, i, i), nil) {
					return
				}
			}
		}
	}
}

// TestThousand: of 1,000 keys 20 fail; each is reported, and the second run makes exactly
// those.
func TestThousand(t *testing.T) {
	const n, failures = 1000, 20
	to := newGateway(t)
	refused := map[string]bool{}
	for i := range failures {
		refused[fmt.Sprintf("k%d", i*n/failures+7)] = true
	}
	to.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/key/generate" || !refused[aliasIn(t, r)] {
			return false
		}
		http.Error(w, `{"error": {"message": "injected", "code": "500"}}`, http.StatusInternalServerError)
		return true
	}
	path := filepath.Join(t.TempDir(), "keys.csv")
	vault := fileVault(t, path)
	outcomes, summary := imported(t, made(n), to, vault, keycopy.Options{})
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	if summary.Created != n-failures || summary.Failed != failures {
		t.Fatalf("first run: %s", summary.String())
	}
	for name := range refused {
		if o := outcomes[name]; o.State != bulk.Failed || !strings.Contains(o.Reason, "injected") {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if rows := rowsOf(t, path); len(rows) != n-failures {
		t.Errorf("%d keys are in the file after the first run", len(rows))
	}
	to.before = nil
	vault = fileVault(t, path)
	outcomes, summary = imported(t, made(n), to, vault, keycopy.Options{})
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	if summary.Created != failures || summary.Unchanged != n-failures || !summary.OK() {
		t.Fatalf("second run: %s", summary.String())
	}
	for name, o := range outcomes {
		if (o.State == bulk.Created) != refused[name] {
			t.Errorf("%s: %+v", name, o)
		}
	}
	// Every key works, and is in the file.
	rows, keys := rowsOf(t, path), to.all(t)
	for alias, key := range keys {
		if value := rows[alias]; operation.KeyHash(value) != operation.Word(operation.Lookup(key, "token")) {
			t.Fatalf("%s: the file has another key", alias)
		}
	}
	if len(keys) != n || len(rows) != n {
		t.Errorf("%d keys, %d in the file", len(keys), len(rows))
	}
}

// aliasIn returns the alias of a request for a new key, whose body stays readable.
func aliasIn(t *testing.T, r *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return operation.Word(operation.Lookup(body, "key_alias"))
}

// rowsOf returns the keys in a file by alias.
func rowsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if cells := strings.Split(line, ","); i > 0 {
			rows[cells[0]] = cells[1]
		}
	}
	return rows
}

// TestEveryField: the fields of a key object that the gateway lists are all accounted for,
// and a copy has those that count.
func TestEveryField(t *testing.T) {
	from, to := newGateway(t), newGateway(t)
	for _, g := range []*gateway{from, to} {
		g.post(t, "/team/new", `{"team_id": "red", "team_alias": "red"}`)
		g.post(t, "/user/new", `{"user_id": "ann", "auto_create_key": false}`)
		g.post(t, "/budget/new", `{"budget_id": "tier", "max_budget": 10, "rpm_limit": 5, "budget_duration": "30d"}`)
	}
	from.post(t, "/key/generate", `{"key_alias": "full", "max_budget": 5, "blocked": true, "spend": 1.5, "budget_duration": "30d", "duration": "90d",
		"tpm_limit": 10, "rpm_limit": 0, "model_rpm_limit": {"m": 1}, "tpd_limit": 7, "allowed_cache_controls": ["no-cache"],
		"metadata": {"tags": ["x"], "guardrails": ["g"], "logging": [{"callback_vars": {"k": "litellm_enc::abc"}}]}, "permissions": {"pii": false},
		"aliases": {"f": "gpt-4o-mini"}, "allowed_routes": ["/chat/completions"], "budget_fallbacks": {"a": ["b"]}, "models": ["gpt-4o-mini"],
		"max_parallel_requests": 2, "router_settings": {"num_retries": 2}, "config": {"a": 1}, "team_id": "red", "user_id": "ann",
		"auto_rotate": true, "rotation_interval": "30d", "soft_budget": 3}`)
	from.post(t, "/key/generate", `{"key_alias": "tiered", "budget_id": "tier"}`)
	outcomes, summary := imported(t, from.keys(), to, fileVault(t, filepath.Join(t.TempDir(), "k.csv")), keycopy.Options{})
	if !summary.OK() || summary.Created != 2 {
		t.Fatalf("%s: %+v", summary.String(), outcomes)
	}
	sources, copies := from.all(t), to.all(t)
	for alias, source := range sources {
		for name, value := range secret.Members(source) {
			got := operation.Lookup(copies[alias], string(name))
			switch string(name) {
			case "token", "key_name", "created_at", "updated_at", "key_rotation_at":
				continue
			case "metadata":
				if tag := operation.Lookup(got, "tags"); string(tag) != `["x"]` && alias == "full" {
					t.Errorf("tags: %s", tag)
				}
				if operation.Lookup(got, "logging") != nil || operation.Word(operation.Lookup(got, keycopy.Mark)) != operation.Word(operation.Lookup(source, "token")) {
					t.Errorf("metadata: %s", got)
				}
				continue
			case "expires":
				early := when(t, value).Sub(when(t, got))
				if alias == "full" && (early < 0 || early > 10*time.Second) {
					t.Errorf("expires %s, the source %s", got, value)
				}
				continue
			case "user", "created_by_user": // looked up for the list
				continue
			case "budget_id", "litellm_budget_table":
				if alias == "full" {
					value, got = operation.Lookup(source, "litellm_budget_table.soft_budget"), operation.Lookup(copies[alias], "litellm_budget_table.soft_budget")
				} else {
					value, got = operation.Lookup(source, "budget_id"), operation.Lookup(copies[alias], "budget_id")
				}
			}
			if string(operation.NoNull(value)) != string(operation.NoNull(got)) {
				t.Errorf("%s: %s is %s, of the source %s", alias, name, got, value)
			}
		}
	}
}

func when(t *testing.T, value json.RawMessage) time.Time {
	t.Helper()
	if operation.NoNull(value) == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, operation.Word(value))
	if err != nil {
		t.Error(err)
	}
	return at
}

// one yields one key.
func one(key string) keycopy.Source {
	return func(context.Context) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) { yield(json.RawMessage(key), nil) }
	}
}

// TestRefused: a key that cannot be copied as it is is refused, and nothing is written.
func TestRefused(t *testing.T) {
	to := newGateway(t)
	to.post(t, "/budget/new", `{"budget_id": "tier", "max_budget": 20, "budget_duration": "30d"}`)
	before := len(to.all(t))
	var writes atomic.Int64
	to.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			writes.Add(1)
		}
		return false
	}
	for fields, want := range map[string]string{
		`"team_id": "nope"`:           "no team nope",
		`"user_id": "nobody"`:         "no user nobody",
		`"budget_id": "none"`:         "no budget none",
		`"org_id": "acme"`:            "does not list its organizations",
		`"agent_id": "a"`:             "agent_id",
		`"new_limit": 7`:              "new_limit cannot be carried over",
		`"expires": "tomorrow"`:       "is not a date",
		`"object_permission_id": "x"`: "object_permission",
		`"object_permission": {"object_permission_id": "x", "mcp_servers": ["a"]}`:                  "object_permission",
		`"budget_limits": [{"budget_duration": "1d", "max_budget": 3}], "spend": 0.5`:               "--restart-budgets",
		`"model_max_budget": {"m": {"budget_limit": 1, "time_period": "1d"}}, "spend": 0.5`:         "--restart-budgets",
		`"budget_id": "tier", "litellm_budget_table": {"max_budget": 10, "budget_duration": "30d"}`: "max_budget is 20",
		`"budget_id": "tier", "litellm_budget_table": {"max_budget": 20, "budget_duration": "1d"}`:  "budget_duration is",
		`"budget_id": "tier", "litellm_budget_table": {"max_budget": 20, "rpm_limit": 1}`:           "rpm_limit is missing",
		`"budget_id": "tier"`: "does not tell the limits",
	} {
		vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
		outcomes, _ := imported(t, one(`{"token": "t", "key_alias": "x", `+fields+`}`), to, vault, keycopy.Options{})
		if o := outcomes["x"]; o.State != bulk.Failed || !strings.Contains(o.Reason, want) {
			t.Errorf("%s: %+v", fields, o)
		}
	}
	vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
	if outcomes, _ := imported(t, one(`{"token": "sk-0123456789abcdef0123", "key_alias": "x"}`), to, vault, keycopy.Options{}); !strings.Contains(outcomes["x"].Reason, "token is a key") {
		t.Errorf("a key as token: %v", outcomes)
	}
	if writes.Load() != 0 || len(to.all(t)) != before {
		t.Errorf("%d writes were sent", writes.Load())
	}
	if outcomes, _ := imported(t, one(`{"max_budget": 1}`), to, nil, keycopy.Options{}); outcomes["key without a name"].State != bulk.Failed {
		t.Errorf("a row without identity: %v", outcomes)
	}
}

// TestLooser: a copy that the target makes with less limits than asked is deleted, also when
// the process ended before that.
func TestLooser(t *testing.T) {
	for field, change := range map[string]string{
		"max_budget": `"max_budget": 5`, "rpm_limit": `"rpm_limit": 5`, "models": `"models": ["m"]`, "blocked": `"blocked": true`,
		"allowed_routes": `"allowed_routes": ["/x"]`, "metadata": `"metadata": {"model_rpm_limit": {"m": 1}}`, "spend": `"max_budget": 5, "spend": 4`,
		"team_id": `"team_id": "red"`,
	} {
		t.Run(field, func(t *testing.T) {
			to := newGateway(t)
			to.post(t, "/team/new", `{"team_id": "red"}`)
			var dies atomic.Bool
			to.before = func(w http.ResponseWriter, r *http.Request) bool {
				if dies.Load() && r.URL.Path == "/key/delete" {
					http.Error(w, `{"error": {"message": "gone", "code": "500"}}`, http.StatusInternalServerError)
					return true
				}
				if r.URL.Path == "/key/generate" { // an old gateway drops what it does not know
					var body map[string]json.RawMessage
					data, _ := io.ReadAll(r.Body)
					_ = json.Unmarshal(data, &body)
					if field == "metadata" {
						body["metadata"] = operation.Encode(map[string]json.RawMessage{keycopy.Mark: operation.Lookup(body["metadata"], keycopy.Mark)})
					} else {
						delete(body, field)
					}
					data = operation.Encode(body)
					r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
				}
				return false
			}
			path := filepath.Join(t.TempDir(), "k.csv")
			runs := []bool{true, false, false}
			if field == "spend" { // of an existing copy, spend may have been reset
				runs = []bool{false, false}
			}
			for _, dying := range runs {
				dies.Store(dying)
				vault := fileVault(t, path)
				outcomes, _ := imported(t, one(`{"token": "t", "key_alias": "x", `+change+`}`), to, vault, keycopy.Options{})
				if err := vault.Close(); err != nil {
					t.Fatal(err)
				}
				if o := outcomes["x"]; o.State != bulk.Failed || !strings.Contains(o.Reason, "less limited") {
					t.Errorf("%+v", o)
				}
				if _, left := to.all(t)["x"]; left != dying {
					t.Errorf("the copy is left: %v", left)
				}
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file without keys is left: %v", err)
			}
		})
	}
}

// TestLost: a lost answer loses no key, and the second run makes no second copy.
func TestLost(t *testing.T) {
	for _, arrived := range []bool{true, false} {
		to := newGateway(t)
		var keep http.Handler
		var lost atomic.Bool
		lost.Store(true)
		to.before = func(w http.ResponseWriter, r *http.Request) bool {
			if !lost.Load() || r.URL.Path != "/key/generate" && (r.URL.Path != "/key/info") {
				return false
			}
			if r.URL.Path == "/key/generate" && arrived {
				keep.ServeHTTP(httptest.NewRecorder(), r)
			}
			connection, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return true
			}
			_ = connection.Close()
			return true
		}
		keep = to.box
		path := filepath.Join(t.TempDir(), "k.csv")
		source := one(`{"token": "t", "max_budget": 5, "blocked": true}`)
		vault := fileVault(t, path)
		outcomes, summary := imported(t, source, to, vault, keycopy.Options{})
		if summary.Unknown != 1 {
			t.Fatalf("%+v", outcomes)
		}
		_ = vault.Close()
		value := rowsOf(t, path)[""]
		lost.Store(false)
		vault = fileVault(t, path)
		outcomes, summary = imported(t, source, to, vault, keycopy.Options{})
		_ = vault.Close()
		if !summary.OK() || (summary.Created == 1) == arrived {
			t.Errorf("%+v", outcomes)
		}
		keys := to.all(t)
		if len(keys) != 1 || operation.Word(operation.Lookup(keys[""], "token")) != operation.KeyHash(value) || string(operation.Lookup(keys[""], "blocked")) != "true" {
			t.Errorf("%d keys: %s", len(keys), keys[""])
		}
	}
}

// TestExisting: a key that the target has already stays as it is.
func TestExisting(t *testing.T) {
	to := newGateway(t)
	to.post(t, "/key/generate", `{"key_alias": "same", "max_budget": 100}`)
	made := to.post(t, "/key/generate", `{"key_alias": "returned"}`)
	token := operation.Word(operation.Lookup(made, "token"))
	for key, want := range map[string]string{
		`{"token": "a", "key_alias": "same", "max_budget": 5}`:                                "less limited: max_budget is 100",
		`{"token": "a", "key_alias": "same", "max_budget": 200}`:                              "",
		`{"token": "` + token + `", "max_budget": 5}`:                                         "",
		`{"token": "b", "max_budget": 5, "metadata": {"imported_from_key": "` + token + `"}}`: "",
	} {
		outcomes, summary := imported(t, one(key), to, nil, keycopy.Options{})
		for _, o := range outcomes {
			if summary.Unchanged != 1 || !strings.Contains(o.Reason, want) || (want == "") != (o.Reason == "") {
				t.Errorf("%s: %+v", key, o)
			}
		}
	}
}

// TestExpired: expired keys are left out, or copied as expired ones, once.
func TestExpired(t *testing.T) {
	to := newGateway(t)
	source := one(`{"token": "t", "key_alias": "old", "expires": "2020-01-01T00:00:00Z"}`)
	vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
	if outcomes, _ := imported(t, source, to, vault, keycopy.Options{}); len(outcomes) != 0 {
		t.Errorf("%+v", outcomes)
	}
	for _, want := range []bulk.State{bulk.Created, bulk.Unchanged} {
		outcomes, _ := imported(t, source, to, vault, keycopy.Options{IncludeExpired: true})
		if outcomes["old"].State != want {
			t.Errorf("%+v, want %s", outcomes, want)
		}
	}
	if at := when(t, operation.Lookup(to.all(t)["old"], "expires")); at.IsZero() || at.After(time.Now()) {
		t.Errorf("the copy expires at %s", at)
	}
}

// TestRoundTrip: an export is read as the keys that it was written from, without secrets.
func TestRoundTrip(t *testing.T) {
	from := newGateway(t)
	from.post(t, "/key/generate", `{"key_alias": "a, \"b\"", "max_budget": 0, "models": ["m,n", "o"], "metadata": {"n": 1.50, "api_key": "sk-0123456789abcdef0123"}, "blocked": true, "soft_budget": 3}`)
	from.post(t, "/key/generate", `{"key_alias": "007", "tpm_limit": 5, "models": ["m"], "duration": "30d", "spend": 0.25, "access_group_ids": ["g", "h"],
		"budget_limits": [{"budget_duration": "1d", "max_budget": 1}]}`)
	for _, format := range []bulk.Format{bulk.CSV, bulk.YAML, bulk.JSONL} {
		var file bytes.Buffer
		n, left, err := keycopy.Export(t.Context(), from.keys(), bulk.NewWriter(&file, format, keycopy.Columns()))
		if n != 2 || strings.Join(left, "|") != `a, "b": metadata.api_key` || err != nil {
			t.Fatalf("%s: %d keys, %q left out, %v", format, n, left, err)
		}
		if strings.Contains(file.String(), "sk-0123") {
			t.Errorf("%s has a secret:\n%s", format, file.String())
		}
		rows := keycopy.Rows(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file.Bytes())), nil }, format)
		if faults := rows.Check(t.Context()); len(faults) > 0 {
			t.Errorf("%s: %v\n%s", format, faults, file.String())
		}
		a, b := newGateway(t), newGateway(t)
		imported(t, from.keys(), a, fileVault(t, filepath.Join(t.TempDir(), "a.csv")), keycopy.Options{RestartBudgets: true})
		imported(t, rows, b, fileVault(t, filepath.Join(t.TempDir(), "b.csv")), keycopy.Options{RestartBudgets: true})
		direct, byFile := a.all(t), b.all(t)
		if len(direct) != 2 || len(byFile) != 2 {
			t.Fatalf("%s: %d and %d keys", format, len(direct), len(byFile))
		}
		for alias, key := range direct {
			for _, name := range strings.Fields("key_alias max_budget models blocked tpm_limit spend access_group_ids budget_limits.0.max_budget metadata.n litellm_budget_table.soft_budget metadata." + keycopy.Mark) {
				if x, y := operation.Lookup(key, name), operation.Lookup(byFile[alias], name); string(x) != string(y) {
					t.Errorf("%s: %s: %s is %s by file, %s directly", format, alias, name, y, x)
				}
			}
		}
	}
}

// TestRows: a file with faults is refused as a whole, each fault by its line.
func TestRows(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"key_alias,max_budget\na,x\n", "line 2: max_budget: x is not a number"},
		{"key_alias,max_budget\na,-1\n", "line 2: max_budget: -1 is not a number"},
		{"key_alias,blocked\na,maybe\n", "line 2: blocked: maybe is not true or false"},
		{"key_alias,max_budgett\na,1\n", "there is no column max_budgett; did you mean max_budget?"},
		{"key_alias\na\na\n", "alias a occurs twice"},
		{"key_alias,metadata\na,5\n", "metadata: 5 is not a JSON object"},
		{"key_alias,metadata\na,[1]\n", "metadata: [1] is not a JSON object"},
		{"key_alias,policies\na,{}\n", "policies: {} is not a JSON list"},
		{"key_alias,models\na,\" , \"\n", "line 2: models: has no item; for an empty list, write []"},
		{"key_alias,max_budget\na,1e400\n", "line 2: max_budget: 1e400 is not a number"},
		{"key_alias,team_alias\na,red\n", "line 2: team_alias is not read; use team_id"},
		{"key_alias,key_type\na,read_only\nb,default\n", "line 2: key_type is not read; use allowed_routes"},
		{"key_alias,rpm_limit_per_model\na,\"{\"\"m\"\": 1}\"\n", "line 2: rpm_limit_per_model is not read; use metadata"},
		{"key_alias,status,blocked\na,revoked,TRUE\nb,revoked,\n", "line 3: status is not read; use blocked or expires"},
	} {
		source := keycopy.Rows(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(tt.text)), nil }, bulk.CSV)
		if faults := source.Check(t.Context()); len(faults) != 1 || !strings.Contains(faults[0].Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, faults, tt.want)
		}
	}
}

// TestVault: a file of another program is left alone, and a row that was cut off is none.
func TestVault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k.csv")
	vault := fileVault(t, path)
	value, _, err := vault.Value("source", "alias")
	if err != nil || !strings.HasPrefix(value, "sk-") {
		t.Fatalf("%q, %v", value, err)
	}
	data, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append(data, "b,sk-cut"...), 0o600); err != nil {
		t.Fatal(err)
	}
	vault = fileVault(t, path)
	if again, _, _ := vault.Value("source", "alias"); again != value {
		t.Error("another value for the same key")
	}
	elsewhere, err := keycopy.OpenFile(path, "https://other.example")
	if err != nil {
		t.Fatal(err)
	}
	if again, _, _ := elsewhere.Value("source", "alias"); again == value {
		t.Error("one value for two gateways")
	}
	_ = elsewhere.Drop("source", "alias")
	if err := elsewhere.Close(); err != nil {
		t.Fatal(err)
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(path); string(now) != string(data) {
		t.Errorf("the file is\n%s", now)
	}
	other := filepath.Join(t.TempDir(), "other.csv")
	_ = os.WriteFile(other, []byte("name,price\na,1\n"), 0o600)
	if _, err := keycopy.OpenFile(other, "https://gw.example"); err == nil || !strings.Contains(err.Error(), "name another file") {
		t.Errorf("another program's file: %v", err)
	}
	if now, _ := os.ReadFile(other); string(now) != "name,price\na,1\n" {
		t.Error("it was changed")
	}
}

// TestSlow: a copy whose request took long does not outlive its source.
func TestSlow(t *testing.T) {
	to := newGateway(t)
	expires := time.Now().Add(time.Hour)
	long := true
	to.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/key/generate" && long { // as if it had arrived a minute late
			var body map[string]json.RawMessage
			data, _ := io.ReadAll(r.Body)
			_ = json.Unmarshal(data, &body)
			body["duration"] = json.RawMessage(`"3660s"`)
			data = operation.Encode(body)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
		}
		return false
	}
	source := one(fmt.Sprintf(`{"token": "t", "key_alias": "x", "expires": %q}`, expires.UTC().Format(time.RFC3339)))
	vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
	outcomes, summary := imported(t, source, to, vault, keycopy.Options{})
	if at := when(t, operation.Lookup(to.all(t)["x"], "expires")); summary.Created != 1 || at.After(expires) || at.Before(expires.Add(-5*time.Minute)) {
		t.Errorf("it expires at %s, the source at %s: %+v", at, expires, outcomes)
	}
}
