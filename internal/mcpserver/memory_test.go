package mcpserver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// planOf is a plan with one request whose body is a string of size bytes.
func planOf(t *testing.T, size int) *operation.Plan {
	t.Helper()
	client, recorder := clientOf(t, "http://gateway.invalid", "sk-x").Recording()
	r := proxyclient.Request{Method: "POST", Path: "/x", Body: []byte(`"` + strings.Repeat("x", size) + `"`)}
	if _, err := client.JSON(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return &operation.Plan{Requests: recorder.Requests()}
}

// TestMemoryIsBounded: neither many plans nor large ones fill the memory; the newest is
// kept.
func TestMemoryIsBounded(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct{ size, count, most int }{{1, maxRemembered + 50, maxRemembered}, {1 << 20, 20, 7}} {
		m, plan := newMemory(), planOf(t, tt.size)
		for i := range tt.count {
			m.store(fmt.Sprint(i), plan, now, time.Minute)
		}
		if len(m.plans) != tt.most || len(m.order) != tt.most || m.bytes > maxRememberedBytes {
			t.Errorf("%d plans of %d bytes: %d kept, %d bytes", tt.count, tt.size, len(m.plans), m.bytes)
		}
		if m.remove(fmt.Sprint(tt.count-1), now) == nil || m.remove("0", now) != nil {
			t.Error("not the oldest were forgotten")
		}
	}
}

// TestMemoryIsForOnce: a plan is taken once, and not after its time.
func TestMemoryIsForOnce(t *testing.T) {
	now, m, plan := time.Now(), newMemory(), planOf(t, 1)
	m.store("a", plan, now, time.Minute)
	if m.remove("a", now) == nil || m.remove("a", now) != nil {
		t.Error("a plan is not taken exactly once")
	}
	m.store("a", plan, now, time.Minute)
	if m.remove("a", now.Add(time.Minute+1)) != nil || m.bytes != 0 {
		t.Error("a plan was taken after its time")
	}
}
