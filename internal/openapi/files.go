package openapi

import (
	"fmt"
	"os"
	"path/filepath"
)

// ReadFiles reads the documents in a list of files, which is separated as PATH is: what the
// tests of several packages are given in LITELLM_OPENAPI.
func ReadFiles(list string) (documents []*Document, err error) {
	for _, file := range filepath.SplitList(list) {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		d, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		documents = append(documents, d)
	}
	return documents, nil
}
