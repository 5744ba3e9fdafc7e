package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestProgressMakesRoom: the line is taken away before a question, comes back with the
// next step, and is gone at the end of each walk and of the command.
func TestProgressMakesRoom(t *testing.T) {
	var out bytes.Buffer
	s := &screen{w: &out}
	p := watch(s)
	s.before = p.hide
	p.what, p.start = "spend budgets", time.Now().Add(-patience)
	clean := func(when string) {
		t.Helper()
		text := out.String()
		if cut := strings.LastIndex(text, "spend budgets"); cut < 0 || strings.Trim(text[cut:][strings.IndexByte(text[cut:], '\r'):], "\r ") != "" {
			t.Errorf("%s the line is not cleared: %q", when, text)
		}
		out.Reset()
	}
	p.update(1, 3)
	if !strings.Contains(out.String(), "1/3") {
		t.Errorf("one of three steps is shown as %q", out.String())
	}
	fmt.Fprint(s, "")
	clean("before something else is written")
	p.update(1, 0)
	p.update(5, 0)
	p.end()
	clean("at the end of a walk of unknown length")
	p.update(6, 0)
	if out.Len() > 0 {
		t.Errorf("after the end came %q", out.String())
	}
}

// TestProgressIsPatient: nothing is shown of a walk that has just begun.
func TestProgressIsPatient(t *testing.T) {
	var out bytes.Buffer
	p := watch(&screen{w: &out})
	p.start = time.Now().Add(time.Hour)
	p.update(1, 3)
	if out.Len() > 0 {
		t.Errorf("shown at once: %q", out.String())
	}
	p.hide() // for a question
	if p.timer != nil {
		t.Error("the line would come while a question waits")
	}
	p.update(2, 3)
	if p.timer == nil {
		t.Error("the line does not come back")
	}
	p.end()
}
