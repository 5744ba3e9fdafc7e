package output

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"hash/maphash"
	"slices"

	"litellm-proxy/internal/secret"
)

// ErrYAMLFull is the error of an answer with more names than can be compared.
var ErrYAMLFull = errors.New("YAML holds at most 262,144 fields in an object and the objects around it; use --format json")

const (
	// fewNames are searched one by one.
	fewNames = 128
	// someNames are remembered in memory that grows.
	someNames = 4096
	// maxNames bounds the names that are remembered: those of all objects that are
	// open at one place.
	maxNames = 1 << 18
	// maxGone is how many members are collected before they are overwritten.
	maxGone = 1 << 16
	// namePiece is how much of an escaped name is decoded at once.
	namePiece = 4 << 10
)

// distinct overwrites with blanks, in a valid JSON document, the members that a later
// one of the same name replaces: the last counts, as in JSON, and YAML forbids more
// than one.
func distinct(b json.RawMessage) error {
	r := repeats{in: b}
	r.hash.SetSeed(maphash.MakeSeed())
	err := r.find()
	r.blank()
	return err
}

// repeats finds the members that later ones of the same object replace. It takes
// memory for the names of the objects that are open, and for nothing else.
type repeats struct {
	in    []byte
	hash  maphash.Hash
	stack []scope
	names []member // of all scopes, those of the innermost last
	gone  []member // to be overwritten
}

// member is the last one of its name, with the comma after it.
type member struct {
	hash     uint64
	from, to uint32
}

// scope is an object or array that is open.
type scope struct {
	object bool
	named  bool     // the name of the member under way came
	at     int      // the place of that member in names
	base   int      // where its names begin
	index  []uint32 // of many names, see [repeats.reindex]
}

func (r *repeats) find() error {
	r.push(false)
	for i := 0; i < len(r.in); i++ {
		top := &r.stack[len(r.stack)-1]
		switch r.in[i] {
		case '{':
			r.push(true)
		case '[':
			r.push(false)
		case '}', ']':
			r.names = r.names[:top.base]
			top.index = nil
			r.stack = r.stack[:len(r.stack)-1]
		case ',':
			if top.named {
				r.names[top.at].to = uint32(i + 1)
			}
			top.named = false
		case '"':
			end := secret.StringEnd(r.in, i)
			if top.object && !top.named {
				if err := r.member(top, i, end); err != nil {
					return err
				}
			}
			i = end - 1
		}
	}
	return nil
}

func (r *repeats) push(object bool) {
	r.stack = append(r.stack, scope{object: object, base: len(r.names)})
}

// member takes the name in[from:end] and blanks the member that it replaces.
func (r *repeats) member(s *scope, from, end int) error {
	m := member{hash: r.sum(r.in[from:end]), from: uint32(from)}
	s.named = true
	if s.at = r.place(s, m.hash); s.at >= 0 {
		if r.gone = append(r.gone, r.names[s.at]); len(r.gone) == maxGone {
			r.blank()
		}
		r.names[s.at] = m
		return nil
	}
	if len(r.names) == maxNames {
		return ErrYAMLFull
	}
	if len(r.names) == someNames && cap(r.names) < maxNames {
		// Once and for all: a slice that grows leaves its former memory behind.
		r.names = append(make([]member, 0, maxNames), r.names...)
	}
	s.at = len(r.names)
	r.names = append(r.names, m)
	switch count := len(r.names) - s.base; {
	case count <= fewNames:
	case 2*count > len(s.index):
		r.reindex(s, count)
	default:
		r.enter(s, s.at)
	}
	return nil
}

// blank overwrites what was collected: where one lies within another, once.
func (r *repeats) blank() {
	slices.SortFunc(r.gone, func(a, b member) int { return cmp.Compare(a.from, b.from) })
	done := uint32(0)
	for _, m := range r.gone {
		for done = max(done, m.from); done < m.to; done++ {
			r.in[done] = ' '
		}
	}
	r.gone = r.gone[:0]
}

// sum is the hash of a name, however it is written.
func (r *repeats) sum(quoted []byte) uint64 {
	r.hash.Reset()
	if bytes.IndexByte(quoted, '\\') < 0 {
		_, _ = r.hash.Write(quoted[1 : len(quoted)-1])
		return r.hash.Sum64()
	}
	for piece := range secret.Pieces(quoted, namePiece) {
		_, _ = r.hash.Write(piece)
	}
	return r.hash.Sum64()
}

// place is where a name of the scope stands in names, or -1.
func (r *repeats) place(s *scope, hash uint64) int {
	names := r.names[s.base:]
	if len(names) <= fewNames {
		at := slices.IndexFunc(names, func(m member) bool { return m.hash == hash })
		if at >= 0 {
			at += s.base
		}
		return at
	}
	size := uint64(len(s.index))
	for i := hash % size; ; i = (i + 1) % size {
		at := s.index[i]
		if at == 0 {
			return -1
		}
		if r.names[at-1].hash == hash {
			return int(at - 1)
		}
	}
}

// reindex makes a hash table of the names of the scope: each stands, as its place in
// names and one, where its hash says or in the next free slot. Half of it is free.
func (r *repeats) reindex(s *scope, count int) {
	s.index = make([]uint32, 4*count)
	for at := s.base; at < len(r.names); at++ {
		r.enter(s, at)
	}
}

// enter puts a name into the index of the scope.
func (r *repeats) enter(s *scope, at int) {
	size := uint64(len(s.index))
	i := r.names[at].hash % size
	for s.index[i] != 0 {
		i = (i + 1) % size
	}
	s.index[i] = uint32(at + 1)
}
