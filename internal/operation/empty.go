package operation

import (
	"fmt"
	"slices"
	"strconv"

	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// empty returns the notes on a list that shows no items: why, and how to see more.
func (c *Collection) empty(call *Call, q query, page *Page) []string {
	if len(page.Items) > 0 || page.More {
		return nil
	}
	if past := c.pastEnd(call, q, page); past != "" {
		return []string{past}
	}
	if page.Total > 0 || page.Total < 0 && page.Next != nil {
		return nil
	}
	var notes []string
	if filters := c.filters(call); len(filters) > 0 || c.Empty == "" {
		notes = append(notes, c.widen(call, filters))
	}
	if c.Empty != "" {
		notes = append(notes, c.Empty)
	}
	return notes
}

// widen returns the sentence on a list that is empty with these filters.
func (c *Collection) widen(call *Call, filters []string) string {
	nouns, longer := plural.Of(c.What), ""
	if _, dated := call.op.Field("period"); dated {
		longer = "choose a longer {period}"
	}
	switch {
	case len(filters) == 0 && longer != "":
		return fmt.Sprintf("There are no %s in this period; %s.", nouns, longer)
	case len(filters) == 0:
		return "There are no " + nouns + "."
	case longer != "":
		return fmt.Sprintf("No %s match in this period. Drop %s, or %s.", nouns, Or(filters), longer)
	case len(filters) == 1:
		return fmt.Sprintf("No %s match. Drop %s to see all %s.", nouns, filters[0], nouns)
	}
	return fmt.Sprintf("No %s match. Drop %s to see more.", nouns, Or(filters))
}

// pastEnd returns the note on a page after the last one, or "".
func (c *Collection) pastEnd(call *Call, q query, page *Page) string {
	at, err := strconv.Atoi(Word(call.args[c.Page]))
	if c.Page == "" || err != nil || at < 1 || at == 1 && !c.Offset || page.Total == 0 {
		return ""
	}
	pages, which := page.Pages, fmt.Sprintf("{%s} %d is past the end", c.Page, at)
	if size, _ := strconv.Atoi(q.values.Get(c.Size)); pages == 0 && page.Total > 0 && size > 0 {
		pages = (page.Total + size - 1) / size
	}
	switch {
	case c.Offset && page.Total > 0:
		return which + ": the list has " + plural.Count(page.Total, c.What) + "."
	case pages == 0:
		return which + "."
	case pages >= at:
		return ""
	}
	return which + ": the list has " + plural.Count(pages, "page") + "."
}

// unfiltered are arguments that leave no item out, or no list can do without.
var unfiltered = []string{"return_full_object", "include_team_keys", "include_created_by_keys", "of", "fields", "period", "start_date", "end_date", "since", "until", ExtraField}

// filters returns the arguments that narrow the list, as the caller gave them.
func (c *Collection) filters(call *Call) (names []string) {
	for _, f := range call.op.Fields() {
		switch {
		case call.args[f.Name] == nil:
		case f.Required || proxyclient.InPath(c.Path, f.Name) || slices.Contains(unfiltered, f.Name):
		case slices.Contains([]string{c.Page, c.Size, c.Sort, c.Order}, f.Name):
		default:
			names = append(names, "{"+f.Name+"}")
		}
	}
	return names
}
