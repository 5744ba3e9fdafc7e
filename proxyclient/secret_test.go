package proxyclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A marked secret goes in wherever one can, and every failure and every output
// is searched for it.
func TestNoSecretLeaves(t *testing.T) {
	const (
		marked = "sk-MARKED0123456789MARKED-tail"
		plain  = "MARKED-password"
	)
	var debug bytes.Buffer
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		echo, _ := json.Marshal(fmt.Sprint(r.URL, " ", r.Header, " ", string(body)))
		w.Header().Set("X-Request-Id", marked)
		w.Header().Set("Retry-After", "100")
		w.Header().Set("Location", "https://u:"+plain+"@other.host/?key="+marked+"&token="+plain)
		switch {
		case strings.HasPrefix(r.URL.Path, "/hang"):
			hangUp(w)
		case strings.HasPrefix(r.URL.Path, "/moved"):
			w.WriteHeader(307)
		case strings.HasPrefix(r.URL.Path, "/ok"):
			_, _ = w.Write(body)
		case strings.HasPrefix(r.URL.Path, "/html"):
			_, _ = io.WriteString(w, "<html><title>"+marked+"</title>")
		case strings.HasPrefix(r.URL.Path, "/noise"):
			_, _ = io.WriteString(w, "noise api_key="+plain+" "+marked)
		case strings.HasPrefix(r.URL.Path, "/binary"):
			_, _ = io.WriteString(w, "\x00\xff"+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+"\x80")
		case strings.HasPrefix(r.URL.Path, "/short"):
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(body)
		case strings.HasPrefix(r.URL.Path, "/events"):
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = fmt.Fprintf(w, "data: {\"error\": %s}\n\n", echo)
		default:
			w.WriteHeader(401)
			_, _ = fmt.Fprintf(w, `{"error":{"message":%s,"type":%q,"param":%q}}`, echo, marked, marked)
		}
	})
	dead := serve(t, func(http.ResponseWriter, *http.Request) {})
	dead.Close()

	for _, key := range []string{marked, "short-MARKED", "sk-MARKED"} {
		for _, base := range []string{s.URL, dead.URL} {
			c := newClient(t, base, func(cfg *Config) {
				cfg.APIKey, cfg.APIKeySource, cfg.Debug, cfg.ChangedBy, cfg.Retries = key, "--api-key", &debug, "me "+marked, 1
			})
			rc, recorder := c.Recording()
			for _, path := range []string{"/refuse", "/hang", "/moved", "/ok", "/html", "/noise", "/binary", "/short", "/events", "/bad\x00"} {
				for _, isRead := range []bool{true, false} {
					r := Request{
						Method: "POST", Path: path + "/{key}", Params: map[string]string{"key": marked}, Read: isRead,
						Query: url.Values{"key": {marked}, "api_key": {plain}},
						Body:  []byte(`{"key":"` + marked + `","litellm_params":{"api_key":"` + plain + `"},"credential_values":{"x":"` + plain + `"}}`),
					}
					_, err := c.JSON(t.Context(), r)
					search(t, path, err)
					search(t, path, Wrap("read "+marked, err))
					search(t, path, c.Stream(t.Context(), r, func([]byte) error { return nil }))
					_, err = rc.JSON(t.Context(), r)
					search(t, path, err)
					for _, literal := range []string{"http://u:" + marked + "@h/", "/../" + marked, "/x" + path[1:] + "#" + marked} {
						_, err = c.Do(t.Context(), Request{Method: "GET", Path: literal, RawPath: true})
						search(t, path, err)
					}
				}
			}
			out, _ := json.Marshal(recorder.Requests())
			if len(recorder.Requests()) == 0 || strings.Contains(string(out), "MARKED") {
				t.Errorf("recorder: %s", out)
			}
		}
	}
	if i := strings.Index(debug.String(), "MARKED"); i >= 0 {
		t.Errorf("debug: …%s…", debug.String()[max(0, i-200):i+20])
	}
}

func search(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var all strings.Builder
	fmt.Fprintf(&all, "%v %+v %#v\n", err, err, err)
	if e, ok := errors.AsType[*Error](err); ok {
		js, _ := json.Marshal(e)
		fmt.Fprintf(&all, "%+v %s %s\n", *e, js, e.Body)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		fmt.Fprintf(&all, "%v %+v %#v\n", e, e, e)
	}
	if i := strings.Index(all.String(), "MARKED"); i >= 0 {
		t.Errorf("%s: …%s…", what, all.String()[max(0, i-300):i+30])
	}
}

// A surface redacts answers with the client's redactor: the key it sent is hidden
// even where nothing else tells that it is one.
func TestRedactor(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.APIKey = "team-password" })
	in := `{"note":"as team-password","key":"sk-1234","n":1.0}`
	for keep, want := range map[string]string{
		"":    `{"note":"as ****","key":"sk-...","n":1.0}`,
		"key": `{"note":"as ****","key":"sk-1234","n":1.0}`,
	} {
		if got, err := c.Redactor(keep).JSON(t.Context(), []byte(in)); string(got) != want || err != nil {
			t.Errorf("keep %q: got %s %v, want %s", keep, got, err, want)
		}
	}
	if got := c.WithKey("", "").Redactor().Binary([]byte("\x00team-password")); string(got) != "\x00team-password" {
		t.Errorf("without a key: %q", got)
	}
}
