package keycopy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// Rows is the keys of a file of rows. open opens the file from its beginning. An error names
// the line; the others follow.
func Rows(open func() (io.ReadCloser, error), format bulk.Format) Source {
	return func(context.Context) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) {
			file, err := open()
			if err != nil {
				yield(nil, err)
				return
			}
			defer file.Close()
			first := true
			for row, err := range bulk.Read(file, format) {
				var key json.RawMessage
				if first {
					first = false
					if fault := checkColumns(row.Header); fault != nil {
						yield(nil, fault)
						return
					}
				}
				if err == nil {
					key, err = rowKey(row)
				}
				if err != nil && row.Line > 0 {
					err = fmt.Errorf("line %d: %w", row.Line, err)
				}
				if !yield(key, err) {
					return
				}
			}
		}
	}
}

// Check reads a source of rows as a whole and returns what is wrong with it: rows that
// cannot be read, and keys that occur twice.
func (s Source) Check(ctx context.Context) (faults []error) {
	seen := map[string]bool{}
	for key, err := range s(ctx) {
		if err != nil {
			faults = append(faults, err)
			continue
		}
		token, alias := text(key, "token"), text(key, "key_alias")
		for _, id := range []string{"hash " + token, "alias " + alias} {
			if strings.HasSuffix(id, " ") {
				continue
			}
			if seen[id] {
				faults = append(faults, fmt.Errorf("the %s occurs twice", id))
			}
			seen[id] = true
		}
	}
	return faults
}

// checkColumns returns an error for a header with an unknown column.
func checkColumns(header []string) error {
	for _, name := range header {
		if name != "" && others[name] == 0 && !known(name) {
			return unknownColumn(name)
		}
	}
	return nil
}

func unknownColumn(name string) error {
	if near := operation.Nearest(name, order); near != "" {
		return fmt.Errorf("there is no column %s; did you mean %s?", operation.Shown(name), near)
	}
	return fmt.Errorf("there is no column %s; the columns are %s", operation.Shown(name), strings.Join(order, ", "))
}

// rowKey returns a row as the key object that it was written from.
func rowKey(row bulk.Row) (json.RawMessage, error) {
	key := secret.Object{}
	for _, cell := range row.Cells {
		k, is := carried[cell.Column]
		if !is {
			k, is = others[cell.Column], others[cell.Column] != 0
		}
		if !is && !known(cell.Column) {
			return nil, unknownColumn(cell.Column)
		}
		value, err := cellValue(cell, k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cell.Column, err)
		}
		key = append(key, secret.Member{Name: cell.Column, Value: value})
	}
	object := secret.Encode(key)
	return object, unread(object)
}

// inPlaceOf are columns that are not read, because another one has what they stand for.
var inPlaceOf = []struct{ name, by string }{
	{"team_alias", "team_id"}, {"user_email", "user_id"}, {"user_alias", "user_id"}, {"user", "user_id"},
	{"organization_alias", "organization_id"}, {"org_alias", "organization_id"}, {"project_alias", "project_id"}, {"key_type", "allowed_routes"},
	{"rpm_limit_per_model", "metadata"}, {"tpm_limit_per_model", "metadata"},
}

// unread refuses a row that says something only where it is not read: its copy would be
// without it.
func unread(key json.RawMessage) error {
	for _, column := range inPlaceOf {
		value := operation.Lookup(key, column.name)
		if !empty(value) && string(value) != `"default"` && empty(operation.Lookup(key, column.by)) {
			return fmt.Errorf("%s is not read; use %s", column.name, column.by)
		}
	}
	if is := text(key, "status"); is != "" && is != "active" && empty(operation.Lookup(key, "blocked")) && empty(operation.Lookup(key, "expires")) {
		return fmt.Errorf("status is not read; use blocked or expires")
	}
	return nil
}

