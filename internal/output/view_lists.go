package output

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// list writes the things that belong to the thing.
func (c *viewCodec) list(l operation.ViewList) {
	value := operation.LookupAny(c.body, l.Field)
	if head(value) != '[' {
		return
	}
	titles := listTitles(l.Columns)
	var rows [][]string
	count := 0
	for values := range c.picked(l) {
		if count++; count <= maxListed {
			rows = append(rows, c.row(l.Columns, values))
		}
	}
	c.section()
	if count == 0 {
		c.paper.WriteString(l.Name + ": none\n")
		return
	}
	fmt.Fprintf(&c.paper, "%s (%d):\n", l.Name, count)
	c.rows("  ", titles, rows)
	c.more("  ", count)
}

// picked yields the values of the columns of each item; they are valid until the next.
func (c *viewCodec) picked(l operation.ViewList) iter.Seq[[]json.RawMessage] {
	return func(yield func([]json.RawMessage) bool) {
		joined, picker := c.partners(l), c.picker(l.Columns, slices.Collect(secret.Elements(operation.LookupAny(c.body, l.Field))))
		for item := range secret.Elements(operation.LookupAny(c.body, l.Field)) {
			if other := joined[operation.Word(operation.Lookup(item, l.On))]; other != nil {
				item = operation.Encode(append(membersOf(item), operation.Member{Name: "joined", Value: other}))
			}
			if !yield(picker.Pick(item)) {
				return
			}
		}
	}
}

// overspent are the problems with budgets in lists that show no states.
func (c *viewCodec) overspent() []string {
	var problems []string
	if c.op.View == nil {
		return nil
	}
	for _, l := range c.op.View.Lists {
		if slices.ContainsFunc(l.Columns, func(column operation.Column) bool { return isState(column.Name) }) {
			continue
		}
		for values := range c.picked(l) {
			own := limitsOf(l.Columns, values)
			if own == nil || !own.over() || len(problems) > maxListed {
				continue
			}
			noun := strings.TrimSuffix(strings.ToLower(l.Name), "s")
			problems = append(problems, "The "+noun+" "+c.short(l.Columns[0], values[0])+" is over budget: "+own.spend()+".")
		}
	}
	return problems
}

// picker takes the values of columns out of items, with names instead of identifiers.
func (c *viewCodec) picker(columns []operation.Column, items []json.RawMessage) *operation.Picker {
	picker := operation.NewPicker(columns).At(c.now)
	picker.Join(c.ctx, c.out.joined, items)
	return picker
}

// partners are the items of the second list, by the member that both have.
func (c *viewCodec) partners(l operation.ViewList) map[string]json.RawMessage {
	if l.Join == "" {
		return nil
	}
	items := map[string]json.RawMessage{}
	for value := range valuesAt(c.body, l.Join+".*") {
		items[operation.Word(operation.Lookup(value, l.On))] = value
	}
	return items
}

// membersOf are the members of an object; of anything else, none.
func membersOf(object json.RawMessage) operation.Row {
	var row operation.Row
	if head(object) == '{' {
		for name, value := range secret.Members(object) {
			row = append(row, operation.Member{Name: string(name), Value: value})
		}
	}
	return row
}

// spendColumn is the column of a list that stands for several limits.
const spendColumn = "SPEND"

// listTitles are the headers of a list.
func listTitles(columns []operation.Column) []string {
	var titles []string
	for _, column := range columns {
		if title := limitTitle(column.Name); title == "" {
			titles = append(titles, strings.ToUpper(label(column.Name)))
		} else if !slices.Contains(titles, title) {
			titles = append(titles, title)
		}
	}
	return titles
}

// limitTitle is the header under which a limit stands in a list.
func limitTitle(name string) string {
	if name == operation.LimitExpiry || !limitNames[name] {
		return ""
	}
	return spendColumn
}

// limitsOf are the limits among the values of columns.
func limitsOf(columns []operation.Column, values []json.RawMessage) limits {
	own := newLimits(columns)
	for i, column := range columns {
		own.take(column.Name, values[i])
	}
	return own
}

