package sandbox_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
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
	until              string            // repeat for at most 20 s until this path is no longer 0, null or absent
	untilStatus        bool              // repeat for at most 20 s until the status is the expected one
	others             bool              // the answer has other people's things in it: compare shapes only
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
		t.Run(s.name, func(t *testing.T) { s.run(t, target{url: server.URL, key: sandbox.MasterKey}, suffix()) })
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
			file := s.run(t, target{url: server.URL, key: first.AdminKey()}, id)
			for i, answer := range s.run(t, target{url: memory.URL, key: sandbox.MasterKey}, id) {
				one := s.steps[i]
				one.others = one.others || strings.Contains(one.path, "/list") // the file has what other scenarios left
				compare(t, one, file[i], answer)
			}
		})
	}
}

// TestContractLive runs every scenario against a fresh sandbox and a real
// gateway and compares them answer by answer. It takes its address from
// variables of its own: the ones users set may name a gateway in production.
func TestContractLive(t *testing.T) {
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to compare the sandbox with a real gateway")
	}
	live := target{url: strings.TrimSuffix(url, "/"), key: key, live: true}
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			server := httptest.NewServer(sandbox.New())
			defer server.Close()
			id := suffix()
			ours := s.run(t, target{url: server.URL, key: sandbox.MasterKey}, id)
			theirs := s.run(t, live, id)
			for i := range min(len(ours), len(theirs)) {
				compare(t, s.steps[i], ours[i], theirs[i])
			}
		})
	}
}

func suffix() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b)
	return fmt.Sprintf("%x", b)
}

