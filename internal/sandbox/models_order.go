package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// ownFirst is a model's information as the gateway orders it: what was stored with the
// model, then the key of the price list and its entry.
type ownFirst struct {
	object
	own object
}

// MarshalJSON implements json.Marshaler.
func (o ownFirst) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	write := func(name string) error {
		value, err := json.Marshal(o.object[name])
		if err != nil {
			return err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		label, _ := json.Marshal(name)
		b.Write(append(append(label, ':'), value...))
		return nil
	}
	names := slices.Sorted(maps.Keys(o.object))
	rank := func(name string) int {
		_, own := o.own[name]
		switch {
		case own || name == "id" || name == "db_model":
			return 0
		case name == "key":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range names {
		if err := write(name); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// inOrder returns a described model with its information in the gateway's order.
func inOrder(described, model object) object {
	described["model_info"] = ownFirst{infoOf(described), infoOf(model)}
	return described
}
