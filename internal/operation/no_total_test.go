package operation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"litellm-proxy/proxyclient"
)

// TestNoTotal lists customers of a gateway that pages without a total, and of one that knows
// no pages: both show whole pages, the next page only if there is one, and the whole list.
func TestNoTotal(t *testing.T) {
	type input struct {
		Page     int `json:"page" help:"Page"`
		PageSize int `json:"page_size" help:"Size"`
	}
	things := &Collection{What: "thing", Path: "/things", Page: "page", Size: "page_size", ID: "id", NoTotal: true}
	op := &Operation{Path: "things list", Summary: "List things", Effect: Read, Do: List[input]{Of: things}}
	for _, pages := range []bool{true, false} {
		for _, count := range []int{0, 1, 49, 50, 51, 100, 101, 150} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				from, to := 0, count
				if pages {
					page, _ := strconv.Atoi(r.URL.Query().Get("page"))
					size, _ := strconv.Atoi(r.URL.Query().Get("page_size"))
					from = min((max(page, 1)-1)*size, count)
					to = min(from+size, count)
				}
				items := []json.RawMessage{}
				for i := from; i < to; i++ {
					items = append(items, json.RawMessage(fmt.Sprintf(`{"id":"t%d"}`, i)))
				}
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(items)
			}))
			client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-x"})
			if err != nil {
				t.Fatal(err)
			}
			for at := 1; at <= 4; at++ {
				call, err := Prepare(t.Context(), Env{Client: client}, op, Args{"page": Encode(at), "page_size": Encode(50)})
				if err != nil {
					t.Fatal(err)
				}
				result, err := call.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want, more := max(0, min(50, count-(at-1)*50)), count > at*50
				first := ""
				if want > 0 {
					first = fmt.Sprintf("t%d", (at-1)*50)
				}
				page := result.Page
				if len(page.Items) != want || (page.Next != nil) != more || want > 0 && Word(Lookup(page.Items[0], "id")) != first || page.Total > count {
					t.Errorf("pages %t, %d things, page %d: %d items from %s, next %v", pages, count, at, len(page.Items), page.Items[:min(1, len(page.Items))], page.Next)
				}
				if !more && at == 1 && page.Total != count {
					t.Errorf("pages %t, %d things: the total is %d", pages, count, page.Total)
				}
			}
			call, err := Prepare(t.Context(), Env{Client: client}, op, Args{})
			if err != nil {
				t.Fatal(err)
			}
			all := 0
			for result, err := range call.Pages(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				all += len(result.Page.Items)
			}
			if all != count {
				t.Errorf("pages %t: %d of %d things", pages, all, count)
			}
			server.Close()
		}
	}
}
