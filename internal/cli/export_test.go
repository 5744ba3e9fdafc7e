package cli

import "time"

func init() { completionTime = time.Minute }

// Locals returns the path and summary of every local command, for docs/commands.md.
func Locals() (rows [][2]string) {
	for _, l := range locals() {
		rows = append(rows, [2]string{l.path, l.summary})
	}
	return rows
}
