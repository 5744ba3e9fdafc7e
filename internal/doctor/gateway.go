package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// word is a text in a JSON document, or "".
func word(body []byte, path string) (text string) {
	_ = json.Unmarshal(secret.Lookup(body, path), &text)
	return text
}

// gateway asks whether a LiteLLM gateway answers at the URL.
func (e *exam) gateway(ctx context.Context) []Finding {
	if e.probed != nil {
		if f := e.probed.silent(); f != nil {
			return f
		}
	}
	body, err := e.ready(ctx)
	switch {
	case err == nil && word(body, "status") == "":
		return fail(proxyclient.CodeBadAnswer, "the server that answers is not a LiteLLM gateway", "check the host, port and path in {base_url}")
	case err == nil, word(body, "db") != "":
		return good("answers: status %s", cmp.Or(word(body, "status"), "unhealthy"))
	}
	if e.speaksTLS(ctx) {
		return fail(proxyclient.CodeUnreachable, "the gateway speaks TLS, but the URL starts with http://", "use https:// in {base_url}")
	}
	f := failed(proxyclient.CodeUnreachable, err, "check {base_url} and that the gateway is running")
	if c := proxyclient.CodeOf(err); c != "" {
		f[0].code = c
	}
	if e := asError(err); e != nil && e.Status >= http.StatusInternalServerError {
		f[0].Found = fmt.Sprintf("the answer was HTTP %d: %s", e.Status, f[0].Found)
	}
	if c := f[0].code; c == proxyclient.CodeUnsupported || c == proxyclient.CodeNotFound {
		f = fail(c, "the server that answers is not a LiteLLM gateway: it has no /health/readiness", "check the host, port and path in {base_url}")
	}
	return f
}

// ready reads the gateway's readiness. A gateway that is not ready says why in an error.
func (e *exam) ready(ctx context.Context) (json.RawMessage, error) {
	body, err := e.Client.JSON(ctx, proxyclient.Request{Method: http.MethodGet, Path: "/health/readiness", Read: true})
	if e := asError(err); e != nil && json.Valid(e.Body) {
		body = e.Body
	}
	return body, err
}

// database asks whether the gateway has one: keys, users and teams are in it.
func (e *exam) database(ctx context.Context) []Finding {
	body, err := e.ready(ctx)
	switch db := word(body, "db"); db {
	case "connected":
		return good("connected")
	case "Not connected":
		return warn("the gateway has no database: it keeps no keys, users or teams", "set DATABASE_URL on the gateway")
	case "":
		if err != nil {
			return failed(proxyclient.CodeUnavailable, err, "check the gateway's log")
		}
		return skip("the gateway does not say")
	default:
		return fail(proxyclient.CodeUnavailable, "the gateway's database is "+strings.ToLower(db), "check DATABASE_URL on the gateway and that its database is running")
	}
}

// version compares the gateway's with what this program was built for.
func (e *exam) version(ctx context.Context) []Finding {
	have, err := e.Client.Version(ctx)
	switch {
	case asError(err) != nil && asError(err).Status == 0:
		return failed(proxyclient.CodeUnreachable, err, "")
	case have == "" && err != nil:
		return skip("the gateway tells its version only with a proxy admin's key")
	case have == "":
		return skip("the gateway does not tell its version")
	case before(have, e.Oldest):
		return warn(fmt.Sprintf("LiteLLM %s is older than %s, the oldest that this program is tested with", have, e.Oldest), "upgrade the gateway if commands fail")
	case before(e.BuiltFor, have):
		return good("LiteLLM %s, newer than %s, which this program was built for", have, e.BuiltFor)
	}
	return good("LiteLLM %s", have)
}

// before compares versions number by number: 1.90.7 is before 1.110.2. What is no number
// is equal to everything.
func before(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		n, errN := strconv.Atoi(x[i])
		m, errM := strconv.Atoi(y[i])
		if errN != nil || errM != nil {
			return false
		}
		if n != m {
			return n < m
		}
	}
	return false
}

// key looks at the key as it is set.
func (e *exam) key(context.Context) []Finding {
	key, from := strings.TrimSpace(e.Settings.APIKey), source(e.Settings.APIKeySource)
	if e.Client != nil && e.Client.HasKey() && (key == "" || e.Settings.Sandbox()) {
		// That of a session, or the sandbox's own.
		if e.Client.SignedIn() {
			return good("signed in%s", source(e.Client.APIKeySource()))
		}
		return good("%s%s", e.Client.MaskedKey(), source(e.Client.APIKeySource()))
	}
	if problem, fix := suspect(key); problem != "" {
		return fail(proxyclient.CodeUnauthorized, "the key"+from+" "+problem, fix)
	}
	switch {
	case key == "" && e.Trouble != nil:
		return skip("not known because of the settings")
	case key == "":
		return warn("no key is set", "set {api_key}, or sign in: litellm-proxy login")
	case !strings.HasPrefix(key, "sk-") && !strings.HasPrefix(key, proxyclient.TokenPrefix):
		return warn("the key"+from+" does not start with sk-", "check {api_key}; a gateway that verifies other tokens accepts it")
	}
	return good("%s%s", secret.Mask(key), from)
}

// suspect says why a key is probably none, without repeating it.
func suspect(key string) (problem, fix string) {
	if f := malformed.Key(key); f != nil {
		if f.Fix == "" {
			f.Fix = "to a key of the gateway"
		}
		return f.Why, "set {api_key} " + f.Fix
	}
	switch {
	case keyPart(key, malformed.Placeholder(key)) != "":
		return "is still a placeholder", "set {api_key} to a key of the gateway"
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "contains a blank or a character outside ASCII", "copy the key again"
	}
	return "", ""
}

// access asks the gateway what the key may do.
func (e *exam) access(ctx context.Context) []Finding {
	body, err := e.Account(ctx)
	state, role := word(body, "key.status"), word(body, "key.role")
	if err != nil {
		if state == "missing" {
			return failed(proxyclient.CodeUnauthorized, err, "set {api_key}")
		}
		fix := "set {api_key} to a key that the gateway accepts"
		if e.Client.SignedIn() {
			fix = "sign in again: {login}"
		}
		f := failed(proxyclient.CodeUnauthorized, err, fix)
		if c := proxyclient.CodeOf(err); c != "" {
			f[0].code = c
		}
		return f
	}
	if !e.Client.HasKey() {
		return good("the gateway accepts requests without a key")
	}
	text := "the gateway accepts the key"
	if role != "" {
		text += "; role: " + role
	} else {
		text += "; it belongs to no user, so it has no role"
	}
	if end, parsed := time.Parse(time.RFC3339, word(body, "key.expires")); parsed == nil {
		left := end.Sub(e.now())
		if signedIn := e.Client.SignedIn(); signedIn && left < time.Hour {
			return warn(fmt.Sprintf("%s; the session expires at %s", text, end.Local().Format("15:04")), "sign in again: {login}")
		} else if !signedIn && left < soon {
			return warn(fmt.Sprintf("%s; it expires in %s, on %s", text, days(left), day(end)), "get a new key, or extend this one: keys update --duration 90d")
		}
		text += "; it expires on " + day(end)
	}
	return good("%s", text)
}
