package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// files checks that the files of this program can be read, and by nobody else.
func (e *exam) files(context.Context) []Finding {
	var all []Finding
	looked := 0
	for _, path := range e.privateFiles() {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		looked++
		all = append(all, e.exposed(path)...)
	}
	s := e.Settings
	if s.CAFile != "" {
		looked++
		all = append(all, e.authorities(s.CAFile)...)
	}
	if s.ClientCert != "" || s.ClientKey != "" {
		looked++
		all = append(all, e.clientCertificate()...)
	}
	switch {
	case len(all) > 0:
		return all
	case looked == 0:
		return good("none in use")
	case e.system == "windows":
		return good("%s in use; who else can read them is not checked on Windows", plural.Count(looked, "file"))
	}
	return good("%s in use; other users cannot read what may hold a secret", plural.Count(looked, "file"))
}

// privateFiles are those of this program, and of the Python CLI, that may hold secrets.
func (e *exam) privateFiles() []string {
	var paths []string
	if dir, err := config.Dir(e.Getenv); err == nil {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			// The configuration file has rules of its own, which apply when it is read.
			if path := filepath.Join(dir, entry.Name()); !entry.IsDir() && (e.File == nil || path != e.File.Path) {
				paths = append(paths, path)
			}
		}
	}
	if state, err := config.SandboxPath(e.Getenv); err == nil {
		paths = append(paths, state, state+".log")
	}
	if dir := config.LegacyDir(e.Getenv); dir != "" {
		paths = append(paths, filepath.Join(dir, "token.json"))
	}
	if e.Settings.ClientKey != "" {
		return append(paths, e.Settings.ClientKey)
	}
	if e.Settings.ClientCert != "" {
		paths = append(paths, e.Settings.ClientCert)
	}
	return paths
}

// exposed reports a file with secrets that others can read, or that cannot be read at
// all.
func (e *exam) exposed(path string) []Finding {
	info, err := os.Stat(path)
	if err != nil {
		return fail(proxyclient.CodeLocal, e.shown(path)+" cannot be read: "+reason(err), "correct or remove it")
	}
	if file, err := os.Open(path); err != nil {
		return fail(proxyclient.CodeLocal, e.shown(path)+" cannot be read: "+reason(err), "make it readable for you: chmod u+r "+path)
	} else {
		_ = file.Close()
	}
	if mode := info.Mode().Perm(); e.system != "windows" && mode&0o077 != 0 && info.Mode().IsRegular() {
		if certificateAlone(path) {
			return nil
		}
		return warn(fmt.Sprintf("%s can be read or changed by other users (mode %04o)", e.shown(path), mode), "run: chmod 600 "+path)
	}
	return nil
}

// certificateAlone reports whether a PEM file holds certificates and no key.
func certificateAlone(path string) bool {
	data, err := os.ReadFile(path)
	return err == nil && strings.Contains(string(data), "BEGIN CERTIFICATE") && !strings.Contains(string(data), "PRIVATE KEY")
}

// authorities checks the file with additional certificate authorities.
func (e *exam) authorities(path string) []Finding {
	data, err := os.ReadFile(path)
	if err != nil {
		return fail(proxyclient.CodeLocal, "the CA file "+path+" cannot be read: "+reason(err), "check {ca_file}")
	}
	found := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			continue
		}
		found++
		if e.now().After(c.NotAfter) {
			return warn(fmt.Sprintf("%s holds the certificate of %s, which expired on %s", path, issued(c), day(c.NotAfter)), "ask for the present certificate of that authority")
		}
	}
	if found == 0 {
		return fail(proxyclient.CodeLocal, "the CA file "+path+" holds no PEM certificate", "set {ca_file} to a PEM file (-----BEGIN CERTIFICATE-----)")
	}
	return nil
}

// clientCertificate checks the certificate that this program shows.
func (e *exam) clientCertificate() []Finding {
	s := e.Settings
	config, err := proxyclient.Config{ClientCertFile: s.ClientCert, ClientKeyFile: s.ClientKey}.TLS()
	if err != nil {
		return failed(proxyclient.CodeLocal, err, "check {client_cert} and {client_key}")
	}
	return e.lasting(config.Certificates)
}

func (e *exam) lasting(certificates []tls.Certificate) []Finding {
	for _, c := range certificates {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		switch {
		case err != nil:
			continue
		case e.now().After(leaf.NotAfter):
			return fail(proxyclient.CodeLocal, fmt.Sprintf("the client certificate expired on %s", day(leaf.NotAfter)), "get a new one and set {client_cert}")
		case leaf.NotAfter.Sub(e.now()) < soon:
			return warn(fmt.Sprintf("the client certificate expires in %s, on %s", days(leaf.NotAfter.Sub(e.now())), day(leaf.NotAfter)), "get a new one and set {client_cert}")
		}
	}
	return nil
}

// reason is why a file cannot be used, without its name.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// home is this person's home directory, or "".
func (e *exam) home() string {
	if e.system == "windows" {
		return e.Getenv("USERPROFILE")
	}
	return e.Getenv("HOME")
}

// shown is a path with ~ for the home directory.
func (e *exam) shown(path string) string {
	if home := e.home(); home != "" {
		if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
			return "~" + string(filepath.Separator) + rest
		}
	}
	return path
}