func (s scenario) run(t *testing.T, at target, id string) []answer {
	t.Helper()
	saved := map[string]string{"id": id, "today": time.Now().UTC().Format(time.DateOnly)}
	t.Cleanup(func() {
		for _, one := range s.cleanup {
			_, _ = at.do(context.Background(), one, saved)
		}
	})
	var answers []answer
	for i, one := range s.steps {
		got, err := at.repeat(t, one, saved)
		where := fmt.Sprintf("step %d %s %s (live: %v)", i, one.method, one.path, at.live)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if want := max(one.status, 200); one.status == 0 && got.status != 200 || got.status != want {
			t.Fatalf("%s: status %d, want %d: %s", where, got.status, want, cut(got.text))
		}
		for path, want := range one.want {
			value, _ := dig(got.body, fill(path, saved))
			if encoded, _ := json.Marshal(value); !sameJSON(string(encoded), fill(want, saved)) {
				t.Errorf("%s: %s is %s, want %s", where, path, cut(string(encoded)), fill(want, saved))
			}
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

// repeat performs a step, again and again if it waits for something that a real
// gateway does later.
func (at target) repeat(t *testing.T, one step, saved map[string]string) (answer, error) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, err := at.do(t.Context(), one, saved)
		if err != nil || one.until == "" && !one.untilStatus || time.Now().After(deadline) {
			return got, err
		}
		value, _ := dig(got.body, one.until)
		if one.until != "" && value != nil && value != json.Number("0") && value != json.Number("0.0") {
			return got, nil
		}
		if one.untilStatus && got.status == max(one.status, 200) {
			return got, nil
		}
		time.Sleep(250 * time.Millisecond)
	}
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

// compare reports where the sandbox's answer is not the real gateway's.
func compare(t *testing.T, one step, ours, theirs answer) {
	t.Helper()
	where := one.method + " " + one.path + " " + one.body
	if ours.status != theirs.status {
		t.Errorf("%s: status %d, the real gateway answers %d", where, ours.status, theirs.status)
	}
	if a, b := mediaType(ours), mediaType(theirs); a != b {
		t.Errorf("%s: Content-Type %s, the real gateway's is %s", where, a, b)
	}
	for _, name := range []string{"X-Litellm-Version", "X-Litellm-Model-Id", "X-Litellm-Model-Group", "X-Litellm-Response-Cost", "X-Litellm-Call-Id", "X-Litellm-Key-Spend", "Retry-After", "Www-Authenticate"} {
		if a, b := ours.header.Get(name), theirs.header.Get(name); (a == "") != (b == "") {
			t.Errorf("%s: header %s is %q, the real gateway's is %q", where, name, a, b)
		}
	}
	if mediaType(theirs) == "text/event-stream" {
		a, b := events(ours.text), events(theirs.text)
		if a != b {
			t.Errorf("%s: stream\n%s\nthe real gateway sends\n%s", where, a, b)
		}
		return
	}
	a, b := map[string]string{}, map[string]string{}
	flatten(a, "", ours.body, one.others)
	flatten(b, "", theirs.body, one.others)
	var differences []string
	paths := slices.Collect(maps.Keys(a))
	for path := range b {
		if _, both := a[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		x, weHave := a[path]
		y, theyHave := b[path]
		switch {
		case ignored(path, one.ignore) || x == y && weHave && theyHave:
		case one.others && (!theyHave && variant(b, path) || !weHave && variant(a, path)):
		case !theyHave:
			differences = append(differences, fmt.Sprintf("%s is %s here only", path, x))
		case !weHave:
			differences = append(differences, fmt.Sprintf("%s is %s there only", path, y))
		case one.others && (strings.Contains(x, "null") || strings.Contains(y, "null")):
		default:
			differences = append(differences, fmt.Sprintf("%s is %s, there %s", path, x, y))
		}
	}
	if len(differences) > 0 {
		t.Errorf("%s:\n\t%s", where, strings.Join(differences[:min(len(differences), 25)], "\n\t"))
	}
}

// events is a stream with the members of each event in one order.
func events(stream string) string {
	var out strings.Builder
	for line := range strings.Lines(stream) {
		var event any
		if data, is := strings.CutPrefix(line, "data: "); is && json.Unmarshal([]byte(data), &event) == nil {
			encoded, _ := json.Marshal(event)
			line = "data: " + string(encoded) + "\n"
		}
		out.WriteString(normal(line))
	}
	return strings.TrimSpace(out.String())
}

// variant reports whether path is there as another type, or as a list whose
// items are not, so that a list of other people's things is no difference.
func variant(in map[string]string, path string) bool {
	base := strings.TrimRight(path, "[]{}")
	for _, form := range []string{"", "[]", "{}"} {
		if _, is := in[base+form]; is {
			return true
		}
	}
	for i := strings.LastIndexByte(base, '.'); i > 0; i = strings.LastIndexByte(base[:i], '.') {
		_, isList := in[base[:i]+"[]"]
		if kind := in[base[:i]]; isList || kind == "null" {
			return true
		}
	}
	return false
}

func ignored(path string, ignore []string) bool {
	if strings.HasSuffix(path, "total_response_time_ms") { // how long it took
		return true
	}
	return slices.ContainsFunc(ignore, func(prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+".") })
}

func mediaType(a answer) string {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return kind
}

// flatten maps each path in value to its value, or to its JSON type when only
// the shape counts; then all items of a list share one path.
func flatten(into map[string]string, path string, value any, shape bool) {
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch value := value.(type) {
	case map[string]any:
		into[path+"{}"] = "object"
		for name, item := range value {
			flatten(into, join(name), item, shape)
		}
	case []any:
		into[path+"[]"] = "array"
		for i, item := range value {
			if shape {
				flatten(into, join("*"), item, true)
				continue
			}
			flatten(into, join(strconv.Itoa(i)), item, false)
		}
	default:
		if shape {
			into[path] = kind(value)
			return
		}
		text := fmt.Sprint(value)
		if number, is := value.(json.Number); is {
			f, _ := number.Float64()
			text = strconv.FormatFloat(f, 'g', 12, 64)
		}
		into[path] = kind(value) + " " + normal(text)
	}
}

func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	}
	return reflect.TypeOf(value).Name()
}

var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<hash>"},
	{regexp.MustCompile(`sk-\.\.\.[A-Za-z0-9_-]{4}`), "<masked>"},
	{regexp.MustCompile(`sk-[A-Za-z0-9_-]{22}\b`), "<key>"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?`), "<time>"},
	{regexp.MustCompile(`"created": ?\d+`), `"created":0`},
	{regexp.MustCompile(`^1\.?\d{5,9}(e\+09)?$`), "<seconds>"},
	// What follows depends on whether the gateway ever had a fallback.
	{regexp.MustCompile(`failed with the error above[^"]*`), "failed with the error above"},
}

// normal masks what differs from run to run.
func normal(text string) string {
	for _, mask := range masks {
		text = mask.pattern.ReplaceAllString(text, mask.with)
	}
	return text
}
