package openapi

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"litellm-proxy/internal/nearest"
)

// Hit is an endpoint that a search found.
type Hit struct {
	*Endpoint
	score float64
}

// Found is what a search found, best first.
type Found struct {
	Hits []Hit
	// Total is the number of endpoints that match, of which Hits are the first.
	Total int
	// Instead is, for each word that no endpoint has, the one that was searched for; "" for
	// a word that was left out.
	Instead map[string]string
}

// Query is what to search for.
type Query struct {
	Words string
	// Method limits the search to a method; "" means all.
	Method string
	// Limit is the number of hits; 0 means all.
	Limit int
	// Prefers reports endpoints to list first among equals.
	Prefers func(*Endpoint) bool
}

// The weight of a word by where it stands.
const (
	inPath        = 6.0
	inSummary     = 5.0
	inTag         = 2.0
	inParameter   = 2.0
	inField       = 1.6
	inDescription = 1.0
	// A synonym, and a method that the word names, count less than the word itself.
	asSynonym = 0.6
	asMethod  = 2.0
	// So much is left of a word that no endpoint has elsewhere than in its description.
	asProse = 0.3
	// Factors for endpoints that do not manage the gateway, and for those that
	// the caller prefers.
	asOther     = 0.8
	asPreferred = 1.1
)

// index is the words of the endpoints of a document.
type index struct {
	endpoints []*Endpoint
	words     []map[string]float64 // by endpoint: a word's weight
	length    []int                // by endpoint: the words of its path and summary
	in        map[string]int       // a stem → how many endpoints have it
	most      map[string]float64   // a stem → its highest weight
	all       []string             // the words, whole and sorted
}

// Search returns the endpoints that fit the words of a query, best first. Aliases of one
// endpoint, such as /v1/models and /models, are found once.
func (d *Document) Search(q Query) Found {
	d.indexed.Do(func() { d.index = d.makeIndex() })
	ix := d.index
	found := Found{Instead: map[string]string{}}
	terms := ix.terms(q.Words, found.Instead)
	if len(terms) == 0 {
		return found
	}
	for i, e := range ix.endpoints {
		if q.Method != "" && !strings.EqualFold(q.Method, e.Method) {
			continue
		}
		if score := ix.score(i, terms); score > 0 {
			if !e.Manages() {
				score *= asOther
			}
			if q.Prefers != nil && q.Prefers(e) {
				score *= asPreferred
			}
			found.Hits = append(found.Hits, Hit{e, score})
		}
	}
	slices.SortStableFunc(found.Hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.Path), len(b.Path)), strings.Compare(a.Path, b.Path))
	})
	found.Hits = distinct(found.Hits)
	// What has few of the words is noise behind what has all of them.
	for i, hit := range found.Hits {
		if hit.score < found.Hits[0].score/6 {
			found.Hits = found.Hits[:i]
			break
		}
	}
	if found.Total = len(found.Hits); q.Limit > 0 && found.Total > q.Limit {
		found.Hits = found.Hits[:q.Limit]
	}
	return found
}

// distinct keeps the first of endpoints that are the same but for a prefix.
func distinct(hits []Hit) []Hit {
	seen := map[string]bool{}
	return slices.DeleteFunc(hits, func(h Hit) bool {
		path := h.Path
		for _, prefix := range []string{"/openai/deployments/{model}", "/engines/{model}", "/openai", "/{provider}", "/v1beta", "/v1", "/litellm"} {
			path = strings.TrimPrefix(path, prefix)
		}
		name := h.Method + " " + path + " " + h.Summary
		again := seen[name]
		seen[name] = true
		return again
	})
}

func (d *Document) makeIndex() *index {
	ix := &index{in: map[string]int{}, most: map[string]float64{}}
	whole := map[string]bool{}
	for _, e := range d.Endpoints {
		if e.Tag == "WebSocket" {
			continue // no request
		}
		has := map[string]float64{}
		add := func(weight float64, text string) int {
			found := words(text)
			for _, word := range found {
				whole[word] = true
				word = stemOf(word)
				has[word] = max(has[word], weight)
				ix.most[word] = max(ix.most[word], weight)
			}
			return len(found)
		}
		length := add(inPath, e.Path) + add(inSummary, e.Summary)
		add(inTag, e.Tag)
		add(inDescription, clip(e.Description, 2000))
		for _, p := range e.Parameters {
			if p.In != "path" && p.In != "header" {
				add(inParameter, p.Name)
				add(inDescription, clip(p.Description, 200))
			}
		}
		for _, body := range e.Bodies {
			d.names(body, 2, func(name string) { add(inField, name) })
		}
		ix.endpoints, ix.words, ix.length = append(ix.endpoints, e), append(ix.words, has), append(ix.length, length)
		for word := range has {
			ix.in[word]++
		}
	}
	ix.all = slices.Sorted(maps.Keys(whole))
	return ix
}

