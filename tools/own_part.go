package tools

import (
	"context"
	"net/url"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// ownPart notes that a list or sum has only what the caller may read: the gateway narrows
// these for everyone who is no administrator, and does not say so. Who may list users is
// one.
func ownPart(ctx context.Context, call *operation.Call) {
	_, err := call.Read(ctx, proxyclient.Request{Path: userCollection.Path, Query: url.Values{"page_size": {"1"}}})
	if operation.IsRefused(err) {
		call.Note("only what your key may read; an administrator's key sees all")
	}
}
