package sandbox_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// writerVariable makes this test's program a writer, see write.
const writerVariable = "SANDBOX_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerVariable); path != "" {
		write(path)
	}
	os.Exit(m.Run())
}

// write generates keys in the file and prints the token of each, until the
// process is killed.
func write(path string) {
	for {
		g, err := sandbox.Open(path)
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(generate(g))
	}
}

// ask sends a request through the gateway's transport.
func ask(g *sandbox.Gateway, method, path, body string) (status int, answer string, err error) {
	request, err := http.NewRequest(method, "http://sandbox.invalid"+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+g.AdminKey())
	response, err := g.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// generate makes a key and returns its token, or what went wrong.
func generate(g *sandbox.Gateway) string {
	status, answer, err := ask(g, "POST", "/key/generate", `{}`)
	_, token, found := strings.Cut(answer, `"token":"`)
	if err != nil || status != 200 || !found || len(token) < 64 {
		return fmt.Sprint("error ", status, err, answer)
	}
	return token[:64]
}

// tokens are those of all keys in the file.
func tokens(t *testing.T, path string) []string {
	t.Helper()
	g := open(t, path)
	var all []string
	for page := 1; ; page++ {
		status, answer, err := ask(g, "GET", fmt.Sprintf("/key/list?size=100&page=%d", page), "")
		if err != nil || status != 200 {
			t.Fatalf("the state cannot be read: %d %s %v", status, answer, err)
		}
		_, list, _ := strings.Cut(answer, `"keys":[`)
		list, _, _ = strings.Cut(list, "]")
		if list == "" {
			return all
		}
		for token := range strings.SplitSeq(list, ",") {
			all = append(all, strings.Trim(token, `"`))
		}
	}
}

func open(t *testing.T, path string) *sandbox.Gateway {
	t.Helper()
	g, err := sandbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestKilledWriters kills processes while they write: the state must stay
// readable, and a key whose token was printed must be there.
func TestKilledWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	var mu sync.Mutex
	var reported []string
	for range 6 { // the first finds no file
		var wg sync.WaitGroup
		for range 3 {
			writer := exec.Command(os.Args[0])
			writer.Env = append(os.Environ(), writerVariable+"="+path)
			out, err := writer.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := writer.Start(); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				time.AfterFunc(time.Duration(30+rand.IntN(250))*time.Millisecond, func() { _ = writer.Process.Kill() })
				lines := bufio.NewScanner(out)
				for lines.Scan() {
					mu.Lock()
					reported = append(reported, lines.Text())
					mu.Unlock()
				}
				_ = writer.Wait()
			})
		}
		wg.Wait()
		kept := tokens(t, path)
		for _, token := range reported {
			if !slices.Contains(kept, token) {
				t.Fatalf("lost: %s", token)
			}
		}
	}
	if len(reported) == 0 {
		t.Error("no writer lived long enough to write anything")
	}
	t.Logf("%d keys reported by killed writers", len(reported))
}

func TestGatewaysShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "sandbox.db")
	var wg sync.WaitGroup
	made := make(chan string, 100)
	for range 5 {
		wg.Go(func() {
			g, err := sandbox.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			for range 6 {
				made <- generate(g)
			}
		})
	}
	wg.Wait()
	close(made)
	kept := tokens(t, path)
	if len(kept) != 30 {
		t.Errorf("%d keys, want 30", len(kept))
	}
	for token := range made {
		if !slices.Contains(kept, token) {
			t.Errorf("lost: %s", token)
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file holds keys and may be read by others: %v %v", info.Mode(), err)
	}
}

func TestResetOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	before := open(t, path)
	key := before.AdminKey()
	generate(before)
	if status, answer, err := ask(before, "POST", "/chat/completions", hello); status != 200 || err != nil {
		t.Fatal(status, answer, err)
	}
	if _, err := sandbox.Reset(path); err != nil {
		t.Fatal(err)
	}
	if left := tokens(t, path); len(left) != 0 {
		t.Errorf("left after the reset: %v", left)
	}
	// A server that was running all the time sees it, with the key it announced.
	if _, answer, _ := ask(before, "GET", "/spend/logs", ""); answer != "[]" {
		t.Errorf("the log after the reset: %s", answer)
	}
	// The same when there is nothing but the log.
	ask(before, "POST", "/chat/completions", `{"model":"nope","messages":[]}`)
	if _, err := sandbox.Reset(path); err != nil {
		t.Fatal(err)
	}
	if _, answer, _ := ask(before, "GET", "/spend/logs", ""); answer != "[]" {
		t.Errorf("the log after the second reset: %s", answer)
	}
	if open(t, path).AdminKey() != key {
		t.Error("the reset changed the admin key")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if status, answer, err := ask(before, "GET", "/key/list", ""); status != 200 || err != nil {
		t.Errorf("after the file was removed: %d %s %v", status, answer, err)
	}
}

func TestKnows(t *testing.T) {
	g := open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	if status, answer, _ := ask(g, "POST", "/key/generate", `{"key":"sk-mine-0123456789","key_alias":"a"}`); status != 200 {
		t.Fatal(answer)
	}
	known := func(key string, want bool) {
		t.Helper()
		if got := g.Knows(key); got != want {
			t.Errorf("%s: known %v, want %v", key, got, want)
		}
	}
	known("sk-mine-0123456789", true)
	known(g.AdminKey(), true)
	known("sk-other-0123456789", false)
	known(sandbox.MasterKey, false)
	ask(g, "POST", "/key/delete", `{"key_aliases":["a"]}`)
	known("sk-mine-0123456789", true) // it is refused, not taken for another gateway's
}
