package modelfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// planned is a plan in words: name, action and ID of each entry.
func planned(t *testing.T, file, gateway string, rules Rules) string {
	t.Helper()
	plan, others := Compare(loaded(t, file).Models, Distinct(deploymentsOf(t, gateway)), rules)
	var out []string
	for _, p := range plan {
		id := p.ID
		if id == p.Model.ID && !p.Given {
			id = "derived"
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", p.Name, p.Action, id, p.Reason)))
	}
	for _, d := range others {
		out = append(out, "other "+d.ID)
	}
	return strings.Join(out, "\n")
}

func TestCompare(t *testing.T) {
	const one = "model_list:\n- {model_name: m, litellm_params: {model: a/b, api_key: secret-one}}\n"
	const two = one + "- {model_name: m, litellm_params: {model: a/b, api_key: secret-two}}\n"
	const reference = "model_list:\n- {model_name: m, litellm_params: {model: a/b, api_key: os.environ/X}}\n"
	const given = "model_list:\n- {model_name: m, litellm_params: {model: a/b, rpm: '10'}, model_info: {id: x, note: n}}\n"
	const nested = "model_list:\n- {model_name: m, litellm_params: {model: a/b, h: {x: 1, y: [{z: os.environ/X}]}}}\n"
	const ownNested = `{"model_name": "m", "litellm_params": {"model": "a/b", "h": {"x": 1, "y": [{"z": "v"}]}}, "model_info": {"id": "hash", "db_model": false, "key": "b"}}`
	db := func(id, params string) string {
		return fmt.Sprintf(`{"model_name": "m", "litellm_params": {"model": "a/b"%s}, "model_info": {"id": %q, "note": "n", "db_model": true, "key": "b", "note2": 1}}`, params, id)
	}
	config := func(id string) string {
		return strings.Replace(strings.Replace(db(id, ""), "true", "false", 1), `"note": "n", `, "", 1)
	}
	for name, c := range map[string]struct {
		file, gateway string
		rules         Rules
		want          string
	}{
		"an empty gateway": {two, ``, Rules{}, "m create derived\nm create derived"},
		"the gateway's own configuration, with a reference": {reference, config("hash"), Rules{},
			"m unchanged hash the gateway has it under this ID; secrets were not compared"},
		"the gateway's own configuration with another secret": {one, config("hash"), Rules{}, "m create derived\nother hash"},
		"the gateway's own configuration, with a nested reference": {nested, ownNested, Rules{},
			"m unchanged hash the gateway has it under this ID; secrets were not compared"},
		"a nested reference that a stored deployment has otherwise": {strings.Replace(nested, "a/b, h: {x: 1, y: [{z: os.environ/X}]}}}", "a/b, rpm: 1, h: {x: 1, y: [{z: os.environ/X}]}}, model_info: {id: hash}}", 1),
			strings.Replace(ownNested, "false", "true", 1), Rules{}, "m differs hash differs in rpm, h"},
		"twice in the gateway's own configuration": {one, strings.Replace(config("ID")+","+config("ID"), "ID", loaded(t, one).Models[0].ID, 2), Rules{}, "m unchanged derived"},
		"the masks of short secrets": {strings.Replace(given, "rpm: '10'", "aws_session_token: tok1234567, h: {x-api-key: zzz}", 1),
			db("x", `, "aws_session_token": "tok1**4567", "h": {"x-api-key": "***"}`), Rules{}, "m unchanged x"},
		"a price in model_info of the gateway's own configuration": {strings.Replace(given, "note: n", "input_cost_per_token: 1", 1),
			`{"model_name": "m", "litellm_params": {"model": "a/b", "rpm": 10}, "model_info": {"input_cost_per_token": 1.0, "id": "x", "db_model": false, "key": "b"}}`, Rules{}, "m unchanged x"},
		"a default as text":        {strings.Replace(given, "rpm: '10'", "use_in_pass_through: 'no'", 1), db("x", ""), Rules{}, "m unchanged x"},
		"added by another program": {one, db("uuid", ""), Rules{}, "m unchanged uuid the gateway has it under this ID; secrets were not compared"},
		"matched by ID only":       {one, db("uuid", ""), Rules{ByID: true}, "m create derived\nother uuid"},
		"two entries, one deployment": {two, db("uuid", ""), Rules{}, strings.TrimSpace(strings.Repeat("m unclear derived 2 entries for 1 of the gateway's deployments; only their secrets may differ. "+
			"Give the entries a model_info.id, or use --by-id to create all\n", 2))},
		"two entries, two deployments": {two, db("u1", "") + "," + db("u2", ""), Rules{},
			"m unchanged u1 the gateway has it under this ID; secrets were not compared\nm unchanged u2 the gateway has it under this ID; secrets were not compared"},
		"the same, converted":         {given, db("x", `, "rpm": 10`), Rules{}, "m unchanged x"},
		"a parameter differs":         {given, db("x", `, "rpm": 11`), Rules{}, "m differs x differs in rpm"},
		"a parameter is missing":      {given, db("x", ``), Rules{}, "m differs x differs in rpm"},
		"the file lacks a parameter":  {given, db("x", `, "rpm": 10, "tpm": 5`), Rules{Update: true}, "m change x differs in tpm"},
		"a masked value is no change": {given, db("x", `, "rpm": 10, "some_token": "ab****yz"`), Rules{}, "m unchanged x"},
		"defaults are no change":      {given, db("x", `, "rpm": 10, "use_in_pass_through": false, "tpm": null`), Rules{}, "m unchanged x"},
		"the configuration cannot be changed": {given, strings.Replace(db("x", `, "rpm": 11`), "true", "false", 1), Rules{Update: true},
			"m differs x differs in rpm; it is in the gateway's configuration file, so change it there"},
	} {
		if got := planned(t, c.file, "["+c.gateway+"]", c.rules); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// The ID of an entry without secrets or references is the one that the gateway has.
func TestCompareByDerivedID(t *testing.T) {
	file := loaded(t, "model_list:\n- {model_name: m, litellm_params: {model: a/b, api_key: fake}}\n")
	gateway := fmt.Sprintf(`[{"model_name": "m", "litellm_params": {"model": "a/b"}, "model_info": {"id": %q, "db_model": false, "key": "b"}}]`, file.Models[0].ID)
	plan, others := Compare(file.Models, deploymentsOf(t, gateway), Rules{ByID: true})
	if plan[0].Action != Unchanged || len(others) > 0 {
		t.Errorf("the plan is %v with %d others", plan, len(others))
	}
}

func TestRemovedParametersAreNamed(t *testing.T) {
	file := loaded(t, "model_list:\n- {model_name: m, litellm_params: {model: a/b}, model_info: {id: x, input_cost_per_token: 1}}\n")
	d := deploymentsOf(t, `[{"model_name": "m", "litellm_params": {"model": "a/b", "rpm": 1, "input_cost_per_token": 2}, "model_info": {"id": "x", "db_model": true}}]`)
	plan, _ := Compare(file.Models, d, Rules{Update: true})
	if !slices.Equal(plan[0].Remove, []string{"rpm"}) || plan[0].Action != Change {
		t.Errorf("the plan is %s and removes %q, want rpm", plan[0].Action, plan[0].Remove)
	}
}

func TestCompareCredentials(t *testing.T) {
	file := loaded(t, `credential_list:
- {credential_name: c, credential_info: {p: q}, credential_values: {api_key: sk-123456, api_base: x}}
`)
	stored := func(values string, source string) []StoredCredential {
		c, err := NewStoredCredential([]byte(`{"credential_name": "c", "credential_info": {"p": "q", "more": 1}, "credential_values": ` + values + `, "source": "` + source + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		return []StoredCredential{c}
	}
	for _, c := range []struct {
		stored []StoredCredential
		rules  Rules
		want   Action
	}{
		{nil, Rules{}, Create},
		{stored(`{"api_key": "sk****56", "api_base": "x"}`, "db"), Rules{}, Unchanged},
		{stored(`{"api_key": "sk****57", "api_base": "x"}`, "db"), Rules{}, Kept},
		{stored(`{"api_key": "sk****57", "api_base": "x"}`, "db"), Rules{Update: true}, Change},
		{stored(`{"api_key": "sk****57", "api_base": "x"}`, "config"), Rules{Update: true}, Kept},
		{stored(`{"api_key": "sk****56"}`, "db"), Rules{}, Kept},
	} {
		if got := CompareCredentials(file.Credentials, c.stored, c.rules)[0]; got.Action != c.want {
			t.Errorf("%v: %s (%s), want %s", c.stored, got.Action, got.Reason, c.want)
		}
	}
}

// The gateway shows what the references of its own configuration stand for.
func TestCompareReferringCredentials(t *testing.T) {
	file := loaded(t, "credential_list:\n- {credential_name: c, credential_info: {}, credential_values: {api_key: os.environ/KEY, n: os.environ/N}}\n")
	for source, want := range map[string]Action{"config": Unchanged, "db": Kept} {
		c, err := NewStoredCredential([]byte(`{"credential_name": "c", "credential_values": {"api_key": "sk****56", "n": "5"}, "source": "` + source + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := CompareCredentials(file.Credentials, []StoredCredential{c}, Rules{})[0]; got.Action != want {
			t.Errorf("%s: %s (%s), want %s", source, got.Action, got.Reason, want)
		}
	}
}
