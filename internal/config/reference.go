package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// InKeyStore as a profile's key means that the key is in the key store, under [KeyName].
const InKeyStore = "keystore"

// KeyName is the name under which the key store holds the key of a profile.
func KeyName(profile string) string { return "profile " + profile }

// StoredKey is what the key store holds for a profile: the key and the only gateway that it
// may be sent to, whatever the configuration says later.
func StoredKey(baseURL, key string) string { return CanonicalURL(baseURL) + " " + key }

// OfStoredKey takes apart what [StoredKey] made; ok reports whether it did.
func OfStoredKey(stored string) (baseURL, key string, ok bool) {
	baseURL, key, ok = strings.Cut(stored, " ")
	return baseURL, key, ok && key != ""
}

// references are the forms that name where a secret is.
var references = []string{"env", "file", "exec"}

// IsLiteral reports whether a value is the secret itself and not a reference to it.
func IsLiteral(value string) bool {
	kind, _, ok := strings.Cut(value, ":")
	for _, known := range references {
		if ok && kind == known {
			return false
		}
	}
	return value != InKeyStore
}

// checkReference checks a key or the value of a header. It does not repeat the value.
func checkReference(setting, value string) error {
	kind, rest, ok := strings.Cut(value, ":")
	word := ok && kind != "" && strings.Trim(kind, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	switch {
	case setting == Headers && value == InKeyStore:
		return fmt.Errorf("%s: the key store holds keys only; use env:NAME, file:PATH or exec:COMMAND", setting)
	case strings.ContainsAny(value, "\n\r\x00"):
		return fmt.Errorf("%s must be on one line", setting)
	case !IsLiteral(value) && ok && strings.TrimSpace(rest) == "":
		return fmt.Errorf("%s: %s: needs a value behind the colon", setting, kind)
	case IsLiteral(value) && word && setting == APIKey:
		// Sent as a key, a mistyped reference would reach the gateway.
		return fmt.Errorf("%s: unknown reference %q; use %s, env:NAME, file:PATH or exec:COMMAND", setting, kind+":", InKeyStore)
	case kind == "exec" && ok:
		if _, err := splitCommand(rest); err != nil {
			return fmt.Errorf("%s: exec: %w", setting, err)
		}
	}
	return nil
}

// KeyStore holds secrets outside the configuration file.
type KeyStore interface {
	Get(name string) (string, error)
	// Place is where it is, for messages: "the system's key store".
	Place() string
}

// Resolver finds the secrets that a profile refers to.
type Resolver struct {
	// NoKey leaves out the key.
	NoKey bool
	// Context ends a command that runs.
	Context context.Context
	Getenv  func(string) string
	// Store opens the key store.
	Store func() (KeyStore, error)
	// Dir is the directory of the configuration file; relative paths start there.
	Dir string
	// Limit is the time for a command; 0: a minute.
	Limit time.Duration
}

// Resolve returns the secret that a setting's value refers to, and where it was found, for
// messages. Its errors do not contain the secret.
func (r *Resolver) Resolve(profile *Profile, value string) (found, place string, err error) {
	kind, rest, _ := strings.Cut(value, ":")
	switch {
	case value == InKeyStore:
		return r.stored(profile)
	case IsLiteral(value):
		return value, "", nil
	case kind == "env":
		if found = strings.TrimSpace(r.Getenv(rest)); found == "" {
			return "", value, fmt.Errorf("the environment variable %s is not set", rest)
		}
	case kind == "file":
		found, err = r.file(rest)
	default:
		found, err = r.output(rest)
		place, _, _ = strings.Cut(value, " ") // arguments may name what is nobody's business
		return found, place, err
	}
	return found, value, err
}

func (r *Resolver) stored(profile *Profile) (found, place string, err error) {
	store, err := r.Store()
	if err != nil {
		return "", "", err
	}
	stored, err := store.Get(KeyName(profile.Name))
	place = store.Place()
	if err != nil {
		return "", place, fmt.Errorf("%s: %w", place, err)
	}
	url, key, ok := OfStoredKey(stored)
	switch {
	case !ok:
		return "", place, fmt.Errorf("%s: what is stored is not a key", place)
	case !SameURL(url, profile.Get(BaseURL)):
		return "", place, fmt.Errorf("%s: the key was stored for %s and is sent nowhere else", place, url)
	}
	return key, place, nil
}

func (r *Resolver) file(path string) (string, error) {
	path = r.Path(path)
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %s", path, cause(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %s", path, cause(err))
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}

