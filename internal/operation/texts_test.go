package operation

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// described is the schema of a value in an OpenAPI document, with its type.
type described struct {
	Ref        string `json:"$ref"`
	Type       string
	Properties map[string]described
	AnyOf      []described
}

type typedDocument struct {
	Paths map[string]map[string]struct {
		RequestBody struct {
			Content map[string]struct{ Schema described }
		}
	}
	Components struct{ Schemas map[string]described }
}

func (d *typedDocument) resolve(s described) described {
	for s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

// text reports whether a value is a string or null and nothing else.
func (d *typedDocument) text(s described) bool {
	s = d.resolve(s)
	if s.AnyOf == nil {
		return s.Type == "string"
	}
	others := slices.DeleteFunc(slices.Clone(s.AnyOf), func(one described) bool { return one.Type == "null" })
	return len(others) > 0 && !slices.ContainsFunc(others, func(one described) bool { return !d.text(one) })
}

// documents are those in LITELLM_OPENAPI, or else the gateway's that LITELLM_TEST_URL names.
func documents(t *testing.T) (all [][]byte) {
	for _, file := range filepath.SplitList(os.Getenv("LITELLM_OPENAPI")) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	if url := os.Getenv("LITELLM_TEST_URL"); all == nil && url != "" {
		response, err := http.Get(strings.TrimSuffix(url, "/") + "/openapi.json")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		b, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	if all == nil {
		t.Skip("set LITELLM_OPENAPI to the gateway's openapi.json, or LITELLM_TEST_URL to a gateway")
	}
	return all
}

// TestTextsLive holds the names of text fields against the gateway's OpenAPI document.
func TestTextsLive(t *testing.T) {
	for _, b := range documents(t) {
		var d typedDocument
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}
		compare := func(field, where string, s described) {
			if s = d.resolve(s); len(s.AnyOf) > 0 {
				s = d.resolve(s.AnyOf[0])
			}
			for name, value := range s.Properties {
				is, listed := d.text(value), slices.Contains(texts[field], name)
				either := name == "mock_response" || name == "stop" || name == "response_format" // a text of guardrails apply, an object of chats
				if is != listed && !either {
					t.Errorf("%s: %s of %s is a text (%v), and texts.go has it (%v)", field, name, where, is, listed)
				}
			}
		}
		for field, schemas := range map[string][]string{"litellm_params": {"LiteLLM_Params", "updateLiteLLMParams"}, "model_info": {"ModelInfo"}} {
			for _, schema := range schemas {
				compare(field, schema, d.Components.Schemas[schema])
			}
		}
		for line := range strings.Lines(requests) {
			parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(parts) != 3 || !strings.Contains(parts[1], " ") {
				continue
			}
			method, path, _ := strings.Cut(parts[1], " ")
			compare(ExtraField, parts[1], d.Paths[path][strings.ToLower(method)].RequestBody.Content["application/json"].Schema)
		}
	}
}
