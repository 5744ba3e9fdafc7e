package modelfile

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// The types of the parameters that the gateway converts or refuses (LiteLLM 1.110.2); it
// keeps every other parameter as it is.
var (
	wholeParams = words(`tpm rpm itpm otpm tpd rpd max_retries default_api_key_tpm_limit default_api_key_rpm_limit auto_router_max_input_chars
		valkey_port output_vector_size anthropic_issuer_ttl_seconds`)
	numberParams = words(`max_budget keepalive_seconds max_file_size_mb`) // and prices
	boolParams   = words(`allow_legacy_cloud_file_ids anthropic_disable_workload_identity_federation allow_client_keepalive_override
		use_in_pass_through use_litellm_proxy use_chat_completions_api use_xai_oauth fireworks_forward_user_id
		merge_reasoning_content_in_choices valkey_ssl`)
	textParams = words(`api_key api_base api_version azure_ad_token tenant_id client_id client_secret azure_scope azure_username azure_password
		vertex_project vertex_location region_name gcs_bucket_name bucket_name aws_access_key_id aws_secret_access_key aws_session_token
		aws_region_name aws_session_name aws_profile_name aws_role_name aws_web_identity_token aws_sts_endpoint aws_external_id
		aws_bedrock_runtime_endpoint aws_bedrock_control_plane_endpoint aws_bedrock_project_id s3_bucket_name s3_endpoint_url s3_region_name
		s3_access_key_id s3_secret_access_key s3_encryption_key_id s3_bucket_owner aws_batch_role_arn s3_output_bucket_name
		watsonx_region_name custom_llm_provider responses_api_version daily_reset_time organization litellm_credential_name
		provider_affinity_header litellm_trace_id budget_duration chatgpt_auth_file auto_router_config_path auto_router_config
		auto_router_default_model auto_router_embedding_model complexity_router_default_model adaptive_router_default_model
		quality_router_default_model vector_store_id milvus_text_field milvus_db_name valkey_host valkey_password valkey_text_field
		valkey_embedding_field auto_router_routing_compression auto_router_model_compression anthropic_federation_rule_id
		anthropic_organization_id anthropic_service_account_id anthropic_federation_workspace_id anthropic_identity_token_file
		anthropic_identity_token anthropic_identity_source anthropic_issuer_url anthropic_issuer_subject anthropic_issuer_audience
		anthropic_issuer_signing_key_ref anthropic_keycloak_token_url anthropic_keycloak_client_id anthropic_keycloak_auth_method
		anthropic_keycloak_client_secret_ref anthropic_keycloak_scope openai_identity_provider_id openai_service_account_id
		openai_identity_token_file token_exchange_endpoint token_exchange_profile token_exchange_scope token_exchange_audience`)
	listParams = words(`tags tag_regex milvus_partition_names bedrock_tags configurable_clientside_auth_params aws_session_tags`)
	textLists  = words(`tags tag_regex milvus_partition_names`) // of the lists, those of texts
	mapParams  = words(`complexity_router_config adaptive_router_config quality_router_config switchyard_router_config timeout_by_service_tier
		stream_timeout_by_service_tier`)
	// numeric parameters are not converted, but providers want numbers.
	numericParams = words(`timeout stream_timeout temperature top_p top_k n max_tokens max_completion_tokens presence_penalty frequency_penalty seed
		weight order num_retries max_parallel_requests cooldown_time dimensions`)
)

func words(s string) []string { return strings.Fields(s) }

// types checks the parameters whose type the gateway checks, and model_info's.
func (f *File) types(m Model) {
	for _, p := range m.Params.Members {
		f.param(m.Name, "litellm_params."+p.Name, p.Name, p.Value)
	}
	for _, p := range m.Info.Members {
		switch p.Name {
		case "base_model", "team_id", "team_public_model_name", "pricing_provider":
			f.text(m.Name, "model_info."+p.Name, p.Value)
		case "tier":
			if p.Value.Kind != Null && p.Value.Text != "free" && p.Value.Text != "paid" {
				f.Findings.add(Error, p.Value.Place, m.Name, "model_info.tier must be free or paid")
			}
		case "access_groups":
			if p.Value.Kind != List && p.Value.Kind != Null {
				f.Findings.add(Error, p.Value.Place, m.Name, "model_info.access_groups must be a list; the gateway would make a group of each letter")
			}
		case "blocked":
			f.Findings.add(Warning, p.Place, m.Name, "model_info.blocked is not imported; use models block")
		}
		if isPrice(p.Name) && p.Value.Kind != Null {
			f.price(m.Name, "model_info."+p.Name, p.Name, p.Value)
			f.Findings.add(Warning, p.Place, m.Name, "an added model keeps prices under litellm_params only; models import puts %s there", p.Name)
		}
	}
}