// Path is a path of the configuration file: ~ is the home directory, and a relative one
// starts at the file's directory.
func (r *Resolver) Path(path string) string {
	if path = expandHome(path, r.Getenv); !filepath.IsAbs(path) {
		path = filepath.Join(r.Dir, path)
	}
	return path
}

func expandHome(path string, getenv func(string) string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && !os.IsPathSeparator(rest[0]) {
		return path
	}
	for _, variable := range []string{"HOME", "USERPROFILE"} {
		if home := getenv(variable); home != "" {
			return filepath.Join(home, rest)
		}
	}
	return path
}

// output runs a command, without a shell, and returns the first line that it prints.
func (r *Resolver) output(line string) (string, error) {
	words, err := splitCommand(line)
	if err != nil {
		return "", err
	}
	limit := r.Limit
	if limit == 0 {
		limit = time.Minute
	}
	ctx, cancel := context.WithTimeout(r.Context, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, expandHome(words[0], r.Getenv), words[1:]...)
	var out, problems capped
	cmd.Stdout, cmd.Stderr = &out, &problems
	cmd.WaitDelay = time.Second // for what it started and left behind
	if err = cmd.Run(); errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it succeeded, and left something behind
	}
	found, _, _ := strings.Cut(strings.TrimLeft(out.String(), "\r\n"), "\n")
	found = strings.TrimSpace(found)
	switch {
	case r.Context.Err() != nil:
		return "", r.Context.Err()
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s did not end within %s", words[0], limit)
	case err != nil:
		return "", fmt.Errorf("%s failed: %s%s", words[0], ended(err), said(problems.String(), out.String()))
	case found == "":
		return "", fmt.Errorf("%s printed nothing", words[0])
	}
	return found, nil
}

func ended(err error) string {
	if status, ok := errors.AsType[*exec.ExitError](err); ok {
		return status.ProcessState.String()
	}
	if missing, ok := errors.AsType[*exec.Error](err); ok {
		return missing.Err.Error()
	}
	return cause(err)
}

// said is the last of what a command wrote about its problem, on one line and without
// anything that it printed as the secret: a line of that, or a longer word.
func said(problems, secrets string) string {
	const longer = 6
	for line := range strings.Lines(secrets) {
		if line = strings.TrimSpace(line); line != "" {
			problems = strings.ReplaceAll(problems, line, masked)
		}
		for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(" \t=:,;\"'{}[]", r) }) {
			if len(word) >= longer {
				problems = strings.ReplaceAll(problems, word, masked)
			}
		}
	}
	if problems = strings.Join(strings.Fields(problems), " "); problems == "" {
		return ""
	}
	if n := len(problems); n > 300 {
		problems = "…" + strings.ToValidUTF8(problems[n-300:], "")
	}
	return ": " + problems
}

// capped keeps the beginning of what is written to it.
type capped struct{ b bytes.Buffer }

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	c.b.Write(p[:min(len(p), max(0, 64<<10-c.b.Len()))])
	return len(p), nil
}

// String returns what was kept.
func (c *capped) String() string { return c.b.String() }

// splitCommand splits a command line into words: at blanks, except within single or double
// quotes. A backslash stands for itself, except before a blank, a quote or another one.
func splitCommand(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, begun := rune(0), false
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		switch {
		case c == '\\' && in != '\'' && i+1 < len(runes) && strings.ContainsRune(" \t'\"\\", runes[i+1]):
			i++
			word.WriteRune(runes[i])
			begun = true
		case in != 0 && c == in:
			in = 0
		case in == 0 && (c == '\'' || c == '"'):
			in, begun = c, true
		case in == 0 && (c == ' ' || c == '\t'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if in != 0 {
		return nil, errors.New("a quote in the command is not closed")
	}
	if begun {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("the command is empty")
	}
	return words, nil
}

// SplitCommand splits a command line, such as that of $EDITOR, into words.
func SplitCommand(line string) ([]string, error) { return splitCommand(line) }
