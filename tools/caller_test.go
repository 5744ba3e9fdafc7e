package tools

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestCallerElsewhere: a server that knows no /key/info does not make a key the master key.
func TestCallerElsewhere(t *testing.T) {
	for _, body := range []string{`{"error": {"message": "Unknown request URL: GET /key/info"}}`, `{"error": "404 page not found"}`, `{"detail": "Not Found"}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/models" || r.URL.Path == "/health/readiness" {
				_, _ = io.WriteString(w, `{"status": "healthy", "data": []}`)
				return
			}
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, body)
		}))
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-somebody-0000000000"})
		if err != nil {
			t.Fatal(err)
		}
		env := operation.Env{Client: client}
		if result, err := run(t.Context(), env, whoAmI, nil); err == nil {
			t.Errorf("whoami after %s: %s", body, result.Body)
		}
		result, err := run(t.Context(), env, gatewayStatus, nil)
		if key := operation.Lookup(result.Body, "key"); err != nil || operation.Lookup(key, "kind") != nil || operation.Lookup(key, "role") != nil {
			t.Errorf("status after %s: %s, %v", body, result.Body, err)
		}
		server.Close()
	}
}

// TestCallerOfAnyServer: a server that answers everything is no gateway with a key that it
// accepts.
func TestCallerOfAnyServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data": []}`)
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-somebody-0000000000"})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []*operation.Operation{whoAmI, gatewayStatus} {
		if result, err := run(t.Context(), operation.Env{Client: client}, op, nil); proxyclient.CodeOf(err) != proxyclient.CodeBadAnswer {
			t.Errorf("%s: %s, %v", op.Path, result.Body, err)
		}
	}
}

// TestCallerOfCustomAuth: a credential that the gateway takes without a row and without a
// user is not the master key.
func TestCallerOfCustomAuth(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/key/info" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error": {"message": "Key not found in database", "code": "404"}}`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"detail": "user_id is required"}`)
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "a-company-token"})
	if err != nil {
		t.Fatal(err)
	}
	result, err := run(t.Context(), operation.Env{Client: client}, whoAmI, nil)
	if kind := operation.Word(operation.Lookup(result.Body, "credential.kind")); err != nil || kind != ownIssuer || operation.Lookup(result.Body, "role") != nil {
		t.Errorf("%s, %v", result.Body, err)
	}
}

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
