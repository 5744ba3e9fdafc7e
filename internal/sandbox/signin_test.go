package sandbox_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// signInCase is a way to sign in that runs the same on the sandbox and on a real gateway
// whose provider knows the same people.
type signInCase struct {
	name string
	run  func(*testing.T, target)
}

func signInCases() []signInCase {
	return []signInCase{
		{"code flow with one team", oneTeam}, {"code flow with several teams", severalTeams}, {"code flow with no team", noTeam},
		{"code flow refused", refusedLogins}, {"token of a member", memberToken}, {"token of an administrator", adminToken},
		{"token after changes", changedToken}, {"PKCE", pkce}, {"PKCE denied", pkceDenied}, {"PKCE errors", pkceErrors},
	}
}

func TestSignInSandbox(t *testing.T) {
	for _, one := range signInCases() {
		t.Run(one.name, func(t *testing.T) {
			server := httptest.NewServer(http.StripPrefix("/prefix", sandbox.NewWithSignIn()))
			defer server.Close()
			one.run(t, target{url: server.URL + "/prefix", key: sandbox.MasterKey})
		})
	}
}

// TestSignInLive runs the same against a real gateway with single sign-on, which must be
// empty but for what it starts with: the database may have five users, no more.
func TestSignInLive(t *testing.T) {
	at := signInTarget(t)
	for _, one := range signInCases() {
		t.Run(one.name, func(t *testing.T) { one.run(t, at) })
	}
}

// signInTarget is the real gateway, if it has single sign-on.
func signInTarget(t *testing.T) target {
	t.Helper()
	at := target{url: strings.TrimSuffix(os.Getenv("LITELLM_TEST_URL"), "/"), key: os.Getenv("LITELLM_TEST_API_KEY"), live: true}
	if at.url == "" || at.key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to a gateway with single sign-on")
	}
	if config := at.ask(t, get("/.well-known/litellm-ui-config").as("-"), 200); field(config, "sso_configured") != true {
		t.Skip("live: the gateway has no single sign-on (sso_configured is false)")
	}
	return at
}

