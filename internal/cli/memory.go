package cli

import (
	"os"
	"runtime/debug"
)

// What the runtime may hold before it collects garbage however little there is:
// the last line of defense, behind answers that are written while they are
// encoded. An answer has up to 64 MiB, and the program itself takes 15 MiB more.
const (
	commandMemory = 100 << 20
	serverMemory  = 144 << 20
)

// limitMemory sets the limit, unless whoever runs the program set one.
func limitMemory(bytes int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes)
	}
}
