package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// manyKeysOut is the file for the new keys of a call whose filters select what gets one.
const manyKeysOut = "new-keys.csv"

// keysOut is --keys-out of one call: its new keys are in the file before the old ones stop,
// and not on the screen.
type keysOut struct {
	path string
	file *peopleKeys
	kept int
	// failed says that a key is not in the file, so the screen must have them.
	failed bool
}

func (c *call) bindKeysOut(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.keysOut.path, "keys-out", "", "CSV file for the new keys, readable by you only, instead of the screen (default with --all: "+manyKeysOut+")")
}

// openKeysOut opens the file before anything is sent.
func (c *call) openKeysOut(env *operation.Env) error {
	if c.op.KeepsKeys && c.keysOut.path == "" && string(c.values.args["all"]) == "true" {
		c.keysOut.path = manyKeysOut
	}
	if c.keysOut.path == "" {
		return nil
	}
	file, err := openPeopleKeys(c.keysOut.path, env.Client.BaseURL(), c.dryRun)
	if err != nil {
		return usageError("--keys-out: " + err.Error() + "; nothing was sent")
	}
	c.keysOut.file, env.Keep = file, c.keysOut.keep
	return nil
}

// keep implements the Keep of [operation.Env].
func (k *keysOut) keep(holder json.RawMessage) error {
	err := k.file.add(holder)
	if err != nil {
		k.failed = true
		return err
	}
	k.kept++
	return nil
}

// without is the result with the file in place of each key that is in it.
func (k *keysOut) without(op *operation.Operation, r operation.Result) operation.Result {
	if k.kept == 0 || k.failed {
		return r
	}
	return op.ReplaceKeys(r, func(operation.NewKey) secret.Object {
		return secret.Object{{Name: "key_file", Value: k.path}}
	})
}

// closeKeysOut ends the use of the file, and says where the keys are, whatever became of the
// call.
func (c *call) closeKeysOut() {
	k := &c.keysOut
	if k.file == nil {
		return
	}
	k.file.close()
	if k.kept > 0 {
		c.note("%s in %s", map[bool]string{true: "The new key is", false: "The new keys are"}[k.kept == 1], k.path)
	}
}
