package operation

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"litellm-proxy/internal/nearest"
)

// requests is the names of the fields that the gateway's OpenAPI documents declare: a line
// for each operation with further fields, with its request, and one for each object that
// takes a provider's own names: for all resources, or "prompts litellm_params" for one.
// TestRequests compares and writes it.
//
//go:embed requests.txt
var requests string

// known returns the request of an operation, such as "POST /key/generate", and the names of
// its fields; nil if they are not known.
func known(line string) (request string, names []string) {
	_, rest, found := strings.Cut(requests, "\n"+line+"\t")
	if !found {
		return "", nil
	}
	rest, _, _ = strings.Cut(rest, "\n")
	request, fields, _ := strings.Cut(rest, "\t")
	return request, strings.Fields(fields)
}

// Documented returns the names of the fields that the gateway documents for the request of
// an operation.
func (op *Operation) Documented() []string {
	_, names := known(op.Path)
	return names
}

// Nearest returns the name that was probably meant, or "": one within two letters, or the
// first that ends with the name, such as team_alias for alias.
func Nearest(name string, names []string) string {
	if near := probable(name, names); near != "" {
		return near
	}
	if i := slices.IndexFunc(names, func(known string) bool { return strings.HasSuffix(known, "_"+snake(name)) }); i >= 0 {
		return names[i]
	}
	return ""
}

// unlisted are parameters that LiteLLM 1.110.2 takes and its OpenAPI document leaves out, by
// the line of requests.txt.
var unlisted = map[string][]string{"guardrails litellm_params": strings.Fields(`app_name block_on_file_modify competitor_intent_config cost_tier default_app fallback_on_error file_sanitization_fail_open
	guardrail_name guardrails_ai_api_input_format headers include_masked_response_on_block mask_on_block model_id policy_ids
	price_per_1000_text_records profile_name streaming_buffer_release_on_scan streaming_buffer_until_moderated
	streaming_end_of_stream_only streaming_sampling_rate streaming_scan_in_background streaming_transform_mode`),
	"prompts litellm_params": {"project_id", "prompt_data", "prompt_file", "prompt_version_id", "workspace_id"}, "litellm_params": strings.Fields(`additional_drop_params allowed_openai_params audio azure_ad_token_provider base_model base_url
	cache_control_injection_points context_management cooldown_time custom_prompt_dict data_residency default_headers deployment_id dimensions
	disable_add_transform_inline_image_block enable_json_schema_validation enable_prompt_caching encoding_format ensure_alternating_roles
	extra_body extra_headers fastest_response final_prompt_value force_timeout gcs_path_service_account headers hf_model_name
	initial_prompt_value language litellm_embedding_config litellm_embedding_model litellm_system_prompt max_completion_tokens max_parallel_requests mock_timeout modalities
	model_config no-log order prediction prompt_cache_key prompt_cache_retention prompt_id prompt_label prompt_variables prompt_version
	provider_specific_header reasoning_effort request_timeout retry_policy roles safety_identifier search_tool_name silent_model
	ssl_verify store stream_response supports_system_message thinking timestamp_granularities top_k ttl turn_off_message_logging
	user_continue_message verbosity web_search_options weight`)}

// undocumented reports the extra fields of a request that the gateway does not document. It
// ignores such a field, so a misspelled limit would limit nothing: a name within two
// letters of a known one is a fault, any other one a note.
func (op *Operation) undocumented(args Args) (faults, notes []string) {
	if op.Effect == Read {
		return nil, nil
	}
	for _, f := range op.Fields() {
		var object map[string]json.RawMessage
		if args[f.Name] == nil || json.Unmarshal(args[f.Name], &object) != nil {
			continue
		}
		line := f.Name
		if f.Name == ExtraField {
			line = op.Path
		}
		request, names := known(line)
		if own := op.Resource() + " " + f.Name; names != nil && strings.Contains(requests, "\n"+own+"\t") {
			line = own
			_, names = known(line)
		}
		names = append(names, unlisted[line]...)
		request = strings.NewReplacer("{", "<", "}", ">").Replace(request) // {agent_id} would be an argument
		for _, name := range slices.Sorted(maps.Keys(object)) {
			switch meant := probable(name, names); {
			case len(names) == 0 || slices.Contains(names, name):
			case f.Name != ExtraField && meant != "":
				notes = append(notes, fmt.Sprintf("{%s}: %s is not a known parameter; did you mean %s?", f.Name, Shown(name), meant))
			case f.Name == "litellm_params":
				notes = append(notes, fmt.Sprintf("{%s}: %s is not a known parameter", f.Name, Shown(name)))
			case f.Name != ExtraField:
			case meant != "" && !op.talks():
				faults = append(faults, fmt.Sprintf("%q is not a field of %s; did you mean %s?", Shown(name), request, op.nameOf(meant)))
			default:
				notes = append(notes, fmt.Sprintf("%s is not a known field of %s, so the gateway may ignore it", Shown(name), request))
			}
		}
	}
	return faults, notes
}

// talks reports whether the extra fields go to a model, which may accept more names.
func (op *Operation) talks() bool {
	return slices.ContainsFunc(op.Fields(), func(f Field) bool { return f.Kind == KindMessages })
}

// nameOf writes the name of a field as the caller can give it.
func (op *Operation) nameOf(name string) string {
	if _, declared := op.Field(name); declared {
		return "{" + name + "}"
	}
	return name
}

// probable returns the known name that was probably meant, or "". Short names have too many
// neighbors to tell.
func probable(name string, names []string) (meant string) {
	distance := 3
	if len(name) < 5 {
		distance = 1 // maxB, rpmL
	}
	for _, spelling := range []string{name, snake(name)} {
		for _, known := range names {
			if d := nearest.Distance(spelling, known); d < distance && (d < 2 || len(known) >= 5) {
				meant, distance = known, d
			}
		}
	}
	return meant
}

// snake writes maxBudget and max-budget as max_budget.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.ReplaceAll(b.String(), "-", "_")
}
