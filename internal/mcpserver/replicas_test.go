package mcpserver

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

const (
	stateKey  = "a-state-key-of-at-least-32-characters"
	otherKey  = "another-state-key-of-enough-characters"
	retiredOn = "\n" // between the key that signs and the one before it
)

func keyFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "state.key")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// balancer hands each request to the next of its replicas, whoever sends it.
type balancer struct {
	mu       sync.Mutex
	replicas []http.Handler
	next     int
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	replica := b.replicas[b.next%len(b.replicas)]
	b.next++
	b.mu.Unlock()
	// A replica may answer before the proxy has seen the end of the request: without this, the
	// body is closed under the proxy, which then drops the answer.
	_ = http.NewResponseController(w).EnableFullDuplex()
	replica.ServeHTTP(w, r)
}

// replicas serves a gateway with several servers that share nothing but the key file.
type replicas struct {
	*balancer
	t       *testing.T
	client  *proxyclient.Client
	options Options
	http    HTTPOptions
	url     string
	one     *Server // the last that was started
	apart   bool    // each replica is a process of its own
}

func newReplicas(t *testing.T, n int, key string, stateless bool) *replicas {
	t.Helper()
	_, client := gateway(t)
	r := &replicas{t: t, balancer: &balancer{}, client: client, apart: stateless && n > 1,
		options: Options{Client: client, StateKeyFile: keyFile(t, key)}, http: HTTPOptions{Stateless: stateless}}
	h := httptest.NewServer(r.balancer)
	t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
	r.url = h.URL + "/mcp"
	for range n {
		r.replicas = append(r.replicas, r.start())
	}
	return r
}

func (r *replicas) start() http.Handler {
	r.t.Helper()
	if r.apart {
		return replicaProcess(r.t, r.client.BaseURL(), r.options.StateKeyFile)
	}
	r.one = newServer(r.t, r.options)
	f, err := r.one.open(r.http)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(f.end)
	return f.handler
}

// replicaProcess starts this test again as the process of a replica.
func replicaProcess(t *testing.T, gateway, file string) http.Handler {
	t.Helper()
	process := exec.Command(os.Args[0], "-test.run=^TestReplicaProcess$", "-test.v=false")
	process.Env = append(os.Environ(), "TEST_REPLICA_GATEWAY="+gateway, "TEST_REPLICA_KEY_FILE="+file)
	in, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	process.Stderr = os.Stderr // why it ended
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = process.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no address: %v", err)
	}
	address, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return httputil.NewSingleHostReverseProxy(address)
}

// TestReplicaProcess is not a test but the process of [replicaProcess], which ends with
// its standard input.
func TestReplicaProcess(t *testing.T) {
	gateway := os.Getenv("TEST_REPLICA_GATEWAY")
	if gateway == "" {
		t.Skip("it is run by other tests")
	}
	s := newServer(t, Options{Client: clientOf(t, gateway, ""), StateKeyFile: os.Getenv("TEST_REPLICA_KEY_FILE")})
	fmt.Println(listen(t, s, HTTPOptions{Stateless: true}))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// restart replaces every replica by a new one.
func (r *replicas) restart() {
	r.t.Helper()
	for i := range r.replicas {
		handler := r.start()
		r.mu.Lock()
		r.replicas[i] = handler
		r.mu.Unlock()
	}
}

// legacy opens a session of an older protocol with these capabilities.
func (r *replicas) legacy(version, capabilities string) *httpClient {
	r.t.Helper()
	c := &httpClient{t: r.t, url: r.url, key: sandbox.MasterKey}
	status, all := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":%s,"clientInfo":{"name":"old","version":"1"}}}`, version, capabilities))
	if status != 200 || len(all) != 1 || field(all[0].Result, "protocolVersion") != fmt.Sprintf("%q", version) || c.session == "" {
		r.t.Fatalf("initialize %s: %d %v", version, status, all)
	}
	if status, _ := c.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`); status != http.StatusAccepted {
		r.t.Fatalf("initialized: %d", status)
	}
	return c
}

// modern calls a tool as a client of 2026-07-28 does.
func (r *replicas) modern(key, tool, args, more string) message {
	r.t.Helper()
	c := &httpClient{t: r.t, url: r.url, key: key, header: http.Header{
		"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {tool}}}
	status, all := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":%q,"arguments":%s%s,"_meta":%s}}`, tool, args, more, modernMeta))
	if status != 200 || len(all) == 0 {
		r.t.Fatalf("%s: %d %v", tool, status, all)
	}
	return all[len(all)-1]
}

// keys makes virtual keys with these aliases and returns how many there are.
func (r *replicas) keys(aliases ...string) string {
	r.t.Helper()
	for _, alias := range aliases {
		post(r.t, r.client, "/key/generate", fmt.Sprintf(`{"key_alias":%q}`, alias))
	}
	return field(toResult(r.t, r.modern(sandbox.MasterKey, "keys_list", `{}`, "")).Structured, "total")
}
