// Package bulk does one thing to many items: in parallel, within bounds, with one outcome
// for each item.
//
// [Run] takes the items from an iterator, so memory does not grow with their number.
// [OpenReport] writes one row for each outcome to a file. [Read] and [NewWriter] read and
// write rows as CSV, YAML or JSON lines.
package bulk

import (
	"context"
	"fmt"
	"strings"
)

// State is what became of an item.
type State string

// The states. Unknown is a write that was sent and whose answer was lost. NotTried is an
// item that was not sent, or that the gateway refused to take at that moment.
const (
	Created   State = "created"
	Changed   State = "changed"
	Deleted   State = "deleted"
	Unchanged State = "unchanged"
	Failed    State = "failed"
	Unknown   State = "unknown"
	NotTried  State = "not tried"
)

// Item is one thing to do.
type Item struct {
	// Name is what people call it, such as "line 12: ann@example.com".
	Name string
	// Do does it and returns an outcome with its State, and an ID if it has one. After an
	// error, [Run] sets the state. Do is called again after an answer 429, so it must skip
	// what it has already done. Its context is not canceled when the run is interrupted,
	// but some seconds later.
	Do func(context.Context) (Outcome, error)
	// Ended is called once with what became of the item, even if it was not tried. It may be
	// nil.
	Ended func(Outcome)
}

// Outcome is what became of one item.
type Outcome struct {
	Name  string `json:"name"`
	State State  `json:"outcome"`
	ID    string `json:"id,omitempty"`
	// Reason says why an item failed or was not tried, or how it differs.
	Reason string `json:"reason,omitempty"`
	// Err is the error of an item that failed, for its code.
	Err error `json:"-"`
}

// OK reports whether the item is as it should be.
func (o Outcome) OK() bool { return o.State != Failed && o.State != Unknown && o.State != NotTried }

// Summary counts the outcomes of a run.
type Summary struct {
	Created   int `json:"created"`
	Changed   int `json:"changed"`
	Deleted   int `json:"deleted,omitempty"`
	Unchanged int `json:"unchanged"`
	Failed    int `json:"failed"`
	Unknown   int `json:"unknown"`
	NotTried  int `json:"not_tried"`
	// Stopped says why the run ended early; empty if every item was tried.
	Stopped string `json:"stopped,omitempty"`
}

// Add counts one more item.
func (s *Summary) Add(state State) {
	for _, c := range s.counts() {
		if c.state == state {
			*c.n++
		}
	}
}

// OK reports whether every item is as it should be.
func (s *Summary) OK() bool { return s.Failed+s.Unknown+s.NotTried == 0 }

// Written reports whether anything was changed, or may have been.
func (s *Summary) Written() bool { return s.Created+s.Changed+s.Deleted+s.Unknown > 0 }

type count struct {
	state State
	n     *int
}

func (s *Summary) counts() []count {
	return []count{{Created, &s.Created}, {Changed, &s.Changed}, {Deleted, &s.Deleted}, {Unchanged, &s.Unchanged},
		{Failed, &s.Failed}, {Unknown, &s.Unknown}, {NotTried, &s.NotTried}}
}

// String returns the counts that are not zero: "980 created, 20 failed".
func (s *Summary) String() string {
	var parts []string
	for _, c := range s.counts() {
		if *c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", *c.n, c.state))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}
