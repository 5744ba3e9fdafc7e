package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
)

// peopleKeys is the CSV file with new keys, for its owner alone. Rows are
// appended as the keys are made; nothing in it is ever replaced.
type peopleKeys struct {
	mu         sync.Mutex
	file       *os.File
	path, base string
}

var peopleHeader = []string{"user_email", "user_id", "team_id", "key_alias", "key", "token", "expires", "gateway"}

// openPeopleKeys makes the file, or continues one that an earlier run made. A file of another
// kind is an error. With look, nothing is made.
func openPeopleKeys(path, base string, look bool) (*peopleKeys, error) {
	k := &peopleKeys{path: path, base: base}
	data, err := config.ReadPrivate(path)
	switch {
	case err == nil && !bytes.HasPrefix(data, csvLine(peopleHeader)):
		return nil, fmt.Errorf("%s exists and is not a file of new keys; name another file", path)
	case err == nil && !bytes.HasSuffix(data, []byte("\n")):
		return nil, fmt.Errorf("%s ends in the middle of a line; name another file", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case look:
		return k, nil
	}
	flags := os.O_WRONLY | os.O_APPEND
	if err != nil {
		flags |= os.O_CREATE | os.O_EXCL
	}
	if k.file, err = os.OpenFile(path, flags, 0o600); err != nil {
		return nil, errors.New("cannot write " + path + ": " + reason(err))
	}
	if len(data) == 0 {
		if _, err := k.file.Write(csvLine(peopleHeader)); err != nil {
			return nil, errors.Join(err, k.file.Close())
		}
	}
	return k, nil
}

// add keeps the key in an answer, or in the object of one that has the key.
func (k *peopleKeys) add(answer json.RawMessage) error {
	row := make([]string, len(peopleHeader))
	for i, name := range peopleHeader {
		row[i] = operation.Word(operation.NoNull(operation.Lookup(answer, name)))
	}
	row[slices.Index(peopleHeader, "gateway")] = k.base
	if token := slices.Index(peopleHeader, "token"); row[token] == "" {
		row[token] = operation.KeyHash(row[slices.Index(peopleHeader, "key")])
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, err := k.file.Write(csvLine(row)); err != nil {
		return err
	}
	return k.file.Sync()
}

// close ends the use of the file. One without a key is removed.
func (k *peopleKeys) close() {
	if k.file == nil {
		return
	}
	info, err := k.file.Stat()
	_ = k.file.Close()
	if err == nil && info.Size() == int64(len(csvLine(peopleHeader))) {
		_ = os.Remove(k.path)
	}
}

func csvLine(row []string) []byte {
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	_ = w.Write(row)
	w.Flush()
	return line.Bytes()
}
