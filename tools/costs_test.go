package tools

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// stored is a gateway with one object at each path, which a write of the method replaces
// as the answers say. It keeps the bodies that were sent.
type stored struct {
	answers map[string]string // by method and path
	after   map[string]string // the GETs after the first write
	status  map[string]int    // by method and path; absent: 200
	sent    []string
}

func (s *stored) RoundTrip(r *http.Request) (*http.Response, error) {
	request, body := r.Method+" "+r.URL.Path, ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}
	answer, has := s.answers[request]
	if changed := s.after[request]; changed != "" && len(s.sent) > 0 {
		answer, has = changed, true
	}
	if r.Method != http.MethodGet {
		s.sent = append(s.sent, request+" "+body)
	}
	status := http.StatusOK
	if !has {
		status, answer = http.StatusNotFound, `{"detail":"Not Found"}`
	}
	if s.status[request] != 0 {
		status = s.status[request]
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// TestCostsMerge: the gateway replaces all discounts and margins, so those of other
// providers are sent too.
func TestCostsMerge(t *testing.T) {
	const ok = `{"message":"Cost discount configuration updated successfully","status":"success","values":{}}`
	for _, tt := range []struct {
		op                   *operation.Operation
		args                 map[string]any
		has, after           string
		sent, done, err, why string
	}{
		{op: costDiscountSet, args: map[string]any{"provider": "openai", "discount": 0.05}, has: `{"gemini":0.1}`, after: `{"gemini":0.1,"openai":0.05}`,
			sent: `{"gemini":0.1,"openai":0.05}`, done: "set the discount of openai to 5%", why: "lowers the recorded cost of calls to openai"},
		{op: costDiscountSet, args: map[string]any{"provider": "openai", "discount": 0}, has: `{"openai":0.1}`, after: `{"openai":0.0}`, sent: `{"openai":0}`, done: "set the discount of openai to 0%"},
		{op: costDiscountSet, args: map[string]any{"provider": "openai", "clear": []string{"discount"}}, has: `{"gemini":0.1,"openai":0.05}`, after: `{"gemini":0.1}`,
			sent: `{"gemini":0.1}`, done: "removed the discount of openai"},
		{op: costDiscountSet, args: map[string]any{"provider": "openai", "clear": []string{"discount"}}, has: `{}`, err: "openai has no discount; nothing was changed"},
		{op: costDiscountSet, args: map[string]any{"provider": "openai"}, has: `{}`, err: "nothing to change"},
		{op: costDiscountSet, args: map[string]any{"provider": "openai", "discount": 0.05}, has: `{"openai":0.1}`, after: `{"openai":0.1}`, sent: `{"openai":0.05}`, err: "openai still has 0.1"},
		{op: costMarginSet, args: map[string]any{"provider": "openai", "fixed_amount": 0.001}, has: `{"global":0.2,"openai":0.1}`, after: `{"global":0.2,"openai":{"fixed_amount":0.001,"percentage":0.1}}`,
			sent: `{"global":0.2,"openai":{"fixed_amount":0.001,"percentage":0.1}}`, done: "set the margin of openai to 10% and 0.001 US dollars per request"},
		{op: costMarginSet, args: map[string]any{"provider": "openai", "percentage": 0.05}, has: `{"openai":0.1}`, after: `{"openai":{"percentage":0.05}}`,
			sent: `{"openai":{"percentage":0.05}}`, done: "to 5%", why: "budgets last longer"},
		{op: costMarginSet, args: map[string]any{"provider": "openai", "percentage": 0.3}, has: `{"global":0.2}`, after: `{"global":0.2,"openai":{"percentage":0.3}}`,
			sent: `{"global":0.2,"openai":{"percentage":0.3}}`, done: "to 30%", why: "budgets last longer"},
		{op: costMarginSet, args: map[string]any{"provider": "openai", "clear": []string{"percentage"}}, has: `{"openai":{"percentage":0.1}}`, after: `{}`,
			sent: `{}`, done: "removed the margin of openai", why: "budgets last longer"},
	} {
		path := discountPath
		if tt.op == costMarginSet {
			path = marginPath
		}
		gateway := &stored{answers: map[string]string{"GET " + path: `{"values":` + tt.has + `}`, "PATCH " + path: ok}, after: map[string]string{"GET " + path: `{"values":` + tt.after + `}`}}
		env := envOf(t, gateway)
		call, err := operation.Prepare(t.Context(), env, tt.op, argsOf(tt.args))
		if err != nil {
			t.Fatal(err)
		}
		dangers, err := call.Dangers(t.Context())
		if why := strings.Join(dangers, "; "); err != nil || (tt.why == "") != (why == "") || !strings.Contains(why, tt.why) {
			t.Errorf("%s %v on %s: dangers %q, %v; want %q", tt.op.Path, tt.args, tt.has, why, err, tt.why)
		}
		result, err := run(t.Context(), env, tt.op, argsOf(tt.args))
		if sent := strings.TrimPrefix(strings.Join(gateway.sent, "\n"), "PATCH "+path+" "); sent != tt.sent {
			t.Errorf("%s %v on %s sent %q, want %q", tt.op.Path, tt.args, tt.has, sent, tt.sent)
		}
		if tt.err != "" && (err == nil || result.Done != "" || !strings.Contains(err.Error(), tt.err)) || tt.err == "" && (err != nil || !strings.Contains(result.Done, tt.done)) {
			t.Errorf("%s %v on %s: %q, %v", tt.op.Path, tt.args, tt.has, result.Done, err)
		}
	}
}

// TestRefusedIsNotDone: a write that the gateway refuses reports nothing done.
func TestRefusedIsNotDone(t *testing.T) {
	for _, tt := range []struct {
		op           *operation.Operation
		args         map[string]any
		read, answer string
		write        string
	}{
		{op: costDiscountSet, args: map[string]any{"provider": "opnai", "discount": 0.05}, read: discountPath, answer: `{"values":{}}`, write: "PATCH " + discountPath},
		{op: costMarginSet, args: map[string]any{"provider": "opnai", "percentage": 0.05}, read: marginPath, answer: `{"values":{}}`, write: "PATCH " + marginPath},
		{op: mcpServersMakePublic, args: map[string]any{"none": true}, write: "POST /v1/mcp/make_public"},
		{op: mcpServersPin, args: map[string]any{"server_id": "s1"}, write: "POST /v1/mcp/server/s1/pin"},
		{op: modelGroupsMakePublic, args: map[string]any{"model_groups": []string{"m"}}, read: "/model_group/info", answer: `{"data":[{"model_group":"m"}]}`, write: "POST /model_group/make_public"},
	} {
		gateway := &stored{answers: map[string]string{"GET " + tt.read: tt.answer, tt.write: `{"detail":{"error":"no"}}`}, status: map[string]int{tt.write: http.StatusBadRequest}}
		result, err := run(t.Context(), envOf(t, gateway), tt.op, argsOf(tt.args))
		if err == nil || result.Done != "" || len(gateway.sent) != 1 {
			t.Errorf("%s: %q, %v; sent %v", tt.op.Path, result.Done, err, gateway.sent)
		}
	}
}

// TestCostsUnread: prices that cannot be read are not replaced.
func TestCostsUnread(t *testing.T) {
	for _, answer := range []string{`{}`, `{"values":null}`, `[]`} {
		gateway := &stored{answers: map[string]string{"GET " + discountPath: answer, "PATCH " + discountPath: `{"values":{}}`}}
		_, err := run(t.Context(), envOf(t, gateway), costDiscountSet, argsOf(map[string]any{"provider": "openai", "discount": 0.1}))
		if proxyclient.CodeOf(err) != proxyclient.CodeBadAnswer || len(gateway.sent) > 0 {
			t.Errorf("answer %s: %v, sent %v", answer, err, gateway.sent)
		}
	}
}
