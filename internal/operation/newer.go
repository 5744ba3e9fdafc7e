package operation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// newer returns the fields of the request that came to the gateway after 1.83.14, as the
// caller names them, with the versions that first had them.
func (c *Call) newer() map[string]string {
	found := map[string]string{}
	if list := c.op.Collection(); list != nil && list.NoTotal { // also for gateways that know neither pages nor filters
		return found
	}
	add := func(name, shown string) {
		for _, endpoint := range c.op.Endpoints() {
			method, path, _ := strings.Cut(endpoint, " ")
			if version := proxyclient.FieldSince(method, path, name); version != "" {
				found[shown] = version
			}
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
	if len(newer) == 0 || c.env.Lenient {
		return nil
	}
	version, err := c.version(ctx)
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
	return proxyclient.TooOld(version, "ignores "+strings.Join(ignored, ", "), needs)
}

// version returns the gateway's version, which a bulk run asks for once.
func (c *Call) version(ctx context.Context) (string, error) {
	if !c.Shares() {
		return c.env.Client.Version(ctx)
	}
	l := c.env.Shared.list("version")
	l.once.Do(func() {
		version, err := c.env.Client.Version(ctx)
		l.answer, l.err = Encode(version), err
	})
	return Word(l.answer), l.err
}
