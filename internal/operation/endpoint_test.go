package operation

import "net/http"

// takesBody tells the tests whether an endpoint takes body fields of any name.
func (e Endpoint[In]) takesBody() bool {
	return !e.Fixed && e.Method != http.MethodGet && e.Method != http.MethodDelete
}