func (f *File) param(model, path, name string, v Value) {
	wrong := func(want string) {
		f.Findings.add(Error, v.Place, model, "%s must be %s, not %s", path, want, v.Kind)
	}
	switch {
	case v.Kind == Null:
	case slices.Contains(wholeParams, name):
		f.whole(model, path, v)
	case isPrice(name):
		f.price(model, path, name, v)
	case slices.Contains(numberParams, name):
		f.number(model, path, v)
	case slices.Contains(boolParams, name):
		if v.Kind == Text && slices.Contains(words("true false yes no on off t f y n 1 0"), strings.ToLower(v.Text)) {
			f.Findings.add(Warning, v.Place, model, "%s is text; the gateway converts it to a boolean", path)
		} else if v.Kind != Bool && v.Text != "0" && v.Text != "1" {
			wrong("true or false")
		}
	case slices.Contains(textParams, name):
		f.text(model, path, v)
	case slices.Contains(listParams, name) && v.Kind != List:
		wrong("a list")
	case slices.Contains(textLists, name):
		for _, item := range v.Items {
			if item.Kind == Null {
				f.Findings.add(Error, item.Place, model, "%s[] must be text, not null", path)
			}
			f.text(model, path+"[]", item)
		}
	case slices.Contains(mapParams, name) && v.Kind != Map:
		wrong("a mapping")
	case name == "vertex_credentials" && v.Kind != Map:
		f.text(model, path, v)
	case slices.Contains(numericParams, name) && v.Kind == Text && !isReference(v) && isNumber(v.Text):
		f.Findings.add(Warning, v.Place, model, "%s is text to the gateway and to the provider%s", path, numberHint(v))
	}
}

// numberHint says how to write a number that is text.
func numberHint(v Value) string {
	if v.Source == "" {
		return "; remove the quotes"
	}
	if n, err := strconv.ParseFloat(v.Text, 64); err == nil && !math.IsInf(n, 0) {
		return "; YAML 1.1 wants " + number11(n)
	}
	return ""
}

// number11 writes a number as YAML 1.1 reads it: with a point and a signed exponent.
func number11(f float64) string {
	text := pyFloat(f)
	if mantissa, exponent, ok := strings.Cut(text, "e"); ok && !strings.Contains(mantissa, ".") {
		return mantissa + ".0e" + exponent
	}
	return text
}

func (f *File) text(model, path string, v Value) {
	switch v.Kind {
	case Text, Null:
	case Date:
		f.Findings.add(Warning, v.Place, model, "%s is a date to the gateway, which refuses it in its configuration; put it in quotes. models import sends it as text", path)
	default:
		f.Findings.add(Error, v.Place, model, "%s must be text, not %s; put it in quotes", path, v.Kind)
	}
}

// whole checks a parameter that must be an integer.
func (f *File) whole(model, path string, v Value) {
	switch {
	case v.Kind == Int:
	case v.Kind == Float && strings.HasSuffix(v.Text, ".0"):
	case v.Kind == Bool:
		f.Findings.add(Warning, v.Place, model, "%s is a boolean; the gateway converts it to a number", path)
	case isReference(v):
		f.reference(model, path, v)
	case v.Kind == Text && isWhole(v.Text):
		f.Findings.add(Warning, v.Place, model, "%s is text; the gateway converts it to a number%s", path, numberHint(v))
	case v.Kind == Text && isNumber(v.Text):
		f.Findings.add(Error, v.Place, model, "%s must be an integer; this is text to the gateway%s", path, numberHint(v))
	default:
		f.Findings.add(Error, v.Place, model, "%s must be an integer, not %s", path, v.Kind)
	}
}

// price checks a price. Some are tables.
func (f *File) price(model, path, name string, v Value) {
	if v.Kind == Map || v.Kind == List || strings.HasPrefix(name, "search_") {
		return
	}
	f.number(model, path, v)
}

// number checks a parameter that must be a number.
func (f *File) number(model, path string, v Value) {
	switch {
	case v.Kind == Int || v.Kind == Float:
	case v.Kind == Bool:
		f.Findings.add(Warning, v.Place, model, "%s is a boolean; the gateway converts it to a number", path)
	case isReference(v):
		f.reference(model, path, v)
	case v.Kind == Text && isNumber(v.Text):
		f.Findings.add(Warning, v.Place, model, "%s is text; the gateway converts it to a number%s", path, numberHint(v))
	default:
		f.Findings.add(Error, v.Place, model, "%s must be a number, not %s", path, v.Kind)
	}
}

// reference is a reference where a number belongs: only the gateway's own configuration
// may have one.
func (f *File) reference(model, path string, v Value) {
	f.Findings.add(NotImported, v.Place, model, "%s must be a number to be imported; only the gateway's own configuration may refer to a variable here", path)
}

func isNumber(s string) bool {
	s = strings.TrimSpace(s)
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) && !strings.ContainsAny(s, "xX")
}

func isWhole(s string) bool {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".0")
	_, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
	return err == nil
}
