package mcpserver

import (
	"slices"
	"sync"
	"time"

	"litellm-proxy/internal/excerpt"
)

// rests keeps what was left out of answers that no read gives again, for a while. A full
// one forgets the oldest.
type rests struct {
	mu    sync.Mutex
	kept  []keptRest
	bytes int
}

type keptRest struct {
	number  string
	gaps    []excerpt.Gap
	size    int
	expires time.Time
}

// maxRests and maxRestsBytes bound what is kept.
const (
	maxRests      = 200
	maxRestsBytes = 16 << 20
)

// put keeps gaps under a number.
func (k *rests) put(number string, gaps []excerpt.Gap) {
	gaps, size := excerpt.Copy(gaps)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept, k.bytes = append(k.kept, keptRest{number, gaps, size, time.Now().Add(memoryTime)}), k.bytes+size
	for len(k.kept) > maxRests || k.bytes > maxRestsBytes {
		k.bytes -= k.kept[0].size
		k.kept = slices.Delete(k.kept, 0, 1)
	}
}

// get returns the gaps of a number, or nil if they are not kept any more.
func (k *rests) get(number string) []excerpt.Gap {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.kept, func(r keptRest) bool { return r.number == number })
	if i < 0 || time.Now().After(k.kept[i].expires) {
		return nil
	}
	return k.kept[i].gaps
}
