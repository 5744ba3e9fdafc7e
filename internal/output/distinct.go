package output

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"slices"

	"litellm-proxy/internal/secret"
)

// distinct is a valid JSON document in which no object has two members of one
// name: of such members the last counts, as in JSON; YAML forbids more than one.
// Without any it is the document itself.
func distinct(b json.RawMessage) json.RawMessage {
	r := repeats{in: b, seed: maphash.MakeSeed()}
	r.find()
	if len(r.found) == 0 {
		return b
	}
	slices.SortFunc(r.found, func(a, b span) int { return a.from - b.from })
	out, copied := make([]byte, 0, len(b)), 0
	for _, s := range r.found {
		if s.from >= copied { // not within one that goes already
			out = append(out, b[copied:s.from]...)
			copied = s.to
		}
	}
	return append(out, b[copied:]...)
}

const (
	// fewNames are searched one by one.
	fewNames = 128
	// maxNames bounds how many names of one object are compared.
	maxNames = 100_000
)

// repeats finds the members that later ones of the same object replace.
type repeats struct {
	in    []byte
	seed  maphash.Seed
	stack []scope
	found []span
}

// span is a member with the comma after it.
type span struct{ from, to int }

// scope is an object or array that is open.
type scope struct {
	object  bool
	named   bool // the name of the member under way came
	at      int  // its place in members, or -1
	members []span
	names   []uint64       // hashes
	index   map[uint64]int // of many names
}

func (r *repeats) find() {
	r.push(false)
	for i := 0; i < len(r.in); i++ {
		top := &r.stack[len(r.stack)-1]
		switch r.in[i] {
		case '{':
			r.push(true)
		case '[':
			r.push(false)
		case '}', ']':
			r.stack = r.stack[:len(r.stack)-1]
		case ',':
			if top.named && top.at >= 0 {
				top.members[top.at].to = i + 1
			}
			top.named = false
		case '"':
			end := secret.StringEnd(r.in, i)
			if top.object && !top.named {
				r.member(top, i, end)
			}
			i = end - 1
		}
	}
}

// push opens a scope; its slices are those of one that was closed before.
func (r *repeats) push(object bool) {
	if n := len(r.stack); n < cap(r.stack) {
		r.stack = r.stack[:n+1]
	} else {
		r.stack = append(r.stack, scope{})
	}
	top := &r.stack[len(r.stack)-1]
	*top = scope{object: object, members: top.members[:0], names: top.names[:0]}
}

func (r *repeats) member(s *scope, from, end int) {
	s.named = true
	name := r.in[from+1 : end-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		name = []byte(secret.Unquote(r.in[from:end]))
	}
	hash := maphash.Bytes(r.seed, name)
	if s.at = s.find(hash); s.at >= 0 {
		r.found = append(r.found, s.members[s.at])
		s.members[s.at] = span{from, from}
		return
	}
	if len(s.names) == maxNames {
		return
	}
	s.at = len(s.names)
	s.names, s.members = append(s.names, hash), append(s.members, span{from, from})
	if s.index != nil {
		s.index[hash] = s.at
	}
}

// find is the place of a name, or -1.
func (s *scope) find(hash uint64) int {
	if len(s.names) <= fewNames {
		return slices.Index(s.names, hash)
	}
	if s.index == nil {
		s.index = make(map[uint64]int, 2*fewNames)
		for i, h := range s.names {
			s.index[h] = i
		}
	}
	if at, ok := s.index[hash]; ok {
		return at
	}
	return -1
}
