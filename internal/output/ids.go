package output

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// Identifies reports whether the things in an operation's answer have identifiers that can be
// printed alone: those of a list, of one thing, or of what a write was about.
func Identifies(op *operation.Operation) bool {
	switch {
	case op.Consent.Typed || op.Prose || op.Text != "" && op.Effect != operation.Read:
		return false
	case len(op.Returns) > 0, idColumn(op) != "", op.Lists() && len(op.Columns) > 0:
		return true
	}
	return slices.ContainsFunc(op.Fields(), func(f operation.Field) bool {
		return names(f) || op.Effect != operation.Read && f.Collection != nil
	})
}

// names reports whether an argument is the identifier of something that there is.
func names(f operation.Field) bool { return f.Arg == 1 && !f.Words }

// Named returns the identifiers among the arguments of a call, for an answer without any.
func Named(op *operation.Operation, args operation.Args) []string {
	for _, of := range []func(operation.Field) bool{names, func(f operation.Field) bool { return f.Collection != nil }} {
		for _, f := range op.Fields() {
			if value := args[f.Name]; value != nil && of(f) {
				var several []string
				if json.Unmarshal(value, &several) == nil {
					return several
				}
				return []string{cell(value, operation.Plain)}
			}
		}
	}
	return nil
}

// idColumn returns the paths of the column that identifies an item, or "".
func idColumn(op *operation.Operation) string {
	best, most := "", 0
	for i, c := range op.Columns {
		score := 0
		switch {
		case c.Name == "token" || c.Name == "id":
			score = 4
		case c.ID && strings.HasSuffix(c.Name, "_id"):
			score = 3
		case c.ID:
			score = 2
		case i == 0 && op.Lists():
			score = 1
		}
		if score > most {
			best, most = cmp.Or(c.Field, c.Name), score
		}
	}
	return best
}

// idPaths returns the paths, most wanted first, of the identifier in an answer or item.
func idPaths(op *operation.Operation) []string {
	var paths []string
	if list := op.Collection(); list != nil {
		paths = append(paths, list.ID)
	}
	paths = append(paths, op.Returns...)
	paths = append(paths, idColumn(op))
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// idCodec writes the identifier of each item, or of the thing that the answer is about, on a
// line of its own.
type idCodec struct {
	*out
	paths []string
}

func newIDs(o *out) codec { return idCodec{o, idPaths(o.op)} }

func (c idCodec) object(d document) error {
	id, err := c.id(d)
	if err != nil {
		return err
	}
	ids := c.Named
	if id != "" {
		ids = []string{id}
	}
	for _, id := range ids {
		if err := c.line(id); err != nil {
			return err
		}
	}
	return nil
}

func (c idCodec) item(d document) error {
	id, err := c.id(d)
	if err != nil || id == "" {
		return err
	}
	return c.line(id)
}

func (idCodec) end() error { return nil }

// id returns the identifier in an item, without secrets; "" if there is none.
func (c idCodec) id(d document) (string, error) {
	paths := c.paths
	if len(d.raw) > large {
		var err error
		if d.raw, err = reduce(d.raw, paths); err != nil {
			return "", err
		}
	}
	body, err := c.masked(d)
	if err != nil {
		return "", err
	}
	if head(body) != '{' {
		return cell(body, operation.Plain), nil
	}
	for _, path := range paths {
		if id := cell(operation.LookupAny(body, path), operation.Plain); id != "" {
			return id, nil
		}
	}
	return "", nil
}

func (c idCodec) line(id string) error {
	_, err := c.w.WriteString(visible(id) + "\n")
	return err
}
