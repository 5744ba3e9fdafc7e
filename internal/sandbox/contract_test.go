package sandbox_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// A step is one raw HTTP request and what is expected of its answer, on the
// sandbox and on a real gateway alike. In path, body and key, {id} is replaced
// by the scenario's random suffix, {today} by the date and {name} by what an
// earlier step saved.
type step struct {
	method, path, body string
	key                string            // the API key; "" is the administrator's, "-" none
	header             map[string]string // sent too
	status             int               // expected; 200 if 0
	want               map[string]string // path in the answer → JSON expected there
	save               map[string]string // name → path in the answer
	until              string            // repeat until the answer is the expected one and this path is not 0, null or absent
	untilStatus        bool              // repeat until the answer is the expected one
	like               *answer           // repeat until the answer is this one, if it waits
	others             bool              // the answer has other people's things in it: compare shapes only
	dates              bool              // the times of resets are compared, too
	ignore             []string          // paths that are not compared, with everything below
}

type scenario struct {
	name    string
	steps   []step
	cleanup []step // run in any case; the answers do not matter
}

// An answer is what one step got.
type answer struct {
	status int
	header http.Header
	text   string
	body   any
}

// target is a gateway that scenarios run against.
type target struct {
	url, key string
	live     bool
}

func TestContractSandbox(t *testing.T) {
	server := httptest.NewServer(sandbox.New())
	defer server.Close()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) { s.run(t, target{url: server.URL, key: sandbox.MasterKey}, suffix(), nil) })
	}
}

// TestContractFile runs every scenario on a gateway whose state goes through the
// file between any two requests, as it does between commands.
func TestContractFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	first, err := sandbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g, err := sandbox.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		g.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			memory := httptest.NewServer(sandbox.New())
			defer memory.Close()
			id := suffix()
			file := s.run(t, target{url: server.URL, key: first.AdminKey()}, id, nil)
			for i, answer := range s.run(t, target{url: memory.URL, key: sandbox.MasterKey}, id, nil) {
				one := s.steps[i]
				one.others = one.others || strings.Contains(one.path, "/list") // the file has what other scenarios left
				compare(t, one, file[i], answer)
			}
		})
	}
}

// TestContractLive runs every scenario against a fresh sandbox and a real
// gateway of the sandbox's version and compares them answer by answer. It takes its address from
// variables of its own: the ones users set may name a gateway in production.
func TestContractLive(t *testing.T) {
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to compare the sandbox with a real gateway")
	}
	live := target{url: strings.TrimSuffix(url, "/"), key: key, live: true}
	if version := live.version(t); version != sandbox.Version {
		t.Skipf("live: the gateway is LiteLLM %s; the sandbox answers as %s and is compared with that version only", version, sandbox.Version)
	}
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			server := httptest.NewServer(sandbox.New())
			defer server.Close()
			id := suffix()
			ours := s.run(t, target{url: server.URL, key: sandbox.MasterKey}, id, nil)
			theirs := s.run(t, live, id, ours)
			for i := range min(len(ours), len(theirs)) {
				compare(t, s.steps[i], ours[i], theirs[i])
			}
		})
	}
}

// version is the gateway's own word for its release.
func (at target) version(t *testing.T) string {
	t.Helper()
	got, err := at.do(t.Context(), step{method: "GET", path: "/health/readiness/details"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	version, _ := dig(got.body, "litellm_version")
	return fmt.Sprint(version)
}

func suffix() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b)
	return fmt.Sprintf("%x", b)
}

// run performs the steps of a scenario. A step that waits for what a gateway does later waits
// for the sandbox's answer too, if there is one.
func (s scenario) run(t *testing.T, at target, id string, ours []answer) []answer {
	t.Helper()
	saved := map[string]string{"id": id, "today": time.Now().UTC().Format(time.DateOnly)}
	t.Cleanup(func() {
		for _, one := range s.cleanup {
			_, _ = at.do(context.Background(), one, saved)
		}
	})
	var answers []answer
	for i, one := range s.steps {
		if i < len(ours) {
			one.like = &ours[i]
		}
		got, err := at.repeat(t, one, saved)
		where := fmt.Sprintf("step %d %s %s (live: %v)", i, one.method, one.path, at.live)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if fault := one.wrongStatus(got); fault != "" {
			t.Fatalf("%s: %s", where, fault)
		}
		for _, fault := range one.wrongValues(got, saved) {
			t.Errorf("%s: %s", where, fault)
		}
		for name, path := range one.save {
			value, found := dig(got.body, fill(path, saved))
			if !found {
				t.Fatalf("%s: no %s in %s", where, path, cut(got.text))
			}
			saved[name] = fmt.Sprint(value)
		}
		answers = append(answers, got)
	}
	return answers
}

