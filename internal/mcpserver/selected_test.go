package mcpserver

import "testing"

// TestSelected: a tool that deletes by filters says what matches, and deletes only with
// the number of it.
func TestSelected(t *testing.T) {
	for _, mode := range []string{confirmAuto, confirmArgument, confirmNever} {
		t.Run(mode, func(t *testing.T) {
			_, client := gateway(t)
			c := dial(t, newServer(t, Options{Client: client, Confirm: mode}), cannotAsk, nil)
			c.call("keys_generate", `{"key_alias":"victim-1"}`)
			c.call("keys_generate", `{"key_alias":"victim-2"}`)
			r := c.call("keys_delete", `{"search":"victim","confirm":true}`)
			wantText(t, r.Text, "the filters match 2", "victim-1", "never used", "expect: 2")
			if !r.IsError || field(r.Structured, "selected") != "2" {
				t.Errorf("without the count: %s", r.Structured)
			}
			if r := c.call("keys_delete", `{"search":"victim","expect":3,"confirm":true}`); !r.IsError {
				t.Errorf("with a wrong count: %s", r.Text)
			}
			if left := field(c.call("keys_list", `{}`).Structured, "total"); left != "2" {
				t.Fatalf("%s keys are left", left)
			}
			if r := c.call("keys_delete", `{"search":"victim","expect":2,"confirm":true}`); r.IsError {
				t.Errorf("with the count: %s", r.Text)
			}
			if left := field(c.call("keys_list", `{}`).Structured, "total"); left != "0" {
				t.Errorf("%s keys are left", left)
			}
		})
	}
}
