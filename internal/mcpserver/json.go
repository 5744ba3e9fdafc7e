package mcpserver

import (
	"encoding/json"

	"litellm-proxy/internal/secret"
)

// member is one member of a JSON object whose order is kept.
type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of a JSON object in their order, and whether it is
// one.
func members(raw json.RawMessage) ([]member, bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, false
	}
	out := []member{}
	for name, value := range secret.Members(raw) {
		out = append(out, member{string(name), value})
	}
	return out, true
}

// object writes members as a JSON object.
func object(list []member) json.RawMessage {
	o := make(secret.Object, len(list))
	for i, m := range list {
		o[i] = secret.Member{Name: m.name, Value: m.value}
	}
	b, _ := o.MarshalJSON() // never fails
	return b
}

// encode is [secret.Encode].
func encode(value any) json.RawMessage { return secret.Encode(value) }
