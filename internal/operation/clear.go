package operation

import (
	"encoding/json"
	"fmt"
)

// Clearing is embedded in the input of an update. The tag of a field that can be cleared
// has what the gateway needs for that: clear:"null" for a limit, clear:"[]" for a list.
type Clearing struct {
	Clear Names `json:"clear" help:"Fields to clear; clearing a limit removes it"`
}

const clearField = "clear"

// cleared adds the values that clear the fields named in the arguments to a body.
func (op *Operation) cleared(args, body Args) {
	var names []string
	delete(body, replaceField)
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

// contradictions reports fields that are both set and cleared.
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
			if name == f.Name {
				faults = append(faults, fmt.Sprintf("{%s} is set, but {%s} clears it; give one", f.Name, clearField))
			}
		}
	}
	return faults
}
