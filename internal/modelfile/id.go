package modelfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"litellm-proxy/internal/secret"
)

// deploymentID is the ID that the gateway gives a deployment of its configuration that has
// no model_info.id: a hash of the name and of all parameters as Python prints them. Where a
// parameter is a reference, the gateway hashes its value, so its ID is another.
func deploymentID(name string, params Value) string {
	var b strings.Builder
	b.WriteString(name)
	for _, m := range params.Members {
		b.WriteString(m.Name)
		switch m.Value.Kind {
		case Text, Date:
			b.WriteString(m.Value.Text)
		case Map:
			b.WriteString(pyJSON(m.Value))
		default:
			b.WriteString(pyRepr(m.Value))
		}
	}
	return secret.Hash(b.String())
}

// pyJSON is a value as json.dumps writes it.
func pyJSON(v Value) string {
	switch v.Kind {
	case List:
		return "[" + joined(v.Items, pyJSON) + "]"
	case Map:
		return "{" + joined(v.Members, func(m Member) string { return ascii(m.Name) + ": " + pyJSON(m.Value) }) + "}"
	case Text, Date:
		return ascii(v.Text)
	}
	return string(v.JSON())
}

// ascii is text as json.dumps writes it: everything else is escaped.
func ascii(s string) string {
	var b bytes.Buffer
	quote(&b, s)
	var out strings.Builder
	for _, r := range b.String() {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// pyRepr is a value as Python's repr writes it.
func pyRepr(v Value) string {
	switch v.Kind {
	case Null:
		return "None"
	case Bool:
		return map[string]string{"true": "True", "false": "False"}[v.Text]
	case List:
		return "[" + joined(v.Items, pyRepr) + "]"
	case Map:
		return "{" + joined(v.Members, func(m Member) string { return pyQuote(m.Name) + ": " + pyRepr(m.Value) }) + "}"
	case Text, Date:
		return pyQuote(v.Text)
	}
	return v.Text
}

// pyQuote is text as Python's repr writes it.
func pyQuote(s string) string {
	mark := '\''
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		mark = '"'
	}
	var b strings.Builder
	b.WriteRune(mark)
	for _, r := range s {
		switch {
		case r == mark || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || !unicode.IsPrint(r) && r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r) && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteRune(mark)
	return b.String()
}

func joined[T any](items []T, write func(T) string) string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = write(item)
	}
	return strings.Join(out, ", ")
}

// valueOf reads a JSON value, keeping the order of members and the digits of numbers.
func valueOf(raw json.RawMessage) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return decode(d, 0)
}

func decode(d *json.Decoder, depth int) (Value, error) {
	token, err := d.Token()
	if err != nil {
		return Value{}, err
	}
	if depth > maxDepth {
		return Value{}, fmt.Errorf("nested more than %d levels deep", maxDepth)
	}
	switch t := token.(type) {
	case nil:
		return Value{Kind: Null}, nil
	case bool:
		return Value{Kind: Bool, Text: fmt.Sprint(t)}, nil
	case json.Number:
		kind := Int
		if strings.ContainsAny(t.String(), ".eE") {
			kind = Float
		}
		return Value{Kind: kind, Text: t.String()}, nil
	case string:
		return Value{Kind: Text, Text: t}, nil
	}
	v := Value{Kind: List}
	if token == json.Delim('{') {
		v.Kind = Map
	}
	set := v.setter()
	for d.More() {
		name := ""
		if v.Kind == Map {
			key, err := d.Token()
			if err != nil {
				return Value{}, err
			}
			name, _ = key.(string)
		}
		item, err := decode(d, depth+1)
		if err != nil {
			return Value{}, err
		}
		if v.Kind == Map {
			set(Member{Name: name, Value: item})
		} else {
			v.Items = append(v.Items, item)
		}
	}
	_, err = d.Token()
	return v, err
}
