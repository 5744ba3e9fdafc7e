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
	lines []line
	bars  bool // bars are drawn beside the numbers
	table *tablewriter.Table
	lined *trimmer
	cells []string // of the row under way
}

// line is one column: its width, and how its cells stand in it.
type line struct {
	width      int
	right, bar bool
	most       float64 // the largest number, for the bars
}

// fit makes room for a row.
func (g *grid) fit(row []string) {
	for i := range g.lines {
		l := &g.lines[i]
		l.width = max(l.width, twwidth.WidthWithOptions(row[i], narrow))
		if l.bar {
			value, _ := strconv.ParseFloat(row[i], 64)
			l.most = max(l.most, value)
		}
	}
}

// narrow keeps widths from depending on LANG.
var narrow = twwidth.Options{EastAsianWidth: false}

// gap is the number of blanks between two columns.
const gap = 2

// open begins the table and writes its header.
func (g *grid) open(o *out, titles []string, bars bool) error {
	twwidth.SetEastAsian(false)
	g.bars = bars
	widths, align := tw.NewMapper[int, int](), []tw.Align{}
	add := func(width int, a tw.Align) {
		widths.Set(len(align), max(width, 1)+gap)
		align = append(align, a)
	}
	for _, l := range g.lines {
		side := tw.AlignLeft
		if l.right {
			side = tw.AlignRight
		}
		add(l.width, side)
		if l.bar && bars {
			add(barWidth, tw.AlignLeft)
		}
	}
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
	if !o.NoHeader {
		g.table.Header(g.drawn(titles))
	}
	return nil
}

// drawn is a row with its bars.
func (g *grid) drawn(row []string) []string {
	g.cells = g.cells[:0]
	for i, l := range g.lines {
		g.cells = append(g.cells, row[i])
		if l.bar && g.bars {
			value, _ := strconv.ParseFloat(row[i], 64)
			g.cells = append(g.cells, bar(value, l.most))
		}
	}
	return g.cells
}

func (g *grid) write(row []string) error { return g.table.Append(g.drawn(row)) }

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
