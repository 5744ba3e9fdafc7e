package cli

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// colorFlag is --color.
type colorFlag string

// String implements [pflag.Value].
func (c *colorFlag) String() string { return string(*c) }

// Type implements [pflag.Value].
func (*colorFlag) Type() string { return "string" }

// Set implements [pflag.Value].
func (c *colorFlag) Set(value string) error {
	switch value {
	case "auto", "always", "never":
		*c = colorFlag(value)
		return nil
	}
	return fmt.Errorf("%q is not one of auto, always, never", value)
}

// colored reports whether what is written to w has colors: those that a person asked for with
// --color, or by the rules of no-color.org and bixense.com/clicolors.
func (a *app) colored(w io.Writer) bool {
	switch a.flags.color {
	case "always":
		return true
	case "never":
		return false
	}
	force := a.Getenv("CLICOLOR_FORCE")
	switch {
	case a.Getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return isTerminal(w) && a.Getenv("CLICOLOR") != "0" && a.Getenv("TERM") != "dumb"
}

// width is how many characters a line of the terminal has that the answer is written to; 0 if
// there is none or it does not say.
func (a *app) width() int { return a.widthOf(a.Stdout) }

func (a *app) widthOf(w io.Writer) int {
	s, ok := w.(*screen)
	if !ok {
		return 0
	}
	if columns, err := strconv.Atoi(strings.TrimSpace(a.Getenv("COLUMNS"))); err == nil && columns > 0 {
		return columns
	}
	width, _ := s.size()
	return width
}

// size is that of the terminal in characters; 0 if it does not say.
func (s *screen) size() (width, height int) {
	if f, ok := s.w.(*os.File); ok {
		width, height, _ = term.GetSize(int(f.Fd()))
	}
	return width, height
}

var (
	// styleText is a sequence that gives the text after it a style, and nothing else.
	styleText = regexp.MustCompile(`^\x1b\[[0-9;]*m`)
	// partOfStyle is the beginning of one.
	partOfStyle = regexp.MustCompile(`^\x1b(\[[0-9;]*)?$`)
)

// styled returns the length of the style at the beginning of p, and whether more of p
// could make it one.
func styled(p []byte) (length int, more bool) {
	if p[0] != '\x1b' {
		return 0, false
	}
	p = p[:min(len(p), 16)]
	return len(styleText.Find(p)), partOfStyle.Match(p)
}

// noteError is [app.note] for an error, whose beginning has a color.
func (a *app) noteError(text string) {
	if !a.colored(a.Stderr) {
		a.note("%s", text)
		return
	}
	const beginning = "\x1b[31m" + program + ":\x1b[0m "
	line := a.besideName(text) + "\n"
	if s, ok := a.Stderr.(*screen); ok {
		s.writeAfter(beginning, line)
		return
	}
	_, _ = io.WriteString(a.Stderr, beginning+line)
}