// row is one line of a list.
func (c *viewCodec) row(columns []operation.Column, values []json.RawMessage) []string {
	own := limitsOf(columns, values)
	var row, seen []string
	for i, column := range columns {
		title := limitTitle(column.Name)
		switch {
		case title == "":
			row = append(row, c.short(column, values[i]))
		case slices.Contains(seen, title):
		case own == nil:
			row = append(row, c.short(column, values[i]))
		default:
			row = append(row, own.spend())
		}
		seen = append(seen, title)
	}
	return row
}

// short is a value in a list: a time without its date.
func (c *viewCodec) short(column operation.Column, value json.RawMessage) string {
	text := c.plain(column, value)
	if text == "" {
		return visible(columnCell(value, column))
	}
	if at, ok := parseTime(cell(value, operation.Time)); ok && head(value) == '"' || ok && column.Format == operation.Time {
		return distance(at, c.now)
	}
	return text
}

// items writes a list whose columns nobody declared.
func (c *viewCodec) items(name, indent string, value json.RawMessage) {
	var items []json.RawMessage
	count := 0
	for item := range secret.Elements(value) {
		if count++; count <= maxListed {
			items = append(items, item)
		}
	}
	if name != "" {
		fmt.Fprintf(&c.paper, "%s%s (%d):\n", indent, name, count)
		indent += "  "
	}
	columns := guessed(c, items)
	if columns == nil {
		for _, item := range items {
			c.lines(indent, indent+"  ", visible(cell(item, operation.Dollars)))
		}
	} else {
		picker, rows := operation.NewPicker(columns), [][]string(nil)
		for _, item := range items {
			rows = append(rows, c.row(columns, picker.Pick(item)))
		}
		titles := listTitles(columns)
		c.rows(indent, titles[:fitting(indent, titles, rows)], rows)
	}
	c.more(indent, count)
}

// guessed are the first members with a value on a line, as columns; nil: the items are no
// objects.
func guessed(c *viewCodec, items []json.RawMessage) []operation.Column {
	var columns []operation.Column
	for _, item := range items {
		if head(item) != '{' {
			return nil
		}
		for _, member := range membersOf(item) {
			column := operation.Column{Name: member.Name}
			value, _ := member.Value.(json.RawMessage)
			if c.apart(column, value) {
				continue
			}
			known := slices.ContainsFunc(columns, named(member.Name))
			if !known && len(columns) < maxGuessed && !strings.ContainsAny(member.Name, ".|") && c.plain(column, value) != "" {
				columns = append(columns, column)
			}
		}
	}
	return columns
}

// more says that a list goes on.
func (c *viewCodec) more(indent string, count int) {
	if count > maxListed {
		fmt.Fprintf(&c.paper, "%s... and %d more; --format json has all.\n", indent, count-maxListed)
	}
}

// listWidths are the widths of columns; 0: a column without any value.
func listWidths(titles []string, rows [][]string) []int {
	widths := make([]int, len(titles))
	for _, row := range rows {
		for i, text := range row[:len(titles)] {
			widths[i] = max(widths[i], textWidth(text))
		}
	}
	for i := range widths {
		if widths[i] > 0 {
			widths[i] = max(widths[i], textWidth(titles[i]))
		}
	}
	return widths
}

// fitting is how many columns a line has room for, at least two.
func fitting(indent string, titles []string, rows [][]string) int {
	used := len(indent)
	for i, width := range listWidths(titles, rows) {
		if used += width; used > viewWidth && i >= 2 {
			return i
		}
		used += gap
	}
	return len(titles)
}

// rows writes lines with aligned columns, shortened to the terminal. Columns without any
// value are left out.
func (c *viewCodec) rows(indent string, titles []string, rows [][]string) {
	var g grid
	for i, width := range listWidths(titles, rows) {
		g.lines = append(g.lines, line{title: titles[i], width: width, gone: width == 0, whole: strings.HasSuffix(titles[i], "ID")})
	}
	if room := c.Width - len(indent); c.Width > 0 && g.total() > room {
		g.shorten(room, narrowest)
	}
	for _, row := range append([][]string{titles}, rows...) {
		text := indent
		for i, l := range g.lines {
			if l.gone {
				continue
			}
			cell := cmp.Or(row[i], absent)
			if l.limit > 0 {
				cell = shortened(cell, l.limit)
			}
			text += cell + strings.Repeat(" ", max(l.wide()-textWidth(cell), 0)+gap)
		}
		c.paper.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}
