package proxyclient_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"litellm-proxy/proxyclient"
)

// A gateway that knows one key stands in for LiteLLM.
func Example() {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") == "sk-known" {
			fmt.Fprint(w, `{"info": {"key_alias": "ci", "max_budget": 10.0}}`)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error": {"message": "Key not found in database", "type": "not_found_error", "param": "key", "code": "404"}}`)
	}))
	defer gateway.Close()

	c, err := proxyclient.New(proxyclient.Config{BaseURL: gateway.URL, APIKey: "sk-1234"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range []string{"sk-known", "sk-unknown"} {
		answer, err := c.JSON(context.Background(), proxyclient.Request{
			Method: "GET",
			Path:   "/key/info",
			Query:  url.Values{"key": {key}},
			Read:   true, // may be tried again
		})
		switch proxyclient.CodeOf(err) {
		case "":
			fmt.Printf("%s\n", answer)
		case proxyclient.CodeNotFound:
			fmt.Println(proxyclient.Wrap("look up the key", err))
		default:
			fmt.Println(err)
		}
	}
	// Output:
	// {"info": {"key_alias": "ci", "max_budget": 10.0}}
	// look up the key: not found: Key not found in database (HTTP 404)
}

// Recording shows what a write would send: the base of a dry run.
func ExampleClient_Recording() {
	c, err := proxyclient.New(proxyclient.Config{BaseURL: "http://localhost:4000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	dry, recorder := c.Recording()
	_, err = dry.JSON(context.Background(), proxyclient.Request{
		Method: "PATCH",
		Path:   "/credentials/{credential_name:path}",
		Params: map[string]string{"credential_name": "azure/eu"},
		Body:   []byte(`{"credential_values": {"api_key": "hunter2"}}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorder.Requests() {
		fmt.Printf("%s %s %s\n", r.Method, r.Path, r.Body)
	}
	// Output: PATCH /credentials/azure%2Feu {"credential_values": {"api_key": "****"}}
}
