package proxyclient

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// Part is a part of a multipart/form-data body.
type Part struct {
	Name string
	// File is the name of the file that the part is, or "" for a plain field.
	File    string
	Content []byte
}

// Multipart returns the body of the parts and its content type, for [Request]. The boundary
// is made of the content, so that the same parts are the same request: no part can hold it.
func Multipart(parts []Part) (body []byte, contentType string, err error) {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s%d:%s%d:%s", len(p.Name), p.Name, len(p.File), p.File, len(p.Content), p.Content)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(hex.EncodeToString(sum.Sum(nil))); err != nil {
		return nil, "", err
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A")
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + quote.Replace(p.Name) + `"`}}
		if p.File != "" {
			h["Content-Disposition"][0] += `; filename="` + quote.Replace(p.File) + `"`
			h.Set("Content-Type", "application/octet-stream")
		}
		part, err := w.CreatePart(h)
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(p.Content); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}
