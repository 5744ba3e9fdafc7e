package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestRelease: the configuration of releases names the six systems and files that exist.
// goreleaser checks the rest by itself, but takes minutes to build.
func TestRelease(t *testing.T) {
	text := read(t, ".goreleaser.yaml")
	var release struct {
		Builds []struct {
			Main                     string
			Env, Goos, Goarch, Flags []string
		}
		Archives []struct{ Files []string }
		Nfpms    []struct {
			Contents []struct{ Src string }
		}
		Dockers []struct {
			Dockerfile string
			Files      []string `yaml:"extra_files"`
		} `yaml:"dockers_v2"`
	}
	if err := yaml.Unmarshal([]byte(text), &release); err != nil {
		t.Fatal(err)
	}
	if len(release.Builds) != 1 || len(release.Archives) != 1 || len(release.Nfpms) != 1 || len(release.Dockers) != 1 {
		t.Fatalf("it makes %+v", release)
	}
	b := release.Builds[0]
	if !slices.Equal(b.Goos, []string{"linux", "darwin", "windows"}) || !slices.Equal(b.Goarch, []string{"amd64", "arm64"}) ||
		!slices.Contains(b.Env, "CGO_ENABLED=0") || !slices.Contains(b.Flags, "-buildvcs=true") {
		t.Errorf("it builds %+v", b)
	}
	files := append([]string{b.Main}, release.Archives[0].Files...)
	files = append(files, release.Dockers[0].Files...)
	for _, c := range release.Nfpms[0].Contents {
		files = append(files, c.Src)
	}
	for _, file := range files {
		if strings.HasPrefix(file, "completions/") { // made by its hooks
			continue
		}
		if _, err := os.Stat(filepath.Join("../..", file)); err != nil {
			t.Errorf("it needs %s, which is not here", file)
		}
	}
	for _, file := range []string{"LICENSE", "docs/third-party-licenses.txt"} {
		if !slices.Contains(release.Archives[0].Files, file) || !slices.Contains(release.Dockers[0].Files, file) {
			t.Errorf("%s is not in every archive and image", file)
		}
	}
	docker := read(t, release.Dockers[0].Dockerfile)
	for _, line := range []string{"FROM scratch", "USER 65532:65532", `ENTRYPOINT ["/litellm-proxy"]`, "/etc/ssl/certs/ca-certificates.crt"} {
		if !strings.Contains(docker, line) {
			t.Errorf("the image has no %s", line)
		}
	}
}

// read returns a file at the top of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
