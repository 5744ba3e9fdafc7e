package output

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// capitals are the words that labels write in capitals.
var capitals = map[string]string{
	"id": "ID", "ids": "IDs", "url": "URL", "urls": "URLs", "tpm": "TPM", "rpm": "RPM", "mcp": "MCP", "sso": "SSO", "ui": "UI",
	"ip": "IP", "ips": "IPs", "api": "API", "jwt": "JWT", "ttl": "TTL", "ssl": "SSL", "json": "JSON", "usd": "USD", "db": "DB", "litellm": "LiteLLM",
}

// label is the name of a column or member for a person: "Budget ID" for budget_id. A name
// with a capital is a label already.
func label(name string) string {
	if strings.ToLower(name) != name {
		return visible(name)
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == ' ' })
	for i, word := range words {
		if in := capitals[word]; in != "" {
			words[i] = in
		} else if i == 0 {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return visible(strings.Join(words, " "))
}

// money is an amount in dollars with at least cents; below a dollar it has up to four
// decimals, and what is not zero never looks like zero.
func money(amount float64) string {
	// The gateway adds up binary fractions: 0.0000615 comes as 0.000061499999999.
	amount, _ = strconv.ParseFloat(decimal(strconv.FormatFloat(amount, 'g', -1, 64), 0), 64)
	switch small := math.Abs(amount); {
	case small >= 1 || small == 0:
		return strconv.FormatFloat(amount, 'f', 2, 64)
	case small >= 0.001:
		text := strings.TrimRight(strconv.FormatFloat(amount, 'f', 4, 64), "0")
		_, cents, _ := strings.Cut(text, ".")
		return text + strings.Repeat("0", max(2-len(cents), 0))
	}
	return decimal(strconv.FormatFloat(amount, 'g', 2, 64), 0)
}

func usd(amount float64) string { return money(amount) + " USD" }

// dated is a time as a distance from now, with its date: "in 3 days (2026-12-01)".
func dated(at, now time.Time) string {
	at = at.UTC()
	layout, away := time.DateOnly, distance(at, now)
	switch d := at.Sub(now).Abs(); {
	case d < 2*day:
		layout = "2006-01-02 15:04 MST"
	case d >= 100*year:
		return away // a date
	}
	return away + " (" + at.Format(layout) + ")"
}

// empty tells whether a value says nothing.
func empty(value json.RawMessage) bool {
	switch head(value) {
	case 0, 'n':
		return true
	case '"':
		return len(value) == len(`""`)
	case '[':
		for range secret.Elements(value) {
			return false
		}
		return true
	case '{':
		for range secret.Members(value) {
			return false
		}
		return true
	}
	return false
}

// plain is a value on a line, or "" for one that has none or needs several.
func (c *viewCodec) plain(column operation.Column, value json.RawMessage) string {
	if empty(value) {
		return ""
	}
	switch head(value) {
	case '[':
		if column.Each != nil {
			return visible(columnCell(value, column))
		}
		return scalars(value)
	case '{':
		if column.Format == operation.Limited {
			return c.limited(value)
		}
		return pairs(value, column.Name == metadataName)
	case 't':
		return "yes"
	case 'f':
		return "no"
	case '"':
		return c.textFact(secret.Unquote(value), column)
	}
	switch column.Format {
	case operation.Dollars:
		if n, err := strconv.ParseFloat(string(value), 64); err == nil {
			return usd(n)
		}
	case operation.DollarsPerMillion:
		return visible(cell(value, column.Format)) + " USD per million tokens"
	case operation.Time:
		return c.when(cell(value, operation.Time))
	}
	return visible(cell(value, operation.Dollars)) // digits without noise
}

// textFact is a text on a line.
func (c *viewCodec) textFact(text string, column operation.Column) string {
	switch column.Format {
	case operation.Dollars:
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return usd(n)
		}
	case operation.DollarsPerMillion:
		return visible(formatText(text, column.Format)) + " USD per million tokens"
	}
	return c.when(formatTime(text))
}

// when is a time as a distance, or another text as it is.
func (c *viewCodec) when(text string) string {
	if at, ok := parseTime(text); ok {
		return dated(at, c.now)
	}
	return visible(text)
}

// scalars joins a list of scalars; "" for any other list.
func scalars(value json.RawMessage) string {
	var words []string
	for v := range secret.Elements(value) {
		if h := head(v); h == '{' || h == '[' {
			return ""
		}
		if word := visible(cell(v, operation.Dollars)); word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// metadataName is the fact that leaves out what a view shows elsewhere.
const metadataName = "Metadata"

// elsewhere are the members of metadata that are facts of their own, and an identifier that
// helps nobody.
var elsewhere = []string{"guardrails", "tags", "model_rpm_limit", "model_tpm_limit", "team_member_budget_id"}

// flat tells whether an object has no more than scalars and lists of them.
func flat(value json.RawMessage) bool {
	for _, v := range secret.Members(value) {
		if h := head(v); !empty(v) && (h == '{' || h == '[' && scalars(v) == "") {
			return false
		}
	}
	return head(value) == '{'
}

// pairs joins the members of a flat object; "" for any other one. metadata leaves out what is
// shown elsewhere.
func pairs(value json.RawMessage, metadata bool) string {
	if !flat(value) {
		return ""
	}
	var words []string
	for name, v := range secret.Members(value) {
		text := cell(v, operation.Dollars)
		if head(v) == '[' {
			text = "[" + scalars(v) + "]"
		}
		if !empty(v) && !(metadata && slices.Contains(elsewhere, string(name))) {
			words = append(words, visible(string(name)+"="+text))
		}
	}
	return strings.Join(words, ", ")
}
