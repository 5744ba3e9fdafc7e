package mcpserver

import (
	"bytes"
	"math"
	"unicode/utf8"

	"litellm-proxy/proxyclient"
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

// wireText is how many bytes a text takes on the wire.
func wireText(text []byte) int {
	_, wire := textUpTo(text, math.MaxInt)
	return wire
}

var escapedOnWire = [][]byte{{'<'}, {'>'}, {'&'}, []byte("\u2028"), []byte("\u2029")}

// wireJSON is how many bytes a JSON value takes on the wire.
func wireJSON(value []byte) int {
	wire := len(value)
	for _, c := range escapedOnWire {
		wire += bytes.Count(value, c) * (6 - len(c))
	}
	return wire
}

// freeResult is the size up to which a result never waits: that of an answer that does
// not wait.
const freeResult = freeAnswer + maxText

// reserve waits for the memory of a result of wire bytes from an answer of size bytes.
func (c *call) reserve(wire, size int) error {
	return proxyclient.Reserve(c.ctx, missing(wire, size))
}

// missing is the memory of a result that was not taken when its answer was read.
func missing(wire, size int) int64 {
	wire = min(wire, maxResult) + maxText
	switch {
	case wire <= freeResult:
		return 0
	case size <= freeAnswer:
		size = 0
	default:
		size = min(size, maxResult) + maxText
	}
	return copies * int64(max(0, wire-size))
}
