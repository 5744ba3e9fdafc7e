package mcpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"
)

// The library holds request IDs and progress tokens as float64: 9007199254740993 would
// come back as …992, and the client would wait forever. So it never sees them. A request
// reaches it with an ID of ours, and its answer leaves with the bytes that the client
// sent. The progress token is kept beside the call.

// head is a message as far as this package reads it. The arguments of a tool are judged
// by the tool.
type head struct {
	JSONRPC string          `json:"jsonrpc"`
	Method  string          `json:"method"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
	Params  struct {
		Name            string                     `json:"name"`
		URI             string                     `json:"uri"`
		Cursor          string                     `json:"cursor"`
		ProtocolVersion string                     `json:"protocolVersion"`
		RequestState    string                     `json:"requestState"`
		Level           string                     `json:"level"`
		Meta            map[string]json.RawMessage `json:"_meta"`
		Task            map[string]json.RawMessage `json:"task"`
		Capabilities    map[string]json.RawMessage `json:"capabilities"`
		Notifications   map[string]json.RawMessage `json:"notifications"`
		ClientInfo      struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"clientInfo"`
		Arguments json.RawMessage `json:"arguments"`
		RequestID json.RawMessage `json:"requestId"`
	} `json:"params"`
}

// request tells whether an answer is due.
func (h *head) request() bool { return h.Method != "" && !isNull(h.ID) }

// answers tells whether the message answers a question of ours.
func (h *head) answers() bool { return h.Method == "" && !isNull(h.ID) }

// is tells whether the message has this method.
func (h *head) is(method mcp.MCPMethod) bool { return h.Method == string(method) }

// protocol is the protocol version that the message itself names, or "".
func (h *head) protocol() string {
	var version string
	_ = json.Unmarshal(h.Params.Meta[mcp.MetaKeyProtocolVersion], &version)
	return version
}

// token is the progress token as it came, nil for none.
func (h *head) token() json.RawMessage {
	if token := h.Params.Meta["progressToken"]; !isNull(token) {
		return token
	}
	return nil
}

// incoming is a message of a client on its way through the library.
type incoming struct {
	head
	content []byte
	// own is the ID under which the library sees a request.
	own string
	// fault is why the message is none; nil if it is one.
	fault *fault
	// misfit is why the parameters cannot be read; "" if they can.
	misfit string
	// caller is who sent a request.
	caller *caller
	// runs: its turn has come.
	runs atomic.Bool
	// claimed: the answer, or the decision that there is none, is made.
	claimed atomic.Bool
}

// fault is a JSON-RPC error: it answers a message that is not run.
type fault struct {
	id   json.RawMessage // nil where it cannot be told
	code int
	text string
}

// wire is the fault as it is sent.
func (f *fault) wire() []byte {
	id := f.id
	if id == nil {
		id = json.RawMessage("null")
	}
	out := append([]byte(answerLead), id...)
	out = append(out, `,"error":`...)
	out = append(out, encode(mcp.NewJSONRPCErrorDetails(f.code, f.text, nil))...)
	return append(out, '}')
}

// byteOrderMark begins what some editors and shells write.
var byteOrderMark = []byte("\ufeff")

// slack is the room behind a message for our own ID.
const slack = 48

var lastOwn atomic.Uint64

// read takes a message apart. It changes the bytes behind the content, which must be
// nobody else's.
func read(content []byte) *incoming {
	m := &incoming{content: bytes.TrimSpace(content)}
	err := json.Unmarshal(m.content, &m.head)
	if _, is := errors.AsType[*json.SyntaxError](err); is || len(m.content) == 0 {
		m.fault = &fault{nil, mcp.PARSE_ERROR, "Parse error: the message is not valid JSON."}
		return m
	}
	switch m.content[0] {
	case '[':
		m.fault = &fault{nil, mcp.INVALID_REQUEST, "Invalid request: batches are not supported. Send each message by itself."}
		return m
	case '{':
	default:
		m.fault = &fault{nil, mcp.INVALID_REQUEST, "Invalid request: a message must be a JSON object."}
		return m
	}
	why := m.unreadable(err)
	if why == "" {
		m.misfit = misfit(err)
	} else {
		m.fault = &fault{m.answerable(), mcp.INVALID_REQUEST, "Invalid request: " + why + "."}
	}
	if m.fault == nil && m.request() {
		m.own = "~" + strconv.FormatUint(lastOwn.Add(1), 10)
		// Of two members with one name, the library takes the last.
		m.content = append(append(append(m.content[:len(m.content)-1], `,"id":"`...), m.own...), '"', '}')
	}
	return m
}