// patience is how long a step waits for what a gateway does later. A gateway beside other
// work needs far longer than it does alone.
const patience = 2 * time.Minute

// repeat performs a step, again and again if it waits for something that a real
// gateway does later. It waits for all that is expected: a gateway counts and reads at two
// moments, so that one part of an answer may be newer than another.
func (at target) repeat(t *testing.T, one step, saved map[string]string) (answer, error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got, err := at.do(t.Context(), one, saved)
		if err != nil || one.until == "" && !one.untilStatus || time.Now().After(deadline) || one.arrived(got, saved) {
			return got, err
		}
		time.Sleep(250 * time.Millisecond)
	}
}

// arrived reports whether an answer is the one that the step waits for.
func (s step) arrived(got answer, saved map[string]string) bool {
	if s.until != "" {
		value, _ := dig(got.body, fill(s.until, saved))
		if value == nil || value == json.Number("0") || value == json.Number("0.0") {
			return false
		}
	}
	if s.like != nil && len(mismatches(s, *s.like, got)) > 0 {
		return false
	}
	return s.wrongStatus(got) == "" && len(s.wrongValues(got, saved)) == 0
}

// wrongStatus is what is wrong with an answer's status, "" if nothing.
func (s step) wrongStatus(got answer) string {
	want := s.status
	if want == 0 {
		want = http.StatusOK
	}
	if got.status == want {
		return ""
	}
	return fmt.Sprintf("status %d, want %d: %s", got.status, want, cut(got.text))
}

// wrongValues names the values of an answer that are not the expected ones.
func (s step) wrongValues(got answer, saved map[string]string) (faults []string) {
	for path, want := range s.want {
		value, _ := dig(got.body, fill(path, saved))
		if encoded, _ := json.Marshal(value); !sameJSON(string(encoded), fill(want, saved)) {
			faults = append(faults, fmt.Sprintf("%s is %s, want %s", path, cut(string(encoded)), fill(want, saved)))
		}
	}
	return faults
}

func (at target) do(ctx context.Context, one step, saved map[string]string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, one.method, at.url+fill(one.path, saved), strings.NewReader(fill(one.body, saved)))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	switch key := fill(one.key, saved); key {
	case "":
		request.Header.Set("Authorization", "Bearer "+at.key)
	case "-":
	default:
		request.Header.Set("Authorization", "Bearer "+key)
	}
	for name, value := range one.header {
		request.Header.Set(name, strings.ReplaceAll(fill(value, saved), "{master}", at.key))
	}
	client := http.Client{Transport: oneRequest, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	got := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&got.body)
	return got, nil
}

// sameJSON also takes 5 and 5.0 for the same.
func sameJSON(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return a == b || errX == nil && errY == nil && x == y
}

// oneRequest makes a connection for each request: a real gateway resets the
// connection on which it crashed.
var oneRequest = &http.Transport{DisableKeepAlives: true}

func fill(s string, saved map[string]string) string {
	for name, value := range saved {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}

func cut(s string) string { return s[:min(len(s), 400)] }

// dig follows a path such as keys.0.user_id; "" is the whole answer.
func dig(value any, path string) (any, bool) {
	if path == "" {
		return value, true
	}
	for part := range strings.SplitSeq(path, ".") {
		switch container := value.(type) {
		case map[string]any:
			var found bool
			if value, found = container[part]; !found {
				return nil, false
			}
		case []any:
			if part == "#" {
				value = json.Number(strconv.Itoa(len(container)))
				continue
			}
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(container) {
				return nil, false
			}
			value = container[i]
		default:
			return nil, false
		}
	}
	return value, true
}
