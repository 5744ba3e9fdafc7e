package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// transports are those that "mcp" serves.
var transports = []string{"stdio", "http", "sse"}

// flags declares the flags of "mcp", a group for each subject.
func (m *mcpRun) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&m.transport, "transport", m.transport, "Transport: stdio, http (streamable, at /mcp) or sse (at /sse)")
	m.offerFlags(f)
	m.safetyFlags(f)
	m.watchFlags(f)
	m.listening = pflag.NewFlagSet("listening", pflag.ContinueOnError)
	m.listening.SortFlags = false
	m.listenFlags(m.listening)
	m.streamable = pflag.NewFlagSet("streamable", pflag.ContinueOnError)
	m.streamable.SortFlags = false
	m.stateFlags(m.streamable)
	f.AddFlagSet(m.listening)
	f.AddFlagSet(m.streamable)
	for flag, values := range map[string][]string{"transport": transports, "confirm": {"auto", "always", "argument", "never"}, "log-level": logLevels, "secrets": {"reveal", "file:", "mask"}} {
		completes(cmd, flag, values)
	}
	if !completing(cmd) {
		return
	}
	toolsets, tools := []string{"default", "all"}, []string{}
	for _, op := range m.Operations {
		if !slices.Contains(toolsets, op.Resource()) {
			toolsets = append(toolsets, op.Resource())
		}
		tools = append(tools, op.Tool())
	}
	completesList(cmd, "toolsets", fixed(toolsets))
	completesList(cmd, "tools", fixed(tools))
	completesList(cmd, "exclude-tools", fixed(tools))
}

// offerFlags choose what clients see.
func (m *mcpRun) offerFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&m.o.Toolsets, "toolsets", nil, "Resources to offer tools for, such as keys,users; all; or default, the usual tools (also if omitted)")
	f.StringSliceVar(&m.o.Tools, "tools", nil, "Tools to offer, in addition to --toolsets if given")
	f.StringSliceVar(&m.o.ExcludeTools, "exclude-tools", nil, "Tools to exclude")
	f.StringSliceVar(&m.o.IgnoreArguments, "ignore-arguments", nil, "Arguments to ignore because the client adds them to every call (in tools that have no argument of that name)")
}

// safetyFlags say how calls are confirmed.
func (m *mcpRun) safetyFlags(f *pflag.FlagSet) {
	f.StringVar(&m.o.Confirm, "confirm", "auto", "Confirmation of dangerous calls: auto (ask the person, or require confirm: true if the client cannot ask), always (ask the person to tick a box), argument (require confirm: true) or never (no confirmation)")
	f.StringVar(&m.o.Secrets, "secrets", "reveal", "New keys: reveal (show them to the model), file:DIR (stdio only: write each to a file in DIR and show its path) or mask (refuse to generate keys)")
	f.StringSliceVar(&m.o.SecretEnv, "secret-env", nil, "Environment variables that a call may name in place of a secret, as env:NAME. Anyone who may call tools can have them sent to the gateway")
	f.StringVar(&m.o.SecretDir, "secret-dir", "", "Directory with files that a call may name in place of a secret, as file:NAME")
	f.IntVar(&m.o.MaxWrites, "max-writes", 60, "Limit of calls per minute that change something, per session (or per key where there is no session); 0: no limit. A call that changes many things counts once")
}

// listenFlags are those of http and sse only.
func (m *mcpRun) listenFlags(f *pflag.FlagSet) {
	f.StringVar(&m.h.Addr, "addr", "127.0.0.1:8808", "Listen address for http and sse")
	f.BoolVar(&m.h.UseOwnKey, "use-own-key", false, "http, sse: use the server's own key for the gateway (needs --auth-token-file)")
	f.StringVar(&m.h.AuthTokenFile, "auth-token-file", "", "http, sse: file with the token that clients must send")
	f.StringSliceVar(&m.h.AllowedHosts, "allowed-hosts", nil, "http, sse: additional host names that clients may use")
	f.StringSliceVar(&m.h.AllowedOrigins, "allowed-origins", nil, "http, sse: origins of web pages that may use the server, such as http://localhost:6274")
	f.StringVar(&m.h.TLSCert, "tls-cert", "", "http, sse: PEM file with the server's TLS certificate and chain; read again when it changes (needs --tls-key)")
	f.StringVar(&m.h.TLSKey, "tls-key", "", "http, sse: PEM file with the private key of --tls-cert")
}

// stateFlags are for servers that restart or run several times. They are those of http only.
func (m *mcpRun) stateFlags(f *pflag.FlagSet) {
	f.StringVar(&m.o.StateKeyFile, "state-key-file", "", "http: file with a key that signs sessions and questions, so that they outlast a restart. To replace the key, put the new one on a line above it")
	f.BoolVar(&m.h.Stateless, "stateless", false, "http: serve clients from several replicas behind any load balancer (needs --state-key-file, with the same file for all)")
}

// fitting refuses an unknown transport, and flags that the transport does not have.
func (m *mcpRun) fitting(cmd *cobra.Command) (err error) {
	if err := filled(cmd.LocalNonPersistentFlags()); err != nil {
		return err
	}
	if !slices.Contains(transports, m.transport) {
		return usageError(fmt.Sprintf("--transport: %q is not one of %s", m.transport, strings.Join(transports, ", ")))
	}
	refuse := func(flags *pflag.FlagSet, transports string) {
		flags.VisitAll(func(f *pflag.Flag) {
			if err == nil && cmd.Flags().Changed(f.Name) {
				err = usageError(fmt.Sprintf("--%s needs --transport %s", f.Name, transports))
			}
		})
	}
	switch m.transport {
	case "stdio":
		refuse(m.listening, "http or sse")
		refuse(m.streamable, "http")
	case "sse":
		refuse(m.streamable, "http")
	}
	return err
}

// filled refuses flags that were given without a value, such as --audit-log "$FILE" where FILE
// is not set: what they were to protect would be unprotected, and nobody would know.
func filled(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), "")
		}
		if err == nil && f.Changed && strings.TrimSpace(value) == "" {
			err = usageError(fmt.Sprintf("--%s is empty; give it a value, or remove it", f.Name))
		}
	})
	return err
}