// unreadable says what keeps a JSON object from being a message, or "".
func (m *incoming) unreadable(err error) string {
	misfits, _ := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case misfits != nil && misfits.Field == "method":
		return "method must be a string"
	case m.ID != nil && m.answerable() == nil && !(isNull(m.ID) && strings.HasPrefix(m.Method, "notifications/")):
		return "id must be a string or a number"
	case m.JSONRPC != mcp.JSONRPC_VERSION:
		return `jsonrpc must be "2.0"`
	case m.Method == "" && m.Result == nil && m.Error == nil:
		return "method is missing"
	}
	return ""
}

// answerable is the ID if an answer can carry it, or nil.
func (m *incoming) answerable() json.RawMessage {
	if id := m.ID; len(id) > 0 && (id[0] == '"' || id[0] == '-' || id[0] >= '0' && id[0] <= '9') {
		return id
	}
	return nil
}

// sameID is a request ID in a form that is the same for every way to write a string.
func sameID(id json.RawMessage) string {
	var text string
	if len(id) > 0 && id[0] == '"' && json.Unmarshal(id, &text) == nil {
		return `"` + text
	}
	return string(id)
}

// claim reports whether the caller may answer: the first who asks may. A request that
// was canceled is claimed by that, and its answer is dropped.
func (m *incoming) claim() bool { return m.claimed.CompareAndSwap(false, true) }

// refuse is an error that answers the message.
func (m *incoming) refuse(code int, text string) *fault {
	return &fault{m.answerable(), code, text}
}

const (
	answerLead = `{"jsonrpc":"2.0","id":`
	eventLead  = "event: message\ndata: "
)

// restore puts the client's ID in the place of ours in what the library wrote. It returns
// the pieces to send, and whether they are the answer to the request.
func (s *Server) restore(m *incoming, written []byte) ([][]byte, bool) {
	body, _ := bytes.CutPrefix(written, []byte(eventLead))
	rest, is := bytes.CutPrefix(body, []byte(answerLead+`"`+m.own+`"`))
	if !is || m.own == "" {
		return [][]byte{written}, false
	}
	lead := written[:len(written)-len(body)+len(answerLead)]
	if bytes.HasPrefix(rest, []byte(`,"error":`)) {
		rest = s.rephrase(m, rest)
	}
	return [][]byte{lead, m.ID, rest}, true
}

// rephrase puts our words in the place of the library's in what stands behind the ID of
// an error.
func (s *Server) rephrase(m *incoming, rest []byte) []byte {
	text := bytes.TrimRight(rest, "\n")
	var e struct {
		Error mcp.JSONRPCErrorDetails `json:"error"`
	}
	if json.Unmarshal(append([]byte("{"), text[1:]...), &e) != nil {
		return rest
	}
	code, words := s.objectionWords(m, e.Error.Code, e.Error.Message)
	if code == e.Error.Code && words == e.Error.Message {
		return rest
	}
	e.Error.Code, e.Error.Message = code, words
	out := append([]byte(`,"error":`), encode(e.Error)...)
	return append(append(out, '}'), rest[len(text):]...)
}

// misfit says which member does not fit, and what it must be.
func misfit(err error) string {
	misfits, is := errors.AsType[*json.UnmarshalTypeError](err)
	if !is || !strings.HasPrefix(misfits.Field, "params") {
		return "" // no request, or one that is refused as a whole
	}
	if misfits.Type.Kind() == reflect.String {
		return misfits.Field + " must be a string"
	}
	return misfits.Field + " must be a JSON object"
}
