package openapi

import "slices"

// maxParameters is how many parameters a path may have; real ones have up to 2.
const maxParameters = 10

// maxForms is how many schemas one may be made of; real ones are made of fewer than 100.
const maxForms = 250

// bound takes the parts away from a schema that is made of itself or of very many others, so
// that whoever follows the parts of one comes to an end. It then allows everything.
func (d *Document) bound() {
	w := weigher{d: d, known: map[*Schema]int{}}
	d.each(func(s *Schema) { w.weigh(s) })
}

// weigher counts the schemas that one is made of, with those that its parts are made of.
type weigher struct {
	d     *Document
	known map[*Schema]int // underway: a schema whose parts are being counted
}

const underway = -1

func (w *weigher) weigh(s *Schema) int {
	if s = w.d.Resolve(s); w.known[s] != 0 {
		return w.known[s]
	}
	w.known[s] = underway
	sum := 1
	for _, part := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		if n := w.weigh(part); n == underway {
			sum = maxForms + 1
		} else {
			sum += n
		}
	}
	// A list may hold lists of its own kind.
	inner := []*Schema{s.Items}
	if s.Additional != nil {
		inner = append(inner, s.Additional.Schema)
	}
	for _, part := range inner {
		if part != nil {
			sum += max(w.weigh(part), 1)
		}
	}
	if sum > maxForms {
		s.AnyOf, s.OneOf, s.AllOf, s.Items, s.Additional = nil, nil, nil, nil, nil
		sum = 1
	}
	w.known[s] = sum
	return sum
}
