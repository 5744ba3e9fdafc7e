package sandbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
)

// files are those of a sandbox: the state and its log.
type files struct{ state, log []byte }

const logSuffix = ".logs.jsonl"

func (f files) write(t *testing.T, path string) {
	t.Helper()
	for name, data := range map[string][]byte{path: f.state, path + logSuffix: f.log} {
		if data == nil {
			continue
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// filled makes a sandbox that has a bit of everything, and returns its files,
// its admin key and what it answers.
func filled(t *testing.T) (good files, key, answers string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sandbox.db")
	g := open(t, path)
	for i := range 20 {
		ask(g, "POST", "/key/generate", fmt.Sprintf(`{"key_alias":"key-%d","max_budget":5,"metadata":{"n":[1,2.50,null]}}`, i))
	}
	ask(g, "POST", "/team/new", `{"team_id":"t","team_alias":"Team"}`)
	ask(g, "POST", "/user/new", `{"user_id":"u","teams":["t"]}`)
	ask(g, "POST", "/chat/completions", hello)
	ask(g, "POST", "/chat/completions", `{"model":"nope","messages":[]}`)
	for name, data := range map[string]*[]byte{path: &good.state, path + logSuffix: &good.log} {
		var err error
		if *data, err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return good, g.AdminKey(), everything(t, g)
}

// everything is what the sandbox answers about all it has, or what is wrong.
func everything(t *testing.T, g *sandbox.Gateway) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"/key/list?size=100&return_full_object=true", "/user/list", "/team/list", "/spend/logs", "/v1/model/info"} {
		status, answer, err := ask(g, "GET", path, "")
		if err != nil {
			t.Fatal(err)
		}
		if status == 503 {
			return answer
		}
		all.WriteString(answer)
	}
	return all.String()
}

// damages returns good files, each damaged in another way.
func damages(good files) map[string]files {
	all := map[string]files{}
	add := func(name string, state []byte) { all[name] = files{state: state, log: good.log} }
	head := bytes.IndexByte(good.state, '\n') + 1
	offsets := []int{head, head + 1, len(good.state) - 2, len(good.state) - 1}
	for i := range head {
		offsets = append(offsets, i)
	}
	for i := range 60 {
		offsets = append(offsets, head+i*(len(good.state)-head)/60)
	}
	for _, at := range offsets {
		add(fmt.Sprintf("cut at %d", at), good.state[:at])
		for _, mask := range []byte{0x01, 0x20} {
			flipped := bytes.Clone(good.state)
			flipped[at] ^= mask
			add(fmt.Sprintf("byte %d flipped by %#x", at, mask), flipped)
		}
	}
	for i := range 20 {
		zeroed := bytes.Clone(good.state)
		from := i * len(zeroed) / 20
		clear(zeroed[from : from+min(512, len(zeroed)-from)])
		add(fmt.Sprintf("512 zeros at %d", from), zeroed)
	}
	add("empty", []byte{})
	add("a blank line more", append(bytes.Clone(good.state), '\n'))
	add("garbage behind it", append(bytes.Clone(good.state), bytes.Repeat([]byte{0xa5}, 5000)...))
	add("twice", slices.Concat(good.state, good.state))
	add("lines of text", []byte(strings.Repeat("no database\n", 4000)))
	add("one long line", bytes.Repeat([]byte("x"), 1<<20))
	add("another database", append([]byte("SQLite format 3\x00\x10\x00"), make([]byte, 8192)...))
	add("the former format", slices.Concat(make([]byte, 16), []byte{0xed, 0xda, 0x0c, 0xed, 2, 0, 0, 0}, make([]byte, 32<<10)))
	add("a newer version", bytes.Replace(good.state, []byte("sandbox 2 "), []byte("sandbox 3 "), 1))
	add("no number of a version", bytes.Replace(good.state, []byte("sandbox 2 "), []byte("sandbox x "), 1))
	for name, log := range map[string][]byte{
		"log cut": good.log[:len(good.log)-1], "log empty": {}, "log gone": nil, "log zeroed": make([]byte, len(good.log)),
		"log longer, by a killed process": append(bytes.Clone(good.log), `{"request_id":`...),
	} {
		all[name] = files{state: good.state, log: log}
	}
	for i := range 20 {
		flipped := bytes.Clone(good.log)
		flipped[i*len(flipped)/20] ^= 0x04
		all[fmt.Sprintf("log flipped %d", i)] = files{state: good.state, log: flipped}
	}
	return all
}

// TestDamagedFiles damages a good file in hundreds of ways. None may be taken
// for another state, and a reset repairs each. The admin key survives if it can
// still be read.
func TestDamagedFiles(t *testing.T) {
	good, key, want := filled(t)
	all := damages(good)
	refused := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		damaged := all[name]
		path := filepath.Join(t.TempDir(), "sandbox.db")
		damaged.write(t, path)
		g, err := sandbox.Open(path)
		text := ""
		if err == nil {
			text = everything(t, g)
		}
		if len(damaged.state) == 0 { // one that mktemp made: a new sandbox
			if err != nil || text == want || strings.Contains(text, "key-1") || strings.Contains(text, "sandbox_state") {
				t.Errorf("%s: %v %s", name, err, cut(text))
			}
			text = want
		}
		if fault, is := errors.AsType[*sandbox.FileError](err); is && errors.Is(err, sandbox.ErrDamaged) {
			text = fault.Fix
		}
		if text != want {
			refused++
			if !strings.Contains(text, "sandbox reset") {
				t.Errorf("%s: %v %s", name, err, cut(text))
			}
		}
		if _, err := sandbox.Reset(path); err != nil {
			t.Errorf("%s: the reset: %v", name, err)
			continue
		}
		after := open(t, path)
		if left := everything(t, after); strings.Contains(left, "key-1") || strings.Contains(left, "sandbox_state") {
			t.Errorf("%s: after the reset: %s", name, cut(left))
		}
		head := good.state[:bytes.IndexByte(good.state, '\n')+1]
		if bytes.HasPrefix(damaged.state, head) && after.AdminKey() != key {
			t.Errorf("%s: the reset changed the admin key", name)
		}
		if token := generate(after); strings.HasPrefix(token, "error") {
			t.Errorf("%s: after the reset: %s", name, token)
		}
	}
	if len(all) < 200 || refused < len(all)-7 {
		t.Errorf("%d of %d damaged files were refused", refused, len(all))
	}
}

// TestDamagedWhileServing: a server that meets a damaged file says so in its
// answers, and goes on after a reset.
func TestDamagedWhileServing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	g := open(t, path)
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, answer, err := ask(g, "POST", "/key/generate", `{}`)
	if status != 503 || err != nil || !strings.Contains(answer, "run litellm-proxy sandbox reset") {
		t.Errorf("%d %s %v", status, answer, err)
	}
	if _, err := sandbox.Reset(path); err != nil {
		t.Fatal(err)
	}
	if status, answer, err := ask(open(t, path), "POST", "/key/generate", `{}`); status != 200 || err != nil {
		t.Errorf("after the reset: %d %s %v", status, answer, err)
	}
}

