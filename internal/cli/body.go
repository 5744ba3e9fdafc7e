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

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// The fields that are the whole body of a request and its files.
const (
	bodyField  = "body"
	filesField = "files"
)

// bindBody adds the flags for a whole body.
func (c *call) bindBody(cmd *cobra.Command, f operation.Field) {
	set := f
	set.Kind = operation.KindPairs
	cmd.Flags().Var(&fieldValue{field: set, to: &c.values}, "set", "Field of the body: key=value, key:=JSON or key=@file")
	cmd.Flags().Var(&wholeBody{to: &c.values}, "body", "Body as JSON, @file or @-")
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
	var members map[string]json.RawMessage
	if json.Unmarshal(value, &members) != nil {
		if v.to.args[bodyField] != nil {
			return errors.New("is given twice")
		}
		v.to.args[bodyField] = value
		return nil
	}
	if v.to.args[bodyField] == nil {
		v.to.args[bodyField] = json.RawMessage("{}")
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if err := v.to.member(bodyField, name, members[name]); err != nil {
			return err
		}
	}
	return nil
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
