package mcpserver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// maxBody is the largest request, smallBody what each may hold without asking:
	// nearly all requests are smaller, and large ones never block them.
	maxBody   = 4 << 20
	smallBody = 16 << 10
	// All bodies together: at least 1024 small ones, and what the large ones hold above
	// that.
	smallBodies = 16 << 20
	largeBodies = 32 << 20
	// bodyChunk is the piece in which a large body grows. Pieces are used again, so
	// that refused bodies leave no garbage.
	bodyChunk = 64 << 10
	// bodyRate is the rate in bytes a second that keeps a body alive after its
	// first seconds.
	bodyRate = 64 << 10
)

// bodies reads the bodies of all requests within one budget. A body holds its
// share until its request ends.
type bodies struct {
	small, large *budget
	wait         time.Duration // for a body, before bodyRate counts
	chunks       sync.Pool     // of *[bodyChunk]byte
}

func newBodies(wait time.Duration) *bodies {
	return &bodies{small: newBudget(smallBodies), large: newBudget(largeBodies), wait: wait,
		chunks: sync.Pool{New: func() any { return new([bodyChunk]byte) }}}
}

// held counts the bytes that bodies hold.
func (b *bodies) held() int64 { return b.small.held.Load() + b.large.held.Load() }

// received is a message that holds its share of the memory.
type received struct {
	*incoming
	release func()
}

var (
	errTooLarge = errors.New("body too large")
	errNoRoom   = errors.New("no memory for the body")
)

// read reads the body of a request, or answers why it cannot and returns nil.
// Whoever gets a message must release it.
func (b *bodies) read(w http.ResponseWriter, r *http.Request, most int64) *received {
	first := int64(smallBody)
	if r.ContentLength >= 0 {
		first = min(first, r.ContentLength+slack) // with room to see where it ends
	}
	if !b.small.TryAcquire(first) {
		refuseBody(w, errNoRoom, most)
		return nil
	}
	p := &parts{from: b, first: make([]byte, first)}
	release := func() {
		b.large.Release(p.taken)
		b.small.Release(first)
	}
	defer p.free()
	if err := p.fill(w, r, most); err != nil {
		release()
		refuseBody(w, err, most)
		return nil
	}
	return &received{read(bytes.TrimPrefix(p.join(), byteOrderMark)), release}
}

// parts are a body on its way. The memory grows with what has come, never with what
// was announced.
type parts struct {
	from  *bodies
	first []byte
	more  []*[bodyChunk]byte
	size  int   // of all
	taken int64 // of the budget for large bodies
}

// fill reads a body to its end.
func (p *parts) fill(w http.ResponseWriter, r *http.Request, most int64) error {
	if r.ContentLength > most {
		return errTooLarge
	}
	control := http.NewResponseController(w)
	start := time.Now()
	for {
		into, err := p.space()
		if err != nil {
			return err
		}
		_ = control.SetReadDeadline(start.Add(p.from.wait + time.Duration(p.size)*time.Second/bodyRate))
		n, err := r.Body.Read(into)
		p.size += n
		switch {
		case int64(p.size) > most:
			return errTooLarge
		case errors.Is(err, io.EOF):
			_ = control.SetReadDeadline(time.Time{})
			return nil
		case err != nil:
			return err
		}
	}
}

// space is where the next bytes go.
func (p *parts) space() ([]byte, error) {
	if p.size < len(p.first) {
		return p.first[p.size:], nil
	}
	used := p.size - len(p.first)
	if used == len(p.more)*bodyChunk {
		if !p.from.large.TryAcquire(bodyChunk) {
			return nil, errNoRoom
		}
		p.taken += bodyChunk
		p.more = append(p.more, p.from.chunks.Get().(*[bodyChunk]byte))
	}
	return p.more[len(p.more)-1][used%bodyChunk:], nil
}

// join returns the body in one piece.
func (p *parts) join() []byte {
	if p.size <= len(p.first) {
		return p.first[:p.size]
	}
	content := make([]byte, 0, p.size+slack)
	content = append(content, p.first...)
	for _, chunk := range p.more {
		content = append(content, chunk[:min(bodyChunk, p.size-len(content))]...)
	}
	return content
}

// free lets other bodies use the chunks.
func (p *parts) free() {
	for _, chunk := range p.more {
		p.from.chunks.Put(chunk)
	}
	p.more = nil
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
