package cli

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// patience is how long a command may be silent.
const patience = time.Second

// progress shows on a terminal how far a long walk is. It is for one command, and safe
// for concurrent use. The nil value shows nothing.
type progress struct {
	mu          sync.Mutex
	to          io.Writer // the terminal itself
	what        string
	start       time.Time
	timer       *time.Timer
	bar         *progressbar.ProgressBar
	done, total int
	rests       int // how often the line made room
	shown       bool
	ended       bool
}

// watch returns the progress of a command that writes its errors to w; nil when that is
// no terminal.
func watch(w io.Writer) *progress {
	s, ok := w.(*screen)
	if !ok {
		return nil
	}
	// The bar syncs a file after each line, which a terminal does not know.
	return &progress{to: struct{ io.Writer }{s.w}, start: time.Now()}
}

// update says that done of total things are done; a total of 0 is unknown.
func (p *progress) update(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	if p.total != total || done < p.done {
		p.erase() // another walk of the same command
		p.bar = nil
	}
	p.done, p.total = done, total
	if wait := patience - time.Since(p.start); wait <= 0 {
		p.draw()
	} else if p.timer == nil {
		rests := p.rests
		p.timer = time.AfterFunc(wait, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if !p.ended && p.rests == rests {
				p.draw()
			}
		})
	}
}

// draw shows the line, unless the walk is at its end.
func (p *progress) draw() {
	if p.total > 0 && p.done >= p.total {
		p.erase()
		p.bar = nil
		return
	}
	if p.bar == nil {
		length := p.total
		if length == 0 {
			length = -1
		}
		p.bar = progressbar.NewOptions(length,
			progressbar.OptionSetWriter(p.to),
			progressbar.OptionSetDescription(p.what),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond),
			// It would draw by itself, after the line was hidden.
			progressbar.OptionSetSpinnerChangeInterval(0))
	}
	p.shown = true
	_ = p.bar.Set(p.done)
}

// hide takes the line away before something else is written; the next step of the walk
// shows it again.
func (p *progress) hide() {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.erase()
		p.rest()
	}
}

func (p *progress) erase() {
	if p.shown {
		_ = p.bar.Clear()
		p.shown = false
	}
}

// end takes the line away for good.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.ended = true
	p.rest()
}

// rest keeps the line from coming by itself: a question may wait for its answer.
func (p *progress) rest() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.rests++
}
