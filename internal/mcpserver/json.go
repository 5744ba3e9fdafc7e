package mcpserver

import (
	"bytes"
	"encoding/json"
)

// member is one member of a JSON object whose order is kept.
type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of a JSON object in their order, and whether it is
// one.
func members(raw json.RawMessage) ([]member, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	out := []member{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, false
		}
		name, ok := t.(string)
		if !ok {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		out = append(out, member{name, value})
	}
	return out, true
}

// object writes members as a JSON object.
func object(list []member) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(m.name))
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// array writes values as a JSON array.
func array(list []json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(v)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// encode is json.Marshal without HTML escapes, for values that cannot fail.
func encode(value any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(b.Bytes())
}

// compact takes the blanks out of a JSON value; what is no JSON is null.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return json.RawMessage("null")
	}
	return b.Bytes()
}

// isEmpty tells whether a value says nothing: null, "", [] or {}. 0 and false
// say something.
func isEmpty(value json.RawMessage) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}":
		return true
	}
	return false
}

// dense leaves out the members that say nothing, at every depth; order and digits
// stay. Items of arrays keep their places. The value must be compact.
func dense(value json.RawMessage) json.RawMessage {
	if len(value) == 0 {
		return json.RawMessage("null")
	}
	switch value[0] {
	case '{':
		list, ok := members(value)
		if !ok {
			return value
		}
		kept := list[:0]
		for _, m := range list {
			if m.value = dense(m.value); !isEmpty(m.value) {
				kept = append(kept, m)
			}
		}
		return object(kept)
	case '[':
		var items []json.RawMessage
		if json.Unmarshal(value, &items) != nil {
			return value
		}
		for i := range items {
			items[i] = dense(items[i])
		}
		return array(items)
	}
	return value
}
