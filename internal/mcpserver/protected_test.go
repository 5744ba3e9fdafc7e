package mcpserver

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// TestProtected makes a team, which no other mode asks for, at the gateway of a protected
// profile.
func TestProtected(t *testing.T) {
	const (
		named = `"result":{"action":"accept","content":{"confirm_profile":" prod "}}`
		done  = "created team blue"
	)
	for _, tt := range []struct {
		name, mode, capabilities, reply, args string
		created                               bool
		says                                  string
	}{
		{"auto, the name", confirmAuto, canAsk, named, ``, true, done},
		{"auto, another name", confirmAuto, canAsk, `"result":{"action":"accept","content":{"confirm_profile":"dev"}}`, ``, false, "the name that was typed is not prod"},
		{"auto, a yes without the name", confirmAuto, canAsk, `"result":{"action":"accept"}`, ``, false, "accepted without the profile's name"},
		{"auto, a number for the name", confirmAuto, canAsk, `"result":{"action":"accept","content":{"confirm_profile":5}}`, ``, false, "cannot be read: confirm_profile in it is no text"},
		{"auto, a tick", confirmAuto, canAsk, `"result":{"action":"accept","content":{"confirm":true}}`, ``, false, "accepted without the profile's name"},
		{"auto, declined with the name", confirmAuto, canAsk, `"result":{"action":"decline","content":{"confirm_profile":"prod"}}`, ``, false, "the client answered decline after"},
		{"auto, the model's word does not replace the person", confirmAuto, canAsk, `"result":{"action":"cancel"}`, `,"confirm_profile":"prod"`, false, `--confirm argument: then confirm_profile: "prod" is required`},
		{"auto, it cannot ask", confirmAuto, cannotAsk, ``, ``, false, `confirm_profile: "prod"`},
		{"auto, the old argument", confirmAuto, cannotAsk, ``, `,"confirm":true`, false, `confirm: true is not enough for that`},
		{"auto, a wrong argument", confirmAuto, cannotAsk, ``, `,"confirm_profile":"dev"`, false, "is not the name of this gateway's profile"},
		{"auto, no text", confirmAuto, cannotAsk, ``, `,"confirm_profile":true`, false, "must be a text"},
		{"auto, the argument", confirmAuto, cannotAsk, ``, `,"confirm_profile":"prod"`, true, done},
		{"always, the name", confirmAlways, canAsk, named, ``, true, done},
		{"always, it cannot ask", confirmAlways, cannotAsk, ``, ``, false, "client that can ask a person"},
		{"always, the name as an argument", confirmAlways, cannotAsk, ``, `,"confirm_profile":"prod"`, false, "the person, who must type the profile's name"},
		{"argument", confirmArgument, canAsk, ``, `,"confirm_profile":"prod"`, true, done},
		{"argument, without it", confirmArgument, canAsk, ``, ``, false, `confirm_profile: "prod"`},
		{"never, it asks all the same", confirmNever, canAsk, named, ``, true, done},
		{"never, it cannot ask", confirmNever, cannotAsk, ``, ``, false, `confirm_profile: "prod"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, client := gateway(t)
			asked := ""
			c := dial(t, newServer(t, Options{Client: client, Confirm: tt.mode, Profile: "prod", Protected: "prod"}), tt.capabilities, func(m message) string {
				asked = string(m.Params)
				return tt.reply
			})
			r := c.call("teams_create", `{"team_alias":"blue"`+tt.args+`}`)
			wantText(t, r.Text, tt.says)
			if left := field(c.call("teams_list", `{}`).Structured, "total"); (left == "1") != tt.created || r.IsError == tt.created {
				t.Errorf("%s teams, isError %v: %s", left, r.IsError, r.Text)
			}
			if (tt.reply != "") != (asked != "") {
				t.Errorf("the person was asked: %q", asked)
			}
			if asked != "" {
				wantText(t, asked, "Create a team: blue?", "(profile prod)", "Profile prod is protected. Type its name", `"confirm_profile":{"type":"string"`)
			}
		})
	}
}

// TestProtectedDeclaration: each tool that writes takes the name, none that reads does, and
// without a protected profile none at all.
func TestProtectedDeclaration(t *testing.T) {
	_, client := gateway(t)
	for _, protected := range []string{"prod", ""} {
		s := newServer(t, Options{Client: client, Protected: protected})
		for _, tool := range s.tools {
			has := strings.Contains(string(tool.declaration.RawInputSchema), argConfirmProfile)
			if want := protected != "" && tool.op.Effect != operation.Read; has != want {
				t.Errorf("protected %q: %s takes the name: %v", protected, tool.op.Tool(), has)
			}
		}
	}
	for _, mode := range confirmModes {
		if n := len(instructions(Options{Protected: strings.Repeat("p", 64), Note: ""}, mode, true)); n > maxInstructions {
			t.Errorf("%s: the instructions have %d characters", mode, n)
		}
	}
}
