package proxyclient

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"litellm-proxy/internal/secret"
)

// Version asks the gateway for its version: "1.110.2", or "" if it does not tell. Old
// gateways have it in /health/readiness, later ones only in the details.
func (c *Client) Version(ctx context.Context) (string, error) {
	body, err := c.ask(ctx, "/health/readiness/details")
	if CodeOf(err) == CodeUnsupported || CodeOf(err) == CodeNotFound {
		body, err = c.ask(ctx, "/health/readiness")
	}
	if err != nil {
		return "", err
	}
	var version string
	_ = json.Unmarshal(secret.Lookup(body, "litellm_version"), &version)
	return clip(oneLine(version), maxVersion), nil
}

// maxVersion is how much of a version is shown.
const maxVersion = 40

// ask reads a route. It does not explain why the route is missing.
func (c *Client) ask(ctx context.Context, path string) (json.RawMessage, error) {
	p, err := c.prepare(Request{Method: http.MethodGet, Path: path, Read: true})
	if err != nil {
		return nil, err
	}
	var out []byte
	err = c.send(ctx, p, func(a *attempt) (*Error, again) {
		body, e, more := c.readAll(a)
		out = body
		if e != nil {
			return e, more
		}
		if !json.Valid(body) {
			return c.notJSON(a.p, &Response{Status: a.resp.StatusCode, Header: a.resp.Header, Body: body}), never
		}
		return nil, never
	})
	return out, err
}

// explain adds to an error about a route that the gateway does not have which version the
// gateway is, and which one first had the route.
func (c *Client) explain(ctx context.Context, r Request, err error) error {
	e, is := err.(*Error)
	if !is {
		return err
	}
	first, route := since(e.Method, r.Path)
	// An older gateway takes the last word of such a route for the name of something.
	mistaken := e.Code == CodeNotFound && first != "" && !strings.Contains(route, anySegment)
	if !e.lacking && !mistaken {
		return err
	}
	version, failed := c.Version(ctx)
	if failed != nil {
		version = ""
	}
	// A gateway that should have the route, or may be newer than this program, lacks it for
	// another reason.
	later := first != "" && (version == "" || Older(version, first))
	if mistaken {
		if !later || version == "" {
			return err
		}
		e.Code, e.Message = CodeUnsupported, thisGateway+" has no route "+e.Method+" "+e.Path
	}
	if version != "" {
		e.Message = "this gateway is LiteLLM " + version + " and" + e.Message[len(thisGateway):]
		e.Hint = hintVersion
		if r.RawPath {
			e.Hint = hintPath
		}
	}
	if later {
		e.Message += "; it came with LiteLLM " + first
		if version != "" {
			e.Hint = hintUpgrade(first)
		}
	}
	return e
}

// thisGateway begins the message about a missing route.
const thisGateway = "this gateway"

// TooOld returns the error of a call that was not sent because the gateway is too old: of its
// version, which does what lacks says ("ignores --search"), and of the first that does not.
func TooOld(version, lacks, first string) *Error {
	return &Error{Code: CodeUnsupported, Message: "this gateway is LiteLLM " + version + ", which " + lacks + "; nothing was sent", Hint: hintUpgrade(first)}
}

func hintUpgrade(first string) string {
	return "upgrade the gateway to LiteLLM " + first + " or later"
}
