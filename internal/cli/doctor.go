package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/doctor"
	"litellm-proxy/internal/mcpclients"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// oldestTested is the oldest gateway that the live tests run on.
const oldestTested = "1.106.2"

func doctorCommands() []local {
	return []local{{path: "doctor", summary: "Find out what is wrong with the connection, the key or an MCP client", bind: (*app).bindDoctor}}
}

func (a *app) bindDoctor(cmd *cobra.Command) {
	cmd.Long = `Find out what is wrong with the connection, the key or an MCP client, and what to do
about it. It checks the gateway's URL, DNS, HTTP proxy, TLS certificate and clock, the
key and its role, the gateway's database and version, who else can read your files, and
the entries for this program in the configuration of MCP clients.

It changes nothing and prints no secrets. It exits 0 if no check failed, otherwise with
the status of the first failure: 5 for the connection, 4 for the key, else 1.`
	cmd.Example = `  litellm-proxy doctor
  litellm-proxy doctor --base-url https://litellm.example.com
  litellm-proxy doctor --format json`
	a.findingFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.runDoctor(cmd.Context()) }
}

// findingFlags are those of commands that print findings.
func (a *app) findingFlags(cmd *cobra.Command) {
	bindFormats(cmd, &a.format, []string{"table", "json"}, "table")
}

func (a *app) findingFormat() error {
	if a.format != "" && a.format != "table" && a.format != "json" {
		return usageError(fmt.Sprintf("--format: %q is not one of table, json", a.format))
	}
	return nil
}

func (a *app) runDoctor(ctx context.Context) error {
	if err := a.findingFormat(); err != nil {
		return err
	}
	return a.reportFindings(doctor.Examine(ctx, a.patient()))
}

// bindMCPDoctor is "mcp doctor".
func (a *app) bindMCPDoctor(cmd *cobra.Command) {
	cmd.Use = "doctor [client]"
	cmd.Long = `Start each configured MCP server as its client would, with the entry's command, arguments
and environment, list its tools, call the tool status, and report what is wrong and what to do
about it. Name a client to check only that one: ` + operation.Or(mcpclients.IDs()) + `.

Servers in the files of this directory, which may come from somebody else, are started only
with --project. It changes nothing and prints no secrets. It exits 1 if something is wrong.`
	cmd.Example = `  litellm-proxy mcp doctor
  litellm-proxy mcp doctor claude-code
  litellm-proxy mcp doctor --format json`
	a.findingFlags(cmd)
	project := cmd.Flags().Bool("project", false, "Also start the servers that the files of this directory name")
	cmd.ValidArgsFunction, cmd.Args = completeClients, nil
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		only := ""
		if len(args) > 0 {
			c, err := clientNamed("mcp doctor", args)
			if err != nil {
				return err
			}
			only = c.ID
		}
		if err := a.findingFormat(); err != nil {
			return err
		}
		s := a.bystander()
		s.Trusted = *project
		err := a.reportFindings(doctor.Servers(cmd.Context(), s, only))
		if e := operation.AsError(err); e != nil && exitStatus(e.Code) != interrupted {
			e.Code = proxyclient.CodeLocal // whatever the servers say
			e.Hint = "follow the advice below each failure, then run mcp doctor again"
		}
		return err
	}
}

// bystander is a subject of which only the machine matters: the entries have settings of their
// own.
func (a *app) bystander() doctor.Subject {
	s := doctor.Subject{Version: Version(), Getenv: a.Getenv}
	s.Dir, _ = os.Getwd()
	s.Program, _ = os.Executable()
	s.File, _ = a.configFile()
	s.Settings.APIKey = a.Getenv(config.KeyVariable)
	return s
}

// reportFindings prints a report; the error is about what is wrong in it.
func (a *app) reportFindings(report doctor.Report, err error) error {
	if err != nil {
		return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "interrupted", Err: err}
	}
	for i := range report.Checks {
		f := &report.Checks[i]
		f.Found, f.Fix = oneLine(a.masked(a.words(f.Found))), oneLine(a.masked(a.words(f.Fix)))
	}
	if a.format == "json" {
		_, err = fmt.Fprintf(a.Stdout, "%s\n", operation.Encode(report))
	} else {
		_, err = fmt.Fprint(a.Stdout, findings(report))
	}
	if err != nil {
		return unwritten(err)
	}
	return verdict(report)
}

// patient is what the doctor examines: the settings of this run, however bad they are.
func (a *app) patient() doctor.Subject {
	s := doctor.Subject{Version: Version(), BuiltFor: sandbox.Version, Oldest: oldestTested, Getenv: a.Getenv}
	s.Dir, _ = os.Getwd()
	s.Program, _ = os.Executable()
	s.Settings, s.Trouble = a.settings()
	s.File, _ = a.configFile()
	s.Limit = s.Settings.Timeout
	if s.Trouble == nil {
		s.Client, s.Trouble = a.client()
	}
	if s.Client == nil && s.Settings.BaseURL != "" {
		// Whether the gateway answers can be told without a key.
		keyless := s.Settings
		keyless.APIKey = ""
		s.Client, _ = a.clientFor(keyless)
	}
	s.Account = func(ctx context.Context) (json.RawMessage, error) {
		call, err := operation.Prepare(ctx, operation.Env{Client: s.Client}, a.Operations.Find("status"), nil)
		if err != nil {
			return nil, err
		}
		result, err := call.Run(ctx)
		return result.Body, err
	}
	return s
}

// findings is a report for people: a line for each check, and below it what to do.
func findings(r doctor.Report) string {
	var b strings.Builder
	width := len("database")
	for _, f := range r.Checks {
		width = max(width, len(f.Check))
	}
	for _, f := range r.Checks {
		fmt.Fprintf(&b, "%-7s  %-*s  %s\n", f.Status, width, f.Check, f.Found)
		if f.Fix != "" {
			fmt.Fprintf(&b, "%*s-> %s\n", len("warning  ")+width+2, "", f.Fix)
		}
	}
	return b.String()
}

// verdict is the error of a report with failures.
func verdict(r doctor.Report) error {
	code := r.Code()
	if code == "" {
		return nil
	}
	switch exitStatus(code) {
	case 4, 5:
	default:
		code = proxyclient.CodeLocal
	}
	var names []string
	for _, f := range r.Checks {
		if f.Status == doctor.Failed && (len(names) == 0 || names[len(names)-1] != f.Check) {
			names = append(names, f.Check)
		}
	}
	return &proxyclient.Error{Code: code, Hint: "follow the advice below each failure, then run doctor again",
		Message: fmt.Sprintf("%s failed: %s", operation.Counted(int64(r.Count(doctor.Failed)), "check"), strings.Join(names, ", "))}
}
