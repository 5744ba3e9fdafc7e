package cli

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// The fields that are the whole body of a request and its files.
const (
	bodyField  = "body"
	filesField = "files"
)

// bindBody adds the flags for fields of a body that have none of their own: --set and --body.
func (c *call) bindBody(cmd *cobra.Command, f operation.Field, body pflag.Value, field, fields string) {
	set := f
	set.Kind, set.Flag = operation.KindPairs, "set"
	cmd.Flags().Var(&fieldValue{field: set, to: &c.values}, "set", field+": key=value, key:=JSON or key=@file")
	cmd.Flags().Var(body, "body", fields+", @file or @-")
}

// bodyValue is --body: the members of an object, each as if given with --set.
type bodyValue struct{ to *arguments }

func (v *bodyValue) String() string { return "" }
func (v *bodyValue) Type() string   { return "JSON" }
func (v *bodyValue) Set(text string) error {
	object, err := v.to.sources.jsonObject(text, "body")
	if err != nil {
		return err
	}
	_, err = v.to.members(extraField, object)
	return err
}

// wholeBody is --body for a whole body: an object, whose members may be given with --set too,
// or another value.
type wholeBody struct{ to *arguments }

func (v *wholeBody) String() string { return "" }
func (v *wholeBody) Type() string   { return "JSON" }
func (v *wholeBody) Set(text string) error {
	value, err := v.to.sources.anyJSON(text, bodyField)
	if err != nil {
		return err
	}
	given := v.to.args[bodyField]
	if object, err := v.to.members(bodyField, value); object || err != nil {
		if v.to.args[bodyField] == nil {
			v.to.args[bodyField] = json.RawMessage("{}")
		}
		return err
	}
	if given != nil {
		return errGivenTwice
	}
	v.to.args[bodyField] = value
	return nil
}

// members adds each member of an object to a field. object is false for another value.
func (a *arguments) members(field string, value json.RawMessage) (object bool, err error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(value, &members) != nil {
		return false, nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if err := a.member(field, name, members[name]); err != nil {
			return true, err
		}
	}
	return true, nil
}

// filesValue is --file: a file for a field of a form.
type filesValue struct{ to *arguments }

func (v *filesValue) String() string { return "" }
func (v *filesValue) Type() string   { return "field=@path" }
func (v *filesValue) Set(text string) error {
	name, path, ok := strings.Cut(text, "=")
	if path = strings.TrimPrefix(path, "@"); !ok || name == "" || path == "" {
		return fmt.Errorf("%q is not field=@path", secret.Text(text))
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", path, errors.Unwrap(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxValueFile+1))
	switch {
	case err != nil:
		return fmt.Errorf("cannot read %s: %w", path, err)
	case len(b) > maxValueFile:
		return fmt.Errorf("%s is larger than %d MiB", path, maxValueFile>>20)
	}
	file := map[string]string{"filename": filepath.Base(path), "content": string(b)}
	if !utf8.Valid(b) {
		delete(file, "content")
		file["content_base64"] = base64.StdEncoding.EncodeToString(b)
	}
	return v.to.member(filesField, name, operation.Encode(file))
}
