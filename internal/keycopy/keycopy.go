// Package keycopy copies virtual keys to another gateway. A copy is never less limited than
// its source: a key with a setting that cannot be carried over is refused and named.
//
// [Gateway] and [Rows] read whole key objects, from a gateway or from a file that [Export]
// wrote. A [Copier] assesses each key against the target and makes the copies. The value of a
// copy is chosen here and put into a [Vault] before it is sent, so that a lost answer or the
// end of the process loses no key.
package keycopy

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// Source yields whole key objects, as the gateway's list of keys has them. It can be read
// several times.
type Source func(context.Context) iter.Seq2[json.RawMessage, error]

// Gateway is the keys of a gateway that the client's key may list, page by page. list is
// the operation "keys list". note receives what is said about the list, such as that it has
// only the caller's own keys.
func Gateway(client *proxyclient.Client, list *operation.Operation, note func(string)) Source {
	return func(ctx context.Context) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) {
			args := operation.Args{"return_full_object": json.RawMessage("true")}
			call, err := operation.Prepare(ctx, operation.Env{Client: client}, list, args)
			if err != nil {
				yield(nil, err)
				return
			}
			for result, err := range call.Pages(ctx) {
				if err != nil {
					yield(nil, err)
					return
				}
				for _, said := range result.Notes {
					note(said)
				}
				for _, item := range result.Page.Items {
					if !yield(item, nil) {
						return
					}
				}
			}
		}
	}
}

// Since yields the keys of a source that were created at a time or later. A key without a
// time of creation is an error: it cannot be told whether it belongs to them.
func (s Source) Since(start time.Time) Source {
	return func(ctx context.Context) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) {
			for key, err := range s(ctx) {
				if err == nil {
					made, known := timeOf(key, "created_at")
					if !known {
						err = fmt.Errorf("%s has no time of creation", nameOf(key))
					} else if made.Before(start) {
						continue
					}
				}
				if !yield(key, err) || err != nil {
					return
				}
			}
		}
	}
}

// nameOf names a key: its alias, or else its hash.
func nameOf(key json.RawMessage) string {
	if alias := text(key, "key_alias"); alias != "" {
		return alias
	}
	return "key " + text(key, "token")
}

// text returns a member that is a text, or "".
func text(object json.RawMessage, path string) string {
	var s string
	if json.Unmarshal(operation.Lookup(object, path), &s) != nil {
		return ""
	}
	return s
}

// timeOf reads one of the gateway's times. Without a zone it is UTC.
func timeOf(object json.RawMessage, field string) (time.Time, bool) {
	said := strings.Replace(text(object, field), " ", "T", 1)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, said); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
