package tools

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"litellm-proxy/internal/operation"
)

// promptConsent asks for a prompt whose front matter decides how its calls are sent: the
// gateway takes each member for a parameter of the call, so that api_base sends the key of
// the model's provider elsewhere for everybody who uses the prompt.
var promptConsent = operation.Consent{Often: true, Sensitive: sensitivePrompt}

func sensitivePrompt(_ context.Context, call *operation.Call) ([]string, error) {
	body := call.Body()
	var params operation.Args
	_ = json.Unmarshal(body["litellm_params"], &params)
	texts := []string{operation.Word(body["dotprompt_content"]), operation.Word(params["dotprompt_content"])}
	metadata := []operation.Args{}
	for _, text := range texts {
		matter, ok := frontMatter(text)
		if !ok {
			return []string{"stores a prompt with front matter that cannot be checked"}, nil
		}
		metadata = append(metadata, matter)
	}
	for _, data := range []json.RawMessage{body["prompt_data"], params["prompt_data"]} {
		metadata = append(metadata, promptMetadata(data)...)
	}
	names := map[string]bool{}
	for _, matter := range metadata {
		for name, value := range matter {
			switch {
			case name == "input", name == "output", name == "config" && isNone(value):
			case name == "model" && !strings.Contains(operation.Word(value), "//"):
			case name == "model" || !slices.Contains(callParams, name):
				names[name] = true
			}
		}
	}
	return naming("sets in the prompt how its calls are sent, and so where the stored key may go", slices.Sorted(maps.Keys(names))), nil
}

// promptMetadata returns the metadata in prompt_data: of one prompt, or of several by ID.
func promptMetadata(data json.RawMessage) (found []operation.Args) {
	var text string
	if json.Unmarshal(data, &text) == nil {
		data = json.RawMessage(text)
	}
	var members operation.Args
	_ = json.Unmarshal(data, &members)
	for name, member := range members {
		var one operation.Args
		if json.Unmarshal(member, &one) != nil {
			continue
		}
		if name == "metadata" {
			found = append(found, one)
		}
		var metadata operation.Args
		if json.Unmarshal(one["metadata"], &metadata) == nil {
			found = append(found, metadata)
		}
	}
	return found
}

// frontForm is how the gateway finds front matter, with what Python takes for a space.
var frontForm = sync.OnceValue(func() *regexp.Regexp {
	const space = `[\s\v\x1c-\x1f\x{85}\p{Z}]*`
	return regexp.MustCompile(`(?s)^---` + space + `\n(.*?)\n---` + space + `\n`)
})

// frontMatter returns the members of the front matter of a dotprompt, nil for one without.
// ok is false for front matter that the gateway may read in another way.
func frontMatter(text string) (members operation.Args, ok bool) {
	m := frontForm().FindStringSubmatch(text)
	if m == nil {
		return nil, true
	}
	var read map[string]any
	if strings.ContainsAny(m[1], "\u0085\u2028\u2029") || yaml.Unmarshal([]byte(m[1]), &read) != nil {
		return nil, false
	}
	members = operation.Args{}
	for name, value := range read {
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, false
		}
		members[name] = encoded
	}
	return members, true
}
