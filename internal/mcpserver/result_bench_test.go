package mcpserver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// canned is a gateway that has one answer.
type canned []byte

func (b canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{Status: "200 OK", StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(b)), Body: io.NopCloser(bytes.NewReader(b)), Request: r}, nil
}

// keyPage is a page of the key list, 2.4 kB a key as on the gateway.
func keyPage(n int) canned {
	var b bytes.Buffer
	b.WriteString(`{"keys":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"token":"%064x","key_name":"sk-...abcd","key_alias":"key-%d","spend":1.25e-5,"expires":"2026-11-22T16:15:09.123456+00:00","models":["gpt-4o","gpt-4o-mini"],"max_budget":100.0,"user_id":"user-%d","team_id":"team-%d","metadata":{"owner":"platform","note":"nightly \"batch\" jobs"}`, i, i, i%7, i%5)
		for f := range 95 {
			fmt.Fprintf(&b, `,"some_field_%d":null`, f)
		}
		b.WriteString("}")
	}
	fmt.Fprintf(&b, `],"total_count":%d,"current_page":1,"total_pages":1}`, n)
	return b.Bytes()
}

// BenchmarkSlim is keys_list of 100 keys, 240 kB, as a tool: everything but the
// network.
func BenchmarkSlim(b *testing.B) { benchmarkList(b, "") }

// BenchmarkFull is the same with whole items.
func BenchmarkFull(b *testing.B) { benchmarkList(b, `"full":true`) }

func benchmarkList(b *testing.B, arguments string) {
	page := keyPage(100)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: "http://gateway", APIKey: "sk-1234", Transport: page})
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Options{Client: client, Operations: tools.All()})
	if err != nil {
		b.Fatal(err)
	}
	peer := &caller{}
	ctx := withCaller(b.Context(), peer)
	line := []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_list","arguments":{` + arguments + `}}}`)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		answer := bytes.Join(s.dispatch(ctx, read(bytes.Clone(line))), nil)
		peer.answer.end()
		if !bytes.Contains(answer, []byte(" of 100 keys")) {
			b.Fatalf("%.300s", answer)
		}
	}
}
