package cli

import (
	"os"
	"runtime/debug"
)

// What the runtime may hold before it collects garbage however little there is:
// the last line of defense, behind answers that are written while they are
// encoded. An answer has up to 64 MiB, and the program itself takes 24 MiB more.
const (
	commandMemory = 92 << 20
	serverMemory  = 144 << 20
)

// commandGrowth is how much the heap of a command may grow before garbage is collected,
// in percent: with the runtime's own 100 the garbage of the libraries' initialization
// would be collected in the middle of most commands, which takes a millisecond.
const commandGrowth = 400

// spareCollection is for a process that ends with the command.
func spareCollection() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(commandGrowth)
	}
}

// limitMemory sets the limit, unless whoever runs the program set one.
func limitMemory(bytes int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes)
	}
}
