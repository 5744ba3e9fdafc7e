package operation

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/openapi"
)

//go:generate go test . -run TestRequests -update

var update = flag.Bool("update", false, "rewrite requests.txt from the documents in LITELLM_OPENAPI")

// undescribed are the requests whose bodies the documents leave out, and bulk the ones whose
// fields are those of the items of a list.
var (
	undescribed = map[string]string{"PATCH /organization/update": "OrganizationUpdateRequestV2 NewOrganizationRequest", "POST /guardrails": "Guardrail"}
	bulk        = map[string]string{"POST /key/bulk_update": "keys", "POST /management/v1/users/bulk": "users", "POST /user/bulk_update": "users"}
	// refusing are requests whose fields the documents leave out; unknown ones are refused.
	refusing = []string{"POST /config/update", "POST /config/field/update", "PATCH /update/ui_settings"}
	objects  = map[string]string{
		"litellm_params": "LiteLLM_Params updateLiteLLMParams", "model_info": "ModelInfo",
		"guardrails litellm_params": "LitellmParams BaseLitellmParams", "prompts litellm_params": "PromptLiteLLMParams", "search-tools litellm_params": "SearchToolLiteLLMParams",
	}
)

// propertiesOf returns the names of the properties of a schema, and of what it refers to.
func propertiesOf(d *openapi.Document, s *openapi.Schema) (names []string) {
	s = d.Resolve(s)
	for name := range s.Properties {
		names = append(names, name)
	}
	for _, other := range s.AnyOf {
		names = append(names, propertiesOf(d, other)...)
	}
	return names
}

// itemsOf returns the schema of the items of a property.
func itemsOf(d *openapi.Document, s *openapi.Schema, property string) *openapi.Schema {
	s = d.Resolve(d.Resolve(s).Properties[property])
	for _, other := range s.AnyOf {
		if other.Items != nil {
			s = other
		}
	}
	return s.Items
}

// fieldsOf returns the names of the fields of a line of requests.txt.
func fieldsOf(d *openapi.Document, line, request string) (fields []string) {
	for schema := range strings.FieldsSeq(objects[line] + " " + undescribed[request]) {
		fields = append(fields, propertiesOf(d, d.Schemas[schema])...)
	}
	if line == "litellm_params" { // the parameters of a call may stand there too
		request = "POST /v1/chat/completions"
	}
	method, path, _ := strings.Cut(request, " ")
	e := d.Find(method, path)
	if e == nil {
		return fields
	}
	body := e.Bodies["application/json"]
	fields = append(fields, propertiesOf(d, body)...)
	if list := bulk[request]; list != "" {
		fields = append(fields, propertiesOf(d, itemsOf(d, body, list))...)
	}
	return fields
}

// TestRequests holds requests.txt against the OpenAPI documents in LITELLM_OPENAPI, which
// are separated by colons. With -update it writes the names of all of them.
func TestRequests(t *testing.T) {
	documents, err := openapi.ReadFiles(os.Getenv("LITELLM_OPENAPI"))
	if err != nil {
		t.Fatal(err)
	}
	if documents == nil {
		t.Skip("set LITELLM_OPENAPI to the gateway's openapi.json")
	}
	var lines []string
	for line := range strings.Lines(requests) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(parts) != 3 {
			lines = append(lines, line)
			continue
		}
		var names []string
		for _, d := range documents {
			names = append(names, fieldsOf(d, parts[0], parts[1])...)
		}
		if len(names) == 0 && !slices.Contains(refusing, parts[1]) {
			t.Errorf("%s: the documents have no fields of %s", parts[0], parts[1])
		}
		slices.Sort(names)
		names = slices.Compact(names)
		has := strings.Fields(parts[2])
		for _, name := range names {
			if !*update && !slices.Contains(has, name) {
				t.Errorf("%s: requests.txt lacks %s; LITELLM_OPENAPI=%s go generate ./internal/operation writes it", parts[0], name, os.Getenv("LITELLM_OPENAPI"))
			}
		}
		lines = append(lines, parts[0]+"\t"+parts[1]+"\t"+strings.Join(names, " ")+"\n")
	}
	if *update {
		if err := os.WriteFile("requests.txt", []byte(strings.Join(lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNearest: a name within two letters of a known one was probably meant.
func TestNearest(t *testing.T) {
	names := []string{"max_budget", "models", "rpm_limit", "tpm_limit", "user_id", "tags"}
	for name, want := range map[string]string{
		"max_bugdet": "max_budget", "maxBudget": "max_budget", "max-budget": "max_budget", "MAX_BUDGET": "max_budget", "model": "models",
		"rpm_limits": "rpm_limit", "userId": "user_id", "cost_center": "", "tag": "", "tage": "", "Tags": "tags", "x": "", "teams": "", "tagss": "tags",
	} {
		if got := probable(name, names); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
