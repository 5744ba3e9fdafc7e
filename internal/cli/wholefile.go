package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/replace"
)

// overwriteFlag adds --overwrite to a command that writes a file.
func overwriteFlag(cmd *cobra.Command, overwrite *bool) {
	cmd.Flags().BoolVar(overwrite, "overwrite", false, "Replace the file if it exists")
}

// rowsFlag adds a flag for the format of a file of rows.
func rowsFlag(cmd *cobra.Command, format *string, name, usage string) {
	cmd.Flags().StringVar(format, name, "", usage)
	completes(cmd, name, bulk.Formats)
}

// inputFormatFlag adds --input-format to a command that reads a file of rows.
func inputFormatFlag(cmd *cobra.Command, format *string) {
	rowsFlag(cmd, format, "input-format", "Format of the file: csv, yaml, jsonl (default: by its ending)")
}

// hiddenSetting begins the note about a value that an export does not have.
const hiddenSetting = "left out because it holds a secret: "

// wholeFile is a file that appears under its name only when it is whole. Only its owner can
// read it.
type wholeFile struct {
	*os.File
	name string // "" if it is written in place, such as /dev/stdout
}

// exportFormat returns the format of an export. JSON is refused: what is written are JSON
// lines, which no reader of JSON takes.
func exportFormat(name, given string) (bulk.Format, error) {
	if given == "json" || given == "" && strings.EqualFold(filepath.Ext(name), ".json") {
		return "", usageError("exports have no format json; use jsonl")
	}
	format, err := bulk.FormatOf(name, given)
	if err != nil {
		return "", usageError(err.Error() + "; give the format with --format")
	}
	return format, nil
}

// writable refuses a name under which newFile cannot write.
func writable(name string, overwrite bool) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return usageError(name + " is a directory; give the name of a file")
	case err == nil && info.Mode().IsRegular() && !overwrite:
		return usageError(name + " exists; to replace it, add --overwrite")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return usageError("cannot write " + name + ": " + reason(err))
	}
	return nil
}

// newFile begins a file. One that exists is replaced only with overwrite; a pipe or a device
// is written in place.
func newFile(name string, overwrite bool) (*wholeFile, error) {
	if err := writable(name, overwrite); err != nil {
		return nil, err
	}
	var file *os.File
	info, err := os.Stat(name)
	whole := err != nil || info.Mode().IsRegular()
	if target, err := filepath.EvalSymlinks(name); err == nil && whole {
		name = target
	}
	if whole {
		file, err = os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*") // mode 0600
	} else {
		file, err = os.OpenFile(name, os.O_WRONLY, 0)
	}
	if err != nil {
		return nil, usageError("cannot write " + name + ": " + reason(err))
	}
	if !whole {
		name = ""
	}
	return &wholeFile{file, name}, nil
}

// discard gives the file up.
func (f *wholeFile) discard() {
	_ = f.Close()
	if f.name != "" {
		_ = os.Remove(f.Name())
	}
}

// commit puts the file in its place.
func (f *wholeFile) commit() error {
	var err error
	if f.name != "" {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if f.name != "" && err == nil {
		err = replace.File(f.Name(), f.name)
	}
	if err != nil && f.name != "" {
		_ = os.Remove(f.Name())
	}
	return err
}
