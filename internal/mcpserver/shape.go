package mcpserver

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
)

// requestShape is what the parameters of the protocol's requests are. The arguments of a
// tool are judged by the tool.
type requestShape struct {
	Method string `json:"method"`
	Params struct {
		Name            string                     `json:"name"`
		URI             string                     `json:"uri"`
		Cursor          string                     `json:"cursor"`
		ProtocolVersion string                     `json:"protocolVersion"`
		RequestState    string                     `json:"requestState"`
		Level           string                     `json:"level"`
		Meta            map[string]json.RawMessage `json:"_meta"`
		Task            map[string]json.RawMessage `json:"task"`
		Capabilities    map[string]json.RawMessage `json:"capabilities"`
		ClientInfo      struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"clientInfo"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"params"`
}

// misshapen says what keeps a request from being read as the protocol has it; "" when
// nothing does. The library would answer with the names of its own types.
func misshapen(message []byte) string {
	var request requestShape
	if why := misfit(json.Unmarshal(message, &request)); why != "" {
		return why
	}
	params := &request.Params
	if _, err := base64.StdEncoding.DecodeString(params.Cursor); err != nil {
		return "params.cursor is none that this server gave"
	}
	if request.Method == string(mcp.MethodPromptsGet) && !isNull(params.Arguments) && json.Unmarshal(params.Arguments, new(map[string]string)) != nil {
		return "the arguments of a prompt must be strings"
	}
	if number := outOfRange(message); number != "" {
		return "the number " + number + " is out of range"
	}
	return ""
}

// misfit says which member does not fit, and what it must be.
func misfit(err error) string {
	var misfits *json.UnmarshalTypeError
	if !errors.As(err, &misfits) || !strings.HasPrefix(misfits.Field, "params") {
		return "" // no request, or one that is refused as a whole
	}
	if misfits.Type.Kind() == reflect.String {
		return misfits.Field + " must be a string"
	}
	return misfits.Field + " must be a JSON object"
}

// outOfRange is the first number that no program can hold as one, such as 1e999 or
// 1e-9999999.
func outOfRange(document []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if number, is := token.(json.Number); is {
			if !operation.IsNumber(string(number)) {
				return string(number[:min(len(number), 40)])
			}
		}
	}
}

// invalid is the answer to a request that cannot be read.
func invalid(id json.RawMessage, why string) mcp.JSONRPCError {
	return mcp.JSONRPCError{JSONRPC: mcp.JSONRPC_VERSION, ID: mcp.NewRequestId(id),
		Error: mcp.NewJSONRPCErrorDetails(mcp.INVALID_PARAMS, "Invalid request: "+why+".", nil)}
}
