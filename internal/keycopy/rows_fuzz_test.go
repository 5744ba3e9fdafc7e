package keycopy_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/keycopy"
)

// FuzzRows: whatever a file has, a row is an object whose limits are numbers, or an error.
func FuzzRows(f *testing.F) {
	f.Add("key_alias,max_budget,models,metadata\na,5,\"m,n\",\"{\"\"a\"\": 1}\"\n", "csv")
	f.Add("- {key_alias: a, max_budget: 5, blocked: yes}\n", "yaml")
	f.Add(`{"key_alias": "a", "max_budget": "5"}`, "jsonl")
	f.Fuzz(func(t *testing.T, text, format string) {
		source := keycopy.Rows(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }, bulk.Format(format))
		for key, err := range source(t.Context()) {
			if err != nil {
				continue
			}
			var row struct {
				MaxBudget *float64 `json:"max_budget"`
				Blocked   *bool    `json:"blocked"`
				Models    []any    `json:"models"`
			}
			if err := json.Unmarshal(key, &row); err != nil || row.MaxBudget != nil && *row.MaxBudget < 0 {
				t.Errorf("%q became %s: %v", text, key, err)
			}
		}
	})
}
