package openapi

import (
	"cmp"
	"slices"
	"strings"

	"litellm-proxy/internal/seek"
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
	// Factors for endpoints that do not manage the gateway, and for those that
	// the caller prefers.
	asOther     = 0.8
	asPreferred = 1.1
)

// index finds endpoints by words.
type index struct {
	seek.Index
	endpoints []*Endpoint
}

// Search returns the endpoints that fit the words of a query, best first. Aliases of one
// endpoint, such as /v1/models and /models, are found once.
func (d *Document) Search(q Query) Found {
	d.indexed.Do(func() { d.index = d.makeIndex() })
	ix := d.index
	found := Found{Instead: map[string]string{}}
	query := ix.Query(clip(q.Words, maxQuery), found.Instead)
	for i, e := range ix.endpoints {
		if q.Method != "" && !strings.EqualFold(q.Method, e.Method) {
			continue
		}
		if score := query.Score(i); score > 0 {
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
	ix := &index{Index: seek.Index{Synonyms: synonyms, Stop: stopWords, Classes: verbs, Prose: inDescription}}
	for _, e := range d.Endpoints {
		if e.Tag == "WebSocket" {
			continue // no request
		}
		has := ix.New(e.Method)
		has.Title(inPath, e.Path)
		has.Title(inSummary, e.Summary)
		has.Add(inTag, e.Tag)
		has.Add(inDescription, clip(e.Description, 2000))
		for _, p := range e.Parameters {
			if p.In != "path" && p.In != "header" {
				has.Add(inParameter, p.Name)
				has.Add(inDescription, clip(p.Description, 200))
			}
		}
		for _, body := range e.Bodies {
			d.names(body, 2, func(name string) { has.Add(inField, name) })
		}
		ix.endpoints = append(ix.endpoints, e)
	}
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

// maxQuery is how much of a query is read.
const maxQuery = 400

func clip(text string, most int) string {
	if len(text) > most {
		return text[:most]
	}
	return text
}
