package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/openapi"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// TestEndpoints: what an operation changes is what it declares to send. The gateway of this
// test has everything that a call names; some operations want more and send nothing.
func TestEndpoints(t *testing.T) {
	declared := map[string]bool{}
	for _, op := range tools.All() {
		for _, endpoint := range op.Endpoints() {
			declared[endpoint] = true
		}
	}
	seen := 0
	for _, op := range tools.All() {
		if op.Effect == operation.Read || op.Resource() == "api" || op.Resource() == "http" {
			continue
		}
		sent := writesOf(t, op)
		own := slices.ContainsFunc(op.Endpoints(), func(endpoint string) bool { return sent[endpoint] })
		if len(sent) > 0 {
			seen++
		}
		if len(sent) > 0 && !own {
			t.Errorf("%s sends %v, and declares %v", op.Path, slices.Sorted(maps.Keys(sent)), op.Endpoints())
		}
		for endpoint := range sent {
			if !declared[endpoint] {
				t.Errorf("%s sends %s, which no operation declares", op.Path, endpoint)
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d operations sent a write: this test no longer sees much", seen)
	}
}

// writesOf runs the operation and returns the endpoints of its requests other than GET; of
// an operation that changes something with a GET, those too.
func writesOf(t *testing.T, op *operation.Operation) map[string]bool {
	gateway := &obliging{}
	server := httptest.NewServer(gateway)
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-coverage"})
	if err != nil {
		t.Fatal(err)
	}
	gets := slices.ContainsFunc(op.Endpoints(), func(endpoint string) bool { return strings.HasPrefix(endpoint, "GET ") })
	sent := map[string]bool{}
	for _, args := range inputs(op) {
		for _, plain := range []bool{false, true} {
			for _, gateway.array = range []bool{false, true} {
				call, err := operation.Prepare(context.Background(), operation.Env{Client: client}, op, gateway.hold(args, plain))
				if gateway.requests = nil; err != nil {
					continue
				}
				call.Waive()
				_, _ = call.Run(context.Background())
				for _, r := range gateway.requests {
					endpoint := r.Method + " " + r.Path
					if e := openapi.Known().Match(r.Method, r.Path); e != nil {
						endpoint = e.Method + " " + e.Path
					}
					if gets || r.Method != http.MethodGet {
						sent[endpoint] = true
					}
				}
			}
		}
	}
	return sent
}

// obliging is a gateway whose answers to every request have one item: alone, in a list of
// each name, or as the list.
type obliging struct {
	array    bool
	item     map[string]any
	requests []request
}

// hold makes the item one that the arguments name, and returns them; plain takes from their
// texts what a path cannot carry.
func (g *obliging) hold(args operation.Args, plain bool) operation.Args {
	given := operation.Args{}
	g.item = map[string]any{}
	_ = json.Unmarshal([]byte(item), &g.item)
	for name, value := range args {
		if plain {
			value = bytes.ReplaceAll(value, []byte(`a/b?c\u0026d=`), []byte("a-"))
		}
		given[name] = value
		g.item[name], g.item[strings.TrimSuffix(name, "s")] = value, value
	}
	return given
}

func (g *obliging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/openapi.json" {
		http.NotFound(w, r)
		return
	}
	g.requests = append(g.requests, request{Method: r.Method, Path: r.URL.EscapedPath()})
	w.Header().Set("Content-Type", "application/json")
	list := []any{g.item}
	if g.array {
		fmt.Fprint(w, marshal(list))
		return
	}
	answer := maps.Clone(g.item)
	for _, op := range tools.All() {
		if c := op.Collection(); c != nil && c.Items != "" && !strings.Contains(c.Items, ".") {
			answer[c.Items] = list
		}
	}
	fmt.Fprint(w, marshal(answer))
}
