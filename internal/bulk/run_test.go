package bulk

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"litellm-proxy/proxyclient"
)

// numbered returns n items that all do the same.
func numbered(n int, do func(ctx context.Context, i int) (Outcome, error)) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for i := range n {
			if !yield(Item{Name: fmt.Sprint(i), Do: func(ctx context.Context) (Outcome, error) { return do(ctx, i) }}) {
				return
			}
		}
	}
}

func answered(status int, code proxyclient.Code, after time.Duration) error {
	return &proxyclient.Error{Code: code, Status: status, Message: "no", RetryAfter: after}
}

func TestRunCountsEveryOutcome(t *testing.T) {
	states := map[string]State{}
	summary := Run(t.Context(), numbered(6, func(_ context.Context, i int) (Outcome, error) {
		switch i {
		case 0:
			return Outcome{State: Created, ID: "a"}, nil
		case 1:
			return Outcome{State: Unchanged}, nil
		case 2:
			return Outcome{}, answered(400, proxyclient.CodeInvalid, 0)
		case 3:
			return Outcome{}, &proxyclient.Error{Code: proxyclient.CodeUnknownOutcome, Sent: true}
		case 4:
			return Outcome{}, answered(504, proxyclient.CodeUnavailable, 0)
		}
		return Outcome{State: Changed}, nil
	}), Options{Parallel: 3}, func(o Outcome) { states[o.Name] = o.State })
	want := map[string]State{"0": Created, "1": Unchanged, "2": Failed, "3": Unknown, "4": Unknown, "5": Changed}
	for name, state := range want {
		if states[name] != state {
			t.Errorf("item %s is %q, want %q", name, states[name], state)
		}
	}
	if got := summary.String(); got != "1 created, 1 changed, 1 unchanged, 1 failed, 2 unknown" || summary.OK() {
		t.Errorf("the summary is %q", got)
	}
}

func TestRunBoundsParallelWork(t *testing.T) {
	var now, most atomic.Int64
	Run(t.Context(), numbered(200, func(context.Context, int) (Outcome, error) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		runtime.Gosched()
		now.Add(-1)
		return Outcome{State: Created}, nil
	}), Options{Parallel: 5}, func(Outcome) {})
	if most.Load() > 5 {
		t.Errorf("%d items were under way at once, want at most 5", most.Load())
	}
}

func TestRunSendsARefusedItemAgainAndPausesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // with a clock of its own
		const wait = 20 * time.Second
		begun, paused := time.Now(), 0
		tries, sent := map[int]int{}, map[int]time.Duration{}
		options := Options{Parallel: 1, Paused: func(time.Duration) { paused++ }}
		summary := Run(t.Context(), numbered(3, func(_ context.Context, i int) (Outcome, error) {
			sent[i] = time.Since(begun)
			if tries[i]++; i == 1 && tries[i] == 1 {
				return Outcome{}, answered(http.StatusTooManyRequests, proxyclient.CodeRateLimited, wait)
			}
			return Outcome{State: Created}, nil
		}), options, func(Outcome) {})
		if summary.Created != 3 || tries[1] != 2 || tries[0] != 1 || tries[2] != 1 {
			t.Errorf("created %d with tries %v, want the refused item twice and the others once", summary.Created, tries)
		}
		if sent[0] != 0 || sent[1] != wait || sent[2] != wait || paused != 1 {
			t.Errorf("sent at %v after %d pauses, want all after the refused item to wait %s once", sent, paused, wait)
		}
	})
}

func TestRunSendsAFailedItemOnce(t *testing.T) {
	for _, err := range []error{answered(503, proxyclient.CodeUnavailable, time.Millisecond), answered(500, proxyclient.CodeInternal, 0),
		&proxyclient.Error{Code: proxyclient.CodeBudgetExceeded, Status: 429}, errors.New("local")} {
		tries := 0
		summary := Run(t.Context(), numbered(1, func(context.Context, int) (Outcome, error) {
			tries++
			return Outcome{}, err
		}), Options{}, func(Outcome) {})
		if tries != 1 || summary.Failed != 1 {
			t.Errorf("%v: sent %d times, %s; want once and failed", err, tries, summary.String())
		}
	}
}

func TestRunStopsWhenAskedToWaitTooLong(t *testing.T) {
	summary := Run(t.Context(), numbered(5, func(context.Context, int) (Outcome, error) {
		return Outcome{}, answered(429, proxyclient.CodeRateLimited, time.Hour)
	}), Options{Parallel: 1}, func(Outcome) {})
	if summary.NotTried != 5 || !strings.Contains(summary.Stopped, "1h0m0s") {
		t.Errorf("%s, stopped because %q; want all not tried", summary.String(), summary.Stopped)
	}
}

func TestRunStopsWithoutAGateway(t *testing.T) {
	summary := Run(t.Context(), numbered(100, func(context.Context, int) (Outcome, error) {
		return Outcome{}, &proxyclient.Error{Code: proxyclient.CodeUnreachable}
	}), Options{Parallel: 1}, func(Outcome) {})
	if summary.Failed != hopeless || summary.NotTried != 100-hopeless || summary.Stopped == "" {
		t.Errorf("%s, stopped because %q", summary.String(), summary.Stopped)
	}
}

func TestRunEndsWhatIsUnderWayWhenInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan bool)
	go func() {
		<-started
		cancel()
		<-started
	}()
	var names []string
	summary := Run(ctx, numbered(50, func(ctx context.Context, i int) (Outcome, error) {
		started <- true // the interrupt comes while this item is under way
		started <- true
		if ctx.Err() != nil {
			t.Error("the item under way was canceled")
		}
		return Outcome{State: Created}, nil
	}), Options{Parallel: 1}, func(o Outcome) {
		if o.State == NotTried {
			names = append(names, o.Name)
		}
	})
	if summary.Created != 1 || summary.NotTried != 49 || summary.Stopped != "interrupted" || slices.Contains(names, "0") {
		t.Errorf("%s, stopped because %q; want 1 created and 49 not tried", summary.String(), summary.Stopped)
	}
}

func TestReport(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "in.csv")
	if err := os.WriteFile(input, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	clean := func(s string) string { return strings.ReplaceAll(s, "secret", "***") }
	keys := filepath.Join(dir, "keys.csv")
	if err := os.WriteFile(keys, []byte("key_alias,key,token,gateway,source_token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{input, keys, filepath.Join(dir, "r.txt")} {
		if _, err := OpenReport(name, input, clean); err == nil {
			t.Errorf("a report was opened in %s", name)
		}
	}
	for name, old := range map[string]string{"r.csv": "name,outcome,id,reason\nold,created,,\n", "r.jsonl": `{"name":"old","outcome":"created"}`} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(old), 0o644); err != nil {
			t.Fatal(err)
		}
		report, err := OpenReport(path, input, clean)
		if err != nil {
			t.Fatal(err)
		}
		report.Add(Outcome{Name: "a,b", State: Failed, Reason: "secret \"x\"\nsecond line"})
		report.Add(Outcome{Name: "c", State: Created, ID: "1"})
		if err := report.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		if text := string(data); strings.Contains(text, "secret") || strings.Contains(text, "old") || !strings.Contains(text, "***") {
			t.Errorf("%s holds %s", name, text)
		}
		if name == "r.csv" {
			rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
			if err != nil || len(rows) != 3 || rows[1][0] != "a,b" || rows[2][2] != "1" {
				t.Errorf("%s has the rows %q (%v)", name, rows, err)
			}
		}
	}
}
