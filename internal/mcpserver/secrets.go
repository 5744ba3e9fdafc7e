package mcpserver

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"litellm-proxy/internal/keyfiles"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// The values of Options.Secrets, besides file:DIR.
const (
	secretsReveal = "reveal"
	secretsMask   = "mask"
	secretsFile   = "file:"
)

// keyPolicy says where a new key goes.
type keyPolicy struct {
	reveal bool          // to the client
	files  *keyfiles.Dir // to a file; without both, no key is made
}

func newKeyPolicy(secrets string) (keyPolicy, error) {
	path, file := strings.CutPrefix(secrets, secretsFile)
	switch {
	case secrets == "" || secrets == secretsReveal:
		return keyPolicy{reveal: true}, nil
	case secrets == secretsMask:
		return keyPolicy{}, nil
	case !file || path == "":
		return keyPolicy{}, usage("--secrets: %q is not one of reveal, file:DIR, mask", secrets)
	}
	dir, err := keyfiles.Open(path)
	if err != nil {
		return keyPolicy{}, usage("--secrets: %v", err)
	}
	return keyPolicy{files: dir}, nil
}

// keyWords is the line of the instructions about new keys.
func keyWords(secrets string) string {
	switch {
	case strings.HasPrefix(secrets, secretsFile):
		return "- A new key is written to a file on this computer, and the answer has its path: key_file. All secrets are masked."
	case secrets == secretsMask:
		return "- This server generates no keys, and secrets are masked."
	}
	return "- A new key is shown only once, in the answer of the tool that generates it: pass it on then. Other secrets are masked."
}

// makesNoKey returns the error of a call that would make a key that nobody could read.
func (c *call) makesNoKey(ctx context.Context) error {
	p := c.s.keys
	if p.reveal || p.files != nil || !c.op.MakesKeys() || c.prepared.Effect() == operation.Read {
		return nil
	}
	plan, err := c.prepared.Plan(ctx)
	if err != nil {
		return err
	}
	for _, r := range plan.Requests {
		if operation.MakesKey(r) {
			e := &proxyclient.Error{Code: proxyclient.CodeUsage,
				Message: c.op.Path + ": nothing was sent: it would generate a key, and this server shows no secrets (--secrets mask)",
				Hint:    "ask the user to generate the key with the command line, or start this server with --secrets file:DIR"}
			if _, takes := c.op.Field("auto_create_key"); takes {
				e.Hint = "auto_create_key: false leaves the key out"
			}
			return e
		}
	}
	return nil
}

// roomForKeys makes room for the keys of a call before anything is sent. It is nil where none
// is needed.
func (c *call) roomForKeys() (*keyfiles.Room, error) {
	dir := c.s.keys.files
	if dir == nil || !c.op.MakesKeys() || c.prepared.Effect() == operation.Read {
		return nil, nil
	}
	most := 1
	for _, value := range c.prepared.Args() {
		n := 0
		for range secret.Elements(value) {
			n++
		}
		most = max(most, n)
	}
	room, err := dir.Reserve(most)
	if err != nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeLocal,
			Message: c.op.Path + ": nothing was sent: there is no room for the new key: " + secret.Text(err.Error()),
			Hint:    "the person who runs this server checks the directory of --secrets"}
	}
	return room, nil
}

// namedFiles is how many files of keys an answer names in its notes.
const namedFiles = 5

// withoutKeys is a result whose new keys were put into files, with the paths of those.
func (c *call) withoutKeys(r operation.Result, room *keyfiles.Room) operation.Result {
	if c.s.keys.reveal {
		return r
	}
	if r.Binary != nil {
		r.Binary = []byte(secret.Text(string(r.Binary)))
	}
	if room == nil {
		if c.op.MakesKeys() {
			r.Conceal = true
		}
		return r
	}
	saved, own := 0, ""
	if c.client.HasKey() {
		own = c.client.KeyHash()
	}
	r = c.op.ReplaceKeys(r, func(k operation.NewKey) secret.Object {
		if k.Hash == own {
			return nil
		}
		k.Alias = cmp.Or(k.Alias, operation.Shown(c.prepared.Args().String("key_alias")))
		path, err := room.Save(k.Alias, k.Hash, k.Key)
		if err != nil {
			c.say(fmt.Sprintf("The new key %s could not be written to a file and is lost: %s. Regenerate or delete it.", k.Hash, secret.Text(err.Error())))
			return nil
		}
		if saved++; saved <= namedFiles {
			c.say(fmt.Sprintf("The new key %s(token %s) is in the file %s. Tell the user; the key is shown nowhere else.", spaced(k.Alias), k.Hash, path))
		}
		return secret.Object{{Name: "key_file", Value: path}}
	})
	if more := saved - namedFiles; more > 0 {
		c.say(fmt.Sprintf("Also in files in %s: %s.", c.s.keys.files.Path(), operation.Counted(more, "more new key")))
	}
	return r
}

func spaced(name string) string {
	if name == "" {
		return ""
	}
	return operation.Name(name) + " "
}
