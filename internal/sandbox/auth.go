package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// identity is whose key a request carries.
type identity struct {
	key     object // nil for the master key
	session bool   // the key is the token of somebody who signed in, which is stored nowhere
	role    string
	userID  string
}

const (
	roleAdmin       = "proxy_admin"
	roleAdminViewer = "proxy_admin_viewer"
	roleUser        = "internal_user"
	roleUserViewer  = "internal_user_viewer"
	roleUnknown     = "unknown"
)

func (who identity) isAdmin() bool { return who.role == roleAdmin }

// sees reports whether the caller may look at everybody's things.
func (who identity) sees() bool { return who.role == roleAdmin || who.role == roleAdminViewer }

// shownRole is the role in the messages of handlers: a key without a role of
// its own acts as an internal user.
func (who identity) shownRole() string {
	if who.role == roleUnknown {
		return roleUser
	}
	return who.role
}

// name is who stands in created_by and updated_by.
func (who identity) name() any {
	if who.userID == "" {
		return nil
	}
	return who.userID
}

// credential takes the key out of the headers that the gateway reads.
func (c *call) credential() (key string, bad *reply) {
	for _, header := range []string{"X-Litellm-Api-Key", "Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key"} {
		value := c.r.Header.Get(header)
		if value == "" {
			continue
		}
		scheme, rest, two := strings.Cut(value, " ")
		switch {
		case two && (strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "basic")):
			value = rest
		case header == "Authorization":
			return "", failure(http.StatusUnauthorized, "Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.")
		}
		if value = strings.TrimSpace(value); value != "" {
			return value, nil
		}
	}
	return "", failure(http.StatusUnauthorized, "Authentication Error, No api key passed in.")
}

// authenticate finds out whose key the request carries and refuses keys that
// are unknown, blocked or expired, or whose team is. Of a refused key it says
// whose it is, too.
func (c *call) authenticate() (identity, *reply) {
	if value, fault := decode(c.raw); fault < 0 {
		if _, isObject := value.(object); !isObject {
			return identity{}, notObject()
		}
	}
	key, bad := c.credential()
	if bad != nil {
		return identity{}, bad
	}
	if key == c.admin {
		return identity{role: roleAdmin, userID: masterUser}, nil
	}
	if who, known, refusal := c.session(key); known {
		return who, refusal
	}
	if !strings.HasPrefix(key, "sk-") {
		return identity{}, failure(http.StatusUnauthorized, fmt.Sprintf("LiteLLM Virtual Key expected. Received=%s, expected to start with 'sk-'.", abbreviate(key)))
	}
	row := byID(c.Keys, "token", tokenOf(key))
	if row == nil {
		return identity{}, fail(http.StatusUnauthorized, "token_not_found_in_db", "key", "Authentication Error, Invalid API key provided.")
	}
	who := identity{key: row, userID: text(row["user_id"]), role: roleUnknown}
	if user := byID(c.Users, "user_id", who.userID); user != nil {
		if role := text(user["user_role"]); role != "" {
			who.role = role
		}
	}
	return who, c.callerRefusal(who, key)
}

// callerRefusal is why the caller's key is refused: it is blocked or expired, it is not for
// this route, or its team is missing or blocked. A chat looks at most of that later.
func (c *call) callerRefusal(who identity, key string) *reply {
	if who.key["blocked"] == true {
		return failure(http.StatusUnauthorized, "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.")
	}
	if strings.HasSuffix(c.path, chatRoute) {
		return nil
	}
	if bad := c.expiredKey(who.key, key); bad != nil {
		return bad
	}
	return c.routeOrTeam(who.key)
}

// expiredKey refuses a key that has expired.
func (c *call) expiredKey(row object, key string) *reply {
	expires, is := c.expired(row)
	if !is {
		return nil
	}
	layout := "2006-01-02 15:04:05.000000+00:00"
	return fail(http.StatusUnauthorized, "expired_key", maskedKey(key), fmt.Sprintf(
		"Authentication Error - Expired Key. Key Expiry time %s and current time %s", expires.Format(layout), c.now().UTC().Format(layout)))
}

// routeOrTeam refuses a route that the key is not for, and a team that is missing or blocked.
func (c *call) routeOrTeam(row object) *reply {
	if refusal := c.allowedRoutes(row); refusal != nil {
		return refusal
	}
	id := text(row["team_id"])
	if id == "" {
		return nil
	}
	team := byID(c.Teams, "team_id", id)
	if team == nil {
		return fail(http.StatusNotFound, "auth_error", nil, pyDict("error", "Team doesn't exist in db. Team="+id+". Create team via `/team/new` call."))
	}
	if team["blocked"] == true {
		return failure(http.StatusUnauthorized, "Authentication Error, Team="+id+" is blocked. Update via `/team/unblock` if you're an admin.")
	}
	return nil
}

func (c *call) expired(row object) (time.Time, bool) {
	expires, err := time.Parse(timeLayout, text(row["expires"]))
	return expires, err == nil && expires.Before(c.now())
}

// authorize keeps everybody but administrators off the administrators' routes.
func (c *call) authorize(need access) *reply {
	allowed := true
	switch {
	case c.who.isAdmin():
	case c.who.role == roleAdminViewer:
		reads := c.r.Method == http.MethodGet || slices.Contains([]string{"/budget/info", "/tag/info"}, c.path)
		if need != llm && !reads {
			return failure(http.StatusForbidden, "user not allowed to access this route, role= proxy_admin_viewer. Trying to access: "+c.path)
		}
	case need == admin:
		allowed = false
	case need == self:
		allowed = c.who.userID != "" && c.who.role != roleUserViewer || c.who.role == roleUserViewer && c.r.Method == http.MethodGet
	}
	if allowed {
		return nil
	}
	id := roleUnknown
	if byID(c.Users, "user_id", c.who.userID) != nil {
		id = c.who.userID
	}
	return failure(http.StatusUnauthorized, fmt.Sprintf(
		"Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route=%s. Your role=%s. Your user_id=%s",
		c.path, c.who.role, maskedUser(id)))
}

func maskedUser(id string) string {
	switch n := len(id); {
	case n <= 4:
		return "***"
	case n <= 8:
		return strings.Repeat("*", n)
	default:
		return id[:6] + strings.Repeat("*", n-8) + id[n-2:]
	}
}

// byID returns the first row whose field has this value, nil if there is none.
func byID(rows []object, field, id string) object {
	for _, row := range rows {
		if id != "" && row[field] == id {
			return row
		}
	}
	return nil
}

// drop removes the rows whose field has this value and says how many they were.
func drop(rows *[]object, field, id string) int {
	before := len(*rows)
	*rows = slices.DeleteFunc(*rows, func(row object) bool { return row[field] == id })
	return before - len(*rows)
}

// abbreviate shows the ends of a key that is none.
func abbreviate(key string) string {
	if len(key) <= 8 {
		return "****"
	}
	return key[:4] + "****" + key[len(key)-4:]
}