// ask sends one request and fails on another status.
func (at target) ask(t *testing.T, s step, status int) answer {
	t.Helper()
	got, err := at.do(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != status {
		t.Fatalf("%s %s: status %d, want %d: %s", s.method, s.path, got.status, status, cut(got.text))
	}
	return got
}

func field(a answer, path string) any {
	value, _ := dig(a.body, path)
	return value
}

// hasText fails unless the answer has this text.
func hasText(t *testing.T, a answer, text string) {
	t.Helper()
	if !strings.Contains(a.text, text) {
		t.Errorf("the answer lacks %q: %s", text, cut(a.text))
	}
}

// login is a login by the code flow.
type login struct{ id, secret, code string }

func (at target) start(t *testing.T) login {
	t.Helper()
	got := at.ask(t, post("/sso/cli/start", "").as("-"), 200)
	if field(got, "expires_in") != json.Number("600") {
		t.Errorf("expires_in: %s", got.text)
	}
	text := func(name string) string { s, _ := field(got, name).(string); return s }
	return login{text("login_id"), text("poll_secret"), text("user_code")}
}

func (l login) poll(team string) step {
	s := get("/sso/cli/poll/" + l.id + team).as("-")
	s.header = map[string]string{"x-litellm-cli-poll-secret": l.secret}
	return s
}

func (at target) browse(t *testing.T, b sandbox.Browser, path string) sandbox.Visited {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = at.url + path
	}
	seen, err := b.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func (l login) page() string { return "/sso/key/generate?source=litellm-cli&key=" + l.id }

// signIn signs somebody in by the code flow and returns the answer with the token.
func (at target) signIn(t *testing.T, user, team string) answer {
	t.Helper()
	l := at.start(t)
	if seen := at.browse(t, sandbox.Browser{Email: user + "@example.com", Code: l.code}, l.page()); seen.Status != 200 || !strings.Contains(seen.Text, "Authentication Successful!") {
		t.Fatalf("%s at the browser: %d %s", user, seen.Status, cut(seen.Text))
	}
	return at.ask(t, l.poll(team), 200)
}

func token(t *testing.T, a answer, name string) string {
	t.Helper()
	key, _ := field(a, name).(string)
	if !strings.HasPrefix(key, "litellm_login_") || len(key) < 700 || len(key) > 850 {
		t.Fatalf("%s is no token of a sign-in (%d characters)", name, len(key))
	}
	return key
}

func oneTeam(t *testing.T, at target) {
	got := at.signIn(t, "ann", "")
	token(t, got, "key")
	for path, want := range map[string]any{"status": "ready", "user_id": "ann", "team_id": "team-red", "teams.0": "team-red", "team_details.0.team_alias": "red", "team_details.0.team_models.0": "gpt-4o-mini"} {
		if field(got, path) != want {
			t.Errorf("%s is %v, want %v", path, field(got, path), want)
		}
	}
	if aliases, has := dig(got.body, "team_details.0.team_model_aliases"); aliases != nil || !has {
		t.Errorf("team_model_aliases is %v", aliases)
	}
}

func severalTeams(t *testing.T, at target) {
	l := at.start(t)
	code := strings.ToLower(strings.ReplaceAll(l.code, "-", "")) // the page takes it like this, too
	if seen := at.browse(t, sandbox.Browser{Email: "bob@example.com", Code: code}, l.page()); seen.Status != 200 {
		t.Fatalf("at the browser: %d %s", seen.Status, cut(seen.Text))
	}
	for range 2 { // as often as one asks
		got := at.ask(t, l.poll(""), 200)
		if field(got, "requires_team_selection") != true || field(got, "key") != nil || field(got, "team_details.1.team_alias") != "blue" {
			t.Errorf("the choice of teams: %s", cut(got.text))
		}
	}
	hasText(t, at.ask(t, l.poll("?team_id=blue"), 403), "User does not belong to team: blue. Available teams: ['team-red', 'team-blue']")
	got := at.ask(t, l.poll("?team_id=team-blue"), 200)
	models := at.ask(t, get("/models").as(token(t, got, "key")), 200)
	if field(got, "team_id") != "team-blue" || field(models, "data.#") != json.Number("1") || field(models, "data.0.id") != "claude-haiku" {
		t.Errorf("team %v, models %s", field(got, "team_id"), cut(models.text))
	}
	hasText(t, at.ask(t, l.poll("?team_id=team-blue"), 400), "CLI login session not found or expired")
}

func noTeam(t *testing.T, at target) {
	got := at.signIn(t, "cleo", "")
	key := token(t, got, "key")
	if field(got, "team_id") != nil || field(got, "teams.#") != json.Number("0") || field(got, "team_details.#") != json.Number("0") {
		t.Errorf("teams: %s", cut(strings.ReplaceAll(got.text, key, "…")))
	}
	user := at.ask(t, get("/v2/user/info").as(key), 200)
	if field(user, "user_role") != "internal_user_viewer" || field(user, "sso_user_id") != "cleo" || field(user, "user_alias") != "Cleo Cork" {
		t.Errorf("the new user: %s", cut(user.text))
	}
	hasText(t, at.ask(t, post("/key/generate", `{}`).as(key), 401), "Your role=internal_user_viewer")
}

func refusedLogins(t *testing.T, at target) {
	l := at.start(t)
	pending := func() { t.Helper(); hasText(t, at.ask(t, l.poll(""), 200), `{"status":"pending"}`) }
	pending()
	wrong := l
	wrong.secret = "nope"
	hasText(t, at.ask(t, wrong.poll(""), 403), "Invalid CLI polling secret")
	hasText(t, at.ask(t, get("/sso/cli/poll/"+l.id).as("-"), 403), "Invalid CLI polling secret")
	hasText(t, at.ask(t, get("/sso/cli/poll/cli-nobodyknowsthis").as("-"), 400), "CLI login session not found or expired")
	hasText(t, at.ask(t, get("/sso/cli/poll/nope").as("-"), 400), "Invalid CLI login session id")
	hasText(t, at.ask(t, get("/sso/cli/poll/sk-nope").as("-"), 400), "Your litellm CLI is out of date")
	at.ask(t, get("/sso/cli/start").as("-"), 405)
	hasText(t, at.ask(t, post("/sso/cli/complete/"+l.id, "user_code=x").as("-"), 400), "CLI login is not ready")
	for _, one := range []struct {
		who, code string
		status    int
		text      string
	}{
		{"zoe@example.com", l.code, 401, "OAuth error: access_denied"},
		{"ann@example.com", "AAAA-AAAA", 400, "Invalid verification code"},
	} {
		seen := at.browse(t, sandbox.Browser{Email: one.who, Code: one.code}, l.page())
		if seen.Status != one.status || !strings.Contains(seen.Text, one.text) {
			t.Errorf("%s: %d %s", one.who, seen.Status, cut(seen.Text))
		}
		pending()
	}
	// After a wrong code, the login goes on.
	if seen := at.browse(t, sandbox.Browser{Email: "ann@example.com", Code: l.code}, l.page()); seen.Status != 200 {
		t.Errorf("the right code: %d %s", seen.Status, cut(seen.Text))
	}
	token(t, at.ask(t, l.poll(""), 200), "key")
}

func memberToken(t *testing.T, at target) {
	key := token(t, at.signIn(t, "ann", ""), "key")
	hasText(t, at.ask(t, get("/key/info").as(key), 404), "Key not found in database")
	at.ask(t, get("/key/list").as(key), 200)
	at.ask(t, get("/team/list").as(key), 401)
	teams := at.ask(t, get("/team/list?user_id=ann").as(key), 200)
	if field(teams, "0.team_id") != "team-red" {
		t.Errorf("own teams: %s", cut(teams.text))
	}
	at.ask(t, get("/team/info?team_id=team-red").as(key), 200)
	hasText(t, at.ask(t, get("/team/info?team_id=team-blue").as(key), 403), "User=ann not authorized to access this team=team-blue")
	at.ask(t, get("/user/list").as(key), 403)
	hasText(t, at.ask(t, get("/credentials").as(key), 401), "Your role=internal_user")
	hasText(t, at.ask(t, post("/key/update", `{"key":"`+key+`","team_id":"team-red"}`).as(key), 404), "Key not found")
	if user := at.ask(t, get("/user/info").as(key), 200); field(user, "user_id") != "ann" || field(user, "teams.0.team_id") != "team-red" {
		t.Errorf("/user/info: %s", cut(user.text))
	}
	made := at.ask(t, post("/key/generate", `{}`).as(key), 200)
	if field(made, "user_id") != "ann" || field(made, "team_id") != nil {
		t.Errorf("a key made with the token is of user %v and team %v", field(made, "user_id"), field(made, "team_id"))
	}
	at.ask(t, post("/key/delete", `{"keys":["`+made.body.(map[string]any)["key"].(string)+`"]}`), 200)
	hasText(t, at.ask(t, get("/models").as(key[:len(key)-4]+"AAAA"), 401), "LiteLLM Virtual Key expected. Received=lite****AAAA, expected to start with 'sk-'.")
	for _, header := range []string{"x-litellm-api-key", "api-key", "x-api-key"} {
		s := get("/models").as("-")
		s.header = map[string]string{header: key}
		at.ask(t, s, 200)
	}
}

func adminToken(t *testing.T, at target) {
	key := token(t, at.signIn(t, "olga", ""), "key")
	hasText(t, at.ask(t, get("/key/info").as(key), 400), "No key passed in.")
	hasText(t, at.ask(t, get("/key/info?key=sk-none").as(key), 404), "Key not found in database")
	at.ask(t, get("/user/list").as(key), 200)
	at.ask(t, get("/team/list").as(key), 200)
	if user := at.ask(t, get("/v2/user/info").as(key), 200); field(user, "user_role") != "proxy_admin" {
		t.Errorf("the role: %s", cut(user.text))
	}
}

func changedToken(t *testing.T, at target) {
	l := at.start(t)
	at.browse(t, sandbox.Browser{Email: "bob@example.com", Code: l.code}, l.page())
	key := token(t, at.ask(t, l.poll("?team_id=team-blue"), 200), "key")
	models := get("/models").as(key)
	await := func(status int, text string) {
		t.Helper()
		models := models.is(status).await()
		got, err := at.repeat(t, models, nil)
		if err != nil || got.status != status {
			t.Fatalf("status %d, want %d: %v %s", got.status, status, err, cut(got.text))
		}
		hasText(t, got, text)
	}
	at.ask(t, post("/team/block", `{"team_id":"team-blue"}`), 200)
	await(401, "Team=team-blue is blocked")
	at.ask(t, post("/team/unblock", `{"team_id":"team-blue"}`), 200)
	await(200, "claude-haiku")
	at.ask(t, post("/team/member_delete", `{"team_id":"team-blue","user_id":"bob"}`), 200)
	await(403, "Team 'team-blue' is not in your team memberships.")
	at.ask(t, post("/team/member_add", `{"team_id":"team-blue","member":{"user_id":"bob","role":"user"}}`), 200)
	await(200, "claude-haiku")
	cleo := token(t, at.signIn(t, "cleo", ""), "key")
	at.ask(t, post("/user/delete", `{"user_ids":["cleo"]}`), 200)
	models = get("/models").as(cleo)
	await(401, "Authentication Error, user 'cleo' no longer exists.")
}

const verifier = "abcdefghijklmnopqrstuvwxyz0123456789-abcdefgh"

// authorize registers a client and returns it with the address for the browser.
func (at target) authorize(t *testing.T) (client, address string) {
	t.Helper()
	got := at.ask(t, post("/register", `{"client_name":"test","redirect_uris":["http://127.0.0.1:1/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}`).as("-"), 201)
	client, _ = field(got, "client_id").(string)
	digest := sha256.Sum256([]byte(verifier))
	return client, "/authorize?" + url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {"http://127.0.0.1:1/callback"}, "state": {"the-state"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])}, "code_challenge_method": {"S256"}, "resource": {at.url}}.Encode()
}

