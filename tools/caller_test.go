package tools

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestCallerWithoutKey: at a gateway that answers everybody, a caller without a key is
// neither a virtual key nor the master key, and comes from nowhere.
func TestCallerWithoutKey(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusNotFound} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/key/info" {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, `{"key": "h", "info": {"user_id": "u"}, "detail": {"error": "Key not found in database"}}`)
				return
			}
			_, _ = io.WriteString(w, `{"status": "healthy", "data": [], "user_id": "default_user_id", "user_role": "proxy_admin"}`)
		}))
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		env := operation.Env{Client: client.WithKey("", "the stored session")}
		for op, at := range map[*operation.Operation]string{whoAmI: "credential", gatewayStatus: "key"} {
			result, err := run(t.Context(), env, op, nil)
			if err != nil {
				t.Fatal(err)
			}
			found := operation.Lookup(result.Body, at)
			if kind := operation.Word(operation.Lookup(found, "kind")); kind != noKey {
				t.Errorf("%s after %d: the credential is a %s", op.Path, status, kind)
			}
			for _, what := range []string{"source", "role", "token"} {
				if operation.Lookup(found, what) != nil || operation.Lookup(result.Body, "role") != nil {
					t.Errorf("%s after %d says %s", op.Path, status, result.Body)
				}
			}
		}
		server.Close()
	}
}
