package cli

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// takeAuthorization takes a typed Authorization header out of the arguments of a raw
// request. It replaces the key for this request; a tool cannot do that.
func (c *call) takeAuthorization() error {
	var header map[string]string
	if !c.op.Consent.Typed || json.Unmarshal(c.values.args["header"], &header) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !strings.EqualFold(name, "Authorization") {
			continue
		}
		if c.authorization != "" {
			return usageError("--header: Authorization is given twice")
		}
		value, literal, err := c.sources.at(header[name], "Authorization header")
		switch {
		case proxyclient.CodeOf(err) == proxyclient.CodeCanceled:
			return err
		case err != nil:
			return usageError("--header: " + err.Error())
		case strings.TrimSpace(value) == "":
			return usageError("--header: Authorization is empty; to send no key, unset it")
		}
		c.authorization = strings.TrimSpace(value)
		_, credential, ok := strings.Cut(c.authorization, " ")
		if !ok {
			credential = c.authorization
		}
		c.typed = strings.TrimSpace(credential)
		delete(header, name)
		c.note("The Authorization header that you gave replaces the key for this request.")
		if literal && isTerminal(c.Stderr) {
			c.note("It is visible in the process list; use -H Authorization:@file.")
		}
	}
	if c.authorization == "" {
		return nil
	}
	if c.values.args["header"] = operation.Encode(header); len(header) == 0 {
		delete(c.values.args, "header")
	}
	return nil
}
