package operation

import (
	"encoding/json"
	"fmt"
)

// clearing is embedded in the input of an update. A field that can be emptied
// says in its tag what the gateway wants to be sent for that, clear:"null" for a
// limit, clear:"[]" for a list; {clear} names such fields.
type Clearing struct {
	Clear Names `json:"clear" help:"Fields to clear. Clearing a limit removes it"`
}

const clearField = "clear"

// cleared puts what empties the fields that the arguments name into a body.
func (op *Operation) cleared(args, body Args) {
	var names []string
	if op == nil || json.Unmarshal(args[clearField], &names) != nil {
		return
	}
	delete(body, clearField)
	for _, name := range names {
		if f, ok := op.Field(name); ok && f.Cleared != "" {
			body[name] = json.RawMessage(f.Cleared)
		}
	}
}

// contradictions reports fields that are both given and to be emptied.
func (op *Operation) contradictions(args Args) (faults []string) {
	var names []string
	if json.Unmarshal(args[clearField], &names) != nil {
		return nil
	}
	for _, f := range op.Fields() {
		if args[f.Name] == nil {
			continue
		}
		for _, name := range names {
			if name == f.Name || name == f.Ref {
				faults = append(faults, fmt.Sprintf("{%s} is given, and {%s} is to empty it", f.Name, clearField))
			}
		}
	}
	return faults
}