// submit posts a form without a key.
func (at target) submit(t *testing.T, path string, status int, pairs ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	s := post(path, form.Encode()).as("-")
	s.header = map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	return at.ask(t, s, status)
}

// approved is the code that the browser brings back.
func (at target) approved(t *testing.T, address, email, team string) string {
	t.Helper()
	seen := at.ends(t, sandbox.Browser{Email: email, Team: team}, address)
	back, err := url.Parse(seen)
	if err != nil || back.Query().Get("state") != "the-state" || back.Query().Get("code") == "" {
		t.Fatalf("the browser came to %s", cut(seen))
	}
	return back.Query().Get("code")
}

// ends is the address to which the browser was sent at last.
func (at target) ends(t *testing.T, b sandbox.Browser, address string) string {
	t.Helper()
	seen, err := b.Open(t.Context(), at.url+address)
	if refused := (*url.Error)(nil); errors.As(err, &refused) && strings.HasPrefix(refused.URL, "http://127.0.0.1:1/callback") {
		return refused.URL // nothing listens there
	}
	if err != nil {
		t.Fatal(err)
	}
	return seen.Address
}

func pkce(t *testing.T, at target) {
	contract := at.ask(t, get("/.well-known/litellm-cli-auth").as("-"), 200)
	for path, want := range map[string]any{"issuer": at.url, "token_endpoint": at.url + "/token", "resource": at.url, "revocation_endpoint": at.url + "/revoke", "registration_endpoint": at.url + "/register", "authorization_endpoint": at.url + "/authorize"} {
		if field(contract, path) != want {
			t.Errorf("%s is %v, want %v", path, field(contract, path), want)
		}
	}
	client, address := at.authorize(t)
	code := at.approved(t, address, "bob@example.com", "team-blue")
	exchange := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", "http://127.0.0.1:1/callback", "client_id", client, "code_verifier", verifier, "resource", at.url}
	got := at.submit(t, "/token", 200, exchange...)
	key := token(t, got, "access_token")
	if field(got, "team_id") != "team-blue" || field(got, "user_id") != "bob" || field(got, "expires_in") != json.Number("86400") || field(got, "token_type") != "Bearer" {
		t.Errorf("the token: %s", cut(strings.ReplaceAll(got.text, key, "…")))
	}
	at.ask(t, get("/models").as(key), 200)
	hasText(t, at.submit(t, "/token", 400, exchange...), "the authorization code was already used")

	refresh, _ := field(got, "refresh_token").(string)
	renew := func(status int, token string) answer {
		t.Helper()
		return at.submit(t, "/token", status, "grant_type", "refresh_token", "refresh_token", token, "client_id", client, "resource", at.url)
	}
	renewed := renew(200, refresh)
	if token(t, renewed, "access_token") == key || field(renewed, "team_id") != "team-blue" {
		t.Errorf("the new token is of team %v", field(renewed, "team_id"))
	}
	hasText(t, renew(400, refresh), "the refresh token was already used")
	at.ask(t, get("/models").as(key), 200) // the old one stays good
	next, _ := field(renewed, "refresh_token").(string)
	at.submit(t, "/revoke", 200, "token", next, "client_id", client)
	hasText(t, renew(400, next), "the refresh token was revoked")
	at.ask(t, get("/models").as(token(t, renewed, "access_token")), 200)
	at.submit(t, "/revoke", 200, "token", "anything", "client_id", client)
	hasText(t, at.submit(t, "/revoke", 401, "token", next, "client_id", "nobody"), "invalid_client")
}

