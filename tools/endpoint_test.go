package tools

import "net/http"

// takesBody tells the tests whether an endpoint's arguments may go into a body.
func (e Endpoint[In]) takesBody() bool {
	return e.Method != http.MethodGet && e.Method != http.MethodDelete
}
