package sheet

import (
	"encoding/json"
	"strings"
	"testing"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
	"litellm-proxy/tools"
)

// loaded reads a CSV file of a resource and returns its arguments, a line each, or the
// faults.
func loaded(resource, text string) string {
	rows, faults := Of(resource).load(tools.All(), bulk.Read(strings.NewReader(text), bulk.CSV))
	var out []string
	for _, f := range faults {
		out = append(out, f.String())
	}
	if len(faults) > 0 {
		return strings.Join(out, "\n")
	}
	for _, r := range rows {
		out = append(out, string(operation.Encode(r.args)))
	}
	return strings.Join(out, "\n")
}

func TestLoad(t *testing.T) {
	for _, test := range []struct{ name, resource, text, want string }{
		{"flags, properties and aliases", "users", "Email,user_role,alias,team\nann@x,internal_user, Ann ,\"a, b\"\n",
			`{"auto_create_key":false,"teams":["a","b"],"user_alias":" Ann ","user_email":"ann@x","user_role":"internal_user"}`},
		{"numbers keep their digits", "budgets", "budget_id,max-budget,tpm_limit\n007,1.50,10\n", `{"budget_id":"007","max_budget":1.50,"tpm_limit":10}`},
		{"whole numbers from a spreadsheet", "budgets", "budget_id,tpm_limit\nb,10.0\n", `{"budget_id":"b","tpm_limit":10}`},
		{"further fields of the request", "customers", "customer_id,blocked,model_max_budget\nc,TRUE,\"{\"\"m\"\": 1}\"\n", `{"extra":{"blocked":true,"model_max_budget":{"m":1}},"user_id":"c"}`},
		{"empty list", "teams", "team_alias,models\nt,[]\n", `{"models":[],"team_alias":"t"}`},
		{"JSON list", "teams", "team_alias,models\nt,\"[\"\"a,b\"\"]\"\n", `{"models":["a,b"],"team_alias":"t"}`},

		{"the end of a column's name", "teams", "alias\nt\n", "there is no column alias; did you mean team_alias?\nline 2: has no team_alias"},
		{"unknown column", "teams", "team_alias,max_budgte,x\nt,1,2\n", "there is no column max_budgte; did you mean max_budget?\nthere is no column x; the columns are team_alias, team_id, models,"},
		{"the same column twice", "teams", "team_alias,max_budget,max-budget\nt,1,2\n", "line 2: the columns max_budget and max-budget are the same"},
		{"refused column", "teams", "team_alias,members\nt,ann\n", "the column members is not imported: members join with"},
		{"no identity", "budgets", "max_budget\n1\n", "line 2: has no budget_id"},
		{"email or ID", "users", "alias\nAnn\n", "line 2: has no email or user_id"},
		{"same email in another case", "users", "email\nann@x\nANN@x\n", "line 3: ANN@x is on line 2 already"},
		{"blanks around an email", "users", "email,user_id,alias\nann@x , 7, Ann\n  ,8,\n",
			`{"auto_create_key":false,"user_alias":" Ann","user_email":"ann@x","user_id":" 7"}` + "\n" + `{"auto_create_key":false,"user_id":"8"}`},
		{"same email with a blank", "users", "email\nann@x\nann@x \n", "line 3: ann@x is on line 2 already"},
		{"a value of the create operation by its column", "users", "email,role\nann@x.y,boss\n", "line 2: role: \"boss\""},
		{"bad values", "teams", "team_alias,max_budget,tpm_limit,metadata,models\na,\"10,5\",1.5,[1],\" , \"\n",
			"line 2: max_budget: \"10,5\" is not a number\nline 2: metadata: is not a JSON object like {\"name\": \"value\"}\nline 2: models: has no item; for an empty list, write []"},
		{"rules of the operation", "teams", "team_alias,max_budget,budget_duration\na,-1,soon\n", "line 2: max_budget must be at least 0"},
		{"a period that the gateway cannot read", "budgets", "budget_id,max_budget,budget_duration\na,1,soon\n", "line 2: budget_duration"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := loaded(test.resource, test.text); !strings.HasPrefix(got, test.want) {
				t.Errorf("loaded\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestResources: every name in the table is one of the operations.
func TestResources(t *testing.T) {
	for _, r := range Resources {
		create, update, list := r.operations(tools.All())
		if create == nil || update == nil || list == nil || update.Update == nil || list.Collection() == nil {
			t.Errorf("%s lacks an operation", r.Name)
			continue
		}
		properties := map[string]bool{}
		for _, c := range r.Columns(tools.All()) {
			if c.Help == "" && c.Kind != 0 {
				t.Errorf("%s: the column %s has no help", r.Name, c.Name)
			}
			properties[c.Property] = true
		}
		for _, name := range append(append([]string{r.ID}, r.Needs...), r.More...) {
			if !properties[name] {
				t.Errorf("%s: %s is no column", r.Name, name)
			}
		}
		for name := range r.Refused {
			if _, err := newFinder(r, tools.All()).find(name); err == nil {
				t.Errorf("%s: the column %s is not refused", r.Name, name)
			}
		}
	}
}

func TestDerivedIDsStay(t *testing.T) {
	// Another ID for the same alias would make a second team out of an import that was broken
	// off before an upgrade.
	if id := derived("teams", 0, "red"); id != "262aa5b1-a1d9-5d08-825d-e055bf2d0688" {
		t.Errorf("the ID of team red is %s", id)
	}
}

func TestGeneratedBudgets(t *testing.T) {
	for id, want := range map[string]string{
		"ac705495-7b8c-499b-9ca9-6e2e64501cc4": "generated", "team-t1-budget-390c9dbf93d5403484201c88952824cb": "generated",
		"free-tier": "", "team-a-budget-x": "", "": "",
	} {
		if got := generatedBudget(id); got != want {
			t.Errorf("budget %q is %q, want %q", id, got, want)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	value := json.RawMessage(`{"a":1,"token":"sk-0123456789abcdef0123","b":{"password":"x12345678"}}`)
	clean, lost := withoutSecrets("metadata", value)
	if string(clean) != `{"a":1}` || strings.Join(lost, " ") != "metadata.b metadata.token" {
		t.Errorf("left %s, left out %v", clean, lost)
	}
	if clean, lost := withoutSecrets("alias", json.RawMessage(`"sk-0123456789abcdef0123"`)); clean != nil || len(lost) != 1 {
		t.Errorf("left %s, left out %v", clean, lost)
	}
}

// TestUndeclared types the further fields of a request, too, and refuses what they cannot be.
func TestUndeclared(t *testing.T) {
	for _, tt := range []struct{ column, text, want string }{
		{"blocked", "TRUE", "true"}, {"blocked", "0", "false"}, {"blocked", "yes", ""}, {"tpd_limit", "5.0", "5"},
		{"tpd_limit", "many", ""}, {"max_budget", "1e999", ""}, {"max_budget", "1e3", "1e3"}, {"model_max_budget", `{"a": 1}`, `{"a": 1}`},
	} {
		column, err := newFinder(Of("teams"), tools.All()).find(tt.column)
		if err != nil {
			t.Fatal(err)
		}
		got, err := column.value(bulk.Cell{Column: tt.column, Text: tt.text})
		if string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s %s: %s, %v; want %q", tt.column, tt.text, got, err, tt.want)
		}
	}
}

// FuzzLoad reads any file: it must end without a panic, and never with arguments that the
// operation refuses.
func FuzzLoad(f *testing.F) {
	f.Add("email,team\nann,\"a,b\"\n")
	f.Add("customer_id;blocked;max_budget\nc;;1e999\n")
	f.Add("team_alias,metadata\nt,{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range Resources {
			rows, faults := r.load(tools.All(), bulk.Read(strings.NewReader(text), bulk.CSV))
			if len(faults) > 0 {
				continue
			}
			create, _, _ := r.operations(tools.All())
			for _, row := range rows {
				if err := create.Validate(row.args); err != nil {
					t.Errorf("%s: %v", r.Name, err)
				}
			}
		}
	})
}
