// Package sandbox is a small LiteLLM gateway: an http.Handler that answers the
// management routes and chat completions as a real gateway (release 1.110.2,
// with a database, without an enterprise license) does: statuses, the three
// families of error bodies, defaults, order, page limits. It needs no network
// and no provider. [New] keeps its state in memory; tests use it as their fake
// and can ask it for faults. [Open] keeps it in a file, for the commands that
// work on the sandbox instead of a real gateway.
//
// What it knows of the real gateway is held in three places: the handlers;
// shapes.json, whose objects were recorded from a real gateway and are filled
// with the sandbox's own state; and requests.txt, the fields of request bodies.
// The contract test runs the same scenarios against both, and the field test
// sends each field. Where the two differ, the sandbox is wrong.
//
// Deliberately simpler than the real one: spend is charged at once, budgets start
// again to the second and caches do not exist, so a change is seen by the next
// request.
package sandbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// MasterKey is the administrator's key of a gateway in memory, like the master
// key of a real gateway's configuration. One in a file has a random key.
const MasterKey = "sk-1234"

// Version is the LiteLLM release whose answers the sandbox imitates.
const Version = "1.110.2"

const masterUser = "default_user_id"

// maxBody bounds what a request may send; a real gateway has no use for more.
const maxBody = 16 << 20

type object = map[string]any

//go:embed shapes.json
var shapesJSON []byte

// shapes holds recorded answers by name. Nested values are shared between
// answers and never changed.
var shapes = sync.OnceValue(func() map[string]object {
	var all map[string]object
	decoder := json.NewDecoder(bytes.NewReader(shapesJSON))
	decoder.UseNumber() // 0.0 stays 0.0
	if err := decoder.Decode(&all); err != nil {
		panic("sandbox: shapes.json: " + err.Error())
	}
	return all
})

// A Request is what the gateway received, kept so that a test can say what was
// sent. Path is escaped as on the wire, without a prefix that was stripped.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Body   []byte
	Time   time.Time
}

// Gateway is a LiteLLM gateway for tests and for trying things out. It is safe
// for concurrent use. The zero value is not usable: call [New] or [Open].
type Gateway struct {
	mu       sync.Mutex
	now      func() time.Time
	store    *store // nil: the state is in memory only
	admin    string // the administrator's key
	requests []Request
	faults   []*fault
	routes   []route
	last     time.Time // of the newest timestamp, so that two are never equal
	shuffled bool      // rows that tie are in another order in each answer
	shuffles uint64    // how often that was done
	sso      ssoState
	data     state
	waiting  sync.Mutex // of jobs
	jobs     []*job     // that are to be written to the file
}

// state is everything a request can change: plain maps, ready for JSON. A value
// that went through a file has JSON's types: read it with number, text and list.
type state struct {
	Keys         []object
	DeletedKeys  []object
	Users        []object
	Teams        []object
	DeletedTeams []object
	Memberships  []object
	Models       []object
	Credentials  []object
	Budgets      []object
	Customers    []object
	Tags         []object
	Fallbacks    []object           // of models, in the order in which they were set
	Checks       []object           // of models, oldest first
	Logs         []object           // with a file, the new ones only: call logs
	windows      map[string]*window // request and token counts of this minute

	orders map[string][]object // of tables, until something changes: see ordered
}

// tables are the parts of the state that a file keeps as rows, by name.
func (s *state) tables() map[string]*[]object {
	return map[string]*[]object{
		"keys": &s.Keys, "deleted_keys": &s.DeletedKeys, "users": &s.Users, "teams": &s.Teams, "deleted_teams": &s.DeletedTeams, "memberships": &s.Memberships,
		"models": &s.Models, "credentials": &s.Credentials, "budgets": &s.Budgets, "customers": &s.Customers, "tags": &s.Tags, "checks": &s.Checks,
		"fallbacks": &s.Fallbacks,
	}
}

func newState() state { return state{windows: map[string]*window{}, Models: configModels()} }

// New returns a gateway with three mock models (gpt-4o-mini and claude-haiku
// answer a fixed text, always-fails answers 429) and nothing else.
func New() *Gateway {
	g := &Gateway{now: time.Now, routes: routeTable(), admin: MasterKey}
	g.Reset()
	return g
}

// Reset empties a gateway in memory: the state of New again. The record of requests,
// the faults and the clock stay as they are.
func (g *Gateway) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.data = newState()
}

// AdminKey is the key that is accepted as a proxy administrator's.
func (g *Gateway) AdminKey() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.admin
}

