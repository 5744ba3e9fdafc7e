package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Browser is a person at a browser, for tests of signing in: it opens the address that the
// command line shows, chooses itself at the provider, types the code, and approves. It also
// works with a real gateway whose provider asks for nothing but who is there.
type Browser struct {
	Email  string
	Code   string // of the command line; empty: what the page has filled in
	Team   string // ID of the team to choose where a page asks; empty: the first
	Deny   bool   // where a page asks for approval
	Manual bool   // carry the address with the code by hand: it is in Visited.Text
	// Password signs in at a gateway without sign-on, as admin.
	Password string
}

// Visited is where a browser ended.
type Visited struct {
	Status  int
	Address string
	Text    string // of the page, without markup
}

// Open opens an address and goes on as far as there is something to fill in. It is no error
// to end at a page that refuses: see Status.
func (b Browser) Open(ctx context.Context, address string) (Visited, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return Visited{}, err
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	for range 8 {
		if err != nil {
			return Visited{}, err
		}
		var seen Visited
		var body string
		if seen, body, err = visitPage(client, request); err != nil {
			return Visited{}, err
		}
		form := formIn(body)
		if seen.Status >= http.StatusBadRequest || form == nil || !b.fill(form) {
			return seen, nil
		}
		request, err = form.request(ctx, seen.Address)
	}
	return Visited{}, errors.New("the pages of the sign-in do not end")
}

// Token signs the person in by the code flow, as a command line does, and returns the
// token.
func (b Browser) Token(ctx context.Context, baseURL string) (string, error) {
	var started struct {
		ID     string `json:"login_id"`
		Secret string `json:"poll_secret"`
		Code   string `json:"user_code"`
	}
	if err := ask(ctx, http.MethodPost, baseURL+"/sso/cli/start", "", &started); err != nil {
		return "", err
	}
	b.Code = started.Code
	seen, err := b.Open(ctx, baseURL+(&cliFlow{id: started.ID}).address())
	if err != nil {
		return "", err
	}
	var answer struct {
		Key string `json:"key"`
	}
	poll := baseURL + "/sso/cli/poll/" + started.ID
	if b.Team != "" {
		poll += "?team_id=" + url.QueryEscape(b.Team)
	}
	if err := ask(ctx, http.MethodGet, poll, started.Secret, &answer); err != nil {
		return "", err
	}
	if answer.Key == "" {
		return "", fmt.Errorf("%s got no token; the browser ended at %d: %s", b.Email, seen.Status, seen.Text)
	}
	return answer.Key, nil
}

// ask sends a request of the code flow and decodes its answer.
func ask(ctx context.Context, method, address, secret string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Litellm-Cli-Poll-Secret", secret)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %s", method, request.URL.Path, answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

func visitPage(client *http.Client, request *http.Request) (Visited, string, error) {
	answer, err := client.Do(request)
	if err != nil {
		return Visited{}, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	text := strings.Join(strings.Fields(html.UnescapeString(markup().ReplaceAllString(string(body), " "))), " ")
	return Visited{Status: answer.StatusCode, Address: answer.Request.URL.String(), Text: text}, string(body), err
}

// pageForm is the form of a page: what is filled in, and what can be chosen.
type pageForm struct {
	action  string
	post    bool
	fields  url.Values
	choices map[string][]string
}

// lazily compiles a regular expression at its first use: to compile it at the start would
// cost every command some time.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

var (
	markup    = lazily(`(?s)<style.*?</style>|<script.*?</script>|<title.*?</title>|<[^>]*>`)
	element   = lazily(`(?s)<(form|input|button|select|option)\b([^>]*)>`)
	attribute = lazily(`([a-z-]+)="([^"]*)"`)
)

// formIn reads the first form of a page, or nil.
func formIn(body string) *pageForm {
	var form *pageForm
	choosing := ""
	for _, found := range element().FindAllStringSubmatch(body, -1) {
		at := map[string]string{}
		for _, pair := range attribute().FindAllStringSubmatch(found[2], -1) {
			at[pair[1]] = html.UnescapeString(pair[2])
		}
		name := at["name"]
		switch kind := found[1]; {
		case kind == "form" && form == nil:
			form = &pageForm{action: at["action"], post: strings.EqualFold(at["method"], "post"), fields: url.Values{}, choices: map[string][]string{}}
		case form == nil:
		case kind == "select":
			choosing, form.choices[name] = name, nil
		case kind == "option":
			form.choices[choosing] = append(form.choices[choosing], at["value"])
		case name != "" && (kind == "button" || at["type"] == "submit" || at["type"] == "radio"):
			form.choices[name] = append(form.choices[name], at["value"])
		case name != "" && kind == "input":
			form.fields.Set(name, at["value"])
		}
	}
	return form
}

// fill does what a person would; false is at a form that nobody can fill in.
func (b Browser) fill(form *pageForm) bool {
	_, typed := form.fields["user_code"]
	_, password := form.fields["password"]
	switch {
	case form.choices["user"] != nil:
		form.fields.Set("user", b.Email)
	case typed:
		if b.Code != "" {
			form.fields.Set("user_code", b.Code)
		}
	case form.choices["decision"] != nil:
		if teams := form.choices["team_id"]; len(teams) > 0 {
			form.fields.Set("team_id", or2(b.Team, teams[0]))
		}
		form.fields.Set("decision", map[bool]string{true: "deny", false: "approve"}[b.Deny])
		if b.Manual {
			form.fields.Set("delivery", "manual")
		}
	case password && b.Password != "":
		form.fields.Set("username", "admin")
		form.fields.Set("password", b.Password)
	default:
		return false
	}
	return true
}

func (f *pageForm) request(ctx context.Context, from string) (*http.Request, error) {
	base, err := url.Parse(from)
	if err != nil {
		return nil, err
	}
	to, err := base.Parse(f.action)
	if err != nil {
		return nil, err
	}
	if !f.post {
		to.RawQuery = f.fields.Encode()
		return http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(f.fields.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request, err
}
