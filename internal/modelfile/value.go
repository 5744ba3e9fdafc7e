package modelfile

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Kind says what a scalar is to the gateway, or that a value is a list or a map.
type Kind int

// The kinds of values.
const (
	Null Kind = iota + 1
	Bool
	Int
	Float
	Text
	Date // an unquoted date or time, which becomes text
	List
	Map
)

// String returns the kind as people call it.
func (k Kind) String() string {
	return [...]string{"", "null", "a boolean", "an integer", "a number", "text", "a date", "a list", "a mapping"}[k]
}

// Place is where something stands in a file.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column,omitempty"`
}

// String returns the place as compilers write it.
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Value is a value of a file, typed as the gateway types it. Maps keep the order of their
// members, because the gateway derives IDs from it.
type Value struct {
	Kind    Kind
	Text    string // of a scalar: the text, or the number or boolean in JSON
	Items   []Value
	Members []Member
	Place   Place
	// Source is an unquoted scalar as it is written; "" if it is quoted.
	Source string
}

// Member is one member of a map.
type Member struct {
	Name  string
	Place Place
	Value Value
}

// Get returns the member of a map, or nil.
func (v *Value) Get(name string) *Value {
	if v == nil {
		return nil
	}
	for i := range v.Members {
		if v.Members[i].Name == name {
			return &v.Members[i].Value
		}
	}
	return nil
}

// set adds a member, or replaces its value in place, as a Python dict does.
func (v *Value) set(m Member) { v.setter()(m) }

// setter returns set for many members.
func (v *Value) setter() func(Member) {
	at := make(map[string]int, len(v.Members))
	for i, m := range v.Members {
		at[m.Name] = i
	}
	return func(m Member) {
		if i, ok := at[m.Name]; ok {
			v.Members[i].Value, v.Members[i].Place = m.Value, m.Place
			return
		}
		at[m.Name] = len(v.Members)
		v.Members = append(v.Members, m)
	}
}

// String returns the text of a scalar that is text, or "".
func (v *Value) String() string {
	if v == nil || v.Kind != Text && v.Kind != Date {
		return ""
	}
	return v.Text
}

// MarshalJSON returns the value as the gateway receives it.
func (v Value) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	v.encode(&b)
	return b.Bytes(), nil
}

// JSON returns the value as the gateway receives it.
func (v Value) JSON() json.RawMessage {
	var b bytes.Buffer
	v.encode(&b)
	return b.Bytes()
}

func (v Value) encode(b *bytes.Buffer) {
	switch v.Kind {
	case Null:
		b.WriteString("null")
	case Bool, Int, Float:
		b.WriteString(v.Text)
	case Text, Date:
		quote(b, v.Text)
	case List:
		b.WriteByte('[')
		for i, item := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.encode(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, m := range v.Members {
			if i > 0 {
				b.WriteByte(',')
			}
			quote(b, m.Name)
			b.WriteByte(':')
			m.Value.encode(b)
		}
		b.WriteByte('}')
	}
}

func quote(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // text can always be encoded
	b.Truncate(b.Len() - 1)
}
