package mcpserver

import (
	"fmt"
	"testing"
)

// TestQuota: whatever some groups take, another one finds room.
func TestQuota(t *testing.T) {
	fill := func(q *quota, group string) (n int) {
		for q.take(group) {
			n++
		}
		return n
	}
	q := newQuota(1000, false)
	if n := fill(q, "one"); n != 500 {
		t.Errorf("one alone has %d", n)
	}
	if n := fill(q, ""); n != 62 {
		t.Errorf("those without a key have %d", n)
	}
	for i := range 5 {
		if n := fill(q, fmt.Sprint(i)); n == 0 {
			t.Errorf("group %d found no room", i)
		}
	}
	for range 500 {
		q.give("one")
	}
	if n := fill(q, "later"); n < 200 {
		t.Errorf("after one has left, another has %d", n)
	}
	q = newQuota(1000, false)
	for range 400 { // two that take turns
		q.take("a")
		q.take("b")
	}
	if a, b := q.of["a"], q.of["b"]; a+b < 660 || max(a, b)-min(a, b) > 1 {
		t.Errorf("two have %d and %d", a, b)
	}
	if n := fill(newQuota(1000, true), "all"); n != 1000 {
		t.Errorf("the holders of the one token have %d", n)
	}
}
