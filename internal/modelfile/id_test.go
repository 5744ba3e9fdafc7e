package modelfile

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
)

// ids are parameters with the IDs that LiteLLM 1.110.2 derives from them.
//
//go:embed testdata/ids.jsonl
var ids string

func TestIDsAsTheGatewayDerivesThem(t *testing.T) {
	for row := range strings.SplitSeq(strings.TrimSpace(ids), "\n") {
		var want struct{ Name, Params, ID string }
		if err := json.Unmarshal([]byte(row), &want); err != nil {
			t.Fatal(err)
		}
		var findings Findings
		v, ok := parse("f.yaml", []byte(want.Params), &findings)
		if !ok || findings.Errors() > 0 {
			t.Fatalf("%s: %v", want.Params, findings)
		}
		if got := deploymentID(want.Name, v); got != want.ID {
			t.Errorf("%s: the ID is %s, the gateway's is %s", want.Params, got, want.ID)
		}
	}
}
