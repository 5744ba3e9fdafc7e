package operation

import "strings"

// texts is, by field, the members that the gateway's OpenAPI document calls strings
// (LiteLLM_Params, ModelInfo, the request bodies); * stands for all of them. Written as key=value, they stay text
// whatever they look like, except null. mock_response, stop and response_format may be a text
// or something else; as key=value they are texts. TestTextsLive compares.
var texts = map[string][]string{
	"litellm_params": strings.Fields(`
		adaptive_router_default_model anthropic_federation_rule_id anthropic_federation_workspace_id
		anthropic_identity_source anthropic_identity_token anthropic_identity_token_file anthropic_issuer_audience
		anthropic_issuer_signing_key_ref anthropic_issuer_subject anthropic_issuer_url anthropic_keycloak_auth_method
		anthropic_keycloak_client_id anthropic_keycloak_client_secret_ref anthropic_keycloak_scope
		anthropic_keycloak_token_url anthropic_organization_id anthropic_service_account_id api_base api_key api_version
		auto_router_config auto_router_config_path auto_router_default_model auto_router_embedding_model
		auto_router_model_compression auto_router_routing_compression aws_access_key_id aws_batch_role_arn
		aws_bedrock_control_plane_endpoint aws_bedrock_project_id aws_bedrock_runtime_endpoint aws_external_id
		aws_profile_name aws_region_name aws_role_name aws_secret_access_key aws_session_name aws_session_token
		aws_sts_endpoint aws_web_identity_token azure_ad_token azure_password azure_scope azure_username bucket_name
		budget_duration chatgpt_auth_file client_id client_secret complexity_router_default_model custom_llm_provider
		daily_reset_time gcs_bucket_name litellm_credential_name litellm_trace_id milvus_db_name milvus_text_field
		mock_response model openai_identity_provider_id openai_identity_token_file openai_service_account_id
		organization provider_affinity_header quality_router_default_model region_name responses_api_version
		s3_access_key_id s3_bucket_name s3_bucket_owner s3_encryption_key_id s3_endpoint_url s3_output_bucket_name
		s3_region_name s3_secret_access_key tenant_id token_exchange_audience token_exchange_endpoint
		token_exchange_profile token_exchange_scope valkey_embedding_field valkey_host valkey_password valkey_text_field
		vector_store_id vertex_location vertex_project watsonx_region_name`),
	"model_info": strings.Fields(`
		base_model created_at created_by id pricing_provider ptu_effective_from ptu_effective_to team_id
		team_public_model_name tier updated_at updated_by`),
	"env":            {"*"},
	"static_headers": {"*"},
	ExtraField: strings.Fields(`
		access_group account_id agent_id agent_name alias allowed_model_region approval_status audience auth_type
		authorization_url billing_period_start budget_duration budget_id budget_reset_at byok_api_key_help_url command
		created_at credential_name currency custom_code custom_llm_provider default_model description display_name
		duration embedding_model end_user_budget_id execution_mode fallback_type favicon_url
		generic_authorization_endpoint generic_client_id generic_client_secret generic_scope generic_token_endpoint
		generic_userinfo_endpoint google_client_id google_client_secret grace_period guardrail_name id inherit
		input_type instructions issuer jwt_claim_name jwt_claim_value jwt_issuer key key_alias key_type label language
		litellm_credential_name logo_url logo_url_dark microsoft_client_id microsoft_client_secret microsoft_tenant
		mode model model_id model_name name new_key new_master_key oauth2_flow organization_alias organization_id
		password path policy_name project_alias project_id prompt_id proxy_base_url registration_url response_format
		review_notes role rotation_interval rpm_limit_type saml_allow_unsolicited saml_idp_metadata_url
		saml_idp_metadata_xml saml_sp_entity_id scope search_tool_name server_id server_name service_tier source_url
		spec_path sso_user_id stop subject_token_type submitted_at submitted_by subscription_account_id target
		team_alias team_id team_member_budget_duration team_member_key_duration temp_budget_expiry text token
		token_exchange_endpoint token_exchange_profile token_url toolset_id toolset_name tpm_limit_type transport
		updated_at url user user_alias user_email user_id user_role value vector_store_description vector_store_id
		vector_store_name`),
}
