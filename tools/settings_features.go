package tools

import "litellm-proxy/internal/operation"

// Features that are switched and tuned for the whole gateway.

var semanticFilterPage = &settingsPage{
	what: "MCP semantic filter settings", path: "/get/mcp_semantic_filter_settings", values: "values",
	method: "PATCH", change: "/update/mcp_semantic_filter_settings", example: "top_k",
}

var settingsSemanticFilter = &operation.Operation{
	Path:     "settings mcp-semantic-filter",
	Summary:  "Show the semantic filter for MCP tools",
	Examples: []string{"settings mcp-semantic-filter"},
	Effect:   operation.Read,
	Do:       semanticFilterPage.show(),
	Columns:  semanticFilterPage.columns("enabled", "embedding_model", "top_k", "similarity_threshold"),
}

type settingsSemanticFilterInput struct {
	Enabled             bool    `json:"enabled" help:"Send a model only the MCP tools that fit its request"`
	EmbeddingModel      string  `json:"embedding_model" help:"Embedding model"`
	TopK                int     `json:"top_k" jsonschema:"minimum=1,maximum=100" help:"Number of tools to send"`
	SimilarityThreshold float64 `json:"similarity_threshold" jsonschema:"minimum=0,maximum=1" help:"Minimum similarity, from 0 to 1"`
	operation.Extras
}

var settingsSemanticFilterUpdate = &operation.Operation{
	Path:     "settings mcp-semantic-filter-update",
	Summary:  "Change the semantic filter for MCP tools",
	Help:     "Fields you omit are unchanged. Takes effect within 10 seconds.",
	Examples: []string{"settings mcp-semantic-filter-update --enabled --top-k 5"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /update/mcp_semantic_filter_settings"},
	Update:   semanticFilterPage.update(),
	Verify:   applied,
	Do:       changes[settingsSemanticFilterInput](semanticFilterPage),
	Done:     "updated the MCP semantic filter",
}

var toolSearchPage = &settingsPage{
	what: "MCP tool search settings", path: "/get/mcp_tool_search_settings", values: "values",
	method: "PATCH", change: "/update/mcp_tool_search_settings", example: "top_k",
}

var settingsToolSearch = &operation.Operation{
	Path:     "settings mcp-tool-search",
	Summary:  "Show how the gateway's own tool search ranks MCP tools",
	Examples: []string{"settings mcp-tool-search"},
	Effect:   operation.Read,
	Do:       toolSearchPage.show(),
	Columns:  toolSearchPage.columns("embedding_model", "top_k", "similarity_threshold", "core_tools"),
}

type settingsToolSearchInput struct {
	EmbeddingModel      string   `json:"embedding_model" help:"Embedding model; clear it to match keywords" clear:"null"`
	TopK                int      `json:"top_k" jsonschema:"minimum=1" help:"Maximum tools per search"`
	SimilarityThreshold float64  `json:"similarity_threshold" jsonschema:"minimum=0,maximum=1" help:"Minimum similarity, from 0 to 1"`
	CoreTools           []string `json:"core_tools" help:"Tools that are always offered" clear:"[]"`
	operation.Clearing
	operation.Extras
}

var settingsToolSearchUpdate = &operation.Operation{
	Path:     "settings mcp-tool-search-update",
	Summary:  "Change how the gateway's own tool search ranks MCP tools",
	Help:     "Fields you omit are unchanged. Takes effect within 10 seconds.",
	Examples: []string{"settings mcp-tool-search-update --top-k 8", "settings mcp-tool-search-update --clear embedding_model"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /update/mcp_tool_search_settings"},
	Update:   toolSearchPage.update(),
	Verify:   applied,
	Do:       changes[settingsToolSearchInput](toolSearchPage),
	Done:     "updated the MCP tool search",
}

var webSearchPage = &settingsPage{
	what: "web search interception settings", path: "/get/websearch_interception_settings", values: "values",
	method: "PATCH", change: "/update/websearch_interception_settings", example: "enabled",
}

var settingsWebSearch = &operation.Operation{
	Path:     "settings websearch-interception",
	Summary:  "Show whether the gateway answers models' web searches itself",
	Examples: []string{"settings websearch-interception"},
	Effect:   operation.Read,
	Do:       webSearchPage.show(),
	Columns: append(webSearchPage.columns("enabled", "enabled_providers", "search_tool_name", "max_agentic_loops"),
		operation.Column{Name: "active_on_this_pod"}),
}

type settingsWebSearchInput struct {
	Enabled          bool            `json:"enabled" help:"Answer web searches with a search tool of the gateway"`
	EnabledProviders []string        `json:"enabled_providers" help:"Providers to answer for (empty: bedrock only)" clear:"[]"`
	SearchToolName   string          `json:"search_tool_name" help:"Search tool (default: the first one)" clear:"null"`
	MaxAgenticLoops  operation.Count `json:"max_agentic_loops" help:"Limit of follow-up calls for a request (default 3)" clear:"null"`
	operation.Clearing
	operation.Extras
}

var settingsWebSearchUpdate = &operation.Operation{
	Path:     "settings websearch-interception-update",
	Summary:  "Let the gateway answer models' web searches itself, or stop it",
	Help:     "Fields you omit are unchanged. Takes effect within 10 seconds.",
	Examples: []string{"settings websearch-interception-update --enabled --search-tool-name perplexity"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /update/websearch_interception_settings"},
	Consent:  opens("changes where the web searches of models go", "max_agentic_loops", "clear"),
	Update:   webSearchPage.update(),
	Verify:   applied,
	Do:       changes[settingsWebSearchInput](webSearchPage),
	Done:     "updated the web search interception",
}

var backgroundChatPage = &settingsPage{
	what: "background chat settings", path: "/get/background_chat_settings",
	method: "PATCH", change: "/update/background_chat_settings", keeps: always, example: "enabled",
}

var settingsBackgroundChat = &operation.Operation{
	Path:     "settings background-chat",
	Summary:  "Show whether chat requests may run in the background",
	Examples: []string{"settings background-chat"},
	Effect:   operation.Read,
	Do:       backgroundChatPage.show(),
	Columns:  backgroundChatPage.columns("enabled", "redis_configured", "managed_by_config", "can_save"),
}

type settingsBackgroundChatInput struct {
	Enabled bool `json:"enabled" jsonschema:"required" help:"Let chat requests run in the background"`
	operation.Extras
}

var settingsBackgroundChatUpdate = &operation.Operation{
	Path:     "settings background-chat-update",
	Summary:  "Let chat requests run in the background, or stop it",
	Help:     "Needs a coordination Redis.",
	Examples: []string{"settings background-chat-update --enabled=false"},
	Effect:   operation.Set,
	Sends:    []string{"PATCH /update/background_chat_settings"},
	Update:   backgroundChatPage.update(),
	Verify:   applied,
	Do:       changes[settingsBackgroundChatInput](backgroundChatPage),
	Done:     "updated the background chat settings",
}
