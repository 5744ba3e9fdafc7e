package login

import (
	"encoding/json"
	"path/filepath"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
)

// PythonSource is where the key of [Python] came from, for messages.
const PythonSource = "the session of the Python CLI (~/.litellm/token.json)"

// Python returns the token that the Python CLI stored for exactly this base URL, "" if
// there is none that may still work. Its file and key store entry are only read: a renewal
// would use up its refresh token.
func Python(baseURL string, getenv func(string) string, now time.Time) string {
	dir := config.LegacyDir(getenv)
	if dir == "" {
		return ""
	}
	type record struct {
		BaseURL string  `json:"base_url"`
		Key     string  `json:"key"`
		Expires float64 `json:"expires_at"`
	}
	var file record
	data, err := config.ReadPrivate(filepath.Join(dir, "token.json"))
	if err != nil || json.Unmarshal(data, &file) != nil || file.BaseURL == "" || !config.SameURL(file.BaseURL, baseURL) {
		return ""
	}
	if file.Expires > 0 && float64(now.Unix()) >= file.Expires {
		return ""
	}
	if file.Key != "" {
		return file.Key
	}
	var kept record
	text, err := keystore.Foreign(getenv, "litellm-cli", "credential")
	if err != nil || json.Unmarshal([]byte(text), &kept) != nil || !config.SameURL(kept.BaseURL, baseURL) {
		return ""
	}
	return kept.Key
}
