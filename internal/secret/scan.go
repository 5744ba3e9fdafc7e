package secret

import (
	"bytes"
	"context"
	"net/url"
	"slices"
)

// job is the work for one document: what it hides, how much was done, and
// whether to go on.
type job struct {
	ctx   context.Context
	own   [][]byte
	found []int // where each of own comes next, for the scanner at work
	work  int   // bytes looked at, whatever for: grows with the length of the input
	next  int   // work at which ctx is asked again
	err   error

	ownOnly bool // nothing but own is hidden for now
}

const checkEvery = 64 << 10

// canceled reports whether to stop; err says why.
func (j *job) canceled() bool {
	if j.work >= j.next && j.err == nil {
		j.next = j.work + checkEvery
		j.err = j.ctx.Err()
	}
	return j.err != nil
}

// newJob prepares to hide own, in each form a text may hold it.
func newJob(ctx context.Context, own []string) *job {
	j := &job{ctx: ctx}
	for _, key := range own {
		if len(key) < minOwn {
			continue
		}
		quoted := string(Encode(key))
		for _, form := range []string{key, url.QueryEscape(key), url.PathEscape(key), quoted[1 : len(quoted)-1]} {
			if b := []byte(form); !slices.ContainsFunc(j.own, func(o []byte) bool { return bytes.Equal(o, b) }) {
				j.own = append(j.own, b)
			}
		}
	}
	// Of two keys that begin alike, the longer one is hidden.
	slices.SortStableFunc(j.own, func(a, b []byte) int { return len(b) - len(a) })
	j.found = make([]int, len(j.own))
	return j
}

// scanner finds the secrets of a text in one pass: what it masks or decides to
// show it does not look at again.
type scanner struct {
	*job
	in   []byte
	edit func(from, to int, with string) // called in the order of the text
	done int                             // in[:done] is decided
	with string                          // what stands before done instead, if that was masked

	run, calm int // ends of the run of key bytes, and of one without random parts
	ownAt     int // the next of own, len(in) without one
	ownKey    []byte
}

// scan calls edit for each secret of in. Together, the edits mask all of them.
func (j *job) scan(in []byte, edit func(from, to int, with string)) {
	if len(in) < minOwn || len(in) < 8 && len(j.own) == 0 {
		return
	}
	s := scanner{job: j, in: in, edit: edit}
	for i := range j.found {
		j.found[i] = -1
	}
	s.findOwn(0)
	for i := 0; !j.ownOnly && i < len(in) && !j.canceled(); {
		before := i
		switch {
		case i >= s.ownAt:
			i = s.ownHere(i)
		case kinds[in[i]]&kindAlnum != 0:
			i = s.word(i)
		case in[i] == ':' || in[i] == '=':
			i = s.delimiter(i)
		default:
			i++
		}
		j.work += i - before
	}
	for s.ownAt < len(in) {
		s.putOwn()
	}
}

// redacted is a copy of in without its secrets, or nil if it has none.
func (j *job) redacted(in []byte) (out []byte) {
	copied := 0
	j.scan(in, func(from, to int, with string) {
		out = append(append(out, in[copied:from]...), with...)
		copied = to
	})
	if out == nil {
		return nil
	}
	return append(out, in[copied:]...)
}

// word looks for secrets that begin with the word at i. A letter that belongs to
// an escape (\n, \u0022, %20) is no part of a word.
func (s *scanner) word(i int) int {
	starts := [3]int{i, -1, -1}
	if i > 0 {
		switch s.in[i-1] {
		case '\\':
			starts[1] = i + 1
			if s.in[i] == 'u' {
				starts[2] = i + 5
			}
		case '%':
			starts[1] = i + 2
		}
	}
	for _, w := range starts {
		if w < 0 || w >= len(s.in) || w > i && !all(s.in[i:w], isAlnum) {
			continue
		}
		if c := s.in[w]; shapes[c] != nil || c == 'b' {
			if end, ok := s.token(w); ok {
				return end
			}
		}
	}
	return span(s.in, i, kindAlnum)
}

// mask hides in[from:to] and returns where to go on. The caller's own keys
// before it, or across its ends, are hidden with it.
func (s *scanner) mask(from, to int, with string) int {
	for s.ownAt < from {
		from = max(from, s.putOwn())
	}
	for s.ownAt < to {
		to = max(to, s.ownAt+len(s.ownKey))
		s.findOwn(max(to, s.ownAt+1))
	}
	from = max(from, s.done)
	if from < to {
		s.edit(from, to, with)
		s.done, s.with = to, with
	}
	return to
}

// findOwn finds the first of the caller's own keys in in[from:]. Where each key
// is found is remembered, so that one that is missing is not searched again.
func (s *scanner) findOwn(from int) {
	s.ownAt = len(s.in)
	for i, key := range s.own {
		if s.found[i] < from {
			s.found[i] = len(s.in)
			if n := bytes.Index(s.in[min(from, len(s.in)):], key); n >= 0 {
				s.found[i] = from + n
			}
		}
		if s.found[i] < s.ownAt {
			s.ownAt, s.ownKey = s.found[i], key
		}
	}
}

// ownHere hides the caller's own key at or before i, or the longer secret that
// begins like it.
func (s *scanner) ownHere(i int) int {
	if i == s.ownAt && isAlnum(s.in[i]) {
		if end := s.word(i); s.done > i {
			return end
		}
	}
	return max(i, s.putOwn())
}

// putOwn hides the next of the caller's own keys and returns its end.
func (s *scanner) putOwn() int {
	from, to, key := s.ownAt, s.ownAt+len(s.ownKey), s.ownKey
	s.findOwn(to)
	if from = max(from, s.done); from < to {
		with := Mask(string(key))
		s.edit(from, to, with)
		s.done, s.with = to, with
	}
	return to
}
