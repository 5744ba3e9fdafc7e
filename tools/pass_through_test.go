package tools

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// passThroughGateway has one endpoint, as LiteLLM 1.110.2 shows it, and routes of its own
// below /key.
type passThroughGateway struct{ sent []string }

const oneEndpoint = `{"endpoints":[{"id":"e1","path":"/rerank","target":"https://api.example.com/v1","headers":{"Authorization":"bearer sk-stored-0123456789","X-Key":"k"},"default_query_params":{},` +
	`"include_subpath":false,"cost_per_request":0.002,"timeout":null,"auth":true,"guardrails":null,"is_from_config":false,"methods":null}]}`

func (g *passThroughGateway) RoundTrip(r *http.Request) (*http.Response, error) {
	status, answer := http.StatusOK, oneEndpoint
	switch {
	case r.Method == http.MethodOptions && strings.HasPrefix(r.URL.Path, "/key/"):
		status, answer = http.StatusMethodNotAllowed, `{"detail":"Method Not Allowed"}`
	case r.Method == http.MethodOptions:
		status, answer = http.StatusNotFound, `{"detail":"Not Found"}`
	case r.URL.Query().Get("endpoint_id") == "none":
		answer = `{"endpoints":[]}`
	}
	if r.Method == http.MethodPost {
		b, _ := io.ReadAll(r.Body)
		g.sent = append(g.sent, r.URL.Path+" "+string(b))
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// TestPassThrough: what is created is reached, fields that are omitted stay, and what opens the
// gateway is asked about.
func TestPassThrough(t *testing.T) {
	type fields = map[string]any
	stored := `"headers":{"Authorization":"bearer sk-stored-0123456789","X-Key":"k"`
	for _, tt := range []struct {
		op              *operation.Operation
		args            fields
		sent, err, dang string
	}{
		{passThroughCreate, fields{"path": "/a", "target": "https://evil.example/x"}, `"path":"/a"`, "", "sends requests to evil.example (target)"},
		{passThroughCreate, fields{"path": "/a", "target": "https://x.example", "auth": false}, `"auth":false`, "", "lets anyone call /a without a key"},
		{passThroughCreate, fields{"path": "/a", "target": "https://x.example", "include_subpath": true}, `"include_subpath":true`, "", "forwards every path below /a"},
		{passThroughCreate, fields{"path": "/a", "target": "https://x.example", "headers": fields{"X-A": "bearer os.environ/DATABASE_URL"}}, `"headers"`, "", "environment variable DATABASE_URL"},
		{passThroughCreate, fields{"path": "/rerank", "target": "https://x.example"}, "", "the path /rerank is taken", ""},
		{passThroughCreate, fields{"path": "/key/info", "target": "https://x.example"}, "", "has a route of its own at /key/info", ""},
		{passThroughCreate, fields{"path": "a", "target": "https://x.example"}, "", "must begin with a slash", ""},
		{passThroughCreate, fields{"path": "/a/../key", "target": "https://x.example"}, "", "must be a plain path", ""},
		{passThroughCreate, fields{"path": "/a", "target": "x.example"}, "", "must be an address", ""},
		{passThroughUpdate, fields{"endpoint_id": "e1", "headers": fields{"X-Two": "2"}}, stored + `,"X-Two":"2"},"path":"/rerank","target":"https://api.example.com/v1"}`, "", "sends the header X-Two"},
		{passThroughUpdate, fields{"endpoint_id": "e1", "target": "https://evil.example"}, `{"path":"/rerank","target":"https://evil.example"}`, "", "sends the stored headers to the new target: Authorization, X-Key"},
		{passThroughUpdate, fields{"endpoint_id": "e1", "clear": []string{"headers"}}, `{"headers":{},"path":"/rerank"`, "", ""},
		{passThroughUpdate, fields{"endpoint_id": "e1", "headers": fields{"Authorization": "****"}}, "", "the value of Authorization is masked", ""},
		{passThroughUpdate, fields{"endpoint_id": "e1"}, "", "nothing to change", ""},
		{passThroughUpdate, fields{"endpoint_id": "none", "auth": false}, "", `no pass-through endpoint has the path or ID "none"`, ""},
	} {
		gateway := &passThroughGateway{}
		env := envOf(t, gateway)
		var dangers []string
		call, err := operation.Prepare(t.Context(), env, tt.op, argsOf(tt.args))
		if err == nil {
			if dangers, err = call.Dangers(t.Context()); err == nil {
				call.Waive()
				_, err = call.Run(t.Context())
			}
		}
		if proxyclient.CodeOf(err) == proxyclient.CodeNotApplied { // this gateway changes nothing
			err = nil
		}
		sent := strings.Join(gateway.sent, "\n")
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) || sent != "") || !strings.Contains(sent, tt.sent) {
			t.Errorf("%s %v: %v, sent %s; want %s %s", tt.op.Path, tt.args, err, sent, tt.err, tt.sent)
		}
		if found := strings.Join(dangers, "; "); !strings.Contains(found, tt.dang) {
			t.Errorf("%s %v: dangers %q, want %q", tt.op.Path, tt.args, found, tt.dang)
		}
	}
}
