package tools

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/openapi"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// apis keeps the documents of the gateways that this process asked.
var apis openapi.Cache

// apiDocument returns the description of the gateway's API. Where the gateway does not
// publish it, it is that of the newest LiteLLM that this program was made for, which is noted.
func apiDocument(ctx context.Context, call *operation.Call, renew bool) (*openapi.Document, error) {
	client := call.Client()
	gateway := openapi.Gateway{
		Name: client.BaseURL(),
		Fetch: func(ctx context.Context) ([]byte, error) {
			call.Progress(0, 0)
			answer, err := client.Do(ctx, proxyclient.Request{Method: http.MethodGet, Path: "/openapi.json", Read: true})
			if err != nil {
				return nil, unpublished(err)
			}
			return answer.Body, nil
		},
		Size: func(ctx context.Context) (int64, error) {
			answer, err := client.Do(ctx, proxyclient.Request{Method: http.MethodHead, Path: "/openapi.json", Read: true})
			if e := operation.AsError(err); e != nil && (e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented) {
				return 0, nil
			}
			if err != nil {
				return 0, unpublished(err)
			}
			var size int64
			_, _ = fmt.Sscan(answer.Header.Get("Content-Length"), &size)
			return size, nil
		},
		Version: func(ctx context.Context) (string, error) {
			version, err := client.Version(ctx)
			if e := operation.AsError(err); e != nil && e.Status != 0 {
				return "", nil
			}
			return version, err
		},
	}
	d, err := apis.Open(ctx, call.CacheDir(), gateway, renew)
	if err == nil || err != openapi.ErrUnpublished {
		return d, err
	}
	d = openapi.Known()
	note := "This gateway does not publish its API; this is the API of LiteLLM " + d.Version + "."
	version, err := gateway.Version(ctx)
	if err != nil {
		return nil, err
	}
	if version != "" && version != d.Version {
		note += " The gateway is LiteLLM " + operation.Name(version) + "."
	}
	call.Note(note)
	return d, nil
}

// unpublished tells a gateway without a document from one that cannot be reached.
func unpublished(err error) error {
	e := operation.AsError(err)
	if e != nil && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusGone, http.StatusInternalServerError, http.StatusNotImplemented}, e.Status) {
		return openapi.ErrUnpublished
	}
	return err
}

// apiEndpoints returns the endpoints that a path leads to, of one method or of all. The path
// is a template or a concrete one. A document that lacks it may be older than the gateway.
func apiEndpoints(ctx context.Context, call *operation.Call, method, path string) (*openapi.Document, []*openapi.Endpoint, error) {
	path, _, _ = strings.Cut(path, "?")
	for _, renew := range []bool{false, true} {
		d, err := apiDocument(ctx, call, renew)
		if err != nil {
			return nil, nil, err
		}
		if found := matching(d, method, path); len(found) > 0 {
			return d, found, nil
		}
		if renew {
			return nil, nil, noEndpoint(d, method, path)
		}
	}
	return nil, nil, nil
}

func matching(d *openapi.Document, method, path string) (found []*openapi.Endpoint) {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	if method != "" {
		methods = []string{method}
	}
	path = "/" + strings.Trim(path, "/")
	best := ""
	for _, method := range methods {
		e := d.Find(method, path)
		if e == nil {
			e = d.Match(method, unescaped(path))
		}
		if e == nil {
			continue
		}
		// What leads to a literal path with one method does not mean {id} with another.
		if best == "" || strings.Count(e.Path, "{") < strings.Count(best, "{") {
			best = e.Path
		}
		found = append(found, e)
	}
	return slices.DeleteFunc(found, func(e *openapi.Endpoint) bool { return strings.Count(e.Path, "{") > strings.Count(best, "{") })
}

// noEndpoint is the error about a path that the document lacks, with those that were probably
// meant.
func noEndpoint(d *openapi.Document, method, path string) error {
	path = "/" + strings.Trim(path, "/")
	if others := matching(d, "", path); len(others) > 0 {
		var methods []string
		for _, e := range others {
			methods = append(methods, e.Method)
		}
		return operation.Usage(fmt.Sprintf("%s has no method %s; it has %s", operation.Name(path), operation.Name(method), operation.Or(methods)))
	}
	for _, e := range matching(openapi.Known(), method, path) {
		if since := proxyclient.Since(e.Method, e.Path); since != "" && proxyclient.Older(d.Version, since) {
			return proxyclient.TooOld(d.Version, "has no "+e.Method+" "+operation.Name(e.Path), since)
		}
	}
	text := "the gateway's API has no path " + operation.Name(path)
	if near := nearPaths(d, method, path); len(near) > 0 {
		text += "; did you mean " + operation.Or(near) + "?"
	} else {
		text += "; find one with {op:api search}."
	}
	return operation.Usage(text + " To send a path that is not documented, use {op:http request}")
}

// nearPaths returns up to three paths that are spelled like one, without its parameters.
func nearPaths(d *openapi.Document, method, path string) (near []string) {
	distance := func(other string) int {
		have, want := strings.Split(path, "/"), strings.Split(other, "/")
		sum := 6 * max(len(have)-len(want), len(want)-len(have))
		for i := range min(len(have), len(want)) {
			if !strings.HasPrefix(want[i], "{") {
				sum += nearest.Distance(have[i], want[i])
			} else if strings.HasPrefix(have[i], "{") {
				sum--
			} else {
				sum += 2
			}
		}
		return sum
	}
	best := map[string]int{}
	for _, e := range d.Endpoints {
		if method == "" || e.Method == method {
			if n := distance(e.Path); n <= 2+len(path)/6 {
				best[e.Path] = n
			}
		}
	}
	near = slices.SortedFunc(maps.Keys(best), func(a, b string) int {
		if best[a] != best[b] {
			return best[a] - best[b]
		}
		return strings.Compare(a, b)
	})
	near = slices.DeleteFunc(near, func(p string) bool { return best[p] > best[near[0]]+2 })
	return near[:min(len(near), 3)]
}

// queryOf splits what a caller wrote after a path.
func queryOf(path string) (string, url.Values, error) {
	path, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", nil, operation.Usage("{path}: the query cannot be read: " + operation.Name(query))
	}
	return path, values, nil
}