// TestFileAside: whatever a reset replaces may be somebody's.
func TestFileAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	for i, name := range []string{path + ".damaged", path + ".damaged-2"} {
		text := fmt.Sprint("my notes ", i)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		problem, said, err := sandbox.Check(path)
		if err != nil || said != name || !errors.Is(problem, sandbox.ErrDamaged) {
			t.Errorf("before the reset: %v %s %v", problem, said, err)
		}
		if aside, err := sandbox.Reset(path); err != nil || aside != name {
			t.Fatalf("moved to %q, want %q: %v", aside, name, err)
		}
		if kept, err := os.ReadFile(name); string(kept) != text {
			t.Errorf("%s has %q: %v", name, kept, err)
		}
	}
}

// reset and opened are what Reset and Open say about a file.
func reset(path string) error  { _, err := sandbox.Reset(path); return err }
func opened(path string) error { _, err := sandbox.Open(path); return err }

// TestLink: a symbolic link is neither followed nor replaced, whatever is behind it.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	foreign, path := filepath.Join(dir, "foreign"), filepath.Join(dir, "sandbox.db")
	if err := os.WriteFile(foreign, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(path string) error { _, _, err := sandbox.Check(path); return err }
	for name, target := range map[string]string{"a file": foreign, "nothing": filepath.Join(dir, "none")} {
		if err := os.Symlink(target, path); err != nil {
			t.Skip("no symbolic links: ", err)
		}
		for verb, err := range map[string]error{"Reset": reset(path), "Open": opened(path), "Check": check(path)} {
			if !errors.Is(err, sandbox.ErrLink) || !strings.HasSuffix(err.Error(), "sandbox.db is a symbolic link") {
				t.Errorf("%s of a link to %s: %v", verb, name, err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	// The log is written beside the state.
	g := open(t, path)
	if err := os.Symlink(foreign, path+logSuffix); err != nil {
		t.Fatal(err)
	}
	if status, answer, _ := ask(g, "POST", "/chat/completions", hello); status != 503 || !strings.Contains(answer, "is a symbolic link") {
		t.Errorf("a link as the log: %d %s", status, answer)
	}
	if text, err := os.ReadFile(foreign); string(text) != "somebody's" {
		t.Errorf("the foreign file has %q: %v", text, err)
	}
}

// TestNoFile: what is not a file is neither opened nor moved aside.
func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	for name, err := range map[string]error{"Reset": reset(dir), "Open": opened(dir)} {
		if fault, is := errors.AsType[*sandbox.FileError](err); !is || !strings.Contains(fault.Error(), "is a directory") {
			t.Errorf("%s of a directory: %v", name, err)
		}
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

// TestExposedFile: a file that others can read is refused, and says what helps.
func TestExposedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	dir := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(dir, "sandbox.db")
	g := open(t, path)
	key := g.AdminKey()
	ask(g, "POST", "/chat/completions", hello)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v %v", info.Mode(), err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o644} {
		for _, name := range []string{path, path + logSuffix} {
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
			g, err := sandbox.Open(path)
			problem := ""
			if fault, is := errors.AsType[*sandbox.FileError](err); is {
				problem = fault.Error() + "; " + fault.Fix
			} else if err == nil {
				problem = everything(t, g)
			}
			if want := fmt.Sprintf("%s can be read by other users (mode %04o); run chmod 600 %s", name, mode, name); !strings.Contains(problem, want) {
				t.Errorf("%s with mode %v: %s %v", name, mode, cut(problem), err)
			}
			if err := os.Chmod(name, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Reset(path); err != nil {
		t.Fatal(err)
	}
	if open(t, path).AdminKey() != key {
		t.Error("the reset changed the admin key")
	}
}

// FuzzFile reads any bytes as a state: they are one, or damaged.
func FuzzFile(f *testing.F) {
	f.Add([]byte("litellm-proxy-sandbox 2 00000000 {}\n{}"))
	f.Add([]byte("litellm-proxy-sandbox 9999999999999999999 "))
	f.Add([]byte("litellm-proxy-sandbox 2 \n\n"))
	path := filepath.Join(f.TempDir(), "sandbox.db")
	if _, err := sandbox.Open(path); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "sandbox.db")
		files{state: data}.write(t, path)
		if _, err := sandbox.Open(path); err != nil && !errors.Is(err, sandbox.ErrDamaged) {
			t.Error(err)
		}
	})
}
