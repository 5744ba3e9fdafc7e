// Package seek ranks documents by the words of a question.
package seek

import (
	"maps"
	"math"
	"slices"

	"litellm-proxy/internal/nearest"
)

// Index holds the words of documents. Words are compared by their stems.
type Index struct {
	// Synonyms are further stems to look for, by the stem of a word in a question.
	Synonyms map[string][]string
	// Stop are words that say little; they count only in a question that has no others.
	Stop map[string]bool
	// Classes are the classes of documents that words ask for, by stem.
	Classes map[string]string
	// Prose is the weight of words in sentences. A word that has no higher weight anywhere
	// counts little.
	Prose float64

	documents []*Document
	in        map[string]int     // a stem → how many documents have it
	most      map[string]float64 // a stem → its highest weight
	whole     map[string]bool    // the words as they are
}

// Document is the words of one document.
type Document struct {
	index *Index
	class string
	words map[string]float64 // a stem → its highest weight
	title int                // number of words
}

const (
	// A synonym, and the class that a word names, count less than the word itself.
	asSynonym = 0.6
	asClass   = 2.0
	// So much is left of a word that is only in prose.
	asProse = 0.3
)

// New adds a document without words. A class that no word names is "".
func (ix *Index) New(class string) *Document {
	if ix.in == nil {
		ix.in, ix.most, ix.whole = map[string]int{}, map[string]float64{}, map[string]bool{}
	}
	d := &Document{index: ix, class: class, words: map[string]float64{}}
	ix.documents = append(ix.documents, d)
	return d
}

// Add adds the words of a text to the document.
func (d *Document) Add(weight float64, text string) { d.add(weight, text) }

// Title adds words of its title. Of two documents that fit, the one with the shorter title
// comes first.
func (d *Document) Title(weight float64, text string) { d.title += d.add(weight, text) }

func (d *Document) add(weight float64, text string) int {
	found := Words(text)
	for _, word := range found {
		d.index.whole[word] = true
		word = Stem(word)
		if _, has := d.words[word]; !has {
			d.index.in[word]++
		}
		d.words[word] = max(d.words[word], weight)
		d.index.most[word] = max(d.index.most[word], weight)
	}
	return len(found)
}

// Query is a question to an index.
type Query struct {
	index *Index
	terms []term
	all   float64 // the weight of all terms
}

// term is a word of a query with what may stand for it.
type term struct {
	words  []string // the first is the word itself
	class  string   // that the word names
	weight float64
}

// Query reads a question. A word that no document has is replaced by the nearest one, which
// is put into instead, or "" where there is none.
func (ix *Index) Query(text string, instead map[string]string) *Query {
	q := &Query{index: ix}
	var left []term
	var all []string
	seen := map[string]bool{}
	for _, word := range Words(text) {
		stem := Stem(word)
		if seen[stem] {
			continue
		}
		seen[stem] = true
		t := ix.term(stem)
		if !slices.ContainsFunc(t.words, func(w string) bool { return ix.in[w] > 0 }) && t.class == "" {
			near := ""
			if len(stem) > 3 {
				if all == nil {
					all = slices.Sorted(maps.Keys(ix.whole))
				}
				near = nearest.Name(word, all, 2+len(stem)/6)
			}
			instead[word] = near
			if near == "" {
				continue
			}
			t = ix.term(Stem(near))
		}
		t.weight = ix.weight(t)
		if ix.Stop[word] {
			left = append(left, t)
			continue
		}
		q.terms = append(q.terms, t)
	}
	if len(q.terms) == 0 {
		q.terms = left
	}
	for _, t := range q.terms {
		q.all += t.weight
	}
	return q
}

func (ix *Index) term(stem string) term {
	return term{words: append([]string{stem}, ix.Synonyms[stem]...), class: ix.Classes[stem]}
}

// weight is how much a term says: the rarer its word, the more. Words that only prose has
// are mostly those of a sentence.
func (ix *Index) weight(t term) float64 {
	weight := math.Log(1 + float64(len(ix.documents))/float64(1+ix.in[t.words[0]]))
	if !slices.ContainsFunc(t.words, func(w string) bool { return ix.most[w] > ix.Prose }) {
		weight *= asProse
	}
	return weight
}

// Score returns how well document i fits: 0 if it has none of the words.
func (q *Query) Score(i int) float64 {
	d := q.index.documents[i]
	sum, has := 0.0, 0.0
	for _, t := range q.terms {
		best := 0.0
		for j, word := range t.words {
			weight := d.words[word]
			if j > 0 {
				weight *= asSynonym
			}
			best = max(best, weight)
		}
		if t.class != "" && t.class == d.class {
			best = max(best, asClass)
		}
		if best > 0 {
			sum += best * t.weight
			has += t.weight * min(1, 0.5*best/q.index.Prose) // a mention is half a word
		}
	}
	if has == 0 {
		return 0
	}
	share := has / q.all
	return sum * share * share / (1 + 0.04*float64(d.title))
}
