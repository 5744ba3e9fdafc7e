package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"
)

// tokenPrefix begins the token of somebody who has signed in.
const tokenPrefix = "litellm_login_"

// defaultLifetime is how long a token is good, unless the gateway is set otherwise.
const defaultLifetime = 24 * time.Hour

// lifetime is how long tokens are good.
func (c *call) lifetime() time.Duration {
	if c.sso.Lifetime == 0 {
		return defaultLifetime
	}
	return c.sso.Lifetime
}

// sealToken makes a token. As at a real gateway, it holds all there is to know and nothing
// is stored.
func (c *call) sealToken(user, team string) string {
	alias := "cli-session-" + user
	token := object{"token": "cli-session-" + randomText(16), "key_name": alias, "key_alias": alias, "user_id": user,
		"expires": formatTime(c.now().Add(c.lifetime()).Truncate(time.Millisecond))}
	if team != "" {
		token["team_id"] = team
	}
	return tokenPrefix + c.seal(token)
}

// cipher encrypts under the gateway's key.
func (c *call) cipher() cipher.AEAD {
	key := sha256.Sum256([]byte(c.admin))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	return aead
}

// sealedSize is that of what is sealed, so that tokens are as long as a real gateway's.
const sealedSize = 560

func (c *call) seal(value object) string {
	plain := marshal(value)
	if missing := sealedSize - len(plain); missing > 0 {
		plain = append(plain, strings.Repeat(" ", missing)...)
	}
	nonce := make([]byte, c.cipher().NonceSize())
	_, _ = rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(c.cipher().Seal(nonce, nonce, plain, nil))
}

// unseal returns what was sealed, or nil.
func (c *call) unseal(text string) (value object) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	size := c.cipher().NonceSize()
	if err != nil || len(raw) < size {
		return nil
	}
	plain, err := c.cipher().Open(nil, raw[:size], raw[size:], nil)
	if err != nil || json.Unmarshal(plain, &value) != nil {
		return nil
	}
	return value
}

// session identifies the caller by the token of a sign-in, which stands for a user and
// perhaps a team. Role, models and membership are those of this moment.
func (c *call) session(token string) (who identity, known bool, refusal *reply) {
	sealed, is := strings.CutPrefix(token, tokenPrefix)
	if !is || c.sso.TokensOff {
		return who, false, nil
	}
	claims := c.unseal(sealed)
	if claims == nil {
		return who, false, nil
	}
	row := maps.Clone(shapes()["key_info"])
	maps.Copy(row, claims)
	who = identity{key: row, session: true, userID: text(claims["user_id"])}
	user := byID(c.Users, "user_id", who.userID)
	if user == nil {
		return who, true, fail(http.StatusUnauthorized, "auth_error", "user_id", "Authentication Error, user '"+who.userID+"' no longer exists.")
	}
	who.role = or2(text(user["user_role"]), roleUserViewer)
	if id := text(row["team_id"]); id == "" {
		row["models"] = list(user["models"])
	} else if !isMember(byID(c.Teams, "team_id", id), who.userID) {
		return who, true, failure(http.StatusForbidden, "Team '"+id+"' is not in your team memberships.")
	}
	return who, true, c.callerRefusal(who, token)
}
