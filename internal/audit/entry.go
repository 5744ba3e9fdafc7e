package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"litellm-proxy/internal/secret"
)

// The events of a call.
const (
	// Begin is the call's first write, before it is sent.
	Begin = "begin"
	// Send is each further write, before it is sent.
	Send = "send"
	// End is the end of the call, whatever came of it.
	End = "end"
)

// Entry is one line of the log. Secrets in it are masked by whoever makes it.
type Entry struct {
	Time  Time   `json:"time"`
	Event string `json:"event"`
	// Call is the same in all lines of a call, and of no other one.
	Call string `json:"call"`
	// Client is the name and version of the client, as the gateway's own audit log has it.
	Client  string `json:"client"`
	Session string `json:"session"`
	// Key is the hash of the key that calls the gateway, which is the key's token there.
	Key  string `json:"key"`
	Tool string `json:"tool"`
	// Effect is what the call does: read, write, set or destructive.
	Effect    string          `json:"effect"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	// Secrets are the secrets of the server that the arguments name, such as env:NAME.
	Secrets []string `json:"secrets,omitempty"`
	// Request is the write that is about to be sent.
	Request *Request `json:"request,omitempty"`

	// The rest is known at the end. Requests are those of the call, at most [MaxRequests];
	// Left is the number of further ones.
	Requests []Request    `json:"requests,omitempty"`
	Left     int          `json:"requests_left_out,omitempty"`
	Outcome  string       `json:"outcome,omitempty"`
	Took     Milliseconds `json:"duration_ms,omitempty"`
	// Person is how long the call waited for a person's answer.
	Person Milliseconds `json:"person_ms,omitempty"`
}

// MaxRequests is the number of requests that an entry holds.
const MaxRequests = 200

// Request is one request to the gateway.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	// Status is 0 and Code is set for a request without an answer.
	Status int    `json:"status,omitempty"`
	Code   string `json:"code,omitempty"`
	ID     string `json:"id,omitempty"` // as the gateway calls the request
}

// Time is a time in UTC with milliseconds.
type Time time.Time

// MarshalText implements [encoding.TextMarshaler].
func (t Time) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// Milliseconds is a duration.
type Milliseconds time.Duration

// MarshalJSON implements [json.Marshaler].
func (m Milliseconds) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", float64(m)/float64(time.Millisecond)), nil
}

const (
	maxArguments = 64 << 10
	maxArgument  = 8 << 10
)

// Bounded returns the arguments as an entry holds them: of more than 64 KiB, those above 8
// KiB are left out, and after that the rest if it is still too long.
func Bounded(arguments json.RawMessage) json.RawMessage {
	if len(arguments) <= maxArguments {
		return arguments
	}
	var short secret.Object
	size := 0
	for name, value := range secret.Members(arguments) {
		if len(value) > maxArgument {
			value = leftOut(value)
		}
		if size += len(name) + len(value); len(name) > maxArgument || size > maxArguments {
			return leftOut(arguments)
		}
		short = append(short, secret.Member{Name: string(name), Value: value})
	}
	if short == nil {
		return leftOut(arguments)
	}
	return secret.Encode(short)
}

func leftOut(value json.RawMessage) json.RawMessage {
	return secret.Encode(fmt.Sprintf("(%d bytes left out)", len(value)))
}