func pkceDenied(t *testing.T, at target) {
	_, address := at.authorize(t)
	if back := at.ends(t, sandbox.Browser{Email: "ann@example.com", Deny: true}, address); !strings.Contains(back, "error=access_denied") || !strings.Contains(back, "state=the-state") {
		t.Errorf("the browser came to %s", back)
	}
}

func pkceErrors(t *testing.T, at target) {
	for body, want := range map[string]string{
		`{"redirect_uris":["http://example.com/x"]}`: "each redirect URI must be https",
		`{"redirect_uris":["http://u@127.0.0.1/x"]}`: "must not contain userinfo",
		`{"redirect_uris":["http://127.0.0.1/x#y"]}`: "must not contain a URL fragment",
		`{"redirect_uris":["a","b","c","d","e"]}`:    "must be a list of 1 to 4 URIs",
	} {
		got := at.ask(t, post("/register", body).as("-"), 400)
		hasText(t, got, "invalid_redirect_uri")
		hasText(t, got, want)
	}
	hasText(t, at.ask(t, post("/register", `{"redirect_uris":[]}`).as("-"), 200), "dummy_client")
	client, address := at.authorize(t)
	for from, to := range map[string]string{url.QueryEscape("127.0.0.1:1"): url.QueryEscape("127.0.0.1:2"), "S256": "plain", "response_type=code": "response_type=token"} {
		broken := strings.Replace(address, from, to, 1)
		at.ask(t, get(broken).as("-"), 400)
	}
	hasText(t, at.ask(t, get("/authorize?client_id=nobody&redirect_uri=x").as("-"), 404), "MCP server not found")
	code := at.approved(t, address, "ann@example.com", "")
	give := func(status int, want string, pairs ...string) {
		t.Helper()
		form := append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", "http://127.0.0.1:1/callback", "client_id", client, "code_verifier", verifier, "resource", at.url}, pairs...)
		hasText(t, at.submit(t, "/token", status, form...), want)
	}
	give(400, "PKCE verification failed", "code_verifier", verifier+"x")
	give(400, "code_verifier must be 43 to 128", "code_verifier", "x")
	give(400, "the authorization code is invalid", "code", "llm_gcode_nope")
	give(400, "the authorization code was issued to a different client", "redirect_uri", "http://127.0.0.1:2/callback")
	give(400, "invalid_target", "resource", "http://example.com")
	give(400, "the refresh token is invalid for this client", "grant_type", "refresh_token", "refresh_token", "llm_srefresh_x")
	give(400, "unsupported_grant_type", "grant_type", "password")
	give(404, "MCP server not found", "client_id", "nobody")
	hasText(t, at.submit(t, "/token", 422, "client_id", client), "grant_type")
	hasText(t, at.submit(t, "/token", 400, "grant_type", "refresh_token"), "client_id is required")
	give(200, "access_token")
}

