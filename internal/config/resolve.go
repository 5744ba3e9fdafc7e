package config

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
)

// fromFile completes the settings with those of a profile.
func (s *Settings) fromFile(flags Flags, getenv func(string) string, load func() (*File, error)) error {
	file, err := load()
	if err != nil {
		return err
	}
	s.Dir = filepath.Dir(file.Path)
	profile, source, err := file.Select(flags.Profile, getenv(ProfileVariable))
	if err != nil {
		return err
	}
	if profile != nil {
		s.choose(profile, source)
	}
	if s.BaseURL == "" {
		if s.BaseURL, s.BaseURLSource, err = legacyURL(getenv); err != nil {
			return err
		}
		if s.BaseURL != "" {
			s.Notes = append(s.Notes, fmt.Sprintf("Using the gateway %s from the Python CLI's %s.", s.BaseURL, s.BaseURLSource))
		} else {
			s.BaseURL, s.BaseURLSource = DefaultURL, defaultSource
		}
	}
	s.protect(file)
	return nil
}

// Select returns the profile to use, and what selected it: the flag, the environment, or
// the file itself. It returns nil if nothing names one.
func (f *File) Select(flag, variable string) (*Profile, string, error) {
	name, source := flag, "--profile"
	if name == "" {
		name, source = strings.TrimSpace(variable), ProfileVariable
	}
	if name == "" {
		name, source = f.Current, "current"
	}
	if name == "" {
		return nil, "", nil
	}
	p := f.Profile(name)
	if p == nil {
		return nil, "", fmt.Errorf("%s: %w", source, f.Lacks(name))
	}
	return p, source, nil
}

// choose takes the settings of a profile, unless a flag or variable names another gateway:
// then nothing of the profile is used.
func (s *Settings) choose(p *Profile, source string) {
	url := p.Get(BaseURL)
	switch {
	case s.BaseURL == "" && url != "":
		s.BaseURL, s.BaseURLSource = url, "profile "+p.Name
	case url == "":
		s.Notes = append(s.Notes, fmt.Sprintf("Profile %s has no base_url%s. To set it, run litellm-proxy config set base_url URL --profile %s", p.Name, unused(p, ", so "), p.Name))
		return
	case !SameURL(s.BaseURL, url):
		if source != "current" || s.BaseURL != SandboxURL && len(p.Credentials()) > 0 {
			s.Notes = append(s.Notes, fmt.Sprintf("%s names another gateway than profile %s; %s.", s.BaseURLSource, p.Name, unused(p, "")))
		}
		return
	}
	s.Profile, s.ProfileSource = p, source
	if source == "--profile" && p.Get(APIKey) != "" && s.APIKeySource == KeyVariable {
		s.Notes = append(s.Notes, fmt.Sprintf("%s overrides the key of profile %s.", KeyVariable, p.Name))
	}
}

// unused says which credentials of a profile are not used.
func unused(p *Profile, before string) string {
	words := p.Credentials()
	switch n := len(words); {
	case n == 0 && before == "":
		return "the profile is not used"
	case n == 0:
		return ""
	case n > 1:
		return before + "its " + strings.Join(words[:n-1], ", ") + " and " + words[n-1] + " are not used"
	case words[0] == "headers":
		return before + "its headers are not used"
	}
	return before + "its " + words[0] + " is not used"
}

// protect finds the protected profile whose gateway is in force, whoever selected that.
func (s *Settings) protect(f *File) {
	if s.Profile != nil && s.Profile.Protected() {
		s.Protected = s.Profile.Name
		return
	}
	for _, p := range f.Profiles {
		if p.Protected() && reachesSame(p.Get(BaseURL), s.BaseURL) {
			s.Protected = p.Name
			return
		}
	}
}

// confirm checks the name that --confirm-profile gives.
func (s *Settings) confirm(name string) error {
	want := s.Protected
	if want == "" && s.Profile != nil {
		want = s.Profile.Name
	}
	switch {
	case name == "" || name == want:
		return nil
	case want == "":
		return fmt.Errorf("--confirm-profile: the gateway %s is not that of a profile", s.BaseURL)
	}
	return fmt.Errorf("--confirm-profile: %q is not the name of this gateway's profile", name)
}

// ReferenceError is the error for a setting that refers to a secret which cannot be found.
type ReferenceError struct {
	Profile, Setting string
	Err              error
}

// Error implements error.
func (e *ReferenceError) Error() string {
	return fmt.Sprintf("%s of profile %s: %v", e.Setting, e.Profile, e.Err)
}

// Unwrap returns the reason.
func (e *ReferenceError) Unwrap() error { return e.Err }

// Reveal follows the references of the profile in use: to its key, files and headers. What
// a flag or the environment sets is not looked up. The errors contain no secret.
func (s *Settings) Reveal(r *Resolver) error {
	if s.Profile == nil {
		return nil
	}
	r.Dir = s.Dir
	p := s.Profile
	if value := p.Get(APIKey); value != "" && s.APIKey == "" && !r.NoKey {
		key, place, err := r.Resolve(p, value)
		if err != nil {
			return &ReferenceError{p.Name, APIKey, err}
		}
		s.APIKey, s.APIKeySource = key, s.Source()
		if place != "" {
			s.APIKeySource += " (" + place + ")"
		}
	}
	if s.KeyHeader == "" {
		s.KeyHeader = p.Get(KeyHeader)
	}
	if s.ClientCert == "" && s.ClientKey == "" {
		s.ClientCert, s.ClientKey = r.Optional(p.Get(ClientCert)), r.Optional(p.Get(ClientKey))
	}
	if s.CAFile == "" {
		s.CAFile = r.Optional(p.Get(CAFile))
	}
	return s.revealHeaders(r)
}

func (s *Settings) revealHeaders(r *Resolver) error {
	headers := s.Profile.Headers()
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if s.Headers.Values(name) != nil {
			continue
		}
		text, _, err := r.Resolve(s.Profile, headers[name])
		if err != nil {
			return &ReferenceError{s.Profile.Name, Headers + "." + name, err}
		}
		if s.Headers == nil {
			s.Headers = http.Header{}
		}
		s.Headers.Set(name, text)
	}
	return nil
}

// Optional is [Resolver.Path], except that "" stays "".
func (r *Resolver) Optional(path string) string {
	if path == "" {
		return ""
	}
	return r.Path(path)
}
