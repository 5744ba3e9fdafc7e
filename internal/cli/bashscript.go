package cli

import (
	"bytes"
	"strings"

	"github.com/spf13/cobra"
)

// bashQuoted quotes words as Bash does, but not the commas of a list: a word that differs
// from what was typed is no completion of it.
const bashQuoted = `
__litellm-proxy_quoted()
{
    local word
    for word in "$@"; do
        printf -v word "%q" "$word"
        printf '%s\n' "${word//\\,/,}"
    done
}
`

// bashWords reads the command line where the package bash-completion is missing.
const bashWords = `    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref "$@" cur prev words cword
    else
        words=("${COMP_WORDS[@]}")
        cword=$COMP_CWORD
        cur=${words[cword]}
        prev=${words[cword-1]}
    fi
`

// bashScript writes Cobra's script for Bash, with lists and without further packages.
func bashScript(c *cobra.Command, to *bytes.Buffer) error {
	var script bytes.Buffer
	if err := c.Root().GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	_, err := strings.NewReplacer(
		"# Macs have bash3", strings.TrimPrefix(bashQuoted, "\n")+"\n# Macs have bash3",
		"    _get_comp_words_by_ref \"$@\" cur prev words cword\n", bashWords,
		`printf -v comp "%q" "${compline%%$tab*}" &>/dev/null || comp=$(printf "%q" "${compline%%$tab*}")`,
		`printf -v comp "%q" "${compline%%$tab*}"; comp=${comp//\\,/,}`,
		`printf "%q\n" `, "__litellm-proxy_quoted ",
		`printf "%q" `, "__litellm-proxy_quoted ",
	).WriteString(to, script.String())
	return err
}

// ownBashScript makes "completion bash" print it.
func (a *app) ownBashScript(completion *cobra.Command) {
	bash := a.commandNamed(completion, "bash")
	if bash == nil {
		return
	}
	cobras := bash.RunE
	bash.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("no-descriptions") {
			return cobras(cmd, args)
		}
		var script bytes.Buffer
		if err := bashScript(cmd, &script); err != nil {
			return err
		}
		_, err := cmd.OutOrStdout().Write(script.Bytes())
		return unwritten(err)
	}
}
