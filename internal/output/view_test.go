package output

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/tools"
)

var update = flag.Bool("update", false, "rewrite the views in testdata/view")

// terminal is the options of a person's terminal at the time of the recorded answers.
var terminal = Options{Terminal: true, Width: 80, Redactor: &secret.Redactor{}, Now: time.Date(2026, 11, 26, 22, 30, 0, 0, time.UTC)}

// TestViews shows recorded answers of a gateway. The name of a file is that of the tool, and
// after a hyphen what is special about the answer.
func TestViews(t *testing.T) {
	files, err := filepath.Glob("testdata/view/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			answer, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tool, _, _ := strings.Cut(name, "-")
			got := written(t, tools.All().Find(tool), operation.Result{Body: answer}, terminal)
			golden := strings.TrimSuffix(file, ".json") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("got:\n%s\nwant (-update rewrites it):\n%s%v", got, want, err)
			}
			for line := range strings.Lines(got) {
				if len([]rune(line)) > viewWidth+len("\n") {
					t.Errorf("%d columns: %s", len([]rune(line))-1, line)
				}
			}
		})
	}
}

// TestPipesHaveNoView: what is no terminal gets JSON, and so does who asks for it.
func TestPipesHaveNoView(t *testing.T) {
	op := tools.All().Find("keys info")
	for _, o := range []Options{{}, {Terminal: true, Format: JSON}} {
		if got := written(t, op, body(`{"key":"ab","info":{"key_alias":"ci","blocked":null}}`), o); !json.Valid([]byte(got)) || !strings.Contains(got, `"blocked": null`) {
			t.Errorf("%+v: %s", o, got)
		}
	}
}

// TestViewOfNewKey: it stands on the last line, and nowhere else. Without a new key in the
// answer there is no word of one.
func TestViewOfNewKey(t *testing.T) {
	op := tools.All().Find("keys generate")
	const key = "sk-abcdefghijklmnopqrstuv"
	res := body(`{"key":"` + key + `","key_alias":"ci","token":"ab","metadata":{"copy":"` + key + `"}}`)
	got := written(t, op, res, terminal)
	if !strings.HasSuffix(got, "The key is shown only once. Store it now.\n"+key+"\n") || strings.Count(got, key) != 1 {
		t.Errorf("view:\n%s", got)
	}
	o := terminal
	o.Conceal = true
	if got := written(t, op, res, o); strings.Contains(got, key) || strings.Contains(got, "only once") {
		t.Errorf("nothing is new:\n%s", got)
	}
	several := `{"data":[{"key":"sk-1111111111111111","user_email":"a@example.com"},{"key":"sk-2222222222222222"}]}`
	if got := written(t, tools.All().Find("users bulk-create"), body(several), terminal); !strings.HasSuffix(got, "Store them now.\nsk-1111111111111111  a@example.com\nsk-2222222222222222\n") || strings.Count(got, "sk-1111111111111111") != 1 {
		t.Errorf("several:\n%s", got)
	}
}

// odd are answers that no operation expects.
var odd = []string{
	`{}`, `[]`, `null`, `true`, `1e400`, `""`, `"text"`, `[null,1,{"a":[[{}]]},"x"]`, ` {"a" : 1 } `,
	`{"team_info":null,"keys":null,"team_memberships":null}`,
	`{"team_info":{"members_with_roles":{"a":1},"models":{"b":[]},"max_budget":"NaN","spend":[],"blocked":"true"},"keys":[null,1,[],{"spend":"x"}],"team_memberships":["y"]}`,
	`{"team_info":{"members_with_roles":[1,null,{"user_id":{"a":1}}],"max_budget":-1,"spend":1e308,"budget_reset_at":"soon","expires":99999999999999}}`,
	`{"info":{"expires":"yesterday","max_budget":0,"spend":0,"budget_duration":7,"models":[null,{"a":"b"}],"metadata":[1]},"key":[]}`,
	`{"info":{"key_alias":"\u001b[2J\nevil\u202e","metadata":{"a\u0007":"b\n"}},"user_info":{"user_email":"\u009b"}}`,
	`{"key":{"models":"x","spend":true},"litellm_params":[],"model_info":"y","model_name":{"deep":{"deeper":{"deepest":{"end":{"x":1}}}}}}`,
}

// TestViewOfOddAnswers shows answers that nobody expects as the result of each operation.
func TestViewOfOddAnswers(t *testing.T) {
	for _, op := range tools.All() {
		for _, answer := range odd {
			if op.Viewed() {
				checkView(t, op, answer)
			}
		}
	}
}

// checkView shows an answer, which must fill whole lines that drive no terminal.
func checkView(t *testing.T, op *operation.Operation, answer string) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(t.Context(), &b, op, body(answer), terminal); err != nil {
		t.Errorf("%s of %s: %v", op.Path, answer, err)
	}
	got := b.String()
	if got == "" || !strings.HasSuffix(got, "\n") || strings.ContainsAny(got, "\x1b\a\u009b\u202e") {
		t.Errorf("%s of %s: %q", op.Path, answer, got)
	}
}

func FuzzView(f *testing.F) {
	ops := []*operation.Operation{}
	for _, path := range []string{"teams get", "users get", "keys info", "models get", "keys generate", "users bulk-create", "health license", "prompts get", "fallbacks get"} {
		ops = append(ops, tools.All().Find(path))
	}
	for _, answer := range odd {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if !json.Valid([]byte(answer)) {
			t.Skip()
		}
		for _, op := range ops {
			checkView(t, op, answer)
		}
	})
}

func TestViewWords(t *testing.T) {
	now := terminal.Now
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{time.Second, "in 1 second"}, {-75 * time.Second, "75 seconds ago"}, {5 * time.Minute, "in 5 minutes"}, {-30 * time.Hour, "30 hours ago"},
		{72 * time.Hour, "in 3 days"}, {90 * 24 * time.Hour, "in 3 months"}, {-3 * 365 * 24 * time.Hour, "3 years ago"},
	} {
		if got := distance(now.Add(tt.after), now); got != tt.want {
			t.Errorf("distance of %v: %q, want %q", tt.after, got, tt.want)
		}
	}
	for amount, want := range map[float64]string{0: "0.00", 12.4: "12.40", 0.5: "0.50", 0.0153: "0.0153", 0.00012: "0.00012", 1e-7: "0.0000001", 1234.567: "1234.57"} {
		if got := money(amount); got != want {
			t.Errorf("money(%v) = %s, want %s", amount, got, want)
		}
	}
	for name, want := range map[string]string{"budget_id": "Budget ID", "tpm_limit": "TPM limit", "Provider's model": "Provider's model", "": "", "_": ""} {
		if got := label(name); got != want {
			t.Errorf("label(%q) = %q, want %q", name, got, want)
		}
	}
	for part, want := range map[float64]string{0: "0", 0.2: "<1", 24.8: "25", 99.9: "99", 100: "100", 104.4: "104"} {
		if got := percent(part); got != want {
			t.Errorf("percent(%v) = %s, want %s", part, got, want)
		}
	}
}
