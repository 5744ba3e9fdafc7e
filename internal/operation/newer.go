package operation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// requester is an action that sends its arguments in one request.
type requester interface{ request() (method, path string) }

func (e Endpoint[In]) request() (method, path string) { return e.Method, e.Path }

func (l List[In]) request() (method, path string) {
	if l.Of.NoTotal { // also for gateways that know neither pages nor filters
		return "", ""
	}
	return "GET", l.Of.Path
}

// request returns the request that carries the arguments, or "" if that is not known.
func (op *Operation) request() (method, path string) {
	if r, ok := op.Do.(requester); ok {
		return r.request()
	}
	request, _ := known(op.Path)
	method, path, _ = strings.Cut(request, " ")
	return method, path
}

// newer returns the fields of the request that came to the gateway after 1.83.14, as the
// caller names them, with the versions that first had them.
func (c *Call) newer() map[string]string {
	method, path := c.op.request()
	found := map[string]string{}
	add := func(name, shown string) {
		if version := proxyclient.FieldSince(method, path, name); version != "" {
			found[shown] = version
		}
	}
	for name, value := range c.args {
		var extra map[string]json.RawMessage
		if name != ExtraField || json.Unmarshal(value, &extra) != nil {
			add(name, "{"+name+"}")
			continue
		}
		for name := range extra {
			add(name, name)
		}
	}
	return found
}

// checkNewer refuses arguments that the gateway is too old for: it would ignore them, and a
// limit would limit nothing, a filter find everything.
func (c *Call) checkNewer(ctx context.Context) error {
	newer := c.newer()
	if len(newer) == 0 {
		return nil
	}
	version, err := c.env.Client.Version(ctx)
	if e := AsError(err); e != nil && e.Status == 0 {
		return err
	}
	var ignored []string
	needs := ""
	for _, name := range slices.Sorted(maps.Keys(newer)) {
		if proxyclient.Older(version, newer[name]) {
			ignored = append(ignored, name)
			if needs == "" || proxyclient.Older(needs, newer[name]) {
				needs = newer[name]
			}
		}
	}
	if version == "" || ignored == nil {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeUnsupported,
		Message: "this gateway is LiteLLM " + version + ", which ignores " + strings.Join(ignored, ", ") + "; nothing was sent",
		Hint:    "upgrade the gateway to LiteLLM " + needs + " or later"}
}
