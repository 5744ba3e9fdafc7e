package tools

import "litellm-proxy/internal/operation"

// What the admin UI shows and allows.

var uiPage = &settingsPage{
	what: "UI settings", path: "/get/ui_settings", values: "values",
	method: "PATCH", change: "/update/ui_settings", keeps: always, example: "enable_chat_ui",
}

var settingsUI = &operation.Operation{
	Path:     "settings ui",
	Summary:  "Show the admin UI settings",
	Examples: []string{"settings ui"},
	Effect:   operation.Read,
	Do:       uiPage.show(),
	Columns: uiPage.columns("enable_chat_ui", "usage_default_time_range", "enabled_ui_pages_internal_users", "disable_custom_api_keys",
		"disable_model_add_for_internal_users", "disable_team_admin_delete_team_user", "disable_key_generate_for_org_admin", "scope_user_search_to_org",
		"disable_agents_for_internal_users", "disable_vector_stores_for_internal_users", "require_auth_for_public_ai_hub",
		"forward_client_headers_to_llm_api", "team_admin_editable_team_fields"),
}

type settingsUIInput struct {
	EnableChatUI                    bool     `json:"enable_chat_ui" help:"Show the chat page"`
	EnabledUIPagesInternalUsers     []string `json:"enabled_ui_pages_internal_users" help:"Pages that internal users see"`
	DisableCustomAPIKeys            bool     `json:"disable_custom_api_keys" help:"Prevent custom key values"`
	DisableModelAddForInternalUsers bool     `json:"disable_model_add_for_internal_users" help:"Prevent internal users from adding models"`
	ScopeUserSearchToOrg            bool     `json:"scope_user_search_to_org" help:"Limit user search to the organization"`
	RequireAuthForPublicAIHub       bool     `json:"require_auth_for_public_ai_hub" help:"Require sign-in for the AI hub"`
	TeamAdminEditableTeamFields     []string `json:"team_admin_editable_team_fields" help:"Team settings that team admins may change"`
	operation.Extras
}

var settingsUIUpdate = &operation.Operation{
	Path:     "settings ui-update",
	Summary:  "Change the admin UI settings",
	Help:     "Settings you omit are unchanged.",
	Examples: []string{"settings ui-update --enable-chat-ui=false --disable-custom-api-keys"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /update/ui_settings"},
	Consent:  opens("changes what users may do", "enable_chat_ui", "usage_default_time_range", "moyai_url"),
	Update:   uiPage.update(),
	Verify:   applied,
	Do:       changes[settingsUIInput](uiPage),
	Done:     "updated the UI settings",
}

var themePage = &settingsPage{
	what: "UI theme settings", path: "/get/ui_theme_settings", values: "values",
	method: "PATCH", change: "/update/ui_theme_settings", example: "logo_url",
}

var settingsTheme = &operation.Operation{
	Path:     "settings ui-theme",
	Summary:  "Show the logos of the admin UI",
	Examples: []string{"settings ui-theme"},
	Effect:   operation.Read,
	Do:       themePage.show(),
	Columns:  themePage.columns("logo_url", "logo_url_dark", "favicon_url"),
}

type settingsThemeInput struct {
	LogoURL     string `json:"logo_url" help:"URL of the logo" clear:"null"`
	LogoURLDark string `json:"logo_url_dark" help:"URL of the logo on dark pages" clear:"null"`
	FaviconURL  string `json:"favicon_url" help:"URL of the icon" clear:"null"`
	operation.Clearing
	operation.Extras
}

var settingsThemeUpdate = &operation.Operation{
	Path:     "settings ui-theme-update",
	Summary:  "Change the logos of the admin UI",
	Help:     "Fields you omit are unchanged.",
	Examples: []string{"settings ui-theme-update --logo-url https://example.com/logo.png", "settings ui-theme-update --clear logo_url"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /update/ui_theme_settings"},
	Update:   themePage.update(),
	Verify:   applied,
	Do:       changes[settingsThemeInput](themePage),
	Done:     "updated the logos of the admin UI",
}
