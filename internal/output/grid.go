package output

import (
	"bytes"
	"io"
	"strconv"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// grid is a table on paper: columns whose widths are known before the first row is
// written, so that rows need not be kept.
type grid struct {
	lines  []line
	bars   bool // bars are drawn beside the numbers
	table  *tablewriter.Table
	lined  *trimmer
	opened int      // the width of all columns when the table was opened
	cells  []string // of the row under way
}

// line is one column: its width, and how its cells stand in it.
type line struct {
	title   string
	width   int
	unit    bool // it is right-aligned, even without a number
	numbers bool // it has numbers
	words   bool // it has something else
	bar     bool
	most    float64 // the largest number, for the bars
	whole   bool    // its cells are not shortened
	state   bool    // its cells are states, which have colors
	gone    bool    // there is no room for it
	limit   int     // its cells are shortened to this width; 0: they are not
}

// right reports whether the column is right-aligned.
func (l *line) right() bool { return l.unit || l.numbers && !l.words }

// fit makes room for a row.
func (g *grid) fit(row []string) {
	for i := range g.lines {
		l := &g.lines[i]
		l.width = max(l.width, widthOf(row[i]))
		if l.bar {
			value, _ := strconv.ParseFloat(row[i], 64)
			l.most = max(l.most, value)
		}
	}
}

// narrow keeps widths from depending on LANG.
var narrow = twwidth.Options{EastAsianWidth: false}

// widthOf is how many characters of a terminal a text takes.
func widthOf(text string) int { return twwidth.WidthWithOptions(text, narrow) }

// gap is the number of blanks between two columns.
const gap = 2

// titles are those of the columns.
func (g *grid) titles() []string {
	titles := make([]string, len(g.lines))
	for i, l := range g.lines {
		titles[i] = l.title
	}
	return titles
}

// open begins the table and writes its header, unless it goes on with a table again.
func (g *grid) open(o *out, again bool) error {
	twwidth.SetEastAsian(false)
	widths, align := tw.NewMapper[int, int](), []tw.Align{}
	add := func(width int, a tw.Align) {
		widths.Set(len(align), max(width, 1)+gap)
		align = append(align, a)
	}
	for i := range g.lines {
		l := &g.lines[i]
		side := tw.AlignLeft
		if l.right() {
			side = tw.AlignRight
		}
		if !l.gone {
			add(l.wide(), side)
		}
		if l.bar && g.bars && !l.gone {
			add(barWidth, tw.AlignLeft)
		}
	}
	g.opened = g.total()
	g.lined = &trimmer{w: o.w}
	g.table = tablewriter.NewTable(g.lined,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithStreaming(tw.StreamConfig{Enable: true}),
		tablewriter.WithColumnWidths(widths),
		tablewriter.WithPadding(tw.Padding{Right: "  ", Overwrite: true}),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	)
	if err := g.table.Start(); err != nil {
		return err
	}
	if !o.NoHeader && !again {
		g.table.Header(g.header(o.Color))
	}
	return nil
}

// header is the row of titles.
func (g *grid) header(colored bool) []string {
	var cells []string
	for _, l := range g.lines {
		if l.gone {
			continue
		}
		title := l.title
		if colored {
			title = heading.Sprint(title)
		}
		cells = append(cells, title)
		if l.bar && g.bars {
			cells = append(cells, "")
		}
	}
	return cells
}

// drawn is a row with its bars.
func (g *grid) drawn(row []string, colored bool) []string {
	g.cells = g.cells[:0]
	for i, l := range g.lines {
		if l.gone {
			continue
		}
		text := row[i]
		if l.limit > 0 {
			text = shortened(text, l.limit)
		}
		if l.state && colored {
			text = inColor(text)
		}
		g.cells = append(g.cells, text)
		if l.bar && g.bars {
			value, _ := strconv.ParseFloat(row[i], 64)
			g.cells = append(g.cells, bar(value, l.most))
		}
	}
	return g.cells
}

func (g *grid) write(row []string, colored bool) error { return g.table.Append(g.drawn(row, colored)) }

func (g *grid) close() error {
	if g.table == nil {
		return nil
	}
	if err := g.table.Close(); err != nil {
		return err
	}
	return g.lined.flush()
}

// trimmer removes the blanks at the end of each line.
type trimmer struct {
	w    io.Writer
	line []byte // the unfinished line
}

func (t *trimmer) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			t.line = append(t.line, p...)
			return n, nil
		}
		t.line = append(t.line, p[:i]...)
		if _, err := t.w.Write(append(bytes.TrimRight(t.line, " "), '\n')); err != nil {
			return 0, err
		}
		t.line, p = t.line[:0], p[i+1:]
	}
}

// flush writes a last line that did not end.
func (t *trimmer) flush() error {
	if line := bytes.TrimRight(t.line, " "); len(line) > 0 {
		_, err := t.w.Write(append(line, '\n'))
		return err
	}
	return nil
}