// TestSignInOff: a gateway without sign-on starts logins that never end.
func TestSignInOff(t *testing.T) {
	server := httptest.NewServer(sandbox.New())
	defer server.Close()
	at := target{url: server.URL, key: sandbox.MasterKey}
	if config := at.ask(t, get("/.well-known/litellm-ui-config").as("-"), 200); field(config, "sso_configured") != false {
		t.Errorf("sso_configured: %s", config.text)
	}
	l := at.start(t)
	if seen := at.browse(t, sandbox.Browser{Email: "ann@example.com"}, l.page()); seen.Status != 200 || strings.Contains(seen.Text, "code") {
		t.Errorf("the page: %d %s", seen.Status, seen.Text)
	}
	hasText(t, at.ask(t, l.poll(""), 200), "pending")
	// PKCE works all the same, with the administrator's password.
	_, address := at.authorize(t)
	back := at.ends(t, sandbox.Browser{Password: sandbox.MasterKey}, address)
	if !strings.Contains(back, "code=llm_gcode_") {
		t.Errorf("the browser came to %s", back)
	}
}

// TestSignInLimits are what depends on the time, the settings and the number of logins.
func TestSignInLimits(t *testing.T) {
	gateway := sandbox.NewWithSignIn()
	server := httptest.NewServer(gateway)
	defer server.Close()
	at := target{url: server.URL, key: sandbox.MasterKey}
	now := time.Now()
	gateway.SetClock(func() time.Time { return now })
	l := at.start(t)
	key := token(t, at.signIn(t, "ann", ""), "key")
	for range 28 {
		at.start(t)
	}
	hasText(t, at.ask(t, post("/sso/cli/start", "").as("-"), 429), "Too many CLI login attempts. Try again later.")
	now = now.Add(61 * time.Second)
	at.start(t)
	if waiting := gateway.Logins(); len(waiting) != 30 || waiting[0].Code != l.code || waiting[0].ID != l.id {
		t.Errorf("%d logins wait: %v", len(waiting), waiting)
	}
	now = now.Add(10 * time.Minute)
	hasText(t, at.ask(t, l.poll(""), 400), "not found or expired")
	now = now.Add(24 * time.Hour)
	expired := at.ask(t, get("/models").as(key), 401)
	hasText(t, expired, "Authentication Error - Expired Key. Key Expiry time ")
	if field(expired, "error.type") != "expired_key" || field(expired, "error.param") != "sk-..."+key[len(key)-4:] {
		t.Errorf("an expired token: %s", expired.text)
	}
	gateway.SetClock(nil)

	gateway.SignIn(sandbox.SignIn{People: sandbox.People(), Domain: "example.com", TokensOff: true, CodeInURL: true})
	started := at.ask(t, post("/sso/cli/start", "").as("-"), 200)
	complete, _ := field(started, "verification_uri_complete").(string)
	if seen := at.browse(t, sandbox.Browser{Email: "yan@example.org"}, complete); seen.Status != 401 || !strings.Contains(seen.Text, "The email domain=example.org, is not an allowed email domain=['example.com']") {
		t.Errorf("another domain: %d %s", seen.Status, seen.Text)
	}
	if seen := at.browse(t, sandbox.Browser{Email: "ann@example.com"}, complete); seen.Status != 200 || !strings.Contains(seen.Text, "Authentication Successful!") {
		t.Errorf("with the code in the address: %d %s", seen.Status, seen.Text)
	}
	off := login{id: field(started, "login_id").(string), secret: field(started, "poll_secret").(string)}
	hasText(t, at.ask(t, get("/models").as(token(t, at.ask(t, off.poll(""), 200), "key")), 401), "LiteLLM Virtual Key expected.")

	gateway.SignIn(sandbox.SignIn{People: sandbox.People(), BaseURL: strings.Replace(server.URL, "127.0.0.1", "localhost", 1)})
	l = at.start(t)
	if seen := at.browse(t, sandbox.Browser{Email: "ann@example.com", Code: l.code}, l.page()); seen.Status != 401 || !strings.Contains(seen.Text, "State cookie not found") {
		t.Errorf("under another host name: %d %s", seen.Status, seen.Text)
	}
	gateway.Populate("users", 5, func(int) map[string]any { return map[string]any{} })
	if seen := at.browse(t, sandbox.Browser{Email: "ann@example.com", Code: l.code}, l.page()); seen.Status != 403 || !strings.Contains(seen.Text, "more than 5 users") {
		t.Errorf("with too many users: %d %s", seen.Status, seen.Text)
	}
}

// TestSignInFirst: a first sign-in by the code flow does not see the teams that it joins.
func TestSignInFirst(t *testing.T) {
	gateway := sandbox.New()
	gateway.SignIn(sandbox.SignIn{People: []sandbox.Person{{Email: "new@example.com", Teams: []string{"t1", "none"}}}})
	server := httptest.NewServer(gateway)
	defer server.Close()
	at := target{url: server.URL, key: sandbox.MasterKey}
	at.ask(t, post("/team/new", `{"team_id":"t1"}`), 200)
	if got := at.signIn(t, "new", ""); field(got, "team_id") != nil {
		t.Errorf("the first sign-in has team %v", field(got, "team_id"))
	}
	if got := at.signIn(t, "new", ""); field(got, "team_id") != "t1" {
		t.Errorf("the second sign-in has team %v", field(got, "team_id"))
	}
}