// names calls a function with the names of the members of a schema, and of the objects in it
// as deep as given.
func (d *Document) names(s *Schema, depth int, do func(string)) {
	if s = d.Resolve(s); depth == 0 {
		return
	}
	for name, one := range s.Properties {
		do(name)
		d.names(one, depth-1, do)
	}
	for _, list := range [][]*Schema{s.AnyOf, s.OneOf, s.AllOf, {s.Items}} {
		for _, one := range list {
			if one != nil {
				d.names(one, depth-1, do)
			}
		}
	}
}

// term is a word of a query with what may stand for it.
type term struct {
	words  []string // the first is the word itself
	method string   // that the word names
	weight float64
}

// terms reads a query. A word that no endpoint has is replaced by the nearest one.
func (ix *index) terms(query string, instead map[string]string) (terms []term) {
	var left []term
	seen := map[string]bool{}
	for _, word := range words(clip(query, maxQuery)) {
		stem := stemOf(word)
		if seen[stem] {
			continue
		}
		seen[stem] = true
		t := term{words: append([]string{stem}, synonyms[stem]...), method: verbs[stem]}
		if !slices.ContainsFunc(t.words, func(w string) bool { return ix.in[w] > 0 }) && t.method == "" {
			near := ""
			if len(stem) > 3 {
				near = nearest.Name(word, ix.all, 2+len(stem)/6)
			}
			instead[word] = near
			if near == "" {
				continue
			}
			stem = stemOf(near)
			t.words, t.method = append([]string{stem}, synonyms[stem]...), verbs[stem]
		}
		t.weight = ix.weight(t)
		if stopWords[word] {
			left = append(left, t)
			continue
		}
		terms = append(terms, t)
	}
	if len(terms) == 0 {
		return left
	}
	return terms
}

// weight is how much a term says: the rarer its word, the more. Words that only descriptions
// have are mostly those of a sentence.
func (ix *index) weight(t term) float64 {
	weight := math.Log(1 + float64(len(ix.endpoints))/float64(1+ix.in[t.words[0]]))
	if !slices.ContainsFunc(t.words, func(w string) bool { return ix.most[w] > inDescription }) {
		weight *= asProse
	}
	return weight
}

// maxQuery is how much of a query is read.
const maxQuery = 400

// score is how well an endpoint fits: 0 if it has none of the words.
func (ix *index) score(i int, terms []term) float64 {
	sum, has := 0.0, 0.0
	for _, t := range terms {
		best := 0.0
		for j, word := range t.words {
			weight := ix.words[i][word]
			if j > 0 {
				weight *= asSynonym
			}
			best = max(best, weight)
		}
		if t.method != "" && t.method == ix.endpoints[i].Method {
			best = max(best, asMethod)
		}
		if best > 0 {
			sum += best * t.weight
			has += t.weight * min(1, 0.5*best/inDescription) // a mention is half a word
		}
	}
	all := 0.0
	for _, t := range terms {
		all += t.weight
	}
	if has == 0 {
		return 0
	}
	share := has / all
	// Of two with the words, the one with less besides them is meant.
	return sum * share * share / (1 + 0.04*float64(ix.length[i]))
}

// words returns the words of a text in lower case, with those in camelCase apart.
func words(text string) (found []string) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		start := 0
		runes := []rune(word)
		for i := 1; i < len(runes); i++ {
			if unicode.IsUpper(runes[i]) && unicode.IsLower(runes[i-1]) {
				found = append(found, strings.ToLower(string(runes[start:i])))
				start = i
			}
		}
		found = append(found, strings.ToLower(string(runes[start:])))
	}
	return found
}

// stemOf takes from an English word the endings of its forms: keys, blocked, rotating.
func stemOf(word string) string {
	if len(word) < 4 {
		return word
	}
	switch {
	case strings.HasSuffix(word, "ies"):
		word = word[:len(word)-3] + "y"
	case strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "xes"), strings.HasSuffix(word, "ches"):
		word = word[:len(word)-2]
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us") && !strings.HasSuffix(word, "is"):
		word = word[:len(word)-1]
	}
	for _, ending := range []string{"ing", "ed"} {
		if rest, ok := strings.CutSuffix(word, ending); ok && len(rest) > 3 && strings.ContainsAny(rest, "aeiouy") {
			word = rest
			if n := len(word); word[n-1] == word[n-2] && !strings.HasSuffix(word, "ll") && !strings.HasSuffix(word, "ss") {
				word = word[:n-1] // getting, stopped
			}
			break
		}
	}
	if rest, ok := strings.CutSuffix(word, "ion"); ok && len(rest) > 4 && strings.HasSuffix(rest, "t") {
		return rest // connection, deprecation
	}
	if strings.HasSuffix(word, "e") && len(word) > 4 {
		word = word[:len(word)-1]
	}
	return word
}

func clip(text string, most int) string {
	if len(text) > most {
		return text[:most]
	}
	return text
}
