package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/modelfile"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// modelCommands are the commands that read and write the gateway's configuration file.
func modelCommands() []local {
	return []local{
		{path: "models import", summary: "Add the models and credentials of a LiteLLM config.yaml", writes: true, bind: (*app).bindModelsImport},
		{path: "models export", summary: "Write the gateway's models in the form of config.yaml", bind: (*app).bindModelsExport},
		{path: "models lint", summary: "Check a LiteLLM config.yaml as the gateway reads it", bind: (*app).bindModelsLint},
	}
}

// oneFile takes exactly one positional argument, the name of a file.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	path := strings.TrimPrefix(cmd.CommandPath(), program+" ")
	if len(args) == 0 {
		return usageError(path + " needs a file, or - for standard input")
	}
	return usageError(fmt.Sprintf("%s takes one file; remove %q", path, secret.Text(args[1])))
}

// fileName is what the file of an argument is called.
func fileName(argument string) string {
	if argument == "-" {
		return "standard input"
	}
	return argument
}

// atMostOneFile takes the name of a file, or none.
func atMostOneFile(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return oneFile(cmd, args)
}

func (a *app) bindModelsLint(cmd *cobra.Command) {
	cmd.Use, cmd.Args = "lint <file>", oneFile
	cmd.Long = `Check a LiteLLM config.yaml as the gateway reads it, without a gateway.

The gateway reads YAML 1.1: 1e-06 is text, on is true, 010 is 8. Errors are what the gateway
or models import refuses, and what it silently drops, such as the first of two equal names.
Warnings are values that it takes differently than they look. Files under include are
checked, too. Exits with 1 if there are errors.`
	cmd.Example = "  litellm-proxy models lint config.yaml\n  litellm-proxy models lint config.yaml --format json | jq -r '.[].message'"
	format := cmd.Flags().StringP("format", "o", "text", "Output format: text, json")
	completes(cmd, "format", []string{"text", "json"})
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if *format != "text" && *format != "json" {
			return usageError(fmt.Sprintf("--format: %q is not one of text, json", *format))
		}
		file, err := a.modelFile(args[0])
		if err != nil {
			return err
		}
		return a.lint(file, *format)
	}
}

// modelFile reads a configuration file.
func (a *app) modelFile(path string) (*modelfile.File, error) {
	file, err := modelfile.Load(path, func(path string) ([]byte, error) {
		if path == "-" {
			return io.ReadAll(io.LimitReader(a.Stdin, modelfile.MaxSize+1))
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, modelfile.MaxSize+1))
	})
	if err != nil {
		return nil, usageError(fmt.Sprintf("cannot read %s: %s", path, reason(err)))
	}
	return file, nil
}

func (a *app) lint(file *modelfile.File, format string) error {
	if format == "json" {
		findings := file.Findings
		if findings == nil {
			findings = modelfile.Findings{}
		}
		e := json.NewEncoder(a.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(findings); err != nil {
			return unwritten(err)
		}
	} else {
		for _, f := range file.Findings {
			if _, err := fmt.Fprintln(a.Stdout, oneLine(a.masked(f.String()))); err != nil {
				return unwritten(err)
			}
		}
	}
	bad := file.Findings.Errors()
	a.note("%s, %s, %s", fileSummary(file), operation.Counted(bad, "error"), operation.Counted(len(file.Findings)-bad, "warning"))
	if bad > 0 {
		return errFailed
	}
	return nil
}

// fileSummary counts what a file has.
func fileSummary(file *modelfile.File) string {
	text := operation.Counted(len(file.Models), "model")
	if n := len(file.Credentials); n > 0 {
		text += ", " + operation.Counted(n, "credential")
	}
	return text
}
