package sandbox_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

func start(t *testing.T) (*sandbox.Gateway, string) {
	t.Helper()
	gateway := sandbox.New()
	server := httptest.NewServer(http.StripPrefix("/prefix", gateway))
	t.Cleanup(server.Close)
	return gateway, server.URL + "/prefix"
}

// send performs one request with the master key and returns what could be read.
func send(t *testing.T, method, url, body string) (status int, text string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+sandbox.MasterKey)
	// One attempt on one connection: the transport repeats nothing.
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(read), err
}

func TestFaultStatusCountsAndRemoval(t *testing.T) {
	gateway, url := start(t)
	gateway.Inject(sandbox.Fault{Method: "GET", Path: "/models", Times: 1, Status: 503, Body: "<html>"})
	if status, body, err := send(t, "GET", url+"/models", ""); status != 503 || body != "<html>" || err != nil {
		t.Errorf("first: %d %q %v", status, body, err)
	}
	if status, _, _ := send(t, "GET", url+"/models", ""); status != 200 {
		t.Errorf("after Times: %d", status)
	}
	remove := gateway.Inject(sandbox.Fault{Status: 429, Header: map[string]string{"Retry-After": "3"}})
	if status, _, _ := send(t, "GET", url+"/key/list", ""); status != 429 {
		t.Errorf("a fault without filters: %d", status)
	}
	remove()
	remove()
	if status, _, _ := send(t, "GET", url+"/key/list", ""); status != 200 {
		t.Errorf("after removal: %d", status)
	}
}

func TestFaultDropTakesEffect(t *testing.T) {
	gateway, url := start(t)
	gateway.Inject(sandbox.Fault{Path: "/key/generate", Times: 1, Drop: true})
	if _, _, err := send(t, "POST", url+"/key/generate", `{"key_alias":"a"}`); err == nil {
		t.Error("there was an answer")
	}
	if _, body, _ := send(t, "GET", url+"/key/list", ""); !strings.Contains(body, `"total_count":1`) {
		t.Errorf("the key was not made: %s", body)
	}
}

func TestFaultCut(t *testing.T) {
	gateway, url := start(t)
	gateway.Inject(sandbox.Fault{Path: "/models", Cut: true})
	status, body, err := send(t, "GET", url+"/models", "")
	if status != 200 || body == "" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %d bytes, %v", status, len(body), err)
	}
}

func TestFaultStatusHasNoEffect(t *testing.T) {
	gateway, url := start(t)
	gateway.Inject(sandbox.Fault{Path: "/key/generate", Status: 500})
	_, _, _ = send(t, "POST", url+"/key/generate", `{}`)
	if _, body, _ := send(t, "GET", url+"/key/list", ""); !strings.Contains(body, `"total_count":0`) {
		t.Errorf("a key was made: %s", body)
	}
}

