package sandbox

import (
	"net/http"
	"strings"
)

// The places in which a gateway stores secrets, as its report names them.
var secretPlaces = strings.Fields(`model_table credentials mcp_server mcp_user_credentials mcp_user_env_vars search_tools
	config_environment_variables team.callback_vars verification_token.callback_vars vantage_settings cloudzero_settings sso_config`)

// checkEncryption counts the secrets in the old format: all of them.
func checkEncryption(c *call) *reply {
	counts := map[string]int{}
	for _, credential := range c.Credentials {
		values, _ := credential["credential_values"].(object)
		counts["credentials"] += texts(values)
	}
	for _, model := range c.Models {
		if fromDB(model) {
			counts["model_table"] += texts(params(model))
		}
	}
	places, total := object{}, 0
	for _, place := range secretPlaces {
		n := counts[place]
		total += n
		places[place] = object{"scanned": n, "migrated": 0, "already_v2": 0, "plaintext": 0, "undecryptable": 0, "legacy": n}
	}
	return ok(object{"status": "success", "report": object{"residual_legacy": total, "total_undecryptable": 0, "locations": places}})
}

func texts(members object) (n int) {
	for _, value := range members {
		if _, is := value.(string); is {
			n++
		}
	}
	return n
}

// migrateEncryption fails as on a gateway without encryption_algorithm: aes-256-gcm.
func migrateEncryption(*call) *reply {
	return &reply{status: http.StatusInternalServerError, body: object{"error": object{"message": "Internal server error", "type": "internal_server_error"}}}
}
