package operation

import (
	"bytes"
	"encoding/json"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

const (
	// maxItems bounds the items of one answer: each takes more memory than its text
	// has when it is short.
	maxItems = 1 << 20
	// largeList is the size from which items are parts of the answer. Those of a
	// smaller one are copies, so that one that is kept does not keep them all.
	largeList = 1 << 20
)

// items returns the elements of a JSON array, and false when it is none.
func items(list json.RawMessage) ([]json.RawMessage, bool, error) {
	list = bytes.TrimLeft(list, " \t\r\n")
	if len(list) == 0 || list[0] != '[' {
		return nil, false, nil
	}
	count := 0
	for range secret.Elements(list) {
		if count++; count > maxItems {
			return nil, true, &proxyclient.Error{Code: proxyclient.CodeTooLarge,
				Message: "the gateway's answer is a list of more than 1,048,576 items",
				Hint:    "ask for less: a smaller page, a narrower filter"}
		}
	}
	found := make([]json.RawMessage, 0, count)
	for item := range secret.Elements(list) {
		if len(list) <= largeList {
			item = bytes.Clone(item)
		}
		found = append(found, item)
	}
	return found, true, nil
}
