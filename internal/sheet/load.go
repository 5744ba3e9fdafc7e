package sheet

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"strings"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
)

// Fault is what is wrong with a file.
type Fault struct {
	// Line is where; 0 means the file as a whole.
	Line int
	What string
}

// String returns the fault with its line.
func (f Fault) String() string {
	if f.Line == 0 {
		return f.What
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.What)
}

// row is a row of an import: the arguments of the create operation.
type row struct {
	line int
	args operation.Args
}

// name is what people call the item of a row.
func (r *Resource) name(args operation.Args) string {
	if alias := args.String(r.Alias); alias != "" {
		return alias
	}
	return args.String(r.ID)
}

// loader reads the rows of a file and collects all faults.
type loader struct {
	*finder
	create *operation.Operation
	faults []Fault
	said   map[string]bool // columns whose fault is told
	seen   map[string]int  // lines by identity
}

// Load reads rows and checks each against the create operation. It sends nothing. With faults,
// the rows are of no use.
func (r *Resource) load(all operation.Catalog, rows iter.Seq2[bulk.Row, error]) ([]row, []Fault) {
	create, _, _ := r.operations(all)
	l := &loader{finder: newFinder(r, all), create: create, said: map[string]bool{}, seen: map[string]int{}}
	var out []row
	for read, err := range rows {
		if err != nil {
			l.fault(read.Line, err.Error())
			continue
		}
		l.header(read.Header)
		if args, ok := l.args(read); ok {
			out = append(out, row{read.Line, args})
		}
	}
	return out, l.faults
}

func (l *loader) fault(line int, what string) { l.faults = append(l.faults, Fault{line, what}) }

// header checks the names of columns without values, too.
func (l *loader) header(columns []string) {
	for _, name := range columns {
		if _, err := l.find(name); err != nil && name != "" && !l.said[name] {
			l.said[name] = true
			l.fault(0, err.Error())
		}
	}
}

// args makes the arguments of a row.
func (l *loader) args(read bulk.Row) (operation.Args, bool) {
	before := len(l.faults)
	args, extra, from := operation.Args{}, operation.Args{}, map[string]string{}
	for _, cell := range read.Cells {
		column, err := l.find(cell.Column)
		if err != nil {
			if !l.said[cell.Column] {
				l.said[cell.Column] = true
				l.fault(read.Line, err.Error())
			}
			continue
		}
		value, err := column.value(cell)
		switch {
		case err != nil:
			l.fault(read.Line, column.Name+": "+err.Error())
			continue
		case value == nil:
			continue
		case from[column.Property] != "":
			l.fault(read.Line, fmt.Sprintf("the columns %s and %s are the same", from[column.Property], operation.Shown(cell.Column)))
		case column.Kind == 0:
			extra[column.Property] = value
		default:
			args[column.Property] = value
		}
		from[column.Property] = operation.Shown(cell.Column)
	}
	if len(extra) > 0 {
		args[operation.ExtraField] = operation.Encode(extra)
	}
	maps.Copy(args, l.resource.Fixed)
	l.identity(read.Line, args)
	if len(l.faults) == before {
		if err := l.create.Validate(args); err != nil {
			l.fault(read.Line, l.words(err))
		}
	}
	return args, len(l.faults) == before
}

// identity refuses a row that names nothing, and one that names what another row does.
func (l *loader) identity(line int, args operation.Args) {
	r := l.resource
	if !r.named(args) {
		var names []string
		for _, property := range r.Needs {
			column, _ := l.find(property)
			names = append(names, column.Name)
		}
		l.fault(line, "has no "+operation.Or(names))
		return
	}
	for _, property := range []string{r.ID, r.Alias} {
		value := args.String(property)
		if value == "" {
			continue
		}
		key := property + " " + folded(property, value) + " " + args.String(r.Per)
		if first := l.seen[key]; first > 0 {
			l.fault(line, fmt.Sprintf("%s is on line %d already", operation.Shown(value), first))
			return
		}
		l.seen[key] = line
	}
	for _, property := range r.Once {
		value := args.String(property)
		if first := l.seen[property+" "+value]; value != "" && first > 0 {
			column, _ := l.find(property)
			l.fault(line, fmt.Sprintf("%s %s is on line %d already", column.Name, operation.Shown(value), first))
			return
		}
		l.seen[property+" "+value] = line
	}
}

// words is [plain] with the names of the columns.
func (l *loader) words(err error) string {
	e := *operation.AsError(err)
	e.Message = argument.ReplaceAllStringFunc(e.Message, func(name string) string {
		if column, err := l.find(strings.Trim(name, "{}")); err == nil {
			return column.Name
		}
		return name
	})
	return plain(&e)
}

// plain words an error for the reader of a file: its arguments are columns.
func plain(err error) string {
	e := operation.AsError(err)
	text := err.Error()
	if e != nil && e.Hint != "" && !strings.HasPrefix(e.Hint, "nothing was ") {
		text = strings.TrimSuffix(text, ".") + "; " + e.Hint
	}
	return columnWords(text)
}

var argument = regexp.MustCompile(`\{([a-z_]+)\}`)

// columnWords writes {max_budget} as max_budget.
func columnWords(text string) string { return argument.ReplaceAllString(text, "$1") }

// withID returns the arguments with an ID.
func (r *Resource) withID(args operation.Args, id json.RawMessage) operation.Args {
	out := maps.Clone(args)
	out[r.ID] = id
	return out
}
