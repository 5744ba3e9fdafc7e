package excerpt

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"
)

// A result leaves as mcp-go encodes it: in texts and in values, <, > and & become
// escapes of six bytes. What bounds a result counts the bytes that leave.

// textCost is how many bytes a byte of a text takes on the wire, 0 for one that is no
// character by itself.
var textCost = func() (cost [256]uint8) {
	for c := range utf8.RuneSelf {
		cost[c] = 1
		if c < ' ' {
			cost[c] = 6
		}
	}
	for _, c := range "\b\f\n\r\t\"\\" {
		cost[c] = 2
	}
	for _, c := range "<>&" {
		cost[c] = 6
	}
	return cost
}()

// textUpTo is the largest part of a text, from its beginning, that takes at most most
// bytes on the wire, and how many it takes.
func textUpTo(text []byte, most int) (length, wire int) {
	for length < len(text) {
		cost, size := int(textCost[text[length]]), 1
		if cost == 0 {
			var r rune
			r, size = utf8.DecodeRune(text[length:])
			cost = size
			if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
				cost = 6
			}
		}
		if wire+cost > most {
			break
		}
		length, wire = length+size, wire+cost
	}
	return length, wire
}

// WireText is how many bytes a text takes on the wire.
func WireText(text []byte) int {
	_, wire := textUpTo(text, math.MaxInt)
	return wire
}

// Short is a text in at most most bytes on the wire, with a mark where it was longer.
func Short(text string, most int) string {
	if WireText([]byte(text)) <= most {
		return text
	}
	n, _ := textUpTo([]byte(text), most-50)
	return text[:n] + fmt.Sprintf("… (%d of %d characters)", utf8.RuneCountInString(text[:n]), utf8.RuneCountInString(text))
}

var escapedOnWire = [][]byte{{'<'}, {'>'}, {'&'}, []byte("\u2028"), []byte("\u2029")}

// WireJSON is how many bytes a JSON value takes on the wire.
func WireJSON(value []byte) int {
	wire := len(value)
	for _, c := range escapedOnWire {
		wire += bytes.Count(value, c) * (6 - len(c))
	}
	return wire
}
