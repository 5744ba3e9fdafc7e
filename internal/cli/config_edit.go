package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/proxyclient"
)

// configTemplate is what an editor shows where there is no file yet.
const configTemplate = `# Profiles of litellm-proxy, one per gateway. See: litellm-proxy config set --help
#
# current: prod
# profiles:
#   prod:
#     base_url: https://gateway.example.com
#     api_key: env:PROD_KEY        # keystore, env:NAME, file:PATH or exec:COMMAND
#     protected: true              # changes must be confirmed with the profile's name
`

func bindConfigEdit(a *app, cmd *cobra.Command) {
	cmd.Long = `Edit the configuration file in the editor that $VISUAL or $EDITOR names. You edit a copy,
which is checked before it replaces the file. A copy with an error is not lost: edit it
again, or leave it and keep the file as it is.`
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.editConfig(cmd.Context()) }
}

func (a *app) editConfig(ctx context.Context) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	if a.Terminal == nil && a.Getenv("VISUAL") == "" && a.Getenv("EDITOR") == "" {
		return usageError("config edit needs a terminal; without one, use config set")
	}
	editor, err := a.editor()
	if err != nil {
		return err
	}
	old, err := config.ReadText(path)
	if err != nil {
		return a.configError(err)
	}
	return a.editText(ctx, editor, path, old)
}

// editText has the person edit a copy of the file, until it can take the file's place.
func (a *app) editText(ctx context.Context, editor []string, path string, old []byte) error {
	text := old
	if len(bytes.TrimSpace(old)) == 0 {
		text = []byte(configTemplate)
	}
	draft, err := a.draft(path, text)
	if err != nil {
		return err
	}
	for {
		if err := a.runEditor(editor, draft); err != nil {
			return a.unedited(draft, text, err)
		}
		next, err := os.ReadFile(draft)
		if errors.Is(err, fs.ErrNotExist) {
			return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "the configuration was not changed: the editor left no file", Err: err}
		}
		if err != nil {
			return a.keptDraft(draft, err)
		}
		if bytes.Equal(next, text) {
			a.note("No changes.")
			return a.dropDraft(draft)
		}
		err = config.Replace(path, old, next)
		if err == nil {
			a.note("Saved %s.", path)
			return a.dropDraft(draft)
		}
		a.note("%s", err)
		if a.Terminal == nil {
			return a.keptDraft(draft, err)
		}
		fmt.Fprint(a.Stderr, "Edit it again? [Y/n] ")
		answer, err2 := a.readLine(ctx)
		if word := strings.ToLower(strings.TrimSpace(answer)); err2 != nil || answer == "" || word == "n" || word == "no" {
			return a.keptDraft(draft, err)
		}
	}
}

// draft is a private copy beside the file.
func (a *app) draft(path string, text []byte) (string, error) {
	failed := func(err error) error {
		return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "cannot edit the configuration: " + err.Error(), Err: err}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", failed(err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "config.draft-*.yaml")
	if err != nil {
		return "", failed(err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", failed(err)
	}
	return file.Name(), nil
}

func (a *app) dropDraft(draft string) error {
	if err := os.Remove(draft); err != nil {
		return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "cannot remove the draft: " + err.Error(), Err: err}
	}
	return nil
}

// unedited is the error of an editor that failed. The draft is kept if it has changes.
func (a *app) unedited(draft string, text []byte, err error) error {
	if now, unread := os.ReadFile(draft); unread != nil || !bytes.Equal(now, text) {
		return a.keptDraft(draft, err)
	}
	err = errors.Join(a.dropDraft(draft), err)
	return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "the configuration was not changed: " + err.Error(), Err: err}
}

// keptDraft is the error of an edit that did not end in a saved file.
func (a *app) keptDraft(draft string, err error) error {
	return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "the configuration was not changed: " + err.Error(), Err: err, Hint: "your draft is in " + draft}
}

// editor is the command of the user's editor.
func (a *app) editor() ([]string, error) {
	for _, variable := range []string{"VISUAL", "EDITOR"} {
		line := strings.TrimSpace(a.Getenv(variable))
		if line == "" {
			continue
		}
		words, err := config.SplitCommand(line)
		if err != nil {
			return nil, usageError("$" + variable + ": " + err.Error())
		}
		return words, nil
	}
	for _, name := range usualEditors(runtime.GOOS) {
		if path, err := exec.LookPath(name); err == nil {
			return []string{path}, nil
		}
	}
	return nil, usageError("no editor was found; set $EDITOR")
}

func usualEditors(system string) []string {
	if system == "windows" {
		return []string{"notepad.exe"}
	}
	return []string{"nano", "vim", "vi"}
}

// runEditor runs the editor at the terminal. After an interrupt it is waited for.
func (a *app) runEditor(editor []string, draft string) error {
	a.serving.Store(true)
	defer a.serving.Store(false)
	cmd := exec.Command(editor[0], append(editor[1:len(editor):len(editor)], draft)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.Stdin, io.Writer(a.Stderr), a.Stderr
	if a.Terminal != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = a.Terminal, os.Stderr, os.Stderr
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the editor %s failed: %w", editor[0], err)
	}
	return nil
}
