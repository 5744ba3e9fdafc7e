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
// sent in clear, and the other ones as the list of deployments shows them.
func plainly(verify func(context.Context, *operation.Call, *operation.Result) error) func(context.Context, *operation.Call, *operation.Result) error {
	return func(ctx context.Context, call *operation.Call, result *operation.Result) error {
		err := verify(ctx, call, result)
		sent := operation.Args(membersOf(call.Body()["litellm_params"]))
		if hidden := hiddenParams(result.Body, sent); len(hidden) > 0 {
			id := operation.Word(operation.LookupAny(result.Body, "model_info.id|model_id"))
			known, _ := deploymentCollection.FindID(ctx, call, id) // without it they are left out
			params := operation.Lookup(known.Item, "litellm_params")
			for _, name := range hidden {
				sent = sent.With(name, operation.Lookup(params, name))
			}
		}
		result.Body = plainParams(result.Body, sent)
		return err
	}
}

// hiddenParams returns the names of the parameters that are encrypted and were not sent.
func hiddenParams(body json.RawMessage, sent operation.Args) (names []string) {
	params := operation.Lookup(body, "litellm_params")
	if params == nil || params[0] != '{' {
		return nil
	}
	for name, value := range secret.Members(params) {
		if encrypted(value) && operation.NoNull(sent[string(name)]) == nil {
			names = append(names, string(name))
		}
	}
	return names
}

// plainParams is an answer with these parameters instead of encrypted ones.
func plainParams(body json.RawMessage, known operation.Args) json.RawMessage {
	params := operation.Lookup(body, "litellm_params")
	if params == nil || params[0] != '{' {
		return body
	}
	var plain, answer operation.Row
	for name, value := range secret.Members(params) {
		if encrypted(value) {
			if value = known[string(name)]; operation.NoNull(value) == nil {
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
