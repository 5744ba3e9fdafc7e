package tools

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// plainly wraps the Verify of an operation whose answer has the texts among the parameters of
// a deployment encrypted, which serves nobody: afterwards the answer has those that were
// sent in clear, and the other ones no more.
func plainly(verify func(context.Context, *operation.Call, *operation.Result) error) func(context.Context, *operation.Call, *operation.Result) error {
	return func(ctx context.Context, call *operation.Call, result *operation.Result) error {
		err := verify(ctx, call, result)
		result.Body = plainParams(result.Body, membersOf(call.Body()["litellm_params"]))
		return err
	}
}

// plainParams is an answer with the parameters that were sent instead of encrypted ones.
func plainParams(body json.RawMessage, sent operation.Args) json.RawMessage {
	params := operation.Lookup(body, "litellm_params")
	if params == nil || params[0] != '{' {
		return body
	}
	var plain, answer operation.Row
	for name, value := range secret.Members(params) {
		if encrypted(value) {
			if value = sent[string(name)]; operation.NoNull(value) == nil {
				continue
			}
		}
		plain = append(plain, operation.Member{Name: string(name), Value: value})
	}
	for name, value := range secret.Members(body) {
		if string(name) == "litellm_params" {
			value = operation.Encode(plain)
		}
		answer = append(answer, operation.Member{Name: string(name), Value: value})
	}
	return operation.Encode(answer)
}

// The gateway's ciphertext: a nonce of 24 bytes, a tag of 16 and the text, in Base64.
const overhead = 24 + 16

// encrypted reports whether a value looks like a text that the gateway encrypted.
func encrypted(value json.RawMessage) bool {
	if len(value) == 0 || value[0] != '"' {
		return false
	}
	text := operation.Word(value)
	b, err := base64.URLEncoding.DecodeString(strings.TrimSpace(text))
	return err == nil && len(b) >= overhead
}
