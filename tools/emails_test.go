package tools

import (
	"encoding/json"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// TestEmails checks that every write refuses what is no email address before anything is sent.
func TestEmails(t *testing.T) {
	found := 0
	for _, op := range All() {
		if op.Effect == operation.Read || op.Effect == operation.Destructive {
			continue
		}
		for _, f := range op.Fields() {
			if !strings.HasSuffix(strings.TrimSuffix(f.Name, "s"), "email") || f.Collection != nil {
				continue
			}
			found++
			value := `"ann"`
			if f.Kind == operation.KindStrings {
				value = `["ann@example.com","ann"]`
			}
			err := op.Validate(operation.Args{f.Name: json.RawMessage(value)})
			if err == nil || !strings.Contains(err.Error(), `"ann" is not an email address`) && !strings.Contains(err.Error(), "is required") {
				t.Errorf("%s {%s}: %v", op.Path, f.Name, err)
			}
		}
	}
	if found < 7 {
		t.Errorf("only %d fields take email addresses", found)
	}
}

func TestEmailFaults(t *testing.T) {
	for _, tt := range []struct{ op, args, want string }{
		{"users create", `{"user_email":"ann"}`, `{user_email}: "ann" is not an email address such as ann@example.com; did you mean {user_id}?`},
		{"users create", `{"user_email":"ann","user_id":"a"}`, `{user_email}: "ann" is not an email address such as ann@example.com`},
		{"users create", `{"user_email":"Ann <ann@example.com>"}`, `{user_email}: "Ann <ann@example.com>" is not an email address such as ann@example.com; did you mean {user_id}?`},
		{"users create", `{"user_email":"ann @example.com"}`, `{user_email}: "ann @example.com" is not an email address such as ann@example.com; did you mean {user_id}?`},
		{"users create", `{"user_email":""}`, `{user_email}: "" is not an email address such as ann@example.com; did you mean {user_id}?`},
		{"users create", `{"user_email":"ann@localhost"}`, ""},
		{"users create", `{"user_email":"änn+x@bücher.example"}`, ""},
		{"users update", `{"user_id":"a","user_email":""}`, ""},
		{"users update", `{"user_id":"a","user_email":"a@"}`, `{user_email}: "a@" is not an email address such as ann@example.com`},
		{"users onboard", `{"user_email":"ann@"}`, `{user_email}: "ann@" is not an email address such as ann@example.com`},
		{"users bulk-create", `{"user_emails":["ann@example.com","bob","eve"]}`, `{user_emails}: "bob", "eve" are not email addresses such as ann@example.com`},
		{"teams member-add", `{"team_id":"t","user_emails":["bob"]}`, `{user_emails}: "bob" is not an email address such as ann@example.com; did you mean {user_ids}?`},
		{"teams create", `{"team_alias":"t","extra":{"members_with_roles":[{"role":"user","user_email":"bob"}]}}`, `user_email: "bob" is not an email address such as ann@example.com`},
		{"teams member-remove", `{"team_id":"t","user_emails":["bob"]}`, ""},
	} {
		var args operation.Args
		if err := json.Unmarshal([]byte(tt.args), &args); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := All().Find(tt.op).Validate(args); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.op, tt.args, got, tt.want)
		}
	}
}
