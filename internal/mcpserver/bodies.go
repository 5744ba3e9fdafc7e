package mcpserver

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const (
	// maxBody is the largest request, smallBody what each may hold without asking:
	// nearly all requests are smaller, and large ones never block them.
	maxBody   = 4 << 20
	smallBody = 16 << 10
	// All bodies together: 1024 small ones, and what the large ones hold above that.
	smallBodies = 16 << 20
	largeBodies = 32 << 20
	// bodyRate is the rate in bytes a second that keeps a body alive after its
	// first seconds.
	bodyRate = 64 << 10
)

// bodies reads the bodies of all requests within one budget. A body holds its
// share until its request ends.
type bodies struct {
	small, large *budget
	wait         time.Duration // for a body, before bodyRate counts
}

func newBodies(wait time.Duration) *bodies {
	return &bodies{small: newBudget(smallBodies), large: newBudget(largeBodies), wait: wait}
}

// held counts the bytes that bodies hold.
func (b *bodies) held() int64 { return b.small.held.Load() + b.large.held.Load() }

// received is a message as it came.
type received struct {
	head
	content []byte
	// valid: the content is a JSON object.
	valid   bool
	release func()
}

// head is a message as far as the guards need it.
type head struct {
	Method string          `json:"method"`
	ID     json.RawMessage `json:"id"`
	Params struct {
		Meta      *mcp.Meta       `json:"_meta"`
		RequestID json.RawMessage `json:"requestId"`
	} `json:"params"`
}

// request tells whether an answer is due.
func (h *head) request() bool { return h.Method != "" && !isNull(h.ID) }

var (
	errTooLarge = errors.New("body too large")
	errNoRoom   = errors.New("no memory for the body")
)

// read reads the body of a request, or answers why it cannot and returns nil.
// Whoever gets a message must release it.
func (b *bodies) read(w http.ResponseWriter, r *http.Request, most int64) *received {
	if !b.small.TryAcquire(smallBody) {
		refuseBody(w, errNoRoom, most)
		return nil
	}
	taken := int64(0)
	release := func() {
		b.large.Release(taken)
		b.small.Release(smallBody)
	}
	content, err := b.fill(w, r, most, &taken)
	if err != nil {
		release()
		refuseBody(w, err, most)
		return nil
	}
	m := &received{content: content, release: release}
	m.valid = json.Unmarshal(content, &m.head) == nil
	return m
}

// fill reads a body into memory that grows with what has come, never with what was
// announced.
func (b *bodies) fill(w http.ResponseWriter, r *http.Request, most int64, taken *int64) ([]byte, error) {
	if r.ContentLength > most {
		return nil, errTooLarge
	}
	control := http.NewResponseController(w)
	start := time.Now()
	content := make([]byte, 0, 4<<10)
	for {
		if len(content) == cap(content) {
			if int64(len(content)) > most {
				return nil, errTooLarge
			}
			size := min(2*int64(cap(content)), most+1)
			if r.ContentLength > 0 {
				size = min(size, max(r.ContentLength, int64(cap(content)))+1)
			}
			if more := max(size-smallBody, 0) - *taken; more > 0 {
				if !b.large.TryAcquire(more) {
					return nil, errNoRoom
				}
				*taken += more
			}
			content = append(make([]byte, 0, size), content...)
		}
		_ = control.SetReadDeadline(start.Add(b.wait + time.Duration(len(content))*time.Second/bodyRate))
		n, err := r.Body.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		switch {
		case errors.Is(err, io.EOF) && int64(len(content)) > most:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			_ = control.SetReadDeadline(time.Time{})
			return content, nil
		case err != nil:
			return nil, err
		}
	}
}

// skip reads the body of a request that should have none, so that the connection
// can be used again. It returns false when that takes too much.
func (b *bodies) skip(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(b.wait))
	if n, err := io.CopyN(io.Discard, r.Body, smallBody); !errors.Is(err, io.EOF) || n == smallBody {
		return false
	}
	_ = control.SetReadDeadline(time.Time{})
	return true
}

// refuseBody answers why a body was not read.
func refuseBody(w http.ResponseWriter, err error, most int64) {
	w.Header().Set("Connection", "close")
	switch {
	case errors.Is(err, errTooLarge) && most < maxBody:
		refuse(w, &refusal{status: http.StatusRequestEntityTooLarge,
			text: "Requests without a key are limited to 16 KiB. Send your LiteLLM virtual key in the header Authorization: Bearer sk-..."})
	case errors.Is(err, errTooLarge):
		refuse(w, &refusal{status: http.StatusRequestEntityTooLarge, text: "The request is larger than 4 MiB."})
	case errors.Is(err, errNoRoom):
		refuse(w, &refusal{status: http.StatusServiceUnavailable, retry: "5",
			text: "The server has no memory left for another large request. Try again in a few seconds."})
	case errors.Is(err, os.ErrDeadlineExceeded):
		refuse(w, &refusal{status: http.StatusRequestTimeout, text: "The request arrived too slowly. Send it again."})
	default:
		refuse(w, &refusal{status: http.StatusBadRequest, text: "The request could not be read."})
	}
}
