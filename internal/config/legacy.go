package config

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// LegacyDir returns the directory of the Python CLI's files, or "" without a home directory.
func LegacyDir(getenv func(string) string) string {
	if dir := expandHome("~", getenv); dir != "~" {
		return filepath.Join(dir, ".litellm")
	}
	return ""
}

// legacyURL returns the gateway's URL that the Python CLI is configured with, and the file
// that it is from.
func legacyURL(getenv func(string) string) (url, path string, err error) {
	dir := LegacyDir(getenv)
	if dir == "" {
		return "", "", nil
	}
	path = filepath.Join(dir, "config.json")
	data, _, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", path, err
	}
	var stored struct {
		BaseURL string `json:"base_url"`
	}
	if json.Unmarshal(data, &stored) != nil {
		return "", path, &FileError{Path: path, Text: "the Python CLI's configuration is not valid JSON; repair or delete it, or set a URL with config set base_url URL"}
	}
	return strings.TrimSpace(stored.BaseURL), path, nil
}
