package openapi

import "strings"

// slashed are the paths that end with a parameter that may have slashes, up to that parameter
// (LiteLLM 1.110.2); the document does not tell them. {endpoint} and {path} always may.
var slashed = strings.Fields(`/credentials/{credential_name} /credentials/by_name/{credential_name} /key/{key} /team/{team_id}/callback
	/v1/memory/{key} /v1/tool/{tool_name} /files/{file_id} /v1/files/{file_id} /{provider}/v1/files/{file_id} /batches/{batch_id}
	/v1/batches/{batch_id} /{provider}/v1/batches/{batch_id} /fine_tuning/jobs/{fine_tuning_job_id} /v1/fine_tuning/jobs/{fine_tuning_job_id}
	/assistants/{assistant_id} /v1/assistants/{assistant_id} /openai/deployments/{model} /engines/{model} /vector_stores/{vector_store_id}/search
	/v1/vector_stores/{vector_store_id}/search`)

// Route returns the path of the endpoint with {name:path} for a parameter whose value may have
// slashes.
func (e *Endpoint) Route() string {
	route := strings.NewReplacer("{endpoint}", "{endpoint:path}", "{path}", "{path:path}").Replace(e.Path)
	for _, prefix := range slashed {
		if rest, ok := strings.CutPrefix(e.Path, prefix); ok && (rest == "" || rest[0] == '/') {
			before, name, _ := strings.Cut(prefix, "{")
			if strings.Count(prefix, "{") > 1 {
				before, name = prefix[:strings.LastIndexByte(prefix, '{')], prefix[strings.LastIndexByte(prefix, '{')+1:]
			}
			name, after, _ := strings.Cut(name, "}")
			return before + "{" + name + ":path}" + after + rest
		}
	}
	return route
}

// Values returns the values of the parameters with which a concrete path leads to the
// endpoint. ok is false if it does not.
func (e *Endpoint) Values(path string) (values map[string]string, ok bool) {
	values = map[string]string{}
	return values, len(path) <= maxPath && filler{}.fill(e.Route(), path, values)
}

// maxPath is how long a path is that servers read.
const maxPath = 8 << 10

// filler has the rests of a route and a path that do not fit, so that each is tried once.
type filler map[[2]int]bool

// fill compares a path with a route, and takes the values out of it.
func (f filler) fill(route, path string, values map[string]string) bool {
	tried := [2]int{len(route), len(path)}
	if f[tried] {
		return false
	}
	before, rest, parameter := strings.Cut(route, "{")
	if !parameter {
		return route == path
	}
	path, ok := strings.CutPrefix(path, before)
	if !ok {
		return false
	}
	name, after, _ := strings.Cut(rest, "}")
	name, slashes := strings.CutSuffix(name, ":path")
	next, _, _ := strings.Cut(after, "{")
	// The longest value that fits comes first, as in the gateway's own routes.
	for end := len(path); end > 0; end-- {
		value := path[:end]
		if !slashes && strings.Contains(value, "/") || next != "" && !strings.HasPrefix(path[end:], next) || next == "" && after == "" && end < len(path) {
			continue
		}
		if f.fill(after, path[end:], values) {
			values[name] = value
			return true
		}
	}
	f[tried] = true
	return false
}
