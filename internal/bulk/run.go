package bulk

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

const (
	// DefaultParallel and MaxParallel are numbers of items under way at once.
	DefaultParallel = 8
	MaxParallel     = 64

	// longestPause is how long a run waits because the gateway asks for it. It stops if the
	// gateway asks for more.
	longestPause = 5 * time.Minute
	// maxTries is how often an item is sent that the gateway refuses with 429.
	maxTries = 10
	// lastWords is how long the items under way may take after an interrupt.
	lastWords = 10 * time.Second
	// hopeless is how many items in a row may find no gateway before the run stops.
	hopeless = 10
)

// Options are the settings of a run. The zero value is usable.
type Options struct {
	// Parallel is the number of items under way at once; 0 means [DefaultParallel].
	Parallel int
	// Total is the number of items, for Progress; 0 if unknown.
	Total int
	// Progress receives the number of items that are done.
	Progress func(done, total int)
	// Paused is told how long the run waits because the gateway asked for it.
	Paused func(time.Duration)
	// Sleep replaces the wait, for tests.
	Sleep func(context.Context, time.Duration) error
}

// Run does the items and passes each outcome to each, one at a time and in the order in
// which they end. Every write is sent once, except after an answer 429: the gateway refused
// that item, so it is sent again. An answer 429, or 503 with Retry-After, pauses all items
// for as long as the gateway asks.
//
// When ctx is canceled, Run starts no more items and lets those under way end. It passes
// the others to each as [NotTried]; an iterator that reads from elsewhere should end then.
func Run(ctx context.Context, items iter.Seq[Item], o Options, each func(Outcome)) Summary {
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.Sleep == nil {
		o.Sleep = proxyclient.Sleep
	}
	r := &run{options: o, each: each}
	var stop context.CancelCauseFunc
	r.starts, stop = context.WithCancelCause(ctx)
	r.stop = stop
	defer stop(nil)
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() {
		if proxyclient.Sleep(work, lastWords) == nil {
			end()
		}
	})()
	r.all(work, items)
	if r.starts.Err() != nil && r.summary.NotTried > 0 {
		r.summary.Stopped = "interrupted"
		if cause := context.Cause(r.starts); ctx.Err() == nil {
			r.summary.Stopped = cause.Error()
		}
	}
	return r.summary
}

type run struct {
	options Options
	each    func(Outcome)
	starts  context.Context // ends when no more items are to start
	stop    context.CancelCauseFunc

	mu      sync.Mutex
	summary Summary
	done    int
	lost    int       // items in a row that found no gateway
	until   time.Time // of the pause
}

// all hands the items to the workers, which it starts as they are needed.
func (r *run) all(work context.Context, items iter.Seq[Item]) {
	var workers sync.WaitGroup
	queue := make(chan Item)
	started := 0
	for item := range items {
		if r.starts.Err() != nil {
			r.tell(item, Outcome{Name: item.Name, State: NotTried})
			continue
		}
		if started < r.options.Parallel {
			started++
			workers.Go(func() {
				for item := range queue {
					r.tell(item, r.try(work, item))
				}
			})
		}
		queue <- item
	}
	close(queue)
	workers.Wait()
}

// tell counts an outcome and passes it on.
func (r *run) tell(item Item, o Outcome) {
	if item.Ended != nil {
		item.Ended(o)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.summary.Add(o.State)
	r.each(o)
	if r.options.Progress != nil {
		r.options.Progress(r.done, r.options.Total)
	}
}

// try does one item, again while the gateway refuses it for its rate.
func (r *run) try(work context.Context, item Item) Outcome {
	why := ""
	for tries := 1; ; tries++ {
		if r.wait() != nil {
			return Outcome{Name: item.Name, State: NotTried, Reason: why}
		}
		out, err := item.Do(work)
		out.Name = item.Name
		refused := r.pause(err, tries)
		r.count(err)
		if err == nil {
			return out
		}
		if refused && tries < maxTries {
			why = err.Error()
			continue
		}
		out.State, out.Reason, out.Err = StateAfter(err), err.Error(), err
		return out
	}
}

// StateAfter returns the state of an item that ended with an error.
func StateAfter(err error) State {
	e := operation.AsError(err)
	switch {
	case e == nil:
		return Failed
	case e.Code == proxyclient.CodeUnknownOutcome,
		e.Sent && (e.Code == proxyclient.CodeCanceled || e.Code == proxyclient.CodeBadAnswer || e.Code == proxyclient.CodeUnreachable),
		e.Status == http.StatusBadGateway, e.Status == http.StatusGatewayTimeout:
		return Unknown
	case e.Code == proxyclient.CodeCanceled:
		return NotTried
	}
	return Failed
}

// pause makes all items wait if an answer asks for it. It reports whether the gateway
// refused the item because of its rate, so that it may be sent again.
func (r *run) pause(err error, tries int) (again bool) {
	e := operation.AsError(err)
	if e == nil {
		return false
	}
	again = e.Status == http.StatusTooManyRequests && e.Code == proxyclient.CodeRateLimited
	wait := e.RetryAfter
	switch {
	case again && wait <= 0:
		wait = min(time.Second<<(tries-1), 30*time.Second)
	case wait <= 0 || !again && e.Status != http.StatusServiceUnavailable:
		return false
	}
	if wait > longestPause {
		r.stop(fmt.Errorf("the gateway asks to wait %s", wait.Round(time.Second)))
		return again
	}
	r.mu.Lock()
	until := time.Now().Add(wait)
	longer := until.After(r.until)
	if longer {
		r.until = until
	}
	r.mu.Unlock()
	if longer && r.options.Paused != nil {
		r.options.Paused(wait)
	}
	return again
}

// count stops the run when the key is refused as such, or no gateway answers any more.
func (r *run) count(err error) {
	e := operation.AsError(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case e == nil || e.Code != proxyclient.CodeUnauthorized && e.Code != proxyclient.CodeUnreachable:
		r.lost = 0
	default:
		r.lost++
	}
	if r.lost >= hopeless {
		r.stop(fmt.Errorf("%s in a row failed: %s", operation.Counted(r.lost, "item"), e.Code))
	}
}

// wait returns when the pause is over, or with an error when nothing more is to start.
func (r *run) wait() error {
	for {
		r.mu.Lock()
		left := time.Until(r.until)
		r.mu.Unlock()
		if r.starts.Err() != nil {
			return r.starts.Err()
		}
		if left <= 0 {
			return nil
		}
		if err := r.options.Sleep(r.starts, left); err != nil {
			return err
		}
	}
}
