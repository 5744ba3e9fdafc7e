package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// tolerates reports whether the server runs in spite of an error in its settings: over stdio,
// where the program that started it usually hides stderr. Then each call says what is wrong.
// Somebody at a terminal, or who serves over http or sse, reads the error itself.
func (m *mcpRun) tolerates(err error) bool {
	code := proxyclient.CodeOf(err)
	if m.transport != "stdio" || m.Terminal != nil || m.ctx.Err() != nil || code == proxyclient.CodeCanceled {
		return false
	}
	e := operation.AsError(err)
	if e == nil {
		e = &proxyclient.Error{Code: proxyclient.CodeUsage, Message: m.cobraWords(err.Error())}
	}
	m.report(e, exitStatus(e.Code))
	text := sentence(m.words(e.Message))
	if hint := m.hint(e); hint != "" {
		if !strings.HasPrefix(hint, program) {
			hint = strings.ToUpper(hint[:1]) + hint[1:]
		}
		text += " " + sentence(hint)
	}
	m.o.Faults = append(m.o.Faults, m.masked(text))
	return true
}

// sentence is a text with an end.
func sentence(text string) string {
	if text = strings.TrimSuffix(text, "."); strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// plain are the options without those that may be wrong: no call gets as far as to need them.
func (m *mcpRun) plain() mcpserver.Options {
	return mcpserver.Options{Operations: m.o.Operations, Version: m.o.Version, ReadOnly: m.o.ReadOnly, Faults: m.o.Faults, Log: m.o.Log}
}

// named is an error about the toolsets that says where they are from, if that is no flag.
func (m *mcpRun) named(cmd *cobra.Command, err error) error {
	e := operation.AsError(err)
	if e == nil || cmd.Flags().Changed("toolsets") || m.set.Profile == nil {
		return err
	}
	if rest, ok := strings.CutPrefix(e.Message, "--toolsets: "); ok {
		out := *e
		out.Message = config.Toolsets + " of " + m.set.Source() + ": " + rest
		return &out
	}
	return err
}

// serveAnyway serves although the arguments cannot be read. What stands before the fault is
// in force; --read-only is wherever it stands.
func (m *mcpRun) serveAnyway(err error) error {
	for i, arg := range m.Args {
		if value, ok := strings.CutPrefix(arg, "--transport="); ok {
			m.transport = value
		} else if arg == "--transport" && i+1 < len(m.Args) {
			m.transport = m.Args[i+1]
		}
	}
	if !m.tolerates(err) {
		return err
	}
	m.readOnly = readOnly(m.Args) // the flag's faulty value has undone it
	return m.run(m.cmd, nil)
}