func TestFaultHangEndsWithTheClient(t *testing.T) {
	gateway, url := start(t)
	gateway.Inject(sandbox.Fault{Path: "/models", Hang: true})
	gateway.Inject(sandbox.Fault{Path: "/key/list", Delay: time.Hour})
	for _, path := range []string{"/models", "/key/list"} {
		ctx, cancel := context.WithCancel(t.Context())
		request, _ := http.NewRequestWithContext(ctx, "GET", url+path, nil)
		request.Header.Set("Authorization", "Bearer "+sandbox.MasterKey)
		before := len(gateway.Requests())
		done := make(chan error, 1)
		go func() {
			response, err := http.DefaultClient.Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			done <- err
		}()
		for len(gateway.Requests()) == before {
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestFaultEndlessAndGzip(t *testing.T) {
	gateway, url := start(t)
	remove := gateway.Inject(sandbox.Fault{Endless: true})
	if _, body, err := send(t, "GET", url+"/models", ""); len(body) != 1<<20 || err != nil {
		t.Errorf("endless: %d bytes, %v", len(body), err)
	}
	remove()
	gateway.Inject(sandbox.Fault{Gzip: true})
	request, _ := http.NewRequestWithContext(t.Context(), "GET", url+"/models", nil)
	response, err := (&http.Transport{DisableCompression: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.Header.Get("Content-Encoding") != "gzip" {
		t.Error("not compressed")
	}
	reader, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, reader, 100<<20); err != nil {
		t.Errorf("inflated to %d bytes: %v", n, err)
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	gateway, url := start(t)
	_, _, _ = send(t, "GET", url+"/credentials/by_name/team%2Fazure%3Fx?q=1&q=2", "")
	_, _, _ = send(t, "POST", url+"/key/generate", `{"a": 1}`)
	got := gateway.Requests()
	if len(got) != 2 {
		t.Fatalf("%d requests", len(got))
	}
	if got[0].Path != "/credentials/by_name/team%2Fazure%3Fx" || len(got[0].Query["q"]) != 2 || got[0].Header.Get("Authorization") == "" {
		t.Errorf("first: %+v", got[0])
	}
	if string(got[1].Body) != `{"a": 1}` || got[1].Method != "POST" || got[1].Time.IsZero() {
		t.Errorf("second: %+v", got[1])
	}
	gateway.ClearRequests()
	if len(gateway.Requests()) != 0 {
		t.Error("not cleared")
	}
}

func TestClockAndReset(t *testing.T) {
	gateway, url := start(t)
	now := time.Date(2030, 1, 15, 12, 0, 0, 0, time.UTC)
	gateway.SetClock(func() time.Time { return now })
	_, body, _ := send(t, "POST", url+"/key/generate", `{"key":"sk-clock-12345678","duration":"1h","budget_duration":"30d","max_budget":1}`)
	if !strings.Contains(body, `"expires":"2030-01-15T13:00:00.000000Z"`) {
		t.Errorf("expires: %s", body)
	}
	status := func() int {
		request, _ := http.NewRequestWithContext(t.Context(), "GET", url+"/models", nil)
		request.Header.Set("Authorization", "Bearer sk-clock-12345678")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := status(); got != 200 {
		t.Errorf("before expiry: %d", got)
	}
	later := now.Add(2 * time.Hour)
	gateway.SetClock(func() time.Time { return later })
	if got := status(); got != 401 {
		t.Errorf("after expiry: %d", got)
	}
	gateway.Reset()
	if _, body, _ := send(t, "GET", url+"/key/list", ""); !strings.Contains(body, `"total_count":0`) {
		t.Errorf("after reset: %s", body)
	}
}

func TestBudgetStartsAgain(t *testing.T) {
	gateway, url := start(t)
	now := time.Date(2030, 1, 15, 12, 0, 0, 0, time.UTC)
	gateway.SetClock(func() time.Time { return now })
	send(t, "POST", url+"/key/generate", `{"key":"sk-clock-12345678","budget_duration":"1d","max_budget":1,"spend":2}`)
	ask := func() string {
		_, body, _ := send(t, "GET", url+"/key/info?key=sk-clock-12345678", "")
		return body
	}
	if body := ask(); !strings.Contains(body, `"spend":2.0`) || !strings.Contains(body, `"budget_reset_at":"2030-01-16T00:00:00+00:00"`) {
		t.Errorf("before the reset: %s", body)
	}
	later := now.Add(13 * time.Hour)
	gateway.SetClock(func() time.Time { return later })
	if body := ask(); !strings.Contains(body, `"spend":0.0`) || !strings.Contains(body, `"budget_reset_at":"2030-01-17T00:00:00+00:00"`) {
		t.Errorf("after the reset: %s", body)
	}
}

func TestUnknownRoutes(t *testing.T) {
	_, url := start(t)
	for path, want := range map[string]int{"/guardrails/list": 501, "/policy/list": 501, "/v1/mcp/server": 501, "/v2/organization/list": 501, "/nope": 404, "/v1/nope": 404} {
		status, body, err := send(t, "GET", url+path, "")
		if status != want || err != nil {
			t.Errorf("%s: %d %s %v", path, status, body, err)
		}
		if want == 501 && !strings.Contains(body, "the sandbox does not implement GET "+path) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestRedirectKeepsThePrefix(t *testing.T) {
	_, url := start(t)
	request, _ := http.NewRequestWithContext(t.Context(), "GET", url+"/key/list/?size=5", nil)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := response.Header.Get("Location"); got != url+"/key/list?size=5" {
		t.Errorf("Location %s", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	gateway, url := start(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				alias := fmt.Sprintf("k-%d-%d", i, j)
				_, _, _ = send(t, "POST", url+"/key/generate", `{"key_alias":"`+alias+`"}`)
				_, _, _ = send(t, "POST", url+"/chat/completions", `{"model":"gpt-4o-mini","messages":[]}`)
				_, _, _ = send(t, "GET", url+"/key/list?return_full_object=true", "")
				gateway.Inject(sandbox.Fault{Path: "/none"})()
				_ = gateway.Requests()
			}
		})
	}
	group.Wait()
	if _, body, _ := send(t, "GET", url+"/key/list", ""); !strings.Contains(body, `"total_count":80`) {
		t.Errorf("%s", body)
	}
}
