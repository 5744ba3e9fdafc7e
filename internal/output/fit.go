package output

import (
	"cmp"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"litellm-proxy/internal/operation"
)

const (
	// widest is how wide a cell of free text is in a table that is too wide, and narrower if
	// columns would leave otherwise.
	widest, narrower = 60, 24
	// narrowest is the least that is left of a cell of free text, after the columns have left
	// that may.
	narrowest = 16
)

// wide is the width of the column.
func (l *line) wide() int {
	if l.limit > 0 {
		return min(l.width, l.limit)
	}
	return l.width
}

// total is the width of the table.
func (g *grid) total() int {
	sum := -gap
	for i := range g.lines {
		if l := &g.lines[i]; !l.gone {
			sum += l.wide() + gap
			if l.bar && g.bars {
				sum += barWidth + gap
			}
		}
	}
	return sum
}

// arrange makes the table as narrow as room, if that is possible: it leaves out the bars,
// shortens long texts, and then takes away columns in the order of leaving. The first
// of them, as many as declared, go before texts are shortened most.
func (g *grid) arrange(room int, leaving []int, declared int) {
	if g.total() <= room {
		return
	}
	g.bars = false
	for n := 0; ; n++ {
		for _, least := range []int{widest, narrower, narrowest} {
			if g.total() > room && (least > narrowest || n >= declared) {
				g.shorten(room, least)
			}
		}
		if g.total() <= room || n == len(leaving) {
			return
		}
		g.lines[leaving[n]].gone = true
	}
}

// shorten limits the widest texts, no more than needed and none below least.
func (g *grid) shorten(room, least int) {
	for i := range g.lines {
		g.lines[i].limit = 0
	}
	for {
		over := g.total() - room
		if over <= 0 {
			return
		}
		var most *line
		second := least
		for i := range g.lines {
			l := &g.lines[i]
			floor := max(least, widthOf(l.title))
			switch {
			case l.gone || l.whole || l.state || l.right() || l.wide() <= floor:
			case most == nil || l.wide() > most.wide():
				if most != nil {
					second = max(second, most.wide())
				}
				most = l
			default:
				second = max(second, l.wide())
			}
		}
		if most == nil {
			return
		}
		floor := max(least, widthOf(most.title))
		most.limit = max(floor, most.wide()-over, min(second, most.wide()-1))
	}
}

// leaving returns the order in which columns leave a table that is too wide, and how many of
// them say so themselves; see [operation.Column.Drop]. Otherwise the identifiers beside a name
// leave first, and then the last columns, and that with bars late. The first column stays.
func leaving(columns []operation.Column) (order []int, declared int) {
	own := slices.IndexFunc(columns, func(c operation.Column) bool { return c.ID })
	rank := func(i int) int {
		switch {
		case i == 0, i == own, columns[i].Bar:
			return 2
		case opaque(columns[i]):
			return 0
		}
		return 1
	}
	for i, c := range columns {
		order = append(order, i)
		if c.Drop > 0 {
			declared++
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(columns[b].Drop, columns[a].Drop), cmp.Compare(rank(a), rank(b)), cmp.Compare(b, a))
	})
	if len(order) > 0 {
		order = order[:len(order)-1]
	}
	return order, min(declared, len(order))
}

// opaque reports whether the cells of a column are identifiers that say nothing to a person.
func opaque(c operation.Column) bool {
	return c.Name == "id" || c.Name == "token" || strings.HasSuffix(c.Name, "_id")
}

// identifies reports whether the cells of a column are identifiers, which are of no use in part.
func identifies(c operation.Column) bool {
	return c.ID || opaque(c) || c.Name == "key"
}

// shortened is a text that is no wider than width, with an ellipsis if something is missing.
func shortened(text string, width int) string {
	if widthOf(text) <= width {
		return text
	}
	return strings.TrimRight(twwidth.Truncate(text, width-1), " ") + "…"
}
