package proxyclient

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestBaseURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:4000":      "http://127.0.0.1:4000",
		"http://127.0.0.1:4000/":     "http://127.0.0.1:4000",
		" https://h/pre/fix// ":      "https://h/pre/fix",
		"HTTP://Host:1/a%20b":        "http://Host:1/a%20b",
		"http://[::1]:4000":          "http://[::1]:4000",
		"":                           "error: no base URL",
		"localhost:4000":             "error: has no scheme: write http://localhost:4000",
		"gateway.example":            "error: has no scheme",
		"ftp://h":                    "error: neither",
		"unix:///run/x":              "error: neither",
		"http://":                    "error: no host",
		"http://:4000":               "error: no host",
		"http:///x":                  "error: no host",
		"http://user:hunter2@h":      "error: user name or password",
		"user:hunter2@h":             "error: no scheme",
		"http://h:port":              "error: cannot be read",
		"http://h/?x=1":              "error: query",
		"http://h/#x":                "error: query or a fragment",
		"http://h/a\nb":              "error: control character",
		"http://h/../x":              "error: segment",
		"http://us er:hunter2@h/x":   "error: blank",
		"http://user:hunter2@h:port": "error: cannot be read",
	} {
		c, err := New(Config{BaseURL: in, BaseURLSource: "--base-url"})
		want, isError := strings.CutPrefix(want, "error: ")
		if isError {
			e := wantCode(t, err, CodeUsage, want)
			if in != "" && !strings.Contains(e.Error(), "--base-url") {
				t.Errorf("%q: no source in %v", in, err)
			}
			if strings.Contains(e.Error(), "hunter2") {
				t.Errorf("password in %v", err)
			}
			continue
		}
		if err != nil || c.BaseURL() != want {
			t.Errorf("New(%q) = %v, want %q", in, err, want)
		}
	}
}

func TestKey(t *testing.T) {
	var got atomic.Value
	c := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		got.Store(strings.Join(r.Header["Authorization"], ","))
	})
	for in, want := range map[string]string{
		" sk-1 \r\n": "Bearer sk-1",
		"":           "",
		"  ":         "",
	} {
		d := c.WithKey(in, "x")
		if _, err := d.Do(t.Context(), read); err != nil || got.Load() != want {
			t.Errorf("key %q: %v, header %q", in, err, got.Load())
		}
		if d.HasKey() != (want != "") {
			t.Errorf("HasKey(%q) = %v", in, d.HasKey())
		}
	}
	for _, in := range []string{"sk-hidden\nx", "sk-hidden x", "sk-hidden\x00", "sk-hiddené"} {
		_, err := c.WithKey(in, "--api-key").Do(t.Context(), read)
		e := wantCode(t, err, CodeUsage, "--api-key")
		if strings.Contains(e.Error(), "hidden") || e.Sent {
			t.Errorf("%v", e)
		}
		if _, err := New(Config{BaseURL: "http://h", APIKey: in}); CodeOf(err) != CodeUsage {
			t.Errorf("New with key %q: %v", in, err)
		}
	}
	if c.MaskedKey() != "sk-...abcd" || c.APIKeySource() != "LITELLM_PROXY_API_KEY" {
		t.Error(c.MaskedKey(), c.APIKeySource())
	}
}

