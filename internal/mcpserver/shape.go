package mcpserver

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/mark3labs/mcp-go/mcp"
)

// misshapen says what keeps a request from being read as the protocol has it; "" when
// nothing does. The library would answer with the names of its own types.
func misshapen(message []byte) string {
	var request struct {
		Params json.RawMessage `json:"params"`
	}
	if json.Unmarshal(message, &request) != nil || isNull(request.Params) {
		return ""
	}
	var params struct {
		Name, URI, Cursor json.RawMessage
		Arguments         json.RawMessage
	}
	if json.Unmarshal(request.Params, &params) != nil {
		return "params must be a JSON object"
	}
	for _, member := range []struct {
		name  string
		value json.RawMessage
	}{{"name", params.Name}, {"uri", params.URI}, {"cursor", params.Cursor}} {
		if !isNull(member.value) && member.value[0] != '"' {
			return "params." + member.name + " must be a string"
		}
	}
	if number := outOfRange(request.Params); number != "" {
		return "the number " + number + " is out of range"
	}
	return ""
}

// outOfRange is the first number that no program can hold as one, such as 1e999.
func outOfRange(document []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if number, is := token.(json.Number); is {
			if _, err := strconv.ParseFloat(string(number), 64); err != nil {
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
