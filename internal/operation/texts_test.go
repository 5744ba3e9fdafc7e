package operation

import (
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/openapi"
)

// text reports whether a value is a string or null and nothing else.
func text(d *openapi.Document, s *openapi.Schema) bool {
	s = d.Resolve(s)
	if s.AnyOf == nil {
		return s.Type == "string"
	}
	others := slices.DeleteFunc(slices.Clone(s.AnyOf), func(one *openapi.Schema) bool { return one.Type == "null" })
	return len(others) > 0 && !slices.ContainsFunc(others, func(one *openapi.Schema) bool { return !text(d, one) })
}

// documents are those in LITELLM_OPENAPI, or else the gateway's that LITELLM_TEST_URL names.
func documents(t *testing.T) []*openapi.Document {
	all, err := openapi.ReadFiles(os.Getenv("LITELLM_OPENAPI"))
	if err != nil {
		t.Fatal(err)
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
		d, err := openapi.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	if all == nil {
		t.Skip("set LITELLM_OPENAPI to the gateway's openapi.json, or LITELLM_TEST_URL to a gateway")
	}
	return all
}

// TestTextsLive holds the names of text fields against the gateway's OpenAPI document.
func TestTextsLive(t *testing.T) {
	for _, d := range documents(t) {
		compare := func(field, where string, s *openapi.Schema) {
			if s = d.Resolve(s); len(s.AnyOf) > 0 {
				s = d.Resolve(s.AnyOf[0])
			}
			for name, value := range s.Properties {
				is, listed := text(d, value), slices.Contains(texts[field], name)
				either := name == "mock_response" || name == "stop" || name == "response_format" // a text of guardrails apply, an object of chats
				if is != listed && !either {
					t.Errorf("%s: %s of %s is a text (%v), and texts.go has it (%v)", field, name, where, is, listed)
				}
			}
		}
		for field, schemas := range map[string][]string{"litellm_params": {"LiteLLM_Params", "updateLiteLLMParams"}, "model_info": {"ModelInfo"}} {
			for _, schema := range schemas {
				compare(field, schema, d.Schemas[schema])
			}
		}
		for line := range strings.Lines(requests) {
			parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(parts) != 3 || !strings.Contains(parts[1], " ") {
				continue
			}
			method, path, _ := strings.Cut(parts[1], " ")
			if e := d.Find(method, path); e != nil {
				compare(ExtraField, parts[1], e.Bodies["application/json"])
			}
		}
	}
}
