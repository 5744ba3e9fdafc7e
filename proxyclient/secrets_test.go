package proxyclient

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWithSecrets: the secret is on the wire, and in nothing that is shown.
func TestWithSecrets(t *testing.T) {
	const placeholder, value = `{"of":"A"}`, "a \"quoted\"\nSECRET value"
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = string(b)
		w.WriteHeader(400)
		_, _ = w.Write([]byte(`{"error":{"message":"bad: a \"quoted\"\nSECRET value"}}`))
	}))
	defer s.Close()
	var debug bytes.Buffer
	c, err := New(Config{BaseURL: s.URL, Debug: &debug})
	if err != nil {
		t.Fatal(err)
	}
	c = c.WithSecrets(map[string]string{placeholder: value})
	body := `{"api_key":"{\"of\":\"A\"}","n":1.50}`
	_, err = c.JSON(t.Context(), Request{Method: "POST", Path: "/model/new", Body: []byte(body)})
	if want := `{"api_key":"a \"quoted\"\nSECRET value","n":1.50}`; got != want {
		t.Errorf("sent: %s", got)
	}
	recording, recorder := c.Recording()
	_, _ = recording.JSON(t.Context(), Request{Method: "POST", Path: "/model/new", Body: []byte(body)})
	if shown := recorder.Requests()[0].String() + debug.String() + err.Error(); strings.Contains(shown, "SECRET") {
		t.Errorf("shown: %s", shown)
	}
	for _, r := range []Request{
		{Method: "POST", Path: "/x", Body: []byte(body), Read: true},
		{Method: "POST", Path: "/x", Body: []byte(`{"data":"{\"api_key\":\"{\\\"of\\\":\\\"A\\\"}\"}","api_key":"{\"of\":\"A\"} more"}`)},
		{Method: "DELETE", Path: "/x/{id}", Params: map[string]string{"id": placeholder}},
		{Method: "DELETE", Path: "/x", Query: map[string][]string{"password": {placeholder}}},
	} {
		got = "nothing"
		if _, err := c.Do(t.Context(), r); CodeOf(err) != CodeUsage || got != "nothing" {
			t.Errorf("%s %s: %v; sent: %s", r.Method, r.Path, err, got)
		}
	}
}