func TestRequestOnTheWire(t *testing.T) {
	var r *http.Request
	var body []byte
	c := gateway(t, func(w http.ResponseWriter, req *http.Request) {
		r = req
		body, _ = io.ReadAll(req.Body)
		w.Header().Set("X-Answer", "1")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, `{"n": 12345678901234567890.10}`)
	}).WithChangedBy("me@host\r\nX: y é")
	resp, err := c.Do(t.Context(), Request{
		Method: "patch", Path: "/a/{x:path}/b/{y}", Params: map[string]string{"x": "a/b?c%", "y": "ü"},
		Query: url.Values{"q": {"1", "2&3"}}, Body: []byte(`{"a":1}`),
		Header: http.Header{"x-custom": {"v"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != 201 || string(resp.Body) != `{"n": 12345678901234567890.10}` || resp.Header.Get("X-Answer") != "1" {
		t.Errorf("%+v", resp)
	}
	if r.Method != "PATCH" || r.RequestURI != prefix+"/a/a%2Fb%3Fc%25/b/%C3%BC?q=1&q=2%263" || string(body) != `{"a":1}` {
		t.Errorf("%s %s %s", r.Method, r.RequestURI, body)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + testKey, "Content-Type": "application/json", "Accept": "application/json",
		"User-Agent": "litellm-proxy", "Litellm-Changed-By": "me@hostX: y", "X-Custom": "v", "Cookie": "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := c.Do(t.Context(), read); err != nil || r.Header.Get("Litellm-Changed-By") != "" {
		t.Errorf("a read names who changed it: %v %v", err, r.Header)
	}
}

func TestRefusedBeforeSending(t *testing.T) {
	c := gateway(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	for name, r := range map[string]Request{
		"no method":        {Path: "/x"},
		"CONNECT":          {Method: "CONNECT", Path: "/x"},
		"bad method":       {Method: "GET /y", Path: "/x"},
		"Authorization":    {Method: "GET", Path: "/x", Header: http.Header{"authorization": {"Bearer other"}}},
		"changed-by":       {Method: "GET", Path: "/x", Header: http.Header{"LiteLLM-Changed-By": {"x"}}},
		"x-api-key":        {Method: "GET", Path: "/x", Header: http.Header{"X-Api-Key": {"x"}}},
		"Host":             {Method: "GET", Path: "/x", Header: http.Header{"Host": {"x"}}},
		"X-Forwarded-For":  {Method: "GET", Path: "/x", Header: http.Header{"X-Forwarded-For": {"x"}}},
		"header injection": {Method: "GET", Path: "/x", Header: http.Header{"X-A": {"x\r\nCookie: y"}}},
		"header name":      {Method: "GET", Path: "/x", Header: http.Header{"X A": {"x"}}},
		"content type":     {Method: "POST", Path: "/x", Body: []byte("x"), ContentType: "a\r\nb"},
		"missing value":    {Method: "GET", Path: "/x/{id}"},
		"unused value":     {Method: "GET", Path: "/x", Params: map[string]string{"id": "1"}},
		"template":         {Method: "GET", Path: "/x/../y"},
		"template query":   {Method: "GET", Path: "/x?y=1"},
		"no slash":         {Method: "GET", Path: "x"},
		"raw with values":  {Method: "GET", Path: "/x", RawPath: true, Params: map[string]string{"id": "1"}},
	} {
		_, err := c.Do(t.Context(), r)
		e := asError(t, err)
		if e.Code != CodeUsage || e.Sent || e.Message == "" {
			t.Errorf("%s: %v", name, err)
		}
		r.Read = true
		if err := c.Stream(t.Context(), r, nil); CodeOf(err) != CodeUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJSON(t *testing.T) {
	for body, want := range map[string]string{
		`{"a": 1.0}`:                          `{"a": 1.0}`,
		"":                                    "null",
		" \n":                                 "null",
		"null":                                "null",
		`{"a": 1`:                             "bad_answer",
		"OK":                                  "bad_answer",
		"<!DOCTYPE html><title>Login</title>": `bad_answer the gateway sent an HTML page instead of JSON (titled "Login")`,
	} {
		c := gateway(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, body) })
		got, err := c.JSON(t.Context(), read)
		if code, words, _ := strings.Cut(want, " "); err != nil {
			wantCode(t, err, Code(code), words)
		} else if string(got) != want {
			t.Errorf("%q: %s, %v", body, got, err)
		}
	}
	c := gateway(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	if resp, err := c.Do(t.Context(), write); err != nil || resp.Body != nil || resp.Status != 204 {
		t.Errorf("%+v %v", resp, err)
	}
}

func TestRecording(t *testing.T) {
	var seen []string
	c := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.URL.Path)
		_, _ = io.WriteString(w, `{"x":1}`)
	})
	rc, rec := c.Recording()
	resp, err := rc.Do(t.Context(), Request{
		Method: "POST", Path: "/key/{key}/regenerate", Params: map[string]string{"key": testKey}, Query: url.Values{"key": {testKey}, "a": {"b"}},
		Body: []byte(`{"api_key": "hunter2", "max_budget": 1.50}`),
	})
	if err != nil || string(resp.Body) != "{}" || resp.Status != 200 {
		t.Fatal(resp, err)
	}
	if b, err := rc.JSON(t.Context(), Request{Method: "GET", Path: "/user/list", Read: true}); err != nil || string(b) != `{"x":1}` {
		t.Error(string(b), err)
	}
	if err := rc.Stream(t.Context(), Request{Method: "POST", Path: "/chat/completions", Body: []byte("plain")}, nil); err != nil {
		t.Error(err)
	}
	if _, err := rc.Do(t.Context(), Request{Method: "POST", Path: "/a/{b}", Params: map[string]string{"b": ".."}}); CodeOf(err) != CodeUsage {
		t.Error(err)
	}
	got, _ := json.Marshal(rec.Requests())
	want := `[{"method":"POST","path":"/key/sk-...abcd/regenerate","query":"a=b\u0026key=sk-...abcd","body":{"api_key":"****","max_budget":1.50}},` +
		`{"method":"POST","path":"/chat/completions","body":"plain"}]`
	if string(got) != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	if strings.Join(seen, ",") != "GET /user/list" {
		t.Error("sent:", seen)
	}
}

func TestCertificateAuthority(t *testing.T) {
	s := httptest.NewUnstartedServer(http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Error(r.Proto)
		}
		if r.URL.Path == "/lost" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "{}")
	})))
	s.Config.ErrorLog = quiet()
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	c := newClient(t, s.URL, nil)
	e := wantCode(t, errOf(c.Do(t.Context(), write)), CodeUnreachable, "certificate", "{ca_file}", "from the test")
	if e.Sent {
		t.Error("sent over an untrusted connection")
	}
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c = newClient(t, s.URL, func(cfg *Config) { cfg.CAFile = ca })
	if _, err := c.Do(t.Context(), write); err != nil {
		t.Error(err)
	}
	lost := write
	lost.Path = "/lost"
	wantCode(t, errOf(c.Do(t.Context(), lost)), CodeUnknownOutcome)
	bad := filepath.Join(dir, "bad.pem")
	_ = os.WriteFile(bad, []byte("no certificate"), 0o600)
	for _, f := range []string{bad, filepath.Join(dir, "absent")} {
		_, err := New(Config{BaseURL: s.URL, CAFile: f})
		wantCode(t, err, CodeUsage, "CA file", "{ca_file}")
	}
	// HTTP where TLS was expected, and the other way round.
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	c = newClient(t, strings.Replace(plain.URL, "http:", "https:", 1), nil)
	wantCode(t, errOf(c.Do(t.Context(), read)), CodeUnreachable, "http://")
}

