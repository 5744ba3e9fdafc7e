package secret

import (
	"bytes"
	"encoding/json"
)

// Encode is [json.Marshal] without HTML escapes, for values that cannot fail;
// one that does is null.
func Encode(v any) json.RawMessage {
	if raw, ok := v.(json.RawMessage); ok {
		if raw == nil {
			return json.RawMessage("null")
		}
		return raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(b.Bytes())
}

// Member is one member of an [Object]. A Value of type [json.RawMessage] is
// written as it is.
type Member struct {
	Name  string
	Value any
}

// Object is a JSON object whose members keep their order.
type Object []Member

// MarshalJSON implements [json.Marshaler]. Called directly or through [Encode],
// it escapes no HTML.
func (o Object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, Encode(m.Name)...)
		b = append(b, ':')
		b = append(b, Encode(m.Value)...)
	}
	return append(b, '}'), nil
}

// Compact removes the blanks between the tokens of a JSON value; anything that
// is not JSON becomes null. A value without blanks is returned as it is, not
// copied.
func Compact(value json.RawMessage) json.RawMessage {
	if !json.Valid(value) {
		return json.RawMessage("null")
	}
	var out []byte
	copied := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"':
			i = StringEnd(value, i) - 1
		case ' ', '\n', '\t', '\r':
			out = append(out, value[copied:i]...)
			copied = i + 1
		}
	}
	if copied == 0 {
		return value
	}
	return append(out, value[copied:]...)
}

// Dense removes blanks and, at every depth, the members whose value says
// nothing: null, "", [] or {}. Zero and false say something, and array items
// keep their places. Anything that is not JSON becomes null.
func Dense(value json.RawMessage) json.RawMessage {
	value = Compact(value)
	out := make([]byte, 0, len(value)+1)
	// Each value is followed by a comma until its container closes.
	type frame struct {
		object        bool
		member, value int // where they begin in out
	}
	stack := []frame{{}}
	for i := 0; i < len(value); {
		top := &stack[len(stack)-1]
		end := i + 1
		switch c := value[i]; c {
		case ',':
			i++
			continue
		case '{', '[':
			out = append(out, c)
			stack = append(stack, frame{object: c == '{', member: len(out)})
			i++
			continue
		case '}', ']':
			out = append(bytes.TrimSuffix(out, comma), c)
			stack = stack[:len(stack)-1]
			top = &stack[len(stack)-1]
		default:
			end = skipValue(value, i)
			out = append(out, value[i:end]...)
			if at(value, end) == ':' {
				out = append(out, ':')
				top.value = len(out)
				i = end + 1
				continue
			}
		}
		if top.object && saysNothing(out[top.value:]) {
			out = out[:top.member]
		} else {
			out = append(out, ',')
			top.member = len(out)
		}
		i = end
	}
	return bytes.TrimSuffix(out, comma)
}

var comma = []byte{','}

func saysNothing(value []byte) bool {
	switch string(value) {
	case "null", `""`, "[]", "{}":
		return true
	}
	return false
}
