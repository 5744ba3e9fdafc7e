package operation

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

//go:generate go test . -run TestRequests -update

var update = flag.Bool("update", false, "rewrite requests.txt from the documents in LITELLM_OPENAPI")

// document is what we read of an OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		RequestBody struct {
			Content map[string]struct{ Schema shape }
		}
	}
	Components struct{ Schemas map[string]shape }
}

type shape struct {
	Ref        string `json:"$ref"`
	Properties map[string]shape
	Items      *shape
	AnyOf      []shape
}

// undescribed are the requests whose bodies the documents leave out, and bulk the ones whose
// fields are those of the items of a list.
var (
	undescribed = map[string]string{"PATCH /organization/update": "OrganizationUpdateRequestV2 NewOrganizationRequest"}
	bulk        = map[string]string{"POST /key/bulk_update": "keys", "POST /management/v1/users/bulk": "users", "POST /user/bulk_update": "users"}
	objects     = map[string]string{
		"litellm_params": "LiteLLM_Params updateLiteLLMParams", "model_info": "ModelInfo",
	}
)

// names returns the names of the properties of a schema, and of what it refers to.
func (d *document) names(s shape) (names []string) {
	s = d.resolve(s)
	for name := range s.Properties {
		names = append(names, name)
	}
	for _, other := range s.AnyOf {
		names = append(names, d.names(other)...)
	}
	return names
}

func (d *document) resolve(s shape) shape {
	for s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

// items returns the schema of the items of a property.
func (d *document) items(s shape, property string) shape {
	s = d.resolve(d.resolve(s).Properties[property])
	for _, other := range s.AnyOf {
		if other.Items != nil {
			s = other
		}
	}
	if s.Items == nil {
		return shape{}
	}
	return *s.Items
}

// fields returns the names of the fields of a line of requests.txt.
func (d *document) fields(line, request string) (names []string) {
	for schema := range strings.FieldsSeq(objects[line] + " " + undescribed[request]) {
		names = append(names, d.names(d.Components.Schemas[schema])...)
	}
	if line == "litellm_params" { // the parameters of a call may stand there too
		request = "POST /v1/chat/completions"
	}
	method, path, _ := strings.Cut(request, " ")
	body := d.Paths[path][strings.ToLower(method)].RequestBody.Content["application/json"].Schema
	names = append(names, d.names(body)...)
	if list := bulk[request]; list != "" {
		names = append(names, d.names(d.items(body, list))...)
	}
	return names
}

// TestRequests holds requests.txt against the OpenAPI documents in LITELLM_OPENAPI, which
// are separated by colons. With -update it writes the names of all of them.
func TestRequests(t *testing.T) {
	var documents []*document
	for _, file := range filepath.SplitList(os.Getenv("LITELLM_OPENAPI")) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := &document{}
		if err := json.Unmarshal(b, d); err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d)
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
			names = append(names, d.fields(parts[0], parts[1])...)
		}
		if len(names) == 0 {
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