func TestConnectionsAreKept(t *testing.T) {
	var opened atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc(prefix+"/ok", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "{}") })
	mux.HandleFunc(prefix+"/fails", func(w http.ResponseWriter, r *http.Request) { http.Error(w, `{"detail":"x"}`, 400) })
	mux.HandleFunc(prefix+"/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, prefix+"/ok", http.StatusTemporaryRedirect)
	})
	s := httptest.NewUnstartedServer(mux)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := newClient(t, s.URL, nil)
	for i, path := range []string{"/ok", "/fails", "/moved", "/ok", "/fails"} {
		d := c.WithKey("sk-other", "").WithChangedBy("x")
		if i%2 == 0 {
			d, _ = c.Recording()
		}
		_, _ = d.Do(t.Context(), Request{Method: "GET", Path: path, Read: true})
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestDebug(t *testing.T) {
	var b bytes.Buffer
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "session=hunter2")
		_, _ = io.WriteString(w, `{"key": "`+testKey+`", "password": "hunter2", "fill": "`+strings.Repeat("x", 5000)+`"}`)
	})
	c := newClient(t, s.URL, func(cfg *Config) { cfg.Debug = &b })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, _ = c.Do(context.Background(), Request{Method: "POST", Path: "/x", Query: url.Values{"key": {testKey}, "token": {"hunter2"}}, Body: []byte(`{"client_secret":"hunter2"}`)})
		})
	}
	wg.Wait()
	out := b.String()
	for _, want := range []string{"> POST http://127.0.0.1", "?key=sk-...abcd&token=****", "> Authorization: Bearer sk-...abcd", `{"client_secret":"****"}`, "< HTTP/1.1 200 OK (", `"key": "sk-...abcd"`, "bytes in all)"} {
		if strings.Count(out, want) != 4 {
			t.Errorf("%q is there %d times", want, strings.Count(out, want))
		}
	}
	if strings.Contains(out, "hunter2") || strings.Contains(out, testKey) {
		t.Error("a secret in the debug output:", out)
	}
}
