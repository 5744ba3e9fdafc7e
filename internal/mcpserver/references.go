package mcpserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/references"
	"litellm-proxy/proxyclient"
)

// nameSecrets finds the secrets of this server that the arguments name. From here on, a
// placeholder stands for each, and the client fills them in as it sends the request.
func (c *call) nameSecrets() error {
	args := maps.Clone(c.args)
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if f, _ := c.op.Field(name); f.Kind == operation.KindMessages {
			continue // the words of a conversation
		}
		value, found, err := c.s.named.Resolve(name, args[name])
		if err != nil {
			return proxyclient.Wrap(c.op.Path, usage("nothing was sent: %v", err))
		}
		args[name] = value
		c.secrets = append(c.secrets, found...)
	}
	if len(c.secrets) == 0 {
		return nil
	}
	switch first := c.secrets[0].Name; {
	case c.op.EffectFor(args) == operation.Read:
		return proxyclient.Wrap(c.op.Path, usage("nothing was sent: %s names a secret of this server, and those are sent in writes only", first))
	case c.op.Resource() == "http":
		return proxyclient.Wrap(c.op.Path, usage("nothing was sent: %s names a secret of this server, and raw requests take none; use the tool for the thing", first))
	}
	values := map[string]string{}
	for _, s := range c.secrets {
		values[s.Placeholder] = s.Value
	}
	c.args, c.client = args, c.client.WithSecrets(values)
	return nil
}

// sensitive says that the call sends secrets of this server, a phrase each.
func (c *call) sensitive() (phrases []string) {
	for _, s := range c.secrets {
		phrases = append(phrases, fmt.Sprintf("sends the secret %s of this server to the gateway (%s)", operation.Name(s.Name), operation.Name(s.Where)))
	}
	return phrases
}

// secretNames are the names of those secrets.
func (c *call) secretNames() (names []string) {
	for _, s := range c.secrets {
		names = append(names, s.Name)
	}
	return names
}

// referenceWords is the line of the instructions about references, or "".
func referenceWords(o Options) string {
	var ways []string
	for _, name := range o.SecretEnv {
		ways = append(ways, "env:"+strings.TrimSpace(name))
	}
	if more := len(ways) - 3; more > 0 {
		ways = append(ways[:3:3], fmt.Sprintf("%d more", more))
	}
	if o.SecretDir != "" {
		ways = append(ways, "file:NAME")
	}
	if len(ways) == 0 {
		return ""
	}
	return "- Give a provider's secret by reference: " + strings.Join(ways, ", ") + "."
}

// newReferences are the secrets that arguments may name.
func newReferences(o Options, getenv func(string) string) (*references.Source, error) {
	s, err := references.New(o.SecretEnv, o.SecretDir, getenv)
	if err != nil {
		return nil, usage("%v", err)
	}
	return s, nil
}
