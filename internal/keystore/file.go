package keystore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"litellm-proxy/internal/config"
)

// file is a JSON object of names and secrets.
type file struct {
	path   string
	unused bool // only the system's key store is to be used
}

func (f *file) get(name string) (string, error) {
	secrets, err := f.read()
	if err != nil {
		return "", err
	}
	secret, ok := secrets[name]
	if !ok {
		return "", ErrNotFound
	}
	return secret, nil
}

func (f *file) set(name, secret string) error {
	return config.Locked(context.Background(), f.path, func() error {
		secrets, err := f.read()
		if err != nil {
			return err
		}
		secrets[name] = secret
		return f.write(secrets)
	})
}

func (f *file) delete(name string) error {
	if _, err := f.get(name); err != nil {
		return err // without making a directory
	}
	return config.Locked(context.Background(), f.path, func() error {
		secrets, err := f.read()
		if err != nil {
			return err
		}
		delete(secrets, name)
		return f.write(secrets)
	})
}

func (f *file) read() (map[string]string, error) {
	data, err := config.ReadPrivate(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	var secrets map[string]string
	// The error is not repeated, since it may quote the file.
	if json.Unmarshal(data, &secrets) != nil || secrets == nil {
		return nil, fmt.Errorf("%s is not a JSON object of names and secrets; repair or remove it", f.path)
	}
	return secrets, nil
}

func (f *file) write(secrets map[string]string) error {
	data, err := json.MarshalIndent(secrets, "", "  ")
	if err != nil {
		return err
	}
	return config.WritePrivate(f.path, append(data, '\n'))
}
