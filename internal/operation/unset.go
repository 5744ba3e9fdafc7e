package operation

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Clients of tools fill optional arguments that a model left out with null, "", [], {}, 0.
// What follows tells those from values. The command line does not need it: there, a flag is
// given or not.

// Unset reports whether a value of an optional field stands for no value: null, an empty
// text, list or object, and 0 where the field does not allow it. It is false for a required
// field, and for an empty value that means something: see [Field.Empty].
func (f *Field) Unset(value json.RawMessage) bool {
	if f.Required {
		return false
	}
	text := strings.Trim(string(value), " \t\r\n")
	if !isBlank(text) {
		return f.isNumber() && isZero(text) && !f.allowsZero()
	}
	return text == "null" || f.Empty == "" || f.Kind == KindString && text != `""` || f.Kind != KindString && text == `""`
}

// isBlank reports whether a JSON value is null or empty.
func isBlank(text string) bool {
	switch {
	case text == "null" || text == `""`:
		return true
	case len(text) < 2 || text[0] != '[' && text[0] != '{':
		return false
	}
	return strings.Trim(text[1:len(text)-1], " \t\r\n") == ""
}

// IsNumber reports whether a text is exactly a JSON number, and one that programs can hold:
// neither too large nor too close to 0.
func IsNumber(text string) bool {
	if text == "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') || !json.Valid([]byte(text)) || strings.TrimSpace(text) != text {
		return false
	}
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && (n != 0 || isZero(text))
}

func (f *Field) isNumber() bool { return f.Kind == KindInteger || f.Kind == KindNumber }

// isZero reports whether a JSON number is 0, however it is written.
func isZero(text string) bool {
	digits, _, _ := strings.Cut(strings.ToLower(text), "e")
	return text != "" && strings.Trim(digits, "-0.") == "" && strings.ContainsRune(digits, '0')
}

func (f *Field) allowsZero() bool { return f.within(0) && (f.least == "" || !positive(f.least)) }

func positive(n json.Number) bool {
	least, err := n.Float64()
	return err == nil && least > 0
}

// Kept returns the fields of an update that keep their value although the caller named them,
// because the value given for them is none. The arguments are those without these.
func (op *Operation) Kept(args Args, unset []string) (kept []string) {
	if op.Update == nil {
		return nil
	}
	given := func(name string) bool { return args[name] != nil || slices.Contains(args.List(clearField), name) }
	for _, f := range op.Fields() {
		name := f.Name
		if !slices.Contains(unset, name) || slices.Contains([]string{clearField, replaceField, ExtraField}, name) {
			continue
		}
		if name == expiresField {
			name = durationField
		}
		another := name == durationField && given(expiresField)
		if !given(name) && !another && !slices.Contains(op.Update.Subject, name) && !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	return kept
}

// KeptNote is what a caller is told of fields that [Operation.Kept] returned, or "". It names
// arguments as {clear}.
func (op *Operation) KeptNote(kept []string) string {
	if len(kept) == 0 {
		return ""
	}
	for i, name := range kept {
		kept[i] = "{" + name + "}"
	}
	note := "Left as it is: " + strings.Join(kept, ", ") + "."
	clearable := slices.DeleteFunc(slices.Clone(kept), func(name string) bool { f, _ := op.Field(strings.Trim(name, "{}")); return f.Cleared == "" })
	switch {
	case len(clearable) == 0:
		return note
	case len(clearable) == len(kept):
		return note + " To empty a field, name it in {" + clearField + "}."
	}
	return note + " To empty " + strings.Join(clearable, " or ") + ", name it in {" + clearField + "}."
}
