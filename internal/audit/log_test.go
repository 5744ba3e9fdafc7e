package audit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func entry(call string) *Entry {
	return &Entry{Time: Time(time.Date(2026, 11, 26, 9, 0, 0, 5e6, time.FixedZone("", 3600))), Event: End, Call: call, Tool: "keys_list",
		Effect: "read", Arguments: json.RawMessage("{\n \"size\": 5}"), Outcome: "done", Took: Milliseconds(1500 * time.Microsecond)}
}

// lines are those of the log, each of which must be one entry; blank ones do not count.
func lines(t *testing.T, path string) (calls []string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		var e struct{ Call string }
		if line == "" {
			continue
		}
		if json.Unmarshal([]byte(line), &e) != nil {
			calls = append(calls, "torn")
			continue
		}
		calls = append(calls, e.Call)
	}
	return calls
}

func TestLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	if err := New(path, nil).Append(entry("a"), true); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	want := `{"time":"2026-11-26T08:00:00.005Z","event":"end","call":"a","client":"","session":"","key":"","tool":"keys_list","effect":"read",` +
		`"arguments":{"size":5},"outcome":"done","duration_ms":1.500}` + "\n"
	if string(b) != want {
		t.Errorf("the line is\n%s and not\n%s", b, want)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the log: %v", info.Mode())
	}
}

// TestTorn: what a crash left of a line stays alone.
func TestTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	log := New(path, nil)
	tear := func() {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString(`{"time":"20`)
		_ = f.Close()
	}
	tear()
	_ = log.Append(entry("a"), false)
	tear() // by another process, while the log is open
	_ = log.Append(entry("b"), false)
	_ = log.Append(entry("c"), false)
	if got := strings.Join(lines(t, path), " "); got != "torn a torn b c" {
		t.Errorf("the lines are %s", got)
	}
}

// TestRotation: a file that was moved gets no further lines.
func TestRotation(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be moved there")
	}
	path := filepath.Join(t.TempDir(), "audit")
	log := New(path, nil)
	_ = log.Append(entry("a"), false)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	_ = log.Append(entry("b"), false)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_ = log.Append(entry("c"), false)
	if old, now := lines(t, path+".1"), lines(t, path); fmt.Sprint(old, now) != "[a] [c]" {
		t.Errorf("the lines are %v and %v", old, now)
	}
}

// TestFailure: a log that cannot be written says so once, and once that it works again.
func TestFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	var told []bool
	log := New(path, func(err error) { told = append(told, err == nil) })
	if log.Open() == nil {
		t.Error("a directory was opened as the log")
	}
	for range 3 {
		if log.Append(entry("a"), false) == nil {
			t.Error("a line was written into a directory")
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := log.Append(entry("b"), false); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(told) != "[false true]" {
		t.Errorf("told: %v", told)
	}
}

// TestShared: several processes write to one file.
func TestShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	var all sync.WaitGroup
	for p := range 4 {
		log := New(path, nil)
		all.Go(func() {
			for i := range 50 {
				e := entry(fmt.Sprint(p, "-", i))
				e.Arguments = json.RawMessage(`"` + strings.Repeat("x", 10_000) + `"`)
				if err := log.Append(e, false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, call := range lines(t, path) {
		seen[call] = true
	}
	if len(seen) != 200 || seen["torn"] {
		t.Errorf("%d of 200 lines are whole, torn ones: %v", len(seen), seen["torn"])
	}
}

func TestBounded(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	for in, want := range map[string]string{
		`{"a":1}`:                               `{"a":1}`,
		`{"team_id":"t","data":"` + long + `"}`: `{"team_id":"t","data":"(71682 bytes left out)"}`,
		`"` + long + `"`:                        `"(71682 bytes left out)"`,
		`{"` + long + `":1}`:                    `"(71686 bytes left out)"`,
	} {
		if got := string(Bounded(json.RawMessage(in))); got != want {
			t.Errorf("%.40s… became %s", in, got)
		}
	}
}