// cellValue reads a cell as the kind of its column.
func cellValue(cell bulk.Cell, k kind) (json.RawMessage, error) {
	if cell.Value != nil {
		return typed(cell.Value, k)
	}
	said := strings.TrimSpace(cell.Text)
	if k == array && !strings.HasPrefix(said, "[") && !strings.HasPrefix(said, "{") {
		k = names // an export writes a list of texts with commas
	}
	switch k {
	case number, flag, object, array:
		if k == flag {
			said = strings.ToLower(said) // spreadsheets write TRUE
		}
		if !json.Valid([]byte(said)) {
			return nil, fmt.Errorf("%s is not %s", operation.Name(said), nouns[k])
		}
		return typed(json.RawMessage(said), k)
	case names:
		list, ok := bulk.SplitList(said)
		if !ok {
			return nil, fmt.Errorf("%s is not a list", operation.Name(said))
		}
		if len(list) == 0 && !strings.HasPrefix(said, "[") {
			return nil, fmt.Errorf("has no item; for an empty list, write []")
		}
		return secret.Encode(list), nil
	}
	return secret.Encode(cell.Text), nil
}

var nouns = map[kind]string{words: "a text", number: "a number", flag: "true or false", names: "a list", object: "a JSON object", array: "a JSON list"}

// typed refuses a value of another kind: a limit that is a text would be no limit.
func typed(value json.RawMessage, k kind) (json.RawMessage, error) {
	var into any
	if err := json.Unmarshal(value, &into); err != nil {
		return nil, fmt.Errorf("%s is not %s", brief(value), nouns[k])
	}
	ok := into == nil || k == 0
	switch into := into.(type) {
	case string:
		ok = ok || k == words
	case float64:
		ok = ok || k == number && into >= 0
	case bool:
		ok = ok || k == flag
	case []any:
		ok = ok || k == names || k == array
	case map[string]any:
		ok = ok || k == object
	}
	if !ok {
		return nil, fmt.Errorf("%s is not %s", brief(value), nouns[k])
	}
	return value, nil
}

// Export writes the keys of a source as rows, without secrets. It returns the number of keys
// and the members that it left out because they hold secrets, such as "ci: metadata.api_key".
func Export(ctx context.Context, source Source, w *bulk.Writer) (keys int, left []string, err error) {
	for key, err := range source(ctx) {
		if err != nil {
			return keys, left, err
		}
		values, lost := rowValues(ctx, key)
		for _, name := range lost {
			left = append(left, nameOf(key)+": "+name)
		}
		if err := w.Write(values); err != nil {
			return keys, left, err
		}
		keys++
	}
	return keys, left, w.Close()
}

// Columns are the columns of an export.
func Columns() []string { return order }

func rowValues(ctx context.Context, key json.RawMessage) (values []json.RawMessage, left []string) {
	want := limits(key)
	values = make([]json.RawMessage, len(order))
	for i, name := range order {
		value := want[name]
		switch name {
		case "metadata", "config", "router_settings", "permissions", "aliases":
			if name == "metadata" {
				value = operation.Lookup(key, name)
			}
			var lost []string
			value, lost = withoutSecrets(ctx, value)
			for _, member := range lost {
				left = append(left, name+"."+member)
			}
		case "budget_id", "soft_budget":
			value = operation.Lookup(key, name) // the budget beside it says what they are
		case "litellm_budget_table":
			value = tierOf(operation.Lookup(key, name))
		case "object_permission":
			value = meaning(operation.Lookup(key, name), false)
		default:
			if value == nil && others[name] != 0 {
				value = operation.Lookup(key, name)
			}
		}
		if !empty(value) {
			values[i] = value
		}
	}
	return values, left
}

// tierOf returns the limits of a budget.
func tierOf(budget json.RawMessage) json.RawMessage {
	kept := secret.Object{}
	for _, name := range append([]string{"soft_budget"}, tierLimits...) {
		if value := operation.Lookup(budget, name); !empty(value) {
			kept = append(kept, secret.Member{Name: name, Value: value})
		}
	}
	return secret.Encode(kept)
}

// withoutSecrets returns an object without members that hold secrets or cannot be read
// elsewhere, and their names.
func withoutSecrets(ctx context.Context, object json.RawMessage) (kept json.RawMessage, left []string) {
	out := secret.Object{}
	for name, value := range secret.Members(object) {
		member := secret.Encode(secret.Object{{Name: string(name), Value: value}})
		masked, err := secret.Redactor{}.JSON(ctx, member)
		if encrypted(value) || err != nil || string(masked) != string(member) {
			left = append(left, operation.Shown(string(name)))
			continue
		}
		out = append(out, secret.Member{Name: string(name), Value: value})
	}
	return secret.Encode(out), left
}
