package operation

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
)

// Email is an email address. The gateway takes any text for one, and nobody can sign in
// with what is none.
type Email string

// Emails is a list of email addresses.
type Emails []string

// Rule implements [Ruled].
func (Email) Rule() Rule { return Rule{Email: true} }

// Rule implements [Ruled].
func (Emails) Rule() Rule { return Rule{Email: true} }

// IsEmail reports whether a text is an email address and nothing else.
func IsEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Name == "" && address.Address == text
}

// emailFaults reports what is no email address in the arguments. The empty text clears an
// address where a field can be cleared.
func (op *Operation) emailFaults(args Args) (faults []string) {
	for _, f := range op.Fields() {
		switch {
		case args[f.Name] == nil:
		case f.rule.Email:
			if wrong := noEmails(args[f.Name], f.Cleared != ""); len(wrong) > 0 {
				faults = append(faults, "{"+f.Name+"}: "+notEmails(wrong)+op.meansID(args, f))
			}
		case f.Name == ExtraField:
			var more any
			_ = json.Unmarshal(args[f.Name], &more)
			faults = append(faults, nestedEmails(more)...)
		}
	}
	return faults
}

// meansID asks whether an ID was meant, where the operation takes one that is not given.
func (op *Operation) meansID(args Args, email Field) string {
	id := strings.TrimSuffix(strings.TrimSuffix(email.Name, "s"), "_email") + "_id"
	if email.Kind == KindStrings {
		id += "s"
	}
	if _, takes := op.Field(id); !takes || args[id] != nil {
		return ""
	}
	return "; did you mean {" + id + "}?"
}

// noEmails returns the texts of a value that are no email addresses.
func noEmails(value json.RawMessage, empty bool) (wrong []string) {
	var list []string
	if json.Unmarshal(value, &list) != nil {
		var text string
		if json.Unmarshal(value, &text) != nil || text == "" && empty {
			return nil // cleared, or no text
		}
		list = []string{text}
	}
	return slices.DeleteFunc(list, IsEmail)
}

// notEmails says that texts are no email addresses.
func notEmails(wrong []string) string {
	for i, text := range wrong {
		wrong[i] = fmt.Sprintf("%q", Shown(text))
	}
	if len(wrong) == 1 {
		return wrong[0] + " is not an email address such as ann@example.com"
	}
	return strings.Join(wrong, ", ") + " are not email addresses such as ann@example.com"
}

// nestedEmails reports the members user_email inside a value that are no email addresses.
func nestedEmails(value any) (faults []string) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			faults = append(faults, nestedEmails(item)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if text, ok := value[name].(string); ok && name == "user_email" && !IsEmail(text) {
				faults = append(faults, name+": "+notEmails([]string{text}))
			}
			faults = append(faults, nestedEmails(value[name])...)
		}
	}
	return faults
}
