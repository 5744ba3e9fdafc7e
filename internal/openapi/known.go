package openapi

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"sync"
)

// known is the document of the newest gateway that this program was made for, encoded by
// [Document.Encode]. TestKnown compares it with a gateway's and writes it.
//
//go:embed known.json.gz
var known []byte

// Known returns the document of the newest gateway that this program was made for. It is
// shared: do not change it.
var Known = sync.OnceValue(func() *Document {
	d, err := Decode(known)
	if err != nil {
		panic("the embedded document: " + err.Error()) // TestKnown reads it
	}
	return d
})

// Encode returns the document in the form that [Decode] reads: compressed, and the same
// bytes for the same document.
func (d *Document) Encode() ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(d); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// maxDocument is the size of a decoded document in bytes; those of real gateways have 2 MB.
const maxDocument = 32 << 20

// Decode reads what [Document.Encode] wrote.
func Decode(encoded []byte) (*Document, error) {
	z, err := gzip.NewReader(bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(z, maxDocument))
	if err != nil {
		return nil, err
	}
	d := &Document{}
	if err := json.Unmarshal(b, d); err != nil {
		return nil, err
	}
	if len(d.Endpoints) == 0 {
		return nil, errors.New("no endpoints")
	}
	return d, nil
}
