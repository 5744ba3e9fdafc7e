package tools

import (
	"strings"
	"testing"
)

// TestMemorySet: the gateway replaces the metadata and ignores a new owner.
func TestMemorySet(t *testing.T) {
	const entry = `{"memory_id":"m","key":"a/b","value":"v","metadata":{"a":1},"user_id":"u1","team_id":null}`
	for _, tt := range []struct {
		key        string
		args       map[string]any
		want, sent string
	}{
		{"a/b", map[string]any{"metadata": map[string]any{"b": 2}}, "kept metadata", `{"metadata":{"a":1,"b":2}}`},
		{"a/b", map[string]any{"metadata": map[string]any{"b": 2}, "replace": []string{"metadata"}}, "kept metadata", `{"metadata":{"b":2}}`},
		{"a/b", map[string]any{"value": "v"}, "", `{"value":"v"}`},
		{"a/b", map[string]any{"value": "v", "user_id": "u2"}, "kept user_id u1", `{"user_id":"u2","value":"v"}`},
		{"a/b", nil, "othing to change", ""},
		{"new", map[string]any{"metadata": map[string]any{"b": 2}}, "a new one needs {value}", ""},
		{"new", map[string]any{"value": "v", "metadata": map[string]any{"a": 1}}, "", `{"metadata":{"a":1},"value":"v"}`},
	} {
		r, env := played(t, map[string]string{"GET /v1/memory/a/b": entry, "PUT /v1/memory/a/b": entry, "GET /v1/memory/a%2Fb": entry, "PUT /v1/memory/a%2Fb": entry,
			"GET /v1/memory/new": `404 {"detail":"Memory with key 'new' not found"}`, "PUT /v1/memory/new": strings.Replace(entry, "a/b", "new", 1),
			"GET /user/info": `{"user_id":"u2","user_info":{"user_id":"u2"}}`, "GET /user/list": `{"users":[{"user_id":"u2"}],"total":1,"page":1,"total_pages":1}`})
		args := map[string]any{"key": tt.key}
		for name, value := range tt.args {
			args[name] = value
		}
		_, err := run(t.Context(), env, memorySet, argsOf(args))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, want %q", args, err, tt.want)
		}
		sent := ""
		for i, asked := range r.asked {
			if strings.HasPrefix(asked, "PUT ") {
				sent += sorted(r.bodies[i])
			}
		}
		if sent != tt.sent {
			t.Errorf("%v sent %s, want %s", args, sent, tt.sent)
		}
	}
}