// Knows reports whether the key is or was one of this gateway's, good or not: a
// key of another gateway is none of its business.
func (g *Gateway) Knows(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	token := tokenOf(key)
	return key == g.admin || byID(g.data.Keys, "token", token) != nil || byID(g.data.DeletedKeys, "token", token) != nil
}

// SetClock makes the gateway take its time from now: expiry, rate-limit windows
// and timestamps follow it. It must not call the gateway. nil restores the
// system's clock.
func (g *Gateway) SetClock(now func() time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now == nil {
		now = time.Now
	}
	g.now, g.last = now, time.Time{}
}

// Requests returns what was received since New or ClearRequests, in order of
// arrival, refused and faulty ones included.
func (g *Gateway) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

// ClearRequests forgets the requests received so far.
func (g *Gateway) ClearRequests() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = nil
}

// A call is one request on its way through a handler, with the lock held.
type call struct {
	*Gateway
	*state
	r     *http.Request
	path  string
	param map[string]string // of the route's pattern
	query url.Values
	raw   []byte
	body  object // checked fields, in the gateway's types
	who   identity
}

// ServeHTTP answers one request. Mount it under a prefix with http.StripPrefix.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request body too large", http.StatusRequestEntityTooLarge)
		return
	}
	g.mu.Lock()
	if g.store == nil { // a server that runs for days keeps no record
		g.requests = append(g.requests, Request{
			Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(),
			Header: r.Header.Clone(), Body: raw, Time: g.now(),
		})
	}
	fault := g.match(r)
	g.mu.Unlock()
	if fault != nil && fault.before(w, r) {
		return
	}
	answer := g.serve(r, raw)
	if fault != nil && fault.after(w, answer) {
		return
	}
	answer.write(w)
}

// serve performs the request and returns its answer, encoded.
func (g *Gateway) serve(r *http.Request, raw []byte) *encoded {
	j := &job{}
	j.work = func() {
		c := &call{Gateway: g, state: &g.data, r: r, path: r.URL.Path, query: r.URL.Query(), raw: raw}
		if r.Method != http.MethodGet {
			c.orders = nil
		}
		c.resetBudgets()
		// Encoded while the lock is held: the answer shares maps with the state.
		j.answer = encode(c.dispatch())
	}
	// No other GET changes anything that is stored but the budgets whose time has come, and that
	// happens again to whoever looks next.
	if g.store != nil && (r.Method != http.MethodGet || r.URL.Path == "/health" || r.URL.Path == "/sso/callback") {
		g.together(j)
		return j.answer
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.store == nil {
		j.work()
	} else if err := g.store.do(g, false, j.work); err != nil {
		return encode(stateFailed(err))
	}
	return j.answer
}

// job is one request that changes the file.
type job struct {
	work   func()
	answer *encoded
	ended  bool
}

// together performs a job with all those that wait meanwhile, and writes the file once for
// them: it is written as a whole, and each time waits for the disk.
func (g *Gateway) together(j *job) {
	g.waiting.Lock()
	g.jobs = append(g.jobs, j)
	g.waiting.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if j.ended {
		return
	}
	g.waiting.Lock()
	jobs := g.jobs
	g.jobs = nil
	g.waiting.Unlock()
	if !slices.Contains(jobs, j) { // whoever took it panicked
		jobs = append(jobs, j)
	}
	err := g.store.do(g, true, func() {
		for _, j := range jobs {
			j.work()
		}
	})
	for _, j := range jobs {
		if j.ended = true; err != nil {
			j.answer = encode(stateFailed(err))
		}
	}
}

// stamp returns the time for created_at and updated_at: milliseconds in UTC,
// each later than the one before, because lists are ordered by it.
func (g *Gateway) stamp() string {
	now := g.now().UTC().Truncate(time.Millisecond)
	if !now.After(g.last) {
		now = g.last.Add(time.Millisecond)
	}
	g.last = now
	return formatTime(now)
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// Populate adds n rows at once, where a test needs more than it can make by
// requests: kind is "keys", "users" or "teams", and fields returns the body that
// the i-th request would have. Nothing is checked or recorded.
func (g *Gateway) Populate(kind string, n int, fields func(i int) map[string]any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.data.orders = nil
	c := &call{Gateway: g, state: &g.data, who: identity{role: roleAdmin, userID: masterUser}}
	for i := range n {
		body := fields(i)
		switch kind {
		case "keys":
			c.newKey(body, or2(text(body["key"]), "sk-"+randomText(16)))
		case "users":
			c.addUser(or2(text(body["user_id"]), uuid()), body)
		case "teams":
			c.addTeam(or2(text(body["team_id"]), uuid()), body)
		default:
			panic("sandbox: Populate does not know " + kind)
		}
	}
}
